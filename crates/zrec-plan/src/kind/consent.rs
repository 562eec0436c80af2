//! Consent: what is granted, against what is wanted and what is declared.
//!
//! | wanted | granted | declared before | step                                    |
//! |--------|---------|-----------------|-----------------------------------------|
//! | yes    | no      | -               | grant (widening), or a hand-off         |
//! | yes    | yes     | -               | none                                    |
//! | no     | yes     | yes             | revoke (destructive): the grant is ours |
//! | no     | yes     | no              | foreign: a finding; `--revoke` removes  |

use std::collections::{BTreeMap, BTreeSet};

use crate::catalog::{PermissionKey, PermissionType};
use crate::code;
use crate::context::ConnectorContext;
use crate::desired::{Consent, WantedPermission};
use crate::draft::Draft;
use crate::finding::Effect;
use crate::guid::Guid;
use crate::hand_off::{self, HandOff};
use crate::kind::Kind;
use crate::observed::Seen;
use crate::step::{Action, Class, Digest, Verb};

mod granted;
mod surplus;

use granted::Granted;

/// Whether the connector asks for delegated permissions, so that their grants must be readable.
pub fn wants_scopes(context: &ConnectorContext<'_>) -> bool {
    context.want.permissions.keys().any(|key| key.kind == PermissionType::Scope)
}

/// Plans grants and revocations; `declared` is what the application named before this run.
pub fn plan(context: &ConnectorContext<'_>, declared: &BTreeSet<PermissionKey>, draft: &mut Draft) {
    let granted = Granted::of(context);
    let missing: Vec<_> =
        context.want.permissions.iter().filter(|(key, _)| !granted.contains(key)).collect();
    match context.tenant.tenant.consent {
        Consent::Grant => grant(context, &granted, &missing, draft),
        Consent::HandOff if !missing.is_empty() => hand_off(context, &missing, draft),
        Consent::HandOff => {}
    }
    surplus::revoke_roles(context, &granted, declared, draft);
    surplus::revoke_scopes(context, &granted, declared, draft);
    if granted.of_single_users > 0 {
        draft.finding(
            &context.want.id,
            code::USER_GRANTS,
            Effect::Informs,
            format!("{} users have consented for themselves", granted.of_single_users),
            "zrec counts such grants and never touches them",
        );
    }
}

type Missing<'a> = (&'a PermissionKey, &'a WantedPermission);

fn grant(
    context: &ConnectorContext<'_>,
    granted: &Granted<'_>,
    missing: &[Missing<'_>],
    draft: &mut Draft,
) {
    let mut scopes: BTreeMap<Guid, Vec<Missing<'_>>> = BTreeMap::new();
    for (key, wanted) in missing {
        if absent_for_a_person(context, key) {
            continue;
        }
        match key.kind {
            PermissionType::Scope => {
                scopes.entry(key.resource_app_id).or_default().push((key, wanted));
            }
            PermissionType::Role => {
                let step = context
                    .step(Kind::Consent, Verb::Grant, permission_path(context, key))
                    .class(Class::Widening)
                    .summary(context.permission_name(key))
                    .reason(reason(wanted))
                    .digests(Digest::absent(), Digest::of(key))
                    .action(Action::GrantRole { permission: **key });
                draft.steps.push(step);
            }
        }
    }
    for (app_id, wanted) in scopes {
        grant_scopes(context, granted, app_id, &wanted, draft);
    }
}

/// Whether the API's principal is absent and only a person can make it: its hand-off comes first.
fn absent_for_a_person(context: &ConnectorContext<'_>, key: &PermissionKey) -> bool {
    let absent = matches!(
        context.tenant.seen.resource_principals.get(&key.resource_app_id),
        Some(Seen::Absent)
    );
    let caller = context.tenant.seen.caller.present();
    absent && !caller.is_some_and(|caller| caller.roles.contains("Application.ReadWrite.All"))
}

fn grant_scopes(
    context: &ConnectorContext<'_>,
    granted: &Granted<'_>,
    app_id: Guid,
    wanted: &[Missing<'_>],
    draft: &mut Draft,
) {
    let existing = context.tenant.resource_object_id(app_id).and_then(|object_id| {
        context
            .seen
            .delegated_grants
            .present()
            .into_iter()
            .flatten()
            .find(|grant| grant.for_all_principals && grant.resource_object_id == object_id)
    });
    let mut scopes = existing.map(|grant| grant.scopes.clone()).unwrap_or_default();
    let before = existing.map_or_else(Digest::absent, |grant| Digest::of(&grant.scopes));
    scopes.extend(wanted.iter().map(|(_, wanted)| wanted.value.clone()));
    debug_assert!(wanted.iter().all(|(key, _)| !granted.contains(key)));
    let names: Vec<_> = wanted.iter().map(|(key, _)| context.permission_name(key)).collect();
    let reasons: BTreeSet<_> = wanted.iter().map(|(_, wanted)| reason(wanted)).collect();
    let key = format!("{}/Scope", wanted[0].1.api);
    draft.steps.push(
        context
            .step(Kind::Consent, Verb::Grant, key)
            .class(Class::Widening)
            .summary(format!("{} (delegated, for all users)", names.join(", ")))
            .reason(reasons.into_iter().collect::<Vec<_>>().join("; "))
            .digests(before, Digest::of(&scopes))
            .action(Action::GrantScopes {
                resource_app_id: app_id,
                scopes,
                grant_id: existing.map(|grant| grant.grant_id.clone()),
            }),
    );
}

fn reason(wanted: &WantedPermission) -> String {
    match (&wanted.added, wanted.actions.is_empty()) {
        (Some(exception), _) => format!("added by the manifest: {}", exception.reason),
        (None, true) => "the manifest asks for it".to_owned(),
        (None, false) => {
            let actions: Vec<_> = wanted.actions.iter().map(|action| action.as_str()).collect();
            format!("needed for {}", actions.join(", "))
        }
    }
}

fn hand_off(context: &ConnectorContext<'_>, missing: &[Missing<'_>], draft: &mut Draft) {
    let graph = missing.iter().any(|(_, wanted)| wanted.api.as_str() == "microsoft-graph");
    let roles = missing.iter().any(|(key, _)| key.kind == PermissionType::Role);
    let link = context.seen.application.present().map(|application| {
        hand_off::consent_link(
            &context.tenant.seen.login,
            context.tenant.tenant.tenant_id,
            context.want.app,
            application.app_id,
            &context.want.redirect_uri,
        )
        .unwrap_or_else(|error| format!("no link: the login host is not a URL ({error})"))
    });
    draft.hand_offs.push(HandOff {
        tenant: context.want.id.tenant.clone(),
        connector: Some(context.want.id.connector.clone()),
        title: format!("consent to {} permissions", missing.len()),
        who: match graph && roles {
            // Microsoft: only this role and Global Administrator consent to Graph's app roles.
            true => "Privileged Role Administrator",
            false => "Cloud Application Administrator",
        }
        .to_owned(),
        values: vec![(
            "link",
            link.unwrap_or_else(|| {
                "known once the application exists: apply, then plan".to_owned()
            }),
        )],
        reason: "the tenant's manifest says `consent: hand-off`; the link consents to everything \
                 that the application declares, and revokes what it does not"
            .to_owned(),
    });
}

/// `api/Role/value`: the key of a consent step, stable across tenants.
fn permission_path(context: &ConnectorContext<'_>, key: &PermissionKey) -> String {
    let catalog = context.tenant.catalog;
    let api = catalog
        .api_by_app_id(key.resource_app_id)
        .map_or_else(|| key.resource_app_id.to_string(), |api| api.name.to_string());
    let kind = match key.kind {
        PermissionType::Role => "Role",
        PermissionType::Scope => "Scope",
    };
    let value = catalog
        .permission(key)
        .map_or_else(|| key.id.to_string(), |permission| permission.value.clone());
    format!("{api}/{kind}/{value}")
}
