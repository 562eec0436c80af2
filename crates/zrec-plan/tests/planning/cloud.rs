//! A model of the cloud: what each step does to what is observed.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use zrec_plan::Guid;
use zrec_plan::catalog::{Catalog, PermissionKey};
use zrec_plan::desired::Desired;
use zrec_plan::name::ConnectorId;
use zrec_plan::observed::{
    Application, Caller, DelegatedGrant, Observed, ObservedConnector, ObservedTenant,
    ResourcePrincipal, RoleGrant, Seen, ServicePrincipal, Surface,
};
use zrec_plan::plan::plan;
use zrec_plan::record::Records;
use zrec_plan::safety::Limits;
use zrec_plan::step::{Action, Owner, Step};

use crate::credentials;

pub(crate) fn caller() -> Guid {
    "ca11e400-0000-4000-8000-000000000001".parse().unwrap()
}

fn id(number: usize) -> Guid {
    format!("00000000-0000-4000-9000-{number:012x}").parse().unwrap()
}

/// A tenant in which Microsoft's APIs are all there, and nothing of ours.
pub(crate) fn empty(desired: &Desired) -> Observed {
    let resources = Catalog::built_in().apis().iter().enumerate().map(|(index, api)| {
        let principal = ResourcePrincipal { object_id: id(0x0a00 + index), account_enabled: true };
        (api.app_id, Seen::Present(principal))
    });
    let tenant = ObservedTenant {
        login: "https://login.microsoftonline.com".to_owned(),
        caller: Seen::Present(Caller {
            object_id: caller(),
            app_id: None,
            roles: BTreeSet::from(["Application.ReadWrite.All".to_owned()]),
        }),
        resource_principals: resources.collect(),
        app_management_policy: Seen::Absent,
        set_applications: None,
        clock_skew_seconds: Some(0),
        server_time: Some(time::macros::datetime!(2026-11-23 12:00 UTC)),
    };
    Observed {
        tenants: desired.tenants.keys().map(|name| (name.clone(), tenant.clone())).collect(),
        connectors: desired
            .connectors
            .keys()
            .map(|id| (id.clone(), nothing(Records::default())))
            .collect(),
    }
}

/// A connector of which nothing is left but its records.
pub(crate) fn nothing(records: Records) -> ObservedConnector {
    ObservedConnector { records: Seen::Present(records), ..ObservedConnector::absent() }
}

/// A tenant in which everything is as it is wanted.
pub(crate) fn synced(desired: &Desired) -> Observed {
    let mut observed = empty(desired);
    let steps = plan(desired, &observed, Catalog::built_in(), &Limits::default()).steps;
    apply(&steps, desired, &mut observed);
    observed
}

/// Does the steps.
pub(crate) fn apply(steps: &[Step], desired: &Desired, observed: &mut Observed) {
    for step in steps {
        let resources: BTreeMap<Guid, Guid> = observed.tenants[&step.tenant]
            .resource_principals
            .iter()
            .filter_map(|(app_id, seen)| Some((*app_id, seen.present()?.object_id)))
            .collect();
        let Some(connector) = &step.connector else {
            let Action::CreateResourcePrincipal { app_id } = step.action else {
                panic!("{step:?}")
            };
            let tenant = observed.tenants.get_mut(&step.tenant).unwrap();
            let principal = ResourcePrincipal { object_id: id(0x0b00), account_enabled: true };
            tenant.resource_principals.insert(app_id, Seen::Present(principal));
            continue;
        };
        let id = ConnectorId { tenant: step.tenant.clone(), connector: connector.clone() };
        let number = desired.connectors.keys().position(|key| *key == id).unwrap();
        let now = observed.tenants[&step.tenant].server_time.unwrap();
        let seen = observed.connectors.get_mut(&id).unwrap();
        if !credentials::apply(step, now, seen) {
            one(step, number, &resources, seen);
        }
    }
}

pub(crate) fn present<T>(seen: &mut Seen<T>) -> &mut T {
    match seen {
        Seen::Present(value) => value,
        Seen::Absent | Seen::Unreadable(_) => panic!("a step touches what is not there"),
    }
}

fn one(step: &Step, number: usize, resources: &BTreeMap<Guid, Guid>, seen: &mut ObservedConnector) {
    match &step.action {
        Action::CreateApplication { unique_name, body } => {
            // An application that is made again has another id.
            let records = present(&mut seen.records).records.len();
            let mut application = blank(number + 0x100 * records);
            application.unique_name = Some(unique_name.clone());
            patch(&mut application, body);
            seen.application = Seen::Present(application);
            seen.owners = Seen::Present(BTreeSet::new());
            seen.federated_credentials = Seen::Present(Vec::new());
        }
        Action::UpdateApplication { body } => patch(present(&mut seen.application), body),
        Action::BindOwner { owner } => {
            let owner = if let Owner::Object(id) = owner { *id } else { caller() };
            present(&mut seen.owners).insert(owner);
        }
        Action::CreateServicePrincipal { tags } => {
            seen.principal = Seen::Present(ServicePrincipal {
                object_id: id(0x0d00 + number),
                account_enabled: true,
                tags: tags.clone(),
                credentials: Vec::new(),
            });
            seen.role_grants = Seen::Present(Vec::new());
            seen.delegated_grants = Seen::Present(Vec::new());
        }
        Action::UpdateServicePrincipal { tags } => {
            present(&mut seen.principal).tags.clone_from(tags);
        }
        Action::GrantRole { permission } => {
            present(&mut seen.role_grants).push(RoleGrant {
                assignment_id: format!("a-{}-{}", permission.resource_app_id, permission.id),
                resource_object_id: resources[&permission.resource_app_id],
                role_id: permission.id,
            });
        }
        Action::GrantScopes { resource_app_id, scopes, grant_id } => {
            let grants = present(&mut seen.delegated_grants);
            match grants.iter_mut().find(|grant| Some(&grant.grant_id) == grant_id.as_ref()) {
                Some(grant) => grant.scopes.clone_from(scopes),
                None => grants.push(DelegatedGrant {
                    grant_id: format!("d-{resource_app_id}"),
                    resource_object_id: resources[resource_app_id],
                    for_all_principals: true,
                    scopes: scopes.clone(),
                }),
            }
        }
        Action::RevokeRole { assignment_id, .. } => {
            present(&mut seen.role_grants).retain(|grant| grant.assignment_id != *assignment_id);
        }
        Action::RevokeScopes { grant_id, remaining } => {
            let grants = present(&mut seen.delegated_grants);
            grants.iter_mut().filter(|grant| grant.grant_id == *grant_id).for_each(|grant| {
                grant.scopes.clone_from(remaining);
            });
            grants.retain(|grant| !grant.scopes.is_empty());
        }
        other => panic!("the model has no {other:?}"),
    }
}

fn blank(number: usize) -> Application {
    Application {
        object_id: id(0x0c00 + number),
        app_id: id(0x0e00 + number),
        unique_name: None,
        display_name: String::new(),
        sign_in_audience: "AzureADMyOrg".to_owned(),
        redirect_uris: BTreeSet::new(),
        declared: BTreeSet::new(),
        tags: BTreeSet::new(),
        service_management_reference: None,
        credentials: Vec::new(),
        surface: Surface::default(),
    }
}

fn patch(application: &mut Application, body: &Value) {
    for (field, value) in body.as_object().unwrap() {
        let text = || value.as_str().unwrap().to_owned();
        let texts = |value: &Value| serde_json::from_value(value.clone()).unwrap();
        match field.as_str() {
            "uniqueName" => application.unique_name = Some(text()),
            "displayName" => application.display_name = text(),
            "signInAudience" => application.sign_in_audience = text(),
            "web" => application.redirect_uris = texts(&value["redirectUris"]),
            "tags" => application.tags = texts(value),
            "serviceManagementReference" => application.service_management_reference = Some(text()),
            "requiredResourceAccess" => application.declared = declared(value),
            other => panic!("the model has no field {other}"),
        }
    }
}

fn declared(value: &Value) -> BTreeSet<PermissionKey> {
    let mut keys = BTreeSet::new();
    for api in value.as_array().unwrap() {
        for access in api["resourceAccess"].as_array().unwrap() {
            let key = serde_json::json!({
                "resourceAppId": api["resourceAppId"], "type": access["type"], "id": access["id"],
            });
            keys.insert(serde_json::from_value(key).unwrap());
        }
    }
    keys
}
