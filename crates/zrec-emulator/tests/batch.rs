//! `$batch`, and the quirks, which strike its items too.
#![allow(clippy::too_many_lines, reason = "a table of cases reads best in one piece")]

mod common;

use common::{Cloud, TENANT};
use serde_json::{Value, json};
use zrec_emulator::Lost;

fn item(id: &str, method: &str, url: &str, body: Value) -> Value {
    let mut item = json!({ "id": id, "method": method, "url": url });
    if !body.is_null() {
        item["body"] = body;
        item["headers"] = json!({ "Content-Type": "application/json" });
    }
    item
}

fn of<'b>(body: &'b Value, id: &str) -> &'b Value {
    body["responses"]
        .as_array()
        .and_then(|all| all.iter().find(|r| r["id"] == id))
        .unwrap_or(&Value::Null)
}

#[tokio::test]
async fn items_are_answered_each_for_itself() {
    let cloud = Cloud::new().await;
    let mut after = item("3", "POST", "applications", json!({ "displayName": "C" }));
    after["dependsOn"] = json!(["2"]);
    let got = cloud.post("/$batch", json!({ "requests": [
        item("1", "POST", "/applications", json!({ "displayName": "A" })),
        item("2", "GET", "/applications(uniqueName='none')", Value::Null),
        after,
        item("4", "GET", "/applications?$select=displayName&$filter=displayName%20eq%20'A'", Value::Null),
    ] })).await;
    assert_eq!(got.status, 200);
    assert_eq!(got.body["responses"][0]["id"], "4");
    let status = |id: &str| of(&got.body, id)["status"].clone();
    assert_eq!(
        [status("1"), status("2"), status("3"), status("4")],
        [201, 404, 424, 200].map(Value::from)
    );
    assert_eq!(of(&got.body, "3")["body"]["error"]["code"], "FailedDependency");
    assert_eq!(of(&got.body, "4")["body"]["value"][0]["displayName"], "A");
    let recorded = cloud.emulator.requests();
    assert_eq!(
        recorded[0].items.iter().map(|i| i.status).collect::<Vec<_>>(),
        [201, 404, 424, 200]
    );
}

#[tokio::test]
async fn a_batch_out_of_bounds_is_refused_whole() {
    let cloud = Cloud::new().await;
    let get = |id: usize| item(&id.to_string(), "GET", "/organization", Value::Null);
    let many: Vec<Value> = (0..21).map(get).collect();
    let full: Vec<Value> = (0..20).map(get).collect();
    let mut later = get(1);
    later["dependsOn"] = json!(["9"]);
    for (requests, status) in [
        (json!(many), 400),
        (json!(full), 200),
        (json!([]), 400),
        (json!([get(1), get(1)]), 400),
        (json!([later]), 400),
        (json!([{ "id": "1", "method": "POST", "url": "/applications", "body": {} }]), 400),
        (json!([{ "id": "1", "method": "GET", "url": "/organization", "extra": 1 }]), 400),
        (
            json!([{ "id": "1", "method": "GET", "url": "https://graph.microsoft.com/v1.0/organization" }]),
            400,
        ),
    ] {
        let got = cloud.post("/$batch", json!({ "requests": requests })).await;
        assert_eq!(got.status, status, "{requests} {got:?}");
    }
    let nested = item("1", "POST", "/$batch", json!({ "requests": [get(1)] }));
    let got = cloud.post("/$batch", json!({ "requests": [nested] })).await;
    assert_eq!(of(&got.body, "1")["status"], 400);
}

#[tokio::test]
async fn quirks_strike_as_the_file_says() {
    let cloud = Cloud::of(&format!(
        "
tenants: [{{ id: {TENANT} }}]
quirks:
  - {{ quirk: throttle, method: GET, path: /organization, times: 1, retryAfter: 2.128 }}
  - {{ quirk: lost-answer, method: POST, path: /addPassword, nth: 1 }}
  - {{ quirk: refuse, path: '*/applications?$top=1', times: 1 }}
  - {{ quirk: creation-race, times: 2 }}
  - {{ quirk: html, path: /users, status: 503 }}
  - {{ quirk: truncate, path: /servicePrincipals?, bytes: 10 }}
  - {{ quirk: concurrency-violation, method: PATCH, path: /applications, nth: 1, status: 503 }}
  - {{ quirk: unreadable, path: /policies }}
  - {{ quirk: status, path: deletedItems, status: 500, code: Boom, headers: {{ x-extra: y }} }}
"
    ))
    .await;
    let batch = json!({ "requests": [item("1", "GET", "/organization", Value::Null)] });
    let got = cloud.post("/$batch", batch.clone()).await;
    assert_eq!(
        (&of(&got.body, "1")["status"], &of(&got.body, "1")["headers"]["Retry-After"]),
        (&json!(429), &json!("2.128"))
    );
    assert_eq!(of(&cloud.post("/$batch", batch).await.body, "1")["status"], 200);

    let (id, app_id) = cloud.app("A").await;
    let add = |body| cloud.send("POST", "/$batch", &[], Some(body));
    let lost = add(json!({ "requests": [item("1", "POST", &format!("/applications/{id}/addPassword"), json!({}))] })).await;
    assert_eq!(lost.err(), Some(Lost::Answer));
    assert_eq!(
        cloud.get(&format!("/applications/{id}")).await.body["passwordCredentials"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
    assert_eq!(
        cloud.send("GET", "/applications?$top=1", &[], None).await.err(),
        Some(Lost::Connection)
    );
    assert_eq!(cloud.get("/applications?$top=1").await.status, 200);

    let body = json!({ "appId": app_id });
    let race = cloud.post("/servicePrincipals", body.clone()).await;
    assert_eq!(race.body["error"]["details"][0]["code"], "NoBackingApplicationObject");
    assert_eq!(cloud.post("/servicePrincipals", body.clone()).await.status, 400);
    assert_eq!(cloud.post("/servicePrincipals", body).await.status, 201);

    let page = cloud.get("/users").await;
    assert!(
        page.status == 503 && page.headers["content-type"] == "text/html; charset=utf-8",
        "{page:?}"
    );
    assert_eq!(cloud.get("/servicePrincipals?$top=1").await.body.as_str().map(str::len), Some(10));
    assert_eq!(
        cloud.patch(&format!("/applications/{id}"), json!({ "notes": "n" })).await.code(),
        "Directory_ConcurrencyViolation"
    );
    assert_eq!(
        cloud.patch(&format!("/applications/{id}"), json!({ "notes": "n" })).await.status,
        204
    );
    assert_eq!(
        cloud.get("/policies/defaultAppManagementPolicy").await.code(),
        "Authorization_RequestDenied"
    );
    let boom = cloud.get("/directory/deletedItems/microsoft.graph.application").await;
    assert_eq!(
        (boom.status, boom.code(), boom.headers["x-extra"].to_str().ok()),
        (500, "Boom", Some("y"))
    );
    assert_eq!(cloud.violations(), Vec::<String>::new());
}

#[tokio::test]
async fn a_lagging_read_does_not_see_the_write() {
    let cloud = Cloud::of(&format!("tenants: [{{ id: {TENANT} }}]\nquirks: [{{ quirk: lag, method: POST, path: /applications, nth: 1, reads: 2 }}]")).await;
    let (id, _) = cloud.app("A").await;
    let path = format!("/applications/{id}");
    assert_eq!(cloud.get(&path).await.status, 404);
    assert_eq!(cloud.patch(&path, json!({ "notes": "n" })).await.status, 204);
    assert_eq!(cloud.get(&path).await.status, 404);
    assert_eq!(cloud.get(&path).await.body["notes"], "n");
}
