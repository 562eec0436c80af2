//! The JSON Schema as judge: which documents have the right shape, and what to say where not.

use std::sync::LazyLock;

use jsonschema::error::ValidationErrorKind;
use jsonschema::paths::LocationSegment;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

use crate::manifest::diagnostic::Log;
use crate::manifest::node::{Content, Node};
use crate::manifest::source::Place;
use crate::manifest::suggest::quote;
use crate::manifest::{rule, shape};

/// The manifest schema, as published.
pub const MANIFEST_SCHEMA: &str = include_str!("../../../../schemas/manifest.schema.json");

static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(MANIFEST_SCHEMA).unwrap_or_default());

static VALIDATOR: LazyLock<Option<Validator>> = LazyLock::new(|| {
    jsonschema::options().with_pattern_options(PatternOptions::regex()).build(&SCHEMA).ok()
});

/// Judges one document; says whether it has the right shape.
pub(crate) fn judge(document: &Node, log: &mut Log<'_>) -> bool {
    const SHOWN: usize = 50;
    let Some(validator) = VALIDATOR.as_ref() else {
        log.error(rule::SYNTAX, document.place, "the embedded schema does not compile");
        return false;
    };
    let value = document.to_value();
    let mut right = true;
    for error in validator.iter_errors(&value).take(SHOWN) {
        right = false;
        report(&error, document, log);
    }
    right
}

/// A part of a document, and where to point for it.
pub(super) struct Target<'a> {
    pub(super) node: &'a Node,
    pub(super) place: Place,
    /// The last key on the way, for messages.
    pub(super) key: String,
}

impl<'a> Target<'a> {
    fn find(error: &ValidationError<'_>, document: &'a Node) -> Self {
        let mut target = Self { node: document, place: head(document), key: String::new() };
        for segment in error.instance_path().iter() {
            match segment {
                LocationSegment::Property(name) => {
                    let Some(entry) = target.node.entry(&name) else {
                        break;
                    };
                    target.node = &entry.node;
                    target.key.clone_from(&entry.key);
                    target.place = match entry.node.content {
                        Content::Map(_) | Content::List(_) | Content::Null => entry.key_place,
                        _ => entry.node.place,
                    };
                }
                LocationSegment::Index(index) => {
                    let Some(item) = target.node.items().get(index) else {
                        break;
                    };
                    target.node = item;
                    target.place = head(item);
                }
            }
        }
        target
    }

    /// The place of one of its keys, or its own.
    pub(super) fn key_place(&self, key: &str) -> Place {
        self.node.entry(key).map_or(self.place, |entry| entry.key_place)
    }
}

/// Where to point for a value that has no key: its first key, or itself.
fn head(node: &Node) -> Place {
    match node.entries() {
        [] => node.place,
        [first, ..] => node.entry("kind").map_or(first.key_place, |entry| entry.node.place),
    }
}

fn report(error: &ValidationError<'_>, document: &Node, log: &mut Log<'_>) {
    let target = Target::find(error, document);
    let before = log.found.len();
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            shape::unknown_keys(error, &target, unexpected, log);
        }
        ValidationErrorKind::Required { property } => shape::missing(&target, property, log),
        ValidationErrorKind::Type { kind } => shape::wrong_type(&target, kind, log),
        ValidationErrorKind::Enum { options } => {
            let options: Vec<&str> =
                options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            shape::not_allowed(&target, &options, log);
        }
        ValidationErrorKind::Constant { expected_value } => {
            shape::not_allowed(&target, &[expected_value.as_str().unwrap_or_default()], log);
        }
        ValidationErrorKind::Pattern { .. } => shape::wrong_form(&definition(error), &target, log),
        ValidationErrorKind::PropertyNames { error: inner } => {
            let key = inner.instance().as_str().unwrap_or_default().to_owned();
            let place = target.key_place(&key);
            let (code, wanted) = shape::form(&definition(inner));
            log.error(code, place, format!("the key {} is not {wanted}", quote(&key)));
        }
        other => shape::numbers_and_sizes(other, error, &target, log),
    }
    if let Some(via) = target.node.via {
        let used = log.related(via, "used here, through an alias");
        for diagnostic in &mut log.found[before..] {
            diagnostic.also(used.clone());
        }
    }
}

/// The name of the definition that an error comes from, and its keyword: `guid/pattern`.
pub(super) fn definition(error: &ValidationError<'_>) -> String {
    let path = error.schema_path().as_str();
    path.strip_prefix("/$defs/").unwrap_or(path).to_owned()
}

/// The keys that the map which an error is about may have.
pub(super) fn known_keys(error: &ValidationError<'_>) -> Vec<&'static str> {
    let path = error.schema_path().as_str();
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let properties = SCHEMA.pointer(parent).and_then(|schema| schema.get("properties"));
    let properties = properties.and_then(Value::as_object).into_iter().flatten();
    properties.map(|(key, _)| key.as_str()).collect()
}
