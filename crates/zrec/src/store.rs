//! Store: where credentials are kept, one object for each transition, never overwritten.
//!
//! A closed list of kinds. Planning reads transitions only; a value is read for a person, or to be
//! sent again, and for nothing else.

use std::collections::BTreeMap;
use std::path::Path;

use zrec_plan::Guid;
use zrec_plan::desired::{Cloud, DesiredTenant, SecretStore};
use zrec_plan::observed::{Refusal, Seen};
use zrec_plan::record::{CredentialKind, CredentialName, Entry, Records, RunId};

use crate::failpoint::FailPoints;
use crate::secret::Secret;

mod directory;
mod failure;
mod files;
mod git;
mod object;
mod run;

pub use directory::DirectoryStore;
pub use failure::StoreFailure;

/// Where one credential's objects stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The Entra tenant.
    pub tenant_id: Guid,
    /// The application's unique name.
    pub unique_name: String,
    /// C.
    pub name: CredentialName,
    /// What it is.
    pub kind: CredentialKind,
}

/// What a store must know beside its manifest.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Whether this is a CI job, whose disk is thrown away.
    pub ci: bool,
    /// Where a test may strike.
    pub fail_points: FailPoints,
}

/// One tenant's secret store.
#[derive(Debug)]
pub enum Store {
    /// A directory of 0600 files.
    Directory(DirectoryStore),
}

impl Store {
    /// The store that a tenant names; none where it names none. Touches nothing.
    pub fn of(
        tenant: &DesiredTenant,
        root: &Path,
        surroundings: &Surroundings,
    ) -> Option<Result<Self, StoreFailure>> {
        let later = |what: &str| {
            StoreFailure::refused(format!(
                "the secret store of tenant {} is {what}, which is not supported by this version yet; \
                 use `secretStore: {{ directory: … }}`",
                tenant.name
            ))
        };
        Some(match tenant.secret_store.as_ref()? {
            SecretStore::Directory { path, durable } => Ok(Self::Directory(DirectoryStore::new(
                root,
                path,
                tenant.tenant_id,
                surroundings.ci && tenant.cloud != Cloud::Emulator && durable.is_none(),
                surroundings.fail_points.clone(),
            ))),
            SecretStore::KeyVault { .. } => Err(later("a key vault")),
            SecretStore::Age { .. } => Err(later("an age-encrypted directory")),
        })
    }

    /// What is known of the credentials of these applications, without any value.
    pub fn records<'a>(
        &self,
        unique_names: impl Iterator<Item = &'a str>,
    ) -> BTreeMap<String, Seen<Records>> {
        let Self::Directory(store) = self;
        store.records(unique_names)
    }

    /// What is known of the credentials of one application.
    pub fn records_of(&self, unique_name: &str) -> Result<Records, StoreFailure> {
        match self.records(std::iter::once(unique_name)).remove(unique_name) {
            Some(Seen::Present(records)) => Ok(records),
            Some(Seen::Unreadable(refusal)) => Err(StoreFailure::refused(refusal.reason)),
            Some(Seen::Absent) | None => Ok(Records::default()),
        }
    }

    /// Writes one transition, durably. One that is there already is success.
    pub fn put(
        &self,
        place: &Place,
        entry: &Entry,
        value: Option<&Secret>,
    ) -> Result<(), StoreFailure> {
        let Self::Directory(store) = self;
        store.put(place, entry, value)
    }

    /// The value of a credential.
    pub fn value(&self, place: &Place) -> Result<Secret, StoreFailure> {
        let Self::Directory(store) = self;
        store.value(place)
    }

    /// Makes the store ready for new credentials of this run, or says why nothing is minted into
    /// it. The run holds its lock until the store is dropped.
    pub fn begin(&self, run: &RunId) -> Result<(), StoreFailure> {
        let Self::Directory(store) = self;
        store.begin(run)
    }

    /// Ends the run: its lock file goes where it left no open intent behind.
    pub fn end(&self) {
        let Self::Directory(store) = self;
        store.end();
    }
}

/// A store that cannot be used, as planning sees it.
pub fn unreadable(failure: &StoreFailure) -> Refusal {
    Refusal {
        what: "the secret store".to_owned(),
        reason: failure.to_string(),
        missing_permission: None,
    }
}
