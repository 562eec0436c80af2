//! Microsoft's own APIs: their names, ids, roles and scopes, from `data/first-party.json`.

use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::{Value, json};

/// The appId of Microsoft Graph.
pub(crate) const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
/// The appId of Azure Resource Manager.
pub(crate) const RESOURCE_MANAGER: &str = "797f4846-ba00-4fd7-ba43-dac1f8f63013";
/// Microsoft's own tenant, the owner organisation of first-party applications.
pub(crate) const OWNER: &str = "f8cdef31-a31e-4b4a-93e4-5f571e91255a";

/// One first-party API.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FirstParty {
    pub(crate) app_id: String,
    pub(crate) display_name: String,
    pub(crate) service_principal_names: Vec<String>,
    app_roles: Vec<Permission>,
    oauth2_permission_scopes: Vec<Permission>,
}

#[derive(Debug, Deserialize)]
struct Permission {
    id: String,
    value: String,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

/// All of them.
pub(crate) fn all() -> &'static [FirstParty] {
    #[derive(Deserialize)]
    struct File {
        principals: Vec<FirstParty>,
    }
    static ALL: OnceLock<Vec<FirstParty>> = OnceLock::new();
    ALL.get_or_init(|| {
        serde_json::from_str::<File>(include_str!("../../data/first-party.json"))
            .map(|file| file.principals)
            .expect("the built-in data file has the shape of `File`; a test reads it")
    })
}

/// One of them, by appId.
pub(crate) fn by_app_id(app_id: &str) -> Option<&'static FirstParty> {
    all().iter().find(|api| api.app_id.eq_ignore_ascii_case(app_id))
}

impl FirstParty {
    /// The value of a role by its id; printing all roles to find one would cost a thousand times it.
    pub(crate) fn role_value(&self, id: &str) -> Option<&str> {
        let role = self.app_roles.iter().find(|role| role.id.eq_ignore_ascii_case(id))?;
        Some(&role.value)
    }

    /// The id of a role by its value or id.
    pub(crate) fn role_id(&self, name: &str) -> Option<&str> {
        let role = self.app_roles.iter().find(|role| role.value == name || role.id == name)?;
        Some(&role.id)
    }

    /// Whether it has application roles at all.
    pub(crate) fn has_roles(&self) -> bool {
        !self.app_roles.is_empty()
    }

    /// `appRoles` as Graph prints them. Descriptions are ours: Microsoft's texts are not held.
    pub(crate) fn app_roles(&self) -> Value {
        let role = |p: &Permission| {
            json!({
                "allowedMemberTypes": ["Application"], "description": p.value, "displayName": p.value,
                "id": p.id, "isEnabled": true, "origin": "Application", "value": p.value,
            })
        };
        Value::Array(self.app_roles.iter().map(role).collect())
    }

    /// `oauth2PermissionScopes` as Graph prints them.
    pub(crate) fn scopes(&self) -> Value {
        let scope = |p: &Permission| {
            json!({
                "adminConsentDescription": p.value, "adminConsentDisplayName": p.value, "id": p.id,
                "isEnabled": true, "type": p.kind.as_deref().unwrap_or("Admin"),
                "userConsentDescription": null, "userConsentDisplayName": null, "value": p.value,
            })
        };
        Value::Array(self.oauth2_permission_scopes.iter().map(scope).collect())
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_seven_apis_are_there() {
        assert_eq!(super::all().len(), 7);
    }
}
