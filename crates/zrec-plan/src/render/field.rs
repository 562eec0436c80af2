//! A field before and after, as the lines that differ.

use serde_json::Value;
use similar::{ChangeTag, TextDiff};

use super::printable;
use crate::plan_file::SavedChange;

/// One line for a plain value; for a list, a line for each element that comes or goes.
pub(super) fn lines(change: &SavedChange) -> Vec<String> {
    let plain = |value: &Value| !value.is_array() && !value.is_object();
    if plain(&change.before) && plain(&change.after) {
        let shown = |value: &Value| printable(&value.to_string());
        return vec![format!(
            "{}: {} -> {}",
            printable(&change.field),
            shown(&change.before),
            shown(&change.after)
        )];
    }
    let (before, after) = (elements(&change.before), elements(&change.after));
    let (before, after): (Vec<_>, Vec<_>) =
        (before.iter().map(String::as_str).collect(), after.iter().map(String::as_str).collect());
    TextDiff::from_slices(&before, &after)
        .iter_all_changes()
        .filter_map(|line| {
            let sign = match line.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => return None,
            };
            Some(format!("{}: {sign} {}", printable(&change.field), line.value()))
        })
        .collect()
}

fn elements(value: &Value) -> Vec<String> {
    match value {
        Value::Array(elements) => {
            elements.iter().map(|element| printable(&element.to_string())).collect()
        }
        Value::Null => Vec::new(),
        other => vec![printable(&other.to_string())],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_differs_is_shown() {
        let rows = [
            (json!("a"), json!("b\n"), vec![r#"f: "a" -> "b\n""#]),
            (json!(null), json!("b"), vec![r#"f: null -> "b""#]),
            (json!(["a", "b"]), json!(["a", "c"]), vec![r#"f: - "b""#, r#"f: + "c""#]),
            (json!(["a"]), json!(["a"]), vec![]),
        ];
        for (before, after, expected) in rows {
            assert_eq!(lines(&SavedChange { field: "f".to_owned(), before, after }), expected);
        }
    }
}
