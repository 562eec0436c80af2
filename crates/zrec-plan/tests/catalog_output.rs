//! What `zrec catalog` prints: its schema, its selections, its errors.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use serde_json::Value;
use zrec_plan::catalog::{App, Catalog};
use zrec_plan::name::ActionName;
use zrec_plan::render::catalog::{catalog_json, catalog_markdown, catalog_text};

const SCHEMA: &str = include_str!("../../../schemas/catalog.schema.json");

fn actions(names: &[&str]) -> BTreeSet<ActionName> {
    names.iter().map(|name| ActionName::from(*name)).collect()
}

#[test]
fn the_json_is_as_its_schema_says() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let catalog = Catalog::built_in();
    for app in App::ALL.into_iter().map(Some).chain([None]) {
        let output = catalog_json(catalog, app, None).unwrap();
        let errors: Vec<String> =
            validator.iter_errors(&output).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{app:?}: {errors:#?}");
    }
    let mut output = catalog_json(catalog, None, None).unwrap();
    output["connectors"]["mip"]["permissions"][0]["extra"] = Value::Null;
    assert!(!validator.is_valid(&output), "the schema is closed");
}

#[test]
fn the_json_has_the_rows_in_the_guides_order() {
    let output = catalog_json(Catalog::built_in(), None, None).unwrap();
    let rows = |app: &str| output["connectors"][app]["permissions"].as_array().unwrap().clone();
    let total: usize = App::ALL.iter().map(|app| rows(app.as_str()).len()).sum();
    assert_eq!(total, 76);
    let mip: Vec<String> =
        rows("mip").iter().map(|row| row["value"].as_str().unwrap().to_owned()).collect();
    assert_eq!(
        mip,
        [
            "InformationProtectionPolicy.Read.All",
            "UnifiedPolicy.Tenant.Read",
            "Content.DelegatedWriter",
            "Content.Writer",
            "Content.SuperUser",
            "Content.DelegatedReader",
        ]
    );
    let blob = &rows("azure-blob")[0];
    assert_eq!(blob["type"], "Scope");
    assert_eq!(blob["resourceAppId"], "e406a681-f3d4-42a8-90b6-c2b029497af1");
    assert_eq!(blob["id"], "03e0da56-190b-40ad-a80c-ea378c433f7f");
    assert_eq!(output["connectors"]["azure-blob"]["azureRoles"].as_array().unwrap().len(), 2);
    assert_eq!(output["connectors"]["sharepoint"]["certificate"]["lifetimeDays"], 1461);
    assert!(output["connectors"]["copilot"]["managementApp"].is_object());
}

#[test]
fn chosen_actions_narrow_every_format() {
    let catalog = Catalog::built_in();
    let only = actions(&["block-message"]);
    let json = catalog_json(catalog, Some(App::Teams), Some(&only)).unwrap();
    let rows = json["connectors"]["teams"]["permissions"].as_array().unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["value"], "Chat.UpdatePolicyViolation.All");
    // Without an application, those that have the action are shown.
    for (name, apps) in [("block-message", 1), ("remove-sharing", 3), ("scanning", 7)] {
        let json = catalog_json(catalog, None, Some(&actions(&[name]))).unwrap();
        assert_eq!(json["connectors"].as_object().unwrap().len(), apps, "{name}");
    }
    let text = catalog_text(catalog, Some(App::Teams), Some(&only), 100).unwrap();
    assert!(text.contains("teams (Teams): 1 permission\n"), "{text}");
    let markdown = catalog_markdown(catalog, Some(App::Teams), Some(&only)).unwrap();
    assert!(!markdown.contains("`scanning`"), "{markdown}");
}

#[test]
fn an_unknown_action_is_refused_with_the_nearest_one() {
    let catalog = Catalog::built_in();
    let wrong = actions(&["block-mesage"]);
    for app in [Some(App::Teams), None] {
        let error = catalog_json(catalog, app, Some(&wrong)).unwrap_err();
        assert_eq!(error.did_you_mean.as_deref(), Some("block-message"));
    }
    // Known elsewhere is still unknown here.
    let error = catalog_text(catalog, Some(App::Copilot), Some(&actions(&["remove-file"])), 80)
        .unwrap_err();
    assert_eq!(error.to_string(), "`remove-file` is no action of copilot; known are: scanning");
}

#[test]
fn text_keeps_to_its_width_and_puts_the_worst_first() {
    let catalog = Catalog::built_in();
    for width in [80, 120] {
        let text = catalog_text(catalog, None, None, width).unwrap();
        let wide = text.lines().find(|line| line.chars().count() > usize::from(width));
        assert_eq!(wide, None, "{text}");
    }
    let text = catalog_text(catalog, Some(App::Onedrive), None, 120).unwrap();
    let place = |value: &str| text.find(value).unwrap();
    assert!(place("Sites.Manage.All") < place("People.Read.All"), "{text}");
}
