//! Paths of secret stores: below the set's root, whatever a manifest says.

use crate::manifest::source::Source;

/// The path from the set's root of a path that `source` names; `None` where it leaves the root.
pub(crate) fn below_root(source: &Source, path: &str) -> Option<String> {
    let absolute = path.starts_with(['/', '\\', '~']) || path.contains(['\\', ':']);
    if absolute || path.chars().any(char::is_control) {
        return None;
    }
    let folder = source.below_root.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_the_root() {
        let rows = [
            ("manifests/tenant.yaml", "../secrets", Some("secrets")),
            ("tenant.yaml", "secrets", Some("secrets")),
            ("a/b/tenant.yaml", "./x/../y", Some("a/b/y")),
            ("manifests/tenant.yaml", "../../secrets", None),
            ("manifests/tenant.yaml", "a/../../../etc", None),
            ("manifests/tenant.yaml", "..", None),
            ("manifests/tenant.yaml", "/etc", None),
            ("manifests/tenant.yaml", "~/x", None),
            ("manifests/tenant.yaml", "C:\\x", None),
        ];
        for (file, path, expected) in rows {
            let source = Source::new(file, "");
            assert_eq!(below_root(&source, path).as_deref(), expected, "{file} {path}");
        }
    }
}
