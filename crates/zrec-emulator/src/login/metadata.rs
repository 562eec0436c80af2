//! What clients read before they sign in: instance discovery and OpenID configuration.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::refusal::Refusal;
use crate::cloud::world::World;
use crate::wire::{Incoming, form};

/// Microsoft's public login hosts, one cloud under several names.
const PUBLIC: [&str; 4] =
    ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"];

/// `GET /common/discovery/instance`.
pub(crate) fn instances(incoming: &Incoming) -> Result<Value, Refusal> {
    let query = form(&incoming.query);
    let value =
        |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let endpoint = value("authorization_endpoint").unwrap_or_default();
    let tenant = endpoint.split('/').nth(3).filter(|t| !t.is_empty());
    let Some(tenant) = tenant else {
        return Err(Refusal::malformed(
            900_144,
            "The request must contain the following parameter: 'authorization_endpoint'.",
        ));
    };
    let mut metadata = vec![json!({
        "preferred_network": PUBLIC[0], "preferred_cache": PUBLIC[1], "aliases": PUBLIC,
    })];
    // Ours as well, under the name asked for and the one that the caller reached us by.
    let mut own: Vec<&str> =
        endpoint.split('/').nth(2).into_iter().chain([incoming.host()]).collect();
    own.retain(|host| !PUBLIC.contains(host));
    own.dedup();
    if let Some(first) = own.first() {
        metadata
            .push(json!({ "preferred_network": first, "preferred_cache": first, "aliases": own }));
    }
    Ok(json!({
        "tenant_discovery_endpoint": format!("{}/{tenant}/v2.0/.well-known/openid-configuration", incoming.base),
        "api-version": value("api-version").unwrap_or("1.1"),
        "metadata": metadata,
    }))
}

/// The tenant that a path names. `common`, `organizations` and `consumers` name none.
pub(crate) fn tenant(
    world: &mut World,
    named: &str,
    strict: bool,
    now: OffsetDateTime,
) -> Result<String, Refusal> {
    if matches!(named, "common" | "organizations" | "consumers") {
        return Ok(named.to_owned());
    }
    world.tenant_id(named, strict, now).ok_or_else(|| {
        Refusal::new(400, "invalid_request", 90_002, format!(
            "Tenant '{named}' not found. Check to make sure you have the correct tenant ID and are signing into the correct \
             cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant."
        ))
    })
}

/// The OpenID configuration.
pub(crate) fn openid(base: &str, named: &str, id: &str, v2: bool) -> Value {
    let version = if v2 { "/v2.0" } else { "" };
    let issuer = match (v2, id) {
        (_, "common" | "organizations" | "consumers") => format!("{base}/{{tenantid}}{version}"),
        (true, _) => format!("{base}/{id}/v2.0"),
        (false, _) => format!("https://sts.windows.net/{id}/"),
    };
    json!({
        "token_endpoint": format!("{base}/{named}/oauth2{version}/token"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": format!("{base}/{named}/discovery{version}/keys"),
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "authorization_endpoint": format!("{base}/{named}/oauth2{version}/authorize"),
        "device_authorization_endpoint": format!("{base}/{named}/oauth2{version}/devicecode"),
        "end_session_endpoint": format!("{base}/{named}/oauth2{version}/logout"),
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "tid", "ver"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    })
}

/// `GET /metadata/endpoints` of Azure Resource Manager: where a client finds the rest of the cloud (azure-cli's
/// `cloud register`, Terraform's `metadata_host`). Behind one of Microsoft's hosts, Microsoft's own.
pub(crate) fn endpoints(incoming: &Incoming) -> Value {
    let real = ["management.azure.com", "management.core.windows.net"].contains(&incoming.host());
    let at = |host: &str| {
        if real { format!("https://{host}") } else { incoming.base.clone() }
    };
    json!({
        "name": "AzureCloud",
        "portal": "https://portal.azure.com",
        "authentication": {
            "loginEndpoint": at("login.microsoftonline.com"),
            "audiences": ["https://management.core.windows.net/", "https://management.azure.com/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "resourceManager": format!("{}/", at("management.azure.com")),
        "microsoftGraphResourceId": format!("{}/", at("graph.microsoft.com")),
        "graph": "https://graph.windows.net/",
        "graphAudience": "https://graph.windows.net/",
        "suffixes": { "keyVaultDns": "vault.azure.net", "storage": "core.windows.net" },
    })
}
