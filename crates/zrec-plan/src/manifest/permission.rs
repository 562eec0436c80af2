//! Rules on `permissions.add` and `permissions.drop`.

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{App, Catalog, Permission, PermissionKey};
use crate::manifest::diagnostic::Log;
use crate::manifest::node::Node;
use crate::manifest::rule;
use crate::manifest::source::Place;
use crate::manifest::spec::ConnectorSpec;
use crate::manifest::suggest::{did_you_mean, listed, quote};
use crate::name::ApiName;

/// The permissions of a name that an application may get: a role, a scope, or both.
pub(crate) fn grantable(
    catalog: &Catalog,
    app: App,
    api: &ApiName,
    name: &str,
) -> Vec<PermissionKey> {
    catalog
        .find(api, name)
        .into_iter()
        .map(|permission| permission.key)
        .filter(|key| catalog.grantable(app).contains(key))
        .collect()
}

/// Judges both lists of a connector. What Defaults say `for_all` connectors may well be idle in some.
pub(crate) fn judge(
    catalog: &Catalog,
    spec: &ConnectorSpec,
    permissions: &Node,
    place: Place,
    for_all: &BTreeSet<Place>,
    log: &mut Log<'_>,
) {
    let derived = catalog.least_permissions(spec.app, spec.actions.as_ref());
    let mut named: BTreeMap<(String, String), Place> = BTreeMap::new();
    for side in ["add", "drop"] {
        for entry in permissions.get(side).map(Node::items).unwrap_or_default() {
            let (Some(api), Some(name)) = (entry.get("api"), entry.get("name")) else {
                continue;
            };
            let (api_text, name_text) =
                (api.text().unwrap_or_default(), name.text().unwrap_or_default());
            let at = if name.place.source.is_some() { name.place } else { place };
            if let Some(&first) = named.get(&(api_text.to_owned(), name_text.to_owned())) {
                let first = log.related(first, "first named here");
                log.error(
                    rule::CONTRADICTION,
                    at,
                    format!("{} is named twice among the exceptions", quote(name_text)),
                )
                .also(first)
                .help("keep one of the two");
                continue;
            }
            named.insert((api_text.to_owned(), name_text.to_owned()), at);
            let Some(found) = known(catalog, api, name, log) else {
                continue;
            };
            let asked =
                found.iter().filter(|permission| derived.contains_key(&permission.key)).count();
            match side {
                "add" => {
                    let asked = asked > 0 && !for_all.contains(&name.place);
                    added(catalog, spec.app, &found, asked, at, log);
                }
                _ if asked == 0 && !for_all.contains(&name.place) => {
                    log.warning(
                        rule::IDLE_DROP,
                        at,
                        format!("no action of this connector asks for {}", quote(name_text)),
                    )
                    .label("nothing to drop")
                    .help("remove the entry");
                }
                _ => {}
            }
        }
    }
}

/// The permissions of that name, or diagnostics why there are none.
fn known<'a>(
    catalog: &'a Catalog,
    api: &Node,
    name: &Node,
    log: &mut Log<'_>,
) -> Option<Vec<&'a Permission>> {
    let api_text = api.text().unwrap_or_default();
    let api_name = ApiName::new(api_text);
    if catalog.api(&api_name).is_none() {
        let names = || catalog.apis().iter().map(|api| api.name.as_str());
        let help = did_you_mean(api_text, names())
            .unwrap_or_else(|| format!("known: {}", listed(names())));
        log.error(rule::UNKNOWN_API, api.place, format!("unknown API {}", quote(api_text)))
            .help(help);
        return None;
    }
    let text = name.text().unwrap_or_default();
    let found = catalog.find(&api_name, text);
    if found.is_empty() {
        let near = did_you_mean(
            text,
            catalog.permissions_of(&api_name).map(|permission| permission.value.as_str()),
        );
        let elsewhere = catalog
            .apis()
            .iter()
            .find(|other| !catalog.find(&other.name, text).is_empty())
            .map(|other| format!("`{}` publishes one of this name", other.name));
        log.error(
            rule::UNKNOWN_PERMISSION,
            name.place,
            format!("{} publishes no permission {}", quote(api_text), quote(text)),
        )
        .help_maybe(elsewhere.or(near));
        return None;
    }
    Some(found)
}

fn added(
    catalog: &Catalog,
    app: App,
    found: &[&Permission],
    asked: bool,
    at: Place,
    log: &mut Log<'_>,
) {
    let value = found.first().map(|permission| quote(&permission.value)).unwrap_or_default();
    if let Some(forbidden) = found.iter().find_map(|permission| catalog.forbidden(&permission.key))
    {
        log.error(
            rule::FORBIDDEN,
            at,
            format!("{value} is never granted: it {}", forbidden.reason),
        )
        .help("remove the entry; no policy can allow it");
        return;
    }
    if !found.iter().any(|permission| catalog.grantable(app).contains(&permission.key)) {
        log.error(rule::NOT_GRANTABLE, at, format!("the guide's table for {app} does not hold {value}"))
            .label("not grantable to this connector")
            .help("choose an action that asks for what you need; exceptions by `kind: Policy` come with a later version");
        return;
    }
    if asked {
        log.warning(
            rule::IDLE_ADD,
            at,
            format!("the actions of this connector already ask for {value}"),
        )
        .label("nothing to add")
        .help("remove the entry; its date would not take the permission away");
    }
}
