//! Client secrets: rules R1 to R4, one row for each way in which a mint can go wrong.

use serde_json::json;
use time::OffsetDateTime;
use zrec::failpoint::{Act, FailPoints};
use zrec::store::Place;
use zrec_emulator::Quirk;
use zrec_plan::desired::Cloud;
use zrec_plan::record::{CredentialKind, CredentialName, Entry, RunId, Transition};
use zrec_plan::step::Action;

use crate::stage::{Kill, Stage};

fn quirk(row: serde_json::Value) -> Quirk {
    let mut row = row;
    row["path"] = json!("addPassword");
    row["times"] = json!(1);
    serde_json::from_value(row).unwrap()
}

fn passwords(stage: &Stage) -> usize {
    stage.application("teams")["passwordCredentials"].as_array().map_or(0, Vec::len)
}

#[tokio::test(start_paused = true)]
async fn r1_a_refusal_is_repeated_under_the_same_name() {
    let rows = [
        json!({ "quirk": "throttle", "retryAfter": "5" }),
        json!({ "quirk": "throttle" }),
        json!({ "quirk": "concurrency-violation" }),
        json!({ "quirk": "concurrency-violation", "status": 503 }),
        json!({ "quirk": "refuse" }),
    ];
    for row in rows {
        let stage = Stage::new(&["teams"], vec![quirk(row.clone())]);
        let outcome = stage.apply(Kill::Never).await.outcome();
        assert!(outcome.failed.is_empty(), "{row}: {:?}", outcome.failed);
        assert_eq!(stage.records("teams").len(), 1, "{row}: one name");
        stage.holds("teams").await;
    }
}

#[tokio::test(start_paused = true)]
async fn r2_an_unknown_outcome_is_left_to_the_next_run() {
    let rows = [
        json!({ "quirk": "lost-answer" }),
        json!({ "quirk": "truncate" }),
        json!({ "quirk": "status", "status": 503, "code": "serviceNotAvailable", "message": "x" }),
        json!({ "quirk": "status", "status": 408, "code": "timeout", "message": "x" }),
        json!({ "quirk": "html" }),
    ];
    for row in rows {
        let stage = Stage::new(&["teams"], vec![quirk(row.clone())]);
        let outcome = stage.apply(Kill::Never).await.outcome();
        assert_eq!(outcome.left_open.len(), 1, "{row}: exit code 4");
        assert!(outcome.failed.is_empty(), "{row}");
        let calls = stage.emulator.requests();
        let sent = calls.iter().filter(|call| call.path.contains("addPassword")).count();
        assert_eq!(sent, 1, "{row}: never repeated");
        assert!(!calls.iter().any(|call| call.path.contains("removePassword")), "{row}");
        let outcome = stage.apply(Kill::Never).await.outcome();
        assert!(outcome.failed.is_empty() && outcome.left_open.is_empty(), "{row}");
        stage.holds("teams").await;
        assert!(stage.plan().await.steps.is_empty(), "{row}");
    }
}

#[tokio::test(start_paused = true)]
async fn r3_what_the_store_refuses_is_removed_again() {
    for point in ["store-before", "store-written"] {
        let stage = Stage::new(&["teams"], vec![]);
        // The first write is the intent, the second the value.
        let kill = Kill::At(FailPoints::armed(Some(point), 2, Act::Refuse));
        let outcome = stage.apply(kill).await.outcome();
        assert_eq!(outcome.failed.len(), 1);
        assert!(outcome.failed[0].1.contains("was removed again"), "{:?}", outcome.failed);
        assert_eq!(passwords(&stage), 0);
        let aborted = |entry: &Entry| entry.transition == Transition::Aborted;
        assert!(stage.records("teams")[0].entries.iter().any(aborted));
        stage.apply(Kill::Never).await.outcome();
        stage.holds("teams").await;
    }
}

#[tokio::test(start_paused = true)]
async fn r2_a_store_that_may_have_written_is_believed_by_the_next_run() {
    for point in ["store-named", "store-synced"] {
        let stage = Stage::new(&["teams"], vec![]);
        let kill = Kill::At(FailPoints::armed(Some(point), 2, Act::Refuse));
        let outcome = stage.apply(kill).await.outcome();
        assert_eq!((outcome.left_open.len(), outcome.failed.len()), (1, 0), "{point}");
        assert_eq!(passwords(&stage), 1, "{point}: nothing is undone");
        stage.apply(Kill::Never).await.outcome();
        stage.holds("teams").await;
        assert_eq!(stage.records("teams").len(), 1, "{point}: the value was there");
    }
}

#[tokio::test(start_paused = true)]
async fn r4_a_name_that_waited_too_long_is_given_up() {
    let stage =
        Stage::new(&["teams"], vec![quirk(json!({ "quirk": "throttle", "retryAfter": "200" }))]);
    let outcome = stage.apply(Kill::Never).await.outcome();
    assert!(outcome.failed.is_empty(), "{:?}", outcome.failed);
    assert_eq!(stage.records("teams").len(), 2, "one given up, one live");
    stage.holds("teams").await;
}

#[tokio::test(start_paused = true)]
async fn r4_what_another_run_is_at_is_left_alone_until_it_is_over() {
    let stage = Stage::new(&["teams"], vec![]);
    let first = stage.apply(Kill::At(FailPoints::armed(Some("before-intent"), 1, Act::Pend))).await;
    drop(first);
    let app_id = stage.application("teams")["appId"].as_str().unwrap().parse().unwrap();
    let other = stage.store();
    let run = RunId("another".to_owned());
    other.begin(&run).unwrap();
    let place = Place {
        tenant_id: stage.desired.tenants.values().next().unwrap().tenant_id,
        unique_name: "zrec.example.teams".to_owned(),
        name: CredentialName::from_bits(99),
        kind: CredentialKind::ClientSecret,
    };
    let intended = Transition::Intended { run, app_id, certificate: None };
    let at = OffsetDateTime::now_utc();
    other.put(&place, &Entry { at, transition: intended }, None).unwrap();
    let mints = |plan: &zrec_plan::plan::Plan| {
        plan.steps.iter().any(|step| matches!(step.action, Action::MintCredential { .. }))
    };
    assert!(!mints(&stage.plan().await), "it is minting");
    drop(other);
    assert!(mints(&stage.plan().await), "it is over, and half an hour need not pass");
    stage.apply(Kill::Never).await.outcome();
    stage.holds("teams").await;
}

#[tokio::test(start_paused = true)]
async fn a_job_does_not_mint_into_what_vanishes_with_it() {
    let mut stage = Stage::new(&["teams"], vec![]);
    stage.surroundings.ci = true;
    stage.desired.tenants.values_mut().for_each(|tenant| tenant.cloud = Cloud::Public);
    let outcome = stage.apply(Kill::Never).await.outcome();
    assert_eq!(outcome.failed.len(), 1, "{:?}", outcome.failed);
    assert!(outcome.failed[0].1.contains("durable: volume"), "{}", outcome.failed[0].1);
    assert_eq!(passwords(&stage), 0);
}
