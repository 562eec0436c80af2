//! Reads the catalogue's files and joins them; refuses every gap between them.

use std::collections::{BTreeMap, BTreeSet};

use serde::de::DeserializeOwned;

use super::source::{
    ConnectorsFile, ForbiddenFile, PermissionsFile, RawApi, RawConnector, RawForbidden, RawKind,
    RawPermission, RawRow, RolesFile,
};
use super::{
    Api, App, AzureRole, Catalog, CatalogError, ConnectorKind, Forbidden, Permission,
    PermissionKey, PermissionRow, PermissionType, Sources,
};
use crate::name::ApiName;

type ByValue = BTreeMap<(ApiName, PermissionType, String), PermissionKey>;

impl Catalog {
    /// Joins the files into a catalogue.
    pub fn parse(sources: &Sources<'_>) -> Result<Self, CatalogError> {
        let connectors: ConnectorsFile = read("connectors.yaml", sources.connectors)?;
        let permissions: PermissionsFile = read("permissions.yaml", sources.permissions)?;
        let roles: RolesFile = read("roles.yaml", sources.roles)?;
        let forbidden: ForbiddenFile = read("forbidden.yaml", sources.forbidden)?;

        let mut link = Linker::default();
        link.add_apis(permissions)?;
        check_azure_roles(&roles)?;
        let connectors_of_guide = link.connectors(connectors.connectors, &roles.roles)?;
        let grantable: Vec<BTreeSet<PermissionKey>> = connectors_of_guide
            .iter()
            .map(|connector| connector.permissions.iter().map(|row| row.key).collect())
            .collect();
        let never = link.forbidden(forbidden.permissions, &forbidden.sources)?;
        if let Some(key) = grantable.iter().flatten().find(|key| never.contains_key(key)) {
            return Err(CatalogError::ForbiddenInGuide(link.permissions[key].value.clone()));
        }
        if let Some(role) = forbidden.azure_roles.iter().find(|role| {
            roles.roles.iter().any(|it| it.name == role.name || Some(it.id) == role.id)
        }) {
            return Err(CatalogError::ForbiddenInGuide(role.name.clone()));
        }
        Ok(Self {
            version: connectors.version,
            apis: link.apis,
            permissions: link.permissions,
            connectors: connectors_of_guide,
            grantable,
            azure_roles: roles.roles,
            forbidden: never,
            forbidden_azure_roles: forbidden.azure_roles,
            certificate: connectors.certificate,
            management_app: connectors.management_app,
        })
    }
}

fn read<T: DeserializeOwned>(file: &'static str, text: &str) -> Result<T, CatalogError> {
    serde_saphyr::from_str(text)
        .map_err(|error| CatalogError::Syntax { file, message: error.to_string() })
}

#[derive(Default)]
struct Linker {
    apis: Vec<Api>,
    permissions: BTreeMap<PermissionKey, Permission>,
    by_value: ByValue,
}

impl Linker {
    fn add_apis(&mut self, file: PermissionsFile) -> Result<(), CatalogError> {
        for api in file.apis {
            let RawApi { name, app_id, roles, scopes, .. } = &api;
            if self.apis.iter().any(|known| known.name == *name || known.app_id == *app_id) {
                return Err(CatalogError::Twice { what: format!("the API {name} ({app_id})") });
            }
            let others = other_roles(&api)?;
            for (kind, rows) in [
                (PermissionType::Role, roles),
                (PermissionType::Role, &others),
                (PermissionType::Scope, scopes),
            ] {
                for raw in rows {
                    known_sources(&raw.value, &raw.sources, &file.sources)?;
                    self.add_permission(&api, kind, raw)?;
                }
            }
            self.apis.push(Api {
                name: api.name,
                app_id: api.app_id,
                display_name: api.display_name,
                former_names: api.former_names,
                other_names: api.other_names,
                service_principal_names: api.service_principal_names,
            });
        }
        Ok(())
    }

    fn add_permission(
        &mut self,
        api: &RawApi,
        kind: PermissionType,
        raw: &RawPermission,
    ) -> Result<(), CatalogError> {
        let key = PermissionKey { resource_app_id: api.app_id, kind, id: raw.id };
        let permission = Permission {
            key,
            api: api.name.clone(),
            value: raw.value.clone(),
            level: raw.level,
            sources: raw.sources.clone(),
            sentence: raw.sentence.clone(),
        };
        let name = (api.name.clone(), kind, raw.value.clone());
        if self.permissions.insert(key, permission).is_some()
            || self.by_value.insert(name, key).is_some()
        {
            let what = format!("the {kind} {} ({}) of {}", raw.value, raw.id, api.name);
            return Err(CatalogError::Twice { what });
        }
        Ok(())
    }

    fn key(
        &self,
        api: &ApiName,
        kind: PermissionType,
        value: &str,
    ) -> Result<PermissionKey, CatalogError> {
        if !self.apis.iter().any(|known| known.name == *api) {
            return Err(CatalogError::UnknownApi(api.clone()));
        }
        self.by_value.get(&(api.clone(), kind, value.to_owned())).copied().ok_or_else(|| {
            CatalogError::UnknownPermission { api: api.clone(), kind, value: value.to_owned() }
        })
    }

    fn connectors(
        &self,
        raw: Vec<RawConnector>,
        roles: &[AzureRole],
    ) -> Result<Vec<ConnectorKind>, CatalogError> {
        let mut by_app = BTreeMap::new();
        for raw in raw {
            let app = raw.app;
            let connector = self.connector(raw)?;
            let unknown =
                connector.azure_roles.iter().find(|name| !roles.iter().any(|it| it.name == **name));
            if let Some(name) = unknown {
                return Err(CatalogError::UnknownAzureRole(name.clone()));
            }
            if by_app.insert(app, connector).is_some() {
                return Err(CatalogError::Twice { what: format!("the table of {app}") });
            }
        }
        App::ALL
            .into_iter()
            .map(|app| by_app.remove(&app).ok_or(CatalogError::NoTable(app)))
            .collect()
    }

    fn connector(&self, raw: RawConnector) -> Result<ConnectorKind, CatalogError> {
        let app = raw.app;
        let mut keys = BTreeSet::new();
        let mut used = BTreeSet::new();
        let mut rows = Vec::with_capacity(raw.permissions.len());
        for row in raw.permissions {
            let row_error =
                |problem: String| CatalogError::Row { app, value: row.value.clone(), problem };
            let key = self.key(&row.api, row.kind.into(), &row.value)?;
            if !keys.insert(key) {
                return Err(row_error("it is there twice".to_owned()));
            }
            if row.actions.is_empty() {
                return Err(row_error("no action asks for it".to_owned()));
            }
            if let Some(action) = row.actions.iter().find(|it| !raw.actions.contains_key(*it)) {
                return Err(row_error(format!("its action `{action}` has no label")));
            }
            let RawRow { actions, notes, .. } = row;
            used.extend(actions.iter().cloned());
            rows.push(PermissionRow { key, actions, notes });
        }
        if let Some(action) = raw.actions.keys().find(|action| !used.contains(*action)) {
            return Err(CatalogError::IdleAction { app, action: action.clone() });
        }
        Ok(ConnectorKind {
            app,
            display_name: raw.display_name,
            permissions: rows,
            actions: raw.actions,
            azure_roles: raw.azure_roles,
            needs_certificate: raw.needs_certificate,
            needs_management_app: raw.needs_management_app,
        })
    }

    fn forbidden(
        &self,
        raw: Vec<RawForbidden>,
        sources: &BTreeMap<String, String>,
    ) -> Result<BTreeMap<PermissionKey, Forbidden>, CatalogError> {
        let mut never = BTreeMap::new();
        for row in raw {
            let key = self.key(&row.api, PermissionType::Role, &row.value)?;
            known_sources(&row.value, &row.sources, sources)?;
            let forbidden = Forbidden { reason: row.reason, sources: row.sources };
            if never.insert(key, forbidden).is_some() {
                return Err(CatalogError::Twice { what: format!("the forbidden {}", row.value) });
            }
        }
        Ok(never)
    }
}

fn other_roles(api: &RawApi) -> Result<Vec<RawPermission>, CatalogError> {
    let parse = |line: &str| {
        line.parse().map_err(|problem| CatalogError::Syntax {
            file: "permissions.yaml",
            message: format!("{problem}: `{line}`"),
        })
    };
    api.other_roles.lines().map(parse).collect()
}

fn check_azure_roles(file: &RolesFile) -> Result<(), CatalogError> {
    let (mut names, mut ids) = (BTreeSet::new(), BTreeSet::new());
    for role in &file.roles {
        known_sources(&role.name, &role.sources, &file.sources)?;
        if !names.insert(&role.name) || !ids.insert(role.id) {
            return Err(CatalogError::Twice { what: format!("the Azure role {}", role.name) });
        }
    }
    Ok(())
}

fn known_sources(
    value: &str,
    cited: &[String],
    known: &BTreeMap<String, String>,
) -> Result<(), CatalogError> {
    match cited.iter().find(|key| !known.contains_key(*key)) {
        Some(key) => {
            Err(CatalogError::UnknownSource { value: value.to_owned(), source_key: key.clone() })
        }
        None => Ok(()),
    }
}

impl From<RawKind> for PermissionType {
    fn from(kind: RawKind) -> Self {
        match kind {
            RawKind::Role => Self::Role,
            RawKind::Scope => Self::Scope,
        }
    }
}
