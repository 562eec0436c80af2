//! The closed shapes of request bodies, made from Microsoft's metadata.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use jsonschema::error::ValidationErrorKind;
use jsonschema::{ValidationError, Validator};
use serde_json::{Value, json};

use super::failure::Failure;

fn file() -> &'static Value {
    static FILE: OnceLock<Value> = OnceLock::new();
    FILE.get_or_init(|| {
        serde_json::from_str(include_str!("../../data/graph-v1.0.requests.json"))
            .expect("the built-in data file is JSON")
    })
}

/// Whether a type has a property.
pub(crate) fn has_property(kind: &str, property: &str) -> bool {
    file()["propertyNames"][kind]
        .as_array()
        .is_none_or(|names| names.iter().any(|name| name == property))
}

/// Checks a body against `request.{name}`. Annotations (`@odata.type`) are taken out before, at every level.
pub(crate) fn check(name: &str, body: &Value) -> Result<(), Failure> {
    static VALIDATORS: OnceLock<Mutex<BTreeMap<String, &'static Validator>>> = OnceLock::new();
    let mut made =
        VALIDATORS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let validator =
        *made.entry(name.to_owned()).or_insert_with(|| Box::leak(Box::new(build(name))));
    drop(made);
    let Some(error) = validator.iter_errors(body).next() else {
        return Ok(());
    };
    // Unverified texts: "Invalid property" is OData's own; the other is seen in microsoft-graph-docs issue 138.
    let (place, fault) = innermost(&error);
    Err(match fault.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => Failure::contract(format!(
            "Invalid property '{}'.",
            unexpected.first().map_or("", String::as_str)
        )),
        ValidationErrorKind::Required { property } => {
            let property = property.as_str().unwrap_or_default();
            Failure::contract(format!(
                "A value is required for property '{property}' of the resource."
            ))
        }
        _ if place.is_empty() => {
            Failure::contract(format!("One or more properties contains invalid values. {fault}"))
        }
        _ => Failure::contract(format!(
            "Property {place} in payload has a value that does not match schema. {fault}"
        )),
    })
}

/// The fault behind an `anyOf` of a shape and `null`: that of the shape. With its place in the whole body.
fn innermost<'e, 'i>(error: &'e ValidationError<'i>) -> (String, &'e ValidationError<'i>) {
    let mut fault = error;
    while let ValidationErrorKind::AnyOf { context } = fault.kind()
        && let Some(inner) = context.first().and_then(|errors| errors.first())
    {
        fault = inner;
    }
    (fault.instance_path().to_string().trim_start_matches('/').replace('/', "."), fault)
}

fn build(name: &str) -> Validator {
    let mut schema = json!({ "$schema": "https://json-schema.org/draft/2020-12/schema", "$ref": format!("#/$defs/request.{name}") });
    schema["$defs"] = file()["$defs"].clone();
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .expect("the built-in shapes compile; a test compiles each of them")
}

/// A body without OData's annotations, which every entity may carry; `@odata.bind` and `@odata.id` are data and stay.
pub(crate) fn without_annotations(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.retain(|name, _| {
                !name.contains("@odata.") || name.ends_with("@odata.bind") || name == "@odata.id"
            });
            object.values_mut().for_each(without_annotations);
        }
        Value::Array(items) => items.iter_mut().for_each(without_annotations),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_shape_compiles() {
        let names = super::file()["$defs"].as_object().expect("an object of shapes");
        for name in names.keys().filter_map(|name| name.strip_prefix("request.")) {
            super::build(name);
        }
    }
}
