//! The plan as JSON, with a version of its own.

use serde_json::{Value, json};

use crate::plan::Plan;
use crate::step::Class;

/// Raised when a reader of an older version would misread the document.
const SCHEMA_VERSION: u32 = 1;

/// The plan as JSON. It holds no secret and no token.
pub fn json(plan: &Plan) -> Value {
    let mut document = json!(plan);
    document["schemaVersion"] = json!(SCHEMA_VERSION);
    document["emulated"] = json!(plan.is_emulated());
    document["counts"] = counts(plan);
    document
}

fn counts(plan: &Plan) -> Value {
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
