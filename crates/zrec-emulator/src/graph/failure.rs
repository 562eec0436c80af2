//! Graph's refusals, in its own codes and texts. Where a text is not sourced, the comment says "unverified".

use serde_json::{Value, json};

/// A refused request.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    code: String,
    message: String,
    details: Vec<Value>,
    pub(crate) headers: Vec<(String, String)>,
    /// Whether the request broke the contract: no right client sends it.
    pub(crate) violation: bool,
}

impl Failure {
    /// A refusal.
    pub(crate) fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            status,
            code: code.into(),
            message: message.into(),
            details: Vec::new(),
            headers: Vec::new(),
            violation: false,
        }
    }

    /// 400 `Request_BadRequest`.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Self::new(400, "Request_BadRequest", message)
    }

    /// 400 `BadRequest`, of the gateway: a request that no right client sends.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self { violation: true, ..Self::new(400, "BadRequest", message) }
    }

    /// 400 `Request_BadRequest` for a body that does not fit the contract.
    pub(crate) fn contract(message: impl Into<String>) -> Self {
        Self { violation: true, ..Self::bad(message) }
    }

    /// 400 `Request_UnsupportedQuery`.
    pub(crate) fn query(message: impl Into<String>) -> Self {
        Self { violation: true, ..Self::new(400, "Request_UnsupportedQuery", message) }
    }

    /// 404.
    pub(crate) fn not_found(id: &str) -> Self {
        Self::new(
            404,
            "Request_ResourceNotFound",
            format!(
                "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
            ),
        )
    }

    /// 403.
    pub(crate) fn denied() -> Self {
        Self::new(
            403,
            "Authorization_RequestDenied",
            "Insufficient privileges to complete the operation.",
        )
    }

    /// 401.
    pub(crate) fn token(message: &str) -> Self {
        Self::new(401, "InvalidAuthenticationToken", message).header("www-authenticate", "Bearer realm=\"\", \
            authorization_uri=\"https://login.microsoftonline.com/common/oauth2/authorize\", client_id=\"00000003-0000-0000-c000-000000000000\"")
    }

    /// 400, a property with a value that is not allowed.
    pub(crate) fn value(target: &str, code: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::bad(message.clone()).detail(code, target, &message)
    }

    /// 400, no application behind a service principal.
    pub(crate) fn no_backing_application(app_id: &str) -> Self {
        let message = format!(
            "The appId '{app_id}' of the service principal does not reference a valid application object."
        );
        Self::bad(message.clone()).detail("NoBackingApplicationObject", "appId", &message)
    }

    /// Marks it as a broken contract.
    pub(crate) fn violating(self) -> Self {
        self.violating_if(true)
    }

    /// Marks it as a broken contract in a case.
    pub(crate) fn violating_if(mut self, violation: bool) -> Self {
        self.violation = violation;
        self
    }

    /// Adds a detail.
    pub(crate) fn detail(mut self, code: &str, target: &str, message: &str) -> Self {
        self.details.push(json!({ "code": code, "target": target, "message": message }));
        self
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The `error` object without its `innerError`.
    pub(crate) fn error(&self) -> Value {
        let mut error = json!({ "code": self.code, "message": self.message });
        if !self.details.is_empty() {
            error["details"] = Value::Array(self.details.clone());
        }
        error
    }

    /// Code and text on one line.
    pub(crate) fn line(&self) -> String {
        format!("{} {}: {}", self.status, self.code, self.message)
    }
}
