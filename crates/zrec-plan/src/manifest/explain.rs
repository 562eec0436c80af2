//! `--explain-defaults`: every effective value, and where it comes from.

use std::fmt::Write as _;

use crate::manifest::node::{Content, Node};
use crate::manifest::set::Set;
use crate::name::ConnectorId;
use crate::render::printable::{is_harmless, printable};

/// YAML of each effective tenant and connector that `wanted` picks; every value says where it comes from.
pub fn explain_defaults(set: &Set, wanted: &dyn Fn(&ConnectorId) -> bool) -> String {
    let mut out = String::new();
    let paths = &set.paths;
    for (name, tenant) in &set.tenants {
        let connectors: Vec<_> =
            set.connectors.iter().filter(|(id, _)| id.tenant == *name && wanted(id)).collect();
        if connectors.is_empty() {
            continue;
        }
        let _ = writeln!(out, "---\nkind: Tenant\nname: {name}\nspec:");
        write_map(&tenant.effective, 1, paths, &mut out);
        for (id, connector) in connectors {
            let _ = writeln!(
                out,
                "---\nkind: Connector\nname: {}\ntenant: {name}\nspec:",
                id.connector
            );
            write_map(&connector.merged.effective, 1, paths, &mut out);
        }
    }
    out
}

fn write_map(map: &Node, depth: usize, paths: &[String], out: &mut String) {
    let mut entries: Vec<_> = map.entries().iter().collect();
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    for entry in entries {
        let _ = write!(out, "{:1$}{2}:", "", depth * 2, scalar(&entry.key));
        write_value(&entry.node, depth, paths, out);
    }
}

/// Writes what follows a key or a dash.
fn write_value(node: &Node, depth: usize, paths: &[String], out: &mut String) {
    match &node.content {
        Content::Map(entries) if !entries.is_empty() => {
            out.push('\n');
            write_map(node, depth + 1, paths, out);
        }
        Content::List(items) if !items.is_empty() => {
            out.push('\n');
            for item in items {
                let _ = write!(out, "{:1$}-", "", (depth + 1) * 2);
                write_value(item, depth + 1, paths, out);
            }
        }
        content => {
            let value = match content {
                Content::Null => "null".to_owned(),
                Content::Bool(value) => value.to_string(),
                Content::Number(number) => number.to_string(),
                Content::Text(text) => scalar(text),
                Content::List(_) => "[]".to_owned(),
                Content::Map(_) => "{}".to_owned(),
            };
            let _ = writeln!(out, " {value}  # {}", origin(node, paths));
        }
    }
}

fn origin(node: &Node, paths: &[String]) -> String {
    match node.place.source.and_then(|index| paths.get(index as usize)) {
        Some(path) => format!("from {}:{}", printable(path), node.place.line),
        None => "default".to_owned(),
    }
}

/// A string as YAML: plain where that is surely safe, else as a JSON string, which YAML reads too.
fn scalar(text: &str) -> String {
    let plain = text.starts_with(|first: char| first.is_ascii_alphabetic())
        && !text.ends_with(' ')
        && text
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || " ._/-".contains(character))
        && !matches!(
            text.to_ascii_lowercase().as_str(),
            "null" | "true" | "false" | "yes" | "no" | "on" | "off" | "y" | "n"
        );
    if plain {
        return text.to_owned();
    }
    let quoted = serde_json::Value::from(text).to_string();
    quoted.chars().fold(String::new(), |mut out, character| {
        match character {
            hostile if !is_harmless(hostile) => {
                let mut units = [0_u16; 2];
                for unit in hostile.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            other => out.push(other),
        }
        out
    })
}
