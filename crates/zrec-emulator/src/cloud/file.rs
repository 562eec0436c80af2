//! `cloud.yaml`: what the cloud holds before anybody calls, and how it misbehaves.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::quirk::Quirk;
use crate::EmulatorError;

/// The caller that every tenant knows unless its file names others.
#[derive(Clone, Copy, Debug)]
pub struct DefaultCaller {
    /// The client id.
    pub app_id: &'static str,
    /// The client secret. It opens nothing but emulators.
    pub secret: &'static str,
    /// Its application permissions on Microsoft Graph.
    pub roles: &'static [&'static str],
}

/// The built-in caller.
pub const DEFAULT_CALLER: DefaultCaller = DefaultCaller {
    app_id: "e0000000-0000-4000-8000-00000000ca11",
    secret: "emulated-secret-that-opens-nothing-else",
    roles: &[
        "AppRoleAssignment.ReadWrite.All",
        "Application.ReadWrite.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "Directory.Read.All",
        "Organization.Read.All",
        "Policy.Read.All",
    ],
};

/// A whole cloud file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CloudFile {
    /// Only the listed tenants exist. Else each tenant is made on its first use.
    pub strict_tenants: bool,
    /// Tenants that do not start empty.
    pub tenants: Vec<TenantFile>,
    /// Misbehaviour, in order of precedence.
    pub quirks: Vec<Quirk>,
}

/// One tenant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TenantFile {
    /// The tenant id.
    pub id: Uuid,
    /// The organisation's name.
    pub display_name: Option<String>,
    /// First-party APIs (by appId) whose service principal is absent.
    pub absent_principals: Vec<Uuid>,
    /// Who may sign in besides the applications made here; left out: the built-in caller.
    pub callers: Option<Vec<CallerFile>>,
    /// Applications, in Graph's own properties; beside them `owners` (object ids) and
    /// `federatedIdentityCredentials`; `passwordCredentials` may carry `secretText`.
    pub applications: Vec<Map<String, Value>>,
    /// Service principals; without an application of this tenant they are foreign. `owners` and `memberOf` as well.
    pub service_principals: Vec<Map<String, Value>>,
    /// `principalId`, `resourceId` (object id or appId), `appRoleId` (id or value).
    pub app_role_assignments: Vec<Map<String, Value>>,
    /// `clientId`, `resourceId` (object id or appId), `scope`, `consentType`, `principalId`.
    pub oauth2_permission_grants: Vec<Map<String, Value>>,
    /// People, who can only be owners: `id`, `displayName`, `userPrincipalName`.
    pub users: Vec<Map<String, Value>>,
    /// Soft-deleted applications.
    pub deleted_items: Vec<Map<String, Value>>,
    /// Merged over the default app-management policy.
    pub app_management_policy: Option<Map<String, Value>>,
    /// Verified domains, the initial one first.
    pub verified_domains: Vec<String>,
}

/// Someone who can sign in without an application object in the tenant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CallerFile {
    /// The client id.
    pub app_id: Uuid,
    /// Its service principal's object id; derived if left out.
    pub object_id: Option<Uuid>,
    /// The client secret.
    pub secret: Option<String>,
    /// The certificate that verifies its assertions.
    pub certificate_pem: Option<String>,
    /// Application permissions on Microsoft Graph, by name.
    pub roles: Vec<String>,
}

impl CloudFile {
    /// Reads a cloud file and tries it out, so that a bad reference shows here.
    ///
    /// # Errors
    /// [`EmulatorError::CloudFile`] with the place or the reference.
    pub fn parse(yaml: &str) -> Result<Self, EmulatorError> {
        if yaml.trim().is_empty() {
            return Ok(Self::default());
        }
        let file: Self = serde_saphyr::from_str(yaml)
            .map_err(|error| EmulatorError::CloudFile(error.to_string()))?;
        for tenant in &file.tenants {
            super::seed::tenant(tenant, time::OffsetDateTime::UNIX_EPOCH)
                .map_err(EmulatorError::CloudFile)?;
        }
        Ok(file)
    }
}
