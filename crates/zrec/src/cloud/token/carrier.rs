//! Carries the token requests of `azure_identity` over our transport, at our pace.

use std::fmt;

use azure_core::error::ErrorKind;
use azure_core::http::headers::Headers;
use azure_core::http::{AsyncRawResponse, Body, HttpClient, Request, StatusCode};
use bytes::Bytes;
use serde_json::Value;
use tokio::time::sleep_until;
use zrec_plan::guid::Guid;

use crate::cloud::answer::server_date;
use crate::cloud::failure::{Failure, FailureKind, Raw, classify};
use crate::cloud::graph::session::USER_AGENT;
use crate::cloud::origin::Origin;
use crate::cloud::pace::{Pace, Repeat, Tries, retry_after};
use crate::cloud::stats::Stats;
use crate::cloud::transport::Transport;

pub(super) struct Carrier {
    transport: Transport,
    login: Origin,
    tenant: Guid,
    pace: Pace,
    stats: Stats,
}

impl fmt::Debug for Carrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carrier").field("login", &self.login).finish_non_exhaustive()
    }
}

impl Carrier {
    pub(super) const fn new(
        transport: Transport,
        login: Origin,
        tenant: Guid,
        pace: Pace,
        stats: Stats,
    ) -> Self {
        Self { transport, login, tenant, pace, stats }
    }

    fn what(&self) -> String {
        format!("sign in to tenant {}", self.tenant)
    }

    fn unsendable(&self, why: impl Into<Box<str>>) -> Failure {
        Failure::of(FailureKind::SignIn, self.what()).because(why)
    }

    /// Only the sign-in host may see what signs in.
    fn translate(&self, request: &Request) -> Result<http::Request<Bytes>, Failure> {
        let origin = Origin::of(request.url().as_str());
        if origin.as_ref() != Ok(&self.login) {
            return Err(self.unsendable("the request is not for the sign-in host"));
        }
        let Body::Bytes(body) = request.body() else {
            return Err(self.unsendable("the request is a stream"));
        };
        let mut builder =
            http::Request::builder().method(request.method().as_str()).uri(request.url().as_str());
        for (name, value) in request.headers().iter() {
            if name.as_str() != "user-agent" {
                builder = builder.header(name.as_str(), value.as_str());
            }
        }
        builder
            .header("user-agent", USER_AGENT)
            .header("client-request-id", self.pace.request_id().to_string())
            .body(body.clone())
            .map_err(|error| self.unsendable(error.to_string()))
    }

    async fn once(&self, request: http::Request<Bytes>) -> Result<Bytes, Failure> {
        let what = self.what();
        let answer = {
            let _slot = self.pace.slot(&what).await?;
            self.stats.token();
            self.stats.sent(request.body().len());
            self.transport.send(request).await
        };
        let answer = answer.map_err(|broken| Failure::from((broken, what.as_str())))?;
        self.stats.received(answer.body().len());
        if answer.status().is_success() && answer.body().starts_with(b"{") {
            return Ok(answer.into_body());
        }
        Err(judge(&answer, &what))
    }
}

#[async_trait::async_trait]
impl HttpClient for Carrier {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let mut tries = Tries::none();
        loop {
            tries.count();
            let sent = match self.translate(request) {
                Ok(translated) => self.once(translated).await,
                Err(failure) => Err(failure),
            };
            match sent {
                Ok(body) => {
                    return Ok(AsyncRawResponse::from_bytes(StatusCode::Ok, Headers::new(), body));
                }
                Err(failure) => {
                    match self.pace.again(Repeat::Safe, &failure, &tries, &self.pace.moment()) {
                        Some(instant) => {
                            self.stats.retry();
                            sleep_until(instant).await;
                        }
                        None => return Err(azure_core::Error::new(ErrorKind::Credential, failure)),
                    }
                }
            }
        }
    }
}

/// `{"error", "error_description", "error_codes", "trace_id", "correlation_id"}`: not Graph's shape.
fn judge(answer: &http::Response<Bytes>, what: &str) -> Failure {
    let status = answer.status().as_u16();
    let json: Option<Value> = serde_json::from_slice(answer.body()).ok();
    let Some(json) = json.filter(|json| json.get("error").is_some_and(Value::is_string)) else {
        let body = crate::cloud::failure::Body::Bytes(answer.body());
        let mut failure = classify(Raw { status, headers: answer.headers(), body }, what);
        if answer.status().is_success() {
            failure.kind = FailureKind::NotJson;
        }
        return failure;
    };
    let text = |key: &str| json.get(key).and_then(Value::as_str).map(Into::into);
    let number = json.pointer("/error_codes/0").and_then(Value::as_u64);
    let kind = match status {
        429 => FailureKind::Throttled,
        500.. => FailureKind::Server,
        _ => FailureKind::SignIn,
    };
    let mut failure = Failure::of(kind, what);
    failure.status = Some(status);
    failure.code = number.map(|number| format!("AADSTS{number}").into()).or_else(|| text("error"));
    failure.message = text("error_description");
    failure.request_id = text("trace_id");
    failure.client_request_id = text("correlation_id");
    failure.retry_after =
        retry_after(answer.headers(), server_date(answer.headers())).map(Box::new);
    failure.hint = number.and_then(hint).map(Into::into);
    failure
}

fn hint(code: u64) -> Option<&'static str> {
    Some(match code {
        7_000_215 => {
            "AZURE_CLIENT_SECRET is not a secret of this application; give its value, not its id"
        }
        7_000_222 => "the client secret has ended; make a new one",
        700_016 => {
            "the application is not in this tenant; look at AZURE_CLIENT_ID and at `tenantId`"
        }
        700_027 => "the certificate is not one of this application's, or the clock is wrong",
        90_002 | 900_023 => "there is no such tenant in this cloud; look at `tenantId` and `cloud`",
        7_000_112 | 700_005 => "the application is disabled in this tenant",
        53_003 => "a conditional access policy of the tenant refuses this sign-in",
        _ => return None,
    })
}
