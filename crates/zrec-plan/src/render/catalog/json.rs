//! The catalogue as JSON, in the guide's order; `schemas/catalog.schema.json` describes it.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{Row, Section, select};
use crate::catalog::{App, Catalog, UnknownName};
use crate::name::ActionName;

/// The version of the output's shape.
const SCHEMA_VERSION: u8 = 1;

/// The catalogue for a program.
pub fn catalog_json(
    catalog: &Catalog,
    app: Option<App>,
    actions: Option<&BTreeSet<ActionName>>,
) -> Result<Value, UnknownName> {
    let connectors: Map<String, Value> = select(catalog, app, actions)?
        .iter()
        .map(|it| (it.connector.app.to_string(), connector(catalog, it)))
        .collect();
    let apis = catalog.apis().iter().map(|api| {
        json!({
            "name": api.name,
            "appId": api.app_id,
            "displayName": api.display_name,
            "formerNames": api.former_names,
        })
    });
    Ok(json!({
        "schemaVersion": SCHEMA_VERSION,
        "version": catalog.version(),
        "apis": apis.collect::<Vec<_>>(),
        "connectors": connectors,
        "forbidden": forbidden(catalog),
    }))
}

fn connector(catalog: &Catalog, section: &Section<'_>) -> Value {
    let connector = section.connector;
    let roles = connector.azure_roles.iter().filter_map(|name| catalog.azure_role(name));
    let roles = roles.map(|role| {
        json!({
            "name": role.name,
            "id": role.id,
            "description": role.description,
            "riskNote": role.risk_note,
        })
    });
    json!({
        "displayName": connector.display_name,
        "actions": connector.actions,
        "permissions": section.rows.iter().map(permission).collect::<Vec<_>>(),
        "azureRoles": roles.collect::<Vec<_>>(),
        "certificate": connector.needs_certificate.then(|| catalog.certificate()),
        "managementApp": connector.needs_management_app.then(|| catalog.management_app()),
    })
}

fn permission(row: &Row<'_>) -> Value {
    let it = row.permission;
    json!({
        "api": it.api,
        "resourceAppId": it.key.resource_app_id,
        "value": it.value,
        "type": it.key.kind,
        "id": it.key.id,
        "actions": row.actions,
        "level": it.level,
        "sentence": it.sentence,
        "notes": row.row.notes,
    })
}

fn forbidden(catalog: &Catalog) -> Value {
    let permissions = catalog.all_forbidden().iter().filter_map(|(key, why)| {
        let it = catalog.permission(key)?;
        Some(json!({
            "api": it.api,
            "resourceAppId": key.resource_app_id,
            "value": it.value,
            "type": key.kind,
            "id": key.id,
            "reason": why.reason,
        }))
    });
    let roles = catalog.forbidden_azure_roles().iter();
    let roles = roles.map(|it| json!({ "name": it.name, "id": it.id, "reason": it.reason }));
    json!({
        "permissions": permissions.collect::<Vec<_>>(),
        "azureRoles": roles.collect::<Vec<_>>(),
    })
}
