//! The shape of the catalogue's files, as written.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use serde::Deserialize;

use super::{App, CertificateParameters, ManagementAppRegistration};
use crate::guid::Guid;
use crate::name::{ActionName, ApiName};

/// The texts that a catalogue is made of.
#[derive(Clone, Copy, Debug)]
pub struct Sources<'a> {
    /// Which application needs which permission for which action.
    pub connectors: &'a str,
    /// The APIs and their published permissions.
    pub permissions: &'a str,
    /// The Azure roles that the guide assigns.
    pub roles: &'a str,
    /// What is never granted.
    pub forbidden: &'a str,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ConnectorsFile {
    pub(super) version: String,
    pub(super) certificate: CertificateParameters,
    pub(super) management_app: ManagementAppRegistration,
    pub(super) connectors: Vec<RawConnector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawConnector {
    pub(super) app: App,
    pub(super) display_name: String,
    #[serde(default)]
    pub(super) azure_roles: Vec<String>,
    #[serde(default)]
    pub(super) needs_certificate: bool,
    #[serde(default)]
    pub(super) needs_management_app: bool,
    pub(super) actions: BTreeMap<ActionName, String>,
    pub(super) permissions: Vec<RawRow>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "camelCase")]
pub(super) enum RawKind {
    Role,
    Scope,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawRow {
    pub(super) api: ApiName,
    pub(super) value: String,
    pub(super) kind: RawKind,
    pub(super) actions: BTreeSet<ActionName>,
    #[serde(default)]
    pub(super) notes: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct PermissionsFile {
    pub(super) sources: BTreeMap<String, String>,
    pub(super) apis: Vec<RawApi>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawApi {
    pub(super) name: ApiName,
    pub(super) app_id: Guid,
    pub(super) display_name: String,
    #[serde(default)]
    pub(super) former_names: Vec<String>,
    #[serde(default)]
    pub(super) other_names: Vec<String>,
    pub(super) service_principal_names: Vec<String>,
    #[serde(default)]
    pub(super) roles: Vec<RawPermission>,
    /// One a line: id, value, sources.
    #[serde(default)]
    pub(super) other_roles: String,
    #[serde(default)]
    pub(super) scopes: Vec<RawPermission>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawPermission {
    pub(super) id: Guid,
    pub(super) value: String,
    #[serde(default)]
    pub(super) level: Option<u8>,
    pub(super) sources: Vec<String>,
    #[serde(default)]
    pub(super) sentence: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RolesFile {
    pub(super) sources: BTreeMap<String, String>,
    pub(super) roles: Vec<super::AzureRole>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct ForbiddenFile {
    pub(super) sources: BTreeMap<String, String>,
    pub(super) permissions: Vec<RawForbidden>,
    pub(super) azure_roles: Vec<super::ForbiddenAzureRole>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RawForbidden {
    pub(super) api: ApiName,
    pub(super) value: String,
    pub(super) reason: String,
    pub(super) sources: Vec<String>,
}

/// Reads one line of `otherRoles`: id, value and sources, parted by blanks.
impl FromStr for RawPermission {
    type Err = &'static str;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let mut words = line.split_ascii_whitespace();
        let (Some(id), Some(value), Some(sources), None) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            return Err("a line of otherRoles is `id value source,…`");
        };
        Ok(Self {
            id: id.parse().map_err(|_| "a line of otherRoles begins with a GUID")?,
            value: value.to_owned(),
            level: None,
            sources: sources.split(',').map(str::to_owned).collect(),
            sentence: None,
        })
    }
}
