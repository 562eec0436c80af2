//! Applications: successes and refusals, one row each.
#![allow(clippy::too_many_lines, reason = "a table of cases reads best in one piece")]

mod common;

use common::{Cloud, GRAPH, SITES_READ, check};
use serde_json::{Value, json};

#[tokio::test]
async fn an_application_is_upserted_by_its_unique_name() {
    let cloud = Cloud::new().await;
    let body =
        json!({ "displayName": "One", "signInAudience": "AzureADMultipleOrgs", "tags": ["a"] });
    let missing = cloud.patch("/applications(uniqueName='zrec.x.y')", body.clone()).await;
    check(&missing, 404, "Request_ResourceNotFound", "Resource 'zrec.x.y' does not exist");
    let made = cloud.upsert("zrec.x.y", body.clone()).await;
    assert_eq!((made.status, made.body["uniqueName"].as_str()), (201, Some("zrec.x.y")));
    let again = cloud.upsert("zrec.x.y", body).await;
    assert_eq!((again.status, &again.body), (204, &Value::String(String::new())));
    let nameless = cloud.upsert("zrec.x.y", json!({ "notes": "n" })).await;
    check(&nameless, 400, "Request_BadRequest", "displayName");
    let secret =
        cloud.upsert("zrec.x.y", json!({ "displayName": "One", "passwordCredentials": [] })).await;
    check(&secret, 400, "Request_BadRequest", "Invalid property 'passwordCredentials'");
    let read = cloud.get("/applications(uniqueName='zrec.x.y')?$select=id,displayName").await;
    assert_eq!(read.body["displayName"], "One");
    assert_eq!(read.body.as_object().map(|o| o.len()), Some(3));
    assert_eq!(
        read.body["@odata.context"],
        "https://graph.microsoft.com/v1.0/$metadata#applications(id,displayName)/$entity"
    );
}

#[tokio::test]
async fn a_taken_unique_name_is_400_even_when_its_holder_is_deleted() {
    let cloud = Cloud::new().await;
    let made = cloud.post("/applications", json!({ "displayName": "A", "uniqueName": "k" })).await;
    let taken = || cloud.post("/applications", json!({ "displayName": "B", "uniqueName": "k" }));
    let text = "Another object with the same value for property uniqueName already exists.";
    let got = taken().await;
    check(&got, 400, "Request_BadRequest", text);
    assert_eq!(got.body["error"]["details"][0]["code"], "ObjectConflict");
    assert_eq!(cloud.delete(&format!("/applications/{}", made.id())).await.status, 204);
    check(&taken().await, 400, "Request_BadRequest", text);
    check(&cloud.upsert("k", json!({ "displayName": "B" })).await, 400, "Request_BadRequest", text);
    let listed = cloud.get("/directory/deletedItems/microsoft.graph.application?$filter=uniqueName%20eq%20'k'&$select=id").await;
    assert_eq!(listed.body["value"][0]["id"], made.body["id"]);
    assert_eq!(
        cloud
            .send("POST", &format!("/directory/deletedItems/{}/restore", made.id()), &[], None)
            .await
            .map(|g| g.status),
        Ok(200)
    );
    assert_eq!(cloud.get("/applications(uniqueName='k')").await.status, 200);
    let other = cloud.patch("/applications(uniqueName='k')", json!({ "uniqueName": "l" })).await;
    check(&other, 400, "Request_BadRequest", "immutable");
    cloud.delete(&format!("/applications/{}", made.id())).await;
    assert_eq!(cloud.delete(&format!("/directory/deletedItems/{}", made.id())).await.status, 204);
    assert_eq!(taken().await.status, 201);
}

#[tokio::test]
async fn bodies_are_held_to_the_contract() {
    let cloud = Cloud::new().await;
    let (id, _) = cloud.app("A").await;
    let path = format!("/applications/{id}");
    for (body, text) in [
        (json!({ "displayname": "x" }), "Invalid property 'displayname'"),
        (json!({ "web": { "redirectUri": [] } }), "Invalid property 'redirectUri'"),
        (json!({ "signInAudience": "Anyone" }), "signInAudience"),
        (json!({ "tags": ["has space"] }), "tags"),
        (json!({ "tags": ["a", "a"] }), "tags"),
        (json!({ "tags": [""] }), "tags"),
        (json!({ "web": { "redirectUris": ["http://example.com"] } }), "redirectUris"),
        (
            json!({ "web": { "redirectUris": [format!("https://e/{}", "a".repeat(256))] } }),
            "redirectUris",
        ),
        (
            json!({ "requiredResourceAccess": [{ "resourceAppId": "x", "resourceAccess": [] }] }),
            "requiredResourceAccess",
        ),
        (
            json!({ "requiredResourceAccess": [{ "resourceAppId": GRAPH, "resourceAccess": [{ "id": SITES_READ, "type": "role" }] }] }),
            "requiredResourceAccess",
        ),
        (json!({ "passwordCredentials": [] }), "passwordCredentials"),
        (json!({ "displayName": "" }), "displayName"),
        (json!({ "displayName": 7 }), "displayName"),
        (json!({}), "invalid values"),
    ] {
        check(&cloud.patch(&path, body).await, 400, "Request_BadRequest", text);
    }
    let plain = cloud
        .send("PATCH", &path, &[("content-type", "text/plain")], Some(json!({ "notes": "n" })))
        .await
        .expect("an answer");
    check(&plain, 400, "BadRequest", "Unable to read JSON request payload");
    let empty = cloud.send("POST", "/applications", &[], None).await.expect("an answer");
    check(&empty, 400, "BadRequest", "Empty Payload");
    for uri in ["http://localhost:8080/x", "https://console.zscaler.com"] {
        assert_eq!(
            cloud.patch(&path, json!({ "web": { "redirectUris": [uri] } })).await.status,
            204,
            "{uri}"
        );
    }
    let annotated = json!({ "@odata.type": "#microsoft.graph.application", "notes": "n" });
    assert_eq!(cloud.patch(&path, annotated).await.status, 204);
    assert_eq!(
        cloud.get(&path).await.body["web"]["redirectUris"],
        json!(["https://console.zscaler.com"])
    );
}

#[tokio::test]
async fn errors_come_in_the_envelope_with_their_ids() {
    let cloud = Cloud::new().await;
    let id = "11111111-2222-4333-8444-555555555555";
    let got = cloud
        .send("GET", &format!("/applications/{id}"), &[("client-request-id", "abc")], None)
        .await
        .expect("an answer");
    check(
        &got,
        404,
        "Request_ResourceNotFound",
        &format!(
            "Resource '{id}' does not exist or one of its queried reference-property objects are not present."
        ),
    );
    assert_eq!(got.body["error"]["innerError"]["client-request-id"], "abc");
    assert_eq!(got.headers["client-request-id"], "abc");
    assert_eq!(
        got.headers["request-id"].to_str().ok(),
        got.body["error"]["innerError"]["request-id"].as_str()
    );
    assert!(
        got.headers["content-type"]
            .to_str()
            .is_ok_and(|t| t.starts_with("application/json;odata.metadata=minimal"))
    );
    assert!(got.headers.contains_key("date"));
    for (method, path, status, text) in [
        ("GET", "/nonsense", 400, "Resource not found for the segment 'nonsense'."),
        ("GET", "/applications/x/nonsense", 400, "Resource not found for the segment 'nonsense'."),
        ("GET", "/me", 400, "/me request is only valid with delegated authentication flow."),
        ("DELETE", "/applications", 405, "not allowed"),
        (
            "GET",
            "/applications?$top=1000",
            400,
            "Invalid page size specified: '1000'. Must be between 1 and 999 inclusive.",
        ),
        (
            "GET",
            "/applications?$select=nonsense",
            400,
            "Could not find a property named 'nonsense' on type 'microsoft.graph.application'.",
        ),
        ("GET", "/applications?$filter=displayName%20eq", 400, "Invalid filter clause"),
        ("GET", "/applications?$nonsense=1", 400, "$nonsense"),
    ] {
        let got = cloud.send(method, path, &[], None).await.expect("an answer");
        assert_eq!(got.status, status, "{path} {got:?}");
        assert!(got.message().contains(text), "{path} {got:?}");
    }
    assert_eq!(cloud.violations().len(), 8);
}

#[tokio::test]
async fn secrets_show_once_and_go_by_their_key_id() {
    let cloud = Cloud::new().await;
    let (id, app_id, _) = cloud.connector("A").await;
    let made = cloud
        .post(
            &format!("/applications/{id}/addPassword"),
            json!({ "passwordCredential": { "displayName": "C" } }),
        )
        .await;
    assert_eq!(made.status, 200);
    let secret = made.body["secretText"].as_str().expect("a secret").to_owned();
    assert_eq!((secret.len(), made.body["hint"].as_str()), (40, Some(&secret[..3])));
    let read = cloud.get(&format!("/applications/{id}")).await;
    assert_eq!(read.body["passwordCredentials"][0]["secretText"], Value::Null);
    assert!(!cloud.sign_in(&app_id, &secret).await.is_empty());
    let remove = json!({ "keyId": made.body["keyId"] });
    assert_eq!(
        cloud.post(&format!("/applications/{id}/removePassword"), remove.clone()).await.status,
        204
    );
    check(
        &cloud.post(&format!("/applications(appId='{app_id}')/removePassword"), remove).await,
        400,
        "Request_BadRequest",
        "No password credential found with keyId",
    );
    assert!(!cloud.emulator.snapshot_text().contains(&secret));
}

#[tokio::test]
async fn the_tenants_policy_is_kept() {
    let cloud = Cloud::of(&format!(
        "tenants: [{{ id: {}, appManagementPolicy: {{ isEnabled: true, applicationRestrictions: {{ passwordCredentials: [{{ restrictionType: passwordLifetime, maxLifetime: P90D }}] }} }} }}]",
        common::TENANT
    )).await;
    assert_eq!(cloud.get("/policies/defaultAppManagementPolicy").await.body["isEnabled"], true);
    let (id, _) = cloud.app("A").await;
    let path = format!("/applications/{id}/addPassword");
    check(
        &cloud.post(&path, json!({})).await,
        400,
        "CredentialInvalidLifetimeAsPerAppPolicy",
        "lifetime",
    );
    let short = json!({ "passwordCredential": { "endDateTime": "2026-12-24T00:00:00Z" } });
    assert_eq!(cloud.post(&path, short).await.status, 200);
    let foreign = cloud
        .patch(
            &format!("/applications/{id}"),
            json!({ "identifierUris": ["https://example.org/x"] }),
        )
        .await;
    check(&foreign, 400, "HostNameNotOnVerifiedDomain", "verified domain");
}

#[tokio::test]
async fn beta_answers_as_version_one_does() {
    let cloud = Cloud::new().await;
    let (id, _) = cloud.app("A").await;
    let request = http::Request::get(format!(
        "https://graph.microsoft.com/beta/applications/{id}?$select=isDisabled,oauth2RequirePostResponse"
    ));
    let request = request.header("authorization", format!("Bearer {}", cloud.token));
    let request = request.body(bytes::Bytes::new()).expect("a request");
    let answer = cloud.emulator.call(request).await.expect("an answer");
    let body: Value = serde_json::from_slice(answer.body()).expect("JSON");
    assert_eq!(
        body,
        json!({
            "@odata.context": "https://graph.microsoft.com/beta/$metadata#applications(isDisabled,oauth2RequirePostResponse)/$entity",
            "isDisabled": null, "oauth2RequirePostResponse": false,
        })
    );
}
