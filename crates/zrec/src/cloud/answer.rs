//! Answer: what came back for one call that was done.

use http::HeaderMap;
use serde_json::Value;
use time::OffsetDateTime;

/// A success: status 2xx. Its `Debug` leaves the body out, which may hold a secret.
#[derive(Clone)]
pub struct Answer {
    /// The HTTP status. 201 and 204 tell a create from an update in an upsert.
    pub status: u16,
    /// The body; `Value::Null` where there was none. Pages are merged: `value` holds all of them.
    pub body: Value,
    /// The headers of the answer, or of the item where the call went in a batch.
    pub headers: HeaderMap,
    /// Microsoft's id of the request.
    pub request_id: Option<String>,
    /// The server's clock, where it said.
    pub date: Option<OffsetDateTime>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer")
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

impl Answer {
    /// The elements of a list answer; empty for anything else.
    pub fn items(&self) -> &[Value] {
        self.body.get("value").and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}

/// Reads an HTTP date.
pub(super) fn server_date(headers: &HeaderMap) -> Option<OffsetDateTime> {
    let text = headers.get(http::header::DATE)?.to_str().ok()?;
    Some(httpdate::parse_http_date(text).ok()?.into())
}

/// Reads a header as text.
pub(super) fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}
