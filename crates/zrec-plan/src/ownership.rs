//! Ours or foreign: a name is no proof, for any user can create an application under our key.

use std::collections::BTreeSet;

use crate::code;
use crate::context::ConnectorContext;
use crate::credential;
use crate::desired::Adopt;
use crate::draft::Draft;
use crate::finding::Effect;
use crate::observed::{Application, Seen};
use crate::render::printable;

/// Whether a live application may be planned under this connector: by our key, or by adoption.
pub fn adoptable(
    context: &ConnectorContext<'_>,
    application: &Application,
    draft: &mut Draft,
) -> bool {
    match &application.unique_name {
        Some(name) if *name == context.want.unique_name => true,
        None => true,
        Some(other) => {
            draft.finding(
                &context.want.id,
                code::ADOPT_TAKEN,
                Effect::Blocks,
                format!(
                    "application {} carries the key {} of another tool or set",
                    application.app_id,
                    printable(other)
                ),
                "a key never changes: adopt another application, or let this one go where it belongs",
            );
            false
        }
    }
}

/// Whether the application shows marks of somebody else that the manifest has not accepted.
pub fn is_foreign(
    context: &ConnectorContext<'_>,
    application: &Application,
    draft: &mut Draft,
) -> bool {
    if context.want.adopt == Some(Adopt::AppId(application.app_id)) {
        return false;
    }
    let marks = marks(context, application);
    if marks.is_empty() {
        return false;
    }
    draft.finding(
        &context.want.id,
        code::FOREIGN,
        Effect::BlocksWidening,
        format!("application {} is not provably ours: {}", application.app_id, marks.join("; ")),
        format!(
            "remove what does not belong there; or list the owner under the tenant's `owners`; \
             or take it all over with `adopt: {{ appId: {} }}`",
            application.app_id
        ),
    );
    true
}

fn marks(context: &ConnectorContext<'_>, application: &Application) -> Vec<String> {
    let mut marks = Vec::new();
    let allowed = allowed_owners(context);
    for owner in context.seen.owners.present().into_iter().flatten() {
        if !allowed.contains(owner) {
            marks.push(format!("{owner} owns it"));
        }
    }
    for credential in credential::not_ours(context, application) {
        let what = if credential.certificate { "certificate" } else { "client secret" };
        marks.push(format!("{what} {} is in no record of ours", credential.key_id));
    }
    for credential in context.seen.federated_credentials.present().into_iter().flatten() {
        marks.push(format!(
            "federated credential {} trusts {}",
            printable(&credential.name),
            printable(&credential.issuer)
        ));
    }
    marks
}

/// The caller and those whom the manifest names.
pub fn allowed_owners(context: &ConnectorContext<'_>) -> BTreeSet<crate::Guid> {
    let caller = context.tenant.seen.caller.present().map(|caller| caller.object_id);
    context.tenant.tenant.owners.iter().copied().chain(caller).collect()
}

/// Whether a create may go on: no application made by hand stands in its place.
pub fn no_twin(context: &ConnectorContext<'_>, draft: &mut Draft) -> bool {
    let twins = context.seen.twins.present().map_or(&[][..], Vec::as_slice);
    if context.want.adopt == Some(Adopt::None) {
        return true;
    }
    let set_prefix = format!("zrec.{}.", context.set);
    let mut clear = true;
    for twin in twins {
        let ours = twin.unique_name.as_ref().is_some_and(|name| name.starts_with(&set_prefix));
        if ours {
            continue;
        }
        let same_uri = twin.redirect_uris.contains(&context.want.redirect_uri);
        if twin.display_name != context.want.display_name {
            // One connector of the guide under another name, perhaps: said once per tenant.
            draft.tenant_finding(
                context.tenant.tenant,
                code::NAMESAKE,
                Effect::Informs,
                format!(
                    "application {} ({}) has the redirect URI {}",
                    twin.app_id,
                    printable(&twin.display_name),
                    context.want.redirect_uri
                ),
                "if it is a connector made by hand, take it over with `adopt: { appId: … }`",
            );
            continue;
        }
        clear &= !same_uri;
        let (code, effect) = match same_uri {
            true => (code::TWIN, Effect::Blocks),
            false => (code::NAMESAKE, Effect::Informs),
        };
        draft.finding(
            &context.want.id,
            code,
            effect,
            format!(
                "application {} is also called {}{}",
                twin.app_id,
                printable(&twin.display_name),
                if same_uri { " and has the same redirect URI" } else { "" }
            ),
            format!(
                "take it over with `adopt: {{ appId: {} }}`, or say `adopt: none` to create another",
                twin.app_id
            ),
        );
    }
    clear
}

/// Names every way into the application beside those that zrec manages.
pub fn surface(context: &ConnectorContext<'_>, application: &Application, draft: &mut Draft) {
    let crate::observed::Surface {
        other_redirect_uris,
        implicit_grant,
        public_client_fallback,
        pre_authorized_applications,
        identifier_uris,
    } = &application.surface;
    let mut extras: Vec<String> = Vec::new();
    let list = |what: &str, items: &BTreeSet<String>| -> Vec<String> {
        items.iter().map(|item| format!("{what} {}", printable(item))).collect()
    };
    extras.extend(list("redirect URI of another platform", other_redirect_uris));
    extras.extend(list("pre-authorized application", pre_authorized_applications));
    extras.extend(list("identifier URI", identifier_uris));
    if *implicit_grant {
        extras.push("implicit grant is on".to_owned());
    }
    if *public_client_fallback {
        extras.push("public-client fallback is on".to_owned());
    }
    if let Seen::Present(principal) = &context.seen.principal {
        extras.extend(principal.credentials.iter().map(|credential| {
            format!("credential {} on the service principal itself", credential.key_id)
        }));
    }
    if let Seen::Present(roles) = &context.seen.directory_roles {
        extras.extend(list("directory role", roles));
    }
    let allowed = allowed_owners(context);
    extras.extend(
        context
            .seen
            .principal_owners
            .present()
            .into_iter()
            .flatten()
            .filter(|owner| !allowed.contains(owner))
            .map(|owner| format!("{owner} owns the service principal")),
    );
    for extra in extras {
        draft.finding(
            &context.want.id,
            code::SURFACE,
            Effect::Informs,
            extra,
            "zrec did not make this and will not remove it: find out who did, and remove it by hand",
        );
    }
}
