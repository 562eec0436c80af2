//! Certificates: Microsoft replaces the whole list, so what is sent is a union.
//!
//! Sent is every entry seen in any of three reads, and every unretired certificate of our records
//! that no read has shown yet. Entries of others go by their key id, without the key: one that was
//! removed meanwhile is refused rather than brought back, and the list is read again. The three
//! reads go over the session's connections; that they are two is not in our hand.

use serde_json::Value;
use zrec_plan::Guid;
use zrec_plan::record::{CertificateFacts, CredentialKind, CredentialName, Record, Transition};
use zrec_plan::step::{Action, Step};

use super::{Bench, Task, of_store};
use crate::apply::send::Fate;
use crate::certificate;
use crate::cloud::failure::FailureKind;
use crate::cloud::graph::{read, write};
use crate::cloud::settle::READS;
use crate::kind::certificate as graph_kind;

/// How often a list is read, united and sent before the rest is left to another pass.
const MOST_UNIONS: usize = 3;

/// What the list is to become.
enum Wanted<'a> {
    /// It holds this one.
    With(&'a CredentialName, &'a CertificateFacts),
    /// It does not hold this one.
    Without(&'a CredentialName, Guid),
}

impl Bench<'_> {
    /// Does one step about a certificate.
    pub(super) async fn certificate(&self, task: Task) -> (Step, Fate) {
        let fate = match &task.step.action {
            Action::MintCredential { lifetime_days } => self.mint(&task, *lifetime_days).await,
            Action::SendCertificate { name } => self.resend(&task, name).await,
            _ => self.remove(&task).await,
        };
        let fate = fate.map_or_else(|fate| fate, |()| Fate::Done);
        (task.step, fate)
    }

    async fn mint(&self, task: &Task, lifetime_days: u16) -> Result<(), Fate> {
        let app_id = task.application().and_then(|_| {
            task.app_id.ok_or_else(|| Fate::Failed("the application id is not known".to_owned()))
        })?;
        let (name, key_id) = (self.work.names.credential(), self.work.names.key_id());
        let (unique_name, now) = (task.unique_name.clone(), self.graph.now());
        let make = move || certificate::make(&unique_name, key_id, lifetime_days, now);
        let made = tokio::task::spawn_blocking(make).await;
        let made = made
            .map_err(|error| Fate::Failed(error.to_string()))?
            .map_err(|error| Fate::Failed(error.to_string()))?;
        self.reach("before-intent").await;
        let run = self.work.names.run().clone();
        let facts = Some(made.facts.clone());
        let transition = Transition::Intended { run: run.clone(), app_id, certificate: facts };
        let written = self
            .store
            .begin(&run)
            .and_then(|()| self.put(&self.place(task, &name), transition, Some(&made.private_key)));
        self.reach("after-intent").await;
        written.map_err(|failure| of_store(&failure))?;
        self.unite(task, &Wanted::With(&name, &made.facts)).await
    }

    /// Sends what the store holds already.
    async fn resend(&self, task: &Task, name: &CredentialName) -> Result<(), Fate> {
        let records = self.store.records_of(&task.unique_name).map_err(|f| of_store(&f))?.records;
        let record = records.iter().find(|record| record.name == *name);
        let facts = record.and_then(facts).ok_or_else(|| {
            Fate::Failed(format!("the store does not hold the certificate {name}"))
        })?;
        self.unite(task, &Wanted::With(name, facts)).await
    }

    async fn remove(&self, task: &Task) -> Result<(), Fate> {
        let (name, key_id) = self.retire(task).await?;
        self.unite(task, &Wanted::Without(&name, key_id)).await
    }

    /// Reads, unites and sends, until a read shows what is wanted.
    async fn unite(&self, task: &Task, wanted: &Wanted<'_>) -> Result<(), Fate> {
        let application = task.application()?;
        let name = match wanted {
            Wanted::With(name, _) | Wanted::Without(name, _) => *name,
        };
        let mut sent = false;
        let mut last = None;
        for _ in 0..MOST_UNIONS {
            let seen = self.entries(application, READS).await?;
            if wanted.holds(&seen) {
                return self.shown(task, wanted).await;
            }
            if sent && matches!(wanted, Wanted::Without(..)) {
                break;
            }
            let list = self.union(task, wanted, seen)?;
            let call = task.journaled(write::replace_certificates(application, &list), Some(name));
            let answer = self.graph.send(call).await;
            self.reach("after-certificates").await;
            match answer {
                Ok(_) => {
                    sent = true;
                    self.minted(task, wanted).await?;
                    if wanted.holds(&self.entries(application, 1).await?) {
                        return self.shown(task, wanted).await;
                    }
                }
                // Sent again it would be older than the list may be by now: it is read again.
                Err(failure) if failure.may_have_happened() => last = Some(failure),
                Err(failure) if is_outdated(failure.kind) => last = Some(failure),
                Err(failure) => return Err(Fate::Failed(failure.to_string())),
            }
        }
        match (sent, last) {
            // Done, and not visible yet.
            (true, _) => Ok(()),
            (false, Some(failure)) if failure.may_have_happened() => {
                Err(Fate::LeftOpen(failure.to_string()))
            }
            (false, failure) => Err(Fate::Failed(failure.map_or_else(
                || "the list of certificates did not hold still".to_owned(),
                |failure| failure.to_string(),
            ))),
        }
    }

    /// Every entry seen in any of some reads.
    async fn entries(&self, application: Guid, reads: usize) -> Result<Vec<Value>, Fate> {
        let mut entries: Vec<Value> = Vec::new();
        for time in 0..reads {
            if time > 0 {
                self.work.patience.between_reads().await;
            }
            let answer = self.graph.send(read::application_certificates(application)).await;
            let answer = answer.map_err(|failure| Fate::Failed(failure.to_string()))?;
            let read = graph_kind::decode_entries(&answer).ok_or_else(|| {
                Fate::Failed("the list of certificates is not of the documented form".to_owned())
            })?;
            for entry in read {
                let key_id = graph_kind::key_id(&entry);
                if entries.iter().all(|known| graph_kind::key_id(known) != key_id) {
                    entries.push(entry);
                }
            }
        }
        Ok(entries)
    }

    /// The list to send.
    fn union(
        &self,
        task: &Task,
        wanted: &Wanted<'_>,
        seen: Vec<Value>,
    ) -> Result<Vec<Value>, Fate> {
        let without = match wanted {
            Wanted::Without(_, key_id) => Some(*key_id),
            Wanted::With(..) => None,
        };
        let kept = seen.into_iter().filter(|entry| graph_kind::key_id(entry) != without);
        let mut list: Vec<Value> = kept.map(graph_kind::kept).collect();
        let records = self.store.records_of(&task.unique_name).map_err(|f| of_store(&f))?.records;
        let pending = records.iter().filter(|record| is_pending(record, task.app_id));
        for (name, facts) in pending.filter_map(|record| Some((&record.name, facts(record)?))) {
            let is_there = list.iter().any(|entry| graph_kind::key_id(entry) == Some(facts.key_id));
            if !is_there && without != Some(facts.key_id) {
                list.push(graph_kind::entry(name, facts));
            }
        }
        Ok(list)
    }

    /// Records that Microsoft has it.
    async fn minted(&self, task: &Task, wanted: &Wanted<'_>) -> Result<(), Fate> {
        let Wanted::With(name, facts) = wanted else { return Ok(()) };
        let transition = Transition::Minted { key_id: facts.key_id, end: facts.end };
        let written = self.put(&self.place(task, name), transition, None);
        self.reach("after-minted").await;
        written.map_err(|failure| of_store(&failure))
    }

    /// Records that a read has shown it.
    async fn shown(&self, task: &Task, wanted: &Wanted<'_>) -> Result<(), Fate> {
        let Wanted::With(name, _) = wanted else { return Ok(()) };
        self.minted(task, wanted).await?;
        let written = self.put(&self.place(task, name), Transition::Seen, None);
        self.reach("after-seen").await;
        written.map_err(|failure| of_store(&failure))
    }
}

impl Wanted<'_> {
    /// Whether a list is as wanted.
    fn holds(&self, entries: &[Value]) -> bool {
        let has =
            |key_id: Guid| entries.iter().any(|entry| graph_kind::key_id(entry) == Some(key_id));
        match self {
            Self::With(_, facts) => has(facts.key_id),
            Self::Without(_, key_id) => !has(*key_id),
        }
    }
}

/// Whether a refusal may come from a list that has changed since it was read, or from another write.
fn is_outdated(kind: FailureKind) -> bool {
    matches!(
        kind,
        FailureKind::Refused
            | FailureKind::Concurrency
            | FailureKind::Throttled
            | FailureKind::NotFound
            | FailureKind::CreationRace
            | FailureKind::NotSent
    )
}

fn facts(record: &Record) -> Option<&CertificateFacts> {
    record.entries.iter().find_map(|entry| match &entry.transition {
        Transition::Intended { certificate, .. } => certificate.as_ref(),
        _ => None,
    })
}

/// Whether a certificate of ours is wanted, and no read has shown it yet. One that was seen and is
/// gone was removed by somebody, and stays removed.
fn is_pending(record: &Record, app_id: Option<Guid>) -> bool {
    let is_over = |transition: &Transition| {
        matches!(
            transition,
            Transition::Seen
                | Transition::Offered
                | Transition::Acknowledged { .. }
                | Transition::Retired
                | Transition::Aborted
        )
    };
    // One that was intended for a deleted application of the same key has no business here.
    let is_of_this = |transition: &Transition| matches!(transition, Transition::Intended { app_id: of, .. } if Some(*of) == app_id);
    record.kind == CredentialKind::Certificate
        && record.entries.iter().any(|entry| is_of_this(&entry.transition))
        && !record.entries.iter().any(|entry| is_over(&entry.transition))
}
