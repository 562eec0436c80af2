//! Names for ids: what two runs of the same story write differently is written the same.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use zrec_emulator::{Emulator, RecordedRequest};

use super::scenario::{BASE, Scenario};

/// Stable names for the ids of one cloud.
#[derive(Debug)]
pub(crate) struct Names {
    known: BTreeMap<String, String>,
    unknown: BTreeMap<String, usize>,
    base: String,
}

/// Ids and dates tell one run from another; the rest of these says nothing or never differs.
const LEFT_OUT: &[&str] = &[
    "appDescription",
    "appDisplayName",
    "appOwnerOrganizationId",
    "appRoleId",
    "client",
    "clientId",
    "createdDateTime",
    "deletedDateTime",
    "parentalControlSettings",
    "principalId",
    "publisherDomain",
    "replyUrls",
    "requestSignatureVerification",
    "resourceId",
    "servicePrincipalNames",
    "servicePrincipalType",
    "startDateTime",
    "endDateTime",
];

impl Names {
    /// The names of a scenario's cloud as it is now.
    pub(crate) fn of(
        scenario: &Scenario,
        emulator: &Emulator,
        known: &BTreeMap<String, String>,
    ) -> Self {
        let mut names =
            Self { known: known.clone(), unknown: BTreeMap::new(), base: BASE.to_owned() };
        for tenant in scenario.desired().tenants.values() {
            names.known.insert(tenant.tenant_id.to_string(), format!("<{}>", tenant.name));
        }
        let snapshot = serde_json::to_value(emulator.snapshot()).unwrap();
        for tenant in list(&snapshot, "tenants") {
            for principal in list(tenant, "servicePrincipals") {
                let name = text(principal, "displayName");
                names.learn(principal, "id", format!("<principal of {name}>"));
            }
            for app in list(tenant, "applications").iter().chain(list(tenant, "deletedItems")) {
                let key = text(app, "uniqueName");
                let name = if key.is_empty() { text(app, "displayName") } else { key };
                names.learn(app, "id", format!("<object of {name}>"));
                names.learn(app, "appId", format!("<app of {name}>"));
            }
            for grant in list(tenant, "appRoleAssignments") {
                names.learn(grant, "id", format!("<grant of {}>", text(grant, "role")));
            }
            for grant in list(tenant, "oauth2PermissionGrants") {
                names.learn(grant, "id", format!("<grant of {}>", text(grant, "scope")));
            }
        }
        names
    }

    /// The cloud is elsewhere.
    pub(crate) fn at(mut self, base: &str) -> Self {
        self.base = base.to_owned();
        self
    }

    fn learn(&mut self, object: &Value, field: &str, name: String) {
        let id = text(object, field);
        if !id.is_empty() {
            // Ids that the file itself gave are more than a counter: they stay known by their first name.
            self.known.entry(id).or_insert(name);
        }
    }

    /// A text with names in the place of ids.
    pub(crate) fn put(&mut self, text: &str) -> String {
        let mut text = text.replace(&self.base, "<base>");
        for (id, name) in self.known.iter().filter(|(id, _)| id.len() != 36) {
            text = text.replace(id.as_str(), name);
        }
        let mut out = String::with_capacity(text.len());
        let mut rest = text.as_str();
        while let Some(at) = find_guid(rest) {
            out.push_str(&rest[..at]);
            let id = rest[at..at + 36].to_lowercase();
            match self.known.get(&id) {
                Some(name) => out.push_str(name),
                None => {
                    let next = self.unknown.len() + 1;
                    let number = *self.unknown.entry(id).or_insert(next);
                    out.push_str(&format!("<id {number}>"));
                }
            }
            rest = &rest[at + 36..];
        }
        out.push_str(rest);
        without_times(&out)
    }

    /// The cloud as it is now.
    pub(crate) fn cloud(&mut self, emulator: &Emulator) -> String {
        let mut snapshot = serde_json::to_value(emulator.snapshot()).unwrap();
        for tenant in snapshot["tenants"].as_array_mut().into_iter().flatten() {
            for part in ["applications", "servicePrincipals", "deletedItems"] {
                each(&mut tenant[part], |object| {
                    object.retain(|key, _| !LEFT_OUT.contains(&key.as_str()))
                });
            }
            for part in ["appRoleAssignments", "oauth2PermissionGrants"] {
                each(&mut tenant[part], |grant| {
                    grant.retain(|key, _| !LEFT_OUT.contains(&key.as_str()) && key != "id");
                });
            }
            for part in ["applications", "deletedItems"] {
                for property in ["passwordCredentials", "keyCredentials"] {
                    for object in tenant[part].as_array_mut().into_iter().flatten() {
                        each(&mut object[property], |it| {
                            it.retain(|key, _| !LEFT_OUT.contains(&key.as_str()))
                        });
                        if object[property].is_null() {
                            object.as_object_mut().unwrap().remove(property);
                        }
                    }
                }
            }
            let part = tenant.as_object_mut().unwrap();
            part.retain(|_, value| value.as_array().is_none_or(|items| !items.is_empty()));
        }
        self.put(&serde_yaml::to_string(&snapshot).unwrap())
    }

    /// Requests as method and path, items of a batch below it. Reads that were made before are not
    /// told again.
    pub(crate) fn calls(&mut self, requests: &[RecordedRequest]) -> String {
        let mut out = String::new();
        let mut told: Vec<(String, usize)> = Vec::new();
        for (at, request) in requests.iter().enumerate() {
            let lost = if request.lost { " (no answer)" } else { "" };
            let path = short(&request.path);
            out.push_str(&format!("{} {path} {}{lost}\n", request.method, request.status));
            let items = request
                .items
                .iter()
                .map(|item| format!("  {} {} {}\n", item.method, short(&item.url), item.status));
            let items: String = items.collect();
            match told.iter().find(|(known, _)| *known == items) {
                Some((_, first)) if !items.is_empty() && !items.contains("  P") => {
                    out.push_str(&format!("  as in request {first}\n"));
                }
                _ => {
                    out.push_str(&items);
                    told.push((items, at + 1));
                }
            }
        }
        self.put(&out)
    }
}

/// Which fields are read is tested elsewhere.
fn short(url: &str) -> String {
    match url.find("$select=") {
        Some(at) => {
            let end = url[at..].find('&').map_or(url.len(), |end| at + end);
            format!("{}$select=…{}", &url[..at], &url[end..])
        }
        None => url.to_owned(),
    }
}

fn each(list: &mut Value, change: impl Fn(&mut Map<String, Value>)) {
    list.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut).for_each(change);
}

fn list<'a>(value: &'a Value, field: &str) -> &'a [Value] {
    value[field].as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

/// Where the first GUID begins.
fn find_guid(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let is_guid = |window: &[u8]| {
        window.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    };
    // By its first hyphen: most text has none.
    text.match_indices('-')
        .filter_map(|(hyphen, _)| hyphen.checked_sub(8))
        .find(|start| bytes.get(*start..start + 36).is_some_and(is_guid))
}

/// `2026-11-23 10:00:00` and `2026-11-23T10:00:00`, with what follows up to `Z`.
fn without_times(text: &str) -> String {
    let form = |window: &[u8]| {
        window.iter().zip(b"0000-00-00 00:00:00").all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            b' ' => matches!(byte, b' ' | b'T'),
            other => byte == other,
        })
    };
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let find = |text: &str| {
        text.match_indices('-')
            .filter_map(|(hyphen, _)| hyphen.checked_sub(4))
            .find(|start| text.as_bytes().get(*start..start + 19).is_some_and(form))
    };
    while let Some(at) = find(rest) {
        out.push_str(&rest[..at]);
        out.push_str("<time>");
        rest = rest[at + 19..].trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    }
    out.push_str(rest);
    out
}
