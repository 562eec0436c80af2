//! The catalogue as text: the most powerful permissions first.

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::fmt::Write as _;

use comfy_table::{ContentArrangement, Table, presets};

use super::{Row, Section, counted, select};
use crate::catalog::{App, Catalog, UnknownName};
use crate::name::ActionName;

/// The catalogue for a terminal of so many columns.
pub fn catalog_text(
    catalog: &Catalog,
    app: Option<App>,
    actions: Option<&BTreeSet<ActionName>>,
    width: u16,
) -> Result<String, UnknownName> {
    let sections = select(catalog, app, actions)?;
    let mut out = format!("catalogue {}\n", catalog.version());
    for section in &sections {
        out.push('\n');
        write_section(catalog, section, width, &mut out);
    }
    Ok(out)
}

fn write_section(catalog: &Catalog, section: &Section<'_>, width: u16, out: &mut String) {
    let connector = section.connector;
    let permissions = counted(section.rows.len(), "permission");
    // Writing to a String cannot fail, so the results carry nothing.
    let _ = writeln!(out, "{} ({}): {permissions}", connector.app, connector.display_name);
    let _ = writeln!(out, "{}", table(&section.rows, width));
    let mut say = |line: String| wrap(&line, width, out);
    for role in connector.azure_roles.iter().filter_map(|name| catalog.azure_role(name)) {
        let risk = role.risk_note.as_deref().map(|note| format!(". {note}")).unwrap_or_default();
        say(format!("Azure role {} ({}): {}{risk}", role.name, role.id, role.description));
    }
    if connector.needs_certificate {
        let it = catalog.certificate();
        let (kind, bits, hash, days) =
            (&it.key_type, it.key_bits, &it.signature_hash, it.lifetime_days);
        say(format!("certificate: {kind} {bits}, {hash}, {days} days, self-signed"));
    }
    if connector.needs_management_app {
        say(format!("management app: {}", catalog.management_app().note));
    }
    for (value, note) in section.notes() {
        say(format!("note on {value}: {note}"));
    }
}

/// Writes a paragraph, its later lines indented.
fn wrap(text: &str, width: u16, out: &mut String) {
    const INDENT: &str = "  ";
    let mut column = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > usize::from(width) {
            out.push('\n');
            out.push_str(INDENT);
            column = INDENT.len();
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out.push('\n');
}

fn table(rows: &[Row<'_>], width: u16) -> String {
    let mut sorted: Vec<&Row<'_>> = rows.iter().collect();
    // A level that is not published counts between 2 and 3; equal ones keep the guide's order.
    sorted.sort_by_key(|row| Reverse(row.permission.level.map_or(5, |level| 2 * level)));
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width)
        .set_header(["level", "permission: what it allows, and which actions need it"]);
    for row in sorted {
        let it = row.permission;
        let name = format!("{} ({} {})", it.value, it.api, it.key.kind);
        let needed = format!("needed for: {}", row.actions());
        table.add_row([row.level(), format!("{name}\n{}\n{needed}", row.sentence())]);
    }
    let lines: Vec<String> = table.lines().map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n")
}
