//! What is repeated, how often, and when it is given up.

use std::time::Duration;

use serde_json::json;
use tokio::time::Instant;
use zrec::cloud::failure::FailureKind;
use zrec::cloud::graph::{Call, read, write};
use zrec::cloud::transport::Broken;

use crate::fake::{Fake, Reply};

/// What the fake does the first time; the second time it succeeds.
#[derive(Clone, Copy, Debug)]
enum First {
    Status(u16, &'static str),
    Lost,
    NotSent,
    Distrusted,
    Page(u16),
    Cut,
}

fn fake(first: First) -> Fake {
    Fake::new(move |op| match first {
        _ if op.nth > 1 => Ok(Reply::json(200, json!({}))),
        First::Status(status, code) => Ok(Reply::error(status, code, "")),
        First::Lost => Err(Broken::OutcomeUnknown("lost".into())),
        First::NotSent => Err(Broken::NotSent("down".into())),
        First::Distrusted => Err(Broken::Distrusted("unknown issuer".into())),
        First::Page(status) => Ok(Reply::text(status, "<html>proxy</html>")),
        First::Cut => Ok(Reply::text(200, r#"{"id": "1"#)),
    })
}

#[tokio::test(start_paused = true)]
async fn each_failure_is_repeated_by_the_class_of_its_call() {
    use FailureKind as Kind;
    // First failure; what stands for a safe call; what stands for a POST. None: it was repeated.
    #[rustfmt::skip]
    let rows = [
        (First::Status(429, "TooManyRequests"), None, None),
        (First::Status(503, "Directory_ConcurrencyViolation"), None, None),
        (First::Status(409, "Directory_ConcurrencyViolation"), None, None),
        (First::NotSent, None, None),
        (First::Lost, None, Some(Kind::OutcomeUnknown)),
        (First::Status(500, "InternalServerError"), None, Some(Kind::Server)),
        (First::Status(503, "ServiceUnavailable"), None, Some(Kind::Server)),
        (First::Status(504, "GatewayTimeout"), None, Some(Kind::Server)),
        (First::Status(408, ""), None, Some(Kind::OutcomeUnknown)),
        (First::Cut, None, Some(Kind::Truncated)),
        (First::Page(502), None, Some(Kind::Html)),
        (First::Page(200), Some(Kind::Html), Some(Kind::Html)),
        (First::Page(403), Some(Kind::Html), Some(Kind::Html)),
        (First::Distrusted, Some(Kind::Untrusted), Some(Kind::Untrusted)),
        (First::Status(400, "Request_BadRequest"), Some(Kind::Refused), Some(Kind::Refused)),
        (First::Status(403, "Authorization_RequestDenied"), Some(Kind::Forbidden), Some(Kind::Forbidden)),
        (First::Status(404, "Request_ResourceNotFound"), Some(Kind::NotFound), Some(Kind::NotFound)),
        (First::Status(409, "Conflict"), Some(Kind::Refused), Some(Kind::Refused)),
    ];
    let body = json!({ "appId": "x", "displayName": "x" });
    let safe: [fn() -> Call; 3] = [
        || read::organization(),
        || write::upsert_application("zrec.a.b", &json!({ "displayName": "x" })),
        || write::delete_application(crate::fake::CLIENT.parse().unwrap()),
    ];
    for (first, expected_safe, expected_post) in rows {
        let mut calls: Vec<_> = safe.iter().map(|call| (call(), expected_safe)).collect();
        calls.push((write::create_service_principal(&body), expected_post));
        for (call, expected) in calls {
            let fake = fake(first);
            let what = format!("{first:?} on {} {}", call.method, call.path_and_query);
            let result = fake.graph().await.send(call).await;
            assert_eq!(result.as_ref().err().map(|failure| failure.kind), expected, "{what}");
            let sent = fake.with(|seen| seen.ops.len());
            assert_eq!(sent, if expected.is_some() { 1 } else { 2 }, "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn patience_ends() {
    let rows = [
        // status, Retry-After, attempts, at most this long
        (503, None, 6, 60),
        (429, Some("1"), 6, 10),
        (429, Some("3600"), 1, 0),
        (429, Some("100"), 4, 300),
    ];
    for (status, retry_after, attempts, longest) in rows {
        let fake = Fake::new(move |_| {
            let reply = Reply::error(status, "x", "");
            Ok(match retry_after {
                Some(text) => reply.header("Retry-After", text),
                None => reply,
            })
        });
        let graph = fake.graph().await;
        let began = Instant::now();
        graph.send(read::organization()).await.unwrap_err();
        assert_eq!(fake.with(|seen| seen.ops.len()), attempts, "{status} {retry_after:?}");
        assert!(began.elapsed() <= Duration::from_secs(longest), "{status} {retry_after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_an_hour() {
    let fake = Fake::new(|_| Ok(Reply::error(429, "x", "").header("Retry-After", "3600")));
    let graph = fake.graph().await;
    let began = Instant::now();
    for _ in 0..3 {
        let failure = graph.send(read::organization()).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Throttled);
    }
    assert_eq!(fake.with(|seen| seen.ops.len()), 1, "the others were not sent");
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_waits_the_same() {
    let mut waited = Vec::new();
    for seed in [1, 1, 2] {
        let fake = Fake::new(|_| Ok(Reply::error(503, "x", "")));
        let mut settings = fake.settings();
        settings.pace.seed = seed;
        let graph = zrec::cloud::graph::Graph::sign_in(settings).await.unwrap();
        let began = Instant::now();
        graph.send(read::organization()).await.unwrap_err();
        waited.push(began.elapsed());
    }
    assert_eq!(waited[0], waited[1]);
    assert_ne!(waited[0], waited[2]);
}
