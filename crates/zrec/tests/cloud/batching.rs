//! Many calls together: packed, answered in order, each one by itself.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use zrec::cloud::failure::FailureKind;
use zrec::cloud::graph::{Call, read, write};

use crate::fake::{Fake, Reply};

fn reads(count: usize) -> Vec<Call> {
    (0..count).map(|n| read::application_by_unique_name(&format!("zrec.a.{n}"), &[])).collect()
}

fn echo() -> Fake {
    Fake::new(|op| Ok(Reply::json(200, json!({ "url": op.url }))))
}

#[tokio::test(start_paused = true)]
async fn answers_come_in_the_order_of_the_calls() {
    let fake = echo();
    let graph = fake.graph().await;
    let answers = graph.send_all(reads(41)).await;
    for (n, answer) in answers.iter().enumerate() {
        let body = &answer.as_ref().unwrap().body;
        assert_eq!(body["url"], format!("/applications(uniqueName='zrec.a.{n}')"));
    }
    let sizes: Vec<usize> = fake.with(|seen| seen.ops.iter().map(|op| op.together).collect());
    let of = |size| sizes.iter().filter(|together| **together == size).count();
    assert_eq!((of(20), of(1)), (40, 1), "two full batches, and one call by itself");
    let counts = graph.stats().counts();
    assert_eq!((counts.tokens, counts.batches, counts.items, counts.plain), (1, 2, 40, 1));
    assert_eq!((counts.requests(), counts.depth()), (4, 1));
    assert!(graph.send_all(Vec::new()).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_refused_item_goes_again_alone_after_its_own_delay() {
    let fake = Fake::new(|op| {
        Ok(match (op.url.contains("a.3'"), op.nth) {
            (true, 1) => Reply::error(429, "TooManyRequests", "").header("Retry-After", "2.5"),
            _ => Reply::json(200, json!({ "nth": op.nth })),
        })
    });
    let graph = fake.graph().await;
    let began = Instant::now();
    let answers = graph.send_all(reads(5)).await;
    let waited = began.elapsed();
    assert!(
        waited >= Duration::from_millis(2500) && waited < Duration::from_millis(2600),
        "{waited:?}"
    );
    for (n, answer) in answers.iter().enumerate() {
        assert_eq!(answer.as_ref().unwrap().body["nth"], if n == 3 { 2 } else { 1 });
    }
    let last = fake.with(|seen| seen.ops.last().unwrap().together);
    assert_eq!(last, 1, "only the refused call went again");
    assert_eq!(graph.stats().counts().retries, 1);
}

#[tokio::test(start_paused = true)]
async fn a_throttled_call_holds_back_the_others() {
    let fake = Fake::new(|op| {
        Ok(match (op.url.as_str(), op.nth) {
            ("/organization?$select=id,displayName", 1) => {
                Reply::error(429, "TooManyRequests", "").header("Retry-After", "10")
            }
            _ => Reply::json(200, json!({})),
        })
    });
    let graph = fake.graph().await;
    let began = Instant::now();
    let first = graph.send(read::organization());
    let second = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        graph.send(read::default_app_management_policy()).await.unwrap();
        began.elapsed()
    };
    let (first, second) = futures::join!(first, second);
    first.unwrap();
    assert!(second >= Duration::from_secs(10), "{second:?}");
}

#[tokio::test(start_paused = true)]
async fn an_item_that_is_left_out_is_unknown() {
    let fake = Fake::new(|op| match (op.method.as_str(), op.nth) {
        ("POST", _) | (_, 1) => Err(zrec::cloud::transport::Broken::OutcomeUnknown("lost".into())),
        _ => Ok(Reply::json(200, json!({}))),
    });
    let graph = fake.graph().await;
    let create = write::create_service_principal(&json!({ "appId": "x" }));
    let answers = graph.send_all(vec![create, read::organization()]).await;
    let failure = answers[0].as_ref().unwrap_err();
    assert_eq!(failure.kind, FailureKind::OutcomeUnknown);
    assert!(failure.may_have_happened());
    assert_eq!(fake.times("/servicePrincipals"), 1, "a lost POST is not repeated");
    answers[1].as_ref().unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_a_batch_is_told_about_itself_says_nothing_about_its_items() {
    let rows = [
        (
            Reply::error as fn(u16, &str, &str) -> Reply,
            404,
            "Request_ResourceNotFound",
            FailureKind::Refused,
        ),
        (Reply::error, 400, "Request_BadRequest", FailureKind::Refused),
        (Reply::error, 403, "Authorization_RequestDenied", FailureKind::Forbidden),
    ];
    for (reply, status, code, expected) in rows {
        let fake = echo().outer(move |_| Some(Ok(reply(status, code, ""))));
        let answers = fake.graph().await.send_all(reads(2)).await;
        for answer in answers {
            let failure = answer.unwrap_err();
            assert_eq!(failure.kind, expected, "{status}");
            assert!(failure.what.contains("zrec.a."), "{failure}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_refused_as_a_whole_is_repeated_whatever_is_in_it() {
    let fake = echo().outer(|number| match number {
        1 => Some(Ok(Reply::error(429, "TooManyRequests", "").header("Retry-After", "3"))),
        2 => Some(Err(zrec::cloud::transport::Broken::NotSent("down".into()))),
        _ => None,
    });
    let graph = fake.graph().await;
    let create = || write::create_service_principal(&json!({ "appId": "x" }));
    for answer in graph.send_all(vec![create(), create()]).await {
        answer.unwrap();
    }
    assert_eq!((fake.with(|seen| seen.batches), fake.times("/servicePrincipals")), (3, 2));
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_is_lost_repeats_only_what_may_be_repeated() {
    let lost = || zrec::cloud::transport::Broken::OutcomeUnknown("reset".into());
    let fake = echo().outer(move |number| (number == 1).then(|| Err(lost())));
    let graph = fake.graph().await;
    let body = json!({ "displayName": "x" });
    let calls = vec![
        write::create_service_principal(&json!({ "appId": "x" })),
        write::upsert_application("zrec.a.b", &body),
        read::organization(),
    ];
    let answers = graph.send_all(calls).await;
    assert_eq!(answers[0].as_ref().unwrap_err().kind, FailureKind::OutcomeUnknown);
    assert!(answers[1].is_ok() && answers[2].is_ok());
    assert_eq!(fake.times("/servicePrincipals"), 0);
}

#[tokio::test(start_paused = true)]
async fn every_request_says_who_it_is() {
    let fake = echo();
    let mut settings = fake.settings();
    settings.yields = true;
    let graph = zrec::cloud::graph::Graph::sign_in(settings).await.unwrap();
    graph.send(read::organization()).await.unwrap();
    graph.send(read::organization()).await.unwrap();
    let body = json!({ "displayName": "x" });
    graph.send_all(vec![write::upsert_application("zrec.a.b", &body), read::organization()]).await;
    let ops = fake.with(|seen| seen.ops.clone());
    let ids: BTreeSet<_> =
        ops[..2].iter().map(|op| op.headers["client-request-id"].clone()).collect();
    assert_eq!(ids.len(), 2, "each request has its own id");
    assert!(ops[0].headers["user-agent"].starts_with("zrec/"));
    assert_eq!(ops[0].headers["x-ms-throttle-priority"], "low");
    let upsert = ops.iter().find(|op| op.method == "PATCH").unwrap();
    assert_eq!(upsert.headers["prefer"], "create-if-missing");
    assert_eq!(upsert.headers["content-type"], "application/json");
    assert_eq!(upsert.body, body);
    assert!(!upsert.headers.contains_key("x-ms-throttle-priority"));
}

#[tokio::test(start_paused = true)]
async fn a_reader_does_not_write() {
    let fake = echo();
    let reader = fake.graph().await.reader();
    let calls = vec![
        read::organization(),
        write::delete_application(crate::fake::CLIENT.parse().unwrap()),
        read::default_app_management_policy(),
    ];
    let answers = reader.send_all(calls).await;
    assert!(answers[0].is_ok() && answers[2].is_ok());
    assert_eq!(answers[1].as_ref().unwrap_err().kind, FailureKind::NotSent);
    assert!(fake.with(|seen| seen.ops.iter().all(|op| op.method == "GET")));
}
