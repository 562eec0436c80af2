//! Microsoft Graph v1.0, the directory part of it.

pub(crate) mod app_role;
pub(crate) mod application;
pub(crate) mod batch;
pub(crate) mod certificate;
pub(crate) mod defaults;
pub(crate) mod delegated;
pub(crate) mod deleted;
pub(crate) mod desk;
pub(crate) mod directory;
pub(crate) mod failure;
pub(crate) mod federated;
pub(crate) mod filter;
pub(crate) mod item;
pub(crate) mod lookup;
pub(crate) mod matching;
pub(crate) mod owner;
pub(crate) mod page;
pub(crate) mod password;
pub(crate) mod path;
pub(crate) mod permission;
pub(crate) mod policy;
pub(crate) mod principal;
pub(crate) mod query;
pub(crate) mod route;
pub(crate) mod rules;
pub(crate) mod schema;
pub(crate) mod strike;

use serde_json::Value;
use time::OffsetDateTime;

use crate::cloud::first_party;
use crate::cloud::world::World;
use crate::login::{jwt, token};
use crate::wire::{Answer, Incoming, decoded};
use desk::Caller;
use failure::Failure;
use item::Item;
use strike::{Reply, Strikes};

/// Whether a path is Graph's.
pub(crate) fn serves(path: &str) -> bool {
    ["/v1.0", "/beta"].iter().any(|root| path == *root || path.starts_with(&format!("{root}/")))
}

/// Answers one HTTP request to Graph.
pub(crate) fn answer(
    world: &mut World,
    strikes: &mut Strikes,
    incoming: &Incoming,
    now: OffsetDateTime,
) -> Reply {
    let item = Item::of(incoming);
    let caller = authenticate(world, incoming, now);
    let tenant = caller.as_ref().map(|caller| caller.tenant.clone()).unwrap_or_default();
    let path =
        format!("{}?{}", decoded(&incoming.path), decoded(&incoming.query.replace('+', " ")));
    let struck =
        strikes.strike(&incoming.method, path.trim_end_matches('?'), &tenant, item.app_id());
    if strike::refused(&struck) {
        return Reply::new(Answer::nothing(), struck);
    }
    let batch = batch::is_batch(&incoming.path);
    let mut reply = match (strike::instead(&struck), caller) {
        (Some(answer), _) => Reply::new(answer, struck),
        (None, Err(failure)) => refuse(failure, &item, struck, now),
        (None, Ok(caller)) if batch => batch::answer(world, strikes, &caller, &item, struck, now),
        (None, Ok(caller)) => {
            item::lag(world, &struck, &caller, now);
            match item::work(world, &caller, &item, now) {
                Ok(answer) => {
                    let mut reply = Reply::new(answer, struck);
                    reply.wrote = item.method != "GET";
                    reply
                }
                Err(failure) => refuse(failure, &item, struck, now),
            }
        }
    };
    item::complete(&mut reply.answer, &item, now);
    for (name, value) in
        [("request-id", &item.request_id), ("client-request-id", &item.client_request_id)]
    {
        reply.answer.headers.push((name.to_owned(), value.clone()));
    }
    let unit = if item.method == "GET" && !item.path.contains("select=") { "2" } else { "1" };
    reply.answer = reply
        .answer
        .with("x-ms-resource-unit", unit)
        .with("cache-control", "no-cache")
        .with("odata-version", "4.0");
    reply
}

fn refuse(failure: Failure, item: &Item, struck: Vec<crate::Quirk>, now: OffsetDateTime) -> Reply {
    let violations = item.violation(&failure).into_iter().collect();
    let mut reply = Reply::new(item::refusal(&failure, item, now), struck);
    reply.violations = violations;
    reply
}

/// Who calls: the token must be ours, for Graph, live, and of a tenant that exists.
fn authenticate(
    world: &World,
    incoming: &Incoming,
    now: OffsetDateTime,
) -> Result<Caller, Failure> {
    let header = incoming.header("authorization").unwrap_or_default();
    let text = header
        .strip_prefix("Bearer ")
        .or_else(|| header.strip_prefix("bearer "))
        .unwrap_or_default()
        .trim();
    if text.is_empty() {
        return Err(Failure::token("Access token is empty."));
    }
    let Some(token) = jwt::parse(text) else {
        return Err(Failure::token(
            "IDX14100: JWT is not well formed, there are no dots (.).\nThe token needs to be in JWS or JWE Compact Serialization Format. (JWS): 'EncodedHeader.EncodedPayload.EncodedSignature'.",
        ));
    };
    if !jwt::is_ours(world, &token) {
        return Err(Failure::token("Access token validation failure. Invalid signature."));
    }
    let claim = |name: &str| token.claims[name].as_str().unwrap_or_default().to_owned();
    let audience = claim("aud").trim_end_matches('/').to_lowercase();
    let graph = first_party::by_app_id(first_party::GRAPH);
    let known = graph.is_some_and(|api| {
        api.service_principal_names.iter().any(|n| n.trim_end_matches('/') == audience)
    });
    if !known && audience != incoming.base && !token::is_loopback(&audience) {
        return Err(Failure::token("Access token validation failure. Invalid audience."));
    }
    if token.seconds("exp").is_none_or(|exp| exp <= now.unix_timestamp()) {
        return Err(Failure::token("Lifetime validation failed, the token is expired."));
    }
    let tenant = claim("tid");
    if !world.tenants.contains_key(&tenant) {
        return Err(Failure::token("Access token validation failure. Invalid tenant."));
    }
    let roles = token.claims["roles"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned);
    Ok(Caller { object_id: claim("oid"), app_id: claim("appid"), tenant, roles: roles.collect() })
}
