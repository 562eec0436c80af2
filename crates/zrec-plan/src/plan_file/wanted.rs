//! What the manifests want of each connector, as a digest: other manifests show.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::WantedDigests;
use crate::desired::{Desired, DesiredConnector, DesiredTenant};
use crate::guid::Guid;
use crate::name::TenantName;
use crate::step::Digest;

/// A digest for each connector. The tenant's name and the place in the file do not count: a tenant
/// may be renamed, and lines may move.
pub fn wanted(desired: &Desired) -> WantedDigests {
    wanted_under(desired, &BTreeMap::new())
}

/// The same, had the tenants these names: names of connectors are often made of them. Where a new
/// name changes an object, its step shows that.
pub fn wanted_under(desired: &Desired, names: &BTreeMap<Guid, TenantName>) -> WantedDigests {
    desired
        .connectors
        .values()
        .filter_map(|connector| {
            let tenant = desired.tenants.get(&connector.id.tenant)?;
            let name = names.get(&tenant.tenant_id).unwrap_or(&tenant.name);
            let key = (tenant.tenant_id, connector.id.connector.clone());
            Some((key, Digest::of(&[of_tenant(tenant), of_connector(connector, tenant, name)])))
        })
        .collect()
}

/// What a tenant says about each of its connectors.
fn of_tenant(tenant: &DesiredTenant) -> Value {
    let mut zscaler = json!(tenant.zscaler);
    if let Some(fields) = zscaler.as_object_mut() {
        // Where it was written inline, its name is the tenant's.
        fields.remove("name");
    }
    json!({
        "tenantId": tenant.tenant_id,
        "cloud": tenant.cloud,
        "consent": tenant.consent,
        "owners": tenant.owners,
        "secretStore": tenant.secret_store,
        "zscaler": zscaler,
    })
}

fn of_connector(
    connector: &DesiredConnector,
    tenant: &DesiredTenant,
    tenant_name: &TenantName,
) -> Value {
    // Its keys are no strings, so it stands as a list.
    let permissions: Vec<_> = connector.permissions.iter().collect();
    let permissions = json!(permissions);
    let mut rest = connector.clone();
    rest.permissions.clear();
    for name in [&mut rest.display_name, &mut rest.tenant_name] {
        *name = name.replace(tenant.name.as_str(), tenant_name.as_str());
    }
    let mut value = json!(rest);
    if let Some(fields) = value.as_object_mut() {
        fields.remove("id");
        fields.remove("writtenAt");
        fields.insert("permissions".to_owned(), permissions);
    }
    value
}
