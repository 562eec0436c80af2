//! From a request of graph-rs-sdk to a [`Call`]: its typed methods build, its client never sends.
//!
//! The SDK's own client takes no certificate authority, repeats POSTs and follows any next link
//! with the token attached; its host list is closed and it panics on others. So the request is
//! taken out of it: the dummy token is dropped, the host left behind, the query encoded anew.

use std::sync::LazyLock;

use futures::FutureExt;
use graph_http::api_impl::RequestHandler as Handler;
use graph_rs_sdk::GraphClient;
use graph_rs_sdk::http::{BodyRead, Method as SdkMethod};
use http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use super::{About, Call};
use crate::cloud::pace::Repeat;

/// One for the process: it is stateless for our use, and costs milliseconds to make.
static CLIENT: LazyLock<GraphClient> = LazyLock::new(|| GraphClient::new("never-sent"));

/// The SDK's entry point.
pub(super) fn sdk() -> &'static GraphClient {
    &CLIENT
}

/// A request for which the SDK has no typed method: segments are percent-encoded, but quotes,
/// parentheses and `$` stay.
pub(super) fn custom(method: SdkMethod, segments: &[&str], body: Option<&Value>) -> Handler {
    sdk().custom(method, body.map(|body| BodyRead::new(body.to_string()))).extend_path(segments)
}

/// An alternate key, `name(key='value')`. Quotes are doubled, as OData asks.
pub(super) fn keyed(collection: &str, key: &str, value: &str) -> String {
    format!("{collection}({key}='{}')", value.replace('\'', "''"))
}

/// A string inside a filter.
pub(super) fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// Takes the request out of the SDK.
pub(super) fn call(handler: Handler, repeat: Repeat, what: impl Into<String>) -> Call {
    let what = what.into();
    take(handler, repeat, &what).unwrap_or_else(|why| Call {
        method: Method::GET,
        path_and_query: String::new(),
        headers: Vec::new(),
        body: None,
        repeat,
        what,
        about: About::default(),
        unbuilt: Some(why),
    })
}

fn take(handler: Handler, repeat: Repeat, what: &str) -> Result<Call, String> {
    // Building awaits nothing but the dummy token, which is there already.
    let request = handler
        .build()
        .now_or_never()
        .ok_or("the request was not built at once")?
        .map_err(|error| error.to_string())?
        .build()
        .map_err(|error| error.to_string())?;
    let method = Method::from_bytes(request.method().as_str().as_bytes())
        .map_err(|error| error.to_string())?;
    let body = match request.body().map(|body| body.as_bytes()) {
        None => None,
        Some(None) => return Err("the body is a stream".to_owned()),
        Some(Some(bytes)) => Some(serde_json::from_slice(bytes).map_err(|e| e.to_string())?),
    };
    Ok(Call {
        method,
        path_and_query: path_and_query(request.url())?,
        headers: Vec::new(),
        body,
        repeat,
        what: what.to_owned(),
        about: About::default(),
        unbuilt: None,
    })
}

/// Unreserved characters, and those that OData writes plainly in a query.
const QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'$')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b',')
    .remove(b':')
    .remove(b'/');

/// The SDK writes `%24filter=` and `+`; Graph's documents write `$filter=` and `%20`.
fn path_and_query(url: &url::Url) -> Result<String, String> {
    let mut text = url
        .path()
        .strip_prefix("/v1.0")
        .filter(|rest| rest.starts_with('/'))
        .ok_or("the request is not for version 1.0")?
        .to_owned();
    for (position, (name, value)) in url.query_pairs().enumerate() {
        text.push(if position == 0 { '?' } else { '&' });
        text.extend(utf8_percent_encode(&name, QUERY));
        text.push('=');
        text.extend(utf8_percent_encode(&value, QUERY));
    }
    Ok(text)
}
