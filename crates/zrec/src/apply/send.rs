//! From a step to its request, and from the answer to what became of the step.

use serde_json::Value;
use zrec_plan::Guid;
use zrec_plan::kind::Kind;
use zrec_plan::name::ConnectorId;
use zrec_plan::step::{Action, Owner, Step};

use super::ledger::{Ids, Ledger};
use crate::cloud::answer::Answer;
use crate::cloud::failure::{Failure, FailureKind};
use crate::cloud::graph::{Call, GrantId, Graph, write};
use crate::kind::{application, consent, resource_principal, service_principal};

/// What became of a step.
#[derive(Debug)]
pub(super) enum Fate {
    /// It is done, by us or before us.
    Done,
    /// The answer leaves open what is there: read again.
    ReadAgain,
    /// An object of this run is not visible everywhere yet: try again in a moment.
    TryAgain(Failure),
    /// Whether it was done is not known, and finding out is the next run's work.
    LeftOpen(String),
    /// Refused.
    Failed(String),
}

/// The connector of a step; steps of a whole tenant have none.
pub(super) fn connector(step: &Step) -> Option<ConnectorId> {
    let connector = step.connector.clone()?;
    Some(ConnectorId { tenant: step.tenant.clone(), connector })
}

/// The request of a step, or why there is none.
pub(super) fn call(step: &Step, ledger: &Ledger, graph: &Graph) -> Result<Call, String> {
    let call = match step.kind {
        Kind::Consent => consent_call(step, ledger)?,
        Kind::Application | Kind::ServicePrincipal | Kind::ResourcePrincipal => {
            object_call(step, ledger, graph)?
        }
        Kind::Certificate | Kind::ClientSecret => {
            return Err("a credential's step is a protocol, not one request".to_owned());
        }
    };
    let about = connector(step).map_or_else(|| step.tenant.to_string(), |id| id.to_string());
    Ok(call.for_step(about, format!("{} {} {}", step.verb, step.kind, step.key)))
}

/// The ids of a step's connector.
fn ids(step: &Step, ledger: &Ledger) -> Ids {
    connector(step).map(|id| ledger.ids(&id)).unwrap_or_default()
}

fn object_call(step: &Step, ledger: &Ledger, graph: &Graph) -> Result<Call, String> {
    let ids = ids(step, ledger);
    let application = || ids.application.ok_or("the application's id is not known");
    Ok(match &step.action {
        Action::CreateResourcePrincipal { app_id } => {
            write::create_service_principal(&resource_principal::create_body(*app_id))
        }
        Action::RestoreApplication { object_id } => write::restore_deleted(*object_id),
        Action::RemovePassword { key_id } => write::remove_password(application()?, *key_id),
        Action::RemoveCertificates => {
            write::update_application(application()?, &application::no_certificates())
        }
        Action::CreateApplication { unique_name, body } => {
            write::upsert_application(unique_name, body)
        }
        Action::UpdateApplication { body } => write::update_application(application()?, body),
        Action::BindOwner { owner } => {
            let owner = match owner {
                Owner::Caller => ledger.caller(&step.tenant).ok_or("the caller is not known")?,
                Owner::Object(id) => *id,
            };
            write::bind_owner(graph.service(), application()?, owner)
        }
        Action::CreateServicePrincipal { tags } => {
            let app_id = ids.app_id.ok_or("the application id is not known")?;
            write::create_service_principal(&service_principal::create_body(app_id, tags))
        }
        Action::UpdateServicePrincipal { tags } => {
            let principal = ids.principal.ok_or("the service principal's id is not known")?;
            write::update_service_principal(principal, &serde_json::json!({ "tags": tags }))
        }
        Action::DeleteApplication { object_id } => write::delete_application(*object_id),
        Action::GrantRole { .. }
        | Action::GrantScopes { .. }
        | Action::RevokeRole { .. }
        | Action::RevokeScopes { .. }
        | Action::MintCredential { .. }
        | Action::SendCertificate { .. }
        | Action::RecordSeen { .. }
        | Action::AbortCredential { .. }
        | Action::RemoveCredential { .. }
        | Action::RetireCredential { .. } => return Err("not one request to one object".to_owned()),
    })
}

fn consent_call(step: &Step, ledger: &Ledger) -> Result<Call, String> {
    let ids = ids(step, ledger);
    let principal = || ids.principal.ok_or("the service principal's id is not known");
    let resource = |app_id: Guid| {
        ledger.resource(&step.tenant, app_id).ok_or("the API's service principal is not there")
    };
    let grant = |id: &str| id.parse::<GrantId>().map_err(|error| error.to_string());
    Ok(match &step.action {
        Action::GrantRole { permission } => write::grant_app_role(
            resource(permission.resource_app_id)?,
            principal()?,
            permission.id,
        ),
        Action::GrantScopes { resource_app_id, scopes, grant_id } => {
            let scopes = consent::scope_text(scopes);
            match grant_id {
                Some(id) => write::update_delegated_grant(&grant(id)?, &scopes),
                None => write::create_delegated_grant(
                    principal()?,
                    resource(*resource_app_id)?,
                    &scopes,
                ),
            }
        }
        Action::RevokeRole { resource_object_id, assignment_id } => {
            write::revoke_app_role(*resource_object_id, &grant(assignment_id)?)
        }
        Action::RevokeScopes { grant_id, remaining } => match remaining.is_empty() {
            true => write::delete_delegated_grant(&grant(grant_id)?),
            false => {
                write::update_delegated_grant(&grant(grant_id)?, &consent::scope_text(remaining))
            }
        },
        _ => return Err("an object's step is no consent".to_owned()),
    })
}

/// What became of a step, by its answer. Ids are carried forward; they are not read again.
pub(super) fn fate(step: &Step, answer: Result<Answer, Failure>, ledger: &mut Ledger) -> Fate {
    match answer {
        Ok(answer) => success(step, &answer, ledger),
        Err(failure) => failed(step, failure, ledger),
    }
}

fn success(step: &Step, answer: &Answer, ledger: &mut Ledger) -> Fate {
    let id = |field: &str| -> Option<Guid> {
        answer.body.get(field).and_then(Value::as_str).and_then(|id| id.parse().ok())
    };
    match (&step.action, connector(step)) {
        (Action::CreateApplication { .. }, Some(connector)) => {
            // 204: somebody made it between our read and our write, perhaps an earlier attempt of
            // ours. Whose it is, only a read can say.
            let (Some(object_id), Some(app_id)) = (id("id"), id("appId")) else {
                return Fate::ReadAgain;
            };
            if answer.status != 201 {
                return Fate::ReadAgain;
            }
            ledger.created(&connector, object_id, app_id);
        }
        (Action::CreateServicePrincipal { .. }, Some(connector)) => match id("id") {
            Some(object_id) => ledger.principal_created(&connector, object_id),
            None => return Fate::ReadAgain,
        },
        (Action::CreateResourcePrincipal { app_id }, _) => match id("id") {
            Some(object_id) => ledger.resource_created(&step.tenant, *app_id, object_id),
            None => return Fate::ReadAgain,
        },
        _ => {}
    }
    Fate::Done
}

fn failed(step: &Step, failure: Failure, ledger: &Ledger) -> Fate {
    if failure.may_have_happened() {
        return Fate::ReadAgain;
    }
    let creates = matches!(
        step.action,
        Action::CreateServicePrincipal { .. } | Action::CreateResourcePrincipal { .. }
    );
    let removes = matches!(
        step.action,
        Action::RevokeRole { .. }
            | Action::RevokeScopes { .. }
            | Action::RemovePassword { .. }
            | Action::DeleteApplication { .. }
    );
    match failure.kind {
        // There already, under an id that only a read can tell; or with other scopes.
        FailureKind::AlreadyExists if creates => Fate::ReadAgain,
        FailureKind::AlreadyExists if matches!(step.action, Action::GrantScopes { .. }) => {
            Fate::ReadAgain
        }
        FailureKind::AlreadyExists => Fate::Done,
        FailureKind::Gone | FailureKind::NotFound if removes => Fate::Done,
        FailureKind::CreationRace | FailureKind::NotFound if is_fresh(step, ledger) => {
            Fate::TryAgain(failure)
        }
        // Of an application that an earlier run made, perhaps a moment ago, and did not finish. A 403
        // may mean the same or a missing right, so it is believed of this run's own only.
        FailureKind::CreationRace
            if failure.status == Some(400)
                && matches!(step.action, Action::CreateServicePrincipal { .. }) =>
        {
            Fate::TryAgain(failure)
        }
        _ => Fate::Failed(failure.to_string()),
    }
}

/// Whether the step touches something that was made in this run.
fn is_fresh(step: &Step, ledger: &Ledger) -> bool {
    let fresh_resource = match &step.action {
        Action::GrantRole { permission } => {
            ledger.is_fresh_resource(&step.tenant, permission.resource_app_id)
        }
        Action::GrantScopes { resource_app_id, .. } => {
            ledger.is_fresh_resource(&step.tenant, *resource_app_id)
        }
        _ => false,
    };
    fresh_resource || connector(step).is_some_and(|id| ledger.ids(&id).fresh)
}
