//! Laws: 0 lost, 0 orphaned, 0 outages, nothing left to do, nothing said.

use std::collections::BTreeSet;

use time::Duration;
use zrec::apply::Outcome;
use zrec_plan::code;
use zrec_plan::credential::{History, State};
use zrec_plan::desired::RetireOld;
use zrec_plan::plan::Plan;
use zrec_plan::record::{CredentialKind, Record};

use super::hand_off::{Given, files};
use super::life::{Life, Violation};

/// What a plan still waits for.
pub(super) fn waits(plan: &Plan) -> Option<String> {
    let is_young = |code| [code::MINTING, code::SETTLING].contains(&code);
    let young = plan.findings.iter().find(|finding| is_young(finding.code));
    let step = plan.steps.first().map(|step| format!("{} {} {}", step.verb, step.kind, step.key));
    step.or_else(|| young.map(|finding| finding.message.clone()))
}

/// 0 outages: what Zscaler has, or may have been given since, lets it in until its end. What is
/// removed never comes back, so that looking after each run sees every removal.
pub(super) async fn no_outage(life: &Life) -> Result<(), Violation> {
    let now = life.stage.now();
    for ((connector, kind), given) in &life.given {
        let used = given.iter().rposition(|given| given.acknowledged).unwrap_or(0);
        for given in given[used..].iter().filter(|given| given.end() > now) {
            life.stage.signs_in(given.sign_in()).await.map_err(|failure| {
                let (name, acknowledged) = (&given.record.name, given.acknowledged);
                format!("outage: {connector} {kind:?} {name} ({acknowledged}): {failure}")
            })?;
        }
    }
    Ok(())
}

/// Each connector's credentials after a calm; `handed_over`: everything is acknowledged.
pub(super) async fn in_order(life: &Life, handed_over: bool) -> Result<(), Violation> {
    let plan = life.stage.plan().await;
    let wrong = [code::REVOKED_BY_HAND, code::UNRECORDED, code::LOST];
    if let Some(finding) = plan.findings.iter().find(|it| wrong.contains(&it.code)) {
        return Err(format!("a finding that nobody caused: {}", finding.message));
    }
    for connector in &life.connectors {
        let records = life.stage.records(connector);
        none_orphaned(life, connector, &records)?;
        for kind in Life::kinds(connector) {
            let wanted: Vec<_> = records
                .iter()
                .filter(|record| record.kind == *kind)
                .filter(|it| !matches!(History::of(it).state(), State::Aborted | State::Retired))
                .collect();
            none_lost(life, connector, &wanted).await?;
            as_many_as_wanted(life, connector, *kind, &wanted, handed_over)?;
        }
    }
    Ok(())
}

/// 0 orphaned: each key is named by a record that wants it, and no two carry one name.
fn none_orphaned(life: &Life, connector: &str, records: &[Record]) -> Result<(), Violation> {
    let app = life.stage.application(connector);
    let mut names = BTreeSet::new();
    for field in ["passwordCredentials", "keyCredentials"] {
        for key in app[field].as_array().into_iter().flatten() {
            let name = key["displayName"].as_str().unwrap_or_default();
            let record = records.iter().find(|record| record.name.as_str() == name);
            let state = record.map(|record| History::of(record).state());
            if !matches!(state, Some(State::Seen | State::Offered)) {
                return Err(format!("orphaned: {connector} {field} {name}: {state:?}"));
            }
            if !names.insert(name.to_owned()) {
                return Err(format!("orphaned: {connector}: two keys are named {name}"));
            }
        }
    }
    Ok(())
}

/// 0 lost: each wanted one is usable, its value is stored, and it signs in.
async fn none_lost(life: &Life, connector: &str, wanted: &[&Record]) -> Result<(), Violation> {
    for record in wanted {
        let history = History::of(record);
        if !matches!(history.state(), State::Seen | State::Offered) {
            return Err(format!("lost: {connector} {} is {:?}", record.name, history.state()));
        }
        let value = life.stage.value(connector, record);
        let given = Given { record: (*record).clone(), value, acknowledged: false };
        let lets_in = life.stage.signs_in(given.sign_in()).await;
        lets_in.map_err(|why| format!("lost: {connector} {} is stored: {why}", record.name))?;
    }
    Ok(())
}

/// One of a kind, or old and successor; after the hand-off exactly one.
fn as_many_as_wanted(
    life: &Life,
    connector: &str,
    kind: CredentialKind,
    wanted: &[&Record],
    handed_over: bool,
) -> Result<(), Violation> {
    let histories: Vec<_> = wanted.iter().map(|record| History::of(record)).collect();
    let renewal = Duration::days(i64::from(life.renew_before_days)) - Duration::HOUR;
    let lasts = |history: &&History<'_>| history.end().unwrap() - life.stage.now() > renewal;
    let fresh = histories.iter().filter(lasts).count();
    let spare = histories.iter().filter(lasts).filter(|it| !it.is_offered()).count();
    // Of two runs at once each may have made one, and both are known.
    let most_spare = 1 + life.tally.interleaved;
    let exact = handed_over && life.retire_old == RetireOld::Acknowledged;
    if fresh == 0 || spare > most_spare || (exact && wanted.len() != 1) {
        let names: Vec<_> = histories
            .iter()
            .map(|it| (it.record.name.to_string(), it.end(), it.offered, it.is_acknowledged()))
            .collect();
        return Err(format!("{connector} {kind:?}: {fresh} fresh, {spare} spare of {names:?}"));
    }
    Ok(())
}

/// Silence, of a report.
pub(super) fn says_nothing(life: &Life, outcome: &Outcome) -> Result<(), Violation> {
    silent(life, "an outcome", &format!("{}{}", outcome.text(), outcome.json()))
}

/// Silence, of every file but the store's.
pub(super) fn silence(life: &Life) -> Result<(), Violation> {
    let journal = life.stage.journal.clone().unwrap();
    silent(life, "the journal", &std::fs::read_to_string(journal).unwrap())
}

fn silent(life: &Life, what: &str, text: &str) -> Result<(), Violation> {
    for (path, _) in files(life.stage.folder.path()) {
        if path.extension().is_none_or(|it| it != "json") {
            continue;
        }
        let object: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap_or_default();
        let Some(value) = object["value"].as_str() else { continue };
        // Of a private key, a line in its middle.
        let mark = value.lines().nth(10).unwrap_or(value);
        if text.contains(mark) {
            return Err(format!("{what} holds the value of {}", path.display()));
        }
    }
    Ok(())
}
