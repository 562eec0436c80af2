//! What a person should know of credentials.

use crate::code;
use crate::context::{ConnectorContext, Pair, TenantContext};
use crate::credential::ledger::day;
use crate::credential::{Allowance, History, Judged, Ledger, Subject, Terms, Verdict, keys};
use crate::desired::Adopt;
use crate::draft::Draft;
use crate::finding::Effect;
use crate::observed::{Application, Credential, Seen};
use crate::record::{CredentialKind, CredentialName, Record};

/// The keys of an application that no record of ours names.
pub fn not_ours<'a>(
    context: &ConnectorContext<'_>,
    application: &'a Application,
) -> Vec<&'a Credential> {
    let histories = histories(context, application);
    let named = |key: &Credential| histories.iter().any(|history| keys::belongs(history, key));
    application.credentials.iter().filter(|key| !named(key)).collect()
}

fn histories<'a>(context: &ConnectorContext<'a>, application: &Application) -> Vec<History<'a>> {
    let subject = Subject {
        tenant_id: context.tenant.tenant.tenant_id,
        unique_name: &context.want.unique_name,
        app_id: Some(application.app_id),
    };
    context.seen.records.present().map(|records| subject.histories(records)).unwrap_or_default()
}

/// Says once per tenant that nothing is kept, and so nothing is minted.
pub fn without_store(context: &TenantContext<'_>, connectors: &[Pair<'_>], draft: &mut Draft) {
    if !connectors.iter().any(|(_, seen)| seen.records == Seen::Absent) {
        return;
    }
    let (message, hint) = match context.tenant.secret_store {
        None => (
            "no secretStore: client secrets and certificates are left to you",
            "name a `secretStore` in the tenant, and zrec makes, renews and retires them",
        ),
        Some(_) => (
            "the secretStore was not read: client secrets and certificates are left alone",
            "run again with the store at hand",
        ),
    };
    draft.tenant_finding(context.tenant, code::NO_STORE, Effect::Informs, message.to_owned(), hint);
}

/// Says of each key that no record names what becomes of it: nothing, by zrec.
pub fn unrecorded(context: &ConnectorContext<'_>, application: &Application, draft: &mut Draft) {
    if context.seen.records.present().is_none() {
        return;
    }
    let adopted = context.want.adopt == Some(Adopt::AppId(application.app_id));
    let histories = histories(context, application);
    for key in not_ours(context, application) {
        let kind = keys::kind_of(key);
        let what = format!("{} {}", word(kind), key.key_id);
        let succeeded =
            histories.iter().any(|history| history.is(kind) && history.is_acknowledged());
        let name = key.display_name.clone().unwrap_or_default();
        let (code, message, hint) = if adopted && succeeded {
            (
                code::INHERITED,
                format!("{what} was inherited, and a successor is acknowledged"),
                "if nothing else uses it, remove it by hand: zrec removes only what it made",
            )
        } else if adopted {
            (
                code::INHERITED,
                format!("{what} is inherited"),
                "it stays until a successor of ours is acknowledged",
            )
        } else if CredentialName::try_from(name).is_ok() {
            (
                code::UNRECORDED,
                format!("{what} has a name that zrec gives, and no record of ours names it"),
                "is this the right secretStore? zrec never removes what its records do not name",
            )
        } else {
            (
                code::UNRECORDED,
                format!("{what} is in no record of ours"),
                "find out who made it and remove it by hand, or adopt the application; zrec never removes it",
            )
        };
        draft.finding(&context.want.id, code, Effect::Informs, message, hint);
    }
}

/// What one record makes worth saying.
pub(super) fn of_one(context: &ConnectorContext<'_>, judged: &Judged<'_>, draft: &mut Draft) {
    let Record { name, kind, .. } = judged.history.record;
    let what = format!("{} {name}", word(*kind));
    let since = day(judged.history.minted_at());
    let (code, message, hint) = match judged.decision.verdict {
        Verdict::Minting => (
            code::MINTING,
            format!("{what} is being minted by another run since {since}"),
            "nothing to do: it is left alone for 30 minutes of the servers' time, and then finished",
        ),
        Verdict::Settling => (
            code::SETTLING,
            format!("{what} was minted on {since} and is not to be seen yet"),
            "nothing to do: new keys can take minutes to show; after 30 it counts as lost",
        ),
        Verdict::Lost => (
            code::LOST,
            format!("{what} is not there, and nobody was given it"),
            "nothing to do: another one takes its place",
        ),
        Verdict::Revoked => (
            code::REVOKED_BY_HAND,
            format!("{what} was given to somebody and then removed by hand"),
            "if it was a responder, ask before you let a new one be minted: that needs --allow-widening",
        ),
        _ => return,
    };
    draft.finding(&context.want.id, code, Effect::Informs, message, hint);
}

/// What the tenant's policy makes of a mint that is due.
pub(super) fn of_terms(
    context: &ConnectorContext<'_>,
    kind: CredentialKind,
    terms: &Terms,
    draft: &mut Draft,
) {
    let (what, wanted) = (word(kind), terms.lifetime_days);
    let id = &context.want.id;
    match terms.allowance {
        Allowance::Whole => {}
        Allowance::Capped(days) => draft.finding(
            id,
            code::CAPPED,
            Effect::Informs,
            format!("the {what} is made for {days} days, not {wanted}: the tenant's policy allows no more"),
            "write the shorter lifetime, or ask for an exemption of this application",
        ),
        Allowance::TooLong(days) => draft.finding(
            id,
            code::POLICY_REFUSES,
            Effect::BlocksWidening,
            format!("no {what} is made: {wanted} days are wanted, and the tenant's policy allows {days}"),
            "shorten `lifetimeDays`, or say `clientSecret: { capToPolicy: true }`",
        ),
        Allowance::Refused => draft.finding(
            id,
            code::POLICY_REFUSES,
            Effect::BlocksWidening,
            format!("no {what} is made: the tenant's policy refuses new ones"),
            "ask for an exemption of this application",
        ),
    }
}

/// What Zscaler uses ends soon, and its successor waits for a person.
pub(super) fn ends_soon(
    context: &ConnectorContext<'_>,
    ledger: &Ledger<'_>,
    terms: &Terms,
    draft: &mut Draft,
) {
    let used = ledger.live().filter(|live| live.history.is_acknowledged());
    let Some(last) = used.max_by_key(|live| live.history.end()) else {
        return;
    };
    let waits = ledger
        .live()
        .any(|live| !live.history.is_acknowledged() && live.history.end() > last.history.end());
    if waits && ledger.is_due(last, terms.renew_before_days) {
        let name = &last.history.record.name;
        draft.finding(
            &context.want.id,
            code::EXPIRING,
            Effect::Informs,
            format!(
                "{} {name} ends on {}, and its successor is not acknowledged",
                word(last.history.record.kind),
                day(last.history.end())
            ),
            "give Zscaler the successor (`zrec handoff show`), then say so (`zrec handoff done`)",
        );
    }
}

const fn word(kind: CredentialKind) -> &'static str {
    match kind {
        CredentialKind::ClientSecret => "client secret",
        CredentialKind::Certificate => "certificate",
    }
}
