//! Rules on one connector: its keys and its terms.

use crate::catalog::App;
use crate::manifest::diagnostic::Log;
use crate::manifest::index::Document;
use crate::manifest::node::Node;
use crate::manifest::resolve::Context;
use crate::manifest::source::Place;
use crate::manifest::spec::ConnectorSpec;
use crate::manifest::suggest::{did_you_mean, listed, quote};
use crate::manifest::{date, permission, rule};

/// The one application that a key belongs to.
pub(crate) fn owner_of(key: &str) -> Option<App> {
    match key {
        "certificate" => Some(App::Sharepoint),
        "roleAssignments" => Some(App::AzureBlob),
        "managementApp" => Some(App::Copilot),
        _ => None,
    }
}

/// Rules on what people wrote, before zrec fills in the rest.
pub(crate) fn judge(
    context: &Context<'_>,
    document: &Document,
    app: App,
    written: &Node,
    log: &mut Log<'_>,
) {
    for entry in written.entries() {
        if let Some(owner) = owner_of(&entry.key).filter(|owner| *owner != app) {
            log.error(
                rule::WRONG_APP,
                entry.key_place,
                format!("`{}` is for {owner}, and this connector is for {app}", entry.key),
            )
            .help("remove it");
        }
    }
    actions(context, app, written, log);
    for key in ["displayName", "tenantName"] {
        if let Some(node) = written.get(key) {
            placeholders(node, log);
        }
    }
    dates(written, log);
    roles(context, app, written, log);
    let _ = document;
}

/// Rules on the merged terms.
pub(crate) fn judge_merged(document: &Document, effective: &Node, log: &mut Log<'_>) {
    for credential in ["clientSecret", "certificate"] {
        let Some(terms) = effective.get(credential) else {
            continue;
        };
        let (Some(lifetime), Some(renewal)) =
            (terms.get("lifetimeDays"), terms.get("renewBeforeDays"))
        else {
            continue;
        };
        let (Some(days), Some(before)) = (lifetime.integer(), renewal.integer()) else {
            continue;
        };
        if before * 2 <= days {
            continue;
        }
        let place = written_place(&[renewal, lifetime], document.place);
        let message = format!(
            "`{credential}` lives {days} days and would be renewed {before} days before its end"
        );
        let related = (lifetime.place.source.is_some() && lifetime.place != place)
            .then(|| log.related(lifetime.place, "the lifetime"));
        let diagnostic = log.error(rule::RENEWAL, place, message);
        diagnostic.label("more than half of the lifetime").help(format!("at most {}", days / 2));
        diagnostic.related.extend(related);
    }
}

/// Rules on exceptions to the derived permissions.
pub(crate) fn judge_permissions(
    context: &Context<'_>,
    spec: &ConnectorSpec,
    effective: &Node,
    place: Place,
    log: &mut Log<'_>,
) {
    if let Some(permissions) = effective.get("permissions") {
        let layer = context.index.defaults.as_ref();
        let layer = layer.and_then(|layer| layer.root.at(&["spec", "connector", "permissions"]));
        let sides = layer.map(Node::entries).unwrap_or_default().iter();
        let for_all = sides
            .flat_map(|side| side.node.items())
            .filter_map(|entry| Some(entry.get("name")?.place))
            .collect();
        permission::judge(context.catalog, spec, permissions, place, &for_all, log);
    }
}

/// The first of the places that a person wrote.
fn written_place(nodes: &[&Node], otherwise: Place) -> Place {
    nodes.iter().map(|node| node.place).find(|place| place.source.is_some()).unwrap_or(otherwise)
}

fn actions(context: &Context<'_>, app: App, written: &Node, log: &mut Log<'_>) {
    let known = context.catalog.actions(app);
    let names = || known.keys().map(crate::name::ActionName::as_str);
    for item in written.get("actions").map(Node::items).unwrap_or_default() {
        let name = item.text().unwrap_or_default();
        if known.contains_key(&name.into()) {
            continue;
        }
        let near = did_you_mean(name, names());
        let diagnostic = log.error(
            rule::UNKNOWN_ACTION,
            item.place,
            format!("{app} has no action {}", quote(name)),
        );
        diagnostic.help(near.unwrap_or_else(|| format!("known: {}", listed(names()))));
    }
}

/// `{tenant}` and `{connector}` are the only braces.
fn placeholders(node: &Node, log: &mut Log<'_>) {
    let text = node.text().unwrap_or_default();
    let rest = text.replace("{tenant}", "").replace("{connector}", "");
    if !rest.contains(['{', '}']) {
        return;
    }
    let inner =
        rest.split_once('{').and_then(|(_, after)| after.split_once('}')).map(|(inner, _)| inner);
    let help = inner.and_then(|inner| {
        did_you_mean(&format!("{{{}}}", inner.trim()), ["{tenant}", "{connector}"])
    });
    let message = match inner {
        Some(inner) => format!("unknown placeholder {}", quote(&format!("{{{inner}}}"))),
        None => "a brace that is not part of a placeholder".to_owned(),
    };
    log.error(rule::PLACEHOLDER, node.place, message)
        .help(help.unwrap_or_else(|| "known: `{tenant}`, `{connector}`".to_owned()));
}

/// Every `until` is a day that exists.
fn dates(written: &Node, log: &mut Log<'_>) {
    let exceptions = ["add", "drop"]
        .into_iter()
        .filter_map(|side| written.at(&["permissions", side]))
        .flat_map(Node::items);
    let suspend = written.get("suspend");
    for node in exceptions.chain(suspend).filter_map(|holder| holder.get("until")) {
        let text = node.text().unwrap_or_default();
        if date::parse(text).is_none() {
            log.error(
                rule::DATE,
                node.place,
                format!("{} is not a day of the calendar", quote(text)),
            );
        }
    }
}

fn roles(context: &Context<'_>, app: App, written: &Node, log: &mut Log<'_>) {
    if app != App::AzureBlob {
        return;
    }
    let known = context.catalog.azure_roles();
    for assignment in written.get("roleAssignments").map(Node::items).unwrap_or_default() {
        for role in assignment.get("roles").map(Node::items).unwrap_or_default() {
            let name = role.text().unwrap_or_default();
            if context.catalog.azure_role(name).is_some() {
                continue;
            }
            let names = || known.iter().map(|role| role.name.as_str());
            let help = did_you_mean(name, names())
                .unwrap_or_else(|| format!("known: {}", listed(names())));
            let never = context
                .catalog
                .forbidden_azure_role(name)
                .map(|role| format!("never assigned: {}", role.reason));
            let diagnostic = log.error(
                rule::UNKNOWN_ROLE,
                role.place,
                format!("the guide asks for no Azure role {}", quote(name)),
            );
            diagnostic.help(help);
            diagnostic.notes.extend(never);
        }
    }
}
