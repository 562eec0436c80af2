//! What the secret store knows of the connectors' credentials: transitions, never values.

use std::collections::BTreeMap;

use zrec_plan::desired::{Desired, DesiredConnector};
use zrec_plan::name::ConnectorId;
use zrec_plan::observed::{Observed, ObservedConnector, Seen};

use crate::fleet::{Fleet, Member};

/// Reads the store of one tenant, once for all its connectors.
pub(super) fn read(
    member: &Member,
    wanted: &[&DesiredConnector],
    connectors: &mut BTreeMap<ConnectorId, ObservedConnector>,
) {
    let unique_names = wanted.iter().map(|connector| connector.unique_name.as_str());
    let mut records = match &member.store {
        None => return,
        Some(Ok(store)) => store.records(unique_names),
        Some(Err(failure)) => unique_names
            .map(|name| (name.to_owned(), Seen::Unreadable(crate::store::unreadable(failure))))
            .collect(),
    };
    for connector in wanted {
        let found = records.remove(&connector.unique_name);
        if let (Some(seen), Some(found)) = (connectors.get_mut(&connector.id), found) {
            seen.records = found;
        }
    }
}

/// Reads the stores again, and nothing else: for what follows a step that only the store knows.
pub fn read_records_again(fleet: &Fleet, desired: &Desired, observed: &mut Observed) {
    for (name, member) in &fleet.tenants {
        let wanted: Vec<_> =
            desired.connectors.values().filter(|connector| connector.id.tenant == *name).collect();
        read(member, &wanted, &mut observed.connectors);
    }
}
