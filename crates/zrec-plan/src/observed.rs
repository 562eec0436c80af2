//! Observed: what the clouds say, each part present, absent, or unreadable.
//!
//! Not seen is not gone: a part that could not be read is neither absent nor correct.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use time::OffsetDateTime;

use crate::guid::Guid;
use crate::name::{ConnectorId, TenantName};
use crate::record::Records;

mod application;

pub use application::{Application, Credential, FederatedCredential, Surface};

/// What was learnt about one part of the cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen<T> {
    /// It is there.
    Present(T),
    /// It is not there.
    Absent,
    /// The API refused or failed: neither absent nor correct.
    Unreadable(Refusal),
}

impl<T> Seen<T> {
    /// The value, where there is one.
    pub fn present(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            Self::Absent | Self::Unreadable(_) => None,
        }
    }

    /// Why it could not be read, where it could not.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Unreadable(refusal) => Some(refusal),
            Self::Present(_) | Self::Absent => None,
        }
    }
}

/// Why a part could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// What was to be read, in words.
    pub what: String,
    /// What the API said. Foreign text.
    pub reason: String,
    /// The permission that would allow it, where refusal was about rights.
    pub missing_permission: Option<String>,
}

/// Everything that was read for one run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Observed {
    /// By tenant name.
    pub tenants: BTreeMap<TenantName, ObservedTenant>,
    /// By tenant and connector name.
    pub connectors: BTreeMap<ConnectorId, ObservedConnector>,
}

/// What is true of a whole tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObservedTenant {
    /// The sign-in authority in force, without the tenant; consent links start with it.
    pub login: String,
    /// Who zrec is there; unreadable where the sign-in failed.
    pub caller: Seen<Caller>,
    /// Service principals of Microsoft's APIs, by appId.
    pub resource_principals: BTreeMap<Guid, Seen<ResourcePrincipal>>,
    /// The tenant's application-management policy (advisory).
    pub app_management_policy: Seen<AppManagementPolicy>,
    /// All applications of the set; read only for prune.
    pub set_applications: Option<Seen<Vec<Application>>>,
    /// Seconds by which the local clock leads the servers' `Date`.
    pub clock_skew_seconds: Option<i64>,
    /// The servers' `Date`: the only clock by which credentials are judged.
    #[serde(with = "time::serde::rfc3339::option")]
    pub server_time: Option<OffsetDateTime>,
}

/// The identity that zrec signed in as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Caller {
    /// The service principal's object id.
    pub object_id: Guid,
    /// Its application id.
    pub app_id: Option<Guid>,
    /// The application permissions in its token.
    pub roles: BTreeSet<String>,
}

/// A service principal of one of Microsoft's APIs; never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourcePrincipal {
    /// Its object id in this tenant.
    pub object_id: Guid,
    /// Whether sign-in is allowed.
    pub account_enabled: bool,
}

/// What the tenant's application-management policy forbids.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AppManagementPolicy {
    /// Whether the policy is in force.
    pub enabled: bool,
    /// Whether new client secrets are refused.
    pub password_addition_blocked: bool,
    /// The longest life of a client secret, in days.
    pub password_lifetime_days: Option<u32>,
    /// The longest life of a certificate, in days.
    pub key_lifetime_days: Option<u32>,
}

/// What is true of one connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObservedConnector {
    /// The application: by our key, else the one that the manifest adopts.
    pub application: Seen<Application>,
    /// Object ids of its owners.
    pub owners: Seen<BTreeSet<Guid>>,
    /// Its federated credentials.
    pub federated_credentials: Seen<Vec<FederatedCredential>>,
    /// Its service principal.
    pub principal: Seen<ServicePrincipal>,
    /// Owners of the service principal (advisory).
    pub principal_owners: Seen<BTreeSet<Guid>>,
    /// Directory roles of the service principal (advisory).
    pub directory_roles: Seen<BTreeSet<String>>,
    /// Application permissions granted to it.
    pub role_grants: Seen<Vec<RoleGrant>>,
    /// Delegated permissions granted to it.
    pub delegated_grants: Seen<Vec<DelegatedGrant>>,
    /// A soft-deleted application under our key; looked for only where there is no live one.
    pub deleted: Seen<Application>,
    /// Applications of the same display name or redirect URI; looked for only before a create.
    pub twins: Seen<Vec<Application>>,
    /// What the secret store knows of its credentials; absent where the tenant names no store.
    pub records: Seen<Records>,
}

impl ObservedConnector {
    /// A connector of which nothing exists.
    pub fn absent() -> Self {
        Self {
            application: Seen::Absent,
            owners: Seen::Absent,
            federated_credentials: Seen::Absent,
            principal: Seen::Absent,
            principal_owners: Seen::Absent,
            directory_roles: Seen::Absent,
            role_grants: Seen::Absent,
            delegated_grants: Seen::Absent,
            deleted: Seen::Absent,
            twins: Seen::Absent,
            records: Seen::Absent,
        }
    }
}

/// A connector's service principal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServicePrincipal {
    /// Its object id.
    pub object_id: Guid,
    /// Whether sign-in is allowed; a responder may have switched it off.
    pub account_enabled: bool,
    /// Its tags; one of them makes the portal list it.
    pub tags: BTreeSet<String>,
    /// Credentials on the principal itself: never ours.
    pub credentials: Vec<Credential>,
}

/// One application permission granted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleGrant {
    /// The assignment's id.
    pub assignment_id: String,
    /// The resource's service principal.
    pub resource_object_id: Guid,
    /// The role's id; all zeros is the default access role.
    pub role_id: Guid,
}

/// One delegated grant: a set of scopes on one resource.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DelegatedGrant {
    /// The grant's id.
    pub grant_id: String,
    /// The resource's service principal.
    pub resource_object_id: Guid,
    /// Whether it holds for all users; grants of single users are counted and never touched.
    pub for_all_principals: bool,
    /// The scopes, by name.
    pub scopes: BTreeSet<String>,
}
