//! What the kinds of one scope see: the wanted, the observed, and the catalogue.

use std::collections::BTreeMap;

use crate::catalog::{Catalog, PermissionKey, PermissionType};
use crate::desired::{DesiredConnector, DesiredTenant};
use crate::guid::Guid;
use crate::name::SetName;
use crate::observed::{ObservedConnector, ObservedTenant};

/// A connector as wanted and as seen.
pub(crate) type Pair<'a> = (&'a DesiredConnector, &'a ObservedConnector);

/// One tenant, as the kinds of its scope see it.
#[derive(Clone, Copy, Debug)]
pub struct TenantContext<'a> {
    /// The catalogue.
    pub catalog: &'a Catalog,
    /// The tenant as wanted.
    pub tenant: &'a DesiredTenant,
    /// The tenant as seen.
    pub seen: &'a ObservedTenant,
}

/// One connector, as the kinds of its scope see it.
#[derive(Clone, Copy, Debug)]
pub struct ConnectorContext<'a> {
    /// Its tenant.
    pub tenant: TenantContext<'a>,
    /// The set's name.
    pub set: &'a SetName,
    /// The connector as wanted.
    pub want: &'a DesiredConnector,
    /// The connector as seen.
    pub seen: &'a ObservedConnector,
    /// Whether grants that the application never declared are removed.
    pub revoke_foreign: bool,
}

impl TenantContext<'_> {
    /// Microsoft's name of an API, or its id where the catalogue does not know it.
    pub fn api_name(&self, app_id: Guid) -> String {
        self.catalog
            .api_by_app_id(app_id)
            .map_or_else(|| app_id.to_string(), |api| api.display_name.clone())
    }

    /// The object id of an API's principal in this tenant, where it was seen.
    pub fn resource_object_id(&self, app_id: Guid) -> Option<Guid> {
        self.seen.resource_principals.get(&app_id)?.present().map(|principal| principal.object_id)
    }

    /// APIs by the object ids of their principals.
    pub fn resources(&self) -> BTreeMap<Guid, Guid> {
        self.seen
            .resource_principals
            .iter()
            .filter_map(|(app_id, seen)| Some((seen.present()?.object_id, *app_id)))
            .collect()
    }
}

impl ConnectorContext<'_> {
    /// `api value`, as people know a permission.
    pub fn permission_name(&self, key: &PermissionKey) -> String {
        match self.tenant.catalog.permission(key) {
            Some(permission) => {
                format!("{} {}", self.tenant.api_name(key.resource_app_id), permission.value)
            }
            None => {
                let kind = match key.kind {
                    PermissionType::Role => "role",
                    PermissionType::Scope => "scope",
                };
                format!("{} {kind} {}", self.tenant.api_name(key.resource_app_id), key.id)
            }
        }
    }
}
