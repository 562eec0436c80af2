//! `POST /{tenant}/oauth2/v2.0/token`: client credentials, by secret or by certificate.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use time::OffsetDateTime;
use uuid::Uuid;

use super::client::Client;
use super::refusal::Refusal;
use super::{assertion, jwt};
use crate::cloud::first_party;
use crate::cloud::tenant::{self, Tenant, list, text};
use crate::cloud::world::World;
use crate::wire::{Answer, Incoming, decoded, form};

/// Tokens live an hour less a second, as Entra's often say.
const LIFETIME: i64 = 3599;

/// The form's fields.
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|v| !v.is_empty())
    }

    fn need(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).ok_or_else(|| {
            Refusal::malformed(
                900_144,
                format!("The request body must contain the following parameter: '{name}'."),
            )
        })
    }
}

/// Issues a token, or says why not.
pub(crate) fn issue(
    world: &mut World,
    incoming: &Incoming,
    tenant: &str,
    now: OffsetDateTime,
) -> Result<Answer, Refusal> {
    let form = read(incoming)?;
    let grant = form.need("grant_type")?;
    if grant != "client_credentials" {
        return Err(Refusal::new(
            400,
            "unsupported_grant_type",
            70_003,
            format!("The app requested an unsupported grant type '{grant}'."),
        )
        .violating());
    }
    if !world.tenants.contains_key(tenant) {
        // Unverified text: app-only sign-in at /common has no tenant.
        return Err(Refusal::malformed(
            50_059,
            "No tenant-identifying information found in either the request or implied by any provided credentials.",
        ));
    }
    let client = Client::find(world, tenant, form.need("client_id")?, now)?;
    let method = authenticate(world, incoming, tenant, &client, &form, now)?;
    let resource = resource(incoming, &form)?;
    let audience = audience(world, incoming, tenant, &resource)?;
    let claims = claims(world, tenant, &client, (&resource, &audience), method, now);
    let token = jwt::sign(world, &claims).ok_or_else(|| {
        Refusal::new(500, "server_error", 90_033, "A transient error has occurred.")
    })?;
    let mut body = json!({
        "token_type": "Bearer", "expires_in": LIFETIME, "ext_expires_in": LIFETIME, "access_token": token,
    });
    if !incoming.path.contains("/v2.0/") {
        let at = now.unix_timestamp();
        body = json!({
            "token_type": "Bearer", "expires_in": LIFETIME.to_string(), "ext_expires_in": LIFETIME.to_string(),
            "expires_on": (at + LIFETIME).to_string(), "not_before": (at - 300).to_string(),
            "resource": resource, "access_token": token,
        });
    }
    Ok(Answer::json(200, body))
}

fn read(incoming: &Incoming) -> Result<Form, Refusal> {
    let kind = incoming.header("content-type").unwrap_or_default();
    if !kind.starts_with("application/x-www-form-urlencoded") {
        return Err(Refusal::malformed(
            900_144,
            "The request body must contain the following parameter: 'grant_type'.",
        ));
    }
    let mut fields = form(&String::from_utf8_lossy(&incoming.body));
    let basic = incoming.header("authorization").and_then(|value| value.strip_prefix("Basic "));
    if let Some(basic) = basic.and_then(|text| STANDARD.decode(text).ok())
        && let Some((id, secret)) = String::from_utf8_lossy(&basic).split_once(':')
    {
        fields.push(("client_id".to_owned(), decoded(id)));
        fields.push(("client_secret".to_owned(), decoded(secret)));
    }
    Ok(Form(fields))
}

/// Returns `appidacr`: "1" for a secret, "2" for a certificate.
fn authenticate(
    world: &World,
    incoming: &Incoming,
    tenant: &str,
    client: &Client,
    form: &Form,
    now: OffsetDateTime,
) -> Result<&'static str, Refusal> {
    if let Some(text) = form.get("client_assertion") {
        let kind = form.get("client_assertion_type");
        if kind != Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer") {
            return Err(Refusal::malformed(
                900_144,
                "The request body must contain the following parameter: 'client_assertion_type'.",
            ));
        }
        assertion::verify(world, incoming, tenant, client, text, now)?;
        return Ok("2");
    }
    let Some(secret) = form.get("client_secret") else {
        return Err(Refusal::new(401, "invalid_client", 7_000_216, "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type.").violating());
    };
    let digest = tenant::digest(secret);
    match client.secrets.iter().find(|(known, _)| *known == digest) {
        Some((_, true)) => Ok("1"),
        Some((_, false)) => Err(Refusal::new(
            401,
            "invalid_client",
            7_000_222,
            format!(
                "The provided client secret keys for app '{}' are expired. Visit the Azure portal to create new keys for your app.",
                client.app_id
            ),
        )),
        None => Err(Refusal::new(
            401,
            "invalid_client",
            7_000_215,
            format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the \
             client secret ID, for a secret added to app '{}'.",
                client.app_id
            ),
        )),
    }
}

/// The resource that a v2 scope or a v1 resource names.
fn resource(incoming: &Incoming, form: &Form) -> Result<String, Refusal> {
    if !incoming.path.contains("/v2.0/") {
        return form.need("resource").map(str::to_owned);
    }
    let scope = form.need("scope")?;
    let mut named =
        scope.split_whitespace().filter(|s| !matches!(*s, "openid" | "profile" | "offline_access"));
    let resource = named.next().and_then(|s| s.strip_suffix("/.default"));
    match (resource, named.next()) {
        (Some(resource), None) if !resource.is_empty() => Ok(resource.to_owned()),
        _ => Err(Refusal::new(400, "invalid_scope", 1_002_012, format!(
            "The provided value for scope {scope} is not valid. Client credential flows must have a scope value with /.default \
             suffixed to the resource identifier (application ID URI).")).violating()),
    }
}

/// The object id of the resource's principal in the tenant. Our own address is Graph's.
fn audience(
    world: &World,
    incoming: &Incoming,
    tenant: &str,
    resource: &str,
) -> Result<String, Refusal> {
    let bare = |name: &str| name.trim_end_matches('/').to_lowercase();
    let wanted = bare(resource);
    let directory = &world.tenants[tenant];
    let graph = wanted == bare(&incoming.base) || is_loopback(&wanted);
    let found = directory.service_principals.values().find(|sp| {
        if graph {
            return text(sp, "appId") == first_party::GRAPH;
        }
        let view = world.principal_view(sp);
        text(sp, "appId") == wanted
            || list(&view, "servicePrincipalNames")
                .iter()
                .any(|name| name.as_str().is_some_and(|n| bare(n) == wanted))
    });
    found.map(|sp| text(sp, "id").to_owned()).ok_or_else(|| {
        Refusal::new(400, "invalid_resource", 500_011, format!(
            "The resource principal named {resource} was not found in the tenant named {}. This can happen if the application has \
             not been installed by the administrator of the tenant or consented to by any user in the tenant. You might have sent \
             your authentication request to the wrong tenant.", directory.display_name))
    })
}

/// Whether an address is on this machine: an emulator behind another port is still this one.
pub(crate) fn is_loopback(resource: &str) -> bool {
    let host = resource.strip_prefix("https://").unwrap_or_default();
    ["localhost", "127.0.0.1", "[::1]"]
        .iter()
        .any(|&own| host == own || host.starts_with(&format!("{own}:")))
}

/// The values of the roles held on a resource, sorted.
fn role_values<'a>(
    world: &World,
    directory: &Tenant,
    resource: &str,
    held: impl Iterator<Item = &'a str>,
) -> Vec<String> {
    let Some(resource) = directory.service_principals.get(resource) else { return Vec::new() };
    let mut values: Vec<String> = match first_party::by_app_id(text(resource, "appId")) {
        Some(api) => held.filter_map(|id| api.role_value(id)).map(str::to_owned).collect(),
        None => {
            let view = world.principal_view(resource);
            let value = |id: &str| {
                let role = list(&view, "appRoles").iter().find(|role| role["id"] == id)?;
                role["value"].as_str().map(str::to_owned)
            };
            held.filter_map(value).collect()
        }
    };
    values.sort();
    values
}

fn claims(
    world: &World,
    tenant: &str,
    client: &Client,
    (resource, audience): (&str, &str),
    method: &str,
    now: OffsetDateTime,
) -> Value {
    let directory = &world.tenants[tenant];
    let held = directory.app_role_assignments.values().filter(|assignment| {
        text(assignment, "principalId") == client.object_id
            && text(assignment, "resourceId") == audience
    });
    let roles = role_values(world, directory, audience, held.map(|held| text(held, "appRoleId")));
    let at = now.unix_timestamp();
    let uti =
        Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{tenant}{}{at}", client.app_id).as_bytes());
    json!({
        "aud": resource, "iss": format!("https://sts.windows.net/{tenant}/"), "iat": at, "nbf": at - 300, "exp": at + LIFETIME,
        "app_displayname": client.name, "appid": client.app_id, "appidacr": method, "idp": format!("https://sts.windows.net/{tenant}/"),
        "idtyp": "app", "oid": client.object_id, "sub": client.object_id, "roles": roles, "tid": tenant,
        "uti": uti, "ver": "1.0", "xms_emulated": true,
    })
}

/// The claims of a token for Azure Resource Manager.
pub(crate) fn resource_manager(
    world: &World,
    incoming: &Incoming,
    now: OffsetDateTime,
) -> Result<Value, Refusal> {
    let refused = || {
        Refusal::new(
            401,
            "invalid_token",
            50_027,
            "The access token is missing or is not for this resource.",
        )
    };
    let token = incoming
        .header("authorization")
        .and_then(|v| v.strip_prefix("Bearer "))
        .ok_or_else(refused)?;
    let token = jwt::parse(token).filter(|token| jwt::is_ours(world, token)).ok_or_else(refused)?;
    let audience =
        token.claims["aud"].as_str().unwrap_or_default().trim_end_matches('/').to_lowercase();
    let api = first_party::by_app_id(first_party::RESOURCE_MANAGER);
    let known = api.is_some_and(|api| {
        api.service_principal_names.iter().any(|n| n.trim_end_matches('/') == audience)
    });
    let live = token.seconds("exp").is_some_and(|exp| exp > now.unix_timestamp());
    if live && (known || audience == incoming.base || is_loopback(&audience)) {
        Ok(token.claims)
    } else {
        Err(refused())
    }
}
