//! What can be asked of a catalogue.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Api, App, AzureRole, Catalog, CertificateParameters, ConnectorKind, Forbidden,
    ForbiddenAzureRole, ManagementAppRegistration, Permission, PermissionKey, UnknownName,
};
use crate::guid::Guid;
use crate::name::{ActionName, ApiName};

impl Catalog {
    /// The catalogue's version, for instance `2026.11`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What an application of the guide needs.
    pub fn connector(&self, app: App) -> &ConnectorKind {
        // `parse` refuses a catalogue without a table for each application.
        &self.connectors[app as usize]
    }

    /// What the guide's seven applications need, in the order of `App::ALL`.
    pub fn connectors(&self) -> &[ConnectorKind] {
        &self.connectors
    }

    /// A published permission.
    pub fn permission(&self, key: &PermissionKey) -> Option<&Permission> {
        self.permissions.get(key)
    }

    /// The published permissions of an API by Microsoft's name: none, a role, a scope, or both.
    pub fn find(&self, api: &ApiName, value: &str) -> Vec<&Permission> {
        self.permissions_of(api).filter(|permission| permission.value == value).collect()
    }

    /// All published permissions of an API.
    pub fn permissions_of(&self, api: &ApiName) -> impl Iterator<Item = &Permission> {
        let id = self.api(api).map(|api| api.app_id);
        self.permissions.values().filter(move |it| Some(it.key.resource_app_id) == id)
    }

    /// An API by its name in manifests.
    pub fn api(&self, name: &ApiName) -> Option<&Api> {
        self.apis.iter().find(|api| api.name == *name)
    }

    /// An API by its application id.
    pub fn api_by_app_id(&self, app_id: Guid) -> Option<&Api> {
        self.apis.iter().find(|api| api.app_id == app_id)
    }

    /// The APIs, in the catalogue's order.
    pub fn apis(&self) -> &[Api] {
        &self.apis
    }

    /// The actions of an application, with the guide's labels.
    pub fn actions(&self, app: App) -> &BTreeMap<ActionName, String> {
        &self.connector(app).actions
    }

    /// Refuses the first action that the application does not have.
    pub fn check_actions(
        &self,
        app: App,
        actions: &BTreeSet<ActionName>,
    ) -> Result<(), UnknownName> {
        let known = self.actions(app);
        match actions.iter().find(|action| !known.contains_key(*action)) {
            Some(action) => Err(UnknownName::new(
                format!("action of {app}"),
                action.as_str(),
                known.keys().map(ActionName::as_str),
            )),
            None => Ok(()),
        }
    }

    /// The least set of permissions that the actions need, each with the chosen actions that ask
    /// for it; `None` means every action. An action that the application does not have asks for
    /// nothing: see [`Catalog::check_actions`].
    pub fn least_permissions(
        &self,
        app: App,
        actions: Option<&BTreeSet<ActionName>>,
    ) -> BTreeMap<PermissionKey, BTreeSet<ActionName>> {
        self.connector(app)
            .permissions
            .iter()
            .map(|row| (row.key, chosen(&row.actions, actions)))
            .filter(|(_, asking)| !asking.is_empty())
            .collect()
    }

    /// The guide's rows of an application: what may be granted to it without a policy.
    pub fn grantable(&self, app: App) -> &BTreeSet<PermissionKey> {
        &self.grantable[app as usize]
    }

    /// The Azure roles that the guide assigns.
    pub fn azure_roles(&self) -> &[AzureRole] {
        &self.azure_roles
    }

    /// An Azure role of the guide, by name.
    pub fn azure_role(&self, name: &str) -> Option<&AzureRole> {
        self.azure_roles.iter().find(|role| role.name == name)
    }

    /// An Azure role of the guide, by its definition's id.
    pub fn azure_role_by_id(&self, id: Guid) -> Option<&AzureRole> {
        self.azure_roles.iter().find(|role| role.id == id)
    }

    /// Why a permission is never granted; `None` where it may be.
    pub fn forbidden(&self, key: &PermissionKey) -> Option<&Forbidden> {
        self.forbidden.get(key)
    }

    /// Everything that is never granted.
    pub fn all_forbidden(&self) -> &BTreeMap<PermissionKey, Forbidden> {
        &self.forbidden
    }

    /// Why an Azure role is never assigned, by name (in any case) or by its definition's id.
    pub fn forbidden_azure_role(&self, name_or_id: &str) -> Option<&ForbiddenAzureRole> {
        let id = name_or_id.parse::<Guid>().ok();
        self.forbidden_azure_roles.iter().find(|role| {
            role.name.eq_ignore_ascii_case(name_or_id) || (id.is_some() && role.id == id)
        })
    }

    /// The Azure roles that are never assigned.
    pub fn forbidden_azure_roles(&self) -> &[ForbiddenAzureRole] {
        &self.forbidden_azure_roles
    }

    /// The certificate that the guide makes.
    pub fn certificate(&self) -> &CertificateParameters {
        &self.certificate
    }

    /// How an application becomes a Power Platform management app.
    pub fn management_app(&self) -> &ManagementAppRegistration {
        &self.management_app
    }
}

fn chosen(
    asking: &BTreeSet<ActionName>,
    actions: Option<&BTreeSet<ActionName>>,
) -> BTreeSet<ActionName> {
    match actions {
        Some(actions) => asking.intersection(actions).cloned().collect(),
        None => asking.clone(),
    }
}
