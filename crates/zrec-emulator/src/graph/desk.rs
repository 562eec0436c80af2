//! The desk at which one Graph request is worked on: the caller, what is asked, and the tenant.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::failure::Failure;
use super::path::Key;
use super::query::Query;
use crate::cloud::tenant::{Object, Tenant};
use crate::cloud::world::World;
use crate::wire::Answer;

/// Who calls, by the token.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) object_id: String,
    pub(crate) app_id: String,
    pub(crate) tenant: String,
    pub(crate) roles: Vec<String>,
}

impl Caller {
    /// Whether the token carries a permission.
    pub(crate) fn has(&self, role: &str) -> bool {
        self.roles.iter().any(|held| held == role)
    }
}

/// What is asked.
#[derive(Debug)]
pub(crate) struct Ask {
    /// Path below `/v1.0`, as sent.
    pub(crate) path: String,
    pub(crate) template: String,
    pub(crate) keys: Vec<Key>,
    pub(crate) query: Query,
    /// The body, `null` where there is none.
    pub(crate) body: Value,
    /// `ConsistencyLevel: eventual`.
    pub(crate) eventual: bool,
    /// `Prefer`.
    pub(crate) prefer: String,
}

impl Ask {
    /// The body's object.
    pub(crate) fn object(&self) -> Object {
        self.body.as_object().cloned().unwrap_or_default()
    }

    /// A property of the body as text.
    pub(crate) fn text(&self, property: &str) -> &str {
        self.body[property].as_str().unwrap_or_default()
    }
}

/// Where it is worked on.
#[derive(Debug)]
pub(crate) struct Desk<'w> {
    pub(crate) world: &'w mut World,
    pub(crate) caller: Caller,
    pub(crate) base: String,
    /// `v1.0`, or `beta`, which answers the same here.
    pub(crate) version: &'static str,
    pub(crate) now: OffsetDateTime,
}

impl Desk<'_> {
    /// The caller's tenant.
    pub(crate) fn tenant(&self) -> &Tenant {
        self.world
            .tenants
            .get(&self.caller.tenant)
            .expect("a token is only accepted for a tenant that exists")
    }

    /// The caller's tenant, to write in.
    pub(crate) fn tenant_mut(&mut self) -> &mut Tenant {
        self.world
            .tenants
            .get_mut(&self.caller.tenant)
            .expect("a token is only accepted for a tenant that exists")
    }

    /// `{base}/v1.0/$metadata#…`, or that of beta.
    pub(crate) fn context(&self, fragment: &str) -> Value {
        json!(format!("{}/{}/$metadata#{fragment}", self.base, self.version))
    }

    /// One object as an answer, with its context and the selected properties.
    pub(crate) fn entity(&self, ask: &Ask, fragment: &str, kind: &str, object: Object) -> Answer {
        let mut fragment = fragment.to_owned();
        if !ask.query.select.is_empty()
            && let Some((set, entity)) = fragment.split_once("/$entity")
        {
            fragment = format!("{set}({})/$entity{entity}", ask.query.select.join(","));
        }
        let mut body = Object::new();
        body.insert("@odata.context".into(), self.context(&fragment));
        body.extend(super::page::shaped(&ask.query, kind, object, true));
        Answer::json(200, Value::Object(body))
    }
}

/// Whether the caller may write to an object that it perhaps does not own.
pub(crate) fn owned(desk: &Desk<'_>, object_id: &str) -> Result<(), Failure> {
    let caller = &desk.caller;
    let all = ["Application.ReadWrite.All", "Directory.ReadWrite.All"]
        .iter()
        .any(|role| caller.has(role));
    if all || desk.tenant().owns(&caller.object_id, object_id) {
        Ok(())
    } else {
        Err(Failure::denied())
    }
}
