//! Catalogue: which application needs which permission for which Zscaler action.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

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
