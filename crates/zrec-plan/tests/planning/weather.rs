//! What may happen to a cloud between two runs.

use zrec_plan::catalog::{Catalog, PermissionKey};
use zrec_plan::desired::Desired;
use zrec_plan::observed::{Observed, ObservedConnector, RoleGrant, Seen};

fn graph_role(value: &str) -> PermissionKey {
    Catalog::built_in().find(&"microsoft-graph".into(), value)[0].key
}

/// Takes AuditLog.Read.All away, declaration and grant, and puts Chat.Read.All in its place.
pub(crate) fn swap_a_permission(connector: &mut ObservedConnector, _: &Desired) {
    let (gone, surplus) = (graph_role("AuditLog.Read.All"), graph_role("Chat.Read.All"));
    let (Seen::Present(application), Seen::Present(grants)) =
        (&mut connector.application, &mut connector.role_grants)
    else {
        return;
    };
    application.declared.remove(&gone);
    application.declared.insert(surplus);
    let Some(resource) = grants.first().map(|grant| grant.resource_object_id) else { return };
    grants.retain(|grant| grant.role_id != gone.id);
    if grants.iter().all(|grant| grant.role_id != surplus.id) {
        grants.push(RoleGrant {
            assignment_id: "surplus".to_owned(),
            resource_object_id: resource,
            role_id: surplus.id,
        });
    }
}

/// One thing that happens, chosen by the number.
pub(crate) fn gust(number: u32, observed: &mut Observed, desired: &Desired) {
    let (what, which) = (number % 24, (number / 24) as usize);
    let tenant = observed.tenants.values_mut().next().unwrap();
    let now = tenant.server_time.as_mut().unwrap();
    match what {
        12 => *now += time::Duration::hours(1),
        13 => *now += time::Duration::days(100),
        _ => {}
    }
    let now = *now;
    let count = observed.connectors.len();
    let connector = observed.connectors.values_mut().nth(which % count).unwrap();
    if what == 11 {
        let records = connector.records.present().cloned().unwrap_or_default();
        *connector = crate::cloud::nothing(records);
        return;
    }
    let Seen::Present(application) = &mut connector.application else { return };
    match what {
        0 => application.display_name = "\u{202e}renamed\u{1b}[31m\n".to_owned(),
        1 => application.sign_in_audience = "AzureADMyOrg".to_owned(),
        2 => application.redirect_uris.clear(),
        3 => {
            application.redirect_uris.insert("https://evil.example".to_owned());
        }
        4 => {
            application.tags.insert("somebody-elses".to_owned());
            application.tags.remove("zrec");
        }
        5 => application.declared.clear(),
        6 => {
            connector.principal = Seen::Absent;
            connector.role_grants = Seen::Absent;
            connector.delegated_grants = Seen::Absent;
        }
        7 => {
            if let Seen::Present(grants) = &mut connector.role_grants {
                grants.truncate(which % 5);
            }
        }
        8 => {
            if let Seen::Present(grants) = &mut connector.delegated_grants {
                grants.iter_mut().for_each(|grant| {
                    grant.scopes.insert("email".to_owned());
                });
            }
        }
        9 => {
            if let Seen::Present(principal) = &mut connector.principal {
                principal.tags.clear();
            }
        }
        10 => swap_a_permission(connector, desired),
        _ => crate::credentials::gust(what, which, now, connector),
    }
}
