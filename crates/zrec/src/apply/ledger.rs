//! Ledger: ids as the writes of this run have answered them, over those that were read.

use std::collections::{BTreeMap, BTreeSet};

use zrec_plan::Guid;
use zrec_plan::name::{ConnectorId, TenantName};
use zrec_plan::observed::{Observed, Seen};

/// The ids of one connector's objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ids {
    /// The application's object id.
    pub(super) application: Option<Guid>,
    /// The application (client) id.
    pub(super) app_id: Option<Guid>,
    /// The service principal's object id.
    pub(super) principal: Option<Guid>,
    /// Whether the application was made in this run: only then is a 404 a race.
    pub(super) fresh: bool,
}

/// Ids by what they belong to.
#[derive(Clone, Debug, Default)]
pub(super) struct Ledger {
    connectors: BTreeMap<ConnectorId, Ids>,
    resources: BTreeMap<(TenantName, Guid), Guid>,
    callers: BTreeMap<TenantName, Guid>,
    fresh_resources: BTreeSet<(TenantName, Guid)>,
}

impl Ledger {
    /// What was read.
    pub(super) fn of(observed: &Observed) -> Self {
        let mut ledger = Self::default();
        for (id, seen) in &observed.connectors {
            let application = seen.application.present().or_else(|| seen.deleted.present());
            ledger.connectors.insert(
                id.clone(),
                Ids {
                    application: application.map(|application| application.object_id),
                    app_id: application.map(|application| application.app_id),
                    principal: seen.principal.present().map(|principal| principal.object_id),
                    fresh: false,
                },
            );
        }
        for (name, tenant) in &observed.tenants {
            if let Seen::Present(caller) = &tenant.caller {
                ledger.callers.insert(name.clone(), caller.object_id);
            }
            for (app_id, seen) in &tenant.resource_principals {
                if let Seen::Present(principal) = seen {
                    ledger.resources.insert((name.clone(), *app_id), principal.object_id);
                }
            }
        }
        ledger
    }

    /// The ids of a connector.
    pub(super) fn ids(&self, id: &ConnectorId) -> Ids {
        self.connectors.get(id).copied().unwrap_or_default()
    }

    /// Carries forward the ids that a create answered.
    pub(super) fn created(&mut self, id: &ConnectorId, application: Guid, app_id: Guid) {
        let ids = self.connectors.entry(id.clone()).or_default();
        *ids = Ids {
            application: Some(application),
            app_id: Some(app_id),
            principal: None,
            fresh: true,
        };
    }

    /// Carries forward a principal's id.
    pub(super) fn principal_created(&mut self, id: &ConnectorId, principal: Guid) {
        let ids = self.connectors.entry(id.clone()).or_default();
        ids.principal = Some(principal);
        ids.fresh = true;
    }

    /// The object id of an API's principal.
    pub(super) fn resource(&self, tenant: &TenantName, app_id: Guid) -> Option<Guid> {
        self.resources.get(&(tenant.clone(), app_id)).copied()
    }

    /// Carries forward the id of an API's principal.
    pub(super) fn resource_created(&mut self, tenant: &TenantName, app_id: Guid, object_id: Guid) {
        let key = (tenant.clone(), app_id);
        self.resources.insert(key.clone(), object_id);
        self.fresh_resources.insert(key);
    }

    /// Whether an API's principal was made in this run.
    pub(super) fn is_fresh_resource(&self, tenant: &TenantName, app_id: Guid) -> bool {
        self.fresh_resources.contains(&(tenant.clone(), app_id))
    }

    /// Who applies.
    pub(super) fn caller(&self, tenant: &TenantName) -> Option<Guid> {
        self.callers.get(tenant).copied()
    }
}
