//! A cloud of a few lines: it signs in, unpacks batches, and lets a test answer each call.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use futures::FutureExt;
use http::{Request, Response};
use serde_json::{Value, json};
use zrec::cloud::graph::{Graph, Settings};
use zrec::cloud::origin::{Endpoints, Trust};
use zrec::cloud::pace::PaceOptions;
use zrec::cloud::token::SignIn;
use zrec::cloud::transport::{Broken, InProcess, Transport};

pub(crate) const TENANT: &str = "3f0a9c52-6f0e-4c0b-9a55-2f1d8f0e7b11";
pub(crate) const CLIENT: &str = "c11e0000-0000-4000-8000-000000000001";
pub(crate) const SECRET: &str = "SECRET-MARKER";
pub(crate) const BASE: &str = "https://localhost";

/// One call as Graph sees it, out of a batch or by itself.
#[derive(Clone, Debug)]
pub(crate) struct Op {
    pub(crate) method: String,
    /// Relative to the version.
    pub(crate) url: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Value,
    /// How often this method and URL have been seen, from 1.
    pub(crate) nth: usize,
    /// How many calls the request carried.
    pub(crate) together: usize,
}

pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
}

pub(crate) enum Body {
    Json(Value),
    Text(&'static str),
}

impl Reply {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status, headers: Vec::new(), body: Body::Json(body) }
    }

    pub(crate) fn text(status: u16, body: &'static str) -> Self {
        Self { status, headers: Vec::new(), body: Body::Text(body) }
    }

    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::json(status, json!({ "error": { "code": code, "message": message } }))
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }
}

type Respond = dyn Fn(&Op) -> Result<Reply, Broken> + Send + Sync;
type RespondOuter = dyn Fn(usize) -> Option<Result<Reply, Broken>> + Send + Sync;

/// The fake, and what it saw.
#[derive(Clone)]
pub(crate) struct Fake {
    respond: Arc<Respond>,
    outer: Arc<RespondOuter>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) ops: Vec<Op>,
    pub(crate) tokens: usize,
    pub(crate) batches: usize,
    pub(crate) token_tenant: Option<String>,
    counts: BTreeMap<String, usize>,
}

impl Fake {
    pub(crate) fn new(
        respond: impl Fn(&Op) -> Result<Reply, Broken> + Send + Sync + 'static,
    ) -> Self {
        Self { respond: Arc::new(respond), outer: Arc::new(|_| None), seen: Arc::default() }
    }

    /// Answers whole batches instead of their items, by their number from 1.
    pub(crate) fn outer(
        mut self,
        outer: impl Fn(usize) -> Option<Result<Reply, Broken>> + Send + Sync + 'static,
    ) -> Self {
        self.outer = Arc::new(outer);
        self
    }

    pub(crate) fn with<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().unwrap())
    }

    pub(crate) fn times(&self, url: &str) -> usize {
        self.with(|seen| seen.ops.iter().filter(|op| op.url == url).count())
    }

    pub(crate) fn transport(&self) -> Transport {
        let fake = self.clone();
        Transport::InProcess(InProcess::new(move |request| {
            let answer = fake.answer(&request);
            async move { answer }.boxed()
        }))
    }

    fn answer(&self, request: &Request<Bytes>) -> Result<Response<Bytes>, Broken> {
        let path = request.uri().path_and_query().unwrap().to_string();
        if let Some(rest) = path.strip_suffix("/oauth2/v2.0/token") {
            return Ok(self.sign_in(request, rest.trim_start_matches('/')));
        }
        let bearer = request.headers()["authorization"].to_str().unwrap();
        assert!(bearer.starts_with("Bearer "), "a call without a token");
        let url = path.strip_prefix("/v1.0").unwrap().to_owned();
        let headers = request
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect();
        let body = serde_json::from_slice(request.body()).unwrap_or_default();
        if url == "/$batch" {
            return self.batch(&body);
        }
        let reply = self.one(request.method().as_str(), url, headers, body, 1)?;
        Ok(response(reply))
    }

    fn one(
        &self,
        method: &str,
        url: String,
        headers: BTreeMap<String, String>,
        body: Value,
        together: usize,
    ) -> Result<Reply, Broken> {
        let op = self.with(|seen| {
            let nth = seen.counts.entry(format!("{method} {url}")).or_default();
            *nth += 1;
            let op = Op { method: method.to_owned(), url, headers, body, nth: *nth, together };
            seen.ops.push(op.clone());
            op
        });
        (self.respond)(&op)
    }

    /// Items come back in reverse: Graph promises no order. A lost item is left out.
    fn batch(&self, body: &Value) -> Result<Response<Bytes>, Broken> {
        let number = self.with(|seen| {
            seen.batches += 1;
            seen.batches
        });
        if let Some(reply) = (self.outer)(number) {
            return reply.map(response);
        }
        let requests = body["requests"].as_array().unwrap();
        assert!((2..=20).contains(&requests.len()));
        let mut responses = Vec::new();
        for request in requests.iter().rev() {
            let headers = serde_json::from_value(request["headers"].clone()).unwrap_or_default();
            let url = request["url"].as_str().unwrap().to_owned();
            let method = request["method"].as_str().unwrap();
            let body = request["body"].clone();
            assert!(!request["body"].is_object() || request["headers"]["content-type"].is_string());
            let Ok(reply) = self.one(method, url, headers, body, requests.len()) else {
                continue;
            };
            let headers: BTreeMap<_, _> = reply.headers.into_iter().collect();
            let Body::Json(body) = reply.body else { panic!("items are JSON") };
            responses.push(json!({
                "id": request["id"], "status": reply.status, "headers": headers, "body": body,
            }));
        }
        let reply = Reply::json(200, json!({ "responses": responses }));
        Ok(response(reply.header("request-id", "outer-id")))
    }

    fn sign_in(&self, request: &Request<Bytes>, tenant: &str) -> Response<Bytes> {
        let form = String::from_utf8(request.body().to_vec()).unwrap();
        assert!(form.contains("scope=https%3A%2F%2Flocalhost%2F.default"), "{form}");
        let (number, tenant) = self.with(|seen| {
            seen.tokens += 1;
            (seen.tokens, seen.token_tenant.clone().unwrap_or_else(|| tenant.to_owned()))
        });
        if !form.contains(SECRET) && !form.contains("client_assertion=") {
            return response(Reply::json(
                401,
                json!({
                    "error": "invalid_client",
                    "error_description": "AADSTS7000215: Invalid client secret provided.",
                    "error_codes": [7000215], "trace_id": "trace",
                }),
            ));
        }
        let claims = json!({
            "tid": tenant, "oid": CLIENT, "appid": CLIENT, "roles": ["Application.Read.All"],
            "n": number,
        });
        let token = ["{}".to_owned(), claims.to_string()].map(|part| URL_SAFE_NO_PAD.encode(part));
        let token = format!("{}.TOKEN-MARKER", token.join("."));
        response(Reply::json(
            200,
            json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": token }),
        ))
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            transport: self.transport(),
            endpoints: Endpoints::emulator(BASE).unwrap(),
            trust: Trust::default(),
            tenant_name: "contoso".to_owned(),
            tenant_id: TENANT.parse().unwrap(),
            sign_in: SignIn::with_secret(CLIENT.parse().unwrap(), SECRET.to_owned().into()),
            pace: PaceOptions::seeded(7),
            clock: Arc::new(|| time::macros::datetime!(2026-11-23 14:00 UTC)),
            journal: None,
            yields: false,
        }
    }

    pub(crate) async fn graph(&self) -> Graph {
        Graph::sign_in(self.settings()).await.unwrap()
    }
}

fn response(reply: Reply) -> Response<Bytes> {
    let mut builder = Response::builder().status(reply.status);
    for (name, value) in reply.headers {
        builder = builder.header(name, value);
    }
    let body = match reply.body {
        Body::Json(Value::Null) => Bytes::new(),
        Body::Json(json) => json.to_string().into(),
        Body::Text(text) => text.into(),
    };
    builder.body(body).unwrap()
}
