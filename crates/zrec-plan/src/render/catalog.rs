//! The catalogue, for people and machines: what each application needs, for which action.

mod json;
mod markdown;
mod text;

use std::collections::BTreeSet;

pub use json::catalog_json;
pub use markdown::catalog_markdown;
pub use text::catalog_text;

use crate::catalog::{App, Catalog, ConnectorKind, Permission, PermissionRow, UnknownName};
use crate::name::ActionName;

/// One row of an application's table, and who asks for it.
struct Row<'a> {
    permission: &'a Permission,
    row: &'a PermissionRow,
    /// Those of the chosen actions that need it.
    actions: Vec<&'a ActionName>,
}

impl Row<'_> {
    fn actions(&self) -> String {
        self.actions.iter().map(|action| action.as_str()).collect::<Vec<_>>().join(", ")
    }

    fn level(&self) -> String {
        self.permission.level.map_or_else(|| "–".to_owned(), |level| level.to_string())
    }

    fn sentence(&self) -> &str {
        self.permission.sentence.as_deref().unwrap_or_default()
    }
}

/// One application with the rows that the chosen actions need, in the guide's order.
struct Section<'a> {
    connector: &'a ConnectorKind,
    rows: Vec<Row<'a>>,
}

impl<'a> Section<'a> {
    /// Traps and doubts about the shown rows, each said once.
    fn notes(&self) -> Vec<(&'a str, &'a str)> {
        let mut notes = Vec::new();
        for row in &self.rows {
            for note in &row.row.notes {
                let note = (row.permission.value.as_str(), note.as_str());
                if !notes.contains(&note) {
                    notes.push(note);
                }
            }
        }
        notes
    }
}

/// The asked-for part of the catalogue. An application that has none of the actions is left out.
fn select<'a>(
    catalog: &'a Catalog,
    app: Option<App>,
    actions: Option<&BTreeSet<ActionName>>,
) -> Result<Vec<Section<'a>>, UnknownName> {
    if let Some(actions) = actions {
        check(catalog, app, actions)?;
    }
    let connectors = catalog.connectors().iter();
    let sections = connectors
        .filter(|connector| app.is_none_or(|app| app == connector.app))
        .map(|connector| Section { connector, rows: rows(catalog, connector, actions) })
        .filter(|section| !section.rows.is_empty());
    Ok(sections.collect())
}

fn check(
    catalog: &Catalog,
    app: Option<App>,
    actions: &BTreeSet<ActionName>,
) -> Result<(), UnknownName> {
    if let Some(app) = app {
        return catalog.check_actions(app, actions);
    }
    let known: BTreeSet<&str> = catalog
        .connectors()
        .iter()
        .flat_map(|connector| connector.actions.keys().map(ActionName::as_str))
        .collect();
    match actions.iter().find(|action| !known.contains(action.as_str())) {
        Some(action) => Err(UnknownName::new("action of any application", action.as_str(), known)),
        None => Ok(()),
    }
}

fn rows<'a>(
    catalog: &'a Catalog,
    connector: &'a ConnectorKind,
    actions: Option<&BTreeSet<ActionName>>,
) -> Vec<Row<'a>> {
    let chosen = |action: &&ActionName| actions.is_none_or(|actions| actions.contains(*action));
    let rows = connector.permissions.iter().filter_map(|row| {
        let permission = catalog.permission(&row.key)?;
        Some(Row { permission, row, actions: row.actions.iter().filter(chosen).collect() })
    });
    rows.filter(|row| !row.actions.is_empty()).collect()
}

/// `1 permission`, `2 permissions`.
fn counted(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
