//! Hand-offs, by the functions that `zrec handoff` uses, at the stage's time.

use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use zrec::certificate;
use zrec::cloud::token::{SignIn, SigningCertificate};
use zrec::store::Place;
use zrec_plan::credential::{History, Subject, offerable};
use zrec_plan::record::{CredentialKind, Entry, Evidence, Record, Transition};

use crate::stage::Stage;

/// What a person holds.
#[derive(Clone)]
pub(super) struct Given {
    pub(super) record: Record,
    pub(super) value: String,
    pub(super) acknowledged: bool,
}

impl Given {
    pub(super) fn end(&self) -> OffsetDateTime {
        History::of(&self.record).end().unwrap()
    }

    /// What signs in with it.
    pub(super) fn sign_in(&self) -> SignIn {
        let history = History::of(&self.record);
        let app_id = history.app_id.unwrap();
        let certificate = self.record.entries.iter().find_map(|entry| match &entry.transition {
            Transition::Intended { certificate, .. } => certificate.as_ref(),
            _ => None,
        });
        match certificate {
            None => SignIn::with_secret(app_id, self.value.clone().into()),
            Some(facts) => {
                let pem = format!("{}{}", self.value, certificate::pem(&facts.der));
                let signing = SigningCertificate::from_pem(pem.as_bytes()).unwrap();
                SignIn::with_certificate(app_id, signing)
            }
        }
    }
}

pub(super) fn unique_name(connector: &str) -> String {
    format!("zrec.example.{connector}")
}

fn put(stage: &Stage, record: &Record, transition: Transition) {
    let place = Place {
        tenant_id: record.tenant_id,
        unique_name: record.unique_name.clone(),
        name: record.name.clone(),
        kind: record.kind,
    };
    stage.store().put(&place, &Entry { at: stage.now(), transition }, None).unwrap();
}

/// `zrec handoff open`; nothing where nothing waits.
pub(super) fn open(stage: &Stage, (connector, kind): (&str, CredentialKind)) -> Option<Given> {
    let unique_name = unique_name(connector);
    let records = stage.store().records_of(&unique_name).unwrap();
    let newest = records.records.iter().map(History::of).max_by_key(|it| it.born)?;
    let subject = Subject {
        tenant_id: newest.record.tenant_id,
        unique_name: &unique_name,
        app_id: newest.app_id,
    };
    let record = offerable(&records, &subject, kind, Some(stage.now()))?.clone();
    put(stage, &record, Transition::Offered);
    let value = stage.value(connector, &record);
    Some(Given { record, value, acknowledged: false })
}

/// `zrec handoff done`.
pub(super) fn done(stage: &Stage, record: &Record) {
    put(stage, record, Transition::Acknowledged { evidence: Evidence::Operator });
}

/// Every file below a folder, with its size.
pub(super) fn files(below: &Path) -> Vec<(PathBuf, u64)> {
    let (mut found, mut folders) = (Vec::new(), vec![below.to_path_buf()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata().unwrap() {
                data if data.is_dir() => folders.push(entry.path()),
                data => found.push((entry.path(), data.len())),
            }
        }
    }
    found.sort();
    found
}
