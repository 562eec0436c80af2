//! OData resource paths: segments, keys and alternate keys.

use super::failure::Failure;
use crate::wire::decoded;

/// A key in a path: an id, or an alternate key with its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) name: Option<String>,
    pub(crate) value: String,
}

/// Collections whose next segment is a key.
const COLLECTIONS: [&str; 13] = [
    "applications",
    "servicePrincipals",
    "oauth2PermissionGrants",
    "deletedItems",
    "directoryObjects",
    "owners",
    "federatedIdentityCredentials",
    "appRoleAssignments",
    "appRoleAssignedTo",
    "organization",
    "users",
    "ownedObjects",
    "extensionProperties",
];

/// Functions and casts that stand where a key could.
const NOT_KEYS: [&str; 4] =
    ["delta", "getByIds", "validateProperties", "getAvailableExtensionProperties"];

/// `/applications(appId='…')/owners` as `applications/{}/owners` and its keys.
pub(crate) fn parse(path: &str) -> Result<(String, Vec<Key>), Failure> {
    let mut names: Vec<String> = Vec::new();
    let mut keys = Vec::new();
    let mut collection = false;
    for raw in path.split('/').filter(|segment| !segment.is_empty()) {
        let segment = decoded(raw);
        let function = segment.starts_with('$')
            || segment.starts_with("microsoft.graph.")
            || NOT_KEYS.contains(&segment.as_str());
        if collection && !function {
            names.push("{}".to_owned());
            keys.push(Key { name: None, value: segment });
            collection = false;
            continue;
        }
        let Some((name, inside)) = segment.split_once('(') else {
            collection = COLLECTIONS.contains(&segment.as_str());
            names.push(
                segment
                    .strip_prefix("microsoft.graph.")
                    .filter(|rest| is_action(rest))
                    .unwrap_or(&segment)
                    .to_owned(),
            );
            continue;
        };
        let inside = inside.strip_suffix(')').ok_or_else(|| {
            Failure::malformed(format!("Resource not found for the segment '{segment}'."))
        })?;
        names.push(name.to_owned());
        if inside.is_empty() && !COLLECTIONS.contains(&name) {
            continue;
        }
        names.push("{}".to_owned());
        keys.push(key(name, inside)?);
        collection = false;
    }
    Ok((names.join("/"), keys))
}

fn is_action(name: &str) -> bool {
    matches!(
        name,
        "addPassword" | "removePassword" | "addKey" | "removeKey" | "restore" | "getByIds"
    )
}

fn key(collection: &str, inside: &str) -> Result<Key, Failure> {
    let bare = |text: &str| {
        let quoted = text.len() > 1 && text.starts_with('\'') && text.ends_with('\'');
        if quoted { text[1..text.len() - 1].replace("''", "'") } else { text.to_owned() }
    };
    let (name, value) = match inside.split_once('=') {
        Some((name, value)) if !name.contains('\'') => (Some(name.trim().to_owned()), value.trim()),
        _ => (None, inside),
    };
    let known: &[&str] = match collection {
        "applications" => &["appId", "uniqueName", "id"],
        "servicePrincipals" => &["appId", "id"],
        "federatedIdentityCredentials" => &["name", "id"],
        _ => &["id"],
    };
    if let Some(name) = &name {
        if !known.contains(&name.as_str()) {
            return Err(Failure::malformed(format!(
                "The key property '{name}' does not exist in the type."
            )));
        }
        if !value.starts_with('\'') {
            return Err(Failure::malformed(format!(
                "The key value '{value}' is not a quoted string."
            )));
        }
    }
    Ok(Key { name: name.filter(|name| name != "id"), value: bare(value) })
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn keys_stand_in_segments_and_in_parentheses() {
        let check = |path, template: &str, keys: &[(Option<&str>, &str)]| {
            let (got, values) = parse(path).expect(path);
            let values: Vec<_> =
                values.iter().map(|k| (k.name.as_deref(), k.value.as_str())).collect();
            assert_eq!((got.as_str(), values.as_slice()), (template, keys), "{path}");
        };
        check("/applications", "applications", &[]);
        check("/applications/1", "applications/{}", &[(None, "1")]);
        check(
            "/applications('1')/owners/2/$ref",
            "applications/{}/owners/{}/$ref",
            &[(None, "1"), (None, "2")],
        );
        check(
            "applications(uniqueName='a''b%2Fc')",
            "applications/{}",
            &[(Some("uniqueName"), "a'b/c")],
        );
        check(
            "/applications/1/microsoft.graph.addPassword",
            "applications/{}/addPassword",
            &[(None, "1")],
        );
        check(
            "/directory/deletedItems/microsoft.graph.application",
            "directory/deletedItems/microsoft.graph.application",
            &[],
        );
        check(
            "/directory/deletedItems/1/restore",
            "directory/deletedItems/{}/restore",
            &[(None, "1")],
        );
        assert!(parse("/applications(displayName='x')").is_err());
        assert!(parse("/applications(appId=x)").is_err());
    }
}
