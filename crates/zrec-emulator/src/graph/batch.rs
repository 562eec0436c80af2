//! `POST /$batch`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::desk::Caller;
use super::failure::Failure;
use super::item::{self, Item, Payload};
use super::schema;
use super::strike::{self, Reply, Strikes};
use crate::cloud::quirk::{Quirk, QuirkKind};
use crate::cloud::world::World;
use crate::record::RecordedItem;
use crate::wire::{Answer, Body, decoded};

/// A checked item with its id and its dependencies.
struct Entry {
    id: String,
    url: String,
    item: Item,
    depends_on: Vec<String>,
    struck: Vec<Quirk>,
}

/// Whether a path is that of a batch.
pub(crate) fn is_batch(path: &str) -> bool {
    matches!(path, "/v1.0/$batch" | "/beta/$batch")
}

/// Answers a batch. Items run in the order of the request; answers come in the opposite one, since the order is free.
pub(crate) fn answer(
    world: &mut World,
    strikes: &mut Strikes,
    caller: &Caller,
    outer: &Item,
    struck: Vec<Quirk>,
    now: OffsetDateTime,
) -> Reply {
    let entries = match entries(outer, strikes, caller) {
        Ok(entries) => entries,
        Err(failure) => {
            let mut reply = Reply::new(item::refusal(&failure, outer, now), struck);
            reply.violations.extend(outer.violation(&failure));
            return reply;
        }
    };
    let mut reply = Reply::new(Answer::nothing(), struck);
    let spread = [
        QuirkKind::Refuse,
        QuirkKind::LostAnswer,
        QuirkKind::Delay,
        QuirkKind::Hang,
        QuirkKind::Truncate,
    ];
    reply.struck.extend(
        entries
            .iter()
            .flat_map(|entry| &entry.struck)
            .filter(|q| spread.contains(&q.quirk))
            .cloned(),
    );
    if strike::refused(&reply.struck) {
        return reply;
    }
    let mut statuses: BTreeMap<String, u16> = BTreeMap::new();
    let mut responses = Vec::new();
    for entry in &entries {
        let failed =
            entry.depends_on.iter().any(|id| statuses.get(id).is_none_or(|status| *status >= 400));
        let mut answer = if failed {
            dependency(entry, now)
        } else {
            single(world, caller, entry, &mut reply, now)
        };
        item::complete(&mut answer, &entry.item, now);
        statuses.insert(entry.id.clone(), answer.status);
        reply.items.push(RecordedItem {
            method: entry.item.method.clone(),
            url: entry.url.clone(),
            status: answer.status,
        });
        reply.wrote |= entry.item.method != "GET";
        responses.push(response(&entry.id, &answer));
    }
    responses.reverse();
    reply.answer = Answer::json(200, json!({ "responses": responses }));
    reply
}

fn single(
    world: &mut World,
    caller: &Caller,
    entry: &Entry,
    reply: &mut Reply,
    now: OffsetDateTime,
) -> Answer {
    if let Some(answer) = strike::instead(&entry.struck) {
        return answer;
    }
    item::lag(world, &entry.struck, caller, now);
    let batch = is_batch(&entry.item.path);
    let result = if batch {
        Err(Failure::malformed("Nested batch requests are not allowed."))
    } else {
        item::work(world, caller, &entry.item, now)
    };
    result.unwrap_or_else(|failure| {
        reply.violations.extend(entry.item.violation(&failure));
        item::refusal(&failure, &entry.item, now)
    })
}

/// Code and status are Microsoft's; the text is unverified.
fn dependency(entry: &Entry, _now: OffsetDateTime) -> Answer {
    let failure = Failure::new(
        424,
        "FailedDependency",
        "The request failed because a request that it depends on failed.",
    );
    Answer {
        status: 424,
        body: Body::Json(json!({ "error": failure.error() })),
        headers: Vec::new(),
    }
    .with("x-depends-on", entry.depends_on.join(","))
}

fn response(id: &str, answer: &Answer) -> Value {
    let mut headers: Map<String, Value> = answer
        .headers
        .iter()
        .filter(|(name, _)| name != "x-depends-on")
        .map(|(n, v)| (header_name(n), json!(v)))
        .collect();
    headers.insert("Cache-Control".into(), json!("no-cache"));
    let body = match &answer.body {
        Body::Nothing => None,
        Body::Json(value) => {
            headers.insert("Content-Type".into(), json!(strike::GRAPH_JSON));
            Some(value.clone())
        }
        Body::Text(text) | Body::Html(text) => {
            headers.insert("Content-Type".into(), json!("text/plain"));
            Some(json!(text))
        }
    };
    let mut response = json!({ "id": id, "status": answer.status, "headers": headers });
    if let Some(body) = body {
        response["body"] = body;
    }
    response
}

/// `retry-after` as `Retry-After`: header names inside a batch are JSON keys, in Graph's usual case.
fn header_name(name: &str) -> String {
    let mut upper = true;
    let name = name.chars().map(|c| {
        let c = if upper { c.to_ascii_uppercase() } else { c };
        upper = c == '-';
        c
    });
    let name: String = name.collect();
    if name.starts_with("X-Ms") { name.to_lowercase() } else { name }
}

fn entries(outer: &Item, strikes: &mut Strikes, caller: &Caller) -> Result<Vec<Entry>, Failure> {
    if outer.method != "POST" {
        return Err(Failure::malformed("Only POST is allowed for batch requests."));
    }
    let unreadable = || {
        Failure::malformed(
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.",
        )
    };
    let Payload::Json(body) = &outer.payload else {
        return Err(unreadable());
    };
    if !outer.header("content-type").starts_with("application/json") {
        return Err(unreadable());
    }
    let requests = body["requests"].as_array().map_or(&[][..], Vec::as_slice);
    if requests.len() > 20 {
        // As a Teams tool quotes it in its release notes.
        return Err(Failure::new(
            400,
            "MaximumValueExceeded",
            "Number of batch request steps exceeds the maximum value of 20.",
        )
        .violating());
    }
    schema::check("batch.request", body)?;
    let mut entries: Vec<Entry> = Vec::new();
    for (n, request) in requests.iter().enumerate() {
        let entry = entry(outer, request, n, &entries)?;
        entries.push(entry);
    }
    // Unverified: that a dependency must come earlier in the list, and the text.
    let earlier = |id: &String, n: usize| entries[..n].iter().any(|entry| entry.id == *id);
    for (n, entry) in entries.iter().enumerate() {
        if let Some(id) = entry.depends_on.iter().find(|id| !earlier(id, n)) {
            return Err(Failure::malformed(format!(
                "Request '{}' depends on '{id}', which is no earlier request of the batch.",
                entry.id
            )));
        }
    }
    sequence(&entries)?;
    for entry in &mut entries {
        let path = decoded(&entry.item.path.replace('+', " "));
        entry.struck =
            strikes.strike(&entry.item.method, &path, &caller.tenant, entry.item.app_id());
    }
    Ok(entries)
}

/// Dependencies make a batch either fully parallel or fully sequential (json-batching, "Sequencing requests").
fn sequence(entries: &[Entry]) -> Result<(), Failure> {
    let roots = entries.iter().filter(|entry| entry.depends_on.is_empty()).count();
    let same = |entry: &Entry| entry.depends_on.len() <= 1;
    // Unverified: whether Graph refuses mixtures, or runs them; documented patterns are parallel, serial, and all on one.
    if roots == entries.len() || entries.iter().all(same) {
        return Ok(());
    }
    Err(Failure::malformed("A batch is either fully parallel or fully sequential."))
}

fn entry(outer: &Item, request: &Value, n: usize, before: &[Entry]) -> Result<Entry, Failure> {
    let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
    let (id, url) = (text("id"), text("url"));
    if before.iter().any(|entry| entry.id == id) {
        return Err(Failure::malformed(format!("Request id '{id}' is not unique in the batch.")));
    }
    // A query may hold a URL (a filter by redirect URI); what must be relative is the path.
    if url.split(['?', '#']).next().is_some_and(|path| path.contains("://")) {
        return Err(Failure::malformed(format!(
            "Invalid batch request url '{url}': it must be relative."
        )));
    }
    let headers = request["headers"].as_object().into_iter().flatten();
    let headers = headers
        .map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap_or_default().to_owned()));
    let payload = request.get("body").map_or(Payload::Nothing, |body| Payload::Json(body.clone()));
    let depends_on = request["dependsOn"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned);
    let request_id =
        Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{}/{n}", outer.request_id).as_bytes())
            .to_string();
    let version = if outer.path.starts_with("/beta") { "/beta" } else { "/v1.0" };
    let item = Item {
        method: text("method"),
        path: format!("{version}/{}", url.trim_start_matches('/')),
        headers: headers.collect(),
        payload,
        base: outer.base.clone(),
        request_id,
        client_request_id: outer.client_request_id.clone(),
    };
    Ok(Entry { id, url, item, depends_on: depends_on.collect(), struck: Vec::new() })
}
