//! One connector: may it be planned at all, and then its kinds in the order of work.

use crate::code;
use crate::context::ConnectorContext;
use crate::credential;
use crate::draft::Draft;
use crate::finding::Effect;
use crate::kind;
use crate::observed::{Application, Refusal, Seen};
use crate::ownership;
use crate::safety;
use crate::step::Phase;

/// Plans one connector; says whether it may be changed at all.
pub fn plan(context: &ConnectorContext<'_>, draft: &mut Draft) -> bool {
    if suspended(context, draft) || unreadable(context, draft) || !safety::permitted(context, draft)
    {
        return false;
    }
    match &context.seen.application {
        Seen::Present(application) => plan_present(context, application, draft),
        Seen::Absent => plan_absent(context, draft),
        Seen::Unreadable(_) => false,
    }
}

fn plan_present(
    context: &ConnectorContext<'_>,
    application: &Application,
    draft: &mut Draft,
) -> bool {
    if !ownership::adoptable(context, application, draft) {
        return false;
    }
    let foreign = ownership::is_foreign(context, application, draft);
    ownership::surface(context, application, draft);
    unknown(context, draft);
    credential::unrecorded(context, application, draft);
    let mut own = Draft::default();
    kind::application::plan(context, application, &mut own);
    kind::service_principal::plan(context, &mut own);
    kind::consent::plan(context, &application.declared, &mut own);
    credentials(context, Some(application), !foreign, Phase::Repair, &mut own);
    if foreign {
        // Narrowing goes on; everything else could serve whoever holds the application.
        own.steps.retain(|step| matches!(step.phase, Phase::Repair | Phase::Revoke));
        own.hand_offs.clear();
    }
    draft.steps.append(&mut own.steps);
    draft.findings.append(&mut own.findings);
    draft.hand_offs.append(&mut own.hand_offs);
    !foreign
}

fn plan_absent(context: &ConnectorContext<'_>, draft: &mut Draft) -> bool {
    if let Some(crate::desired::Adopt::AppId(app_id)) = context.want.adopt {
        draft.finding(
            &context.want.id,
            code::ADOPT_MISSING,
            Effect::Blocks,
            format!("there is no application {app_id} in this tenant to adopt"),
            "correct `adopt.appId`, or leave `adopt` out to create a new application",
        );
        return false;
    }
    if let Seen::Present(deleted) = &context.seen.deleted {
        kind::application::restore(context, deleted, draft);
        kind::service_principal::plan(context, draft);
        kind::consent::plan(context, &deleted.declared, draft);
        credentials(context, Some(deleted), true, Phase::Restore, draft);
        return true;
    }
    if !ownership::no_twin(context, draft) {
        return false;
    }
    kind::application::create(context, draft);
    kind::service_principal::plan(context, draft);
    kind::consent::plan(context, &std::collections::BTreeSet::new(), draft);
    credentials(context, None, true, Phase::Repair, draft);
    true
}

fn credentials(
    context: &ConnectorContext<'_>,
    application: Option<&Application>,
    may_add: bool,
    mending: Phase,
    draft: &mut Draft,
) {
    kind::certificate::plan(context, application, may_add, mending, draft);
    kind::client_secret::plan(context, application, may_add, mending, draft);
}

fn suspended(context: &ConnectorContext<'_>, draft: &mut Draft) -> bool {
    let Some(suspension) = &context.want.suspend else {
        return false;
    };
    let until = suspension.until.map_or_else(String::new, |date| format!(" until {date}"));
    draft.finding(
        &context.want.id,
        code::SUSPENDED,
        Effect::Blocks,
        format!("suspended{until}: {}", suspension.reason),
        "remove `suspend` to let changes through again",
    );
    true
}

/// A required part that cannot be read blocks its connector and names what would help.
fn unreadable(context: &ConnectorContext<'_>, draft: &mut Draft) -> bool {
    let seen = context.seen;
    let required = [
        seen.application.refusal(),
        seen.owners.refusal(),
        seen.federated_credentials.refusal(),
        seen.principal.refusal(),
        seen.role_grants.refusal(),
        kind::consent::wants_scopes(context).then(|| seen.delegated_grants.refusal()).flatten(),
        seen.deleted.refusal(),
        seen.twins.refusal(),
        seen.records.refusal(),
    ];
    let resources = context
        .want
        .permissions
        .keys()
        .map(|key| key.resource_app_id)
        .collect::<std::collections::BTreeSet<_>>();
    let resources = resources.iter().filter_map(|app_id| {
        context.tenant.seen.resource_principals.get(app_id).and_then(Seen::refusal)
    });
    let mut blocked = false;
    for refusal in required.into_iter().flatten().chain(resources) {
        blocked = true;
        draft.finding(
            &context.want.id,
            code::UNREADABLE,
            Effect::Blocks,
            format!("{} cannot be read: {}", refusal.what, refusal.reason),
            hint(refusal),
        );
    }
    blocked
}

/// Advisory parts that stayed dark: said once per tenant, and nothing is blocked by them.
fn unknown(context: &ConnectorContext<'_>, draft: &mut Draft) {
    let seen = context.seen;
    let delegated = seen.delegated_grants.refusal();
    let advisory = [
        seen.principal_owners.refusal(),
        seen.directory_roles.refusal(),
        delegated.filter(|_| !kind::consent::wants_scopes(context)),
    ];
    for refusal in advisory.into_iter().flatten() {
        draft.tenant_finding(
            context.tenant.tenant,
            code::UNKNOWN,
            Effect::Informs,
            // No connector and no request id: equal findings of a tenant become one.
            format!("{} could not be read, so what they would show is unknown", refusal.what),
            match &refusal.missing_permission {
                Some(permission) => {
                    format!("{permission} would show it; nothing is blocked by this")
                }
                None => "nothing is blocked by this; --log-level info tells why".to_owned(),
            },
        );
    }
}

fn hint(refusal: &Refusal) -> String {
    match &refusal.missing_permission {
        Some(permission) => format!("zrec's identity needs {permission} in this tenant"),
        None => "run again; if it stays, look at the service's health".to_owned(),
    }
}
