//! What a stage shows after a run: applications, records, and the law of one live credential.

use serde_json::Value;
use zrec::cloud::token::SignIn;
use zrec::store::Place;
use zrec_plan::record::{CredentialKind, Record, Transition};

use super::Stage;

impl Stage {
    /// The application of a connector, as the cloud has it.
    pub(crate) fn application(&self, connector: &str) -> Value {
        let cloud = serde_json::to_value(self.emulator.snapshot()).unwrap();
        let unique_name = format!("zrec.example.{connector}");
        let apps = cloud["tenants"][0]["applications"].as_array().cloned().unwrap_or_default();
        apps.into_iter().find(|app| app["uniqueName"] == *unique_name).unwrap_or_default()
    }

    pub(crate) fn records(&self, connector: &str) -> Vec<Record> {
        self.store().records_of(&format!("zrec.example.{connector}")).unwrap().records
    }

    /// The one live record of a kind, and that no other is wanted.
    pub(crate) fn live(&self, connector: &str, kind: CredentialKind) -> Record {
        let has = |record: &Record, wanted: fn(&Transition) -> bool| {
            record.entries.iter().any(|entry| wanted(&entry.transition))
        };
        let records = self.records(connector).into_iter().filter(|record| record.kind == kind);
        let mut live: Vec<_> = records
            .filter(|record| {
                !has(record, |it| matches!(it, Transition::Aborted | Transition::Retired))
            })
            .collect();
        assert_eq!(live.len(), 1, "{connector}: {live:#?}");
        let record = live.remove(0);
        assert!(has(&record, |it| matches!(it, Transition::Seen)), "{record:#?}");
        record
    }

    pub(crate) fn value(&self, connector: &str, record: &Record) -> String {
        let place = Place {
            tenant_id: record.tenant_id,
            unique_name: format!("zrec.example.{connector}"),
            name: record.name.clone(),
            kind: record.kind,
        };
        self.store().value(&place).unwrap().expose().to_owned()
    }

    /// Every key at Microsoft is a seen one of our records, and every such record has its key.
    pub(crate) fn all_are_known(&self, connector: &str) {
        let app = self.application(connector);
        let mut keys: Vec<String> = ["passwordCredentials", "keyCredentials"]
            .into_iter()
            .flat_map(|field| app[field].as_array().cloned().unwrap_or_default())
            .map(|key| key["displayName"].as_str().unwrap_or_default().to_owned())
            .collect();
        keys.sort();
        let has = |record: &Record, wanted: fn(&Transition) -> bool| {
            record.entries.iter().any(|entry| wanted(&entry.transition))
        };
        let records = self.records(connector).into_iter().filter(|record| {
            has(record, |it| matches!(it, Transition::Seen))
                && !has(record, |it| matches!(it, Transition::Aborted | Transition::Retired))
        });
        let names: Vec<_> = records.map(|record| record.name.to_string()).collect();
        assert_eq!(keys, names, "{connector}");
        assert!(!names.is_empty());
    }

    /// The law: exactly one wanted credential of each kind is alive, its value is stored, and it
    /// signs in; nothing else is alive.
    pub(crate) async fn holds(&self, connector: &str) {
        let app = self.application(connector);
        let names = |field: &str| -> Vec<String> {
            let list = app[field].as_array().cloned().unwrap_or_default();
            list.iter()
                .map(|key| key["displayName"].as_str().unwrap_or_default().to_owned())
                .collect()
        };
        let secret = self.live(connector, CredentialKind::ClientSecret);
        assert_eq!(names("passwordCredentials"), [secret.name.as_str()], "{connector}");
        let value = self.value(connector, &secret);
        let app_id = app["appId"].as_str().unwrap().parse().unwrap();
        self.signs_in(SignIn::with_secret(app_id, value.into())).await.unwrap();
        if connector == "sharepoint" {
            let certificate = self.live(connector, CredentialKind::Certificate);
            assert_eq!(names("keyCredentials"), [certificate.name.as_str()], "{connector}");
            assert!(self.value(connector, &certificate).contains("PRIVATE KEY"));
        }
    }
}
