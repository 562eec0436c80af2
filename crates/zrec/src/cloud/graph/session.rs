//! A signed-in session with the Graph of one tenant.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use http::Request;
use time::OffsetDateTime;
use tokio::time::Instant;
use zrec_plan::guid::Guid;

use super::Call;
use crate::cloud::answer::{Answer, server_date};
use crate::cloud::failure::{Failure, FailureKind};
use crate::cloud::journal::{Entry, Journal, Outcome};
use crate::cloud::origin::{Endpoints, Service, Trust};
use crate::cloud::pace::{Pace, PaceOptions};
use crate::cloud::stats::Stats;
use crate::cloud::token::{Caller, Clock, SignIn, Tokens};
use crate::cloud::transport::Transport;

/// What a session is made of.
#[derive(Clone)]
pub struct Settings {
    /// The way to the cloud.
    pub transport: Transport,
    /// The cloud's addresses.
    pub endpoints: Endpoints,
    /// The hosts that the operator trusts beside the built-in ones.
    pub trust: Trust,
    /// The tenant's name in the manifests, for the journal.
    pub tenant_name: String,
    /// The tenant's id: the authority, and what `tid` must equal.
    pub tenant_id: Guid,
    /// Who signs in.
    pub sign_in: SignIn,
    /// The bounds of waiting, and the seed.
    pub pace: PaceOptions,
    /// Our clock, where the server does not say.
    pub clock: Clock,
    /// Where writes are recorded. Without one, nothing is recorded.
    pub journal: Option<Arc<Journal>>,
    /// Whether reads ask to be throttled before others' calls: for plans.
    pub yields: bool,
}

/// A signed-in session. Clones share its token, budget, figures and journal.
#[derive(Clone)]
pub struct Graph(Arc<Session>);

struct Session {
    settings: Settings,
    tokens: Tokens,
    pace: Pace,
    stats: Stats,
    caller: Caller,
    now: Mutex<Option<(OffsetDateTime, Instant)>>,
}

/// A session that only reads: what plans holds this.
#[derive(Clone, Debug)]
pub struct Reader(Graph);

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graph")
            .field("tenant", &self.0.settings.tenant_id)
            .field("origin", &self.0.settings.endpoints.graph.origin)
            .finish_non_exhaustive()
    }
}

impl Graph {
    /// Signs in: checks that the hosts may see a token, fetches one, and checks that it is of the
    /// manifest's tenant.
    pub async fn sign_in(settings: Settings) -> Result<Self, Failure> {
        let graph = &settings.endpoints.graph;
        let stats = Stats::default();
        let tokens = Tokens::new(&settings, stats.clone())?;
        let caller = tokens.for_service(graph).await?.caller().clone();
        let pace = Pace::new(settings.pace);
        Ok(Self(Arc::new(Session { settings, tokens, pace, stats, caller, now: Mutex::new(None) })))
    }

    /// Who is signed in.
    pub fn caller(&self) -> &Caller {
        &self.0.caller
    }

    /// The Graph that is talked to; references in bodies name it.
    pub fn service(&self) -> &Service {
        &self.0.settings.endpoints.graph
    }

    /// The addresses of the cloud.
    pub fn endpoints(&self) -> &Endpoints {
        &self.0.settings.endpoints
    }

    /// The figures so far.
    pub fn stats(&self) -> &Stats {
        &self.0.stats
    }

    /// The same session, for reading only.
    pub fn reader(&self) -> Reader {
        Reader(self.clone())
    }

    /// Sends one call.
    pub async fn send(&self, call: Call) -> Result<Answer, Failure> {
        let what = call.what.clone();
        let unanswered = || Failure::of(FailureKind::OutcomeUnknown, what);
        self.send_all(vec![call]).await.pop().ok_or_else(unanswered)?
    }

    /// The servers' clock: their newest `Date`, and what has passed since; ours before any answer.
    pub fn now(&self) -> OffsetDateTime {
        let known = *self.0.now.lock().unwrap_or_else(PoisonError::into_inner);
        known.map_or_else(|| (self.0.settings.clock)(), |(date, since)| date + since.elapsed())
    }

    /// Waits until nobody is asked for silence any more.
    pub async fn turn(&self, what: &str) -> Result<(), Failure> {
        self.0.pace.slot(what).await.map(drop)
    }

    pub(in crate::cloud) fn pace(&self) -> &Pace {
        &self.0.pace
    }

    pub(in crate::cloud) fn forget_token(&self) {
        self.0.tokens.forget();
    }

    /// The headers of a call beside those of every request; they go into the item of a batch.
    pub(in crate::cloud) fn own_headers(&self, call: &Call) -> Vec<(&'static str, String)> {
        let mut headers = call.headers.clone();
        if call.body.is_some() {
            headers.push(("content-type", "application/json".to_owned()));
        }
        if self.0.settings.yields && call.is_read() {
            headers.push(("x-ms-throttle-priority", "low".to_owned()));
        }
        headers
    }

    /// Carries one HTTP request: token, ids, pace, figures. Neither judges nor repeats.
    pub(in crate::cloud) async fn carry(
        &self,
        call: &Call,
        client_request_id: &str,
    ) -> Result<http::Response<Bytes>, Failure> {
        let session = &*self.0;
        if let Some(why) = &call.unbuilt {
            return Err(Failure::of(FailureKind::NotSent, &*call.what).because(why.as_str()));
        }
        let service = &session.settings.endpoints.graph;
        let token = session.tokens.for_service(service).await?;
        let body = call.body.as_ref().map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        let uri = format!("{}{}/v1.0{}", service.origin, service.base_path, call.path_and_query);
        let mut builder = Request::builder()
            .method(call.method.clone())
            .uri(uri)
            .header("accept", "application/json")
            .header("user-agent", USER_AGENT)
            .header("client-request-id", client_request_id);
        for (name, value) in self.own_headers(call) {
            builder = builder.header(name, value);
        }
        let sent = body.len();
        let mut request = builder.body(body).map_err(|error| {
            Failure::of(FailureKind::NotSent, &*call.what).because(error.to_string())
        })?;
        token.attach(&mut request)?;
        let answer = {
            let _slot = session.pace.slot(&call.what).await?;
            if call.deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(Failure::of(FailureKind::NotSent, &*call.what)
                    .because("its turn came too late"));
            }
            session.stats.sent(sent);
            session.transport().send(request).await
        };
        let answer = answer.map_err(|broken| Failure::from((broken, &*call.what)))?;
        session.stats.received(answer.body().len());
        if let Some(date) = server_date(answer.headers()) {
            *session.now.lock().unwrap_or_else(PoisonError::into_inner) =
                Some((date, Instant::now()));
        }
        Ok(answer)
    }

    /// Refuses a write that could not be recorded.
    pub(in crate::cloud) fn may_send(&self, call: &Call) -> Result<(), Failure> {
        match &self.0.settings.journal {
            Some(journal) if !call.is_read() => journal.ready(),
            _ => Ok(()),
        }
    }

    /// Records a write that was sent. Where the line cannot be written, the journal remembers, and
    /// every later write is refused; the result of this one stands.
    pub(in crate::cloud) fn record(
        &self,
        call: &Call,
        result: &Result<Answer, Failure>,
        client_request_id: &str,
    ) {
        let settings = &self.0.settings;
        let Some(journal) = settings.journal.as_deref().filter(|_| !call.is_read()) else {
            return;
        };
        let (at, status, request_id, outcome) = match result {
            Ok(answer) => {
                (answer.date, Some(answer.status), answer.request_id.as_deref(), Outcome::Done)
            }
            // It never left.
            Err(failure) if failure.status.is_none() && !failure.may_have_happened() => return,
            Err(failure) => {
                let known =
                    if failure.may_have_happened() { Outcome::Unknown } else { Outcome::Refused };
                (None, failure.status, failure.request_id.as_deref(), known)
            }
        };
        let entry = Entry {
            at: at.unwrap_or_else(|| (settings.clock)()),
            tenant: &settings.tenant_name,
            connector: call.about.connector.as_deref(),
            step: call.about.step.as_deref(),
            method: call.method.as_str(),
            path: &call.path_and_query,
            status,
            request_id,
            client_request_id: Some(client_request_id),
            outcome,
        };
        if let Err(failure) = journal.record(&entry) {
            tracing::error!("{failure}");
        }
    }
}

/// What zrec calls itself.
pub(in crate::cloud) const USER_AGENT: &str = concat!("zrec/", env!("CARGO_PKG_VERSION"));

impl Session {
    fn transport(&self) -> &Transport {
        &self.settings.transport
    }
}

impl Reader {
    /// Sends one read.
    pub async fn send(&self, call: Call) -> Result<Answer, Failure> {
        self.refuse(&call)?;
        self.0.send(call).await
    }

    /// Sends reads; a write among them is refused and not sent.
    pub async fn send_all(&self, calls: Vec<Call>) -> Vec<Result<Answer, Failure>> {
        let refused: Vec<_> = calls.iter().map(|call| self.refuse(call)).collect();
        let reads = calls.into_iter().filter(Call::is_read).collect();
        let mut answers = self.0.send_all(reads).await.into_iter();
        let lost = || Err(Failure::of(FailureKind::OutcomeUnknown, "read an answer"));
        refused
            .into_iter()
            .map(|verdict| verdict.and_then(|()| answers.next().unwrap_or_else(lost)))
            .collect()
    }

    fn refuse(&self, call: &Call) -> Result<(), Failure> {
        if call.is_read() {
            return Ok(());
        }
        Err(Failure::of(FailureKind::NotSent, &*call.what).because("planning never writes"))
    }

    /// Who is signed in.
    pub fn caller(&self) -> &Caller {
        self.0.caller()
    }

    /// The figures so far.
    pub fn stats(&self) -> &Stats {
        self.0.stats()
    }

    /// Our clock, as it was passed in.
    pub fn now(&self) -> time::OffsetDateTime {
        (self.0.0.settings.clock)()
    }
}
