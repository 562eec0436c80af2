//! From HTTP answers to the answer of each call.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use time::OffsetDateTime;

use crate::cloud::answer::{Answer, header, server_date};
use crate::cloud::failure::{Body, Failure, FailureKind, Raw, classify, is_html};
use crate::cloud::graph::Call;

/// The answer of a call that went by itself.
pub(super) fn plain(answer: &http::Response<Bytes>, what: &str) -> Result<Answer, Failure> {
    let status = answer.status().as_u16();
    let (headers, bytes) = (answer.headers(), answer.body());
    if !answer.status().is_success() {
        return Err(classify(Raw { status, headers, body: Body::Bytes(bytes) }, what));
    }
    let body = if bytes.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(bytes)
            .map_err(|error| unreadable(status, headers, bytes, error.is_eof(), what))?
    };
    Ok(Answer {
        status,
        body,
        request_id: header(headers, "request-id").map(str::to_owned),
        date: server_date(headers),
        headers: headers.clone(),
    })
}

/// A success that cannot be read: whatever it was, it may have been done.
fn unreadable(
    status: u16,
    headers: &HeaderMap,
    bytes: &[u8],
    ends_early: bool,
    what: &str,
) -> Failure {
    let (kind, why) = if is_html(bytes, headers) {
        (FailureKind::Html, "the answer is a web page")
    } else if ends_early {
        (FailureKind::Truncated, "the answer ends too early")
    } else {
        (FailureKind::NotJson, "the answer is not JSON")
    };
    let mut failure = Failure::of(kind, what)
        .because(why)
        .advise("look at HTTPS_PROXY and at the cloud's address, and run again");
    failure.status = Some(status);
    failure.request_id = header(headers, "request-id").map(Into::into);
    failure
}

/// The outer answer of a batch: it must be a success with `responses`.
pub(super) fn outer(answer: &http::Response<Bytes>, what: &str) -> Result<Answer, Failure> {
    let answer = plain(answer, what)?;
    if answer.body.get("responses").is_some_and(Value::is_array) {
        return Ok(answer);
    }
    let mut failure =
        Failure::of(FailureKind::NotJson, what).because("the answer of a batch has no `responses`");
    failure.status = Some(answer.status);
    failure.request_id = answer.request_id.map(Into::into);
    Err(failure)
}

/// The answer of each call in a batch, in the order of the calls.
pub(super) fn items(outer: &Answer, calls: &[&Call]) -> Vec<Result<Answer, Failure>> {
    let responses = outer.body["responses"].as_array().map_or(&[][..], Vec::as_slice);
    let mut results: Vec<Option<Result<Answer, Failure>>> = calls.iter().map(|_| None).collect();
    for response in responses {
        let position = match &response["id"] {
            Value::String(id) => id.parse().ok(),
            id => id.as_u64().and_then(|id| usize::try_from(id).ok()),
        };
        let Some(position) = position.filter(|position: &usize| *position < calls.len()) else {
            continue;
        };
        results[position].get_or_insert_with(|| item(response, outer, &calls[position].what));
    }
    let missing = |call: &&Call| {
        let mut failure = Failure::of(FailureKind::OutcomeUnknown, &*call.what)
            .because("the batch's answer leaves this call out");
        failure.request_id = outer.request_id.as_deref().map(Into::into);
        Err(failure)
    };
    results
        .into_iter()
        .zip(calls)
        .map(|(result, call)| result.unwrap_or_else(|| missing(call)))
        .collect()
}

fn item(response: &Value, outer: &Answer, what: &str) -> Result<Answer, Failure> {
    let Some(status) = response["status"].as_u64().and_then(|status| u16::try_from(status).ok())
    else {
        return Err(Failure::of(FailureKind::OutcomeUnknown, what)
            .because("the batch's answer gives this call no status"));
    };
    let headers = item_headers(&response["headers"]);
    let body = &response["body"];
    let outer_id = outer.request_id.as_deref();
    if !(200..300).contains(&status) {
        let dated = with_date(&headers, outer);
        let raw = Raw { status, headers: &dated, body: Body::Json(body) };
        let mut failure = classify(raw, what);
        failure.request_id = failure.request_id.or_else(|| outer_id.map(Into::into));
        return Err(failure);
    }
    if !(body.is_null() || body.is_object()) {
        let mut failure = Failure::of(FailureKind::NotJson, what).because("the answer is not JSON");
        failure.status = Some(status);
        return Err(failure);
    }
    let own_date: Option<OffsetDateTime> = server_date(&headers);
    Ok(Answer {
        status,
        body: body.clone(),
        request_id: header(&headers, "request-id").or(outer_id).map(str::to_owned),
        date: own_date.or(outer.date),
        headers,
    })
}

/// An item's `Retry-After` may be a date, which is measured against the outer `Date`.
fn with_date(headers: &HeaderMap, outer: &Answer) -> HeaderMap {
    let mut headers = headers.clone();
    if let Some(date) = outer.headers.get(http::header::DATE) {
        headers.entry(http::header::DATE).or_insert_with(|| date.clone());
    }
    headers
}

fn item_headers(json: &Value) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in json.as_object().into_iter().flatten() {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(&text))
        {
            headers.insert(name, value);
        }
    }
    headers
}

/// A failure of the batch itself is each call's failure. But what it says about the batch's own
/// address or body says nothing about theirs: a 404 there does not mean that nothing is there.
pub(super) fn all_failed(failure: &Failure, calls: &[&Call]) -> Vec<Result<Answer, Failure>> {
    use FailureKind as Kind;
    let mut shared = failure.clone();
    shared.kind = match failure.kind {
        Kind::NotFound
        | Kind::AlreadyExists
        | Kind::UniqueNameTaken
        | Kind::CreationRace
        | Kind::Gone
        | Kind::PolicyRefused
        | Kind::Quota => Kind::Refused,
        kind => kind,
    };
    calls
        .iter()
        .map(|call| {
            let mut own = shared.clone();
            own.what = call.what.as_str().into();
            Err(own)
        })
        .collect()
}
