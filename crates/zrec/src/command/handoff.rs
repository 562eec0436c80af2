//! `zrec handoff`: gives a person what Zscaler needs, and takes their word that Zscaler has it.
//!
//! Both work on the store alone. No cloud is asked, so moments are those of the local clock.

use time::OffsetDateTime;
use zrec_plan::credential::{History, Subject, offerable};
use zrec_plan::desired::{DesiredConnector, DesiredTenant};
use zrec_plan::record::{
    CredentialKind, CredentialName, Entry, Evidence, Record, Records, Transition,
};

use super::session;
use super::{Failed, report};
use crate::args::{Global, HandoffCommand, HandoffDone, HandoffKind, HandoffOpen, Scope};
use crate::certificate;
use crate::secret::Secret;
use crate::secret::delivery::Delivery;
use crate::store::{Place, Store, StoreFailure};

/// Runs a subcommand.
pub(super) fn run(command: &HandoffCommand, global: &Global) -> Result<u8, Failed> {
    match command {
        HandoffCommand::Open(arguments) => open(arguments, global),
        HandoffCommand::Done(arguments) => done(arguments, global),
    }
}

/// One connector, and the store that holds its credentials.
struct Held {
    tenant: DesiredTenant,
    connector: DesiredConnector,
    store: Store,
    records: Records,
}

fn failed(failure: StoreFailure) -> Failed {
    Failed::new(failure.to_string())
}

fn held(name: &str, scope: &Scope, global: &Global, now: OffsetDateTime) -> Result<Held, Failed> {
    let global = Global { connector: vec![name.to_owned()], ..global.clone() };
    let (desired, root) = session::desire(scope, &global, now.date())?;
    let mut connectors = desired.connectors.into_values();
    let (Some(connector), None) = (connectors.next(), connectors.next()) else {
        return Err(Failed::new(format!(
            "`{name}` is not a connector of exactly one selected tenant; say which with --tenant"
        )));
    };
    let tenant = desired
        .tenants
        .get(&connector.id.tenant)
        .cloned()
        .ok_or_else(|| Failed::new(format!("no manifest names the tenant of `{name}`")))?;
    let store = Store::of(&tenant, &root, &session::surroundings())
        .ok_or_else(|| Failed::new(format!("tenant {} names no secret store", tenant.name)))?
        .map_err(failed)?;
    let records = store.records_of(&connector.unique_name).map_err(failed)?;
    Ok(Held { tenant, connector, store, records })
}

impl Held {
    /// The record to hand over: the one that is named, else the one that the rules choose.
    fn choose(
        &self,
        kind: CredentialKind,
        key: Option<&CredentialName>,
        now: OffsetDateTime,
    ) -> Option<&Record> {
        if let Some(key) = key {
            let is_it = |record: &&Record| record.name == *key && record.kind == kind;
            return self.records.records.iter().find(is_it);
        }
        // Which application lives under the key, the newest intent knows.
        let newest = self.records.records.iter().map(History::of).max_by_key(|it| it.born)?;
        let subject = Subject {
            tenant_id: self.tenant.tenant_id,
            unique_name: &self.connector.unique_name,
            app_id: newest.app_id,
        };
        offerable(&self.records, &subject, kind, Some(now))
    }

    fn place(&self, record: &Record) -> Place {
        Place {
            tenant_id: self.tenant.tenant_id,
            unique_name: self.connector.unique_name.clone(),
            name: record.name.clone(),
            kind: record.kind,
        }
    }

    fn put(
        &self,
        record: &Record,
        at: OffsetDateTime,
        transition: Transition,
    ) -> Result<(), Failed> {
        self.store.put(&self.place(record), &Entry { at, transition }, None).map_err(failed)
    }

    /// The value in the form that Zscaler takes.
    fn value(&self, record: &Record) -> Result<(String, Secret), Failed> {
        let value = self.store.value(&self.place(record)).map_err(failed)?;
        let facts = record.entries.iter().find_map(|entry| match &entry.transition {
            Transition::Intended { certificate, .. } => certificate.as_ref(),
            _ => None,
        });
        Ok(match facts {
            None => (format!("client secret {}", record.name), value),
            Some(facts) => {
                let json = certificate::sharepoint_json(facts, &value)
                    .map_err(|error| Failed::new(error.to_string()))?;
                (format!("private key JSON {}", record.name), json)
            }
        })
    }
}

fn open(arguments: &HandoffOpen, global: &Global) -> Result<u8, Failed> {
    let now = OffsetDateTime::now_utc();
    let held = held(&arguments.connector, &arguments.scope(), global, now)?;
    let kinds = match arguments.kind {
        Some(HandoffKind::ClientSecret) => vec![CredentialKind::ClientSecret],
        Some(HandoffKind::Certificate) => vec![CredentialKind::Certificate],
        None if held.connector.certificate.is_some() => {
            vec![CredentialKind::ClientSecret, CredentialKind::Certificate]
        }
        None => vec![CredentialKind::ClientSecret],
    };
    let key = arguments.key.as_ref();
    let records: Vec<_> = kinds.iter().filter_map(|kind| held.choose(*kind, key, now)).collect();
    if records.is_empty() {
        return Err(Failed::new(format!(
            "nothing of {} waits to be handed over: `zrec apply` makes what is missing; what is \
             acknowledged already is shown again with --key",
            held.connector.id
        )));
    }
    if records.len() > 1 && arguments.output.is_some() {
        return Err(Failed::new(
            "one file holds one value: say --kind client-secret or --kind certificate",
        ));
    }
    let values = records.iter().map(|record| held.value(record)).collect::<Result<Vec<_>, _>>()?;
    let delivery = match &arguments.output {
        Some(path) => Delivery::to_file(path),
        None => Delivery::to_terminal(),
    };
    let delivery = delivery.map_err(Failed::new)?;
    // Recorded first: what a person may have seen must never count as unseen.
    let offered = records.iter().try_for_each(|record| held.put(record, now, Transition::Offered));
    if let Err(failure) = offered {
        delivery.cancel();
        return Err(failure);
    }
    delivery.write(&values).map_err(Failed::new)?;
    let next = records.iter().map(|record| {
        format!(
            "offered {}: once Zscaler has it, run\n  zrec handoff done {} --tenant {} --key {}\n",
            record.name, held.connector.id.connector, held.tenant.name, record.name
        )
    });
    report(&next.collect::<String>())
}

fn done(arguments: &HandoffDone, global: &Global) -> Result<u8, Failed> {
    let now = OffsetDateTime::now_utc();
    let held = held(&arguments.connector, &arguments.scope(), global, now)?;
    let record = held.records.records.iter().find(|record| record.name == arguments.key);
    let record = record.ok_or_else(|| {
        Failed::new(format!("no record of {} is named {}", held.connector.id, arguments.key))
    })?;
    let history = History::of(record);
    if !history.is_offered() {
        return Err(Failed::refused(format!(
            "{} was never handed over, so Zscaler cannot have it; `zrec handoff open {}` first",
            record.name, held.connector.id.connector
        )));
    }
    if !history.acknowledged.contains(&Evidence::Operator) {
        held.put(record, now, Transition::Acknowledged { evidence: Evidence::Operator })?;
    }
    report(&format!("acknowledged {}\n", record.name))
}
