//! All tenants, and what spans them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use time::OffsetDateTime;
use uuid::Uuid;

use super::file::{CloudFile, TenantFile};
use super::tenant::{Object, Tenant};
use super::{first_party, seed};

/// The whole cloud.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct World {
    pub(crate) tenants: BTreeMap<String, Tenant>,
    /// The token-signing key, PKCS#8 in base64.
    #[serde(default)]
    pub(crate) signing_key: Option<String>,
    /// What lagging reads still see.
    #[serde(skip)]
    pub(crate) replicas: Vec<Replica>,
}

/// A tenant as a lagging replica shows it.
#[derive(Clone, Debug)]
pub(crate) struct Replica {
    pub(crate) tenant: Tenant,
    pub(crate) reads: Option<u64>,
    pub(crate) until: Option<OffsetDateTime>,
    /// Where it answers only some of the reads: how many it was asked.
    pub(crate) turn: Option<u64>,
}

impl World {
    /// A cloud with the tenants that a file lists. A tenant that cannot be seeded starts empty:
    /// [`CloudFile::parse`] has refused such a file before.
    pub(crate) fn new(file: &CloudFile, now: OffsetDateTime) -> Self {
        let mut world = Self::default();
        for tenant in &file.tenants {
            let seeded = seed::tenant(tenant, now).unwrap_or_else(|reason| {
                tracing::warn!(%reason, tenant = %tenant.id, "tenant starts empty");
                seed::empty(tenant.id, now)
            });
            world.tenants.insert(seeded.id.clone(), seeded);
        }
        world
    }

    /// The tenant's id if it exists; made on first use unless the file is strict.
    pub(crate) fn tenant_id(
        &mut self,
        named: &str,
        strict: bool,
        now: OffsetDateTime,
    ) -> Option<String> {
        let named = named.to_lowercase();
        let by_domain = |tenant: &&Tenant| {
            tenant.verified_domains.iter().any(|d| d.eq_ignore_ascii_case(&named))
        };
        if let Some(tenant) = self.tenants.values().find(by_domain) {
            return Some(tenant.id.clone());
        }
        let id = guid(&named)?;
        let key = id.to_string();
        if !self.tenants.contains_key(&key) {
            if strict {
                return None;
            }
            let file = TenantFile { id, ..TenantFile::default() };
            let made = seed::tenant(&file, now).unwrap_or_else(|_| seed::empty(id, now));
            self.tenants.insert(key.clone(), made);
        }
        Some(key)
    }

    /// The application object behind an appId, wherever it lives, with its tenant.
    pub(crate) fn backing(&self, app_id: &str) -> Option<(&Tenant, &Object)> {
        self.tenants
            .values()
            .find_map(|tenant| tenant.application_by_app_id(app_id).map(|app| (tenant, app)))
    }

    /// A service principal as it reads: what belongs to its application is shown from there.
    pub(crate) fn principal_view(&self, principal: &Object) -> Object {
        let app_id = super::tenant::text(principal, "appId");
        match first_party::by_app_id(app_id) {
            Some(api) => {
                let mut view = principal.clone();
                view.insert("appRoles".into(), api.app_roles());
                view.insert("oauth2PermissionScopes".into(), api.scopes());
                view
            }
            None => self.own_principal_view(principal),
        }
    }

    /// The same with nothing but these properties wanted: a first-party API has hundreds of roles,
    /// which are not printed where nobody asks for them.
    pub(crate) fn principal_selected(&self, principal: &Object, select: &[String]) -> Object {
        let wants = |name: &str| select.is_empty() || select.iter().any(|wanted| wanted == name);
        let app_id = super::tenant::text(principal, "appId");
        let first_party = first_party::by_app_id(app_id).is_some();
        match first_party && !wants("appRoles") && !wants("oauth2PermissionScopes") {
            true => principal.clone(),
            false => self.principal_view(principal),
        }
    }

    fn own_principal_view(&self, principal: &Object) -> Object {
        let mut view = principal.clone();
        let app_id = super::tenant::text(principal, "appId").to_owned();
        let Some((_, app)) = self.backing(&app_id) else {
            return view;
        };
        let of = |pointer: &str, empty: Value| {
            Value::Object(app.clone())
                .pointer(pointer)
                .filter(|v| !v.is_null())
                .cloned()
                .unwrap_or(empty)
        };
        let none = || Value::Array(Vec::new());
        view.insert("appDisplayName".into(), of("/displayName", Value::Null));
        view.insert("appDescription".into(), of("/description", Value::Null));
        view.insert("appRoles".into(), of("/appRoles", none()));
        view.insert("oauth2PermissionScopes".into(), of("/api/oauth2PermissionScopes", none()));
        view.insert("replyUrls".into(), of("/web/redirectUris", none()));
        view.insert("signInAudience".into(), of("/signInAudience", Value::Null));
        let mut names = vec![Value::String(app_id)];
        names.extend(super::tenant::list(app, "identifierUris").iter().cloned());
        view.insert("servicePrincipalNames".into(), Value::Array(names));
        view
    }
}

/// A GUID in its hyphenated form only.
pub(crate) fn guid(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::parse_str(text).ok()).flatten()
}
