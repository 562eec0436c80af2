//! Lists over several pages.

use serde_json::{Value, json};
use zrec::cloud::failure::FailureKind;
use zrec::cloud::graph::read;

use crate::fake::{Fake, Reply};

fn page(values: &[u32], next: Option<&str>) -> Reply {
    let mut body = json!({ "value": values });
    if let Some(next) = next {
        body["@odata.nextLink"] = next.into();
    }
    Reply::json(200, body)
}

#[tokio::test(start_paused = true)]
async fn lists_are_read_to_their_end_also_inside_batches() {
    let fake = Fake::new(|op| {
        let next = |token: &str| format!("https://localhost/v1.0/applications?$skiptoken={token}");
        Ok(match op.url.split("skiptoken=").nth(1) {
            _ if op.url.starts_with("/organization") => page(&[9], None),
            None => page(&[1, 2], Some(&next("a%20b"))),
            // An empty page may have a successor.
            Some("a%20b") => page(&[], Some(&next("c"))),
            Some(_) => page(&[3], None),
        })
    });
    let graph = fake.graph().await;
    let calls = vec![read::applications_of_set(&["id", "uniqueName"]), read::organization()];
    let answers = graph.send_all(calls).await;
    let items = |n: usize| Value::from(answers[n].as_ref().unwrap().items());
    assert_eq!((items(0), items(1)), (json!([1, 2, 3]), json!([9])));
    assert!(answers[0].as_ref().unwrap().body.get("@odata.nextLink").is_none());
    assert_eq!((graph.stats().counts().pages, graph.stats().counts().depth()), (2, 3));
}

#[tokio::test(start_paused = true)]
async fn a_link_that_leads_elsewhere_is_not_followed() {
    let rows = [
        ("https://evil.example/v1.0/applications", FailureKind::Untrusted),
        ("https://localhost.evil.example/v1.0/applications", FailureKind::Untrusted),
        ("https://localhost:444/v1.0/applications", FailureKind::Untrusted),
        ("http://localhost/v1.0/applications", FailureKind::Untrusted),
        ("https://user@localhost/v1.0/applications", FailureKind::Untrusted),
        ("//evil.example/v1.0/applications", FailureKind::Untrusted),
        ("/v1.0/applications?$skiptoken=2", FailureKind::Untrusted),
        ("https://localhost/beta/applications", FailureKind::Refused),
        ("https://localhost/v1.0/../x", FailureKind::Refused),
        ("https://localhost/v1.0evil", FailureKind::Refused),
    ];
    for (link, expected) in rows {
        let fake = Fake::new(move |_| Ok(page(&[1], Some(link))));
        let graph = fake.graph().await;
        let failure = graph.send(read::applications_of_set(&["id"])).await.unwrap_err();
        assert_eq!(failure.kind, expected, "{link}");
        assert_eq!(fake.with(|seen| seen.ops.len()), 1, "{link}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_list_that_cannot_be_read_to_its_end_is_no_list() {
    let here = "https://localhost/v1.0/applications?$skiptoken=1";
    let endless = Fake::new(move |_| Ok(page(&[1], Some(here))));
    let broken = Fake::new(move |op| {
        Ok(if op.url.contains("skiptoken") {
            Reply::error(403, "Authorization_RequestDenied", "")
        } else {
            page(&[1], Some(here))
        })
    });
    let odd = Fake::new(move |op| {
        Ok(if op.url.contains("skiptoken") {
            Reply::json(200, json!({ "value": "none" }))
        } else {
            page(&[1], Some(here))
        })
    });
    let rows = [
        (endless, FailureKind::Refused),
        (broken, FailureKind::Forbidden),
        (odd, FailureKind::Refused),
    ];
    for (fake, expected) in rows {
        let graph = fake.graph().await;
        let failure = graph.send(read::applications_of_set(&["id"])).await.unwrap_err();
        assert_eq!(failure.kind, expected);
    }
}
