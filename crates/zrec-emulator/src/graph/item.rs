//! One Graph request, alone or as an item of a batch: checked, routed, worked on.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::desk::{Ask, Caller, Desk};
use super::failure::Failure;
use super::query::Query;
use super::{path, permission, route, schema};
use crate::cloud::quirk::{Quirk, QuirkKind};
use crate::cloud::world::{Replica, World};
use crate::wire::{Answer, Body, Incoming};

/// A body as it came.
#[derive(Clone, Debug)]
pub(crate) enum Payload {
    Nothing,
    Json(Value),
    Broken,
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) method: String,
    /// Path and query below the host, `/v1.0` included.
    pub(crate) path: String,
    /// Headers by lower-case name.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) payload: Payload,
    pub(crate) base: String,
    pub(crate) request_id: String,
    pub(crate) client_request_id: String,
}

impl Item {
    /// An HTTP request as an item.
    pub(crate) fn of(incoming: &Incoming) -> Self {
        let headers: BTreeMap<String, String> = incoming
            .headers
            .iter()
            .filter_map(|(name, value)| {
                Some((name.as_str().to_lowercase(), value.to_str().ok()?.to_owned()))
            })
            .collect();
        let payload = match incoming.body.as_ref() {
            [] => Payload::Nothing,
            bytes => serde_json::from_slice(bytes).map_or(Payload::Broken, Payload::Json),
        };
        let query =
            if incoming.query.is_empty() { String::new() } else { format!("?{}", incoming.query) };
        let client =
            incoming.header("client-request-id").unwrap_or(&incoming.request_id).to_owned();
        Self {
            method: incoming.method.clone(),
            path: format!("{}{query}", incoming.path),
            headers,
            payload,
            base: incoming.base.clone(),
            request_id: incoming.request_id.clone(),
            client_request_id: client,
        }
    }

    /// The appId in the body, or in an alternate key of the path.
    pub(crate) fn app_id(&self) -> &str {
        if let Payload::Json(body) = &self.payload
            && let Some(id) = body["appId"].as_str()
        {
            return id;
        }
        let key = self.path.split_once("(appId='").map_or("", |(_, rest)| rest);
        key.split_once('\'').map_or("", |(id, _)| id)
    }

    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// How a refusal reads as a broken contract, if it is one.
    pub(crate) fn violation(&self, failure: &Failure) -> Option<String> {
        failure.violation.then(|| format!("{} {}: {}", self.method, self.path, failure.line()))
    }
}

/// Keeps the tenant as it is for the reads that lag behind this write.
pub(crate) fn lag(world: &mut World, struck: &[Quirk], caller: &Caller, now: OffsetDateTime) {
    let Some(quirk) = struck.iter().find(|quirk| quirk.quirk == QuirkKind::Lag) else {
        return;
    };
    let Some(tenant) = world.tenants.get(&caller.tenant).cloned() else {
        return;
    };
    let until = quirk.milliseconds.map(|ms| now + std::time::Duration::from_millis(ms));
    let reads = match (quirk.reads, until) {
        (None, None) => Some(1),
        (reads, _) => reads,
    };
    let turn = quirk.flickers.then_some(0);
    world.replicas.push(Replica { tenant, reads, until, turn });
}

/// Works on one request.
pub(crate) fn work(
    world: &mut World,
    caller: &Caller,
    item: &Item,
    now: OffsetDateTime,
) -> Result<Answer, Failure> {
    if item.method != "GET" {
        return serve(world, caller, item, now);
    }
    // A lagging replica answers a read with what it still holds.
    let live = |replica: &Replica| {
        replica.reads != Some(0) && replica.until.is_none_or(|until| until > now)
    };
    world.replicas.retain(live);
    let stale = world.replicas.iter_mut().find(|replica| replica.tenant.id == caller.tenant);
    let stale = stale.and_then(|replica| {
        replica.reads = replica.reads.map(|reads| reads - 1);
        // A pattern without a short period: batches of one size must not always meet the same.
        replica.turn = replica.turn.map(|turn: u64| turn + 1);
        let is_its_turn = replica
            .turn
            .is_none_or(|turn| turn.wrapping_mul(0x9e37_79b9_7f4a_7c15).count_ones() % 2 == 0);
        is_its_turn.then(|| replica.tenant.clone())
    });
    let Some(stale) = stale else {
        return serve(world, caller, item, now);
    };
    let current = world.tenants.insert(caller.tenant.clone(), stale);
    let answer = serve(world, caller, item, now);
    if let Some(current) = current {
        world.tenants.insert(caller.tenant.clone(), current);
    }
    answer
}

fn serve(
    world: &mut World,
    caller: &Caller,
    item: &Item,
    now: OffsetDateTime,
) -> Result<Answer, Failure> {
    let (version, below) = split(&item.path)?;
    let (path, query) = below.split_once('?').unwrap_or((below, ""));
    let (template, keys) = path::parse(path)?;
    let route = route::find(&item.method, &template)?;
    let body = body(item, route)?;
    permission::check(caller, &template, &item.method)?;
    let ask = Ask {
        path: path.to_owned(),
        template,
        keys,
        query: Query::parse(query)?,
        body,
        eventual: item.header("consistencylevel").eq_ignore_ascii_case("eventual"),
        prefer: item.header("prefer").to_owned(),
    };
    let mut desk = Desk { world, caller: caller.clone(), base: item.base.clone(), version, now };
    (route.handler)(&mut desk, &ask)
}

/// The version and the rest of a path. Beta answers as v1.0 does: Terraform's provider reads some properties there.
fn split(path: &str) -> Result<(&'static str, &str), Failure> {
    let below = |version: &'static str| {
        let rest = path.strip_prefix('/')?.strip_prefix(version)?;
        (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((version, rest))
    };
    below("v1.0").or_else(|| below("beta")).ok_or_else(|| Failure::malformed("Invalid version."))
}

/// The body, which must be there, be JSON and say so.
fn body(item: &Item, route: &route::Route) -> Result<Value, Failure> {
    if !route.body {
        return Ok(Value::Null);
    }
    let unreadable = "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.";
    match &item.payload {
        Payload::Nothing => Err(Failure::malformed("Empty Payload. JSON content expected.")),
        Payload::Json(value)
            if value.is_object() && item.header("content-type").starts_with("application/json") =>
        {
            let mut value = value.clone();
            schema::without_annotations(&mut value);
            if let Some(schema) = route.schema {
                let mut plain = value.clone();
                if let Some(object) = plain.as_object_mut() {
                    object.retain(|name, _| !name.contains("@odata."));
                }
                schema::check(schema, &plain)?;
                unknown_bindings(&value)?;
            }
            Ok(value)
        }
        _ => Err(Failure::malformed(unreadable)),
    }
}

fn unknown_bindings(value: &Value) -> Result<(), Failure> {
    let names = value.as_object().into_iter().flatten().map(|(name, _)| name);
    let unknown =
        names.filter(|name| name.contains("@odata.")).find(|name| *name != "owners@odata.bind");
    unknown.map_or(Ok(()), |name| Err(Failure::contract(format!("Invalid property '{name}'."))))
}

/// A refusal as an answer.
pub(crate) fn refusal(failure: &Failure, _item: &Item, _now: OffsetDateTime) -> Answer {
    Answer {
        status: failure.status,
        body: Body::Json(json!({ "error": failure.error() })),
        headers: failure.headers.clone(),
    }
}

/// Puts `innerError` into an error's envelope.
pub(crate) fn complete(answer: &mut Answer, item: &Item, now: OffsetDateTime) {
    let Body::Json(body) = &mut answer.body else {
        return;
    };
    if let Some(error) =
        body.get_mut("error").filter(|error| error.is_object() && answer.status >= 400)
    {
        error["innerError"] = json!({
            "date": crate::clock::stamp(now).trim_end_matches('Z'),
            "request-id": item.request_id,
            "client-request-id": item.client_request_id,
        });
    }
}
