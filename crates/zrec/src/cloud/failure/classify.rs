//! The one table of Microsoft's error codes and texts, from `contracts/operations.json`.
//!
//! Microsoft asks not to branch on texts; for duplicates and replication there is nothing else.
//! Texts are matched by substring, ignoring case.

use http::HeaderMap;
use serde_json::Value;

use super::{Failure, FailureKind};
use crate::cloud::answer::{header, server_date};
use crate::cloud::pace::retry_after;

use FailureKind as Kind;

/// An answer that is no success, before it is judged.
#[derive(Clone, Copy, Debug)]
pub struct Raw<'a> {
    /// The HTTP status.
    pub status: u16,
    /// The headers of the answer, or of the item of a batch.
    pub headers: &'a HeaderMap,
    /// The body.
    pub body: Body<'a>,
}

/// The body of an answer.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// As it came.
    Bytes(&'a [u8]),
    /// An item of a batch.
    Json(&'a Value),
}

struct Row {
    statuses: &'static [u16],
    /// Any of these; none listed means any code.
    codes: &'static [&'static str],
    /// Any of these, in lower case; none listed means any text.
    texts: &'static [&'static str],
    kind: Kind,
    hint: Option<&'static str>,
}

const fn row(
    statuses: &'static [u16],
    codes: &'static [&'static str],
    texts: &'static [&'static str],
    kind: Kind,
) -> Row {
    Row { statuses, codes, texts, kind, hint: None }
}

impl Row {
    const fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }
}

const DUPLICATE: &str = "Request_MultipleObjectsWithSameKeyValue";
const BAD_REQUEST: &str = "Request_BadRequest";

/// First match wins; what is more specific stands first.
const ROWS: &[Row] = &[
    row(&[429], &[], &[], Kind::Throttled),
    row(&[409, 503], &["Directory_ConcurrencyViolation"], &[], Kind::Concurrency),
    row(&[400], &[], &["same value for property uniquename already exists"], Kind::UniqueNameTaken)
        .hint("the name may be held by a deleted application for 30 days"),
    // Two texts and two codes are seen in the wild, with 400 and with 409.
    row(
        &[400, 409],
        &[BAD_REQUEST, DUPLICATE],
        &["permission being assigned already exists", "entitlementgrant entry already exists"],
        Kind::AlreadyExists,
    ),
    row(&[409, 400], &[DUPLICATE], &["permission entry already exists"], Kind::AlreadyExists),
    row(&[409, 400], &[DUPLICATE], &["service principal name"], Kind::AlreadyExists),
    row(&[400], &[], &["added object references already exist"], Kind::AlreadyExists),
    row(&[400], &[], &["does not reference a valid application object"], Kind::CreationRace),
    row(&[400], &["NoBackingApplicationObject"], &[], Kind::CreationRace),
    row(&[403], &[], &["the backing application of the service principal"], Kind::CreationRace)
        .hint(
            "for an application made a moment ago this passes; for another one the caller needs \
             Application.ReadWrite.All, or a person must do it",
        ),
    row(&[400], &[], &["not a valid reference update"], Kind::CreationRace),
    row(&[400], &[], &["queried reference-property objects are not present"], Kind::CreationRace),
    row(&[400], &[], &["entitlementgrant being updated or deleted is not found"], Kind::Gone),
    row(&[400], &[], &["no password credential found"], Kind::Gone),
    row(&[400], &["KeyCredentialsInvalidEndDate"], &[], Kind::Refused)
        .hint("the end of the key must not be after the certificate's own end"),
    row(
        &[400, 403],
        &[
            "CredentialTypeNotAllowedAsPerAppPolicy",
            "CredentialInvalidLifetimeAsPerAppPolicy",
            "SignInAudienceNotAllowedAsPerAppPolicy",
            "HostNameNotOnVerifiedDomain",
        ],
        &[],
        Kind::PolicyRefused,
    )
    .hint("the tenant's app management policy forbids it; ask its administrator for an exemption"),
    row(&[400], &["CannotUpdateLockedServicePrincipalProperty"], &[], Kind::Refused)
        .hint("the application locks its principal's properties; write to the application"),
    row(&[400, 403], &["Directory_QuotaExceeded"], &[], Kind::Quota)
        .hint("deleted objects count for 30 days; purge some, or ask for a higher quota"),
    row(&[400], &["Request_UnsupportedQuery"], &[], Kind::Refused),
    row(&[401], &[], &[], Kind::Unauthorized)
        .hint("the token was not accepted; look at the sign-in, and at the clock"),
    row(&[403], &[], &[], Kind::Forbidden).hint("the caller lacks a permission for this"),
    // A bare 404 says that the address is wrong, not that the object is gone.
    row(
        &[404],
        &["Request_ResourceNotFound", "ResourceNotFound", "NotFound", "itemNotFound"],
        &[],
        Kind::NotFound,
    ),
    // Nothing says whether a request that timed out there was done.
    row(&[408], &[], &[], Kind::OutcomeUnknown),
];

/// Judges an answer whose status is not 2xx.
pub fn classify(raw: Raw<'_>, what: &str) -> Failure {
    let mut failure = Failure::of(Kind::Refused, what);
    failure.status = Some(raw.status);
    failure.request_id = header(raw.headers, "request-id").map(Into::into);
    failure.client_request_id = header(raw.headers, "client-request-id").map(Into::into);
    failure.retry_after = retry_after(raw.headers, server_date(raw.headers)).map(Box::new);

    let parsed;
    let json = match raw.body {
        Body::Json(json) => Some(json),
        Body::Bytes(bytes) => {
            parsed = serde_json::from_slice::<Value>(bytes).ok();
            parsed.as_ref()
        }
    };
    let mut codes = Vec::new();
    match (json, raw.body) {
        (Some(json), _) => read_envelope(json, &mut failure, &mut codes),
        (None, Body::Bytes(bytes)) if !bytes.is_empty() => {
            return no_json(bytes, raw, failure);
        }
        _ => {}
    }
    judge(raw.status, &codes, &mut failure);
    failure
}

/// `{"error": {code, message, details[].code, innerError}}`; the key of the last has two spellings.
fn read_envelope(json: &Value, failure: &mut Failure, codes: &mut Vec<String>) {
    let error = json.get("error").unwrap_or(&Value::Null);
    let text = |value: &Value, key: &str| value.get(key).and_then(Value::as_str).map(str::to_owned);
    codes.extend(text(error, "code"));
    if let Some(details) = error.get("details").and_then(Value::as_array) {
        codes.extend(details.iter().filter_map(|detail| text(detail, "code")));
    }
    failure.code = codes.first().map(|code| code.as_str().into());
    failure.message = text(error, "message").filter(|text| !text.is_empty()).map(Into::into);
    if let Some(inner) = error.get("innerError").or_else(|| error.get("innererror")) {
        let own = text(inner, "request-id").map(Into::into);
        failure.request_id = own.or(failure.request_id.take());
        let ours = text(inner, "client-request-id").map(Into::into);
        failure.client_request_id = ours.or(failure.client_request_id.take());
    }
}

fn judge(status: u16, codes: &[String], failure: &mut Failure) {
    let message = failure.message.as_deref().unwrap_or_default().to_lowercase();
    let matching = ROWS.iter().find(|row| {
        row.statuses.contains(&status)
            && (row.codes.is_empty()
                || codes.iter().any(|code| row.codes.iter().any(|c| c.eq_ignore_ascii_case(code))))
            && (row.texts.is_empty() || row.texts.iter().any(|text| message.contains(text)))
    });
    (failure.kind, failure.hint) = match matching {
        Some(row) => (row.kind, row.hint.map(Into::into)),
        None if status >= 500 => (Kind::Server, None),
        None if (300..400).contains(&status) => (
            Kind::Refused,
            Some("the address answers with a redirect, which is never followed".into()),
        ),
        None => (Kind::Refused, None),
    };
}

/// A page of a proxy or a portal. A refusal by status stays what it is.
fn no_json(bytes: &[u8], raw: Raw<'_>, mut failure: Failure) -> Failure {
    judge(raw.status, &[], &mut failure);
    if !matches!(failure.kind, Kind::Throttled) {
        failure.kind = if is_html(bytes, raw.headers) { Kind::Html } else { Kind::NotJson };
        failure.hint = Some(
            "the answer is not from the API; look at HTTPS_PROXY and at the cloud's address".into(),
        );
    }
    failure
}

/// Whether an answer is a web page.
pub(in crate::cloud) fn is_html(bytes: &[u8], headers: &HeaderMap) -> bool {
    let named = header(headers, "content-type")
        .is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/html"));
    let start = bytes.iter().position(|byte| !byte.is_ascii_whitespace()).unwrap_or(0);
    named || bytes[start..].starts_with(b"<")
}
