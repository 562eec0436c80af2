//! How each kind of object is seen, and how it is changed. Deciding is `zrec_plan::kind`.

pub mod application;
pub mod certificate;
pub mod client_secret;
pub mod consent;
pub mod resource_principal;
pub mod service_principal;

use serde_json::Value;
use zrec_plan::Guid;
use zrec_plan::observed::{Refusal, Seen};

use crate::cloud::answer::Answer;
use crate::cloud::failure::{Failure, FailureKind};

/// The permission that reading a part needs, named where it is refused.
#[derive(Clone, Copy, Debug)]
pub struct Needs(pub &'static str);

/// Turns an answer into what was seen: 404 is absence, every other failure is not.
pub fn seen<T>(
    answer: &Result<Answer, Failure>,
    what: &str,
    needs: Needs,
    decode: impl FnOnce(&Answer) -> Option<T>,
) -> Seen<T> {
    match answer {
        Ok(answer) => decode(answer).map_or_else(
            || unreadable(what, "the answer lacks what Graph's metadata promises", None),
            Seen::Present,
        ),
        Err(failure) if failure.kind == FailureKind::NotFound => Seen::Absent,
        Err(failure) => {
            let rights = matches!(failure.kind, FailureKind::Forbidden | FailureKind::Unauthorized);
            unreadable(what, &failure.to_string(), rights.then_some(needs.0))
        }
    }
}

fn unreadable<T>(what: &str, reason: &str, needs: Option<&str>) -> Seen<T> {
    Seen::Unreadable(Refusal {
        what: what.to_owned(),
        reason: reason.to_owned(),
        missing_permission: needs.map(str::to_owned),
    })
}

/// A GUID field.
fn guid(value: &Value, field: &str) -> Option<Guid> {
    value.get(field)?.as_str()?.parse().ok()
}

/// A text field; `null` and absence are both `None`.
fn text(value: &Value, field: &str) -> Option<String> {
    value.get(field)?.as_str().map(str::to_owned)
}

/// A list of texts; absence is the empty list.
fn texts<C: FromIterator<String>>(value: Option<&Value>) -> C {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// The ids of a list answer.
fn ids<C: FromIterator<Guid>>(answer: &Answer) -> Option<C> {
    answer.items().iter().map(|item| guid(item, "id")).collect::<Option<C>>()
}
