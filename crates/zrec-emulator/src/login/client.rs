//! Who signs in: a caller of the cloud file, or an application with a principal in the tenant.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::assertion;
use super::refusal::Refusal;
use crate::cloud::tenant::{Caller, Object, Tenant, list, text};
use crate::cloud::world::World;

/// A client, with what it may prove itself by.
pub(crate) struct Client {
    pub(crate) app_id: String,
    pub(crate) object_id: String,
    pub(crate) name: String,
    /// Digests of secrets, and whether each is live.
    pub(crate) secrets: Vec<(String, bool)>,
    pub(crate) certificates: Vec<Vec<u8>>,
}

impl Client {
    /// The client with an appId in a tenant.
    pub(crate) fn find(
        world: &World,
        tenant: &str,
        app_id: &str,
        now: OffsetDateTime,
    ) -> Result<Self, Refusal> {
        let tenant = &world.tenants[tenant];
        let id = app_id.to_lowercase();
        if let Some(caller) = tenant.callers.get(&id) {
            return Ok(Self::of_caller(id, caller));
        }
        let (home, app) = world.backing(&id).ok_or_else(|| unknown(tenant, app_id))?;
        if text(app, "signInAudience") == "AzureADMyOrg" && home.id != tenant.id {
            return Err(unknown(tenant, app_id));
        }
        let Some(principal) = tenant.principal_by_app_id(&id) else {
            return Err(if home.id == tenant.id {
                without_principal(tenant, &id)
            } else {
                unknown(tenant, app_id)
            });
        };
        if principal.get("accountEnabled") == Some(&json!(false)) {
            let text = format!("Application '{id}'({}) is disabled.", text(app, "displayName"));
            return Err(Refusal::new(401, "unauthorized_client", 7_000_112, text));
        }
        Ok(from_application(home, app, principal, now))
    }

    fn of_caller(app_id: String, caller: &Caller) -> Self {
        let certificates = caller.certificate_pem.as_deref().map(assertion::certificates);
        Self {
            app_id,
            object_id: caller.object_id.clone(),
            name: "emulated caller".to_owned(),
            secrets: caller.secret.iter().map(|digest| (digest.clone(), true)).collect(),
            certificates: certificates.unwrap_or_default(),
        }
    }
}

fn unknown(tenant: &Tenant, app_id: &str) -> Refusal {
    let text = format!(
        "Application with identifier '{app_id}' was not found in the directory '{}'. This can happen if the application has not \
         been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your \
         authentication request to the wrong tenant.",
        tenant.display_name
    );
    Refusal::new(400, "unauthorized_client", 700_016, text)
}

fn without_principal(tenant: &Tenant, app_id: &str) -> Refusal {
    let text = format!(
        "The client application {app_id} is missing service principal in the tenant {}.",
        tenant.id
    );
    Refusal::new(401, "invalid_client", 7_000_229, text)
}

fn from_application(
    home: &Tenant,
    app: &Object,
    principal: &Object,
    now: OffsetDateTime,
) -> Client {
    let live = |entry: &Value| {
        let date = |name: &str| entry[name].as_str().and_then(crate::clock::parse);
        date("endDateTime").is_none_or(|end| end > now)
            && date("startDateTime").is_none_or(|start| start <= now)
    };
    let secrets = list(app, "passwordCredentials").iter().filter_map(|entry| {
        let digest = home.secrets.get(entry["keyId"].as_str()?)?;
        Some((digest.clone(), live(entry)))
    });
    let certificates = list(app, "keyCredentials")
        .iter()
        .filter(|entry| live(entry))
        .filter_map(|entry| STANDARD.decode(entry["key"].as_str()?).ok());
    Client {
        app_id: text(app, "appId").to_owned(),
        object_id: text(principal, "id").to_owned(),
        name: text(app, "displayName").to_owned(),
        secrets: secrets.collect(),
        certificates: certificates.collect(),
    }
}
