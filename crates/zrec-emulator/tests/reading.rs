//! Pages, filters, counts and the link to the next page.
#![allow(clippy::too_many_lines, reason = "a table of cases reads best in one piece")]

mod common;

use common::Cloud;
use serde_json::{Value, json};

async fn filled() -> Cloud {
    let cloud = Cloud::new().await;
    for n in 0..7 {
        let body = json!({
            "displayName": format!("App {n}"), "uniqueName": format!("zrec.set.{n}"), "tags": [format!("t{}", n % 2)],
            "signInAudience": if n < 3 { "AzureADMultipleOrgs" } else { "AzureADMyOrg" },
            "web": { "redirectUris": [format!("https://e.example/{}", n % 3)] },
        });
        assert_eq!(cloud.post("/applications", body).await.status, 201);
    }
    cloud
}

fn names(body: &Value) -> Vec<String> {
    let mut names: Vec<String> = body["value"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|v| v["displayName"].as_str().map(str::to_owned))
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn filters_select_what_they_say() {
    let cloud = filled().await;
    let eventual = &[("ConsistencyLevel", "eventual")][..];
    let check = async |filter: &str,
                       headers: &[(&str, &str)],
                       count: bool,
                       expected: Result<usize, &str>| {
        let filter =
            percent_encoding::utf8_percent_encode(filter, percent_encoding::NON_ALPHANUMERIC);
        let path =
            format!("/applications?%24filter={filter}{}", if count { "&$count=true" } else { "" });
        let got = cloud.send("GET", &path, headers, None).await.expect("an answer");
        match expected {
            Ok(number) => assert_eq!(names(&got.body).len(), number, "{path} {got:?}"),
            Err(code) => assert_eq!(got.code(), code, "{path} {got:?}"),
        }
    };
    for (filter, number) in [
        ("displayName eq 'app 3'", 1),
        ("startswith(displayName,'App')", 7),
        ("startsWith(uniqueName, 'zrec.set.')", 7),
        ("displayName in ('App 1','App 2')", 2),
        ("displayName eq 'App 1' or displayName eq 'App 2'", 2),
        (
            "(displayName eq 'App 1' or displayName eq 'App 2') and signInAudience eq 'AzureADMultipleOrgs'",
            2,
        ),
        ("web/redirectUris/any(p:p eq 'https://e.example/1')", 2),
        ("web/redirectUris/any(p:startswith(p,'https://e.example'))", 7),
        ("tags/any(t:t eq 't0')", 4),
        ("identifierUris/any(u:u eq 'api://x')", 0),
        ("displayName eq 'it''s'", 0),
        ("createdDateTime ge 2026-01-01T00:00:00Z", 7),
    ] {
        check(filter, &[], false, Ok(number)).await;
    }
    check("displayName ne 'App 1'", eventual, true, Ok(6)).await;
    check("not startswith(displayName,'App 1')", eventual, true, Ok(6)).await;
    check("endswith(displayName,'1')", eventual, true, Ok(1)).await;
    check("displayName ne 'App 1'", &[], false, Err("Request_UnsupportedQuery")).await;
    check("displayName ne 'App 1'", eventual, false, Err("Request_UnsupportedQuery")).await;
    check("endswith(displayName,'1')", &[], true, Err("Request_UnsupportedQuery")).await;
    check("description eq 'x'", &[], false, Err("Request_UnsupportedQuery")).await;
    check("nonsense eq 'x'", &[], false, Err("BadRequest")).await;
    check("displayName eq 'x", &[], false, Err("BadRequest")).await;
    check("displayName like 'x'", &[], false, Err("BadRequest")).await;
}

#[tokio::test]
async fn pages_are_followed_by_their_links() {
    let cloud = filled().await;
    let mut seen = Vec::new();
    let mut path =
        "/applications?$top=3&$select=id,displayName&$filter=startswith(displayName,'App')"
            .to_owned();
    let mut pages = 0;
    loop {
        let got = cloud.get(&path).await;
        assert_eq!(got.status, 200, "{got:?}");
        seen.extend(names(&got.body));
        pages += 1;
        let Some(next) = got.body["@odata.nextLink"].as_str() else {
            break;
        };
        assert!(
            next.starts_with("https://graph.microsoft.com/v1.0/applications?")
                && next.contains("$skiptoken="),
            "{next}"
        );
        path = next.trim_start_matches("https://graph.microsoft.com/v1.0").to_owned();
    }
    seen.sort();
    assert_eq!((pages, seen.len(), seen.first().map(String::as_str)), (3, 7, Some("App 0")));
    assert_eq!(cloud.get("/applications?$skiptoken=nonsense").await.status, 400);
}

#[tokio::test]
async fn counting_and_sorting_need_eventual_consistency() {
    let cloud = filled().await;
    let eventual = &[("ConsistencyLevel", "eventual")];
    let got = cloud
        .send("GET", "/applications?$count=true&$top=1", eventual, None)
        .await
        .expect("an answer");
    assert_eq!(got.body["@odata.count"], 7);
    assert_eq!(
        cloud.get("/applications?$count=true&$top=1").await.body["@odata.count"],
        Value::Null
    );
    assert_eq!(cloud.get("/applications/$count").await.status, 400);
    let got = cloud.send("GET", "/applications/$count", eventual, None).await.expect("an answer");
    assert_eq!(got.body, 7);
    let sorted = "/applications?$orderby=displayName%20desc&$filter=startswith(displayName,'App')";
    assert_eq!(cloud.get(sorted).await.code(), "Request_UnsupportedQuery");
    let got = cloud
        .send("GET", &format!("{sorted}&$count=true"), eventual, None)
        .await
        .expect("an answer");
    assert_eq!(got.body["value"][0]["displayName"], "App 6");
}

#[tokio::test]
async fn tenants_are_worlds_apart_and_ids_repeat() {
    let one = filled().await;
    let two = filled().await;
    assert_eq!(one.emulator.snapshot_text(), two.emulator.snapshot_text());
    assert_eq!(one.get("/organization").await.body["value"][0]["id"], common::TENANT);
    assert!(one.emulator.snapshot_text().contains("uniqueName: zrec.set.3"));
}
