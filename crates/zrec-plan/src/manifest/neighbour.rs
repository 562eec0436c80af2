//! Rules on a connector among the others of its tenant.

use std::collections::BTreeMap;

use crate::manifest::diagnostic::Log;
use crate::manifest::index::Document;
use crate::manifest::node::Node;
use crate::manifest::rule;
use crate::manifest::set::Merged;
use crate::manifest::source::Place;
use crate::manifest::suggest::{did_you_mean, quote};

/// The most characters that Entra takes in the display name of a multitenant application.
const MAX_DISPLAY_NAME: usize = 120;

/// What the connectors of one tenant have already taken.
#[derive(Default)]
pub(crate) struct Taken {
    keys: BTreeMap<String, Place>,
    display_names: BTreeMap<String, Place>,
}

/// Fills in the placeholders.
pub(crate) fn expand(template: &str, tenant: &str, connector: &str) -> String {
    template.replace("{tenant}", tenant).replace("{connector}", connector)
}

/// Rules on a connector among the others of its tenant.
pub(crate) fn judge(
    tenant: &Document,
    tenant_spec: &Node,
    document: &Document,
    merged: &Merged,
    taken: &mut Taken,
    log: &mut Log<'_>,
) {
    let spec = &merged.spec;
    let place_of = |key: &str| {
        let node = merged.effective.get(key).map(|node| node.place);
        node.filter(|place| place.source.is_some()).unwrap_or(document.place)
    };
    let tenant_name = quote(&tenant.name);
    let key = spec.key.as_str();
    let place = place_of("key");
    if let Some(&first) = taken.keys.get(key) {
        let first = log.related(first, "first connector of this key");
        log.error(
            rule::REPEATED_KEY,
            place,
            format!("tenant {tenant_name} gets two connectors of the key {}", quote(key)),
        )
        .also(first)
        .help("give one of them another `key`");
    }
    taken.keys.entry(key.to_owned()).or_insert(place);

    let display_name = expand(&spec.display_name, &tenant.name, &document.name);
    let place = place_of("displayName");
    let length = display_name.chars().count();
    if length > MAX_DISPLAY_NAME {
        log.error(rule::LONG_DISPLAY_NAME, place, format!("in tenant {tenant_name} the display name has {length} characters, more than {MAX_DISPLAY_NAME}"))
            .help("shorten it");
    }
    if let Some(&first) = taken.display_names.get(&display_name) {
        let related = log.related(first, "first connector of this display name");
        let diagnostic = log.warning(
            rule::REPEATED_DISPLAY_NAME,
            place,
            format!(
                "tenant {tenant_name} gets two applications with the display name {}",
                quote(&display_name)
            ),
        );
        diagnostic.help("nobody can tell them apart in the portal: give one another name");
        if first != place {
            diagnostic.also(related);
        }
    }
    taken.display_names.entry(display_name).or_insert(place);
    subscriptions(tenant, tenant_spec, &merged.effective, log);
}

/// Every subscription that a role assignment names is the tenant's.
fn subscriptions(tenant: &Document, tenant_spec: &Node, effective: &Node, log: &mut Log<'_>) {
    let known = tenant_spec.get("subscriptions").map(Node::entries).unwrap_or_default();
    for assignment in effective.get("roleAssignments").map(Node::items).unwrap_or_default() {
        for item in assignment.get("subscriptions").map(Node::items).unwrap_or_default() {
            let name = item.text().unwrap_or_default();
            if known.iter().any(|entry| entry.key == name) {
                continue;
            }
            let help = did_you_mean(name, known.iter().map(|entry| entry.key.as_str()));
            log.error(
                rule::UNKNOWN_SUBSCRIPTION,
                item.place,
                format!("tenant {} has no subscription {}", quote(&tenant.name), quote(name)),
            )
            .help(help.unwrap_or_else(|| "add it to the tenant's `subscriptions`".to_owned()));
        }
    }
}
