//! Service principals, grants and owners: successes and refusals, one row each.

mod common;

use common::{Cloud, GRAPH, SITES_READ, check};
use serde_json::json;

#[tokio::test]
async fn principals_need_an_application_and_are_unique() {
    let cloud = Cloud::new().await;
    let (_, app_id) = cloud.app("A").await;
    let unknown = cloud.post("/servicePrincipals", json!({ "appId": SITES_READ })).await;
    check(&unknown, 400, "Request_BadRequest", "does not reference a valid application object.");
    assert_eq!(unknown.body["error"]["details"][0]["code"], "NoBackingApplicationObject");
    assert_eq!(cloud.post("/servicePrincipals", json!({ "appId": app_id })).await.status, 201);
    let twice = cloud.post("/servicePrincipals", json!({ "appId": app_id })).await;
    check(
        &twice,
        409,
        "Request_MultipleObjectsWithSameKeyValue",
        &format!("service principal name {app_id} is already in use"),
    );
    let path = format!("/servicePrincipals(appId='{app_id}')");
    let tagged = cloud
        .send("PATCH", &path, &[("prefer", "create-if-missing")], Some(json!({ "tags": ["x"] })))
        .await
        .expect("an answer");
    assert_eq!(tagged.status, 204);
    assert_eq!(cloud.get(&path).await.body["tags"], json!(["x"]));
    assert_eq!(
        cloud.get(&format!("/servicePrincipals?$filter=appId+eq+'{app_id}'")).await.body["value"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    let graph = cloud.api(GRAPH).await;
    let renamed =
        cloud.patch(&format!("/servicePrincipals/{graph}"), json!({ "displayName": "x" })).await;
    assert_eq!(renamed.status, 400);
}

#[tokio::test]
async fn an_absent_first_party_principal_can_be_made() {
    let cloud = Cloud::of(&format!(
        "tenants: [{{ id: {}, absentPrincipals: [870c4f2e-85b6-4d43-bdda-6ed9a579b725] }}]",
        common::TENANT
    ))
    .await;
    let path = "/servicePrincipals(appId='870c4f2e-85b6-4d43-bdda-6ed9a579b725')";
    check(&cloud.get(path).await, 404, "Request_ResourceNotFound", "870c4f2e");
    let made = cloud
        .post("/servicePrincipals", json!({ "appId": "870c4f2e-85b6-4d43-bdda-6ed9a579b725" }))
        .await;
    assert_eq!(
        (made.status, made.body["displayName"].as_str()),
        (201, Some("Microsoft Information Protection Sync Service"))
    );
    assert_eq!(cloud.get(path).await.body["appRoles"][0]["value"], "UnifiedPolicy.Tenant.Read");
}

#[tokio::test]
async fn app_roles_are_granted_once_and_seen_from_both_sides() {
    let cloud = Cloud::new().await;
    let (_, _, sp) = cloud.connector("A").await;
    let graph = cloud.api(GRAPH).await;
    let body = json!({ "principalId": sp, "resourceId": graph, "appRoleId": SITES_READ });
    let path = format!("/servicePrincipals/{graph}/appRoleAssignedTo");
    let made = cloud.post(&path, body.clone()).await;
    assert_eq!(
        (made.status, made.body["resourceDisplayName"].as_str(), made.id().len()),
        (201, Some("Microsoft Graph"), 43)
    );
    check(
        &cloud.post(&path, body.clone()).await,
        400,
        "Request_BadRequest",
        "Permission being assigned already exists on the object",
    );
    check(
        &cloud.post(&format!("/servicePrincipals/{sp}/appRoleAssignments"), body).await,
        400,
        "Request_BadRequest",
        "already exists",
    );
    let unknown = json!({ "principalId": sp, "resourceId": graph, "appRoleId": graph });
    check(
        &cloud.post(&path, unknown).await,
        400,
        "Request_BadRequest",
        "Permission being assigned was not found on application",
    );
    let nobody = json!({ "principalId": SITES_READ, "resourceId": graph, "appRoleId": SITES_READ });
    check(&cloud.post(&path, nobody).await, 404, "Request_ResourceNotFound", "does not exist");
    let mine = cloud.get(&format!("/servicePrincipals/{sp}/appRoleAssignments")).await;
    assert_eq!(mine.body["value"][0]["id"], made.body["id"]);
    let theirs = cloud.get(&format!("{path}?$filter=principalId%20eq%20{sp}")).await;
    assert_eq!(theirs.body["value"].as_array().map(Vec::len), Some(1));
    let one = format!("{path}/{}", made.id());
    assert_eq!(cloud.delete(&one).await.status, 204);
    check(
        &cloud.delete(&one).await,
        400,
        "Request_BadRequest",
        "EntitlementGrant being updated or deleted is not found.",
    );
}

#[tokio::test]
async fn delegated_grants_are_one_a_pair() {
    let cloud = Cloud::new().await;
    let (_, _, sp) = cloud.connector("A").await;
    let storage = cloud.api("e406a681-f3d4-42a8-90b6-c2b029497af1").await;
    let body = json!({ "clientId": sp, "consentType": "AllPrincipals", "resourceId": storage, "scope": "user_impersonation" });
    let made = cloud.post("/oauth2PermissionGrants", body.clone()).await;
    assert_eq!(made.status, 201, "{made:?}");
    check(
        &cloud.post("/oauth2PermissionGrants", body).await,
        409,
        "Request_MultipleObjectsWithSameKeyValue",
        "Permission entry already exists.",
    );
    let list = format!(
        "/oauth2PermissionGrants?$filter=clientId%20eq%20'{sp}'%20and%20consentType%20eq%20'AllPrincipals'"
    );
    assert_eq!(cloud.get(&list).await.body["value"][0]["id"], made.body["id"]);
    assert_eq!(
        cloud.get(&format!("/servicePrincipals/{sp}/oauth2PermissionGrants")).await.body["value"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    let one = format!("/oauth2PermissionGrants/{}", made.id());
    assert_eq!(cloud.patch(&one, json!({ "scope": "" })).await.status, 204);
    assert_eq!(cloud.get(&one).await.body["scope"], "");
    assert_eq!(cloud.patch(&one, json!({ "scope": "Nothing.Such" })).await.status, 400);
    assert_eq!(cloud.delete(&one).await.status, 204);
    let by_app_id = json!({ "clientId": GRAPH, "consentType": "AllPrincipals", "resourceId": storage, "scope": "" });
    check(
        &cloud.post("/oauth2PermissionGrants", by_app_id).await,
        400,
        "Request_BadRequest",
        "does not exist or one of its queried",
    );
}

#[tokio::test]
async fn owners_are_references_and_unique() {
    let cloud = Cloud::new().await;
    let (id, _, sp) = cloud.connector("A").await;
    let path = format!("/applications/{id}/owners/$ref");
    let body =
        json!({ "@odata.id": format!("https://graph.microsoft.com/v1.0/directoryObjects/{sp}") });
    assert_eq!(cloud.post(&path, body.clone()).await.status, 204);
    check(
        &cloud.post(&path, body).await,
        400,
        "Request_BadRequest",
        "One or more added object references already exist for the following modified properties: 'owners'.",
    );
    let owners = cloud.get(&format!("/applications/{id}/owners")).await;
    assert_eq!(owners.body["value"][0]["@odata.type"], "#microsoft.graph.servicePrincipal");
    assert_eq!(cloud.delete(&format!("/applications/{id}/owners/{sp}/$ref")).await.status, 204);
    assert_eq!(cloud.delete(&format!("/applications/{id}/owners/{sp}/$ref")).await.status, 404);
    let bound = cloud.post("/applications", json!({ "displayName": "B", "owners@odata.bind": [format!("https://graph.microsoft.com/v1.0/directoryObjects/{sp}")] })).await;
    assert_eq!(bound.status, 201);
    assert_eq!(
        cloud.get(&format!("/applications/{}/owners?$select=id", bound.id())).await.body["value"]
            [0]["id"],
        sp.as_str()
    );
}
