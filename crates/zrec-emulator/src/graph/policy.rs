//! The tenant's app-management policy, and what it forbids.

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};

use super::desk::{Ask, Desk};
use super::failure::Failure;
use crate::cloud::tenant::{Object, text};
use crate::wire::Answer;

/// The policy of a tenant where nobody set one.
pub(crate) fn default() -> Object {
    let policy = json!({
        "id": "00000000-0000-0000-0000-000000000000",
        "displayName": "Default app management tenant policy",
        "description": "Default tenant policy that enforces app management restrictions on applications and service principals. \
                        To apply policy to targeted resources, create a new policy under appManagementPolicies collection.",
        "isEnabled": false,
        "applicationRestrictions": { "passwordCredentials": [], "keyCredentials": [] },
        "servicePrincipalRestrictions": { "passwordCredentials": [], "keyCredentials": [] },
    });
    policy.as_object().cloned().unwrap_or_default()
}

/// Merges what a cloud file says over the default.
pub(crate) fn merge(policy: &mut Object, over: &Object) {
    for (property, value) in over {
        super::defaults::assign(policy, property, value.clone());
    }
}

/// `GET /policies/defaultAppManagementPolicy`.
pub(crate) fn get(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let policy = desk.tenant().policy.clone();
    Ok(desk.entity(
        ask,
        "policies/defaultAppManagementPolicy/$entity",
        "tenantAppManagementPolicy",
        policy,
    ))
}

/// Whether a credential of a class may be added to an application created at a date.
pub(crate) fn credential(
    policy: &Object,
    class: &str,
    created: &str,
    life: (OffsetDateTime, OffsetDateTime),
) -> Result<(), Failure> {
    let (addition, lifetime) = match class {
        "passwordCredentials" => ("passwordAddition", "passwordLifetime"),
        _ => ("", "asymmetricKeyLifetime"),
    };
    for rule in rules(policy, class, created) {
        let kind = rule["restrictionType"].as_str().unwrap_or_default();
        if kind == addition {
            // Unverified text; the code is Microsoft's.
            return Err(refusal(
                "CredentialTypeNotAllowedAsPerAppPolicy",
                "Credential type not allowed as per assigned policy.",
            ));
        }
        let longest = rule["maxLifetime"].as_str().and_then(duration);
        if kind == lifetime && longest.is_some_and(|longest| life.1 - life.0 > longest) {
            return Err(refusal(
                "CredentialInvalidLifetimeAsPerAppPolicy",
                "Credential lifetime exceeds the max value allowed as per assigned policy.",
            ));
        }
    }
    Ok(())
}

/// Whether a sign-in audience is allowed. The shape of the restriction is that of the beta reference (unverified in v1.0).
pub(crate) fn audience(policy: &Object, audience: &str) -> Result<(), Failure> {
    let property = match audience {
        "AzureADMultipleOrgs" => "azureAdMultipleOrgs",
        "AzureADandPersonalMicrosoftAccount" | "PersonalMicrosoftAccount" => {
            "personalMicrosoftAccount"
        }
        _ => return Ok(()),
    };
    let policy = Value::Object(policy.clone());
    let rule = &policy["applicationRestrictions"]["audiences"][property];
    if policy["isEnabled"] == true && rule["state"] == "enabled" {
        return Err(refusal(
            "SignInAudienceNotAllowedAsPerAppPolicy",
            "Sign-in audience is not allowed as per assigned policy.",
        ));
    }
    Ok(())
}

fn refusal(code: &str, message: &str) -> Failure {
    Failure::new(400, code, message)
}

fn rules(policy: &Object, class: &str, created: &str) -> Vec<Value> {
    let enabled = policy.get("isEnabled") == Some(&Value::Bool(true));
    let rules =
        policy.get("applicationRestrictions").and_then(|r| r.get(class)).and_then(Value::as_array);
    let holds = |rule: &&Value| {
        let after = rule["restrictForAppsCreatedAfterDateTime"].as_str().unwrap_or_default();
        rule["state"] != "disabled" && (after.is_empty() || created >= after)
    };
    rules.into_iter().flatten().filter(holds).filter(|_| enabled).cloned().collect()
}

/// An ISO 8601 duration of whole parts; a month has 30 days and a year 365.
fn duration(text: &str) -> Option<Duration> {
    let (days, hours) =
        text.strip_prefix('P')?.split_once('T').unwrap_or((text.strip_prefix('P')?, ""));
    let mut total = Duration::ZERO;
    for (part, units) in [
        (days, [('Y', 31_536_000), ('M', 2_592_000), ('W', 604_800), ('D', 86_400)]),
        (hours, [('H', 3600), ('M', 60), ('S', 1), (' ', 0)]),
    ] {
        let mut number = 0_i64;
        for c in part.chars() {
            match c.to_digit(10) {
                Some(digit) => number = number.checked_mul(10)?.checked_add(i64::from(digit))?,
                None => {
                    let seconds = units.iter().find(|(unit, _)| *unit == c)?.1;
                    total += Duration::seconds(number.checked_mul(seconds)?);
                    number = 0;
                }
            }
        }
    }
    Some(total)
}

/// The organisation, as a collection of one.
pub(crate) fn organization(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let tenant = desk.tenant();
    let domains: Vec<Value> = tenant.verified_domains.iter().enumerate().map(|(n, name)| {
        json!({ "capabilities": "Email, OfficeCommunicationsOnline", "isDefault": n == 0, "isInitial": n == 0, "name": name, "type": "Managed" })
    }).collect();
    let organization = json!({
        "id": tenant.id, "deletedDateTime": null, "displayName": tenant.display_name, "createdDateTime": tenant.created,
        "tenantType": "AAD", "verifiedDomains": domains, "assignedPlans": [], "provisionedPlans": [], "businessPhones": [],
        "technicalNotificationMails": [], "countryLetterCode": null, "onPremisesSyncEnabled": null,
    });
    let Value::Object(organization) = organization else {
        return Err(Failure::not_found(text(&tenant.policy, "id")));
    };
    if ask.keys.is_empty() {
        return super::page::answer(desk, ask, "organization", "organization", vec![organization]);
    }
    if !ask.keys[0].value.eq_ignore_ascii_case(text(&organization, "id")) {
        return Err(Failure::not_found(&ask.keys[0].value));
    }
    Ok(desk.entity(ask, "organization/$entity", "organization", organization))
}
