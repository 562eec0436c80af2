//! Packs calls into the body of one `$batch`.

use serde_json::{Map, Value, json};

use crate::cloud::graph::Call;

/// The outer call. Items are named by their position.
pub(super) fn batch(
    calls: &[&Call],
    own_headers: impl Fn(&Call) -> Vec<(&'static str, String)>,
) -> Call {
    let requests: Vec<Value> = calls
        .iter()
        .enumerate()
        .map(|(position, call)| {
            let mut request = Map::new();
            request.insert("id".to_owned(), position.to_string().into());
            request.insert("method".to_owned(), call.method.as_str().into());
            request.insert("url".to_owned(), call.path_and_query.as_str().into());
            let headers: Map<String, Value> = own_headers(call)
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into()))
                .collect();
            if !headers.is_empty() {
                request.insert("headers".to_owned(), headers.into());
            }
            if let Some(body) = &call.body {
                request.insert("body".to_owned(), body.clone());
            }
            request.into()
        })
        .collect();
    let mut outer =
        crate::cloud::graph::write::batch(&json!({ "requests": requests }), calls.len());
    outer.deadline = calls.iter().filter_map(|call| call.deadline).min();
    outer
}
