//! Objects as Graph makes them: every property there, most of them empty.

use serde_json::{Value, json};

use crate::cloud::tenant::{Object, Tenant, packed, text};

fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        _ => Object::new(),
    }
}

/// A new application.
pub(crate) fn application(id: &str, app_id: &str, domain: &str, created: &str) -> Object {
    object(json!({
        "id": id, "deletedDateTime": null, "appId": app_id, "applicationTemplateId": null,
        "disabledByMicrosoftStatus": null, "createdDateTime": created, "createdByAppId": null, "displayName": null,
        "description": null, "groupMembershipClaims": null, "identifierUris": [], "isDeviceOnlyAuthSupported": null,
        "isDisabled": null, "isFallbackPublicClient": null, "oauth2RequirePostResponse": false, "nativeAuthenticationApisEnabled": null, "notes": null,
        "publisherDomain": domain, "serviceManagementReference": null, "signInAudience": "AzureADMyOrg", "tags": [],
        "tokenEncryptionKeyId": null, "uniqueName": null, "samlMetadataUrl": null, "defaultRedirectUri": null,
        "certification": null, "optionalClaims": null, "servicePrincipalLockConfiguration": null,
        "requestSignatureVerification": null, "addIns": [], "managerApplications": [], "authenticationBehaviors": null,
        "api": {
            "acceptMappedClaims": null, "knownClientApplications": [], "requestedAccessTokenVersion": null,
            "oauth2PermissionScopes": [], "preAuthorizedApplications": [],
        },
        "appRoles": [],
        "info": {
            "logoUrl": null, "marketingUrl": null, "privacyStatementUrl": null, "supportUrl": null, "termsOfServiceUrl": null,
        },
        "keyCredentials": [],
        "parentalControlSettings": { "countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow" },
        "passwordCredentials": [], "publicClient": { "redirectUris": [] }, "requiredResourceAccess": [],
        "verifiedPublisher": { "displayName": null, "verifiedPublisherId": null, "addedDateTime": null },
        "web": {
            "homePageUrl": null, "logoutUrl": null, "redirectUris": [], "redirectUriSettings": [],
            "implicitGrantSettings": { "enableAccessTokenIssuance": false, "enableIdTokenIssuance": false },
        },
        "spa": { "redirectUris": [] },
    }))
}

/// A new service principal.
pub(crate) fn principal(id: &str, app_id: &str, name: &str, owner: &str, created: &str) -> Object {
    object(json!({
        "id": id, "deletedDateTime": null, "accountEnabled": true, "alternativeNames": [], "appDisplayName": name,
        "appDescription": null, "appId": app_id, "applicationTemplateId": null, "appOwnerOrganizationId": owner,
        "appRoleAssignmentRequired": false, "createdByAppId": null, "createdDateTime": created, "description": null,
        "disabledByMicrosoftStatus": null, "displayName": name, "homepage": null, "isDisabled": null, "loginUrl": null,
        "logoutUrl": null, "notes": null, "notificationEmailAddresses": [], "preferredSingleSignOnMode": null,
        "preferredTokenSigningKeyThumbprint": null, "replyUrls": [], "servicePrincipalNames": [app_id],
        "servicePrincipalType": "Application", "signInAudience": "AzureADMultipleOrgs", "tags": [],
        "tokenEncryptionKeyId": null, "samlSingleSignOnSettings": null, "addIns": [], "appRoles": [],
        "info": {
            "logoUrl": null, "marketingUrl": null, "privacyStatementUrl": null, "supportUrl": null, "termsOfServiceUrl": null,
        },
        "keyCredentials": [], "oauth2PermissionScopes": [], "passwordCredentials": [],
        "resourceSpecificApplicationPermissions": [],
        "verifiedPublisher": { "displayName": null, "verifiedPublisherId": null, "addedDateTime": null },
    }))
}

/// A new app role assignment of `[principal, resource, role]`.
pub(crate) fn assignment(
    tenant: &Tenant,
    id: &str,
    [principal, resource, role]: [&str; 3],
    created: &str,
) -> Object {
    let name =
        |id: &str| tenant.service_principals.get(id).and_then(|sp| sp.get("displayName")).cloned();
    object(json!({
        "id": id, "deletedDateTime": null, "appRoleId": role, "createdDateTime": created,
        "principalDisplayName": name(principal), "principalId": principal, "principalType": "ServicePrincipal",
        "resourceDisplayName": name(resource), "resourceId": resource,
    }))
}

/// A new delegated grant of `[client, resource, person]`; its id is made of theirs.
pub(crate) fn grant([client, resource, person]: [&str; 3], consent: &str, scope: &str) -> Object {
    let ids: Vec<&str> =
        [client, resource, person].into_iter().filter(|id| !id.is_empty()).collect();
    object(json!({
        "id": packed(&ids), "clientId": client, "consentType": consent,
        "principalId": if person.is_empty() { Value::Null } else { json!(person) }, "resourceId": resource, "scope": scope,
    }))
}

/// Gives a property a new value. A structured one keeps the parts that are not named (unverified: the reference says only
/// that properties not in the body keep their value); a collection is replaced as a whole.
pub(crate) fn assign(target: &mut Object, property: &str, value: Value) {
    match (target.get_mut(property), value) {
        (Some(Value::Object(old)), Value::Object(new)) => {
            for (part, value) in new {
                assign(old, &part, value);
            }
        }
        (_, value) => {
            target.insert(property.to_owned(), value);
        }
    }
}

/// The type that an object in `directoryObjects` declares.
pub(crate) fn typed(kind: &str, object: &Object) -> Object {
    let mut view = Object::new();
    view.insert("@odata.type".into(), json!(format!("#microsoft.graph.{kind}")));
    view.extend(object.clone());
    debug_assert!(!text(object, "id").is_empty(), "every directory object has an id");
    view
}
