//! The crash law: killed anywhere, at most two runs later everything is as if nothing had happened.

use zrec::failpoint::{Act, FailPoints};
use zrec_emulator::{Quirk, QuirkKind};

use crate::stage::{Ended, Kill, Stage};

const CONNECTORS: [&str; 2] = ["teams", "sharepoint"];

/// It has a credential of each kind; the steps of another one would only be the same again.
const ONE: [&str; 1] = ["sharepoint"];

fn quirk(kind: QuirkKind) -> Quirk {
    serde_json::from_value(serde_json::json!({ "quirk": kind })).unwrap()
}

async fn law(stage: &Stage, connectors: &[&str], what: &str) {
    for run in 1..=2 {
        let outcome = stage.apply(Kill::Never).await.outcome();
        assert!(outcome.failed.is_empty(), "{what}, run {run}: {:?}", outcome.failed);
        if stage.plan().await.steps.is_empty() {
            break;
        }
        assert_eq!(run, 1, "{what}: {:#?}", stage.plan().await.steps);
    }
    for connector in connectors {
        stage.holds(connector).await;
    }
}

#[tokio::test(start_paused = true)]
async fn one_apply_is_enough() {
    let stage = Stage::new(&CONNECTORS, vec![]);
    let outcome = stage.apply(Kill::Never).await.outcome();
    assert!(outcome.unfinished.is_empty() && outcome.left_open.is_empty());
    assert!(outcome.settling.is_empty() && outcome.failed.is_empty());
    assert!(stage.plan().await.steps.is_empty(), "{:#?}", stage.plan().await.steps);
    for connector in CONNECTORS {
        stage.holds(connector).await;
    }
    let locks: Vec<_> = glob(&stage, "lock");
    assert!(locks.is_empty(), "{locks:?}");
}

fn glob(stage: &Stage, extension: &str) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![stage.folder.path().to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => folders.push(path),
                path if path.extension().is_some_and(|it| it == extension) => found.push(path),
                _ => {}
            }
        }
    }
    found
}

#[tokio::test(start_paused = true)]
async fn killed_at_each_request() {
    let whole = Stage::new(&CONNECTORS, vec![]);
    whole.apply(Kill::Never).await.outcome();
    let requests = whole.requests.load(std::sync::atomic::Ordering::Relaxed);
    for number in 2..=requests {
        for kill in [Kill::Before(number), Kill::After(number)] {
            let what = format!("{kill:?} of {requests}");
            let stage = Stage::new(&CONNECTORS, vec![]);
            assert!(matches!(stage.apply(kill).await, Ended::Killed), "{what}");
            law(&stage, &CONNECTORS, &what).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn killed_at_each_durable_step() {
    let counting = FailPoints::armed(Some("nowhere"), 1, Act::Pend);
    let whole = Stage::new(&ONE, vec![]);
    whole.apply(Kill::At(counting.clone())).await.outcome();
    let points = counting.passed();
    assert!(points.contains(&"store-named") && points.contains(&"after-add-password"));
    for number in 1..=points.len() {
        let what = format!("point {number} of {}: {}", points.len(), points[number - 1]);
        let stage = Stage::new(&ONE, vec![]);
        let kill = Kill::At(FailPoints::armed(None, number, Act::Pend));
        // After the last durable step there may be nothing left to wait for.
        let _ = stage.apply(kill).await;
        law(&stage, &ONE, &what).await;
    }
}

#[tokio::test(start_paused = true)]
async fn refused_at_each_durable_step_of_the_store() {
    let counting = FailPoints::armed(Some("nowhere"), 1, Act::Refuse);
    let whole = Stage::new(&ONE, vec![]);
    whole.apply(Kill::At(counting.clone())).await.outcome();
    let points: Vec<_> =
        counting.passed().into_iter().filter(|point| point.starts_with("store-")).collect();
    for number in 1..=points.len() {
        let what = format!("refusal {number} of {}: {}", points.len(), points[number - 1]);
        let stage = Stage::new(&ONE, vec![]);
        stage.apply(Kill::At(FailPoints::armed(None, number, Act::Refuse))).await.outcome();
        law(&stage, &ONE, &what).await;
    }
}

#[tokio::test(start_paused = true)]
async fn each_answer_lost_once() {
    for number in 1..=14 {
        let mut lost = quirk(QuirkKind::LostAnswer);
        lost.nth = Some(number);
        lost.path = Some("/v1.0".to_owned());
        let stage = Stage::new(&ONE, vec![lost]);
        stage.apply(Kill::Never).await.outcome();
        law(&stage, &ONE, &format!("answer {number} lost")).await;
    }
}

#[tokio::test(start_paused = true)]
async fn two_runs_at_once_lose_nothing() {
    for skew in 0..6 {
        let stage = Stage::new(&CONNECTORS, vec![]);
        let late = async {
            tokio::time::sleep(std::time::Duration::from_millis(30 * skew)).await;
            stage.apply(Kill::Never).await.outcome()
        };
        let (one, other) = tokio::join!(stage.apply(Kill::Never), late);
        let failed = [one.outcome().failed, other.failed].concat();
        assert!(failed.is_empty(), "{skew}: {failed:?}");
        let last = stage.apply(Kill::Never).await.outcome();
        assert!(last.failed.is_empty() && last.left_open.is_empty(), "{skew}");
        assert!(stage.plan().await.steps.is_empty(), "{skew}: {:#?}", stage.plan().await.steps);
        for connector in CONNECTORS {
            stage.all_are_known(connector);
        }
    }
}
