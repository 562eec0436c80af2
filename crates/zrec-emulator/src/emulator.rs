//! The emulator: one lock around the cloud, one way in.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use crate::clock::{Clock, http_date, system_clock};
use crate::cloud::quirk::{Quirk, QuirkKind};
use crate::cloud::world::World;
use crate::cloud::{snapshot, state};
use crate::graph::strike::{self, Strikes};
use crate::wire::{Answer, Incoming};
use crate::{
    CertificateAuthority, CloudFile, EmulatorError, Lost, RecordedRequest, Server, graph, login,
};

/// An emulated cloud. Cheap to clone; clones share it.
#[derive(Clone)]
pub struct Emulator {
    inner: Arc<Inner>,
}

struct Inner {
    room: Mutex<Room>,
    clock: Mutex<Clock>,
    state: Option<PathBuf>,
    cloud: CloudFile,
}

struct Room {
    world: World,
    strict_tenants: bool,
    strikes: Strikes,
    requests: Vec<RecordedRequest>,
    count: u64,
}

/// An answer with what the quirks made of it.
struct Outcome {
    answer: Answer,
    content_type: &'static str,
    lost: Option<Lost>,
    cut: Option<usize>,
    delay: Duration,
    hangs: bool,
}

impl std::fmt::Debug for Emulator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Emulator").field("state", &self.inner.state).finish_non_exhaustive()
    }
}

impl Emulator {
    /// An emulator that lives in memory.
    #[must_use]
    pub fn new(cloud: CloudFile) -> Self {
        Self::build(cloud, None, None)
    }

    /// An emulator that keeps its cloud in a file: loaded if it is there, else started from `cloud`. Quirks always
    /// come from `cloud`; how often they struck is not kept.
    ///
    /// # Errors
    /// If the file is there and cannot be read as a state, or cannot be written.
    pub fn open(path: &Path, cloud: CloudFile) -> Result<Self, EmulatorError> {
        let loaded = state::load(path)?;
        let fresh = loaded.is_none();
        let emulator = Self::build(cloud, Some(path.to_owned()), loaded);
        if fresh {
            state::save(path, &emulator.room().world)?;
        }
        Ok(emulator)
    }

    fn build(cloud: CloudFile, path: Option<PathBuf>, loaded: Option<World>) -> Self {
        let clock = system_clock();
        let mut world = loaded.unwrap_or_else(|| World::new(&cloud, clock()));
        world.signing_key.get_or_insert_with(login::keys::generate);
        let room = Room {
            world,
            strict_tenants: cloud.strict_tenants,
            strikes: Strikes::new(cloud.quirks.clone()),
            requests: Vec::new(),
            count: 0,
        };
        let inner = Inner { room: Mutex::new(room), clock: Mutex::new(clock), state: path, cloud };
        Self { inner: Arc::new(inner) }
    }

    /// Sets the clock, of all clones. What the cloud file put into a cloud in memory is dated by it, if nobody has
    /// called yet.
    #[must_use]
    pub fn with_clock(self, clock: Clock) -> Self {
        let mut room = self.room();
        if room.count == 0 && self.inner.state.is_none() {
            let key = room.world.signing_key.take();
            room.world = World::new(&self.inner.cloud, clock());
            room.world.signing_key = key;
        }
        drop(room);
        *self.inner.clock.lock().unwrap_or_else(PoisonError::into_inner) = clock;
        self
    }

    /// Answers one request.
    ///
    /// # Errors
    /// [`Lost`] where a quirk drops the connection before the work or the answer after it.
    pub async fn call(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, Lost> {
        let outcome = self.work(request);
        if outcome.hangs {
            return std::future::pending().await;
        }
        if !outcome.delay.is_zero() {
            tokio::time::sleep(outcome.delay).await;
        }
        match outcome.lost {
            Some(lost) => Err(lost),
            None => Ok(outcome.answer.response(outcome.content_type, outcome.cut)),
        }
    }

    /// Every request so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.room().requests.clone()
    }

    /// Forgets the requests so far.
    pub fn clear_requests(&self) {
        self.room().requests.clear();
    }

    /// The cloud as stable YAML: what was made in it, without secrets.
    #[must_use]
    pub fn snapshot(&self) -> serde_yaml::Value {
        snapshot::yaml(&self.room().world)
    }

    /// [`Emulator::snapshot`] as text.
    #[must_use]
    pub fn snapshot_text(&self) -> String {
        serde_yaml::to_string(&self.snapshot()).unwrap_or_default()
    }

    /// Replaces the quirks; their counters start again.
    pub fn set_quirks(&self, quirks: Vec<Quirk>) {
        self.room().strikes = Strikes::new(quirks);
    }

    /// Serves over HTTPS, HTTP/1.1 and HTTP/2, until the returned handle is shut down or dropped.
    ///
    /// # Errors
    /// If the certificate or the listener cannot be used.
    pub async fn serve(
        self,
        listener: std::net::TcpListener,
        authority: &CertificateAuthority,
    ) -> Result<Server, EmulatorError> {
        Server::start(self, listener, authority).await
    }

    fn room(&self) -> MutexGuard<'_, Room> {
        self.inner.room.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, request: http::Request<Bytes>) -> Outcome {
        let now = self.inner.clock.lock().unwrap_or_else(PoisonError::into_inner)();
        let mut room = self.room();
        room.count += 1;
        let request_id =
            Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("request/{}", room.count).as_bytes());
        let incoming = Incoming::new(request, request_id.to_string());
        let tenants = room.world.tenants.len();
        let Room { world, strikes, strict_tenants, .. } = &mut *room;
        let mut reply = if graph::serves(&incoming.path) {
            graph::answer(world, strikes, &incoming, now)
        } else {
            login::answer(world, strikes, &incoming, *strict_tenants, now)
        };
        reply.answer.headers.push(("date".to_owned(), http_date(now)));
        if let Some(path) = &self.inner.state
            && (reply.wrote || room.world.tenants.len() != tenants)
            && let Err(error) = state::save(path, &room.world)
        {
            tracing::error!(%error, "the emulator's state was not kept");
        }
        finish(&mut room, &incoming, reply)
    }
}

/// Notes the request and lets the quirks have their way with the answer.
fn finish(room: &mut Room, incoming: &Incoming, reply: strike::Reply) -> Outcome {
    let mut outcome = Outcome {
        answer: reply.answer,
        content_type: reply.content_type,
        lost: None,
        cut: None,
        delay: Duration::ZERO,
        hangs: false,
    };
    for quirk in &reply.struck {
        match quirk.quirk {
            QuirkKind::Refuse => outcome.lost = Some(Lost::Connection),
            QuirkKind::LostAnswer => outcome.lost = Some(Lost::Answer),
            QuirkKind::Delay => {
                outcome.delay += Duration::from_millis(quirk.milliseconds.unwrap_or(1000))
            }
            QuirkKind::Hang => outcome.hangs = true,
            QuirkKind::Truncate => {
                outcome.cut = Some(quirk.bytes.unwrap_or(outcome.answer.bytes().len() / 2));
            }
            _ => {}
        }
    }
    let query =
        if incoming.query.is_empty() { String::new() } else { format!("?{}", incoming.query) };
    room.requests.push(RecordedRequest {
        method: incoming.method.clone(),
        path: format!("{}{query}", incoming.path),
        items: reply.items,
        status: if outcome.lost == Some(Lost::Connection) { 0 } else { outcome.answer.status },
        client_request_id: incoming.header("client-request-id").map(str::to_owned),
        violations: reply.violations,
        lost: outcome.lost.is_some() || outcome.hangs,
    });
    outcome
}
