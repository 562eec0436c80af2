//! A model of credentials: what each step does to keys and records, and what may happen to them.

use time::{Duration, OffsetDateTime};
use zrec_plan::Guid;
use zrec_plan::kind::Kind;
use zrec_plan::observed::{Application, Credential, ObservedConnector};
use zrec_plan::record::{
    CertificateFacts, CredentialKind, CredentialName, Entry, Evidence, Record, RunId, Transition,
};
use zrec_plan::step::{Action, Step};

use crate::cloud::present;

/// Does a step of credentials; says whether it was one.
pub(crate) fn apply(step: &Step, now: OffsetDateTime, seen: &mut ObservedConnector) -> bool {
    let remove = |seen: &mut ObservedConnector, key_id: Guid| {
        present(&mut seen.application).credentials.retain(|key| key.key_id != key_id);
    };
    match &step.action {
        Action::MintCredential { lifetime_days } => mint(step, *lifetime_days, now, seen),
        Action::SendCertificate { name } => {
            let facts = facts(seen, name);
            write(seen, name, now, Transition::Minted { key_id: facts.key_id, end: facts.end });
            write(seen, name, now, Transition::Seen);
            let key = key(name, &facts);
            present(&mut seen.application).credentials.push(key);
        }
        Action::RecordSeen { name } => write(seen, name, now, Transition::Seen),
        Action::AbortCredential { name } => write(seen, name, now, Transition::Aborted),
        Action::RemoveCredential { key_id, .. } => remove(seen, *key_id),
        Action::RetireCredential { name, key_id } => {
            write(seen, name, now, Transition::Retired);
            remove(seen, *key_id);
        }
        _ => return false,
    }
    true
}

/// Adds one transition to a record.
pub(crate) fn write(
    seen: &mut ObservedConnector,
    name: &CredentialName,
    at: OffsetDateTime,
    transition: Transition,
) {
    let records = &mut present(&mut seen.records).records;
    let record = records.iter_mut().find(|record| record.name == *name).unwrap();
    record.entries.push(Entry { at, transition });
}

fn facts(seen: &mut ObservedConnector, name: &CredentialName) -> CertificateFacts {
    let records = &present(&mut seen.records).records;
    let record = records.iter().find(|record| record.name == *name).unwrap();
    let intended = record.entries.iter().find_map(|entry| match &entry.transition {
        Transition::Intended { certificate, .. } => certificate.clone(),
        _ => None,
    });
    intended.unwrap()
}

fn key(name: &CredentialName, facts: &CertificateFacts) -> Credential {
    Credential {
        key_id: facts.key_id,
        certificate: true,
        display_name: Some(name.to_string()),
        sha256: Some(facts.sha256.clone()),
        end: Some(facts.end),
    }
}

/// A key id, or any other number that must not come twice.
fn drawn(number: u128) -> Guid {
    let bits = number.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    uuid::Uuid::from_u128(bits).to_string().parse().unwrap()
}

fn mint(step: &Step, days: u16, now: OffsetDateTime, seen: &mut ObservedConnector) {
    let app_id = present(&mut seen.application).app_id;
    let unique_name = present(&mut seen.application).unique_name.clone().unwrap();
    let count = present(&mut seen.records).records.len() as u128;
    let number = (now.unix_timestamp_nanos().unsigned_abs() << 24)
        + (count << 8)
        + u128::from(app_id.to_string().as_bytes()[35]);
    let name = CredentialName::from_bits(number.wrapping_mul(0x2545_f491_4f6c_dd1d_0000_0001));
    let facts = CertificateFacts {
        key_id: drawn(number),
        sha256: format!("{number:064x}"),
        der: String::new(),
        start: now,
        end: now + Duration::days(i64::from(days)),
    };
    let certificate = (step.kind == Kind::Certificate).then(|| facts.clone());
    let mut key = key(&name, &facts);
    if certificate.is_none() {
        (key.certificate, key.sha256) = (false, None);
    }
    let kind = match certificate {
        Some(_) => CredentialKind::Certificate,
        None => CredentialKind::ClientSecret,
    };
    let run = RunId("model".to_owned());
    let entries = [
        Transition::Intended { run, app_id, certificate },
        Transition::Minted { key_id: facts.key_id, end: facts.end },
        Transition::Seen,
    ];
    present(&mut seen.records).records.push(Record {
        name,
        kind,
        tenant_id: step.tenant_id,
        unique_name,
        entries: entries.map(|transition| Entry { at: now, transition }).to_vec(),
    });
    present(&mut seen.application).credentials.push(key);
}

/// One thing that happens to credentials, chosen by the number.
pub(crate) fn gust(what: u32, which: usize, now: OffsetDateTime, seen: &mut ObservedConnector) {
    let keys = present(&mut seen.application).credentials.len();
    match what {
        14 if keys > 0 => {
            present(&mut seen.application).credentials.remove(which % keys);
        }
        15 => appear(None, present(&mut seen.application)),
        _ => {}
    }
    let records = &mut present(&mut seen.records).records;
    let count = records.len();
    let Some(record) = records.get_mut(which % count.max(1)) else { return };
    let name = record.name.clone();
    match what {
        // Another key of the name.
        16 => appear(Some(&name), present(&mut seen.application)),
        // The run ended half-way.
        17 => {
            record.entries.sort();
            record.entries.dedup();
            record.entries.truncate(1 + which % 3);
        }
        18 => write(seen, &name, now, Transition::Offered),
        19 => write(seen, &name, now, Transition::Offered),
        20 => {
            let evidence = [Evidence::Operator, Evidence::SignInReport][which % 2];
            write(seen, &name, now, Transition::Acknowledged { evidence });
        }
        21 => write(seen, &name, now, Transition::Aborted),
        22 => write(seen, &name, now, Transition::Retired),
        // The store lists its entries in another order, and some twice.
        23 => {
            let first = record.entries[0].clone();
            record.entries.reverse();
            record.entries.push(first);
        }
        _ => {}
    }
}

fn appear(name: Option<&CredentialName>, application: &mut Application) {
    let taken =
        |number: u128| application.credentials.iter().any(|key| key.key_id == drawn(number));
    let number = (0xabcd_0000..).find(|number| !taken(*number)).unwrap();
    application.credentials.push(Credential {
        key_id: drawn(number),
        certificate: false,
        display_name: name.map_or_else(|| Some("portal".to_owned()), |name| Some(name.to_string())),
        sha256: None,
        end: None,
    });
}
