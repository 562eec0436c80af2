//! The rest of an application's surface: federated credentials, deleted items, directory objects, locks, other tenants.
#![allow(clippy::too_many_lines, reason = "a table of cases reads best in one piece")]

mod common;

use bytes::Bytes;
use common::{Cloud, GRAPH, SITES_READ, TENANT, check};
use serde_json::{Value, json};
use zrec_emulator::{CloudFile, DEFAULT_CALLER, Emulator};

#[tokio::test]
async fn federated_credentials_are_named_once() {
    let cloud = Cloud::new().await;
    let (id, _) = cloud.app("A").await;
    let path = format!("/applications/{id}/federatedIdentityCredentials");
    let body = json!({ "name": "ci", "issuer": "https://i.example", "subject": "s", "audiences": ["api://AzureADTokenExchange"] });
    let made = cloud.post(&path, body.clone()).await;
    assert_eq!(made.status, 201, "{made:?}");
    check(
        &cloud.post(&path, body).await,
        409,
        "Request_MultipleObjectsWithSameKeyValue",
        "already exists",
    );
    for (body, text) in [
        (
            json!({ "name": "x", "issuer": "https://i.example", "subject": "s", "audiences": ["a"] }),
            "issuer and subject",
        ),
        (json!({ "name": "x", "issuer": "https://j.example", "audiences": ["a"] }), "subject"),
        (
            json!({ "name": "x", "issuer": "https://j.example", "subject": "s", "audiences": [] }),
            "audience",
        ),
        (json!({ "name": "x", "issuers": "https://j.example" }), "Invalid property 'issuers'"),
    ] {
        check(&cloud.post(&path, body).await, 400, "Request_BadRequest", text);
    }
    let named = format!("{path}(name='ci')");
    assert_eq!(cloud.get(&named).await.body["id"], made.body["id"]);
    assert_eq!(cloud.patch(&named, json!({ "description": "d" })).await.status, 204);
    assert_eq!(cloud.get(&path).await.body["value"][0]["description"], "d");
    assert_eq!(cloud.delete(&format!("{path}/{}", made.id())).await.status, 204);
    assert_eq!(cloud.get(&path).await.body["value"], json!([]));
}

#[tokio::test]
async fn what_comes_back_brings_its_grants_along() {
    let cloud = Cloud::new().await;
    let (id, app_id, sp) = cloud.connector("A").await;
    let graph = cloud.api(GRAPH).await;
    let grant = json!({ "principalId": sp, "resourceId": graph, "appRoleId": SITES_READ });
    assert_eq!(
        cloud.post(&format!("/servicePrincipals/{sp}/appRoleAssignments"), grant).await.status,
        201
    );
    cloud.delete(&format!("/applications(appId='{app_id}')")).await;
    check(
        &cloud.get(&format!("/servicePrincipals/{sp}")).await,
        404,
        "Request_ResourceNotFound",
        &sp,
    );
    let granted =
        format!("/servicePrincipals/{graph}/appRoleAssignedTo?$filter=principalId%20eq%20{sp}");
    assert_eq!(cloud.get(&granted).await.body["value"], json!([]));
    let deleted = cloud.get("/directory/deletedItems/microsoft.graph.servicePrincipal").await;
    assert_eq!(deleted.body["value"][0]["id"], sp.as_str());
    let one = cloud.get(&format!("/directory/deletedItems/{id}")).await;
    assert_eq!(one.body["@odata.type"], "#microsoft.graph.application");
    assert!(one.body["deletedDateTime"].is_string());
    let back = cloud
        .send("POST", &format!("/directory/deletedItems/{id}/restore"), &[], None)
        .await
        .expect("an answer");
    assert_eq!((back.status, &back.body["deletedDateTime"]), (200, &Value::Null));
    assert_eq!(cloud.get(&granted).await.body["value"].as_array().map(Vec::len), Some(1));
    let gone = cloud.delete(&format!("/directory/deletedItems/{id}")).await;
    check(&gone, 404, "Request_ResourceNotFound", &id);
}

#[tokio::test]
async fn the_file_says_what_is_there_already() {
    let person = "99999999-0000-4000-8000-000000000001";
    let cloud = Cloud::of(&format!("
tenants:
  - id: {TENANT}
    displayName: Contoso Switzerland
    verifiedDomains: [contoso.example]
    users: [{{ id: {person}, displayName: Ada, userPrincipalName: ada@contoso.example }}]
    applications:
      - appId: 11111111-2222-4333-8444-555555555555
        displayName: By hand
        owners: [{person}]
        passwordCredentials: [{{ displayName: old, secretText: by-hand-secret }}]
        servicePrincipalLockConfiguration: {{ isEnabled: true, allProperties: true }}
        federatedIdentityCredentials: [{{ name: ci, issuer: https://i.example, subject: s, audiences: [a] }}]
    servicePrincipals:
      - appId: 11111111-2222-4333-8444-555555555555
        memberOf: [{{ '@odata.type': '#microsoft.graph.directoryRole', id: {person}, displayName: Global Reader }}]
      - {{ appId: 22222222-2222-4333-8444-555555555555, displayName: Foreign }}
    appRoleAssignments:
      - {{ principalId: 11111111-2222-4333-8444-555555555555, resourceId: {GRAPH}, appRoleId: Sites.Read.All }}
    oauth2PermissionGrants:
      - {{ clientId: 22222222-2222-4333-8444-555555555555, resourceId: {GRAPH}, scope: User.Read.All, principalId: {person} }}
    deletedItems: [{{ displayName: Gone, uniqueName: gone }}]
")).await;
    let app = "/applications(appId='11111111-2222-4333-8444-555555555555')";
    let sp = "/servicePrincipals(appId='11111111-2222-4333-8444-555555555555')";
    assert_eq!(
        cloud.get("/organization").await.body["value"][0]["verifiedDomains"][0]["name"],
        "contoso.example"
    );
    assert_eq!(cloud.get(&format!("{app}/owners")).await.body["value"][0]["displayName"], "Ada");
    assert_eq!(
        cloud.get(&format!("{app}/federatedIdentityCredentials")).await.body["value"][0]["name"],
        "ci"
    );
    assert_eq!(
        cloud.get(&format!("{sp}/memberOf")).await.body["value"][0]["displayName"],
        "Global Reader"
    );
    assert_eq!(
        cloud.get(&format!("{sp}/appRoleAssignments")).await.body["value"][0]["appRoleId"],
        SITES_READ
    );
    assert_eq!(
        cloud.get("/oauth2PermissionGrants").await.body["value"][0]["consentType"],
        "Principal"
    );
    assert_eq!(cloud.get("/users").await.body["value"][0]["displayName"], "Ada");
    let locked = cloud.post(&format!("{sp}/addPassword"), json!({})).await;
    check(&locked, 400, "CannotUpdateLockedServicePrincipalProperty", "");
    check(
        &cloud.upsert("gone", json!({ "displayName": "New" })).await,
        400,
        "Request_BadRequest",
        "uniqueName already exists",
    );
    assert!(
        !cloud.sign_in("11111111-2222-4333-8444-555555555555", "by-hand-secret").await.is_empty()
    );
    let text = cloud.emulator.snapshot_text();
    assert!(
        !text.contains("by-hand-secret")
            && text.contains("role: Sites.Read.All")
            && text.contains("displayName: Foreign"),
        "{text}"
    );
    let ids = json!({ "ids": [person, SITES_READ], "types": ["user"] });
    let found = cloud.post("/directoryObjects/getByIds", ids).await;
    assert_eq!(
        (found.body["value"].as_array().map(Vec::len), &found.body["value"][0]["displayName"]),
        (Some(1), &json!("Ada"))
    );
    assert_eq!(
        cloud.get(&format!("/directoryObjects/{person}")).await.body["@odata.type"],
        "#microsoft.graph.user"
    );
}

#[tokio::test]
async fn an_application_reaches_other_tenants_only_where_it_may() {
    let other = "5a5a5a5a-0000-4000-8000-000000000002";
    let emulator = Emulator::new(CloudFile::default());
    let ask = async |method: &str, url: String, token: &str, body: String| {
        let kind = if url.contains("/oauth2/") {
            "application/x-www-form-urlencoded"
        } else {
            "application/json"
        };
        let request = http::Request::builder().method(method).uri(url).header("content-type", kind);
        let request = request
            .header("authorization", format!("Bearer {token}"))
            .body(Bytes::from(body))
            .expect("a request");
        let answer = emulator.call(request).await.expect("an answer");
        let status = answer.status().as_u16();
        (status, serde_json::from_slice::<Value>(answer.body()).unwrap_or_default())
    };
    let sign_in = async |tenant: &str, id: &str, secret: &str| {
        let body = format!(
            "grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=https://graph.microsoft.com/.default"
        );
        ask(
            "POST",
            format!("https://login.microsoftonline.com/{tenant}/oauth2/v2.0/token"),
            "",
            body,
        )
        .await
    };
    let graph = |path: &str| format!("https://graph.microsoft.com/v1.0{path}");
    let token_of =
        |(_, body): (u16, Value)| body["access_token"].as_str().unwrap_or_default().to_owned();
    let home = token_of(sign_in(TENANT, DEFAULT_CALLER.app_id, DEFAULT_CALLER.secret).await);
    let away = token_of(sign_in(other, DEFAULT_CALLER.app_id, DEFAULT_CALLER.secret).await);
    for (audience, expected) in [("AzureADMyOrg", 400), ("AzureADMultipleOrgs", 201)] {
        let body = json!({ "displayName": audience, "signInAudience": audience }).to_string();
        let (_, app) = ask("POST", graph("/applications"), &home, body).await;
        let id = app["appId"].as_str().unwrap_or_default();
        let (_, secret) = ask(
            "POST",
            graph(&format!("/applications(appId='{id}')/addPassword")),
            &home,
            "{}".to_owned(),
        )
        .await;
        let secret = secret["secretText"].as_str().unwrap_or_default();
        let (_, missing) = sign_in(TENANT, id, secret).await;
        assert_eq!(missing["error_codes"], json!([7_000_229]));
        let made =
            ask("POST", graph("/servicePrincipals"), &away, json!({ "appId": id }).to_string())
                .await;
        assert_eq!(made.0, expected, "{made:?}");
        let (status, token) = sign_in(other, id, secret).await;
        assert_eq!(status == 200, expected == 201, "{token}");
    }
    let (_, apps) = ask("GET", graph("/applications"), &away, String::new()).await;
    assert_eq!(apps["value"], json!([]));
}
