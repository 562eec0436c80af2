//! Fleet: the tenants of one run, each signed in or not.

use std::collections::BTreeMap;

use zrec_plan::name::TenantName;

use crate::cloud::failure::Failure;
use crate::cloud::graph::Graph;
use crate::cloud::stats::Counts;
use crate::store::{Store, StoreFailure};

/// The tenants of one run. One that could not sign in does not stop the others.
#[derive(Debug, Default)]
pub struct Fleet {
    /// By name.
    pub tenants: BTreeMap<TenantName, Member>,
}

/// One tenant of the run.
#[derive(Debug)]
pub struct Member {
    /// The sign-in authority, for consent links.
    pub login: String,
    /// The session, or why there is none.
    pub graph: Result<Graph, Failure>,
    /// The secret store; none where the tenant names none.
    pub store: Option<Result<Store, StoreFailure>>,
}

impl Fleet {
    /// The session of a tenant, where it is signed in.
    pub fn graph(&self, tenant: &TenantName) -> Option<&Graph> {
        self.tenants.get(tenant)?.graph.as_ref().ok()
    }

    /// The secret store of a tenant, or why there is none to write to.
    pub fn store(&self, tenant: &TenantName) -> Result<&Store, StoreFailure> {
        let store = self.tenants.get(tenant).and_then(|member| member.store.as_ref());
        match store {
            Some(Ok(store)) => Ok(store),
            Some(Err(failure)) => Err(failure.clone()),
            None => Err(StoreFailure::refused("the tenant names no secret store")),
        }
    }

    /// Ends this run in every store.
    pub fn end_runs(&self) {
        let stores = self.tenants.values().filter_map(|member| member.store.as_ref());
        for store in stores.filter_map(|store| store.as_ref().ok()) {
            store.end();
        }
    }

    /// What all tenants cost together.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for graph in self.tenants.values().filter_map(|member| member.graph.as_ref().ok()) {
            counts.add(&graph.stats().counts());
        }
        counts
    }
}
