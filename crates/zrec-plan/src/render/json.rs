//! The plan as JSON, with a version of its own.

use serde_json::{Value, json};

use super::printable::is_harmless;
use crate::plan::Plan;
use crate::plan_file::{PlanFile, SavedPlan};
use crate::step::Class;

/// Raised when a reader of an older version would misread the document.
const SCHEMA_VERSION: u32 = 1;

/// The plan as JSON. It holds no secret and no token.
pub fn json(plan: &Plan) -> Value {
    let mut document = json!(plan);
    document["schemaVersion"] = json!(SCHEMA_VERSION);
    document["emulated"] = json!(plan.is_emulated());
    document["counts"] = counts(&SavedPlan::from(plan));
    document
}

/// A saved plan as JSON, with its age in seconds.
pub fn saved_json(file: &PlanFile, age_seconds: i64) -> Value {
    let mut document = json!(file);
    document["ageSeconds"] = json!(age_seconds);
    document["emulated"] = json!(file.plan.is_emulated());
    document["counts"] = counts(&file.plan);
    document
}

/// JSON as text: what could move a cursor or turn a direction is escaped, which JSON allows
/// anywhere in a string, so that the document means the same and prints harmlessly.
pub fn json_text(value: &Value) -> String {
    let mut text = String::new();
    for character in format!("{value:#}").chars() {
        if character == '\n' || is_harmless(character) {
            text.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text.push('\n');
    text
}

fn counts(plan: &SavedPlan) -> Value {
    let of = |class| plan.steps.iter().filter(|step| step.class == class).count();
    json!({
        "steps": plan.steps.len(),
        "repair": of(Class::Repair),
        "maintenance": of(Class::Maintenance),
        "change": of(Class::Change),
        "widening": of(Class::Widening),
        "destructive": of(Class::Destructive),
        "handOffs": plan.hand_offs.len(),
        "findings": plan.findings.len(),
        "inSync": plan.in_sync.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_stays_the_same_document() {
        let value = json!({ "name": "\u{202e}a\u{1b}[31m\n\u{e0001}é" });
        let text = json_text(&value);
        assert!(text.is_ascii() || text.contains('é'));
        assert!(!text.contains('\u{202e}') && !text.contains('\u{1b}'));
        assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
    }
}
