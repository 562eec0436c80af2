//! Typed specs, after merging: what the rules have let through.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};
use time::Date;

use crate::catalog::{App, Catalog};
use crate::desired::{
    Activation, Adopt, CertificateTerms, ClientSecretTerms, Cloud, Consent, CustomCloud,
    ManagementApp, SecretStore, SignInAudience, ZscalerOrganization,
};
use crate::guid::Guid;
use crate::manifest::date;
use crate::manifest::node::Node;
use crate::name::{ActionName, ApiName, ConnectorKey, OrganizationName};

/// A tenant's spec with every default.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TenantSpec {
    pub(crate) tenant_id: Guid,
    #[serde(deserialize_with = "cloud")]
    pub(crate) cloud: Cloud,
    pub(crate) consent: Consent,
    pub(crate) owners: BTreeSet<Guid>,
    pub(crate) subscriptions: BTreeMap<String, Guid>,
    pub(crate) secret_store: Option<SecretStore>,
    /// Filled in from the organization that is referred to.
    #[serde(skip)]
    pub(crate) zscaler: Option<ZscalerOrganization>,
}

/// The keys of a Zscaler organization.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct OrganizationSpec {
    console: String,
    vanity_domain: Option<String>,
    #[serde(default)]
    cloud: String,
    activation: Option<Activation>,
}

impl OrganizationSpec {
    /// The organization under its name.
    pub(crate) fn named(self, name: &str) -> ZscalerOrganization {
        ZscalerOrganization {
            name: OrganizationName::new(name),
            console: self.console,
            vanity_domain: self.vanity_domain,
            cloud: self.cloud,
            activation: self.activation.unwrap_or(Activation::Never),
        }
    }
}

/// A connector's spec with every default.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ConnectorSpec {
    pub(crate) key: ConnectorKey,
    pub(crate) app: App,
    pub(crate) display_name: String,
    pub(crate) tenant_name: String,
    pub(crate) actions: Option<BTreeSet<ActionName>>,
    #[serde(default)]
    pub(crate) permissions: Permissions,
    pub(crate) client_secret: ClientSecretTerms,
    pub(crate) certificate: Option<CertificateTerms>,
    #[serde(default)]
    pub(crate) role_assignments: Vec<RoleAssignment>,
    #[serde(default, deserialize_with = "management_app")]
    pub(crate) management_app: Option<ManagementApp>,
    #[serde(default, deserialize_with = "adopt")]
    pub(crate) adopt: Option<Adopt>,
    pub(crate) sign_in_audience: SignInAudience,
    pub(crate) service_management_reference: Option<String>,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) suspend: Option<Suspend>,
}

/// Exceptions to the derived permissions.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Permissions {
    #[serde(default)]
    pub(crate) add: Vec<NamedException>,
    #[serde(default)]
    pub(crate) drop: Vec<NamedException>,
}

/// One exception.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct NamedException {
    pub(crate) api: ApiName,
    pub(crate) name: String,
    pub(crate) reason: String,
    #[serde(default, deserialize_with = "date::optional")]
    pub(crate) until: Option<Date>,
}

/// Azure roles at some scopes.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RoleAssignment {
    #[serde(default)]
    pub(crate) subscriptions: Vec<String>,
    pub(crate) scope: Option<String>,
    pub(crate) roles: Option<Vec<String>>,
}

/// Guards.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Lifecycle {
    pub(crate) prevent_destroy: bool,
}

/// A freeze.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Suspend {
    pub(crate) reason: String,
    #[serde(default, deserialize_with = "date::optional")]
    pub(crate) until: Option<Date>,
}

fn cloud<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cloud, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let cloud = if value.is_object() {
        serde_json::from_value::<CustomCloud>(value).map(Cloud::Custom)
    } else {
        serde_json::from_value(value)
    };
    cloud.map_err(serde::de::Error::custom)
}

fn adopt<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Adopt>, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct ById {
        app_id: Guid,
    }
    let value = Value::deserialize(deserializer)?;
    if value.is_string() {
        return Ok(Some(Adopt::None));
    }
    serde_json::from_value(value)
        .map(|ById { app_id }| Some(Adopt::AppId(app_id)))
        .map_err(serde::de::Error::custom)
}

fn management_app<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<ManagementApp>, D::Error> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Registered {
        application_id: String,
    }
    let Registered { application_id } = Registered::deserialize(deserializer)?;
    if application_id == "own" {
        return Ok(Some(ManagementApp::Own));
    }
    application_id
        .parse()
        .map(|id| Some(ManagementApp::Other(id)))
        .map_err(serde::de::Error::custom)
}

/// What every tenant starts from.
pub(crate) fn tenant_defaults() -> Node {
    Node::built_in(&json!({
        "cloud": "public",
        "consent": "hand-off",
        "owners": [],
        "subscriptions": {},
    }))
}

/// What every connector of an application starts from.
pub(crate) fn connector_defaults(app: App, name: &str, catalog: &Catalog) -> Node {
    let kind = catalog.connector(app);
    let mut defaults = json!({
        "key": name,
        "displayName": format!("Zscaler {} Connector", kind.display_name),
        "tenantName": format!("{} {{tenant}}", kind.display_name),
        "signInAudience": "AzureADMultipleOrgs",
        "clientSecret": {
            "lifetimeDays": 180,
            "renewBeforeDays": 30,
            "capToPolicy": true,
            "retireOld": "acknowledged",
        },
        "lifecycle": { "preventDestroy": false },
    });
    if kind.needs_certificate {
        let lifetime = catalog.certificate().lifetime_days;
        defaults["certificate"] = json!({ "lifetimeDays": lifetime, "renewBeforeDays": 60 });
    }
    if kind.needs_management_app {
        defaults["managementApp"] = json!({ "applicationId": "own" });
    }
    Node::built_in(&defaults)
}
