//! Foreign text made harmless for a line of output.
//!
//! A small copy until `zrec_plan::render::printable` is there; then this file goes.

/// The longest foreign text in one error.
const LONGEST: usize = 300;

/// Escapes control, bidirectional and zero-width characters, and cuts at 300 characters.
pub(super) fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(LONGEST + 8));
    for (position, character) in text.chars().enumerate() {
        if position == LONGEST {
            out.push('…');
            break;
        }
        if is_harmful(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_is_escaped_and_cut() {
        let rows = [
            ("plain – text", "plain – text".to_owned()),
            ("a\u{1b}[31mb", "a\\u{1b}[31mb".to_owned()),
            ("line\nline\r", "line\\u{a}line\\u{d}".to_owned()),
            ("abc\u{202e}cba", "abc\\u{202e}cba".to_owned()),
            ("zero\u{200b}width", "zero\\u{200b}width".to_owned()),
        ];
        for (text, expected) in rows {
            assert_eq!(printable(text), expected);
        }
        assert_eq!(printable(&"x".repeat(5000)).chars().count(), LONGEST + 1);
    }
}
