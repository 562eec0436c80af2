//! One Microsoft Entra tenant as it is wanted: its cloud, its store, its Zscaler organization.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::guid::Guid;
use crate::name::{OrganizationName, TenantName};

/// One Microsoft Entra tenant.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DesiredTenant {
    /// Its name in the manifests.
    pub name: TenantName,
    /// The Entra directory; the `tid` of every token must equal it.
    pub tenant_id: Guid,
    /// Which cloud it lives in.
    pub cloud: Cloud,
    /// Who grants what the connectors declare.
    pub consent: Consent,
    /// Object ids bound as owners beside the caller.
    pub owners: BTreeSet<Guid>,
    /// Azure subscriptions by the names that connectors use.
    pub subscriptions: BTreeMap<String, Guid>,
    /// Where credentials are kept.
    pub secret_store: Option<SecretStore>,
    /// The Zscaler organization it is connected to.
    pub zscaler: ZscalerOrganization,
    /// Labels, for selectors.
    pub labels: BTreeMap<String, String>,
}

/// A Microsoft cloud.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cloud {
    /// The worldwide cloud.
    Public,
    /// US government, GCC.
    UsgovGcc,
    /// US government L4 (GCC High).
    UsgovL4,
    /// US government L5 (DoD).
    UsgovL5,
    /// China, operated by 21Vianet.
    China,
    /// The embedded emulator.
    Emulator,
    /// Any other, by its URLs; each host needs the operator's trust.
    Custom(CustomCloud),
}

/// A cloud named by its URLs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CustomCloud {
    /// Sign-in authority, without the tenant.
    pub login: String,
    /// Microsoft Graph, without the version.
    pub graph: String,
    /// Azure Resource Manager.
    pub resource_manager: Option<String>,
    /// Power Platform administration.
    pub power_platform: Option<String>,
    /// Token scope for Power Platform.
    pub power_platform_scope: Option<String>,
    /// Host suffix of key vaults.
    pub key_vault_suffix: Option<String>,
}

/// Who grants what the connectors declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consent {
    /// zrec creates the grants.
    Grant,
    /// zrec stops before the grants and hands the consent link to a person.
    HandOff,
}

/// Where credentials are kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SecretStore {
    /// A directory of 0600 files.
    Directory {
        /// The directory, relative to the set's root and normalised; never outside of it.
        path: String,
        /// What keeps it: `volume`, or nothing said.
        durable: Option<Durable>,
    },
    /// Azure Key Vault.
    KeyVault {
        /// The vault's URL.
        url: String,
    },
    /// A directory encrypted to age recipients.
    Age {
        /// The directory, relative to the set's root and normalised; never outside of it.
        path: String,
        /// Public keys.
        recipients: Vec<String>,
        /// What keeps it.
        durable: Durable,
    },
}

/// What makes a store outlive the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Durable {
    /// A volume that outlives the job.
    Volume,
    /// A git remote; each write is pushed.
    Git,
}

/// One Zscaler organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ZscalerOrganization {
    /// Its name in the manifests, or the tenant's name where it was written inline.
    pub name: OrganizationName,
    /// The console's URL: the redirect URI, exact bytes.
    pub console: String,
    /// The ZIdentity vanity domain.
    pub vanity_domain: Option<String>,
    /// The Zscaler cloud; empty means production.
    pub cloud: String,
    /// Whether zrec may activate pending changes.
    pub activation: Activation,
}

/// Whether zrec may activate pending Zscaler changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// Never: only reported.
    Never,
    /// Once, last, and only after everything was verified.
    WhenVerified,
}
