//! Quirks at work: which of them strike a request, and what they answer instead of the work.

use std::collections::BTreeMap;

use serde_json::json;

use super::failure::Failure;
use crate::cloud::first_party;
use crate::cloud::quirk::{Quirk, QuirkKind};
use crate::record::RecordedItem;
use crate::wire::{Answer, Body};

/// Graph's content type.
pub(crate) const GRAPH_JSON: &str = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";

/// The quirks with their counters.
#[derive(Debug)]
pub(crate) struct Strikes {
    /// Each with its count of fitting requests; a creation race counts for each application by itself.
    quirks: Vec<(Quirk, BTreeMap<String, u64>)>,
}

/// An answer with what a report needs to know of it.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) answer: Answer,
    pub(crate) content_type: &'static str,
    pub(crate) struck: Vec<Quirk>,
    pub(crate) items: Vec<RecordedItem>,
    pub(crate) violations: Vec<String>,
    pub(crate) wrote: bool,
}

impl Reply {
    /// An answer with its quirks.
    pub(crate) fn new(answer: Answer, struck: Vec<Quirk>) -> Self {
        Self {
            answer,
            content_type: GRAPH_JSON,
            struck,
            items: Vec::new(),
            violations: Vec::new(),
            wrote: false,
        }
    }
}

impl Strikes {
    /// Quirks that have not struck yet.
    pub(crate) fn new(quirks: Vec<Quirk>) -> Self {
        let fresh = |quirk| (quirk, BTreeMap::new());
        Self { quirks: quirks.into_iter().map(fresh).collect() }
    }

    /// Counts a request and returns the quirks that strike it. `app_id` is that of the principal it wants to make, if any.
    pub(crate) fn strike(
        &mut self,
        method: &str,
        path: &str,
        tenant: &str,
        app_id: &str,
    ) -> Vec<Quirk> {
        let mut struck = Vec::new();
        for (quirk, counts) in &mut self.quirks {
            let race = quirk.quirk == QuirkKind::CreationRace;
            if !quirk.fits(method, path, tenant)
                || (race && first_party::by_app_id(app_id).is_some())
            {
                continue;
            }
            let subject = if race { app_id } else { "" };
            let count = counts.entry(subject.to_owned()).or_default();
            *count += 1;
            if quirk.strikes(*count) {
                let mut quirk = quirk.clone();
                if race {
                    quirk.message = Some(app_id.to_owned());
                }
                struck.push(quirk);
            }
        }
        struck
    }
}

/// Whether the connection is dropped, or the request kept waiting, before the work.
pub(crate) fn refused(struck: &[Quirk]) -> bool {
    struck.iter().any(|quirk| {
        quirk.quirk == QuirkKind::Refuse || quirk.quirk == QuirkKind::Hang && !quirk.after_work
    })
}

/// The answer that the first striking quirk gives instead of the work.
pub(crate) fn instead(struck: &[Quirk]) -> Option<Answer> {
    struck.iter().find_map(|quirk| {
        let answer = answer_of(quirk)?;
        Some(
            quirk
                .headers
                .iter()
                .fold(answer, |answer, (name, value)| answer.with(name, value.clone())),
        )
    })
}

fn answer_of(quirk: &Quirk) -> Option<Answer> {
    let text = |default: &str| quirk.message.clone().unwrap_or_else(|| default.to_owned());
    let code = |default: &str| quirk.code.clone().unwrap_or_else(|| default.to_owned());
    let failure = match quirk.quirk {
        QuirkKind::Status => Failure::new(
            quirk.status.unwrap_or(500),
            code("InternalServerError"),
            text("Emulated failure."),
        ),
        QuirkKind::Throttle => Failure::new(
            quirk.status.unwrap_or(429),
            code("TooManyRequests"),
            text("Too many requests"),
        )
        .header("x-ms-throttle-scope", "Tenant_Application/ReadWrite/emulated/emulated")
        .header("x-ms-throttle-information", "ResourceUnitLimitExceeded"),
        QuirkKind::ConcurrencyViolation => Failure::new(
            quirk.status.unwrap_or(409),
            code("Directory_ConcurrencyViolation"),
            text(
                "Error due to concurrent requests being made to the tenant. Please wait briefly and retry.",
            ),
        ),
        QuirkKind::CreationRace => Failure::no_backing_application(&text("")),
        QuirkKind::Unreadable => Failure::denied(),
        QuirkKind::Html => {
            let page = format!(
                "<html><head><title>Error</title></head><body>{}</body></html>",
                text("Bad gateway")
            );
            return Some(Answer {
                status: quirk.status.unwrap_or(502),
                body: Body::Html(page),
                headers: Vec::new(),
            });
        }
        _ => return None,
    };
    let failure = match &quirk.retry_after {
        Some(seconds) => failure.header("retry-after", seconds),
        None => failure,
    };
    Some(Answer {
        status: failure.status,
        body: Body::Json(json!({ "error": failure.error() })),
        headers: failure.headers,
    })
}
