//! Credentials: the steps whose doing is a protocol between the store and Microsoft.
//!
//! What holds at every moment: an intent is in the store before anything is sent; a value is in the
//! store before a step counts as done; of what is not known, nothing is undone.

use std::time::Duration;

use futures::future::join_all;
use zrec_plan::Guid;
use zrec_plan::kind::Kind;
use zrec_plan::record::{CredentialKind, CredentialName, Entry, Record, RunId, Transition};
use zrec_plan::step::{Action, Step};

use super::Work;
use super::ledger::Ledger;
use super::send::{self, Fate};
use crate::cloud::failure::{Failure, FailureKind};
use crate::cloud::graph::{Call, Graph, write};
use crate::secret::Secret;
use crate::store::{Place, Store, StoreFailure};

mod certificate;
mod client_secret;

/// R4: for this long after its intent a credential may be sent.
const INTENT_LIFE: Duration = Duration::from_secs(120);

/// Whether a step is done here.
pub(super) fn is_about(step: &Step) -> bool {
    matches!(
        step.action,
        Action::MintCredential { .. }
            | Action::SendCertificate { .. }
            | Action::RecordSeen { .. }
            | Action::AbortCredential { .. }
            | Action::RemoveCredential { .. }
            | Action::RetireCredential { .. }
    )
}

/// Whether a step touches the store only: no cloud has to be read again after it.
pub(super) fn is_record_only(step: &Step) -> bool {
    matches!(step.action, Action::RecordSeen { .. } | Action::AbortCredential { .. })
}

/// Whether a credential was minted by this run, and no read has shown it.
pub(super) fn is_hidden(record: &Record, run: &RunId) -> bool {
    let has = |wanted: &dyn Fn(&Transition) -> bool| {
        record.entries.iter().any(|entry| wanted(&entry.transition))
    };
    has(&|transition| matches!(transition, Transition::Intended { run: by, .. } if by == run))
        && has(&|transition| matches!(transition, Transition::Minted { .. }))
        && !has(&|transition| {
            matches!(transition, Transition::Seen | Transition::Retired | Transition::Aborted)
        })
}

/// Whether a record is of the kind that a step is about.
pub(super) fn is_of(record: &Record, step: &Step) -> bool {
    record.kind == kind_of(step)
}

fn kind_of(step: &Step) -> CredentialKind {
    match step.kind {
        Kind::Certificate => CredentialKind::Certificate,
        _ => CredentialKind::ClientSecret,
    }
}

/// One step, and what it is done to.
struct Task {
    step: Step,
    kind: CredentialKind,
    unique_name: String,
    application: Option<Guid>,
    app_id: Option<Guid>,
    /// Whether the application was made in this run.
    fresh: bool,
}

/// Where tasks of one tenant are done.
struct Bench<'a> {
    work: &'a Work<'a>,
    graph: &'a Graph,
    store: &'a Store,
}

impl Work<'_> {
    /// Does the steps about credentials of one wave: at most one for an application.
    pub(super) async fn credentials(
        &self,
        graph: &Graph,
        ledger: &Ledger,
        steps: Vec<Step>,
    ) -> Vec<(Step, Fate)> {
        let Some(first) = steps.first() else { return Vec::new() };
        let store = match self.fleet.store(&first.tenant) {
            Ok(store) => store,
            Err(failure) => {
                let fate = |step| (step, Fate::Failed(failure.to_string()));
                return steps.into_iter().map(fate).collect();
            }
        };
        let bench = Bench { work: self, graph, store };
        let mut done = Vec::new();
        let (mut mints, mut removals, mut certificates) = (Vec::new(), Vec::new(), Vec::new());
        for step in steps {
            let Some(task) = self.task(&step, ledger) else {
                done.push((step, Fate::Failed("no manifest names its connector".to_owned())));
                continue;
            };
            match (&task.step.action, task.kind) {
                (Action::RecordSeen { name } | Action::AbortCredential { name }, _) => {
                    let name = name.clone();
                    done.push(bench.record(task, &name).await);
                }
                (_, CredentialKind::Certificate) => certificates.push(task),
                (Action::MintCredential { .. }, _) => mints.push(task),
                _ => removals.push(task),
            }
        }
        done.extend(bench.remove_secrets(removals).await);
        done.extend(join_all(certificates.into_iter().map(|task| bench.certificate(task))).await);
        done.extend(bench.mint_secrets(mints).await);
        done
    }

    fn task(&self, step: &Step, ledger: &Ledger) -> Option<Task> {
        let connector = send::connector(step)?;
        let ids = ledger.ids(&connector);
        Some(Task {
            step: step.clone(),
            kind: kind_of(step),
            unique_name: self.desired.connectors.get(&connector)?.unique_name.clone(),
            application: ids.application,
            app_id: ids.app_id,
            fresh: ids.fresh,
        })
    }
}

impl Task {
    fn place(&self, tenant_id: Guid, name: &CredentialName) -> Place {
        let unique_name = self.unique_name.clone();
        Place { tenant_id, unique_name, name: name.clone(), kind: self.kind }
    }

    /// The application's object id.
    fn application(&self) -> Result<Guid, Fate> {
        self.application.ok_or_else(|| Fate::Failed("the application's id is not known".to_owned()))
    }

    /// Says in the journal whose call it is: the step, and C where it is known.
    fn journaled(&self, call: Call, name: Option<&CredentialName>) -> Call {
        let step = &self.step;
        let about = send::connector(step).map_or_else(String::new, |id| id.to_string());
        let name = name.map_or_else(String::new, |name| format!(" {name}"));
        call.for_step(about, format!("{} {} {}{name}", step.verb, step.kind, step.key))
    }
}

impl Bench<'_> {
    fn place(&self, task: &Task, name: &CredentialName) -> Place {
        task.place(task.step.tenant_id, name)
    }

    /// Writes one transition, at the servers' time.
    fn put(
        &self,
        place: &Place,
        transition: Transition,
        value: Option<&Secret>,
    ) -> Result<(), StoreFailure> {
        self.store.put(place, &Entry { at: self.graph.now(), transition }, value)
    }

    /// Passes a fail point; after a simulated death this never returns.
    async fn reach(&self, point: &'static str) {
        self.work.fail_points.reach(point).await;
    }

    /// A step that only the store knows.
    async fn record(&self, task: Task, name: &CredentialName) -> (Step, Fate) {
        let transition = match task.step.action {
            Action::AbortCredential { .. } => Transition::Aborted,
            _ => Transition::Seen,
        };
        let written = self.put(&self.place(&task, name), transition, None);
        self.reach("after-record").await;
        let fate = written.map_or_else(|failure| of_store(&failure), |()| Fate::Done);
        (task.step, fate)
    }

    /// Writes `retired` where the step retires; a credential is retired before its key goes.
    async fn retire(&self, task: &Task) -> Result<(CredentialName, Guid), Fate> {
        match &task.step.action {
            Action::RetireCredential { name, key_id } => {
                let written = self.put(&self.place(task, name), Transition::Retired, None);
                self.reach("after-retired").await;
                written.map_err(|failure| of_store(&failure))?;
                Ok((name.clone(), *key_id))
            }
            Action::RemoveCredential { name, key_id } => Ok((name.clone(), *key_id)),
            _ => Err(Fate::Failed("not a step about a credential".to_owned())),
        }
    }

    async fn remove_secrets(&self, tasks: Vec<Task>) -> Vec<(Step, Fate)> {
        let (mut done, mut sent, mut calls) = (Vec::new(), Vec::new(), Vec::new());
        for task in tasks {
            let call = match (self.retire(&task).await, task.application()) {
                (Ok((name, key_id)), Ok(application)) => {
                    task.journaled(write::remove_password(application, key_id), Some(&name))
                }
                (Err(fate), _) | (_, Err(fate)) => {
                    done.push((task.step, fate));
                    continue;
                }
            };
            sent.push(task.step);
            calls.push(call);
        }
        let answers = self.graph.send_all(calls).await;
        self.reach("after-remove-password").await;
        let fates = answers.into_iter().map(|answer| match answer {
            Ok(_) => Fate::Done,
            Err(failure) => of_removal(&failure),
        });
        done.extend(sent.into_iter().zip(fates));
        done
    }
}

/// What a failed removal means: what is not there is removed.
fn of_removal(failure: &Failure) -> Fate {
    match failure.kind {
        FailureKind::Gone | FailureKind::NotFound => Fate::Done,
        _ if failure.may_have_happened() => Fate::ReadAgain,
        _ => Fate::Failed(failure.to_string()),
    }
}

/// What a failed write to the store means.
fn of_store(failure: &StoreFailure) -> Fate {
    match failure.may_have_happened() {
        true => Fate::LeftOpen(failure.to_string()),
        false => Fate::Failed(failure.to_string()),
    }
}
