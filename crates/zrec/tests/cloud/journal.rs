//! The journal: a line for each write, and nothing secret in it.

use std::sync::Arc;

use serde_json::{Value, json};
use zrec::cloud::failure::FailureKind;
use zrec::cloud::graph::{Graph, read, write};
use zrec::cloud::journal::Journal;
use zrec::cloud::transport::Broken;

use crate::fake::{CLIENT, Fake, Reply, SECRET};

fn fake() -> Fake {
    Fake::new(|op| match op.method.as_str() {
        "POST" => Err(Broken::OutcomeUnknown("lost".into())),
        "DELETE" => Ok(Reply::error(403, "Authorization_RequestDenied", "no")),
        _ => Ok(Reply::json(204, Value::Null)
            .header("request-id", "theirs")
            .header("date", "Mon, 23 Nov 2026 15:00:00 GMT")),
    })
}

#[tokio::test(start_paused = true)]
async fn each_write_has_one_line_and_reads_have_none() {
    let directory = tempfile::tempdir().unwrap();
    let journal = Arc::new(Journal::create(&directory.path().join("runs"), "run-1").unwrap());
    let fake = fake();
    let mut settings = fake.settings();
    settings.journal = Some(journal.clone());
    let graph = Graph::sign_in(settings).await.unwrap();
    let body = json!({ "displayName": "BODY-MARKER" });
    graph
        .send(write::upsert_application("zrec.a.b", &body).for_step("contoso/teams", "application"))
        .await
        .unwrap();
    graph.send(read::organization()).await.unwrap();
    let both = vec![
        write::create_service_principal(&json!({ "appId": CLIENT })),
        write::delete_application(CLIENT.parse().unwrap()),
    ];
    graph.send_all(both).await;

    let text = std::fs::read_to_string(journal.path()).unwrap();
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let outcome = |n: usize| (lines[n]["method"].as_str(), lines[n]["outcome"].as_str());
    assert_eq!(lines.len(), 3, "{text}");
    assert_eq!(outcome(0), (Some("PATCH"), Some("done")));
    assert_eq!(outcome(1), (Some("POST"), Some("unknown")));
    assert_eq!(outcome(2), (Some("DELETE"), Some("refused")));
    assert_eq!(lines[0]["at"], "2026-11-23T15:00:00Z", "the server's clock");
    assert_eq!(lines[0]["requestId"], "theirs");
    assert_eq!(lines[0]["connector"], "contoso/teams");
    assert_eq!(lines[1]["clientRequestId"], lines[2]["clientRequestId"], "one batch, one id");
    for marker in [SECRET, "BODY-MARKER", "TOKEN-MARKER", "Bearer"] {
        assert!(!text.contains(marker), "{text}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(journal.path()).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_that_was_interrupted_is_on_record() {
    let directory = tempfile::tempdir().unwrap();
    let journal = Arc::new(Journal::create(directory.path(), "run-1").unwrap());
    let fake = Fake::new(|_| Ok(Reply::json(200, json!({}))));
    let mut settings = fake.settings();
    settings.journal = Some(journal.clone());
    let graph = Graph::sign_in(settings.clone()).await.unwrap();
    drop(graph);
    let transport = settings.transport.clone();
    let hanging = zrec::cloud::transport::InProcess::new(move |request| {
        let transport = transport.clone();
        Box::pin(async move {
            if request.uri().path().ends_with("/token") {
                return transport.send(request).await;
            }
            std::future::pending().await
        })
    });
    settings.transport = zrec::cloud::transport::Transport::InProcess(hanging);
    let graph = Graph::sign_in(settings).await.unwrap();
    let body = json!({ "displayName": "x" });
    let write = graph.send(write::upsert_application("zrec.a.b", &body));
    let interrupted = tokio::time::timeout(std::time::Duration::from_secs(1), write).await;
    assert!(interrupted.is_err());
    let text = std::fs::read_to_string(journal.path()).unwrap();
    let line: Value = serde_json::from_str(text.trim()).unwrap();
    assert_eq!(line["outcome"], "unknown");
    assert_eq!(line["at"], "2026-11-23T14:00:00Z", "our clock, passed in");
}

#[test]
fn a_journal_is_not_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    Journal::create(directory.path(), "run-1").unwrap();
    let failure = Journal::create(directory.path(), "run-1").unwrap_err();
    assert_eq!(failure.kind, FailureKind::Journal);
}

#[cfg(target_os = "linux")]
#[tokio::test(start_paused = true)]
async fn on_a_full_disk_nothing_more_is_written() {
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let fake = fake();
    let mut settings = fake.settings();
    settings.journal = Some(Arc::new(Journal::to_file("/dev/full", full)));
    let graph = Graph::sign_in(settings).await.unwrap();
    let upsert = || write::upsert_application("zrec.a.b", &json!({ "displayName": "x" }));
    graph.send(upsert()).await.unwrap();
    let failure = graph.send(upsert()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Journal);
    assert!(failure.to_string().contains("No space left"), "{failure}");
    assert_eq!(fake.with(|seen| seen.ops.len()), 1, "the second was not sent");
    graph.send(read::organization()).await.unwrap();
}
