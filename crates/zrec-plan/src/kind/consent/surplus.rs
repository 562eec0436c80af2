//! Grants that the manifest does not ask for.

use std::collections::{BTreeMap, BTreeSet};

use super::{Granted, permission_path};
use crate::catalog::PermissionKey;
use crate::code;
use crate::context::ConnectorContext;
use crate::draft::Draft;
use crate::finding::Effect;
use crate::kind::Kind;
use crate::observed::DelegatedGrant;
use crate::render::printable;
use crate::step::{Action, Class, Digest, Phase, Verb};

pub(super) fn revoke_roles(
    context: &ConnectorContext<'_>,
    granted: &Granted<'_>,
    declared: &BTreeSet<PermissionKey>,
    draft: &mut Draft,
) {
    for (key, grant) in &granted.roles {
        if context.want.permissions.contains_key(key) {
            continue;
        }
        if !declared.contains(key) && !context.revoke_foreign {
            foreign_grant(context, &context.permission_name(key), draft);
            continue;
        }
        draft.steps.push(
            context
                .step(Kind::Consent, Verb::Revoke, permission_path(context, key))
                .phase(Phase::Revoke)
                .class(Class::Destructive)
                .summary(context.permission_name(key))
                .reason("granted, and the manifest does not ask for it")
                .digests(Digest::of(key), Digest::absent())
                .action(Action::RevokeRole {
                    resource_object_id: grant.resource_object_id,
                    assignment_id: grant.assignment_id.clone(),
                }),
        );
    }
    for grant in &granted.unknown_roles {
        let name = format!("role {} of resource {}", grant.role_id, grant.resource_object_id);
        if !context.revoke_foreign {
            foreign_grant(context, &name, draft);
            continue;
        }
        draft.steps.push(
            context
                .step(Kind::Consent, Verb::Revoke, format!("assignment/{}", grant.assignment_id))
                .phase(Phase::Revoke)
                .class(Class::Destructive)
                .summary(name)
                .reason("a foreign grant, to be removed by --revoke")
                .digests(Digest::of(grant), Digest::absent())
                .action(Action::RevokeRole {
                    resource_object_id: grant.resource_object_id,
                    assignment_id: grant.assignment_id.clone(),
                }),
        );
    }
}

pub(super) fn revoke_scopes(
    context: &ConnectorContext<'_>,
    granted: &Granted<'_>,
    declared: &BTreeSet<PermissionKey>,
    draft: &mut Draft,
) {
    let mut surplus: BTreeMap<&str, (&DelegatedGrant, BTreeSet<String>)> = BTreeMap::new();
    let known = granted.scopes.iter().filter_map(|(key, grant)| {
        let name = context.tenant.catalog.permission(key)?.value.clone();
        let wanted = context.want.permissions.contains_key(key);
        (!wanted).then_some((*grant, name, declared.contains(key)))
    });
    let unknown =
        granted.unknown_scopes.iter().map(|(_, grant, scope)| (*grant, (*scope).clone(), false));
    for (grant, name, is_declared) in known.chain(unknown) {
        if is_declared || context.revoke_foreign {
            surplus.entry(&grant.grant_id).or_insert((grant, BTreeSet::new())).1.insert(name);
        } else {
            let name = format!("delegated {}", printable(&name));
            foreign_grant(context, &name, draft);
        }
    }
    for (grant_id, (grant, scopes)) in surplus {
        let remaining: BTreeSet<_> = grant.scopes.difference(&scopes).cloned().collect();
        let names: Vec<_> = scopes.iter().map(|scope| printable(scope)).collect();
        draft.steps.push(
            context
                .step(Kind::Consent, Verb::Revoke, format!("delegated/{grant_id}"))
                .phase(Phase::Revoke)
                .class(Class::Destructive)
                .summary(format!("{} (delegated, for all users)", names.join(", ")))
                .reason("granted, and the manifest does not ask for it")
                .digests(Digest::of(&grant.scopes), Digest::of(&remaining))
                .action(Action::RevokeScopes { grant_id: grant_id.to_owned(), remaining }),
        );
    }
}

fn foreign_grant(context: &ConnectorContext<'_>, name: &str, draft: &mut Draft) {
    draft.finding(
        &context.want.id,
        code::FOREIGN_GRANT,
        Effect::Informs,
        format!("{name} is granted, though neither the manifest nor the application names it"),
        "find out who granted it; `zrec apply --revoke --prune` removes it",
    );
}
