//! The second level: children of the applications that are there, and what may stand in the place
//! of those that are not.

use std::collections::BTreeMap;

use zrec_plan::desired::DesiredConnector;
use zrec_plan::name::ConnectorId;
use zrec_plan::observed::{Application, ObservedConnector, Seen};

use super::{Answers, Calls};
use crate::cloud::graph::{Reader, read};
use crate::kind::{self, Needs, application, consent, service_principal};

const READ_APPLICATIONS: Needs = Needs("Application.Read.All");

/// Where the answers about one connector will be.
enum Place {
    Known(Box<Known>),
    Missing {
        deleted: usize,
        namesakes: usize,
        same_uri: usize,
    },
    /// The application itself could not be read: its children are not asked for.
    Dark(Box<Seen<Application>>),
}

struct Known {
    application: Application,
    owners: usize,
    federated: usize,
    principal: usize,
    principal_owners: usize,
    directory_roles: usize,
    roles: usize,
    delegated: usize,
}

/// Reads what belongs to each connector.
pub(super) async fn read(
    reader: &Reader,
    connectors: &[&DesiredConnector],
    mut applications: BTreeMap<ConnectorId, Seen<Application>>,
) -> BTreeMap<ConnectorId, ObservedConnector> {
    let mut calls = Calls::default();
    let mut places = Vec::new();
    let mut deleted = None;
    let mut by_uri = BTreeMap::new();
    for connector in connectors {
        let place = match applications.remove(&connector.id).unwrap_or(Seen::Absent) {
            Seen::Present(application) => {
                Place::Known(Box::new(ask_known(&mut calls, application)))
            }
            Seen::Absent => Place::Missing {
                // One list for the tenant: Graph promises no filter by key on deleted items.
                deleted: *deleted
                    .get_or_insert_with(|| calls.push(read::deleted_applications(&[]))),
                namesakes: calls.push(read::applications_by_display_name(
                    &connector.display_name,
                    application::LISTED,
                )),
                same_uri: *by_uri.entry(&connector.redirect_uri).or_insert_with(|| {
                    calls.push(read::applications_by_redirect_uri(
                        &connector.redirect_uri,
                        application::LISTED,
                    ))
                }),
            },
            dark @ Seen::Unreadable(_) => Place::Dark(Box::new(dark)),
        };
        places.push((*connector, place));
    }
    let answers = Answers(reader.send_all(calls.0).await);
    places
        .into_iter()
        .map(|(connector, place)| (connector.id.clone(), decode(connector, place, &answers)))
        .collect()
}

fn ask_known(calls: &mut Calls, application: Application) -> Known {
    let (object_id, app_id) = (application.object_id, application.app_id);
    Known {
        application,
        owners: calls.push(read::application_owners(object_id)),
        federated: calls.push(read::application_federated_credentials(object_id)),
        principal: calls.push(read::service_principal_by_app_id(app_id, &[])),
        principal_owners: calls.push(read::service_principal_owners(app_id)),
        directory_roles: calls.push(read::service_principal_member_of(app_id)),
        roles: calls.push(read::app_role_assignments(app_id)),
        delegated: calls.push(read::delegated_grants(app_id)),
    }
}

fn decode(connector: &DesiredConnector, place: Place, answers: &Answers) -> ObservedConnector {
    match place {
        Place::Known(known) => decode_known(*known, answers),
        Place::Missing { deleted, namesakes, same_uri } => ObservedConnector {
            deleted: match kind::seen(
                answers.get(deleted),
                "the list of deleted applications",
                READ_APPLICATIONS,
                application::decode_list,
            ) {
                Seen::Present(list) => list
                    .into_iter()
                    .find(|one| one.unique_name.as_deref() == Some(&connector.unique_name))
                    .map_or(Seen::Absent, Seen::Present),
                Seen::Absent => Seen::Absent,
                Seen::Unreadable(refusal) => Seen::Unreadable(refusal),
            },
            twins: twins(answers, namesakes, same_uri),
            ..ObservedConnector::absent()
        },
        Place::Dark(application) => {
            ObservedConnector { application: *application, ..ObservedConnector::absent() }
        }
    }
}

/// Applications that may be this connector, made by hand.
fn twins(answers: &Answers, namesakes: usize, same_uri: usize) -> Seen<Vec<Application>> {
    let list = |index: usize, what: &str| {
        kind::seen(answers.get(index), what, READ_APPLICATIONS, application::decode_list)
    };
    let namesakes = list(namesakes, "applications of the same display name");
    // The filter by redirect URI is an advanced query on an index that lags: its failure takes
    // nothing away from the look-up by name, which is what a create is held back by.
    match (namesakes, list(same_uri, "applications of the same redirect URI")) {
        (Seen::Present(namesakes), Seen::Present(same_uri)) => {
            let both = namesakes.into_iter().chain(same_uri);
            let by_id: BTreeMap<_, _> = both.map(|app| (app.object_id, app)).collect();
            Seen::Present(by_id.into_values().collect())
        }
        (namesakes, _) => namesakes,
    }
}

fn decode_known(known: Known, answers: &Answers) -> ObservedConnector {
    let read = |index: usize| answers.get(index);
    let needs = READ_APPLICATIONS;
    ObservedConnector {
        application: Seen::Present(known.application),
        owners: kind::seen(
            read(known.owners),
            "the application's owners",
            needs,
            application::decode_owners,
        ),
        federated_credentials: kind::seen(
            read(known.federated),
            "the application's federated credentials",
            needs,
            application::decode_federated,
        ),
        principal: kind::seen(
            read(known.principal),
            "the service principal",
            needs,
            service_principal::decode,
        ),
        principal_owners: kind::seen(
            read(known.principal_owners),
            "the service principals' owners",
            needs,
            application::decode_owners,
        ),
        directory_roles: kind::seen(
            read(known.directory_roles),
            "the service principals' directory roles",
            Needs("Directory.Read.All"),
            service_principal::decode_directory_roles,
        ),
        role_grants: kind::seen(
            read(known.roles),
            "the application permissions granted",
            needs,
            consent::decode_roles,
        ),
        delegated_grants: kind::seen(
            read(known.delegated),
            "the delegated permissions granted",
            // Application.Read.All does not cover delegated grants.
            Needs("Directory.Read.All"),
            consent::decode_delegated,
        ),
        deleted: Seen::Absent,
        twins: Seen::Absent,
        records: Seen::Absent,
    }
}
