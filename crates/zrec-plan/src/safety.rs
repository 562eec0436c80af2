//! Limits that hold whatever the manifests say.

use crate::code;
use crate::context::{ConnectorContext, Pair, TenantContext};
use crate::draft::Draft;
use crate::finding::Effect;
use crate::observed::Seen;
use crate::step::{Class, Step, Verb};

/// The operator's limits for one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest share of a tenant's objects that one run may remove, in percent.
    pub max_removal_percent: u8,
    /// Tenants with fewer objects than this are exempt from the share.
    pub removal_floor: usize,
    /// Whether grants that the application never declared are removed.
    pub revoke_foreign: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_removal_percent: 30, removal_floor: 10, revoke_foreign: false }
    }
}

/// The local clock may lead or trail the servers' by this much before it is said.
const SKEW_SECONDS: i64 = 120;

/// Findings about a whole tenant: advisory parts that stayed dark, its policy, the clock.
pub fn tenant_findings(context: &TenantContext<'_>, draft: &mut Draft) {
    match &context.seen.app_management_policy {
        Seen::Unreadable(refusal) => draft.tenant_finding(
            context.tenant,
            code::UNKNOWN,
            Effect::Informs,
            format!("{} is unknown: {}", refusal.what, refusal.reason),
            refusal.missing_permission.as_ref().map_or_else(
                || "nothing is blocked by this".to_owned(),
                |permission| format!("nothing is blocked by this; {permission} would show it"),
            ),
        ),
        Seen::Present(policy) if policy.enabled && policy.password_addition_blocked => draft
            .tenant_finding(
                context.tenant,
                code::APP_POLICY,
                Effect::Informs,
                "the tenant's application-management policy refuses new client secrets".to_owned(),
                "ask for an exemption of these applications before their secrets are due",
            ),
        Seen::Present(_) | Seen::Absent => {}
    }
    if let Some(skew) = context.seen.clock_skew_seconds
        && skew.abs() > SKEW_SECONDS
    {
        draft.tenant_finding(
            context.tenant,
            code::CLOCK_SKEW,
            Effect::Informs,
            format!(
                "the local clock is {} s {} the servers'",
                skew.abs(),
                if skew > 0 { "ahead of" } else { "behind" }
            ),
            "zrec goes by the servers' time; set the clock, or sign-in with a certificate may fail",
        );
    }
}

/// Whether every permission may be granted at all: a second wall behind the manifest's checks.
pub fn permitted(context: &ConnectorContext<'_>, draft: &mut Draft) -> bool {
    let catalog = context.tenant.catalog;
    let grantable = catalog.grantable(context.want.app);
    let mut permitted = true;
    for key in context.want.permissions.keys() {
        let name = context.permission_name(key);
        if let Some(forbidden) = catalog.forbidden(key) {
            permitted = false;
            draft.finding(
                &context.want.id,
                code::FORBIDDEN,
                Effect::Blocks,
                format!("{name} is never granted: {}", forbidden.reason),
                "remove it from the manifest; there is no flag for it",
            );
        } else if !grantable.contains(key) {
            permitted = false;
            draft.finding(
                &context.want.id,
                code::NOT_GRANTABLE,
                Effect::Blocks,
                format!("{name} is not in the guide's table for {}", context.want.app),
                "remove it from the manifest",
            );
        }
    }
    permitted
}

/// Whether too many whole applications would go: of a small set, more than one at a time.
fn loses_its_set(context: &TenantContext<'_>, limits: &Limits, steps: &[Step]) -> bool {
    let deletions = steps.iter().filter(|step| step.verb == Verb::Delete).count();
    let set = context.seen.set_applications.as_ref().and_then(Seen::present).map_or(0, Vec::len);
    deletions > 1.max(set * usize::from(limits.max_removal_percent) / 100)
}

/// Holds back every destructive step of a tenant in which too much would go at once.
pub fn limit_removals(
    context: &TenantContext<'_>,
    connectors: &[Pair<'_>],
    limits: &Limits,
    first_step: usize,
    draft: &mut Draft,
) {
    let is_removal = |class: Class| class == Class::Destructive;
    let removals = draft.steps[first_step..].iter().filter(|step| is_removal(step.class)).count();
    let objects: usize = connectors
        .iter()
        .map(|(_, seen)| {
            usize::from(seen.application.present().is_some())
                + usize::from(seen.principal.present().is_some())
                + seen.role_grants.present().map_or(0, Vec::len)
                + seen.delegated_grants.present().map_or(0, Vec::len)
        })
        .sum();
    let allowed = objects * usize::from(limits.max_removal_percent) / 100;
    let too_many = objects >= limits.removal_floor && removals > allowed;
    if !too_many && !loses_its_set(context, limits, &draft.steps[first_step..]) {
        return;
    }
    let mut index = 0;
    draft.steps.retain(|step| {
        let keep = index < first_step || !is_removal(step.class);
        index += 1;
        keep
    });
    draft.tenant_finding(
        context.tenant,
        code::THRESHOLD,
        Effect::BlocksWidening,
        format!(
            "{removals} removals in one run, beside {objects} objects of the connectors that stay; the threshold is {} %",
            limits.max_removal_percent
        ),
        "look at what the manifests lost; if it is meant, run with a higher --max-removals",
    );
}
