//! Graph's words for an application: bodies of requests, and the tags that mark it as ours.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::catalog::PermissionKey;
use crate::context::ConnectorContext;
use crate::name::SetName;
use crate::observed::Application;
use crate::step::FieldChange;

/// On an application that must not be deleted.
pub const PREVENT_DESTROY_TAG: &str = "zrec:prevent-destroy";

/// On every application of the set.
pub(super) fn own_tags(set: &SetName) -> BTreeSet<String> {
    BTreeSet::from(["zrec".to_owned(), format!("zrec:set={set}")])
}

/// All tags that the connector's application is to carry.
fn wanted_tags(context: &ConnectorContext<'_>) -> BTreeSet<String> {
    let mut tags = own_tags(context.set);
    tags.insert(format!("zrec:app={}", context.want.app));
    if context.want.prevent_destroy {
        tags.insert(PREVENT_DESTROY_TAG.to_owned());
    }
    tags
}

/// The wanted tags, with those that others put there.
pub(super) fn tags(context: &ConnectorContext<'_>, application: &Application) -> BTreeSet<String> {
    let foreign = application.tags.iter().filter(|tag| *tag != "zrec" && !tag.starts_with("zrec:"));
    wanted_tags(context).into_iter().chain(foreign.cloned()).collect()
}

/// `requiredResourceAccess`, sorted, so that equal sets give equal bytes.
pub(super) fn declaration(keys: &BTreeSet<PermissionKey>) -> Value {
    let mut by_api: BTreeMap<_, Vec<Value>> = BTreeMap::new();
    for key in keys {
        by_api
            .entry(key.resource_app_id)
            .or_default()
            .push(json!({ "id": key.id, "type": key.kind }));
    }
    by_api
        .into_iter()
        .map(|(app_id, access)| json!({ "resourceAppId": app_id, "resourceAccess": access }))
        .collect()
}

/// The body of the upsert that creates the application.
pub(super) fn create_body(context: &ConnectorContext<'_>) -> Value {
    let want = context.want;
    let keys = want.permissions.keys().copied().collect();
    let mut body = json!({
        "displayName": want.display_name,
        "signInAudience": want.sign_in_audience.as_str(),
        "web": { "redirectUris": [want.redirect_uri] },
        "requiredResourceAccess": declaration(&keys),
        "tags": wanted_tags(context),
    });
    if let Some(reference) = &want.service_management_reference {
        body["serviceManagementReference"] = json!(reference);
    }
    body
}

/// The body of a PATCH: changed fields only, nested where Graph nests them.
pub(super) fn patch(changes: &[FieldChange]) -> Value {
    let mut body = Map::new();
    for change in changes {
        match change.field.split_once('.') {
            Some((outer, inner)) => {
                body.insert(outer.to_owned(), json!({ inner: change.after }));
            }
            None => {
                body.insert(change.field.to_owned(), change.after.clone());
            }
        }
    }
    Value::Object(body)
}
