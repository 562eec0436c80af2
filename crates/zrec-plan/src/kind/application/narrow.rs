//! What is taken back from an application, after its grants were revoked.

use std::collections::BTreeSet;

use serde_json::json;

use super::{declaration, update};
use crate::catalog::{PermissionKey, PermissionType};
use crate::context::ConnectorContext;
use crate::desired::SignInAudience;
use crate::draft::Draft;
use crate::kind::Kind;
use crate::observed::Application;
use crate::step::{Action, Class, FieldChange, Phase, Verb};

/// Plans the narrowing of audience, redirect URIs and declaration.
pub(super) fn plan(context: &ConnectorContext<'_>, application: &Application, draft: &mut Draft) {
    let want = context.want;
    let mut changes = Vec::new();
    let audience = want.sign_in_audience;
    if audience == SignInAudience::MyOrg && application.sign_in_audience != audience.as_str() {
        changes.push(FieldChange {
            field: "signInAudience",
            before: json!(application.sign_in_audience),
            after: json!(audience.as_str()),
        });
    }
    let mut uris = application.redirect_uris.clone();
    uris.insert(want.redirect_uri.clone());
    if uris.len() > 1 {
        changes.push(FieldChange {
            field: "web.redirectUris",
            before: json!(uris),
            after: json!([want.redirect_uri]),
        });
    }
    update(context, "application/narrow", Class::Destructive, Phase::Revoke, changes, draft);
    undeclare(context, application, draft);
}

fn undeclare(context: &ConnectorContext<'_>, application: &Application, draft: &mut Draft) {
    let want: BTreeSet<PermissionKey> = context.want.permissions.keys().copied().collect();
    let surplus: Vec<_> = application.declared.difference(&want).collect();
    if surplus.is_empty() {
        return;
    }
    let union: BTreeSet<_> = application.declared.union(&want).copied().collect();
    let names: Vec<_> = surplus.iter().map(|key| context.permission_name(key)).collect();
    // A declaration that grants rest on goes with them; an idle one is only untidy.
    let class = if surplus.iter().any(|key| is_granted(context, key)) {
        Class::Destructive
    } else {
        Class::Change
    };
    draft.steps.push(
        context
            .step(Kind::Application, Verb::Revoke, "application/declaration")
            .phase(Phase::Revoke)
            .class(class)
            .summary(format!("no longer declare {}", names.join(", ")))
            .reason(
                "the manifest does not ask for it; revoked first, then taken off the declaration",
            )
            .changes(vec![FieldChange {
                field: "requiredResourceAccess",
                before: declaration(&union),
                after: declaration(&want),
            }])
            .action(Action::UpdateApplication {
                body: json!({ "requiredResourceAccess": declaration(&want) }),
            }),
    );
}

fn is_granted(context: &ConnectorContext<'_>, key: &PermissionKey) -> bool {
    let Some(resource) = context.tenant.resource_object_id(key.resource_app_id) else {
        return false;
    };
    match key.kind {
        PermissionType::Role => context
            .seen
            .role_grants
            .present()
            .into_iter()
            .flatten()
            .any(|grant| grant.resource_object_id == resource && grant.role_id == key.id),
        PermissionType::Scope => {
            let name = context.tenant.catalog.permission(key).map(|permission| &permission.value);
            context.seen.delegated_grants.present().into_iter().flatten().any(|grant| {
                grant.resource_object_id == resource
                    && name.is_none_or(|name| grant.scopes.contains(name))
            })
        }
    }
}
