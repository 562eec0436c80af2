//! Certificates: what others have on the application stays there.

use std::sync::Arc;

use futures::FutureExt;
use serde_json::json;
use zrec::certificate;
use zrec::cloud::graph::{Graph, read, write};
use zrec::kind::certificate as graph_kind;
use zrec::store::Place;
use zrec_emulator::{Quirk, QuirkKind};
use zrec_plan::Guid;
use zrec_plan::record::{CredentialKind, CredentialName, Entry, RunId, Transition};

use crate::stage::{Kill, Stage};

const OTHERS: &str = "11111111-2222-4333-8444-555555555555";

/// Another administrator adds a certificate, properly: with what is there.
async fn add(graph: Graph, application: Guid) {
    let answer = graph.send(read::application_certificates(application)).await.unwrap();
    let entries = graph_kind::decode_entries(&answer).unwrap();
    let mut list: Vec<_> = entries.into_iter().map(graph_kind::kept).collect();
    let made = certificate::make("x", OTHERS.parse().unwrap(), 90, graph.now()).unwrap();
    list.push(graph_kind::entry(&CredentialName::from_bits(1), &made.facts));
    graph.send(write::replace_certificates(application, &list)).await.unwrap();
}

fn key_ids(stage: &Stage) -> Vec<String> {
    let app = stage.application("sharepoint");
    let keys = app["keyCredentials"].as_array().cloned().unwrap_or_default();
    keys.iter().map(|key| key["keyId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test(start_paused = true)]
async fn one_that_another_adds_while_we_read_is_kept() {
    // Seen by the first read, by a middle one, by the last: each time it is in the union.
    for after in 1..=2 {
        let stage = Stage::new(&["sharepoint"], vec![]);
        let graph = stage.graph().await;
        let emulator = stage.emulator.clone();
        let act = async move {
            let cloud = serde_json::to_value(emulator.snapshot()).unwrap();
            let id = cloud["tenants"][0]["applications"][0]["id"].as_str().unwrap().to_owned();
            add(graph, id.parse().unwrap()).await;
        };
        *stage.meanwhile.lock().unwrap() = Some((after, act.boxed()));
        stage.apply(Kill::Never).await.outcome();
        assert!(stage.meanwhile.lock().unwrap().is_none(), "nobody interfered");
        let keys = key_ids(&stage);
        assert_eq!(keys.len(), 2, "{keys:?}");
        assert!(keys.iter().any(|key| key == OTHERS), "{keys:?}");
        stage.live("sharepoint", CredentialKind::Certificate);
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_or_unknown_write_is_read_and_united_again() {
    let rows = [
        json!({ "quirk": QuirkKind::LostAnswer }),
        json!({ "quirk": QuirkKind::Truncate }),
        json!({ "quirk": QuirkKind::Refuse }),
        json!({ "quirk": QuirkKind::Throttle, "retryAfter": "3" }),
        json!({ "quirk": QuirkKind::ConcurrencyViolation }),
        json!({ "quirk": QuirkKind::ConcurrencyViolation, "status": 503 }),
        json!({ "quirk": QuirkKind::Lag, "milliseconds": 1500 }),
    ];
    for mut row in rows {
        let all = json!({ "method": "PATCH", "path": "/v1.0/applications/*", "times": 1 });
        row.as_object_mut().unwrap().extend(all.as_object().unwrap().clone());
        let quirk: Quirk = serde_json::from_value(row.clone()).unwrap();
        let stage = Stage::new(&["sharepoint"], vec![quirk]);
        let outcome = stage.apply(Kill::Never).await.outcome();
        assert!(outcome.failed.is_empty(), "{row}: {:?}", outcome.failed);
        stage.holds("sharepoint").await;
        assert!(stage.plan().await.steps.is_empty(), "{row}");
    }
}

/// What another run has stored and is about to send, or has sent and no read shows yet.
#[tokio::test(start_paused = true)]
async fn one_that_another_run_has_in_hand_goes_along() {
    let stage = Stage::new(&["sharepoint"], vec![]);
    let emulator = stage.emulator.clone();
    // It lives as long as the story: a run that is over would have its work finished by ours.
    let alive = Arc::new(stage.store());
    let store = alive.clone();
    let (tenant_id, now) = (stage.desired.tenants.values().next().unwrap().tenant_id, stage.now());
    let act = async move {
        let cloud = serde_json::to_value(emulator.snapshot()).unwrap();
        let app_id = cloud["tenants"][0]["applications"][0]["appId"].as_str().unwrap();
        let made = certificate::make("x", OTHERS.parse().unwrap(), 90, now).unwrap();
        let place = Place {
            tenant_id,
            unique_name: "zrec.example.sharepoint".to_owned(),
            name: CredentialName::from_bits(5),
            kind: CredentialKind::Certificate,
        };
        let transition = Transition::Intended {
            run: RunId("another".to_owned()),
            app_id: app_id.parse().unwrap(),
            certificate: Some(made.facts.clone()),
        };
        let run = RunId("another".to_owned());
        store.begin(&run).unwrap();
        store.put(&place, &Entry { at: now, transition }, Some(&made.private_key)).unwrap();
    };
    *stage.meanwhile.lock().unwrap() = Some((1, act.boxed()));
    stage.apply(Kill::Never).await;
    assert!(stage.meanwhile.lock().unwrap().is_none(), "nobody interfered");
    let keys = key_ids(&stage);
    assert!(keys.len() == 2 && keys.iter().any(|key| key == OTHERS), "{keys:?}");
    drop(alive);
}
