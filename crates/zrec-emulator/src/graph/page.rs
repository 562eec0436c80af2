//! Collections: filtered, ordered, counted, paged, shaped.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};

use super::desk::{Ask, Desk};
use super::failure::Failure;
use super::query::Query;
use super::{filter, matching, schema};
use crate::cloud::tenant::{Object, text};
use crate::wire::{Answer, Body};

/// What stays unescaped in the query of a link.
const QUERY: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'&').add(b'+').add(b'%');

/// How Entra's own page tokens begin.
const TOKEN: &str = "RFNwdAIAAQ";

/// A page of a collection of a type, in the set that the context names.
pub(crate) fn answer(
    desk: &Desk<'_>,
    ask: &Ask,
    set: &str,
    kind: &str,
    mut items: Vec<Object>,
) -> Result<Answer, Failure> {
    let query = &ask.query;
    check(ask, kind)?;
    narrow(ask, kind, &mut items)?;
    order(ask, &mut items)?;
    if ask.template.ends_with("/$count") {
        let body = Body::Text(items.len().to_string());
        return Ok(Answer { status: 200, body, headers: Vec::new() });
    }
    let total = items.len();
    let start = query.skiptoken.as_deref().map_or(Ok(0), |token| after(token, &items))?;
    let size = query.top.unwrap_or(100);
    let page: Vec<Object> = items.iter().skip(start).take(size).cloned().collect();
    let mut body = Object::new();
    let fragment = if query.select.is_empty() {
        set.to_owned()
    } else {
        format!("{set}({})", query.select.join(","))
    };
    body.insert("@odata.context".into(), desk.context(&fragment));
    if query.count && ask.eventual {
        body.insert("@odata.count".into(), json!(total));
    }
    if start + page.len() < total
        && let Some(last) = page.last()
    {
        body.insert("@odata.nextLink".into(), json!(link(desk, ask, text(last, "id"))));
    }
    let value: Vec<Value> =
        page.into_iter().map(|item| Value::Object(shaped(query, kind, item, false))).collect();
    body.insert("value".into(), Value::Array(value));
    Ok(Answer::json(200, Value::Object(body)))
}

/// Keeps what `$filter` and `$search` ask for.
fn narrow(ask: &Ask, kind: &str, items: &mut Vec<Object>) -> Result<(), Failure> {
    let query = &ask.query;
    if let Some(text) = &query.filter {
        let filter = filter::parse(text)?;
        matching::allowed(&filter, kind, ask.eventual && query.count)?;
        items.retain(|item| matching::fits(&filter, item));
    }
    if let Some(search) = &query.search {
        let bare = search.trim_matches('"');
        let (property, wanted) = bare.split_once(':').unwrap_or(("displayName", bare));
        let wanted = wanted.to_lowercase();
        items.retain(|item| text(item, property).to_lowercase().contains(&wanted));
    }
    Ok(())
}

/// The place behind the object that a token names.
fn after(token: &str, items: &[Object]) -> Result<usize, Failure> {
    let bytes = URL_SAFE_NO_PAD.decode(token.trim_start_matches(TOKEN)).ok();
    let last = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let position = last.and_then(|last| items.iter().position(|item| text(item, "id") == last));
    // Unverified text.
    let invalid = || Failure::bad("The specified page token value is invalid or has expired.");
    position.map(|position| position + 1).ok_or_else(invalid)
}

/// Refuses selections of what the type does not have, and options that need advanced query capabilities.
pub(crate) fn check(ask: &Ask, kind: &str) -> Result<(), Failure> {
    let query = &ask.query;
    if let Some(unknown) =
        query.select.iter().find(|name| *name != "*" && !schema::has_property(kind, name))
    {
        return Err(Failure::malformed(format!(
            "Parsing OData Select and Expand failed: Could not find a property named '{unknown}' on type 'microsoft.graph.{kind}'."
        )));
    }
    if let Some(expand) = query
        .expand
        .iter()
        .find(|name| !matches!(kind, "application" | "servicePrincipal") || *name != "owners")
    {
        return Err(Failure::malformed(format!(
            "Parsing OData Select and Expand failed: '{expand}' cannot be expanded on type 'microsoft.graph.{kind}' (by this emulator)."
        )));
    }
    if query.search.is_some() && !ask.eventual {
        return Err(Failure::query(
            "Request with $search query parameter only works through MSGraph with a special request header: 'ConsistencyLevel: eventual'",
        ));
    }
    if ask.template.ends_with("/$count") && !ask.eventual {
        return Err(Failure::bad("$count is not currently supported.").violating());
    }
    Ok(())
}

fn order(ask: &Ask, items: &mut [Object]) -> Result<(), Failure> {
    let Some(order) = &ask.query.orderby else {
        return Ok(());
    };
    if ask.query.filter.is_some() && !(ask.eventual && ask.query.count) {
        return Err(Failure::query("Sorting not supported for current query."));
    }
    let (property, direction) = order.trim().split_once(' ').unwrap_or((order.trim(), "asc"));
    if property != "displayName" {
        return Err(Failure::query(format!("Sorting by '{property}' is not supported.")));
    }
    items.sort_by_key(|item| text(item, property).to_lowercase());
    if direction.trim() == "desc" {
        items.reverse();
    }
    Ok(())
}

fn link(desk: &Desk<'_>, ask: &Ask, last: &str) -> String {
    let mut link = format!("{}/{}/{}?", desk.base, desk.version, ask.path.trim_start_matches('/'));
    for (name, value) in &ask.query.rest {
        link.push_str(&format!("{name}={}&", utf8_percent_encode(value, QUERY)));
    }
    link.push_str(&format!("$skiptoken={TOKEN}{}", URL_SAFE_NO_PAD.encode(last)));
    link
}

/// An object with the selected properties. A key's bytes show only where `keyCredentials` is selected on one object.
pub(crate) fn shaped(query: &Query, kind: &str, mut object: Object, single: bool) -> Object {
    let keys = single && query.select.iter().any(|name| name == "keyCredentials");
    if matches!(kind, "application" | "servicePrincipal")
        && !keys
        && let Some(Value::Array(entries)) = object.get_mut("keyCredentials")
    {
        for entry in entries.iter_mut().filter_map(Value::as_object_mut) {
            entry.insert("key".into(), Value::Null);
        }
    }
    if !query.select.is_empty() && !query.select.iter().any(|name| name == "*") {
        object.retain(|name, _| {
            name.starts_with('@') || query.select.contains(name) || query.expand.contains(name)
        });
    }
    object
}
