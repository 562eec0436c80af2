//! The connector's service principal: the application's presence in the tenant.

use std::collections::BTreeSet;

use serde_json::json;

use crate::code;
use crate::context::ConnectorContext;
use crate::draft::Draft;
use crate::finding::Effect;
use crate::kind::Kind;
use crate::observed::{Seen, ServicePrincipal};
use crate::step::{Action, Class, Digest, FieldChange, Verb};

/// The tag that makes the portal list a principal among the enterprise applications.
pub const PORTAL_TAG: &str = "WindowsAzureActiveDirectoryIntegratedApp";

/// Plans the principal of a connector whose application is there, or will be.
pub fn plan(context: &ConnectorContext<'_>, draft: &mut Draft) {
    match &context.seen.principal {
        Seen::Absent => {
            let tags = BTreeSet::from([PORTAL_TAG.to_owned()]);
            draft.steps.push(
                context
                    .step(Kind::ServicePrincipal, Verb::Create, "principal")
                    .summary("service principal, listed among the enterprise applications")
                    .reason("grants need the application's presence in the tenant")
                    .digests(Digest::absent(), Digest::of(&tags))
                    .action(Action::CreateServicePrincipal { tags }),
            );
        }
        Seen::Present(principal) => plan_present(context, principal, draft),
        Seen::Unreadable(_) => {}
    }
}

fn plan_present(context: &ConnectorContext<'_>, principal: &ServicePrincipal, draft: &mut Draft) {
    if !principal.account_enabled {
        draft.finding(
            &context.want.id,
            code::PRINCIPAL_DISABLED,
            Effect::Informs,
            format!(
                "service principal {} is disabled: Zscaler cannot sign in",
                principal.object_id
            ),
            "somebody switched it off, perhaps for a reason; zrec never switches it on again",
        );
    }
    if !principal.tags.contains(PORTAL_TAG) {
        let mut tags = principal.tags.clone();
        tags.insert(PORTAL_TAG.to_owned());
        draft.steps.push(
            context
                .step(Kind::ServicePrincipal, Verb::Update, "tags")
                .class(Class::Change)
                .summary("tag the service principal so that the portal lists it")
                .reason("the portal's tag is missing")
                .changes(vec![FieldChange {
                    field: "tags",
                    before: json!(principal.tags),
                    after: json!(tags),
                }])
                .action(Action::UpdateServicePrincipal { tags }),
        );
    }
}
