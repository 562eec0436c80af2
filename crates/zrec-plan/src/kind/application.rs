//! The application registration: its managed fields, its owners, its declaration.
//!
//! Widening writes the declaration first and grants after it; narrowing revokes first and
//! takes back the declaration after it. So a declaration with gains and losses is two steps.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::catalog::PermissionKey;
use crate::code;
use crate::context::{ConnectorContext, TenantContext};
use crate::desired::{Adopt, Desired, SignInAudience};
use crate::draft::Draft;
use crate::finding::Effect;
use crate::kind::Kind;
use crate::observed::{Application, Seen};
use crate::render::printable;
use crate::step::{Action, Class, Digest, FieldChange, Owner, Phase, Verb};

mod body;
mod narrow;
mod restore;

pub use body::PREVENT_DESTROY_TAG;
use body::{create_body, declaration, own_tags, tags};
pub use restore::restore;

/// Plans the creation of an application and its owners.
pub fn create(context: &ConnectorContext<'_>, draft: &mut Draft) {
    let body = create_body(context);
    let step = context
        .step(Kind::Application, Verb::Create, "application")
        .summary(format!(
            "\"{}\" as {}",
            printable(&context.want.display_name),
            context.want.unique_name
        ))
        .reason(format!("wanted by {}", context.want.written_at))
        .digests(Digest::absent(), Digest::of(&body))
        .action(Action::CreateApplication { unique_name: context.want.unique_name.clone(), body });
    draft.steps.push(step);
    let owners = std::iter::once(Owner::Caller)
        .chain(context.tenant.tenant.owners.iter().copied().map(Owner::Object));
    for owner in owners {
        bind(context, owner, Class::Change, "owners are bound at creation", draft);
    }
}

/// Plans what brings a live application to its wanted fields, owners and declaration.
pub fn plan(context: &ConnectorContext<'_>, application: &Application, draft: &mut Draft) {
    if application.unique_name.is_none() {
        adopt(context, application, draft);
    }
    fields(context, application, draft);
    reach(context, application, draft);
    declare(context, application, draft);
    owners(context, application, draft);
    narrow::plan(context, application, draft);
}

fn adopt(context: &ConnectorContext<'_>, application: &Application, draft: &mut Draft) {
    let unique_name = &context.want.unique_name;
    draft.steps.push(
        context
            .step(Kind::Application, Verb::Adopt, "application")
            .class(Class::Widening)
            .summary(format!("stamp {} with the key {unique_name}", application.app_id))
            .reason("the manifest adopts an application that was made by hand")
            .changes(vec![FieldChange {
                field: "uniqueName",
                before: Value::Null,
                after: json!(unique_name),
            }])
            .action(Action::UpdateApplication { body: json!({ "uniqueName": unique_name }) }),
    );
}

/// Fields that give nobody anything.
fn fields(context: &ConnectorContext<'_>, application: &Application, draft: &mut Draft) {
    let want = context.want;
    let mut changes = Vec::new();
    let mut compare = |field: &'static str, before: Value, after: Value| {
        if before != after {
            changes.push(FieldChange { field, before, after });
        }
    };
    compare("displayName", json!(application.display_name), json!(want.display_name));
    if want.service_management_reference.is_some() {
        compare(
            "serviceManagementReference",
            json!(application.service_management_reference),
            json!(want.service_management_reference),
        );
    }
    compare("tags", json!(application.tags), json!(tags(context, application)));
    update(context, "application/fields", Class::Change, Phase::Write, changes, draft);
}

/// Fields that let more people or places in.
fn reach(context: &ConnectorContext<'_>, application: &Application, draft: &mut Draft) {
    let want = context.want;
    let mut changes = Vec::new();
    let audience = want.sign_in_audience;
    if audience == SignInAudience::MultipleOrgs && application.sign_in_audience != audience.as_str()
    {
        changes.push(FieldChange {
            field: "signInAudience",
            before: json!(application.sign_in_audience),
            after: json!(audience.as_str()),
        });
    }
    if !application.redirect_uris.contains(&want.redirect_uri) {
        let mut uris = application.redirect_uris.clone();
        uris.insert(want.redirect_uri.clone());
        changes.push(FieldChange {
            field: "web.redirectUris",
            before: json!(application.redirect_uris),
            after: json!(uris),
        });
    }
    update(context, "application/reach", Class::Widening, Phase::Write, changes, draft);
}

/// Permissions that the application does not name yet. Naming grants nothing.
fn declare(context: &ConnectorContext<'_>, application: &Application, draft: &mut Draft) {
    let want: BTreeSet<PermissionKey> = context.want.permissions.keys().copied().collect();
    if want.is_subset(&application.declared) {
        return;
    }
    let union: BTreeSet<_> = application.declared.union(&want).copied().collect();
    let added: Vec<_> =
        want.difference(&application.declared).map(|key| context.permission_name(key)).collect();
    draft.steps.push(
        context
            .step(Kind::Application, Verb::Update, "application/declaration")
            .summary(format!("declare {}", added.join(", ")))
            .reason("declared before it is granted")
            .changes(vec![FieldChange {
                field: "requiredResourceAccess",
                before: declaration(&application.declared),
                after: declaration(&union),
            }])
            .action(Action::UpdateApplication {
                body: json!({ "requiredResourceAccess": declaration(&union) }),
            }),
    );
}

fn owners(context: &ConnectorContext<'_>, application: &Application, draft: &mut Draft) {
    let Seen::Present(owners) = &context.seen.owners else {
        return;
    };
    let adopted = context.want.adopt == Some(Adopt::AppId(application.app_id));
    // Nobody owns it, or nothing was done after the binding of owners: a run of ours ended there.
    let principal_is_absent = matches!(context.seen.principal, Seen::Absent);
    let unfinished = owners.is_empty() || (principal_is_absent && !adopted);
    let class = if unfinished { Class::Repair } else { Class::Widening };
    let caller = context.tenant.seen.caller.present().map(|caller| caller.object_id);
    if caller.is_some_and(|caller| !owners.contains(&caller)) {
        if owners.is_empty() {
            bind(context, Owner::Caller, class, "nobody owns the application", draft);
        } else if unfinished {
            bind(context, Owner::Caller, class, "owners are bound at creation", draft);
        } else if adopted {
            bind(context, Owner::Caller, class, "the application is adopted", draft);
        }
    }
    for owner in context.tenant.tenant.owners.difference(owners) {
        bind(context, Owner::Object(*owner), class, "listed under the tenant's `owners`", draft);
    }
}

fn bind(
    context: &ConnectorContext<'_>,
    owner: Owner,
    class: Class,
    reason: &str,
    draft: &mut Draft,
) {
    let (key, who) = match owner {
        Owner::Caller => ("owner/caller".to_owned(), "the applying identity".to_owned()),
        Owner::Object(id) => (format!("owner/{id}"), id.to_string()),
    };
    draft.steps.push(
        context
            .step(Kind::Application, Verb::Bind, key)
            .class(class)
            .summary(format!("{who} as owner"))
            .reason(reason)
            .digests(Digest::absent(), Digest::of(&owner))
            .action(Action::BindOwner { owner }),
    );
}

/// One PATCH of the fields that differ.
fn update(
    context: &ConnectorContext<'_>,
    key: &str,
    class: Class,
    phase: Phase,
    changes: Vec<FieldChange>,
    draft: &mut Draft,
) {
    if changes.is_empty() {
        return;
    }
    let names: Vec<_> = changes.iter().map(|change| change.field).collect();
    let body = body::patch(&changes);
    let verb = if phase == Phase::Revoke { Verb::Revoke } else { Verb::Update };
    draft.steps.push(
        context
            .step(Kind::Application, verb, key)
            .phase(phase)
            .class(class)
            .summary(names.join(", "))
            .reason(format!("differs from {}", context.want.written_at))
            .changes(changes)
            .action(Action::UpdateApplication { body }),
    );
}

/// Plans the deletion of the set's applications that no manifest names any more.
pub fn prune(
    context: &TenantContext<'_>,
    desired: &Desired,
    applications: &Seen<Vec<Application>>,
    draft: &mut Draft,
) {
    let prefix = format!("zrec.{}.", desired.set);
    let named: BTreeSet<_> = desired
        .connectors
        .values()
        .filter(|connector| connector.id.tenant == context.tenant.name)
        .map(|connector| connector.unique_name.as_str())
        .collect();
    for application in applications.present().into_iter().flatten() {
        let Some(name) = &application.unique_name else {
            continue;
        };
        let Some(key) = name.strip_prefix(&prefix) else {
            continue;
        };
        if named.contains(name.as_str()) {
            continue;
        }
        let key = printable(key);
        if application.tags.contains(PREVENT_DESTROY_TAG) {
            draft.tenant_finding(
                context.tenant,
                code::PREVENT_DESTROY,
                Effect::Informs,
                format!("application {} ({key}) is no longer in the manifests, but protected", application.app_id),
                "set `lifecycle.preventDestroy: false` and apply; then remove the manifest and apply again",
            );
            continue;
        }
        if !application.tags.is_superset(&own_tags(&desired.set)) {
            draft.tenant_finding(
                context.tenant,
                code::FOREIGN,
                Effect::Informs,
                format!(
                    "application {} has a key of this set ({key}), but not its tags",
                    application.app_id
                ),
                "zrec deletes only what it made: find out who made this one",
            );
            continue;
        }
        draft.steps.push(
            context
                .step(Kind::Application, Verb::Delete, format!("application/{key}"))
                .phase(Phase::Revoke)
                .class(Class::Destructive)
                .summary(format!(
                    "\"{}\" ({key}) with its principal, grants and credentials; restorable for 30 days",
                    printable(&application.display_name)
                ))
                .reason("no manifest of the set names it")
                .digests(Digest::of(&application.object_id), Digest::absent())
                .action(Action::DeleteApplication { object_id: application.object_id }),
        );
    }
}
