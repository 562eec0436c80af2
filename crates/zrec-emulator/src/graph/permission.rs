//! Which permissions allow which request: Microsoft's own map, from `data/permissions.json`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::desk::Caller;
use super::failure::Failure;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    permission: String,
    #[serde(default)]
    also_one_of: Vec<String>,
}

type Map = BTreeMap<String, BTreeMap<String, Vec<Entry>>>;

fn map() -> &'static Map {
    #[derive(Deserialize)]
    struct File {
        paths: Map,
    }
    static MAP: OnceLock<Map> = OnceLock::new();
    MAP.get_or_init(|| {
        serde_json::from_str::<File>(include_str!("../../data/permissions.json"))
            .map(|file| file.paths)
            .expect("the built-in data file has the shape of `File`; a test reads it")
    })
}

/// Refuses a caller whose token does not carry what the request needs.
pub(crate) fn check(caller: &Caller, template: &str, method: &str) -> Result<(), Failure> {
    let path = template
        .strip_suffix("/$ref")
        .or_else(|| template.strip_suffix("/$count"))
        .unwrap_or(template);
    let Some(entries) = map().get(path).and_then(|methods| methods.get(method)) else {
        return Ok(());
    };
    let allowed = entries.iter().any(|entry| {
        let also = entry.also_one_of.is_empty()
            || entry.also_one_of.iter().any(|role| includes(caller, role));
        caller.has(&entry.permission) && also
    });
    if allowed {
        Ok(())
    } else {
        Err(Failure::denied())
    }
}

/// Unverified: that a read-write permission counts as its read-only part in "also requires".
fn includes(caller: &Caller, role: &str) -> bool {
    caller.has(role)
        || role
            .strip_suffix(".Read.All")
            .is_some_and(|area| caller.has(&format!("{area}.ReadWrite.All")))
}

#[cfg(test)]
mod tests {
    use super::{Caller, check};

    #[test]
    fn the_map_decides() {
        let caller = |roles: &[&str]| Caller {
            object_id: String::new(),
            app_id: String::new(),
            tenant: String::new(),
            roles: roles.iter().map(|&r| r.to_owned()).collect(),
        };
        let case = |roles: &[&str], template: &str, method: &str, expected: bool| {
            assert_eq!(
                check(&caller(roles), template, method).is_ok(),
                expected,
                "{roles:?} {method} {template}"
            );
        };
        case(&["Application.Read.All"], "applications", "GET", true);
        case(&["Application.Read.All"], "applications", "POST", false);
        case(
            &["Application.Read.All"],
            "oauth2PermissionGrants",
            "GET",
            false,
        );
        case(
            &["Directory.Read.All"],
            "oauth2PermissionGrants",
            "GET",
            true,
        );
        case(
            &["AppRoleAssignment.ReadWrite.All"],
            "servicePrincipals/{}/appRoleAssignedTo",
            "POST",
            false,
        );
        case(
            &["AppRoleAssignment.ReadWrite.All", "Application.Read.All"],
            "servicePrincipals/{}/appRoleAssignedTo",
            "POST",
            true,
        );
        case(
            &["Directory.Read.All"],
            "servicePrincipals/{}/appRoleAssignedTo",
            "POST",
            false,
        );
        case(
            &["Application.ReadWrite.OwnedBy"],
            "applications/{}/owners/$ref",
            "POST",
            false,
        );
        case(
            &["Application.ReadWrite.OwnedBy", "Directory.Read.All"],
            "applications/{}/owners/$ref",
            "POST",
            true,
        );
        case(&[], "policies/defaultAppManagementPolicy", "GET", false);
        case(
            &[],
            "directory/deletedItems/microsoft.graph.application",
            "GET",
            false,
        );
    }
}
