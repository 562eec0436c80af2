//! Batch: sends many calls together, and answers each one by itself.
//!
//! Calls of one [`Graph::send_all`] must not depend on one another: Graph may do them in any order.
//! Each call is repeated by its own class and its own `Retry-After`; the outer status of a batch
//! says nothing about its items.

use futures::future::join_all;
use tokio::time::{Instant, sleep_until};

use super::answer::Answer;
use super::failure::{Failure, FailureKind};
use super::graph::{Call, Graph};
use super::pace::{Moment, Tries, gathered};

mod pack;
mod pages;
mod unpack;

use pages::Pages;

/// Graph's own limit.
pub const LARGEST_BATCH: usize = 20;

/// One call on its way.
struct Item {
    /// Its place in the answer.
    place: usize,
    call: Call,
    tries: Tries,
    ready: Instant,
    /// Whether a refused token was replaced once already.
    renewed: bool,
    pages: Pages,
}

impl Graph {
    /// Sends calls that do not depend on one another, and answers in their order.
    ///
    /// They go out together: a single call plainly, more in batches of at most 20, side by side.
    /// Lists are read to their end.
    pub async fn send_all(&self, calls: Vec<Call>) -> Vec<Result<Answer, Failure>> {
        let mut results: Vec<Option<Result<Answer, Failure>>> =
            calls.iter().map(|_| None).collect();
        self.send_each(calls, |place, result| results[place] = Some(result)).await;
        let lost = || Err(Failure::of(FailureKind::OutcomeUnknown, "answer a call"));
        results.into_iter().map(|result| result.unwrap_or_else(lost)).collect()
    }

    /// The same; each result is handed over with its place as soon as it is there, while others
    /// may still be repeated.
    pub async fn send_each(
        &self,
        calls: Vec<Call>,
        mut done: impl FnMut(usize, Result<Answer, Failure>),
    ) {
        let mut waiting: Vec<Item> = calls.into_iter().enumerate().map(Item::new).collect();
        while let Some(time) = gathered(waiting.iter().map(|item| item.ready)) {
            sleep_until(time).await;
            let now = Instant::now();
            let (due, later) = waiting.into_iter().partition(|item| item.ready <= now);
            waiting = later;
            let answered = self.round(due).await;
            let moment = self.pace().moment();
            for (item, result) in answered {
                let place = item.place;
                match self.next(item, result, &moment) {
                    Next::Done(result) => done(place, result),
                    Next::Again(item) => waiting.push(*item),
                }
            }
        }
    }

    /// One round trip: everything that is due, side by side.
    async fn round(&self, due: Vec<Item>) -> Vec<(Item, Result<Answer, Failure>)> {
        let mut done = Vec::new();
        let mut sendable = Vec::new();
        for mut item in due {
            match self.may_send(&item.call) {
                Ok(()) => {
                    item.tries.count();
                    sendable.push(item);
                }
                Err(failure) => done.push((item, Err(failure))),
            }
        }
        if sendable.is_empty() {
            return done;
        }
        let _round = self.stats().round();
        let mut packs = Vec::new();
        while !sendable.is_empty() {
            let rest = sendable.split_off(sendable.len().min(LARGEST_BATCH));
            packs.push(std::mem::replace(&mut sendable, rest));
        }
        for pack in join_all(packs.into_iter().map(|pack| self.exchange(pack))).await {
            done.extend(pack);
        }
        done
    }

    /// One HTTP request, for one call or for several.
    async fn exchange(&self, pack: Vec<Item>) -> Vec<(Item, Result<Answer, Failure>)> {
        let id = self.pace().request_id().to_string();
        let calls: Vec<&Call> = pack.iter().map(|item| &item.call).collect();
        let sent = Sent { graph: self, calls: &calls, id: &id, answered: false };
        let mut results = self.carry_pack(&calls, &id).await;
        for failure in results.iter_mut().filter_map(|result| result.as_mut().err()) {
            failure.client_request_id.get_or_insert_with(|| id.as_str().into());
        }
        sent.answered(&results);
        pack.into_iter().zip(results).collect()
    }

    async fn carry_pack(&self, calls: &[&Call], id: &str) -> Vec<Result<Answer, Failure>> {
        if let [call] = *calls {
            self.stats().plain();
            let answer = self.carry(call, id).await;
            return vec![answer.and_then(|answer| unpack::plain(&answer, &call.what))];
        }
        self.stats().batch(calls.len());
        let outer = pack::batch(calls, |call| self.own_headers(call));
        let answer = self.carry(&outer, id).await;
        match answer.and_then(|answer| unpack::outer(&answer, &outer.what)) {
            Ok(answer) => unpack::items(&answer, calls),
            Err(failure) => unpack::all_failed(&failure, calls),
        }
    }

    /// What follows for a call: its result, the next page, or another attempt.
    fn next(&self, mut item: Item, result: Result<Answer, Failure>, moment: &Moment) -> Next {
        match result {
            Ok(answer) => match item.pages.take(answer, &item.call, self.service()) {
                Ok(pages::Read::All(answer)) => Next::Done(Ok(answer)),
                Ok(pages::Read::Next(path)) => {
                    self.stats().page();
                    item.call.path_and_query = path;
                    item.tries = Tries::none();
                    item.ready = Instant::now();
                    Next::Again(Box::new(item))
                }
                Err(failure) => Next::Done(Err(failure)),
            },
            Err(failure) => {
                // A refused token means that nothing was done, whatever the call.
                let again = if failure.kind == FailureKind::Unauthorized && !item.renewed {
                    item.renewed = true;
                    self.forget_token();
                    Some(Instant::now())
                } else {
                    self.pace()
                        .again(item.call.repeat, &failure, &item.tries, moment)
                        .filter(|time| item.call.deadline.is_none_or(|end| *time < end))
                };
                match again {
                    None => Next::Done(Err(failure)),
                    Some(ready) => {
                        self.stats().retry();
                        tracing::debug!(kind = ?failure.kind, what = %item.call.what, "again");
                        item.ready = ready;
                        Next::Again(Box::new(item))
                    }
                }
            }
        }
    }
}

/// Calls that are on their way. Where the run is interrupted before their answer is there, the
/// journal still names them.
struct Sent<'a> {
    graph: &'a Graph,
    calls: &'a [&'a Call],
    id: &'a str,
    answered: bool,
}

impl Sent<'_> {
    fn answered(mut self, results: &[Result<Answer, Failure>]) {
        self.answered = true;
        for (call, result) in self.calls.iter().zip(results) {
            self.graph.record(call, result, self.id);
        }
    }
}

impl Drop for Sent<'_> {
    fn drop(&mut self) {
        if !self.answered {
            for call in self.calls {
                let interrupted = Failure::of(FailureKind::OutcomeUnknown, &*call.what);
                self.graph.record(call, &Err(interrupted), self.id);
            }
        }
    }
}

enum Next {
    Done(Result<Answer, Failure>),
    Again(Box<Item>),
}

impl Item {
    fn new((place, call): (usize, Call)) -> Self {
        Self {
            place,
            call,
            tries: Tries::none(),
            ready: Instant::now(),
            renewed: false,
            pages: Pages::default(),
        }
    }
}
