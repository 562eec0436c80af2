//! Set → desired: every default spelled out, every exception judged by the date.

use std::collections::{BTreeMap, BTreeSet};

use time::Date;

use crate::catalog::{App, Catalog, PermissionKey};
use crate::code::Code;
use crate::desired::{
    Desired, DesiredConnector, DesiredTenant, Exception, SignInAudience, Suspension,
    WantedPermission, WantedRoleAssignment,
};
use crate::finding::{Effect, Finding};
use crate::guid::Guid;
use crate::manifest::neighbour::expand;
use crate::manifest::permission::grantable;
use crate::manifest::rule;
use crate::manifest::set::{Set, SetConnector, SetTenant};
use crate::manifest::spec::{ConnectorSpec, NamedException};
use crate::name::{ConnectorId, TenantName};

/// Spells out what a set asks for on a day.
pub fn desire(set: &Set, catalog: &Catalog, today: Date) -> Desired {
    let mut desired = Desired {
        set: set.name.clone(),
        set_is_named: set.is_named,
        catalog_version: set.catalog_version.clone(),
        tenants: BTreeMap::new(),
        connectors: BTreeMap::new(),
        findings: Vec::new(),
    };
    for (id, connector) in &set.connectors {
        let Some(tenant) = set.tenants.get(&id.tenant) else {
            continue;
        };
        let mut scribe = Scribe { id, findings: &mut desired.findings };
        if let Some(wanted) = wanted(set, tenant, connector, catalog, today, &mut scribe) {
            desired.connectors.insert(id.clone(), wanted);
        }
    }
    for (name, tenant) in &set.tenants {
        // A tenant without connectors needs no organization, and nothing is done in it.
        let Some(zscaler) = tenant.spec.zscaler.clone() else {
            continue;
        };
        desired.tenants.insert(name.clone(), desired_tenant(name, tenant, zscaler));
    }
    repeated_directories(set, &mut desired.findings);
    desired.findings.sort();
    desired.findings.dedup();
    desired
}

fn desired_tenant(
    name: &TenantName,
    tenant: &SetTenant,
    zscaler: crate::desired::ZscalerOrganization,
) -> DesiredTenant {
    let spec = &tenant.spec;
    DesiredTenant {
        name: name.clone(),
        tenant_id: spec.tenant_id,
        cloud: spec.cloud.clone(),
        consent: spec.consent,
        owners: spec.owners.clone(),
        subscriptions: spec.subscriptions.clone(),
        secret_store: spec.secret_store.clone(),
        zscaler,
        labels: tenant.labels.clone(),
    }
}

/// Writes the findings of one connector.
struct Scribe<'a> {
    id: &'a ConnectorId,
    findings: &'a mut Vec<Finding>,
}

impl Scribe<'_> {
    fn inform(&mut self, code: Code, message: String, hint: String) {
        self.findings.push(Finding {
            effect: Effect::Informs,
            code,
            tenant: Some(self.id.tenant.clone()),
            connector: Some(self.id.connector.clone()),
            message,
            hint,
        });
    }
}

fn wanted(
    set: &Set,
    tenant: &SetTenant,
    connector: &SetConnector,
    catalog: &Catalog,
    today: Date,
    scribe: &mut Scribe<'_>,
) -> Option<DesiredConnector> {
    let spec = &connector.merged.spec;
    let id = scribe.id.clone();
    let key = spec.key.clone();
    if spec.sign_in_audience == SignInAudience::MyOrg {
        scribe.inform(
            rule::SINGLE_TENANT,
            "the application is for this tenant only, where the guide asks for any tenant"
                .to_owned(),
            "if the console refuses it, remove `signInAudience`".to_owned(),
        );
    }
    let fill = |template: &str| expand(template, id.tenant.as_str(), id.connector.as_str());
    Some(DesiredConnector {
        unique_name: format!("zrec.{}.{key}", set.name),
        key,
        app: spec.app,
        display_name: fill(&spec.display_name),
        tenant_name: fill(&spec.tenant_name),
        redirect_uri: tenant.spec.zscaler.as_ref()?.console.clone(),
        sign_in_audience: spec.sign_in_audience,
        permissions: permissions(spec, catalog, today, scribe),
        client_secret: spec.client_secret,
        certificate: spec.certificate.filter(|_| spec.app == App::Sharepoint),
        role_assignments: role_assignments(spec, tenant, catalog),
        management_app: spec.management_app.filter(|_| spec.app == App::Copilot),
        adopt: spec.adopt,
        service_management_reference: spec.service_management_reference.clone(),
        prevent_destroy: spec.lifecycle.prevent_destroy,
        suspend: suspension(spec, today, scribe),
        written_at: connector.written_at.clone(),
        id,
    })
}

/// The derived set, what is added and what is dropped. Time only narrows.
fn permissions(
    spec: &ConnectorSpec,
    catalog: &Catalog,
    today: Date,
    scribe: &mut Scribe<'_>,
) -> BTreeMap<PermissionKey, WantedPermission> {
    let mut wanted: BTreeMap<PermissionKey, WantedPermission> = BTreeMap::new();
    let mut want = |key: PermissionKey, actions: BTreeSet<_>, added: Option<Exception>| {
        if let Some(permission) = catalog.permission(&key) {
            let (api, value) = (permission.api.clone(), permission.value.clone());
            wanted.entry(key).or_insert(WantedPermission { api, value, actions, added });
        }
    };
    for (key, actions) in catalog.least_permissions(spec.app, spec.actions.as_ref()) {
        want(key, actions, None);
    }
    for add in &spec.permissions.add {
        if let Some(until) = add.until.filter(|until| today > *until) {
            scribe.inform(
                rule::ADD_ENDED,
                format!(
                    "the added permission {} of {} ended on {until} and is no longer wanted",
                    add.name, add.api
                ),
                "remove the entry, or give it a new date".to_owned(),
            );
            continue;
        }
        for key in grantable(catalog, spec.app, &add.api, &add.name) {
            want(key, BTreeSet::new(), Some(exception(add)));
        }
    }
    for drop in &spec.permissions.drop {
        if let Some(until) = drop.until.filter(|until| today > *until) {
            scribe.inform(
                rule::DROP_ENDED,
                format!(
                    "the drop of {} of {} was meant until {until} and still holds",
                    drop.name, drop.api
                ),
                "remove the entry to get the permission back, or give it a new date".to_owned(),
            );
        }
        wanted.retain(|_, permission| permission.api != drop.api || permission.value != drop.name);
    }
    wanted
}

fn exception(named: &NamedException) -> Exception {
    Exception { reason: named.reason.clone(), until: named.until }
}

fn suspension(spec: &ConnectorSpec, today: Date, scribe: &mut Scribe<'_>) -> Option<Suspension> {
    let suspend = spec.suspend.as_ref()?;
    if let Some(until) = suspend.until.filter(|until| today > *until) {
        scribe.inform(
            rule::SUSPENSION_ENDED,
            format!("the suspension ({}) was meant until {until} and still holds", suspend.reason),
            "remove `suspend` to let zrec change the connector again, or give it a new date"
                .to_owned(),
        );
    }
    Some(Suspension { reason: suspend.reason.clone(), until: suspend.until })
}

fn role_assignments(
    spec: &ConnectorSpec,
    tenant: &SetTenant,
    catalog: &Catalog,
) -> Vec<WantedRoleAssignment> {
    let mut wanted = BTreeSet::new();
    for assignment in spec.role_assignments.iter().filter(|_| spec.app == App::AzureBlob) {
        let subscriptions = &tenant.spec.subscriptions;
        let ids = assignment.subscriptions.iter().filter_map(|name| subscriptions.get(name));
        let scopes = ids.map(|id| format!("/subscriptions/{id}")).chain(assignment.scope.clone());
        let every = || catalog.connector(spec.app).azure_roles.clone();
        let roles = assignment.roles.clone().unwrap_or_else(every);
        for scope in scopes {
            for role in roles.iter().filter_map(|name| catalog.azure_role(name)) {
                wanted.insert(WantedRoleAssignment {
                    scope: scope.clone(),
                    role_name: role.name.clone(),
                    role_id: role.id,
                });
            }
        }
    }
    wanted.into_iter().collect()
}

/// Two tenants of one directory: said for each, and blocking where they share a key.
fn repeated_directories(set: &Set, findings: &mut Vec<Finding>) {
    let mut directories: BTreeMap<Guid, Vec<&TenantName>> = BTreeMap::new();
    for (name, tenant) in &set.tenants {
        directories.entry(tenant.spec.tenant_id).or_default().push(name);
    }
    for (directory, names) in directories.into_iter().filter(|(_, names)| names.len() > 1) {
        let mut keys = BTreeSet::new();
        let mut shared = false;
        for (_, connector) in set.connectors.iter().filter(|(id, _)| names.contains(&&id.tenant)) {
            let key = connector.merged.spec.key.as_str();
            shared |= !keys.insert(key);
        }
        let listed: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
        for &name in &names {
            findings.push(Finding {
                effect: if shared { Effect::Blocks } else { Effect::Informs },
                code: rule::REPEATED_DIRECTORY,
                tenant: Some(name.clone()),
                connector: None,
                message: format!(
                    "the tenants {} are one directory, {directory}",
                    listed.join(", ")
                ),
                hint: "merge the Tenant documents, or correct a tenantId".to_owned(),
            });
        }
    }
}
