//! Requests and answers between the wire and the rooms that make them.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use serde_json::Value;

/// A request taken apart.
#[derive(Clone, Debug)]
pub(crate) struct Incoming {
    pub(crate) method: String,
    /// The path as sent, percent-encoded.
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// `https://host:port`, as the caller reached us.
    pub(crate) base: String,
    /// The id of this request.
    pub(crate) request_id: String,
}

impl Incoming {
    /// Takes an HTTP request apart.
    pub(crate) fn new(request: http::Request<Bytes>, request_id: String) -> Self {
        let (parts, body) = request.into_parts();
        let host = parts.headers.get(http::header::HOST).and_then(|v| v.to_str().ok());
        let authority =
            parts.uri.authority().map(http::uri::Authority::as_str).or(host).unwrap_or("localhost");
        let scheme = parts.uri.scheme_str().unwrap_or("https");
        Self {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            base: format!("{scheme}://{authority}"),
            headers: parts.headers,
            body,
            request_id,
        }
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The host without its port.
    pub(crate) fn host(&self) -> &str {
        self.base.split_once("://").map_or(self.base.as_str(), |(_, host)| host)
    }
}

/// What an answer carries.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Nothing,
    Json(Value),
    Text(String),
    Html(String),
}

/// An answer before it is bytes.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Body,
    pub(crate) headers: Vec<(String, String)>,
}

impl Answer {
    /// A JSON body.
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self { status, body: Body::Json(body), headers: Vec::new() }
    }

    /// 204.
    pub(crate) fn nothing() -> Self {
        Self { status: 204, body: Body::Nothing, headers: Vec::new() }
    }

    /// Adds a header.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The bytes of the body.
    pub(crate) fn bytes(&self) -> Bytes {
        match &self.body {
            Body::Nothing => Bytes::new(),
            Body::Json(value) => Bytes::from(value.to_string()),
            Body::Text(text) | Body::Html(text) => Bytes::from(text.clone()),
        }
    }

    /// The HTTP response; `json` is the content type of JSON here.
    pub(crate) fn response(&self, json: &str, cut: Option<usize>) -> Response<Bytes> {
        let mut bytes = self.bytes();
        let length = bytes.len();
        if let Some(cut) = cut {
            bytes.truncate(cut.min(length));
        }
        let mut response = Response::new(bytes);
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let kind = match self.body {
            Body::Nothing => None,
            Body::Json(_) => Some(json),
            Body::Text(_) => Some("text/plain"),
            Body::Html(_) => Some("text/html; charset=utf-8"),
        };
        let typed = kind.map(|kind| ("content-type".to_owned(), kind.to_owned()));
        for (name, value) in typed.iter().chain(&self.headers) {
            let pair = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str()));
            if let (Ok(name), Ok(value)) = pair {
                response.headers_mut().insert(name, value);
            }
        }
        response
    }
}

/// Percent-decoding of one part of a path or query.
pub(crate) fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// `application/x-www-form-urlencoded` pairs: `+` is a space.
pub(crate) fn form(text: &str) -> Vec<(String, String)> {
    let part = |text: &str| decoded(&text.replace('+', " "));
    text.split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            pair.split_once('=').map_or((part(pair), String::new()), |(k, v)| (part(k), part(v)))
        })
        .collect()
}
