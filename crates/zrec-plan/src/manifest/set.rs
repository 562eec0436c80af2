//! A set that obeys every rule, its defaults merged, each value with its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::manifest::node::Node;
use crate::manifest::spec::{ConnectorSpec, TenantSpec};
use crate::name::{ConnectorId, SetName, TenantName};

/// The manifests of one set, judged and merged.
#[derive(Clone, Debug)]
pub struct Set {
    pub(crate) name: SetName,
    pub(crate) is_named: bool,
    pub(crate) catalog_version: Option<String>,
    pub(crate) tenants: BTreeMap<TenantName, SetTenant>,
    pub(crate) connectors: BTreeMap<ConnectorId, SetConnector>,
    /// Paths of the sources, as messages show them.
    pub(crate) paths: Vec<String>,
}

/// One tenant.
#[derive(Clone, Debug)]
pub(crate) struct SetTenant {
    pub(crate) spec: TenantSpec,
    pub(crate) labels: BTreeMap<String, String>,
    /// The merged spec with places.
    pub(crate) effective: Node,
}

/// One connector in one tenant.
#[derive(Clone, Debug)]
pub(crate) struct SetConnector {
    /// Shared between the tenants that override nothing.
    pub(crate) merged: Arc<Merged>,
    /// `file:line`.
    pub(crate) written_at: String,
}

/// A merged connector spec.
#[derive(Clone, Debug)]
pub(crate) struct Merged {
    pub(crate) spec: ConnectorSpec,
    /// The same with places.
    pub(crate) effective: Node,
}

impl Set {
    /// The set's name.
    pub fn name(&self) -> &SetName {
        &self.name
    }

    /// How many tenants it has.
    pub fn tenant_count(&self) -> usize {
        self.tenants.len()
    }

    /// How many connectors it has, counted once a tenant.
    pub fn connector_count(&self) -> usize {
        self.connectors.len()
    }
}
