//! Bringing a soft-deleted application back, without what no record of ours names.

use super::{declare, fields, narrow, reach};
use crate::code;
use crate::context::ConnectorContext;
use crate::credential;
use crate::draft::Draft;
use crate::finding::Effect;
use crate::kind::Kind;
use crate::observed::Application;
use crate::step::{Action, Class, Digest, Phase, Verb};

/// Plans to bring back a soft-deleted application that holds our key.
pub fn restore(context: &ConnectorContext<'_>, deleted: &Application, draft: &mut Draft) {
    let credentials = deleted.credentials.len();
    draft.finding(
        &context.want.id,
        code::SOFT_DELETED,
        Effect::Informs,
        format!(
            "deleted application {} holds this key; {} declared permissions and the grants it had come back with it",
            deleted.app_id,
            deleted.declared.len()
        ),
        "its key stays taken for 30 days; restore it, or purge it by hand and create another",
    );
    draft.steps.push(
        context
            .step(Kind::Application, Verb::Restore, "application")
            .phase(Phase::Restore)
            .class(Class::Widening)
            .summary(format!(
                "deleted application {} with {credentials} credentials",
                deleted.app_id
            ))
            .reason("a deleted application holds the connector's key")
            .digests(Digest::absent(), Digest::of(&deleted.object_id))
            .action(Action::RestoreApplication { object_id: deleted.object_id }),
    );
    restore_without_credentials(context, deleted, draft);
    fields(context, deleted, draft);
    reach(context, deleted, draft);
    declare(context, deleted, draft);
    narrow::plan(context, deleted, draft);
}

/// What has no record is removed right after the restore, before anything else is done with it.
fn restore_without_credentials(
    context: &ConnectorContext<'_>,
    deleted: &Application,
    draft: &mut Draft,
) {
    let begin = |key: String| {
        context
            .step(Kind::Application, Verb::Revoke, key)
            .phase(Phase::Restore)
            .class(Class::Repair)
            .reason("it would come back to life, and no record of ours names it")
    };
    let (certificates, secrets): (Vec<_>, Vec<_>) = credential::not_ours(context, deleted)
        .into_iter()
        .partition(|credential| credential.certificate);
    for credential in secrets {
        draft.steps.push(
            begin(format!("password/{}", credential.key_id))
                .summary(format!("client secret {}", credential.key_id))
                .digests(Digest::of(&credential.key_id), Digest::absent())
                .action(Action::RemovePassword { key_id: credential.key_id }),
        );
    }
    let certificates: Vec<_> =
        certificates.into_iter().map(|credential| credential.key_id).collect();
    if !certificates.is_empty() {
        draft.steps.push(
            begin("certificates".to_owned())
                .summary(format!("{} certificates", certificates.len()))
                .digests(Digest::of(&certificates), Digest::absent())
                .action(Action::RemoveCertificates),
        );
        credential::send_again(context, deleted, draft);
    }
}
