//! Steps out of the ledger. Mints have a stable key; every other step names its credential.

use crate::context::ConnectorContext;
use crate::credential::ledger::day;
use crate::credential::{
    Decision, Judged, Ledger, Mint, Removes, Subject, Terms, Verdict, finding,
};
use crate::draft::Draft;
use crate::guid::Guid;
use crate::kind::Kind;
use crate::observed::{Application, Seen};
use crate::record::{CredentialKind, CredentialName, Records};
use crate::step::{Action, Class, Digest, Phase, Step, StepBuilder, Verb};

/// What the credentials of one kind are planned with.
#[derive(Clone, Copy, Debug)]
pub struct Desk<'a> {
    /// Client secret, or certificate.
    pub kind: CredentialKind,
    /// The application; `None` where it is yet to be made.
    pub application: Option<&'a Application>,
    /// Whether anything may be added: not where the application may be somebody else's.
    pub may_add: bool,
    /// When what was left open is finished: with the restore, where the application is deleted.
    pub mending: Phase,
}

/// Plans the credentials of one kind.
pub fn plan(context: &ConnectorContext<'_>, desk: &Desk<'_>, draft: &mut Draft) {
    let Seen::Present(records) = &context.seen.records else {
        return;
    };
    let ledger = ledger(context, records, desk);
    let scribe = Scribe { context, desk: *desk };
    let terms = Terms::of(context, desk.kind);
    for judged in &ledger.judged {
        scribe.mend(judged, &ledger, draft);
        scribe.remove(judged, draft);
        finding::of_one(context, judged, draft);
    }
    let mut minted = false;
    if let Some(terms) = terms {
        scribe.retire(&ledger, &terms, draft);
        finding::ends_soon(context, &ledger, &terms, draft);
        let mint = ledger.mint(terms.renew_before_days, terms.retire_old).filter(|_| desk.may_add);
        if let Some(mint) = mint {
            finding::of_terms(context, desk.kind, &terms, draft);
            minted = terms.days().is_some();
            if let Some(days) = terms.days() {
                scribe.mint(&mint, days, draft);
            }
        }
    }
    scribe.bury_revoked(&ledger, minted, draft);
}

fn ledger<'a>(context: &ConnectorContext<'_>, records: &'a Records, desk: &Desk<'a>) -> Ledger<'a> {
    let subject = Subject {
        tenant_id: context.tenant.tenant.tenant_id,
        unique_name: &context.want.unique_name,
        app_id: desk.application.map(|application| application.app_id),
    };
    let keys = desk.application.map_or(&[][..], |application| &application.credentials);
    Ledger::of(records, &subject, desk.kind, keys, context.tenant.seen.server_time)
}

/// Plans to send our own certificates again, after all of a restored application were removed.
pub fn send_again(context: &ConnectorContext<'_>, application: &Application, draft: &mut Draft) {
    let Seen::Present(records) = &context.seen.records else {
        return;
    };
    let desk = Desk {
        kind: CredentialKind::Certificate,
        application: Some(application),
        may_add: true,
        mending: Phase::Restore,
    };
    let scribe = Scribe { context, desk };
    for judged in ledger(context, records, &desk).live().filter(|live| live.keys.own.is_some()) {
        draft.steps.push(scribe.send(
            &judged.history.record.name,
            "it leaves with the certificates that no record names",
        ));
    }
}

struct Scribe<'a> {
    context: &'a ConnectorContext<'a>,
    desk: Desk<'a>,
}

impl Scribe<'_> {
    fn kind(&self) -> Kind {
        match self.desk.kind {
            CredentialKind::ClientSecret => Kind::ClientSecret,
            CredentialKind::Certificate => Kind::Certificate,
        }
    }

    /// The key of a mint, and the beginning of every other key.
    fn word(&self) -> &'static str {
        match self.desk.kind {
            CredentialKind::ClientSecret => "secret",
            CredentialKind::Certificate => "certificate",
        }
    }

    fn begin(&self, verb: Verb, name: &CredentialName, part: &str) -> StepBuilder {
        let key = format!("{}/{name}{part}", self.word());
        self.context.step(self.kind(), verb, key).digests(Digest::of(name), Digest::of(&part))
    }

    fn repair(&self, name: &CredentialName, part: &str) -> StepBuilder {
        self.begin(Verb::Repair, name, part).phase(self.desk.mending).class(Class::Repair)
    }

    /// Finishes or gives up what was left open.
    fn mend(&self, judged: &Judged<'_>, ledger: &Ledger<'_>, draft: &mut Draft) {
        let name = &judged.history.record.name;
        let step = match judged.decision.verdict {
            Verdict::RecordSeen => self
                .repair(name, "/seen")
                .summary(format!("record that {name} is there"))
                .reason("a read shows it")
                .action(Action::RecordSeen { name: name.clone() }),
            Verdict::Send if self.desk.may_add => {
                self.send(name, "the store holds it, and the application lacks it")
            }
            Verdict::GiveUp => self.abort(name, "the run that began it left it unfinished"),
            Verdict::Lost => self.abort(name, "it is not there, and nobody was given it"),
            Verdict::Revoked if !ledger.is_unanswered(judged) => {
                self.abort(name, "it was removed by hand, and a younger one is in its place")
            }
            _ => return,
        };
        draft.steps.push(step);
    }

    fn send(&self, name: &CredentialName, reason: &str) -> Step {
        // What a restore removes is removed before anything is sent.
        let phase = match self.desk.mending {
            Phase::Restore => Phase::Write,
            other => other,
        };
        self.repair(name, "/sent")
            .phase(phase)
            .needs_settled()
            .summary(format!("send {name}"))
            .reason(reason)
            .action(Action::SendCertificate { name: name.clone() })
    }

    fn abort(&self, name: &CredentialName, reason: &str) -> Step {
        self.repair(name, "/aborted")
            .needs_settled()
            .summary(format!("give {name} up"))
            .reason(reason)
            .action(Action::AbortCredential { name: name.clone() })
    }

    /// Removes keys of ours that must not be.
    fn remove(&self, judged: &Judged<'_>, draft: &mut Draft) {
        let name = &judged.history.record.name;
        let Decision { verdict, removes } = judged.decision;
        let own = judged.keys.own.filter(|_| removes == Removes::All);
        let others = judged.keys.others.iter().copied().filter(|_| removes != Removes::Nothing);
        for key_id in own.into_iter().chain(others).map(|key| key.key_id) {
            let (reason, rests_on_the_store) = match verdict {
                Verdict::Gone => ("it was given up or retired, and shows up", false),
                Verdict::GiveUp => ("the run that began it left it unfinished", true),
                _ => ("the store holds the value of another key of this name", true),
            };
            let mut step = self
                .repair(name, &format!("/key/{key_id}"))
                .summary(format!("remove key {key_id} of {name}"))
                .reason(reason);
            if rests_on_the_store {
                step = step.needs_settled();
            }
            draft.steps.push(step.action(Action::RemoveCredential { name: name.clone(), key_id }));
        }
    }

    /// Sweeps what has ended, and retires what was replaced.
    fn retire(&self, ledger: &Ledger<'_>, terms: &Terms, draft: &mut Draft) {
        let ended = ledger.judged.iter().filter(|judged| judged.decision.verdict == Verdict::Ended);
        for judged in ended {
            let reason = format!("it ended on {}", day(judged.history.end()));
            self.retire_one(judged, reason, false, draft);
        }
        for (old, next) in ledger.replaced(terms.retire_old) {
            let what = match old.history.is_offered() {
                true => "is acknowledged",
                false => "was offered instead",
            };
            self.retire_one(old, format!("{} {what}", next.history.record.name), true, draft);
        }
    }

    fn retire_one(&self, judged: &Judged<'_>, reason: String, works: bool, draft: &mut Draft) {
        let name = &judged.history.record.name;
        let at_microsoft = judged.keys.own.map(|key| key.key_id);
        let Some(key_id): Option<Guid> = at_microsoft.or_else(|| judged.history.key_id()) else {
            return;
        };
        let mut step = self
            .begin(Verb::Retire, name, "")
            .phase(Phase::Revoke)
            .class(Class::Maintenance)
            .summary(format!("{name}, key {key_id}"))
            .reason(reason);
        if works {
            step = step.needs_settled();
        }
        draft.steps.push(step.action(Action::RetireCredential { name: name.clone(), key_id }));
    }

    fn mint(&self, mint: &Mint, days: u16, draft: &mut Draft) {
        let before = match mint.succeeds.is_empty() {
            true => Digest::absent(),
            false => Digest::of(&mint.succeeds),
        };
        let beside = match mint.class {
            Class::Widening => ", in place of one that was removed by hand",
            _ if mint.succeeds.is_empty() => "",
            _ => ", as a successor",
        };
        let mut step = self
            .context
            .step(self.kind(), Verb::Mint, self.word())
            .class(mint.class)
            .summary(format!("for {days} days{beside}"))
            .reason(mint.reason.clone())
            .digests(before, Digest::of(&days));
        if mint.rests_on_absence {
            step = step.needs_settled();
        }
        draft.steps.push(step.action(Action::MintCredential { lifetime_days: days }));
    }

    /// What was removed by hand stays on the books until its successor is there: only the record
    /// says that a successor is widening.
    fn bury_revoked(&self, ledger: &Ledger<'_>, minted: bool, draft: &mut Draft) {
        for judged in ledger.unanswered().filter(|_| minted) {
            let name = &judged.history.record.name;
            let mut step = self.abort(name, "it was removed by hand, and has a successor now");
            step.phase = Phase::Revoke;
            draft.steps.push(step);
        }
    }
}
