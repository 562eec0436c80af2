//! What was asked of the emulator, for tests and reports. Holds no body, token or secret.

/// One HTTP request as the emulator saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedRequest {
    /// The HTTP method.
    pub method: String,
    /// Path and query as sent.
    pub path: String,
    /// The items of a `$batch`, in the order of the request; empty otherwise.
    pub items: Vec<RecordedItem>,
    /// The status answered; 0 where the connection was refused.
    pub status: u16,
    /// The caller's `client-request-id`.
    pub client_request_id: Option<String>,
    /// How the request broke the contract; empty for a well-formed one.
    pub violations: Vec<String>,
    /// Whether the answer was dropped on purpose.
    pub lost: bool,
}

/// One item of a `$batch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedItem {
    /// The HTTP method.
    pub method: String,
    /// The relative URL as sent.
    pub url: String,
    /// The item's own status.
    pub status: u16,
}
