//! The nouns of the catalogue.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::UnknownName;
use crate::guid::Guid;
use crate::name::{ActionName, ApiName};

/// The guide's seven applications.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum App {
    /// Microsoft 365 Copilot.
    Copilot,
    /// Exchange Online.
    Exchange,
    /// Azure Blob Storage.
    AzureBlob,
    /// Microsoft Information Protection labels.
    Mip,
    /// OneDrive.
    Onedrive,
    /// SharePoint Online.
    Sharepoint,
    /// Microsoft Teams.
    Teams,
}

/// Whether a permission is an application role or a delegated scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum PermissionType {
    /// An application permission.
    Role,
    /// A delegated permission.
    Scope,
}

/// What identifies a permission: ids repeat across APIs and across types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionKey {
    /// The API's application id.
    pub resource_app_id: Guid,
    /// Role or scope.
    #[serde(rename = "type")]
    pub kind: PermissionType,
    /// The role's or scope's id.
    pub id: Guid,
}

/// A published permission of one of the seven APIs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    /// Its key.
    pub key: PermissionKey,
    /// The API as manifests call it.
    pub api: ApiName,
    /// Microsoft's name for it, for instance `Sites.Read.All`.
    pub value: String,
    /// Microsoft's privilege level, 1 to 4 (4 highest), where one is published (Graph only).
    pub level: Option<u8>,
    /// Short names of the sources in which the id was seen.
    pub sources: Vec<String>,
    /// What it allows, in plain words that follow "the application"; for the guide's permissions.
    pub sentence: Option<String>,
}

/// One row of the guide's table for one application.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PermissionRow {
    /// Which permission.
    pub key: PermissionKey,
    /// The Zscaler actions that need it, in kebab form.
    pub actions: BTreeSet<ActionName>,
    /// Traps and doubts about the row.
    pub notes: Vec<String>,
}

/// A Microsoft API.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Api {
    /// The name in manifests.
    pub name: ApiName,
    /// The application id: the only thing it is looked up by.
    pub app_id: Guid,
    /// Its display name today; Microsoft renames APIs.
    pub display_name: String,
    /// Display names that tenants may still show.
    pub former_names: Vec<String>,
    /// What the guide or the portal calls it, where that differs.
    pub other_names: Vec<String>,
    /// Its service principal names: the audiences of its tokens.
    pub service_principal_names: Vec<String>,
}

/// An Azure role that the guide assigns.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AzureRole {
    /// The name of the role definition.
    pub name: String,
    /// The role definition's id: the last segment of its resource id.
    pub id: Guid,
    /// What it allows, in plain words.
    pub description: String,
    /// What a reviewer should know before saying yes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk_note: Option<String>,
    /// Short names of the sources in which the id was seen.
    pub sources: Vec<String>,
}

/// Why a permission is never granted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Forbidden {
    /// The reason, in words that follow the permission's name.
    pub reason: String,
    /// Short names of the sources that the reason rests on.
    pub sources: Vec<String>,
}

/// An Azure role that is never assigned.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ForbiddenAzureRole {
    /// The name of the role definition.
    pub name: String,
    /// The role definition's id, where a source gives it.
    #[serde(default)]
    pub id: Option<Guid>,
    /// The reason, in words that follow the role's name.
    pub reason: String,
    /// Short names of the sources that the id and the reason rest on.
    pub sources: Vec<String>,
}

/// The certificate that the guide makes for SharePoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CertificateParameters {
    /// The key's algorithm.
    pub key_type: String,
    /// The key's length.
    pub key_bits: u16,
    /// The hash that the signature uses.
    pub signature_hash: String,
    /// Days from start to end.
    pub lifetime_days: u16,
    /// The key under which Zscaler's JSON file holds the private key.
    pub private_key_field: String,
    /// The key under which Zscaler's JSON file holds the certificate.
    pub public_cert_field: String,
}

/// How an application becomes a Power Platform management app.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ManagementAppRegistration {
    /// The HTTP method.
    pub method: String,
    /// Path and query below the cloud's Power Platform host.
    pub path: String,
    /// What a reviewer should know.
    pub note: String,
}

/// What one of the seven applications needs.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectorKind {
    /// Which application.
    pub app: App,
    /// Its name in the guide.
    pub display_name: String,
    /// The guide's rows, in its order.
    pub permissions: Vec<PermissionRow>,
    /// The guide's label of each action.
    pub actions: BTreeMap<ActionName, String>,
    /// Names of the Azure roles it needs by default.
    pub azure_roles: Vec<String>,
    /// Whether the guide asks for a certificate.
    pub needs_certificate: bool,
    /// Whether the guide asks for a Power Platform management app.
    pub needs_management_app: bool,
}

impl fmt::Display for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl App {
    /// All seven, in the order of the catalogue.
    pub const ALL: [Self; 7] = [
        Self::Copilot,
        Self::Exchange,
        Self::AzureBlob,
        Self::Mip,
        Self::Onedrive,
        Self::Sharepoint,
        Self::Teams,
    ];

    /// The name in manifests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Copilot => "copilot",
            Self::Exchange => "exchange",
            Self::AzureBlob => "azure-blob",
            Self::Mip => "mip",
            Self::Onedrive => "onedrive",
            Self::Sharepoint => "sharepoint",
            Self::Teams => "teams",
        }
    }
}

impl FromStr for App {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        Self::ALL.into_iter().find(|app| app.as_str() == name).ok_or_else(|| {
            UnknownName::new("application of the guide", name, Self::ALL.map(Self::as_str))
        })
    }
}

impl fmt::Display for PermissionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl PermissionType {
    /// Microsoft's word for it in `requiredResourceAccess`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Role => "Role",
            Self::Scope => "Scope",
        }
    }
}
