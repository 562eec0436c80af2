//! The only way from a foreign string to output.

/// At most this many characters of a foreign name or value are shown.
const LONGEST: usize = 120;

/// At most this many characters of a sentence that holds foreign text are shown.
const LONGEST_SENTENCE: usize = 600;

/// A foreign name or value on one line: control, direction-changing and zero-width characters
/// escaped, at most 120 characters.
pub fn printable(text: &str) -> String {
    within(text, LONGEST)
}

/// A message with foreign text in it, made harmless like a name but allowed to be longer.
pub fn printable_sentence(text: &str) -> String {
    within(text, LONGEST_SENTENCE)
}

/// A value that is only useful whole, a link or an exact text, made harmless like a name.
pub(crate) fn printable_whole(text: &str) -> String {
    within(text, usize::MAX - 8)
}

fn within(text: &str, longest: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(longest + 8));
    for (count, character) in text.chars().enumerate() {
        if count == longest {
            shown.push('…');
            break;
        }
        if is_harmless(character) {
            shown.push(character);
        } else {
            shown.extend(character.escape_unicode());
        }
    }
    shown
}

/// Whether a character moves no cursor, hides nothing and turns no direction.
pub(crate) fn is_harmless(character: char) -> bool {
    let invisible = matches!(character,
        '\u{00ad}'
        | '\u{034f}'
        | '\u{061c}'
        | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202f}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}');
    !character.is_control() && !invisible
}

/// Our own sentence in Markdown outside of a code span: harmless even where a plan file was edited.
pub(super) fn plain(text: &str) -> String {
    let mut shown = String::new();
    for character in printable_sentence(text).chars() {
        if matches!(character, '<' | '[' | '`' | '\\') {
            shown.push('\\');
        }
        shown.push(character);
    }
    shown
}

/// A foreign string inside a Markdown code span; nothing in it can end the span.
pub(super) fn code_span(text: &str) -> String {
    fenced(&printable(text))
}

/// The same for a message.
pub(super) fn sentence_span(text: &str) -> String {
    fenced(&printable_sentence(text))
}

fn fenced(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad =
        if text.starts_with('`') || text.ends_with('`') || text.is_empty() { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hostile_strings_print_harmlessly() {
        let rows = [
            ("plain", "plain"),
            ("Zscaler é 漢字", "Zscaler é 漢字"),
            ("a\u{1b}[31mred", "a\\u{1b}[31mred"),
            ("line\r\nbreak", "line\\u{d}\\u{a}break"),
            ("\u{202e}gnp.exe", "\\u{202e}gnp.exe"),
            ("zero\u{200b}width", "zero\\u{200b}width"),
            ("\u{2066}iso\u{2069}", "\\u{2066}iso\\u{2069}"),
        ];
        for (input, expected) in rows {
            assert_eq!(printable(input), expected);
        }
        assert_eq!(printable(&"x".repeat(500)).chars().count(), LONGEST + 1);
    }

    proptest! {
        #[test]
        fn no_string_breaks_a_line_or_a_code_span(text in "\\PC*|.*") {
            let shown = printable(&text);
            prop_assert!(!shown.chars().any(char::is_control));
            let span = code_span(&text);
            let fence = span.chars().take_while(|c| *c == '`').count();
            let inner = &span[fence..span.len() - fence];
            prop_assert!(!inner.contains(&"`".repeat(fence)));
        }
    }
}
