//! The built-in catalogue against the guide's own figures.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use zrec_plan::Guid;
use zrec_plan::catalog::{
    App, Catalog, CatalogError, PermissionKey, PermissionType, Sources, UnknownName,
};
use zrec_plan::name::{ActionName, ApiName};

const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
const SHAREPOINT: &str = "00000003-0000-0ff1-ce00-000000000000";
const OFFICE: &str = "c5393580-f805-4401-95e8-94b7a6ef2fc2";

fn key(api: &str, kind: PermissionType, id: &str) -> PermissionKey {
    PermissionKey { resource_app_id: api.parse().unwrap(), kind, id: id.parse().unwrap() }
}

fn actions(names: &[&str]) -> BTreeSet<ActionName> {
    names.iter().map(|name| ActionName::from(*name)).collect()
}

#[test]
fn the_guide_has_76_rows_of_47_permissions() {
    let catalog = Catalog::built_in();
    assert_eq!(catalog.version(), "2026.11");
    let rows: Vec<usize> = App::ALL.map(|app| catalog.connector(app).permissions.len()).to_vec();
    // In the order of `App::ALL`: copilot, exchange, azure-blob, mip, onedrive, sharepoint, teams.
    assert_eq!(rows, [2, 9, 2, 6, 12, 13, 32]);
    assert_eq!(rows.iter().sum::<usize>(), 76);
    let distinct: BTreeSet<_> = App::ALL.iter().flat_map(|app| catalog.grantable(*app)).collect();
    assert_eq!(distinct.len(), 47);
    for app in App::ALL {
        assert_eq!(catalog.connector(app).app, app);
        assert_eq!(catalog.connector(app).permissions.len(), catalog.grantable(app).len());
    }
}

#[test]
fn every_permission_of_the_guide_is_explained_and_sourced() {
    let catalog = Catalog::built_in();
    for key in App::ALL.iter().flat_map(|app| catalog.grantable(*app)) {
        let permission = catalog.permission(key).unwrap();
        assert!(permission.sentence.is_some(), "{}", permission.value);
        assert!(!permission.sources.is_empty(), "{}", permission.value);
        assert!(catalog.forbidden(key).is_none(), "{}", permission.value);
        let graph = permission.api.as_str() == "microsoft-graph";
        assert_eq!(permission.level.is_some(), graph, "{}", permission.value);
    }
}

#[test]
fn scanning_alone_asks_for_what_the_guide_says() {
    let rows = [
        (App::Copilot, 2),
        (App::Exchange, 7),
        (App::AzureBlob, 2),
        (App::Mip, 4),
        (App::Onedrive, 11),
        (App::Sharepoint, 12),
        (App::Teams, 26),
    ];
    for (app, expected) in rows {
        let least = Catalog::built_in().least_permissions(app, Some(&actions(&["scanning"])));
        assert_eq!(least.len(), expected, "{app}");
    }
}

#[test]
fn each_subset_of_the_actions_gets_its_least_cover() {
    let catalog = Catalog::built_in();
    for app in App::ALL {
        let names: Vec<&ActionName> = catalog.actions(app).keys().collect();
        for bits in 0_u32..1 << names.len() {
            let chosen: BTreeSet<ActionName> = (0..names.len())
                .filter(|place| bits & (1 << place) != 0)
                .map(|place| names[place].clone())
                .collect();
            let least = catalog.least_permissions(app, Some(&chosen));
            for row in &catalog.connector(app).permissions {
                let asking: BTreeSet<_> = row.actions.intersection(&chosen).cloned().collect();
                let expected = (!asking.is_empty()).then_some(&asking);
                assert_eq!(least.get(&row.key), expected, "{app} {chosen:?}");
            }
            assert!(least.keys().all(|key| catalog.grantable(app).contains(key)));
        }
        let all = catalog.actions(app).keys().cloned().collect();
        let every = catalog.least_permissions(app, None);
        assert_eq!(every, catalog.least_permissions(app, Some(&all)));
        assert_eq!(every.len(), catalog.grantable(app).len());
    }
}

#[test]
fn actions_are_the_kebab_form_of_their_labels() {
    for app in App::ALL {
        for (name, label) in Catalog::built_in().actions(app) {
            let kebab: Vec<String> = label
                .split(|c: char| !c.is_ascii_alphanumeric())
                .filter(|word| !word.is_empty())
                .map(str::to_lowercase)
                .collect();
            assert_eq!(name.as_str(), kebab.join("-"));
        }
    }
}

#[test]
fn an_id_alone_is_no_key() {
    let catalog = Catalog::built_in();
    let user = "df021288-bdef-4463-88db-98f22de89214";
    for api in [GRAPH, SHAREPOINT] {
        let role = catalog.permission(&key(api, PermissionType::Role, user)).unwrap();
        assert_eq!(role.value, "User.Read.All");
    }
    let feed = "594c1fb6-4f81-4475-ae41-0c394909246c";
    for kind in [PermissionType::Role, PermissionType::Scope] {
        let permission = catalog.permission(&key(OFFICE, kind, feed)).unwrap();
        assert_eq!(permission.value, "ActivityFeed.Read");
    }
    let both = catalog.find(&ApiName::from("office-365-management"), "ActivityFeed.Read");
    assert_eq!(both.len(), 2);
    assert!(catalog.find(&ApiName::from("azure-storage"), "Nothing").is_empty());
    assert!(catalog.find(&ApiName::from("unknown"), "Sites.Read.All").is_empty());
}

#[test]
fn apis_and_roles_are_found_by_name_and_by_id() {
    let catalog = Catalog::built_in();
    assert_eq!(catalog.apis().len(), 7);
    for api in catalog.apis() {
        assert_eq!(catalog.api(&api.name).unwrap().app_id, api.app_id);
        assert_eq!(catalog.api_by_app_id(api.app_id).unwrap().name, api.name);
        assert!(catalog.permissions_of(&api.name).count() > 0, "{}", api.name);
    }
    let arm = catalog.api(&ApiName::from("azure-resource-manager")).unwrap();
    assert_eq!(arm.former_names, ["Windows Azure Service Management API"]);
    for name in &catalog.connector(App::AzureBlob).azure_roles {
        let role = catalog.azure_role(name).unwrap();
        assert_eq!(catalog.azure_role_by_id(role.id).unwrap().name, *name);
        assert!(catalog.forbidden_azure_role(name).is_none());
    }
    assert!(catalog.azure_role("Owner").is_none());
    assert_eq!(catalog.certificate().lifetime_days, 1461);
    assert!(catalog.connector(App::Sharepoint).needs_certificate);
    assert!(catalog.connector(App::Copilot).needs_management_app);
}

#[test]
fn a_wrong_word_names_the_nearest() {
    assert_eq!("teams".parse::<App>(), Ok(App::Teams));
    let UnknownName { did_you_mean, .. } = "sharepiont".parse::<App>().unwrap_err();
    assert_eq!(did_you_mean.as_deref(), Some("sharepoint"));
    let error =
        Catalog::built_in().check_actions(App::Exchange, &actions(&["scaning"])).unwrap_err();
    assert_eq!(error.to_string(), "`scaning` is no action of exchange; did you mean `scanning`?");
}

fn broken(from: &str, to: &str) -> CatalogError {
    let texts = Sources::BUILT_IN;
    let swap = |text: &str| text.replacen(from, to, 1);
    let (connectors, permissions) = (swap(texts.connectors), swap(texts.permissions));
    let (roles, forbidden) = (swap(texts.roles), swap(texts.forbidden));
    let sources = Sources {
        connectors: &connectors,
        permissions: &permissions,
        roles: &roles,
        forbidden: &forbidden,
    };
    Catalog::parse(&sources).map(|_| ()).expect_err(from)
}

#[test]
fn gaps_between_the_files_are_refused() {
    let rows: [(&str, &str, &str); 9] = [
        (
            "value: Mail.Send, kind",
            "value: Mail.Sent, kind",
            "permissions.yaml has no Role `Mail.Sent` of `microsoft-graph`",
        ),
        ("api: mip-sync,", "api: mip-sink,", "permissions.yaml has no API `mip-sink`"),
        ("actions: [quarantine] }", "actions: [stop] }", "its action `stop` has no label"),
        ("actions: [quarantine] }", "actions: [] }", "no action asks for it"),
        (
            "      quarantine: Quarantine",
            "      quarantine: Quarantine\n      idle: Idle",
            "needs the action `idle`",
        ),
        ("app: teams", "app: exchange", "the table of exchange is there twice"),
        (
            "azureRoles: [Storage Blob",
            "azureRoles: [Storage Blub",
            "no role `Storage Blub Data Contributor`",
        ),
        (
            "  - { api: microsoft-graph, value: Application.ReadWrite.All,",
            "  - { api: microsoft-graph, value: Files.Read.All,",
            "`Files.Read.All` is in the guide's tables and in forbidden.yaml",
        ),
        ("version:", "verison:", "connectors.yaml cannot be read"),
    ];
    for (from, to, expected) in rows {
        let message = broken(from, to).to_string();
        assert!(message.contains(expected), "{from} -> {to}: {message}");
    }
}

#[test]
fn values_are_unique_within_an_api_and_a_kind() {
    let catalog = Catalog::built_in();
    for api in catalog.apis() {
        let mut seen: BTreeMap<(PermissionType, &str), Guid> = BTreeMap::new();
        for permission in catalog.permissions_of(&api.name) {
            let known = seen.insert((permission.key.kind, &permission.value), permission.key.id);
            assert_eq!(known, None, "{} {}", api.name, permission.value);
        }
    }
}

#[test]
fn what_takes_over_a_tenant_is_forbidden() {
    let catalog = Catalog::built_in();
    let graph = ApiName::from("microsoft-graph");
    for value in [
        "RoleManagement.ReadWrite.Directory",
        "AppRoleAssignment.ReadWrite.All",
        "Application.ReadWrite.All",
        "Directory.ReadWrite.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "UserAuthenticationMethod.ReadWrite.All",
        "Domain.ReadWrite.All",
    ] {
        let role = catalog.find(&graph, value)[0];
        assert!(catalog.forbidden(&role.key).is_some(), "{value}");
    }
    for name in ["owner", "Contributor", "18D7D88D-D35E-4FB5-A5C3-7773C20A72D9"] {
        assert!(catalog.forbidden_azure_role(name).is_some(), "{name}");
    }
}

#[test]
fn the_lists_of_roles_are_whole() {
    // The counts of the file's header; a lost or doubled line would show here.
    let roles = |api: &str| {
        let api = ApiName::from(api);
        let all = Catalog::built_in().permissions_of(&api);
        all.filter(|it| it.key.kind == PermissionType::Role).count()
    };
    assert_eq!(roles("microsoft-graph"), 675);
    assert_eq!(roles("sharepoint"), 9);
    assert_eq!(roles("office-365-management"), 7);
    assert_eq!(roles("rights-management"), 5);
    assert_eq!(roles("mip-sync"), 1);
    assert_eq!(roles("azure-storage"), 0);
    assert_eq!(roles("azure-resource-manager"), 0);
}

#[test]
fn reading_the_catalogue_is_quick() {
    #[expect(clippy::disallowed_types, reason = "a test may look at the clock")]
    let start = std::time::Instant::now();
    Catalog::parse(&Sources::BUILT_IN).unwrap();
    let took = start.elapsed();
    // Unoptimised code on a loaded machine; an optimised build takes a small fraction of it.
    assert!(took.as_millis() < 2_000, "{took:?}");
    #[expect(clippy::disallowed_macros, reason = "shown by --nocapture")]
    {
        println!("parsed in {took:?}");
    }
}
