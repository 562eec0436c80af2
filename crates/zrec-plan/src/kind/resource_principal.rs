//! Service principals of Microsoft's APIs: read-only facts, made only where absent and allowed.

use std::collections::BTreeSet;

use crate::code;
use crate::context::TenantContext;
use crate::draft::Draft;
use crate::finding::Effect;
use crate::guid::Guid;
use crate::hand_off::HandOff;
use crate::kind::Kind;
use crate::observed::Seen;
use crate::step::{Action, Class, Digest, Phase, Verb};

/// The permission that lets an application make the principal of an API it does not own.
const NEEDED: &str = "Application.ReadWrite.All";

/// Plans the principals of the APIs that the tenant's connectors need.
pub fn plan(context: &TenantContext<'_>, needed: &BTreeSet<Guid>, draft: &mut Draft) {
    for app_id in needed {
        match context.seen.resource_principals.get(app_id) {
            Some(Seen::Absent) => plan_absent(context, *app_id, draft),
            Some(Seen::Present(principal)) if !principal.account_enabled => draft.tenant_finding(
                context.tenant,
                code::API_DISABLED,
                Effect::Informs,
                format!(
                    "the service principal of {} is disabled in this tenant",
                    context.api_name(*app_id)
                ),
                "an administrator switched the API off; tokens for it are refused until it is on again",
            ),
            Some(Seen::Present(_)) => {}
            // The connectors that need it are blocked, each with this reason.
            Some(Seen::Unreadable(_)) | None => {}
        }
    }
}

fn plan_absent(context: &TenantContext<'_>, app_id: Guid, draft: &mut Draft) {
    let api = context.api_name(app_id);
    let allowed = context.seen.caller.present().is_some_and(|caller| caller.roles.contains(NEEDED));
    if allowed {
        let step = context
            .step(Kind::ResourcePrincipal, Verb::Create, app_id.to_string())
            .class(Class::Change)
            .phase(Phase::Write)
            .summary(format!("service principal of {api}"))
            .reason("a connector needs this API, and the tenant has never used it")
            .digests(Digest::absent(), Digest::of(&app_id))
            .action(Action::CreateResourcePrincipal { app_id });
        draft.steps.push(step);
        return;
    }
    draft.hand_offs.push(HandOff {
        tenant: context.tenant.name.clone(),
        connector: None,
        title: format!("create the service principal of {api}"),
        who: "Cloud Application Administrator".to_owned(),
        values: vec![
            ("application id", app_id.to_string()),
            ("command", format!("az ad sp create --id {app_id}")),
        ],
        reason: format!("the API is absent from the tenant, and zrec's identity lacks {NEEDED}"),
    });
}
