//! Sign-in by secret, its refusals, and what a token lets its bearer do.
#![allow(clippy::too_many_lines, reason = "a table of cases reads best in one piece")]

mod common;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use common::{Cloud, GRAPH, START, TENANT};
use serde_json::{Value, json};
use zrec_emulator::DEFAULT_CALLER;

fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap_or_default();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).expect("base64")).expect("JSON")
}

#[tokio::test]
async fn a_token_says_who_what_and_where() {
    let cloud = Cloud::new().await;
    let claims = claims(&cloud.token);
    assert_eq!(claims["aud"], "https://graph.microsoft.com");
    assert_eq!(claims["tid"], TENANT);
    assert_eq!(claims["appid"], DEFAULT_CALLER.app_id);
    assert_eq!(claims["idtyp"], "app");
    assert_eq!(claims["roles"].as_array().map(Vec::len), Some(DEFAULT_CALLER.roles.len()));
    assert_eq!(claims["exp"], START + 3599);
}

#[tokio::test]
async fn refusals_carry_their_numbers() {
    let cloud = Cloud::new().await;
    let good = [
        ("grant_type", "client_credentials"),
        ("client_id", DEFAULT_CALLER.app_id),
        ("client_secret", DEFAULT_CALLER.secret),
        ("scope", "https://graph.microsoft.com/.default"),
    ];
    for (name, value, status, error, number) in [
        ("client_secret", "wrong", 401, "invalid_client", 7_000_215),
        ("client_secret", "", 401, "invalid_client", 7_000_216),
        ("client_id", "11111111-2222-4333-8444-555555555555", 400, "unauthorized_client", 700_016),
        ("grant_type", "password", 400, "unsupported_grant_type", 70_003),
        ("scope", "https://graph.microsoft.com/User.Read", 400, "invalid_scope", 1_002_012),
        ("scope", "https://nothing.example/.default", 400, "invalid_resource", 500_011),
        ("scope", "", 400, "invalid_request", 900_144),
    ] {
        let form: Vec<_> =
            good.iter().map(|&(k, v)| (k, if k == name { value } else { v })).collect();
        let got = cloud.token_request(&form).await;
        assert_eq!(
            (got.status, got.body["error"].as_str(), &got.body["error_codes"]),
            (status, Some(error), &json!([number])),
            "{got:?}"
        );
        assert!(
            got.body["error_description"]
                .as_str()
                .is_some_and(|d| d.starts_with(&format!("AADSTS{number}: ")))
        );
    }
    let strict = Cloud::silent("strictTenants: true");
    let got = strict.token_request(&good).await;
    assert_eq!((got.status, &got.body["error_codes"]), (400, &json!([90_002])));
}

#[tokio::test]
async fn tokens_are_for_their_resource_and_their_hour() {
    let mut cloud = Cloud::new().await;
    let check = |got: common::Got, text: &str| {
        assert_eq!((got.status, got.code()), (401, "InvalidAuthenticationToken"), "{got:?}");
        assert!(got.message().contains(text), "{got:?}");
    };
    cloud.clock.store(START + 3600, std::sync::atomic::Ordering::Relaxed);
    check(cloud.get("/applications").await, "expired");
    cloud.clock.store(START, std::sync::atomic::Ordering::Relaxed);
    let good = std::mem::take(&mut cloud.token);
    check(cloud.get("/applications").await, "Access token is empty.");
    cloud.token = "nonsense".to_owned();
    check(cloud.get("/applications").await, "JWT is not well formed");
    cloud.token = format!("{}x{}", &good[..good.len() - 3], &good[good.len() - 2..]);
    check(cloud.get("/applications").await, "");
    let storage = cloud
        .token_request(&[
            ("grant_type", "client_credentials"),
            ("client_id", DEFAULT_CALLER.app_id),
            ("client_secret", DEFAULT_CALLER.secret),
            ("scope", "https://storage.azure.com/.default"),
        ])
        .await;
    cloud.token = storage.body["access_token"].as_str().expect("a token").to_owned();
    check(cloud.get("/applications").await, "Invalid audience");
}

#[tokio::test]
async fn roles_decide_and_owned_by_means_owned() {
    let app = |n: u8| format!("a000000{n}-0000-4000-8000-000000000000");
    let mut cloud = Cloud::of(&format!(
        "
tenants:
  - id: {TENANT}
    callers:
      - {{ appId: {}, secret: s, roles: [Application.ReadWrite.OwnedBy, Directory.Read.All] }}
      - {{ appId: {}, secret: s, roles: [Application.ReadWrite.All] }}
      - {{ appId: {}, secret: s, roles: [Application.Read.All] }}
      - {{ appId: {}, secret: {}, roles: [] }}
    applications: [{{ displayName: Foreign, uniqueName: foreign }}]
",
        app(1),
        app(2),
        app(3),
        DEFAULT_CALLER.app_id,
        DEFAULT_CALLER.secret
    ))
    .await;
    let denied = |got: common::Got| {
        assert_eq!(
            (got.status, got.code(), got.message()),
            (
                403,
                "Authorization_RequestDenied",
                "Insufficient privileges to complete the operation."
            ),
            "{got:?}"
        );
    };
    denied(cloud.get("/applications").await);
    cloud.token = cloud.sign_in(&app(3), "s").await;
    assert_eq!(cloud.get("/applications").await.status, 200);
    denied(cloud.post("/applications", json!({ "displayName": "A" })).await);
    denied(cloud.get("/oauth2PermissionGrants").await);
    denied(cloud.get("/policies/defaultAppManagementPolicy").await);
    cloud.token = cloud.sign_in(&app(1), "s").await;
    denied(cloud.patch("/applications(uniqueName='foreign')", json!({ "notes": "n" })).await);
    denied(cloud.post("/applications(uniqueName='foreign')/addPassword", json!({})).await);
    let (id, app_id, sp) = cloud.connector("Own").await;
    assert_eq!(
        cloud.patch(&format!("/applications/{id}"), json!({ "notes": "n" })).await.status,
        204
    );
    let local = cloud.post("/servicePrincipals", json!({ "appId": GRAPH })).await;
    assert_eq!(local.status, 409);
    assert_eq!(cloud.delete(&format!("/servicePrincipals(appId='{app_id}')")).await.status, 204);
    let foreign = cloud.get("/applications(uniqueName='foreign')").await;
    let got = cloud.post("/servicePrincipals", json!({ "appId": foreign.body["appId"] })).await;
    assert!(got.status == 403 && got.message().contains("backing application of the service principal being created must in the local tenant"), "{got:?}");
    cloud.token = cloud.sign_in(&app(2), "s").await;
    let _ = sp;
    let (_, _, sp) = cloud.connector("Other").await;
    let graph = cloud.api(GRAPH).await;
    let sharepoint = cloud.api("00000003-0000-0ff1-ce00-000000000000").await;
    let grant = |resource: &str, role: &str| json!({ "principalId": sp, "resourceId": resource, "appRoleId": role });
    denied(
        cloud
            .post(
                &format!("/servicePrincipals/{graph}/appRoleAssignedTo"),
                grant(&graph, common::SITES_READ),
            )
            .await,
    );
    let path = format!("/servicePrincipals/{sharepoint}/appRoleAssignedTo");
    assert_eq!(
        cloud.post(&path, grant(&sharepoint, "d13f72ca-a275-4b96-b789-48ebcc4da984")).await.status,
        201
    );
    denied(cloud.post("/oauth2PermissionGrants", json!({ "clientId": sp, "consentType": "AllPrincipals", "resourceId": graph, "scope": "" })).await);
}

#[tokio::test]
async fn discovery_and_the_older_endpoint_answer() {
    let cloud = Cloud::new().await;
    let get = async |url: String| {
        let request = http::Request::get(url)
            .header("host", "localhost:1")
            .body(Bytes::new())
            .expect("a request");
        let answer = cloud.emulator.call(request).await.expect("an answer");
        serde_json::from_slice::<Value>(answer.body()).expect("JSON")
    };
    let host = "https://localhost:1";
    let found = get(format!("{host}/common/discovery/instance?api-version=1.1&authorization_endpoint={host}/{TENANT}/oauth2/v2.0/authorize")).await;
    assert_eq!(
        found["tenant_discovery_endpoint"],
        format!("{host}/{TENANT}/v2.0/.well-known/openid-configuration")
    );
    assert_eq!(found["metadata"][1]["aliases"], json!(["localhost:1"]));
    let openid = get(format!("{host}/{TENANT}/v2.0/.well-known/openid-configuration")).await;
    assert_eq!(
        (openid["issuer"].as_str(), openid["token_endpoint"].as_str()),
        (
            Some(format!("{host}/{TENANT}/v2.0").as_str()),
            Some(format!("{host}/{TENANT}/oauth2/v2.0/token").as_str())
        )
    );
    assert_eq!(
        get(openid["jwks_uri"].as_str().unwrap_or_default().to_owned()).await["keys"][0]["kty"],
        "RSA"
    );
    let endpoints = get(format!("{host}/metadata/endpoints?api-version=2022-09-01")).await;
    assert_eq!(endpoints["microsoftGraphResourceId"], format!("{host}/"));
    let basic = STANDARD.encode(format!("{}:{}", DEFAULT_CALLER.app_id, DEFAULT_CALLER.secret));
    let request = http::Request::post(format!("{host}/{TENANT}/oauth2/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .header("authorization", format!("Basic {basic}"))
        .body(Bytes::from_static(
            b"grant_type=client_credentials&resource=https%3A%2F%2Fmanagement.azure.com%2F",
        ))
        .expect("a request");
    let answer = cloud.emulator.call(request).await.expect("an answer");
    let body: Value = serde_json::from_slice(answer.body()).expect("JSON");
    assert_eq!(
        (body["resource"].as_str(), body["expires_in"].as_str()),
        (Some("https://management.azure.com/"), Some("3599"))
    );
    for (path, count) in [("subscriptions", 0), ("tenants", 1)] {
        let request = http::Request::get(format!("{host}/{path}?api-version=2022-12-01"))
            .header(
                "authorization",
                format!("Bearer {}", body["access_token"].as_str().unwrap_or_default()),
            )
            .body(Bytes::new())
            .expect("a request");
        let answer = cloud.emulator.call(request).await.expect("an answer");
        let value: Value = serde_json::from_slice(answer.body()).expect("JSON");
        assert_eq!(value["value"].as_array().map(Vec::len), Some(count), "{path} {value}");
    }
}
