//! The plan file: a plan as data, to be reviewed today and applied tomorrow.
//!
//! It holds what `show` prints and what `apply` compares, and nothing else: no secret, no token,
//! and no request. What is sent is always taken from the plan of the day; the file only says which
//! of its steps were approved.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use crate::catalog::Catalog;
use crate::desired::Desired;
use crate::guid::Guid;
use crate::name::{ConnectorName, SetName};
use crate::plan::Plan;
use crate::render::json_text;
use crate::step::Digest;

mod form;
mod read;
mod wanted;

pub use form::{SavedChange, SavedHandOff, SavedPlan, SavedStep, SavedTenant};
pub use read::{Unreadable, read};
pub use wanted::{wanted, wanted_under};

/// The plan file's schema, as published.
pub const PLAN_SCHEMA: &str = include_str!("../../../schemas/plan.schema.json");

/// The version of the file's shape; another one is refused.
pub const SCHEMA_VERSION: u64 = 1;

/// After this long a plan is no longer what anybody looked at.
pub const LIFETIME: Duration = Duration::hours(72);

/// A file may come from a clock that leads ours by this much.
pub const CLOCK_LEAD: Duration = Duration::minutes(5);

/// No plan file is larger; a larger one is not read, and not written.
pub const LARGEST: usize = 32 << 20;

/// A saved plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanFile {
    /// The version of this shape.
    pub schema_version: u64,
    /// Tells it from every other JSON document.
    pub kind: FileKind,
    /// The zrec that made it.
    pub zrec_version: String,
    /// The catalogue that it was made with.
    pub catalog_version: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// The set.
    pub set: SetName,
    /// What it was made under.
    pub scope: Scope,
    /// What the manifests wanted, as one digest for each connector.
    pub wanted: Vec<Wanted>,
    /// What was planned.
    pub plan: SavedPlan,
}

/// What kind of document this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum FileKind {
    /// A saved plan.
    Plan,
}

/// The flags under which a plan was made: the plan of the day is made under the same ones.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Scope {
    /// The tenants it was narrowed to, by id; empty where `--tenant` was not said.
    pub tenants: Vec<Guid>,
    /// The connectors it was narrowed to; empty where `--connector` was not said.
    pub connectors: Vec<ConnectorName>,
    /// The labels it was narrowed to, as label and value.
    pub selector: Vec<(String, String)>,
    /// `--prune`.
    pub prune: bool,
    /// `--revoke`.
    pub revoke: bool,
    /// `--max-removals`, in percent.
    pub max_removals: u8,
}

/// What the manifests wanted of one connector, as a digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Wanted {
    /// The tenant's id.
    pub tenant_id: Guid,
    /// The connector.
    pub connector: ConnectorName,
    /// The digest of all that it says, with every default spelled out.
    pub digest: Digest,
}

/// Digests of what the manifests want, by tenant id and connector.
pub type WantedDigests = BTreeMap<(Guid, ConnectorName), Digest>;

impl PlanFile {
    /// The file of a plan made just now.
    pub fn of(
        plan: &Plan,
        desired: &Desired,
        catalog: &Catalog,
        scope: Scope,
        zrec_version: &str,
        now: OffsetDateTime,
    ) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            kind: FileKind::Plan,
            zrec_version: zrec_version.to_owned(),
            catalog_version: catalog.version().to_owned(),
            created_at: now.replace_nanosecond(0).unwrap_or(now),
            set: plan.set.clone(),
            scope,
            wanted: wanted(desired)
                .into_iter()
                .map(|((tenant_id, connector), digest)| Wanted { tenant_id, connector, digest })
                .collect(),
            plan: SavedPlan::of(plan, desired),
        }
    }

    /// The file's text.
    pub fn text(&self) -> String {
        json_text(&serde_json::json!(self))
    }

    /// How old it is; negative where its clock leads ours.
    pub fn age(&self, now: OffsetDateTime) -> Duration {
        now - self.created_at
    }

    /// When it ends.
    pub fn ends_at(&self) -> OffsetDateTime {
        self.created_at.saturating_add(LIFETIME)
    }

    /// Why it is too old, or too young, to be applied.
    pub fn untimely(&self, now: OffsetDateTime) -> Option<String> {
        let age = self.age(now);
        if age > LIFETIME {
            return Some(format!(
                "it was made {} hours ago, and a plan ends after {}: plan again",
                age.whole_hours(),
                LIFETIME.whole_hours()
            ));
        }
        (age < -CLOCK_LEAD).then(|| {
            format!(
                "it was made {} minutes in the future by this machine's clock: set the clock, or plan again",
                -age.whole_minutes()
            )
        })
    }
}
