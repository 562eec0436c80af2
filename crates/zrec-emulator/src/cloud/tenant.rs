//! One tenant: its directory objects, and the ids it hands out.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// A directory object in Graph's own properties.
pub(crate) type Object = Map<String, Value>;

/// One tenant's directory.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Tenant {
    pub(crate) id: String,
    pub(crate) display_name: String,
    pub(crate) created: String,
    pub(crate) verified_domains: Vec<String>,
    pub(super) counters: BTreeMap<String, u64>,
    pub(crate) applications: BTreeMap<String, Object>,
    pub(crate) service_principals: BTreeMap<String, Object>,
    pub(crate) app_role_assignments: BTreeMap<String, Object>,
    pub(crate) grants: BTreeMap<String, Object>,
    #[serde(default)]
    pub(crate) users: BTreeMap<String, Object>,
    /// Object id to owners, in the order of their binding.
    pub(crate) owners: BTreeMap<String, Vec<String>>,
    /// Application object id to its federated credentials.
    pub(crate) federated: BTreeMap<String, Vec<Object>>,
    /// Service principal object id to directory roles and groups.
    pub(crate) memberships: BTreeMap<String, Vec<Object>>,
    /// SHA-256 of each secret, by keyId.
    pub(crate) secrets: BTreeMap<String, String>,
    /// Callers by appId.
    pub(crate) callers: BTreeMap<String, Caller>,
    pub(crate) deleted: BTreeMap<String, Deleted>,
    pub(crate) policy: Object,
}

/// Someone who signs in without an application object here.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Caller {
    pub(crate) object_id: String,
    pub(crate) secret: Option<String>,
    pub(crate) certificate_pem: Option<String>,
    /// The role assignments that the cloud file gave.
    pub(crate) grants: Vec<String>,
}

/// A soft-deleted object with what hangs on it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Deleted {
    pub(crate) kind: Kind,
    pub(crate) object: Object,
    #[serde(default)]
    pub(crate) app_role_assignments: BTreeMap<String, Object>,
    #[serde(default)]
    pub(crate) grants: BTreeMap<String, Object>,
}

/// The kinds of object that can be soft-deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Kind {
    Application,
    ServicePrincipal,
}

impl Kind {
    /// The type's name in Graph's metadata.
    pub(crate) fn type_name(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::ServicePrincipal => "servicePrincipal",
        }
    }
}

impl Tenant {
    fn next(&mut self, kind: &str) -> u64 {
        let counter = self.counters.entry(kind.to_owned()).or_default();
        *counter += 1;
        *counter
    }

    fn namespace(&self) -> Uuid {
        Uuid::parse_str(&self.id).unwrap_or(Uuid::NAMESPACE_OID)
    }

    /// The next GUID of a kind: the same requests give the same ids.
    pub(crate) fn mint(&mut self, kind: &str) -> String {
        let n = self.next(kind);
        Uuid::new_v5(&self.namespace(), format!("{kind}/{n}").as_bytes()).to_string()
    }

    /// A GUID that a name decides.
    pub(crate) fn derive(&self, kind: &str, name: &str) -> String {
        Uuid::new_v5(&self.namespace(), format!("{kind}={name}").as_bytes()).to_string()
    }

    /// The next id of an app role assignment: 32 bytes in base64url, the principal's GUID first, as Graph's own look.
    pub(crate) fn mint_assignment(&mut self, principal: &str) -> String {
        let tail = self.mint("appRoleAssignment");
        packed(&[principal, &tail])
    }

    /// The next secret, in the looks of Entra's: 40 characters with a tilde.
    pub(crate) fn mint_secret(&mut self) -> String {
        let n = self.next("secret");
        let digest = Sha256::digest(format!("{}/secret/{n}", self.id));
        let text = URL_SAFE_NO_PAD.encode(digest);
        let (head, tail) = text.split_at(5);
        format!("{}8Q~{}", &head[..3], &tail[..34])
    }

    /// The object id behind an object id or an appId.
    pub(crate) fn principal(&self, id_or_app_id: &str) -> Option<String> {
        let wanted = id_or_app_id.to_lowercase();
        if self.service_principals.contains_key(&wanted) {
            return Some(wanted);
        }
        self.principal_by_app_id(&wanted).map(|sp| text(sp, "id").to_owned())
    }

    /// The service principal of an application.
    pub(crate) fn principal_by_app_id(&self, app_id: &str) -> Option<&Object> {
        self.service_principals.values().find(|sp| text(sp, "appId").eq_ignore_ascii_case(app_id))
    }

    /// The application with an appId.
    pub(crate) fn application_by_app_id(&self, app_id: &str) -> Option<&Object> {
        self.applications.values().find(|app| text(app, "appId").eq_ignore_ascii_case(app_id))
    }

    /// Whether an object is owned by a principal.
    pub(crate) fn owns(&self, principal: &str, object: &str) -> bool {
        self.owners.get(object).is_some_and(|owners| owners.iter().any(|owner| owner == principal))
    }

    /// The first verified domain.
    pub(crate) fn domain(&self) -> String {
        self.verified_domains.first().cloned().unwrap_or_else(|| {
            format!("t{}.onmicrosoft.example", self.id.split('-').next().unwrap_or("0"))
        })
    }
}

/// A string property, or nothing.
pub(crate) fn text<'o>(object: &'o Object, property: &str) -> &'o str {
    object.get(property).and_then(Value::as_str).unwrap_or_default()
}

/// An array property, or nothing.
pub(crate) fn list<'o>(object: &'o Object, property: &str) -> &'o [Value] {
    object.get(property).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// GUIDs side by side in base64url, in .NET's byte order: the form of Graph's ids of grants.
pub(crate) fn packed(guids: &[&str]) -> String {
    let mut bytes = Vec::with_capacity(guids.len() * 16);
    for guid in guids {
        bytes.extend_from_slice(&Uuid::parse_str(guid).unwrap_or_default().to_bytes_le());
    }
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The digest under which a secret is kept.
pub(crate) fn digest(secret: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(secret.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
