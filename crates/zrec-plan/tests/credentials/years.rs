//! Ten years of nightly runs: never without a credential, and never too many.

use time::{Duration, OffsetDateTime};
use zrec_plan::approval::{self, Consented};
use zrec_plan::catalog::Catalog;
use zrec_plan::credential::{History, State, Subject, offerable};
use zrec_plan::desired::{Desired, RetireOld};
use zrec_plan::observed::{Observed, ObservedConnector};
use zrec_plan::plan::plan;
use zrec_plan::record::{CredentialKind, Evidence, Transition};
use zrec_plan::safety::Limits;

use crate::cloud::{self, present};
use crate::credentials;
use crate::set::desired;

const KINDS: [CredentialKind; 2] = [CredentialKind::ClientSecret, CredentialKind::Certificate];

/// How the people behave who are given credentials.
#[derive(Clone, Copy, Debug)]
struct People {
    /// They ask for what is to be entered every so many days; never where `None`.
    ask_every: Option<i64>,
    /// They say so this many days after; never where `None`.
    acknowledge_after: Option<i64>,
    /// The nightly run happens every so many days.
    nights: i64,
    /// When the old is retired.
    retire_old: RetireOld,
}

#[test]
fn ten_years_of_nights() {
    use RetireOld as R;
    let rows = [
        (Some(1), Some(0), 1, R::Acknowledged),
        (Some(1), Some(20), 1, R::Acknowledged),
        (Some(7), Some(20), 3, R::Evidence),
        (Some(90), Some(100), 1, R::Acknowledged),
        (Some(1), Some(5), 7, R::Expiry),
        (Some(30), None, 1, R::Acknowledged),
        (None, None, 1, R::Acknowledged),
    ];
    for (ask_every, acknowledge_after, nights, retire_old) in rows {
        live(People { ask_every, acknowledge_after, nights, retire_old });
    }
}

fn live(people: People) {
    let mut desired = desired(&["sharepoint"]);
    desired.connectors.values_mut().next().unwrap().client_secret.retire_old = people.retire_old;
    let mut observed = cloud::synced(&desired);
    let mut most = 0;
    for day in 1..=3653 {
        let now = tick(&mut observed);
        let seen = observed.connectors.values_mut().next().unwrap();
        for kind in KINDS {
            let usable = usable(seen, kind, now);
            assert!(usable >= 1, "{people:?}: nothing usable on day {day}");
        }
        behave(people, &desired, day, now, seen);
        if day % people.nights == 0 {
            night(&desired, &mut observed);
        }
        let seen = observed.connectors.values_mut().next().unwrap();
        // As the store does: thirty days after its end a record is forgotten.
        present(&mut seen.records).records.retain(|record| {
            History::of(record).end().is_none_or(|end| now < end + 30 * Duration::DAY)
        });
        for kind in KINDS {
            let certificate = kind == CredentialKind::Certificate;
            let keys = &present(&mut seen.application).credentials;
            let alive = keys.iter().filter(|key| key.certificate == certificate).count();
            assert!(alive <= 3, "{people:?}: {alive} keys on day {day}");
            most = most.max(alive);
        }
        let records = present(&mut seen.records).records.len();
        assert!(records <= 8, "{people:?}: {records} records on day {day}");
    }
    assert!(most >= 2, "{people:?}: renewed beside the old");
}

fn tick(observed: &mut Observed) -> OffsetDateTime {
    let time = &mut observed.tenants.values_mut().next().unwrap().server_time;
    let now = time.unwrap() + Duration::DAY;
    *time = Some(now);
    now
}

fn night(desired: &Desired, observed: &mut Observed) {
    let only_maintenance = Consented { only_maintenance: true, ..Consented::default() };
    let now = plan(desired, observed, Catalog::built_in(), &Limits::default());
    assert!(now.findings.len() <= 4, "{:?}", now.findings);
    let division = approval::by_class(&now, only_maintenance);
    assert!(division.held.is_empty(), "{:?}", division.held);
    cloud::apply(&division.go, desired, observed);
}

fn usable(seen: &mut ObservedConnector, kind: CredentialKind, now: OffsetDateTime) -> usize {
    let keys = present(&mut seen.application).credentials.clone();
    let records = &present(&mut seen.records).records;
    let histories = records.iter().map(History::of).filter(|history| history.is(kind));
    histories
        .filter(|history| matches!(history.state(), State::Seen | State::Offered))
        .filter(|history| history.end().is_some_and(|end| now < end))
        .filter(|history| keys.iter().any(|key| Some(key.key_id) == history.key_id()))
        .count()
}

/// People ask for what is to be entered, and some time later say that it was.
fn behave(
    people: People,
    desired: &Desired,
    day: i64,
    now: OffsetDateTime,
    seen: &mut ObservedConnector,
) {
    let application = present(&mut seen.application).clone();
    let subject = Subject {
        tenant_id: desired.tenants.values().next().unwrap().tenant_id,
        unique_name: application.unique_name.as_deref().unwrap(),
        app_id: Some(application.app_id),
    };
    for kind in KINDS {
        let records = present(&mut seen.records).clone();
        let Some(record) = offerable(&records, &subject, kind, Some(now)) else { continue };
        let offered = History::of(record).offered;
        if offered.is_none() && people.ask_every.is_some_and(|every| day % every == 0) {
            credentials::write(seen, &record.name, now, Transition::Offered);
        }
        let patience = people.acknowledge_after.map(Duration::days);
        if offered.zip(patience).is_some_and(|(offered, patience)| now - offered >= patience) {
            let evidence = Evidence::SignInReport;
            credentials::write(seen, &record.name, now, Transition::Acknowledged { evidence });
        }
    }
}
