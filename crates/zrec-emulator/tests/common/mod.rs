//! What the tests share: an emulator at a fixed time, a signed-in caller, and requests in few words.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each test file uses its part")]

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use http::{Request, Response};
use serde_json::{Value, json};
use time::OffsetDateTime;
use zrec_emulator::{CloudFile, DEFAULT_CALLER, Emulator, Lost};

pub const TENANT: &str = "3f0a9c52-6f0e-4c0b-9a55-2f1d8f0e7b11";
pub const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
pub const SITES_READ: &str = "332a536c-c7ef-4017-ab91-336970924f0d";
pub const START: i64 = 1_795_000_000;

/// An emulator, a token, and a clock that moves by hand.
pub struct Cloud {
    pub emulator: Emulator,
    pub token: String,
    pub clock: Arc<AtomicI64>,
}

/// An answer taken apart.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub headers: http::HeaderMap,
    pub body: Value,
}

impl Got {
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }

    pub fn message(&self) -> &str {
        self.body["error"]["message"].as_str().unwrap_or_default()
    }

    pub fn id(&self) -> &str {
        self.body["id"].as_str().unwrap_or_default()
    }
}

impl Cloud {
    pub async fn new() -> Self {
        Self::of("").await
    }

    /// A cloud of a file, with the built-in caller signed in.
    pub async fn of(yaml: &str) -> Self {
        let mut cloud = Self::silent(yaml);
        cloud.token = cloud.sign_in(DEFAULT_CALLER.app_id, DEFAULT_CALLER.secret).await;
        cloud.emulator.clear_requests();
        cloud
    }

    /// A cloud of a file, with nobody signed in.
    pub fn silent(yaml: &str) -> Self {
        let clock = Arc::new(AtomicI64::new(START));
        let reads = clock.clone();
        let file = CloudFile::parse(yaml).expect("the cloud file of the test");
        let emulator = Emulator::new(file).with_clock(Arc::new(move || {
            OffsetDateTime::from_unix_timestamp(reads.load(Ordering::Relaxed))
                .expect("a time in range")
        }));
        Self { emulator, token: String::new(), clock }
    }

    pub async fn sign_in(&self, id: &str, secret: &str) -> String {
        let got = self
            .token_request(&[
                ("grant_type", "client_credentials"),
                ("client_id", id),
                ("client_secret", secret),
                ("scope", "https://graph.microsoft.com/.default"),
            ])
            .await;
        got.body["access_token"].as_str().unwrap_or_else(|| panic!("no token: {got:?}")).to_owned()
    }

    pub async fn token_request(&self, form: &[(&str, &str)]) -> Got {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        let body: Vec<String> = form.iter().map(|(k, v)| format!("{k}={}", encode(v))).collect();
        let request =
            Request::post(format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"))
                .header("content-type", "application/x-www-form-urlencoded")
                .body(Bytes::from(body.join("&")))
                .expect("a request");
        take(self.emulator.call(request).await.expect("an answer"))
    }

    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Result<Got, Lost> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("https://graph.microsoft.com/v1.0{path}"));
        request = request.header("authorization", format!("Bearer {}", self.token));
        if body.is_some() && !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let answer =
            self.emulator.call(request.body(Bytes::from(body)).expect("a request")).await?;
        Ok(take(answer))
    }

    pub async fn get(&self, path: &str) -> Got {
        self.send("GET", path, &[], None).await.expect("an answer")
    }

    pub async fn post(&self, path: &str, body: Value) -> Got {
        self.send("POST", path, &[], Some(body)).await.expect("an answer")
    }

    pub async fn patch(&self, path: &str, body: Value) -> Got {
        self.send("PATCH", path, &[], Some(body)).await.expect("an answer")
    }

    pub async fn delete(&self, path: &str) -> Got {
        self.send("DELETE", path, &[], None).await.expect("an answer")
    }

    pub async fn upsert(&self, name: &str, body: Value) -> Got {
        let path = format!("/applications(uniqueName='{name}')");
        self.send("PATCH", &path, &[("prefer", "create-if-missing")], Some(body))
            .await
            .expect("an answer")
    }

    /// A new application: its object id and appId.
    pub async fn app(&self, name: &str) -> (String, String) {
        let got = self.post("/applications", json!({ "displayName": name })).await;
        assert_eq!(got.status, 201, "{got:?}");
        (got.id().to_owned(), got.body["appId"].as_str().unwrap_or_default().to_owned())
    }

    /// A new application with its principal: object id, appId, principal's id.
    pub async fn connector(&self, name: &str) -> (String, String, String) {
        let (id, app_id) = self.app(name).await;
        let got = self.post("/servicePrincipals", json!({ "appId": app_id })).await;
        assert_eq!(got.status, 201, "{got:?}");
        (id, app_id, got.id().to_owned())
    }

    /// The object id of an API's principal.
    pub async fn api(&self, app_id: &str) -> String {
        self.get(&format!("/servicePrincipals(appId='{app_id}')?$select=id")).await.id().to_owned()
    }

    pub fn violations(&self) -> Vec<String> {
        self.emulator.requests().into_iter().flat_map(|r| r.violations).collect()
    }
}

fn take(response: Response<Bytes>) -> Got {
    let (parts, body) = response.into_parts();
    let body = serde_json::from_slice(&body)
        .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&body).into_owned()));
    Got { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// A refusal with its code and a part of its text.
pub fn check(got: &Got, status: u16, code: &str, text: &str) {
    assert_eq!((got.status, got.code()), (status, code), "{got:?}");
    assert!(got.message().contains(text), "{got:?}");
}
