//! Entra's refusals: OAuth errors with AADSTS numbers. Texts are those seen in public clients' issues where known;
//! the numbers are Microsoft's (learn.microsoft.com "Microsoft Entra authentication and authorization error codes").

use serde_json::json;
use time::OffsetDateTime;

use crate::wire::{Answer, Incoming};

/// A refused sign-in.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: u16,
    error: &'static str,
    number: u32,
    pub(crate) text: String,
    /// Whether the request itself was malformed, rather than merely wrong.
    pub(crate) violation: bool,
}

impl Refusal {
    /// A refusal with its number.
    pub(crate) fn new(
        status: u16,
        error: &'static str,
        number: u32,
        text: impl Into<String>,
    ) -> Self {
        Self { status, error, number, text: text.into(), violation: false }
    }

    /// Marks it as a broken contract.
    pub(crate) fn violating(mut self) -> Self {
        self.violation = true;
        self
    }

    /// A request that no right client sends.
    pub(crate) fn malformed(number: u32, text: impl Into<String>) -> Self {
        Self { violation: true, ..Self::new(400, "invalid_request", number, text) }
    }

    /// The JSON that Entra answers with.
    pub(crate) fn answer(&self, incoming: &Incoming, now: OffsetDateTime) -> Answer {
        let trace = &incoming.request_id;
        let correlation = incoming.header("client-request-id").unwrap_or(trace);
        let format =
            time::macros::format_description!("[year]-[month]-[day] [hour]:[minute]:[second]Z");
        let at = now.to_offset(time::UtcOffset::UTC).format(&format).unwrap_or_default();
        let description = format!(
            "AADSTS{}: {} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {at}",
            self.number, self.text
        );
        Answer::json(
            self.status,
            json!({
                "error": self.error,
                "error_description": description,
                "error_codes": [self.number],
                "timestamp": at,
                "trace_id": trace,
                "correlation_id": correlation,
                "error_uri": format!("{}/error?code={}", incoming.base, self.number),
            }),
        )
    }
}
