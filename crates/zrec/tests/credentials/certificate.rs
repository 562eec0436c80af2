//! What a certificate must be, by our own parser and by openssl.

use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::KeyPair;
use time::{Duration, OffsetDateTime};
use zrec::certificate::{Made, make, pem, sharepoint_json};
use zrec::secret::Secret;

use x509_parser::prelude::{FromDer as _, X509Certificate};

const NOW: OffsetDateTime = time::macros::datetime!(2026-12-01 10:20:30.5 UTC);

fn made() -> Made {
    let key_id = "ffffffff-0f0e-4c0b-9a55-2f1d8f0e7b11".parse().unwrap();
    make("zrec.acme.sharepoint", key_id, 1461, NOW).unwrap()
}

#[test]
fn the_certificate_is_what_microsoft_and_the_guide_ask_for() {
    let made = made();
    let der = STANDARD.decode(&made.facts.der).unwrap();
    let (rest, certificate) = X509Certificate::from_der(&der).unwrap();
    assert!(rest.is_empty());
    assert_eq!(certificate.subject().to_string(), "CN=zrec.acme.sharepoint, O=zrec");
    assert_eq!(certificate.issuer(), certificate.subject());
    assert_eq!(certificate.signature_algorithm.algorithm.to_id_string(), "1.2.840.113549.1.1.11");
    assert_eq!(certificate.public_key().parsed().unwrap().key_size(), 2048);
    certificate.verify_signature(None).unwrap();
    assert!(certificate.raw_serial()[0] < 0x80 && certificate.raw_serial()[0] > 0);
    let usage = certificate.key_usage().unwrap().unwrap().value;
    assert_eq!(usage.flags, 1, "digitalSignature and nothing else");
    assert!(!certificate.is_ca());
    let validity = certificate.validity();
    assert_eq!(validity.not_before.timestamp(), made.facts.start.unix_timestamp());
    assert_eq!(validity.not_after.timestamp(), made.facts.end.unix_timestamp());
    assert_eq!(made.facts.end - made.facts.start, Duration::days(1461));
    assert_eq!(made.facts.start, time::macros::datetime!(2026-12-01 10:15:30 UTC));
    assert_eq!(made.facts.sha256.len(), 64);
}

#[test]
fn the_json_is_the_guides_byte_for_byte() {
    let made = made();
    let json = sharepoint_json(&made.facts, &made.private_key).unwrap();
    let text = json.expose();
    assert_eq!(text.lines().count(), 1);
    assert!(text.starts_with(r#"{"private_key":"-----BEGIN PRIVATE KEY-----\n"#));
    assert!(text.contains(
        r#"\n-----END PRIVATE KEY-----\n","public_cert":"-----BEGIN CERTIFICATE-----\n"#
    ));
    assert!(text.ends_with(r#"\n-----END CERTIFICATE-----\n"}"#));
    let value: serde_json::Value = serde_json::from_str(text).unwrap();
    for field in ["private_key", "public_cert"] {
        let pem = value[field].as_str().unwrap();
        let lines: Vec<_> = pem.lines().collect();
        let inner = &lines[1..lines.len() - 1];
        assert!(inner[..inner.len() - 1].iter().all(|line| line.len() == 64), "{field}");
        assert!((1..=64).contains(&inner[inner.len() - 1].len()), "{field}");
    }
    let key = KeyPair::from_pem(made.private_key.expose()).unwrap();
    let der = STANDARD.decode(&made.facts.der).unwrap();
    let (_, certificate) = X509Certificate::from_der(&der).unwrap();
    let spki = rcgen::PublicKeyData::subject_public_key_info(&key);
    assert_eq!(certificate.public_key().raw, spki, "the pair belongs together");
}

/// Runs openssl on a text; none where the machine has none.
fn openssl(arguments: &[&str], input: &str) -> Option<String> {
    let child = Command::new("openssl")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut child) = child else {
        eprintln!("openssl is not there: its half of the test did not run");
        return None;
    };
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn openssl_writes_the_same_pair_in_the_same_bytes() {
    let made = made();
    let certificate = pem(&made.facts.der);
    if let Some(out) = openssl(&["x509"], &certificate) {
        assert_eq!(out, certificate);
    }
    // What the guide's `openssl pkcs12 -nodes` writes between the lines that name the key.
    if let Some(out) = openssl(&["pkcs8", "-topk8", "-nocrypt"], made.private_key.expose()) {
        assert_eq!(out, made.private_key.expose());
        eprintln!("openssl ran");
    }
}

#[test]
fn openssl_agrees_about_the_fields_and_the_signature() {
    let made = made();
    let certificate = pem(&made.facts.der);
    if let Some(out) = openssl(&["x509", "-noout", "-text"], &certificate) {
        for fact in [
            "sha256WithRSAEncryption",
            "Public-Key: (2048 bit)",
            "Not Before: Dec  1 10:15:30 2026 GMT",
            "Not After : Dec  1 10:15:30 2030 GMT",
            "Digital Signature",
            "CA:FALSE",
        ] {
            assert!(out.contains(fact), "{fact}: {out}");
        }
    }
    if let Some(out) = openssl(&["pkey", "-check", "-noout"], made.private_key.expose()) {
        assert!(out.contains("valid"), "{out}");
    }
}

/// The guide's own key and certificate, made by keytool, come out as the guide formats them.
#[test]
fn the_guides_own_pair_gives_the_guides_json() {
    let key = include_str!("keys/guide-key.pem");
    let certificate = include_str!("keys/guide-certificate.pem");
    let der: String = certificate.lines().filter(|line| !line.starts_with("-----")).collect();
    assert_eq!(pem(&der), certificate);
    let mut made = made();
    made.facts.der = der;
    let json = sharepoint_json(&made.facts, &Secret::new(key.to_owned())).unwrap();
    assert_eq!(json.expose(), include_str!("keys/guide.json"));
}

/// What is committed beside the PFX is what openssl takes out of it.
#[test]
fn openssl_takes_the_same_out_of_the_pfx() {
    let pfx = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/credentials/keys/guide.pfx");
    let take = |only: &[&str]| {
        let output = Command::new("openssl")
            .args(["pkcs12", "-in", pfx, "-passin", "pass:changeit"])
            .args(only)
            .output();
        output.ok().map(|output| String::from_utf8(output.stdout).unwrap())
    };
    let (Some(key), Some(certificate)) = (take(&["-nocerts", "-nodes"]), take(&["-nokeys"])) else {
        println!("openssl is not here; the committed PEM files stand for it");
        return;
    };
    assert!(key.ends_with(include_str!("keys/guide-key.pem")), "{}", key.len());
    assert!(certificate.ends_with(include_str!("keys/guide-certificate.pem")));
}
