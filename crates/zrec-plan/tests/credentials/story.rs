//! A story: a tenant in order, but for credentials; and what is planned for it.

use time::{Duration, OffsetDateTime};
use zrec_plan::Guid;
use zrec_plan::code::Code;
use zrec_plan::desired::Desired;
use zrec_plan::observed::{Credential, Observed, ObservedConnector};
use zrec_plan::plan::{Plan, plan};
use zrec_plan::record::{
    CertificateFacts, CredentialKind, CredentialName, Entry, Evidence, Record, RunId, Transition,
};
use zrec_plan::safety::Limits;

use crate::NOW;
use crate::cloud::{self, present};
use crate::set::desired;

pub(crate) const HOUR: Duration = Duration::HOUR;
pub(crate) const DAY: Duration = Duration::DAY;
pub(crate) const KEY: u128 = 0xaaaa;
pub(crate) const OTHER: u128 = 0xbbbb;

pub(crate) fn guid(number: u128) -> Guid {
    uuid::Uuid::from_u128(number).to_string().parse().unwrap()
}

/// C1, C2, …: in this order by name.
pub(crate) fn name(number: u128) -> CredentialName {
    CredentialName::from_bits(number)
}

/// A tenant in order, but for credentials: there are none, and the time is [`NOW`].
pub(crate) struct Story {
    pub(crate) desired: Desired,
    pub(crate) observed: Observed,
    kind: CredentialKind,
}

impl Story {
    pub(crate) fn of(app: &str, kind: CredentialKind) -> Self {
        let desired = desired(&[app]);
        let mut observed = cloud::synced(&desired);
        let connector = observed.connectors.values_mut().next().unwrap();
        present(&mut connector.records).records.retain(|record| record.kind != kind);
        let certificate = kind == CredentialKind::Certificate;
        present(&mut connector.application)
            .credentials
            .retain(|key| key.certificate != certificate);
        observed.tenants.values_mut().next().unwrap().server_time = Some(NOW);
        Self { desired, observed, kind }
    }

    pub(crate) fn secret() -> Self {
        Self::of("exchange", CredentialKind::ClientSecret)
    }

    pub(crate) fn certificate() -> Self {
        let mut story = Self::of("sharepoint", CredentialKind::Certificate);
        // Only certificates are spoken of.
        let connector = story.connector();
        for record in &mut present(&mut connector.records).records {
            for entry in &mut record.entries {
                if let Transition::Minted { end, .. } = &mut entry.transition {
                    *end += 1000 * DAY;
                }
            }
        }
        story
    }

    pub(crate) fn connector(&mut self) -> &mut ObservedConnector {
        self.observed.connectors.values_mut().next().unwrap()
    }

    /// A record of the story's kind, intended by the run `earlier`.
    pub(crate) fn record(
        mut self,
        number: u128,
        at: OffsetDateTime,
        rest: &[(OffsetDateTime, Transition)],
    ) -> Self {
        let connector = self.observed.connectors.values_mut().next().unwrap();
        let application = present(&mut connector.application);
        let facts = CertificateFacts {
            key_id: guid(KEY + number),
            sha256: format!("{number:064x}"),
            der: String::new(),
            start: at,
            end: at + 1461 * DAY,
        };
        let intended = Transition::Intended {
            run: RunId("earlier".to_owned()),
            app_id: application.app_id,
            certificate: (self.kind == CredentialKind::Certificate).then_some(facts),
        };
        let all = std::iter::once(&(at, intended)).chain(rest).cloned().collect::<Vec<_>>();
        let record = Record {
            name: name(number),
            kind: self.kind,
            tenant_id: self.desired.tenants.values().next().unwrap().tenant_id,
            unique_name: application.unique_name.clone().unwrap(),
            entries: all.into_iter().map(|(at, transition)| Entry { at, transition }).collect(),
        };
        present(&mut connector.records).records.push(record);
        self
    }

    /// A key at Microsoft.
    pub(crate) fn key(mut self, key_id: u128, called: Option<u128>) -> Self {
        let certificate = self.kind == CredentialKind::Certificate;
        present(&mut self.connector().application).credentials.push(Credential {
            key_id: guid(key_id),
            certificate,
            display_name: called.map(|number| name(number).to_string()),
            sha256: None,
            end: None,
        });
        self
    }

    pub(crate) fn run_is_over(mut self) -> Self {
        present(&mut self.connector().records).runs_over.insert(RunId("earlier".to_owned()));
        self
    }

    pub(crate) fn without_clock(mut self) -> Self {
        self.observed.tenants.values_mut().next().unwrap().server_time = None;
        self
    }

    pub(crate) fn plan(&self) -> Plan {
        plan(
            &self.desired,
            &self.observed,
            zrec_plan::catalog::Catalog::built_in(),
            &Limits::default(),
        )
    }

    /// The steps as `class verb key`, C1 for the first name; `!` where a settled read comes first.
    pub(crate) fn steps(&self) -> Vec<String> {
        let short = |key: &str| {
            (1..=4).fold(key.to_owned(), |key, number| {
                let key = key.replace(name(number).as_str(), &format!("C{number}"));
                key.replace(&guid(KEY + number).to_string(), &format!("K{number}"))
                    .replace(&guid(OTHER + number).to_string(), &format!("X{number}"))
            })
        };
        self.plan()
            .steps
            .iter()
            .map(|step| {
                let settled = if step.needs_settled { "!" } else { "" };
                format!("{} {} {}{settled}", step.class, step.verb, short(&step.key))
            })
            .collect()
    }

    pub(crate) fn codes(&self) -> Vec<Code> {
        self.plan().findings.iter().map(|finding| finding.code).collect()
    }
}

pub(crate) fn minted(number: u128, at: OffsetDateTime) -> (OffsetDateTime, Transition) {
    (at, Transition::Minted { key_id: guid(KEY + number), end: at + 180 * DAY })
}

pub(crate) fn seen(at: OffsetDateTime) -> (OffsetDateTime, Transition) {
    (at, Transition::Seen)
}

pub(crate) fn offered(at: OffsetDateTime) -> (OffsetDateTime, Transition) {
    (at, Transition::Offered)
}

pub(crate) fn acknowledged(at: OffsetDateTime) -> (OffsetDateTime, Transition) {
    (at, Transition::Acknowledged { evidence: Evidence::Operator })
}

pub(crate) fn check(what: &str, story: Story, steps: &[&str], codes: &[Code]) {
    assert_eq!(story.steps(), steps, "{what}: steps");
    assert_eq!(story.codes(), codes, "{what}: findings");
}
