//! The first level: applications by key, Microsoft's APIs, the tenant's policy.

use std::collections::BTreeMap;

use serde_json::Value;
use zrec_plan::Guid;
use zrec_plan::catalog::Catalog;
use zrec_plan::desired::{Adopt, Desired, DesiredConnector};
use zrec_plan::name::ConnectorId;
use zrec_plan::observed::{AppManagementPolicy, Application, ObservedTenant, Seen};

use super::{Answers, Calls, Wanted};
use crate::cloud::answer::Answer;
use crate::cloud::graph::{Call, Reader, read};
use crate::fleet::Member;
use crate::kind::{self, Needs, application, resource_principal};

const READ_APPLICATIONS: Needs = Needs("Application.Read.All");

/// The calls of the level, and where each answer will be.
pub(super) struct Level {
    calls: Calls,
    by_key: Vec<(ConnectorId, usize)>,
    to_adopt: Vec<(ConnectorId, usize)>,
    resources: Vec<(Guid, usize)>,
    policy: usize,
    all: Option<usize>,
}

impl Level {
    pub(super) fn new(connectors: &[&DesiredConnector], catalog: &Catalog, wanted: Wanted) -> Self {
        let mut calls = Calls::default();
        let mut by_key = Vec::new();
        let mut to_adopt = Vec::new();
        for connector in connectors {
            // No `$select`: the default properties hold the key credentials without their keys,
            // and naming those in `$select` is limited to 150 requests a minute.
            let call = read::application_by_unique_name(&connector.unique_name, &[]);
            by_key.push((connector.id.clone(), calls.push(call)));
            if let Some(Adopt::AppId(app_id)) = connector.adopt {
                let call = read::application_by_app_id(app_id, &[]);
                to_adopt.push((connector.id.clone(), calls.push(call)));
            }
        }
        let resources = catalog
            .apis()
            .iter()
            .map(|api| {
                let call =
                    read::service_principal_by_app_id(api.app_id, resource_principal::FIELDS);
                (api.app_id, calls.push(call))
            })
            .collect();
        let policy = calls.push(read::default_app_management_policy());
        let all = wanted.prune.then(|| calls.push(read::applications_of_set(application::LISTED)));
        Self { calls, by_key, to_adopt, resources, policy, all }
    }

    pub(super) fn calls(&mut self) -> Vec<Call> {
        std::mem::take(&mut self.calls.0)
    }

    pub(super) fn decode(
        &self,
        answers: &Answers,
        desired: &Desired,
        member: &Member,
        reader: &Reader,
    ) -> (ObservedTenant, BTreeMap<ConnectorId, Seen<Application>>) {
        let of = |index: usize, what: &str| {
            kind::seen(answers.get(index), what, READ_APPLICATIONS, application::decode_answer)
        };
        let mut applications: BTreeMap<_, _> = self
            .by_key
            .iter()
            .map(|(id, index)| (id.clone(), of(*index, "the application")))
            .collect();
        for (id, index) in &self.to_adopt {
            // The key wins: once adopted, the application is found by it.
            if matches!(applications.get(id), Some(Seen::Absent)) {
                applications.insert(id.clone(), of(*index, "the application to adopt"));
            }
        }
        let resource = |(app_id, index): &(Guid, usize)| {
            let what = format!("the service principal of the API {app_id}");
            let answer = answers.get(*index);
            (*app_id, kind::seen(answer, &what, READ_APPLICATIONS, resource_principal::decode))
        };
        let seen = ObservedTenant {
            login: member.login.clone(),
            caller: Seen::Present(super::caller(reader)),
            resource_principals: self.resources.iter().map(resource).collect(),
            app_management_policy: kind::seen(
                answers.get(self.policy),
                "the application-management policy",
                Needs("Policy.Read.All"),
                |answer| Some(policy(answer)),
            ),
            set_applications: self.all.map(|index| {
                let decode = |answer: &Answer| of_set(answer, desired);
                kind::seen(
                    answers.get(index),
                    "the list of applications",
                    READ_APPLICATIONS,
                    decode,
                )
            }),
            clock_skew_seconds: None,
            server_time: None,
        };
        (seen, applications)
    }
}

fn of_set(answer: &Answer, desired: &Desired) -> Option<Vec<Application>> {
    answer
        .items()
        .iter()
        .filter(|item| read::belongs_to_set(item, desired.set.as_str()))
        .map(application::decode)
        .collect()
}

/// What the policy forbids, as far as the guide's connectors meet it.
fn policy(answer: &Answer) -> AppManagementPolicy {
    let restrictions = answer.body.get("applicationRestrictions");
    let list = |field: &str| {
        restrictions
            .and_then(|restrictions| restrictions.get(field))
            .and_then(Value::as_array)
            .map_or(&[][..], Vec::as_slice)
    };
    let in_force = |item: &&Value, kind: &str| {
        item.get("restrictionType").and_then(Value::as_str) == Some(kind)
            && item.get("state").and_then(Value::as_str) != Some("disabled")
    };
    let days = |field: &str, kind: &str| {
        list(field)
            .iter()
            .filter(|item| in_force(item, kind))
            .filter_map(|item| whole_days(item.get("maxLifetime")?.as_str()?))
            .min()
    };
    AppManagementPolicy {
        enabled: answer.body.get("isEnabled").and_then(Value::as_bool).unwrap_or(false),
        password_addition_blocked: list("passwordCredentials")
            .iter()
            .any(|item| in_force(&item, "passwordAddition")),
        password_lifetime_days: days("passwordCredentials", "passwordLifetime"),
        key_lifetime_days: days("keyCredentials", "asymmetricKeyLifetime"),
    }
}

/// Whole days of an ISO 8601 duration in the forms that Graph writes (`P90D`, `P4DT12H`).
fn whole_days(duration: &str) -> Option<u32> {
    let days = duration.strip_prefix('P')?;
    let end = days.find('D')?;
    days[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn durations_give_whole_days() {
        for (text, expected) in
            [("P90D", Some(90)), ("P4DT12H", Some(4)), ("PT12H", None), ("90D", None), ("", None)]
        {
            assert_eq!(super::whole_days(text), expected, "{text}");
        }
    }
}
