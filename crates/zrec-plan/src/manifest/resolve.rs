//! Merging and references: Defaults → Connector → `Tenant.overrides`, for each tenant.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::catalog::{App, Catalog};
use crate::manifest::diagnostic::Log;
use crate::manifest::index::{Document, Index};
use crate::manifest::node::{Content, Node};
use crate::manifest::set::{Merged, Set, SetConnector, SetTenant};
use crate::manifest::spec::connector_defaults;
use crate::manifest::suggest::{did_you_mean, listed, quote};
use crate::manifest::{connector, neighbour, rule, tenant};
use crate::name::{ConnectorId, ConnectorName, SetName, TenantName};

/// The most connectors of a set, counted once for each tenant.
const MAX_CONNECTORS: usize = 100_000;

/// What the rules need to know.
pub(crate) struct Context<'a> {
    pub(crate) index: &'a Index,
    pub(crate) catalog: &'a Catalog,
}

/// Judges references and merged values; gives back the set unless an error forbids it.
pub(crate) fn resolve(index: &Index, catalog: &Catalog, log: &mut Log<'_>) -> Option<Set> {
    let context = Context { index, catalog };
    let mut targeted = BTreeMap::new();
    let mut bases = BTreeMap::new();
    for document in index.connectors.values() {
        let written = written_base(&context, document);
        for tenant in targets(&context, document, &written, log) {
            targeted.entry(tenant).or_insert_with(Vec::new).push(document.name.as_str());
        }
        let base = merge(&context, document, None, log);
        bases.insert(document.name.as_str(), base);
    }
    let count: usize = targeted.values().map(Vec::len).sum();
    if count > MAX_CONNECTORS {
        let place =
            index.connectors.values().next().map(|document| document.place).unwrap_or_default();
        log.error(
            rule::TOO_MUCH,
            place,
            format!("the set comes to {count} connectors, more than {MAX_CONNECTORS}"),
        )
        .note("a connector counts once for each tenant that gets it");
        return None;
    }
    let mut set = empty_set(index, log);
    for document in index.tenants.values() {
        let connectors = targeted.remove(document.name.as_str()).unwrap_or_default();
        let effective = tenant::merge(&context, document);
        let spec = tenant::judge(&context, document, &effective, &connectors, log);
        connectors_of(&context, document, &effective, &connectors, &bases, &mut set, log);
        let name = TenantName::new(&document.name);
        let labels = document.labels();
        if let Some(spec) = spec {
            set.tenants.insert(name, SetTenant { spec, labels, effective });
        }
    }
    Some(set)
}

/// The set before any tenant is in it.
fn empty_set(index: &Index, log: &Log<'_>) -> Set {
    Set {
        name: SetName::new(index.defaults.as_ref().map_or("default", |document| &document.name)),
        is_named: index.defaults.is_some(),
        catalog_version: index
            .defaults
            .as_ref()
            .and_then(|document| document.root.text_at(&["spec", "catalog"]))
            .map(str::to_owned),
        tenants: BTreeMap::new(),
        connectors: BTreeMap::new(),
        paths: log.sources.iter().map(|source| source.path.clone()).collect(),
    }
}

/// Defaults and Connector, without what zrec fills in and without overrides.
fn written_base(context: &Context<'_>, document: &Document) -> Node {
    let empty = Node { content: Content::Map(Vec::new()), place: document.place, via: None };
    let mut written = context
        .index
        .defaults
        .as_ref()
        .and_then(|defaults| defaults.root.at(&["spec", "connector"]))
        .cloned()
        .unwrap_or(empty);
    if let Some(spec) = document.spec() {
        let app = spec.text_at(&["app"]).or_else(|| written.text_at(&["app"])).and_then(app_named);
        leave_out_other_apps(&mut written, app);
        written.overlay(spec, "connector");
    }
    written
}

/// Defaults speak to connectors of every application; each takes what is for it.
fn leave_out_other_apps(defaults: &mut Node, app: Option<App>) {
    if let Content::Map(entries) = &mut defaults.content {
        entries
            .retain(|entry| connector::owner_of(&entry.key).is_none_or(|owner| Some(owner) == app));
    }
}

/// The application of a name.
pub(crate) fn app_named(name: &str) -> Option<App> {
    App::ALL.into_iter().find(|app| app.as_str() == name)
}

/// The tenants that a connector goes to.
fn targets<'a>(
    context: &Context<'a>,
    document: &Document,
    written: &Node,
    log: &mut Log<'_>,
) -> BTreeSet<&'a str> {
    let tenants = &context.index.tenants;
    let Some(selector) = written.entry("tenants") else {
        if !context.index.complete {
            return BTreeSet::new();
        }
        log.error(rule::MISSING, document.place, "the key `tenants` is missing, and Defaults has none")
            .help("name the tenants: `tenants: [NAME]`, or select them: `tenants: { matchLabels: { KEY: VALUE } }`");
        return BTreeSet::new();
    };
    let mut found = BTreeSet::new();
    for item in selector.node.items() {
        let name = item.text().unwrap_or_default();
        if log.is_full() {
            break;
        }
        match tenants.get_key_value(name) {
            Some((name, _)) => {
                found.insert(name.as_str());
            }
            None if context.index.complete => {
                let help = did_you_mean(name, tenants.keys().map(String::as_str));
                log.error(
                    rule::UNKNOWN_TENANT,
                    item.place,
                    format!("unknown tenant {}", quote(name)),
                )
                .label("no Tenant document has this name")
                .help_maybe(help);
            }
            None => {}
        }
    }
    let Some(wanted) = selector.node.get("matchLabels") else {
        return found;
    };
    for (name, tenant) in tenants {
        let labels = tenant.root.at(&["metadata", "labels"]);
        let matches = wanted.entries().iter().all(|entry| {
            let value = labels.and_then(|labels| labels.text_at(&[&entry.key]));
            value.is_some() && value == entry.node.text()
        });
        if matches {
            found.insert(name);
        }
    }
    if found.is_empty() && context.index.complete {
        let help = near_label(context, wanted);
        log.error(rule::EMPTY_SELECTOR, selector.key_place, "the selector matches no tenant")
            .label("no Tenant document has all these labels")
            .help_maybe(help);
    }
    found
}

/// What a selector that matches nothing may have meant.
fn near_label(context: &Context<'_>, wanted: &Node) -> Option<String> {
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (key, value) in context.index.tenants.values().flat_map(Document::labels) {
        known.entry(key).or_default().insert(value);
    }
    wanted.entries().iter().find_map(|entry| {
        let Some(values) = known.get(&entry.key) else {
            return did_you_mean(&entry.key, known.keys().map(String::as_str));
        };
        let value = entry.node.text().filter(|value| !values.contains(*value))?;
        let values = || values.iter().map(String::as_str);
        did_you_mean(value, values())
            .or_else(|| Some(format!("values of `{}`: {}", entry.key, listed(values()))))
    })
}

/// Merges a connector's layers and judges the result; `None` where it cannot be used.
fn merge(
    context: &Context<'_>,
    document: &Document,
    over: Option<&Node>,
    log: &mut Log<'_>,
) -> Option<Arc<Merged>> {
    let mut written = written_base(context, document);
    if let Some(over) = over {
        written.overlay(over, "connector");
    }
    let Some(app) = written.text_at(&["app"]).and_then(app_named) else {
        if !context.index.complete {
            return None;
        }
        log.error(rule::MISSING, document.place, "the key `app` is missing, and Defaults has none")
            .help("say which application it is: `app: sharepoint`");
        return None;
    };
    let errors = log.found.len();
    connector::judge(context, document, app, &written, log);
    let mut effective = connector_defaults(app, &document.name, context.catalog);
    effective.overlay(&written, "connector");
    connector::judge_merged(document, &effective, log);
    let spec = match serde_json::from_value(effective.to_value()) {
        Ok(spec) => spec,
        Err(error) => {
            if log.found.len() == errors {
                log.error(
                    rule::FORM,
                    document.place,
                    format!("the connector cannot be used: {error}"),
                );
            }
            return None;
        }
    };
    connector::judge_permissions(context, &spec, &effective, document.place, log);
    Some(Arc::new(Merged { spec, effective }))
}

/// The connectors of one tenant, its overrides applied.
fn connectors_of(
    context: &Context<'_>,
    tenant: &Document,
    effective: &Node,
    names: &[&str],
    bases: &BTreeMap<&str, Option<Arc<Merged>>>,
    set: &mut Set,
    log: &mut Log<'_>,
) {
    let overrides = effective.get("overrides");
    let mut taken = neighbour::Taken::default();
    for &name in names {
        let Some(document) = context.index.connectors.get(name) else {
            continue;
        };
        let merged = match overrides.and_then(|overrides| overrides.get(name)) {
            Some(over) => merge(context, document, Some(over), log),
            None => bases.get(name).cloned().flatten(),
        };
        let Some(merged) = merged else { continue };
        neighbour::judge(tenant, effective, document, &merged, &mut taken, log);
        let id = ConnectorId {
            tenant: TenantName::new(&tenant.name),
            connector: ConnectorName::new(name),
        };
        let written_at = document.place.shown(log.sources);
        set.connectors.insert(id, SetConnector { merged, written_at });
    }
}
