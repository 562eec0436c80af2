//! What is granted to a connector, by permission.

use std::collections::BTreeMap;

use crate::catalog::{PermissionKey, PermissionType};
use crate::context::ConnectorContext;
use crate::guid::Guid;
use crate::observed::{DelegatedGrant, RoleGrant};

/// What is granted, by key.
pub(super) struct Granted<'a> {
    pub(super) roles: BTreeMap<PermissionKey, &'a RoleGrant>,
    pub(super) scopes: BTreeMap<PermissionKey, &'a DelegatedGrant>,
    /// Scopes and roles that the catalogue has no key for.
    pub(super) unknown_roles: Vec<&'a RoleGrant>,
    pub(super) unknown_scopes: Vec<(Option<Guid>, &'a DelegatedGrant, &'a String)>,
    pub(super) of_single_users: usize,
}

impl<'a> Granted<'a> {
    pub(super) fn of(context: &ConnectorContext<'a>) -> Self {
        let resources = context.tenant.resources();
        let mut granted = Self {
            roles: BTreeMap::new(),
            scopes: BTreeMap::new(),
            unknown_roles: Vec::new(),
            unknown_scopes: Vec::new(),
            of_single_users: 0,
        };
        for grant in context.seen.role_grants.present().into_iter().flatten() {
            match resources.get(&grant.resource_object_id) {
                Some(app_id) => {
                    granted.roles.insert(
                        PermissionKey {
                            resource_app_id: *app_id,
                            kind: PermissionType::Role,
                            id: grant.role_id,
                        },
                        grant,
                    );
                }
                None => granted.unknown_roles.push(grant),
            }
        }
        for grant in context.seen.delegated_grants.present().into_iter().flatten() {
            granted.add_delegated(context, &resources, grant);
        }
        granted
    }

    fn add_delegated(
        &mut self,
        context: &ConnectorContext<'_>,
        resources: &BTreeMap<Guid, Guid>,
        grant: &'a DelegatedGrant,
    ) {
        if !grant.for_all_principals {
            self.of_single_users += 1;
            return;
        }
        let app_id = resources.get(&grant.resource_object_id).copied();
        for scope in &grant.scopes {
            match app_id.and_then(|app_id| scope_key(context, app_id, scope)) {
                Some(key) => {
                    self.scopes.insert(key, grant);
                }
                None => self.unknown_scopes.push((app_id, grant, scope)),
            }
        }
    }

    pub(super) fn contains(&self, key: &PermissionKey) -> bool {
        self.roles.contains_key(key) || self.scopes.contains_key(key)
    }
}

/// The key of a scope that is known by name only, as grants write it.
fn scope_key(context: &ConnectorContext<'_>, app_id: Guid, scope: &str) -> Option<PermissionKey> {
    let catalog = context.tenant.catalog;
    let api = catalog.api_by_app_id(app_id)?;
    catalog
        .find(&api.name, scope)
        .into_iter()
        .map(|permission| permission.key)
        .find(|key| key.kind == PermissionType::Scope)
}
