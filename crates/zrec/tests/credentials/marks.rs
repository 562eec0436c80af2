//! Marks: finds a secret in an output, in whatever form it is written there.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

/// The forms in which a value could be written, each with its name.
fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let bytes = secret.as_bytes();
    let each = |write: fn(&mut String, u8)| {
        bytes.iter().fold(String::new(), |mut out, byte| {
            write(&mut out, *byte);
            out
        })
    };
    let url = |plain: fn(u8) -> bool, space: &str| {
        bytes.iter().fold(String::new(), |mut out, byte| {
            match byte {
                b' ' => out.push_str(space),
                byte if plain(*byte) => out.push(char::from(*byte)),
                byte => write!(out, "%{byte:02X}").unwrap(),
            }
            out
        })
    };
    let json = serde_json::to_string(secret).unwrap();
    let escaped = format!("{secret:?}");
    vec![
        ("plain", secret.to_owned()),
        ("base64", STANDARD.encode(secret)),
        ("base64 without padding", STANDARD_NO_PAD.encode(secret)),
        ("base64url", URL_SAFE.encode(secret)),
        ("base64url without padding", URL_SAFE_NO_PAD.encode(secret)),
        // Inside a longer text base64 starts at any of three phases.
        ("base64, second phase", STANDARD_NO_PAD.encode(&bytes[2..bytes.len() / 3 * 3])),
        ("base64, third phase", STANDARD_NO_PAD.encode(&bytes[1..bytes.len() / 3 * 3 - 2])),
        ("hex", each(|out, byte| write!(out, "{byte:02x}").unwrap())),
        ("HEX", each(|out, byte| write!(out, "{byte:02X}").unwrap())),
        ("URL", url(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte), "%20")),
        ("form", url(|byte| byte.is_ascii_alphanumeric() || b"-._*".contains(&byte), "+")),
        ("JSON", json[1..json.len() - 1].to_owned()),
        ("debug", escaped[1..escaped.len() - 1].to_owned()),
        ("bytes", bytes.iter().map(u8::to_string).collect::<Vec<_>>().join(", ")),
    ]
}

/// Fails where an output holds one of the secrets; lines of a private key count by themselves.
pub(crate) fn silent(outputs: &[(String, Vec<u8>)], secrets: &[String]) {
    let mut marks = Vec::new();
    for secret in secrets {
        assert!(secret.len() >= 16, "a mark that short is found by chance");
        let lines = secret.lines().filter(|line| line.len() > 40 && !line.starts_with("-----"));
        marks.extend(forms(secret));
        marks.extend(lines.flat_map(forms));
    }
    for (name, output) in outputs {
        let text = String::from_utf8_lossy(output);
        for (form, mark) in &marks {
            assert!(!text.contains(mark.as_str()), "{name} holds a secret ({form})");
        }
    }
}

#[test]
fn each_form_is_found() {
    let secret = "a~Secret/with+signs \"and\" more".to_owned();
    for (form, text) in forms(&secret) {
        let outputs = [("output".to_owned(), format!("before {text} after").into_bytes())];
        let found = std::panic::catch_unwind(|| silent(&outputs, std::slice::from_ref(&secret)));
        assert!(found.is_err(), "{form}");
    }
    for prefix in ["", "x", "xx"] {
        let text = STANDARD.encode(format!("{prefix}{secret}"));
        let outputs = [("output".to_owned(), text.into_bytes())];
        let found = std::panic::catch_unwind(|| silent(&outputs, std::slice::from_ref(&secret)));
        assert!(found.is_err(), "base64 behind {} bytes", prefix.len());
    }
    silent(&[("output".to_owned(), b"nothing of it".to_vec())], &[secret]);
}
