//! What is gained or lost, in plain words, worst first.

use serde::{Deserialize, Serialize};

use crate::catalog::{Catalog, PermissionKey, PermissionType};
use crate::name::{ConnectorName, TenantName};
use crate::step::{Action, Class, Step, Verb};

/// Gained, or lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// The application may do more.
    Gained,
    /// The application may do less.
    Lost,
}

/// One privilege gained or lost by one connector.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrivilegeChange {
    /// Gained, or lost.
    pub direction: Direction,
    /// Microsoft's own level, 4 highest; unknown outside of Microsoft Graph.
    pub level: Option<u8>,
    /// The permission as people know it.
    pub permission: String,
    /// What it lets the application do.
    pub sentence: String,
    /// The tenant.
    pub tenant: TenantName,
    /// The connector.
    pub connector: Option<ConnectorName>,
}

/// Collects what the steps grant and revoke. Losses come after gains, the worst of each first.
pub fn changes(steps: &[Step], catalog: &Catalog) -> Vec<PrivilegeChange> {
    let mut changes: Vec<_> = steps.iter().flat_map(|step| of_step(step, catalog)).collect();
    changes.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
    changes
}

fn sort_key(change: &PrivilegeChange) -> impl Ord + '_ {
    // An unknown level sorts between 2 and 3: neither hidden nor shouted.
    let level = change.level.map_or(5, |level| 2 * level);
    (
        change.direction,
        std::cmp::Reverse(level),
        &change.permission,
        &change.tenant,
        change.connector.as_ref(),
    )
}

fn of_step(step: &Step, catalog: &Catalog) -> Vec<PrivilegeChange> {
    let change = |direction, level, sentence: String| PrivilegeChange {
        direction,
        level,
        permission: step.summary.clone(),
        sentence,
        tenant: step.tenant.clone(),
        connector: step.connector.clone(),
    };
    let known = |key: &PermissionKey, direction| {
        let permission = catalog.permission(key);
        change(
            direction,
            permission.and_then(|permission| permission.level),
            permission.and_then(|permission| permission.sentence.clone()).unwrap_or_default(),
        )
    };
    match &step.action {
        Action::GrantRole { permission } => vec![known(permission, Direction::Gained)],
        Action::GrantScopes { resource_app_id, scopes, .. } => {
            let api = catalog.api_by_app_id(*resource_app_id);
            let keys = scopes.iter().filter_map(|scope| {
                catalog
                    .find(&api?.name, scope)
                    .into_iter()
                    .map(|permission| permission.key)
                    .find(|key| key.kind == PermissionType::Scope)
            });
            keys.take(1).map(|key| known(&key, Direction::Gained)).collect()
        }
        Action::RevokeRole { .. } | Action::RevokeScopes { .. } => {
            vec![change(Direction::Lost, revoked_level(step, catalog), String::new())]
        }
        Action::RestoreApplication { .. } => vec![change(
            Direction::Gained,
            Some(4),
            "brings back every grant that it had when it was deleted".to_owned(),
        )],
        Action::UpdateApplication { .. } if step.verb == Verb::Adopt => vec![change(
            Direction::Gained,
            None,
            "from now on this application is planned and changed by the set".to_owned(),
        )],
        Action::MintCredential { .. } if step.class == Class::Widening => {
            let mut gained = change(
                Direction::Gained,
                None,
                "lets the connector in again, where somebody removed its credential".to_owned(),
            );
            gained.permission = format!("{} {}", step.kind, step.summary);
            vec![gained]
        }
        _ => Vec::new(),
    }
}

/// The level of a revoked role, found by the step's key `api/Role/value`.
fn revoked_level(step: &Step, catalog: &Catalog) -> Option<u8> {
    let mut parts = step.key.splitn(3, '/');
    let (api, kind, value) = (parts.next()?, parts.next()?, parts.next()?);
    if kind != "Role" {
        return None;
    }
    catalog.find(&api.into(), value).into_iter().find_map(|permission| permission.level)
}
