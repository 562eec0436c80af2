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
    if allowed { Ok(()) } else { Err(Failure::denied()) }
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
        let none = String::new;
        const READ: &str = "Application.Read.All";
        const OWNED: &str = "Application.ReadWrite.OwnedBy";
        const DIRECTORY: &str = "Directory.Read.All";
        const ASSIGN: &str = "AppRoleAssignment.ReadWrite.All";
        let cases: &[(&[&str], &str, &str, bool)] = &[
            (&[READ], "applications", "GET", true),
            (&[READ], "applications", "POST", false),
            (&[READ], "oauth2PermissionGrants", "GET", false),
            (&[DIRECTORY], "oauth2PermissionGrants", "GET", true),
            (&[ASSIGN], "servicePrincipals/{}/appRoleAssignedTo", "POST", false),
            (&[ASSIGN, READ], "servicePrincipals/{}/appRoleAssignedTo", "POST", true),
            (&[DIRECTORY], "servicePrincipals/{}/appRoleAssignedTo", "POST", false),
            (&[OWNED], "applications/{}/owners/$ref", "POST", false),
            (&[OWNED, DIRECTORY], "applications/{}/owners/$ref", "POST", true),
            (&[], "policies/defaultAppManagementPolicy", "GET", false),
            (&[], "directory/deletedItems/microsoft.graph.application", "GET", false),
        ];
        for (roles, template, method, expected) in cases {
            let roles = roles.iter().map(|&role| role.to_owned()).collect();
            let caller = Caller { object_id: none(), app_id: none(), tenant: none(), roles };
            let allowed = check(&caller, template, method).is_ok();
            assert_eq!(allowed, *expected, "{:?} {method} {template}", caller.roles);
        }
    }
}
