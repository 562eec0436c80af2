//! Rules on one tenant: its directory, organization, store and overrides.

use crate::desired::{SecretStore, ZscalerOrganization};
use crate::manifest::diagnostic::Log;
use crate::manifest::index::Document;
use crate::manifest::node::{Entry, Node};
use crate::manifest::resolve::Context;
use crate::manifest::spec::{OrganizationSpec, TenantSpec, tenant_defaults};
use crate::manifest::suggest::{did_you_mean, quote};
use crate::manifest::{redirect, rule, store};

/// Defaults and Tenant, with what zrec fills in.
pub(crate) fn merge(context: &Context<'_>, document: &Document) -> Node {
    let mut effective = tenant_defaults();
    let defaults = context.index.defaults.as_ref();
    if let Some(layer) = defaults.and_then(|defaults| defaults.root.at(&["spec", "tenant"])) {
        effective.overlay(layer, "tenant");
    }
    if let Some(layer) = document.spec() {
        effective.overlay(layer, "tenant");
    }
    effective
}

/// Judges a merged tenant that gets these connectors, sorted by name.
pub(crate) fn judge(
    context: &Context<'_>,
    document: &Document,
    effective: &Node,
    connectors: &[&str],
    log: &mut Log<'_>,
) -> Option<TenantSpec> {
    overrides(context, effective, connectors, log);
    let zscaler = organization(context, document, effective, connectors, log);
    let secret_store = secret_store(effective, log);
    if effective.get("tenantId").is_none() {
        if !context.index.complete {
            return None;
        }
        log.error(
            rule::MISSING,
            document.place,
            "the key `tenantId` is missing, and Defaults has none",
        )
        .help("the directory's id is on the overview page of Microsoft Entra");
        return None;
    }
    let before = log.found.len();
    match serde_json::from_value::<TenantSpec>(effective.to_value()) {
        Ok(mut spec) => {
            spec.zscaler = zscaler;
            spec.secret_store = secret_store;
            Some(spec)
        }
        Err(error) => {
            if log.found.len() == before {
                log.error(
                    rule::FORM,
                    document.place,
                    format!("the tenant cannot be used: {error}"),
                );
            }
            None
        }
    }
}

fn overrides(context: &Context<'_>, effective: &Node, connectors: &[&str], log: &mut Log<'_>) {
    let known = &context.index.connectors;
    for entry in effective.get("overrides").map(Node::entries).unwrap_or_default() {
        if let Some(tenants) = entry.node.entry("tenants") {
            log.error(
                rule::TENANTS_IN_OVERRIDE,
                tenants.key_place,
                "a tenant's overrides cannot say which tenants get a connector",
            )
            .help("say it in the Connector document");
        }
        if !known.contains_key(&entry.key) {
            if context.index.complete {
                let help = did_you_mean(&entry.key, known.keys().map(String::as_str));
                log.error(
                    rule::UNKNOWN_OVERRIDE,
                    entry.key_place,
                    format!("overrides for an unknown connector {}", quote(&entry.key)),
                )
                .label("no Connector document has this name")
                .help_maybe(help);
            }
        } else if connectors.binary_search(&entry.key.as_str()).is_err() && context.index.complete {
            log.warning(
                rule::IDLE_OVERRIDE,
                entry.key_place,
                format!("this tenant does not get the connector {}", quote(&entry.key)),
            )
            .label("these overrides have no effect");
        }
    }
}

fn organization(
    context: &Context<'_>,
    document: &Document,
    effective: &Node,
    connectors: &[&str],
    log: &mut Log<'_>,
) -> Option<ZscalerOrganization> {
    let Some(zscaler) = effective.entry("zscaler") else {
        if let ([first, ..], true) = (connectors, context.index.complete) {
            let user = context.index.connectors.get(*first);
            let user = user.map(|user| {
                log.related(user.place, "this connector needs its console as redirect URI")
            });
            let diagnostic = log.error(
                rule::NO_ORGANIZATION,
                document.place,
                format!("tenant {} has no Zscaler organization", quote(&document.name)),
            );
            diagnostic.help("add `zscaler: { organization: NAME }`");
            diagnostic.related.extend(user);
        }
        return None;
    };
    let Some(named) = zscaler.node.get("organization") else {
        return inline(document, zscaler, log);
    };
    let name = named.text().unwrap_or_default();
    let known = &context.index.organizations;
    let Some(organization) = known.get(name) else {
        if context.index.complete {
            let help = did_you_mean(name, known.keys().map(String::as_str));
            log.error(
                rule::UNKNOWN_ORGANIZATION,
                named.place,
                format!("unknown Zscaler organization {}", quote(name)),
            )
            .label("no ZscalerOrganization document has this name")
            .help_maybe(help);
        }
        return None;
    };
    let spec = organization.spec()?;
    if let Some(console) = spec.get("console") {
        redirect::judge(console, log);
    }
    let typed: OrganizationSpec = serde_json::from_value(spec.to_value()).ok()?;
    Some(typed.named(name))
}

fn inline(document: &Document, zscaler: &Entry, log: &mut Log<'_>) -> Option<ZscalerOrganization> {
    let Some(console) = zscaler.node.get("console") else {
        log.error(rule::MISSING, zscaler.key_place, "the key `console` is missing").help(
            "write the console's URL, or name an organization: `zscaler: { organization: NAME }`",
        );
        return None;
    };
    redirect::judge(console, log);
    let typed: OrganizationSpec = serde_json::from_value(zscaler.node.to_value()).ok()?;
    Some(typed.named(&document.name))
}

fn secret_store(effective: &Node, log: &mut Log<'_>) -> Option<SecretStore> {
    let node = effective.get("secretStore")?;
    let mut typed: SecretStore = serde_json::from_value(node.to_value()).ok()?;
    let (SecretStore::Directory { path, .. } | SecretStore::Age { path, .. }) = &mut typed else {
        return Some(typed);
    };
    let written = ["directory", "age"].into_iter().find_map(|kind| node.at(&[kind, "path"]))?;
    let source = log.sources.get(written.place.source? as usize)?;
    match store::below_root(source, path) {
        Some(below) => *path = below,
        None => {
            log.error(rule::STORE_PATH, written.place, format!("the path {} does not stay below the set's root", quote(path)))
                .note("a path is relative to the file that holds it; the root is the git work tree, else the parent of the given path")
                .help("choose a directory inside the repository and let git ignore it, or a key vault");
        }
    }
    let real = effective.text_at(&["cloud"]) != Some("emulator");
    if real && matches!(typed, SecretStore::Directory { durable: None, .. }) {
        log.warning(
            rule::FRAGILE_STORE,
            written.place,
            "nothing says that this directory outlives the machine",
        )
        .help("add `durable: volume` if it does; without it, pipelines mint nothing into it");
    }
    Some(typed)
}
