//! What the manifests want of each connector, as a digest: other manifests show.

use serde_json::{Value, json};

use super::WantedDigests;
use crate::desired::{Desired, DesiredConnector, DesiredTenant};
use crate::step::Digest;

/// A digest for each connector. The tenant's name and the place in the file do not count: a tenant
/// may be renamed, and lines may move. Where its new name changes an object, the step shows it.
pub fn wanted(desired: &Desired) -> WantedDigests {
    desired
        .connectors
        .values()
        .filter_map(|connector| {
            let tenant = desired.tenants.get(&connector.id.tenant)?;
            let key = (tenant.tenant_id, connector.id.connector.clone());
            Some((key, Digest::of(&[of_tenant(tenant), of_connector(connector, tenant)])))
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

fn of_connector(connector: &DesiredConnector, tenant: &DesiredTenant) -> Value {
    // Its keys are no strings, so it stands as a list.
    let permissions: Vec<_> = connector.permissions.iter().collect();
    let permissions = json!(permissions);
    let mut rest = connector.clone();
    rest.permissions.clear();
    for name in [&mut rest.display_name, &mut rest.tenant_name] {
        *name = name.replace(tenant.name.as_str(), "{tenant}");
    }
    let mut value = json!(rest);
    if let Some(fields) = value.as_object_mut() {
        fields.remove("id");
        fields.remove("writtenAt");
        fields.insert("permissions".to_owned(), permissions);
    }
    value
}
