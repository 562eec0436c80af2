//! Client secrets: intent, `addPassword`, value; rules R1 to R4.

use std::time::Duration as Wait;

use time::Duration;
use tokio::time::Instant;
use zrec_plan::Guid;
use zrec_plan::record::{CredentialName, Transition};
use zrec_plan::step::{Action, Step};

use super::{Bench, INTENT_LIFE, Task, of_store};
use crate::apply::send::Fate;
use crate::cloud::answer::Answer;
use crate::cloud::failure::{Failure, FailureKind};
use crate::cloud::graph::{Call, write};
use crate::cloud::settle;
use crate::kind::client_secret::{Minted, minted};
use crate::store::StoreFailure;

/// New names for one step, while the cloud refuses for want of time.
const MOST_DRAWS: usize = 3;

/// Attempts under one name at an application that is not visible everywhere yet.
const MOST_RACES: u32 = 5;

/// A secret under way.
struct Intent {
    task: Task,
    application: Guid,
    name: CredentialName,
    lifetime: Duration,
    since: Instant,
}

/// What became of one `addPassword`.
enum Sent {
    /// Its value is in the store.
    Stored,
    /// Microsoft has made it, and the store refused the value for certain.
    Homeless(Box<Minted>, StoreFailure),
    /// It may have been made, or stored.
    Unknown(String),
    /// It was not made, for certain.
    Refused(Failure),
}

impl Bench<'_> {
    /// Mints one client secret for each task.
    pub(super) async fn mint_secrets(&self, tasks: Vec<Task>) -> Vec<(Step, Fate)> {
        let mut done = Vec::new();
        let mut waiting = tasks;
        for draw in 1..=MOST_DRAWS {
            if waiting.is_empty() {
                break;
            }
            // Silence that the cloud asks for is kept before the intent, not after it.
            if let Err(failure) = self.graph.turn("add client secrets").await {
                let fate = |task: Task| (task.step, Fate::Failed(failure.to_string()));
                done.extend(waiting.drain(..).map(fate));
                break;
            }
            let mut intents = Vec::new();
            for task in waiting.drain(..) {
                match self.intend(task).await {
                    Ok(intent) => intents.push(intent),
                    Err(refused) => done.push(refused),
                }
            }
            for (intent, sent) in self.send(intents).await {
                match self.close(&intent, sent).await {
                    Ok(()) => done.push((intent.task.step, Fate::Done)),
                    Err(Fate::TryAgain(_)) if draw < MOST_DRAWS && !self.work.stopped() => {
                        waiting.push(intent.task);
                    }
                    Err(Fate::TryAgain(failure)) => {
                        done.push((intent.task.step, Fate::Failed(failure.to_string())));
                    }
                    Err(fate) => done.push((intent.task.step, fate)),
                }
            }
        }
        done
    }

    /// Writes the intent, under a new name.
    async fn intend(&self, task: Task) -> Result<Intent, (Step, Fate)> {
        let Action::MintCredential { lifetime_days } = task.step.action else {
            return Err((task.step, Fate::Failed("nothing to mint".to_owned())));
        };
        let (Some(application), Some(app_id)) = (task.application, task.app_id) else {
            return Err((task.step, Fate::Failed("the application's id is not known".to_owned())));
        };
        let name = self.work.names.credential();
        let run = self.work.names.run().clone();
        let since = Instant::now();
        self.reach("before-intent").await;
        let transition = Transition::Intended { run: run.clone(), app_id, certificate: None };
        let written = self
            .store
            .begin(&run)
            .and_then(|()| self.put(&self.place(&task, &name), transition, None));
        self.reach("after-intent").await;
        match written {
            Ok(()) => {
                let lifetime = Duration::days(i64::from(lifetime_days));
                Ok(Intent { task, application, name, lifetime, since })
            }
            Err(failure) => Err((task.step, of_store(&failure))),
        }
    }

    /// Sends what was intended; each value goes into the store the moment it is there.
    async fn send(&self, intents: Vec<Intent>) -> Vec<(Intent, Sent)> {
        let mut sent = Vec::new();
        let mut waiting = intents;
        for attempt in 1..=MOST_RACES {
            let calls: Vec<_> = waiting.iter().map(|intent| self.add_password(intent)).collect();
            let mut results: Vec<Option<Sent>> = waiting.iter().map(|_| None).collect();
            self.graph
                .send_each(calls, |place, answer| {
                    results[place] = waiting.get(place).map(|intent| self.keep(intent, answer));
                })
                .await;
            self.reach("after-minted").await;
            let last = attempt == MOST_RACES || self.work.stopped();
            let mut again = Vec::new();
            for (intent, result) in waiting.into_iter().zip(results) {
                match result {
                    // R1: a refusal, so the same name may be sent again.
                    Some(Sent::Refused(failure)) if !last && intent.is_race(&failure) => {
                        again.push(intent);
                    }
                    Some(result) => sent.push((intent, result)),
                    None => sent.push((intent, Sent::Unknown("no answer".to_owned()))),
                }
            }
            if again.is_empty() {
                break;
            }
            waiting = again;
            settle::replication_pause(attempt).await;
        }
        sent
    }

    fn add_password(&self, intent: &Intent) -> Call {
        let end = self.graph.now() + intent.lifetime;
        let call = write::add_password(intent.application, &intent.name, end);
        intent.task.journaled(call, Some(&intent.name)).until(intent.deadline())
    }

    /// Stores the value of an answer. Nothing is awaited between the two.
    fn keep(&self, intent: &Intent, answer: Result<Answer, Failure>) -> Sent {
        let answer = match answer {
            Ok(answer) => answer,
            Err(failure) if failure.may_have_happened() => {
                return Sent::Unknown(failure.to_string());
            }
            Err(failure) => return Sent::Refused(failure),
        };
        if !self.work.fail_points.alive("after-add-password") {
            return Sent::Unknown("killed by a fail point".to_owned());
        }
        let Some(minted) = minted(answer) else {
            return Sent::Unknown("the answer lacks what Graph's metadata promises".to_owned());
        };
        let place = self.place(&intent.task, &intent.name);
        let transition = Transition::Minted { key_id: minted.key_id, end: minted.end };
        match self.put(&place, transition, Some(&minted.value)) {
            Ok(()) => Sent::Stored,
            Err(failure) if failure.may_have_happened() => Sent::Unknown(failure.to_string()),
            Err(failure) => Sent::Homeless(Box::new(minted), failure),
        }
    }

    /// Draws the conclusion; `TryAgain` asks for a new name.
    async fn close(&self, intent: &Intent, sent: Sent) -> Result<(), Fate> {
        match sent {
            Sent::Stored => Ok(()),
            // R2: the next run reads the store and the key list, and knows.
            Sent::Unknown(why) => Err(Fate::LeftOpen(why)),
            Sent::Homeless(minted, failure) => Err(self.undo(intent, &minted, &failure).await),
            Sent::Refused(failure) => {
                let aborted =
                    self.put(&self.place(&intent.task, &intent.name), Transition::Aborted, None);
                self.reach("after-aborted").await;
                let for_want_of_time = matches!(
                    failure.kind,
                    FailureKind::Throttled | FailureKind::Concurrency | FailureKind::NotSent
                );
                Err(match aborted {
                    Ok(()) if for_want_of_time => Fate::TryAgain(failure),
                    _ => Fate::Failed(failure.to_string()),
                })
            }
        }
    }

    /// R3: what has no home is removed, and given up.
    async fn undo(&self, intent: &Intent, minted: &Minted, failure: &StoreFailure) -> Fate {
        let call = write::remove_password(intent.application, minted.key_id);
        let removed = self.graph.send(intent.task.journaled(call, Some(&intent.name))).await;
        self.reach("after-undone").await;
        // A replica that does not know the key yet says that it is gone. Aborted it is in any case,
        // and an aborted one is removed whenever it shows up (R5).
        match removed {
            Ok(_) => {}
            Err(other) if matches!(other.kind, FailureKind::Gone | FailureKind::NotFound) => {}
            Err(other) => return Fate::LeftOpen(format!("{failure}; and then {other}")),
        }
        // A store that refuses this as well leaves an open intent, which the next run gives up.
        let _ = self.put(&self.place(&intent.task, &intent.name), Transition::Aborted, None);
        self.reach("after-aborted").await;
        Fate::Failed(format!("{failure}; the new secret was removed again"))
    }
}

impl Intent {
    fn deadline(&self) -> Instant {
        self.since + INTENT_LIFE
    }

    /// Whether the application is not visible everywhere yet, and there is time left.
    fn is_race(&self, failure: &Failure) -> bool {
        let race = matches!(failure.kind, FailureKind::CreationRace | FailureKind::NotFound);
        race && self.task.fresh && Instant::now() + Wait::from_secs(30) < self.deadline()
    }
}
