//! The addresses and token scopes of each cloud.

use super::{Cloud, CustomCloud, Failure, FailureKind, Origin};

/// One API: where it is, and which scope its tokens are asked with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// Who may see its tokens.
    pub origin: Origin,
    /// A path before every other, without a trailing slash; empty at Microsoft.
    pub base_path: String,
    /// The scope of its tokens.
    pub scope: String,
}

/// The addresses of one cloud.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Sign-in.
    pub login: Origin,
    /// Microsoft Graph.
    pub graph: Service,
    /// Azure Resource Manager.
    pub resource_manager: Option<Service>,
    /// Power Platform administration.
    pub power_platform: Option<Service>,
    /// The host suffix of key vaults, without a leading dot.
    pub key_vault_suffix: Option<String>,
    /// Whether this is a pretended cloud.
    pub is_emulated: bool,
}

struct BuiltIn {
    login: &'static str,
    graph: &'static str,
    resource_manager: &'static str,
    power_platform: &'static str,
    power_platform_scope: &'static str,
    /// Only where a source names it.
    key_vault_suffix: Option<&'static str>,
}

/// From `contracts/operations.json`; its order.
const BUILT_IN: [BuiltIn; 5] = [
    BuiltIn {
        login: "https://login.microsoftonline.com",
        graph: "https://graph.microsoft.com",
        resource_manager: "https://management.azure.com",
        power_platform: "https://api.bap.microsoft.com",
        power_platform_scope: "https://service.powerapps.com/.default",
        key_vault_suffix: Some("vault.azure.net"),
    },
    BuiltIn {
        login: "https://login.microsoftonline.com",
        graph: "https://graph.microsoft.com",
        // The host follows where the subscription lives; GCC subscriptions live in the public cloud.
        resource_manager: "https://management.azure.com",
        power_platform: "https://gov.api.bap.microsoft.us",
        power_platform_scope: "https://service.powerapps.us/.default",
        key_vault_suffix: Some("vault.azure.net"),
    },
    BuiltIn {
        login: "https://login.microsoftonline.us",
        graph: "https://graph.microsoft.us",
        resource_manager: "https://management.usgovcloudapi.net",
        power_platform: "https://high.api.bap.microsoft.us",
        power_platform_scope: "https://high.service.apps.appsplatform.us/.default",
        key_vault_suffix: None,
    },
    BuiltIn {
        login: "https://login.microsoftonline.us",
        graph: "https://dod-graph.microsoft.us",
        resource_manager: "https://management.usgovcloudapi.net",
        power_platform: "https://api.bap.appsplatform.us",
        power_platform_scope: "https://service.apps.appsplatform.us/.default",
        key_vault_suffix: None,
    },
    BuiltIn {
        login: "https://login.chinacloudapi.cn",
        graph: "https://microsoftgraph.chinacloudapi.cn",
        resource_manager: "https://management.chinacloudapi.cn",
        power_platform: "https://api.bap.partner.microsoftonline.cn",
        power_platform_scope: "https://service.powerapps.cn/.default",
        key_vault_suffix: None,
    },
];

impl Endpoints {
    /// The addresses of a cloud. The emulator has none until it runs: see
    /// [`Endpoints::emulator`].
    pub fn of(cloud: &Cloud) -> Result<Self, Failure> {
        let index = match cloud {
            Cloud::Public => 0,
            Cloud::UsgovGcc => 1,
            Cloud::UsgovL4 => 2,
            Cloud::UsgovL5 => 3,
            Cloud::China => 4,
            Cloud::Custom(custom) => return Self::custom(custom),
            Cloud::Emulator => {
                return Err(Failure::of(FailureKind::NotSent, "find the emulator's address")
                    .because("the embedded cloud was not started"));
            }
        };
        let known = &BUILT_IN[index];
        Self::custom(&CustomCloud {
            login: known.login.to_owned(),
            graph: known.graph.to_owned(),
            resource_manager: Some(known.resource_manager.to_owned()),
            power_platform: Some(known.power_platform.to_owned()),
            power_platform_scope: Some(known.power_platform_scope.to_owned()),
            key_vault_suffix: known.key_vault_suffix.map(str::to_owned),
        })
    }

    /// The addresses of an emulator that serves every API at one base URL.
    pub fn emulator(base: &str) -> Result<Self, Failure> {
        let mut endpoints = Self::custom(&CustomCloud {
            login: base.to_owned(),
            graph: base.to_owned(),
            resource_manager: None,
            power_platform: None,
            power_platform_scope: None,
            key_vault_suffix: None,
        })?;
        endpoints.is_emulated = true;
        Ok(endpoints)
    }

    fn custom(cloud: &CustomCloud) -> Result<Self, Failure> {
        let login = service("login", &cloud.login, None)?;
        if !login.base_path.is_empty() {
            return Err(Failure::of(FailureKind::Untrusted, "read the cloud's login address")
                .because("it has a path; a sign-in authority is a bare host")
                .advise("leave the tenant out: zrec adds the manifest's own"));
        }
        let resource_manager = cloud
            .resource_manager
            .as_deref()
            .map(|url| service("resourceManager", url, None))
            .transpose()?;
        let power_platform = cloud
            .power_platform
            .as_deref()
            .map(|url| service("powerPlatform", url, cloud.power_platform_scope.as_deref()))
            .transpose()?;
        Ok(Self {
            login: login.origin,
            graph: service("graph", &cloud.graph, None)?,
            resource_manager,
            power_platform,
            key_vault_suffix: cloud.key_vault_suffix.clone(),
            is_emulated: false,
        })
    }
}

fn service(key: &str, url: &str, scope: Option<&str>) -> Result<Service, Failure> {
    let refused = |why: String| {
        Failure::of(FailureKind::Untrusted, format!("read the cloud's `{key}` address"))
            .because(why)
            .advise("write https://host or https://host:port")
    };
    let bare = url.trim_end_matches('/');
    let origin = Origin::of(bare).map_err(|error| refused(format!("it is {error}")))?;
    let parsed = url::Url::parse(bare).map_err(|error| refused(error.to_string()))?;
    if parsed.query().is_some() || parsed.fragment().is_some() {
        return Err(refused("it has a query".to_owned()));
    }
    let base_path = parsed.path().trim_end_matches('/').to_owned();
    let scope = scope.map_or_else(|| format!("{bare}/.default"), str::to_owned);
    Ok(Service { origin, base_path, scope })
}

/// Whether the origin is one of the hosts in the table above.
pub(super) fn is_built_in(origin: &Origin) -> bool {
    BUILT_IN.iter().any(|cloud| {
        [cloud.login, cloud.graph, cloud.resource_manager, cloud.power_platform]
            .iter()
            .any(|url| Origin::of(url).is_ok_and(|known| known == *origin))
    })
}
