//! Desired: manifests and catalogue together, every default spelled out.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use time::Date;

use crate::catalog::{App, PermissionKey};
use crate::finding::Finding;
use crate::guid::Guid;
use crate::name::{ActionName, ApiName, ConnectorId, ConnectorKey, SetName, TenantName};

mod tenant;

pub use tenant::{
    Activation, Cloud, Consent, CustomCloud, DesiredTenant, Durable, SecretStore,
    ZscalerOrganization,
};

/// Everything that the manifests of one set ask for.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Desired {
    /// The set's name: the owner in every key.
    pub set: SetName,
    /// Whether a `Defaults` document names the set; prune is refused without one.
    pub set_is_named: bool,
    /// The catalogue version that the manifests were reviewed against, if they say one.
    pub catalog_version: Option<String>,
    /// Tenants by name, those without connectors too.
    pub tenants: BTreeMap<TenantName, DesiredTenant>,
    /// Connectors by tenant and name.
    pub connectors: BTreeMap<ConnectorId, DesiredConnector>,
    /// What the manifests alone already make worth saying (a `drop` past its date, …).
    pub findings: Vec<Finding>,
}

/// One connector in one tenant.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DesiredConnector {
    /// Tenant and name.
    pub id: ConnectorId,
    /// The part of `unique_name` that is fixed for life.
    pub key: ConnectorKey,
    /// `zrec.<set>.<key>`: the application's alternate key in Entra.
    pub unique_name: String,
    /// Which of the guide's applications.
    pub app: App,
    /// The application's display name, at most 120 characters.
    pub display_name: String,
    /// The name in Zscaler; for MIP the account name.
    pub tenant_name: String,
    /// The redirect URI, exact bytes.
    pub redirect_uri: String,
    /// Which accounts may sign in.
    pub sign_in_audience: SignInAudience,
    /// What the application is to be granted.
    pub permissions: BTreeMap<PermissionKey, WantedPermission>,
    /// The client secret's terms.
    pub client_secret: ClientSecretTerms,
    /// The certificate's terms; only SharePoint has one.
    pub certificate: Option<CertificateTerms>,
    /// Azure role assignments; only Blob has them.
    pub role_assignments: Vec<WantedRoleAssignment>,
    /// The Power Platform management app; only Copilot has one. `None` inside means our own id.
    pub management_app: Option<ManagementApp>,
    /// What to do about an application that was made by hand.
    pub adopt: Option<Adopt>,
    /// The owner's ticket or service record, kept on the application.
    pub service_management_reference: Option<String>,
    /// Refuse to delete.
    pub prevent_destroy: bool,
    /// Freezes all but reading.
    pub suspend: Option<Suspension>,
    /// Where the connector is written: `file:line`.
    pub written_at: String,
}

/// Which accounts may sign in to the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignInAudience {
    /// Any Entra tenant: what the guide asks for.
    #[serde(rename = "AzureADMultipleOrgs")]
    MultipleOrgs,
    /// This tenant only: narrower than the guide, allowed with a finding.
    #[serde(rename = "AzureADMyOrg")]
    MyOrg,
}

impl SignInAudience {
    /// Microsoft's own word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MultipleOrgs => "AzureADMultipleOrgs",
            Self::MyOrg => "AzureADMyOrg",
        }
    }
}

/// One permission, and who asked for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WantedPermission {
    /// The API as manifests call it.
    pub api: ApiName,
    /// Microsoft's name for the permission.
    pub value: String,
    /// The Zscaler actions that need it; empty where the manifest added it by name.
    pub actions: BTreeSet<ActionName>,
    /// Why the manifest added it, where it did.
    pub added: Option<Exception>,
}

/// An exception to the guide's table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exception {
    /// The reason as written.
    pub reason: String,
    /// The last day on which it holds.
    pub until: Option<Date>,
}

/// A client secret's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientSecretTerms {
    /// Days from mint to end.
    pub lifetime_days: u16,
    /// Days before the end at which a successor is minted.
    pub renew_before_days: u16,
    /// Take the tenant's own maximum where it is shorter.
    pub cap_to_policy: bool,
    /// When the old one is retired.
    pub retire_old: RetireOld,
}

/// When a replaced credential is retired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RetireOld {
    /// When a person says that Zscaler has the new one.
    Acknowledged,
    /// When Microsoft's sign-in report shows the new one in use.
    Evidence,
    /// When it ends.
    Expiry,
}

/// A certificate's terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateTerms {
    /// Days from start to end.
    pub lifetime_days: u16,
    /// Days before the end at which a successor is made.
    pub renew_before_days: u16,
}

/// One Azure role at one scope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WantedRoleAssignment {
    /// The scope, as ARM writes it.
    pub scope: String,
    /// The role's name.
    pub role_name: String,
    /// The role definition's id.
    pub role_id: Guid,
}

/// Which application is registered with Power Platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ManagementApp {
    /// The connector's own application.
    Own,
    /// Another one, by application id.
    Other(Guid),
}

/// What to do about an application that was made by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Adopt {
    /// Take over this one.
    AppId(Guid),
    /// Make a new one beside it.
    None,
}

/// A freeze, and its reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Suspension {
    /// The reason as written.
    pub reason: String,
    /// After this day the freeze is a finding; it still holds.
    pub until: Option<Date>,
}
