//! The closed shapes of request bodies, made from Microsoft's metadata.

use std::collections::BTreeMap;
use std::sync::{Mutex, OnceLock, PoisonError};

use jsonschema::Validator;
use serde_json::{Value, json};

use super::failure::Failure;

fn file() -> &'static Value {
    static FILE: OnceLock<Value> = OnceLock::new();
    FILE.get_or_init(|| {
        serde_json::from_str(include_str!("../../data/graph-v1.0.requests.json")).expect("the built-in data file is JSON")
    })
}

/// Whether a type has a property.
pub(crate) fn has_property(kind: &str, property: &str) -> bool {
    file()["propertyNames"][kind].as_array().is_none_or(|names| names.iter().any(|name| name == property))
}

/// Checks a body against `request.{name}`. Annotations (`@odata.type`) are taken out before, at every level.
pub(crate) fn check(name: &str, body: &Value) -> Result<(), Failure> {
    static VALIDATORS: OnceLock<Mutex<BTreeMap<String, &'static Validator>>> = OnceLock::new();
    let mut made = VALIDATORS.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let validator = *made.entry(name.to_owned()).or_insert_with(|| Box::leak(Box::new(build(name))));
    drop(made);
    let Some(error) = validator.iter_errors(body).next() else {
        return Ok(());
    };
    let pointer = error.instance_path().to_string();
    let place = pointer.trim_start_matches('/').replace('/', ".");
    let text = error.to_string();
    // Unverified texts: OData's own "Invalid property" and its complaint about values, with what the schema found.
    let unknown = text.split('\'').nth(1).filter(|_| text.contains("Additional properties"));
    Err(match unknown {
        Some(property) => Failure::contract(format!("Invalid property '{property}'.")),
        None if pointer.is_empty() => Failure::contract(format!("One or more properties contains invalid values. {text}")),
        None => Failure::contract(format!("Invalid value specified for property '{place}'. {text}")),
    })
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
            object.retain(|name, _| !name.contains("@odata.") || name.ends_with("@odata.bind") || name == "@odata.id");
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
