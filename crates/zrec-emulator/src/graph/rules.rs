//! What Entra demands of an application's properties, beyond their types.

use std::collections::BTreeSet;

use serde_json::Value;

use super::desk::Desk;
use super::failure::Failure;
use super::policy;
use crate::cloud::tenant::{Object, list, text};
use crate::cloud::world::guid;

const AUDIENCES: [&str; 4] = [
    "AzureADMyOrg",
    "AzureADMultipleOrgs",
    "AzureADandPersonalMicrosoftAccount",
    "PersonalMicrosoftAccount",
];

/// Checks what a body says of a new application (`old` is none) or of an existing one.
pub(crate) fn application(
    desk: &Desk<'_>,
    body: &Object,
    old: Option<&Object>,
) -> Result<(), Failure> {
    display_name(body, old)?;
    unique_name(desk, body, old)?;
    tags(body)?;
    if let Some(Value::String(audience)) = body.get("signInAudience") {
        if !AUDIENCES.contains(&audience.as_str()) {
            return Err(invalid("signInAudience", audience));
        }
        policy::audience(&desk.tenant().policy, audience)?;
    }
    for platform in ["web", "spa", "publicClient"] {
        redirect_uris(platform, body)?;
    }
    required_access(body)?;
    identifier_uris(desk, body, old)?;
    app_roles(body)
}

fn invalid(property: &str, value: &str) -> Failure {
    // Unverified text beyond its first half.
    Failure::value(
        property,
        "InvalidValue",
        format!(
            "Invalid value specified for property '{property}' of resource 'Application': '{value}'."
        ),
    )
}

fn display_name(body: &Object, old: Option<&Object>) -> Result<(), Failure> {
    let Some(name) = body.get("displayName") else {
        return Ok(());
    };
    let name = name.as_str().unwrap_or_default();
    // Microsoft's texts say 256 and 120: the longer one is refused for certain.
    if (name.trim().is_empty() && old.is_none())
        || name.trim().is_empty()
        || name.chars().count() > 256
    {
        return Err(invalid("displayName", name));
    }
    Ok(())
}

/// Unique among live and soft-deleted applications; cannot be changed once set.
fn unique_name(desk: &Desk<'_>, body: &Object, old: Option<&Object>) -> Result<(), Failure> {
    let Some(wanted) = body.get("uniqueName") else {
        return Ok(());
    };
    let wanted = wanted.as_str().unwrap_or_default();
    let current = old.map_or("", |old| text(old, "uniqueName"));
    if wanted == current {
        return Ok(());
    }
    if !current.is_empty() {
        // Unverified text.
        return Err(Failure::value(
            "uniqueName",
            "PropertyImmutable",
            "Property 'uniqueName' is immutable and cannot be changed once set.",
        ));
    }
    if wanted.is_empty() {
        return Err(invalid("uniqueName", wanted));
    }
    let tenant = desk.tenant();
    let deleted = tenant.deleted.values().map(|item| &item.object);
    if tenant
        .applications
        .values()
        .chain(deleted)
        .any(|app| text(app, "uniqueName").eq_ignore_ascii_case(wanted))
    {
        let message = "Another object with the same value for property uniqueName already exists.";
        return Err(Failure::bad(message).detail("ObjectConflict", "uniqueName", message));
    }
    Ok(())
}

fn tags(body: &Object) -> Result<(), Failure> {
    let tags: Vec<&str> = list(body, "tags").iter().filter_map(Value::as_str).collect();
    let bad = |tag: &&&str| {
        tag.is_empty() || tag.chars().count() > 256 || tag.contains(char::is_whitespace)
    };
    if let Some(tag) = tags.iter().find(bad) {
        return Err(invalid("tags", tag));
    }
    if tags.iter().collect::<BTreeSet<_>>().len() < tags.len() {
        return Err(invalid("tags", "duplicate values"));
    }
    Ok(())
}

fn redirect_uris(platform: &str, body: &Object) -> Result<(), Failure> {
    let uris = body.get(platform).and_then(|p| p.get("redirectUris")).and_then(Value::as_array);
    let uris: Vec<&str> = uris.into_iter().flatten().filter_map(Value::as_str).collect();
    let property = format!("{platform}.redirectUris");
    if uris.len() > 256 {
        return Err(invalid(&property, "more than 256 values"));
    }
    for (n, uri) in uris.iter().enumerate() {
        let local = ["http://localhost", "http://127.0.0.1"].iter().any(|l| uri.starts_with(l));
        let allowed = platform == "publicClient" || uri.starts_with("https://") || local;
        let wild = uri.contains(['!', '$', '\'', '(', ')', ',', ';', ' ', '#']);
        if !allowed
            || uri.len() > 256
            || wild && platform != "publicClient"
            || uris[..n].contains(uri)
        {
            return Err(invalid(&property, uri));
        }
    }
    Ok(())
}

fn required_access(body: &Object) -> Result<(), Failure> {
    let apis = list(body, "requiredResourceAccess");
    let mut seen = BTreeSet::new();
    let mut permissions = 0;
    for api in apis {
        let app_id = api["resourceAppId"].as_str().unwrap_or_default();
        if guid(app_id).is_none() || !seen.insert(app_id.to_lowercase()) {
            return Err(invalid("requiredResourceAccess", app_id));
        }
        let entries = api["resourceAccess"].as_array().map_or(&[][..], Vec::as_slice);
        let mut pairs = BTreeSet::new();
        for entry in entries {
            let (id, kind) = (
                entry["id"].as_str().unwrap_or_default(),
                entry["type"].as_str().unwrap_or_default(),
            );
            if guid(id).is_none()
                || !matches!(kind, "Role" | "Scope")
                || !pairs.insert((id.to_lowercase(), kind))
            {
                return Err(invalid("requiredResourceAccess", &format!("{id} {kind}")));
            }
        }
        permissions += entries.len();
    }
    if apis.len() > 50 || permissions > 400 {
        return Err(invalid("requiredResourceAccess", "more than 50 resources or 400 permissions"));
    }
    Ok(())
}

/// `api://{appId}`, `api://{tenantId}/…`, or a verified domain (or a part of one).
fn identifier_uris(desk: &Desk<'_>, body: &Object, old: Option<&Object>) -> Result<(), Failure> {
    let tenant = desk.tenant();
    let app_id = old.map_or("", |old| text(old, "appId"));
    for uri in list(body, "identifierUris").iter().filter_map(Value::as_str) {
        let Some((scheme, rest)) = uri.split_once("://") else {
            return Err(invalid("identifierUris", uri));
        };
        let host = rest.split('/').next().unwrap_or_default().to_lowercase();
        let verified = tenant.verified_domains.iter().any(|domain| {
            host == domain.to_lowercase() || host.ends_with(&format!(".{}", domain.to_lowercase()))
        });
        let own = scheme == "api"
            && (host == tenant.id
                || (!app_id.is_empty() && host == app_id)
                || host.ends_with(&format!(".{app_id}")) && !app_id.is_empty());
        if !verified && !own {
            let message = format!(
                "Values of identifierUris property must use a verified domain of the organization or its subdomain: '{uri}'"
            );
            return Err(Failure::new(400, "HostNameNotOnVerifiedDomain", message));
        }
        let taken = tenant.applications.values().any(|app| {
            text(app, "appId") != app_id
                && list(app, "identifierUris").iter().any(|other| other == uri)
        });
        if taken {
            let message =
                "Another object with the same value for property identifierUris already exists.";
            return Err(Failure::bad(message).detail("ObjectConflict", "identifierUris", message));
        }
    }
    Ok(())
}

fn app_roles(body: &Object) -> Result<(), Failure> {
    let mut ids = BTreeSet::new();
    for role in list(body, "appRoles") {
        let id = role["id"].as_str().unwrap_or_default();
        if guid(id).is_none() || !ids.insert(id.to_lowercase()) {
            return Err(invalid("appRoles", id));
        }
    }
    Ok(())
}
