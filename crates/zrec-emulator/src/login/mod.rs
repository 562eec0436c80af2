//! Microsoft Entra's sign-in endpoints, and the two of Azure Resource Manager that stock clients call after a sign-in.

pub(crate) mod assertion;
pub(crate) mod client;
pub(crate) mod jwt;
pub(crate) mod keys;
pub(crate) mod metadata;
pub(crate) mod refusal;
pub(crate) mod token;

use serde_json::{Value, json};
use time::OffsetDateTime;

use crate::cloud::quirk::QuirkKind;
use crate::cloud::world::World;
use crate::graph::strike::{self, Reply, Strikes};
use crate::wire::{Answer, Body, Incoming};
use refusal::Refusal;

/// Answers everything that is not Graph.
pub(crate) fn answer(
    world: &mut World,
    strikes: &mut Strikes,
    incoming: &Incoming,
    strict: bool,
    now: OffsetDateTime,
) -> Reply {
    let segments: Vec<&str> = incoming.path.split('/').filter(|s| !s.is_empty()).collect();
    let tenant = segments.first().copied().unwrap_or_default();
    let struck =
        strikes.strike(&incoming.method, &crate::wire::decoded(&incoming.path), tenant, "");
    if strike::refused(&struck) {
        return Reply::new(Answer::nothing(), struck);
    }
    let result = match instead(&struck) {
        Some(refusal) => Err(refusal),
        None => match strike::instead(&struck) {
            Some(answer) => return Reply::new(answer, struck),
            None => route(world, incoming, &segments, strict, now),
        },
    };
    let mut violations = Vec::new();
    let answer = result.unwrap_or_else(|refusal| {
        if refusal.violation {
            violations.push(format!("{} {}: {}", incoming.method, incoming.path, refusal.text));
        }
        refusal.answer(incoming, now)
    });
    let mut reply = Reply::new(answer, struck);
    reply.violations = violations;
    reply.content_type = "application/json; charset=utf-8";
    reply.answer = reply
        .answer
        .with("x-ms-request-id", incoming.request_id.clone())
        .with("cache-control", "no-store, no-cache");
    reply
}

fn instead(struck: &[crate::Quirk]) -> Option<Refusal> {
    let quirk = struck.iter().find(|q| q.quirk == QuirkKind::TokenRefused)?;
    let number = quirk
        .code
        .as_deref()
        .and_then(|code| code.trim_start_matches("AADSTS").parse().ok())
        .unwrap_or(7_000_215);
    let text =
        quirk.message.clone().unwrap_or_else(|| "Invalid client secret provided.".to_owned());
    Some(Refusal::new(quirk.status.unwrap_or(401), "invalid_client", number, text))
}

fn route(
    world: &mut World,
    incoming: &Incoming,
    segments: &[&str],
    strict: bool,
    now: OffsetDateTime,
) -> Result<Answer, Refusal> {
    let json = |value: Value| Ok(Answer::json(200, value));
    match (incoming.method.as_str(), segments) {
        ("GET", [_, "discovery", "instance"]) => json(metadata::instances(incoming)?),
        ("GET", [_, "discovery", "v2.0", "keys"] | [_, "discovery", "keys"]) => {
            json(keys::published(world))
        }
        ("GET", [tenant, "v2.0", ".well-known", "openid-configuration"]) => {
            let id = metadata::tenant(world, tenant, strict, now)?;
            json(metadata::openid(&incoming.base, tenant, &id, true))
        }
        ("GET", [tenant, ".well-known", "openid-configuration"]) => {
            let id = metadata::tenant(world, tenant, strict, now)?;
            json(metadata::openid(&incoming.base, tenant, &id, false))
        }
        ("POST", [tenant, "oauth2", "v2.0", "token"] | [tenant, "oauth2", "token"]) => {
            let id = metadata::tenant(world, tenant, strict, now)?;
            token::issue(world, incoming, &id, now)
        }
        ("GET", ["metadata", "endpoints"]) => json(metadata::endpoints(incoming)),
        ("GET", ["subscriptions"]) => {
            token::resource_manager(world, incoming, now)?;
            json(json!({ "value": [], "count": { "type": "Total", "value": 0 } }))
        }
        ("GET", ["tenants"]) => {
            let claims = token::resource_manager(world, incoming, now)?;
            let id = claims["tid"].as_str().unwrap_or_default();
            let name = world.tenants.get(id).map(|t| (t.display_name.clone(), t.domain()));
            let (name, domain) = name.unwrap_or_default();
            json(json!({ "value": [{
                "id": format!("/tenants/{id}"), "tenantId": id, "displayName": name, "defaultDomain": domain,
                "tenantCategory": "Home", "countryCode": "CH", "domains": [domain], "tenantType": "AAD",
            }] }))
        }
        _ => Ok(Answer {
            status: 404,
            body: Body::Html("<html><body>Not found</body></html>".to_owned()),
            headers: Vec::new(),
        }),
    }
}
