//! Certificates: RSA 2048, SHA-256, self-signed, and the JSON that Zscaler takes for SharePoint.
//!
//! The guide makes them with `keytool -genkey -keyalg RSA -keysize 2048 -validity 1461`, which asks
//! for any subject; ours names the application. Only `digitalSignature` is allowed: the key signs
//! client assertions and does nothing else.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256,
    RsaKeySize, SerialNumber,
};
use serde::Serialize;
use time::{Duration, OffsetDateTime};
use zeroize::Zeroizing;
use zrec_plan::Guid;
use zrec_plan::record::CertificateFacts;

use crate::secret::Secret;

/// The certificate is valid from a little before it was made: Microsoft's hosts do not agree on the
/// second, and a client assertion must not come from the future. The end moves with the start, so
/// that the life is exactly what the manifest says.
const BACKDATED: Duration = Duration::minutes(5);

/// The longest common name of X.520.
const LONGEST_NAME: usize = 64;

/// A certificate and its private key.
#[derive(Debug)]
pub struct Made {
    /// What may be known.
    pub facts: CertificateFacts,
    /// The private key: PKCS#8, PEM.
    pub private_key: Secret,
}

/// The certificate could not be made.
#[derive(Debug, thiserror::Error)]
#[error("cannot make a certificate: {0}")]
pub struct NotMade(String);

/// Makes a key and a certificate for an application. `key_id` is what Microsoft shall call it.
pub fn make(
    unique_name: &str,
    key_id: Guid,
    lifetime_days: u16,
    now: OffsetDateTime,
) -> Result<Made, NotMade> {
    let failed = |error: rcgen::Error| NotMade(error.to_string());
    // X.509 knows no parts of seconds; Microsoft compares with what the certificate says.
    let start = (now - BACKDATED).replace_nanosecond(0).map_err(|e| NotMade(e.to_string()))?;
    let end = start + Duration::days(i64::from(lifetime_days));
    let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).map_err(failed)?;
    let mut params = CertificateParams::default();
    (params.not_before, params.not_after) = (start, end);
    params.serial_number = Some(SerialNumber::from(serial(key_id).to_vec()));
    params.distinguished_name = subject(unique_name);
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let certificate = params.self_signed(&key).map_err(failed)?;
    let der = certificate.der();
    let sha256 = digest(&SHA256, der).as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Made {
        facts: CertificateFacts { key_id, sha256, der: STANDARD.encode(der), start, end },
        private_key: Secret::new(unix_lines(key.serialize_pem())),
    })
}

fn subject(unique_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    let common: String = unique_name.chars().take(LONGEST_NAME).collect();
    name.push(DnType::CommonName, common);
    name.push(DnType::OrganizationName, "zrec");
    name
}

/// The key id's random bits as a serial number: positive, and never zero.
fn serial(key_id: Guid) -> [u8; 16] {
    let digits: String = key_id.to_string().chars().filter(char::is_ascii_hexdigit).collect();
    let bits = u128::from_str_radix(&digits, 16).unwrap_or(1);
    (bits & (u128::MAX >> 1) | (1 << 126)).to_be_bytes()
}

/// The pem library writes the line ends of its system; the guide's JSON has `\n`.
fn unix_lines(pem: String) -> String {
    if pem.contains('\r') { pem.replace('\r', "") } else { pem }
}

/// A DER certificate (base64) as PEM: lines of 64, a line end after the last.
pub fn pem(der: &str) -> String {
    let mut out = String::from("-----BEGIN CERTIFICATE-----\n");
    for (place, letter) in der.chars().enumerate() {
        if place > 0 && place % 64 == 0 {
            out.push('\n');
        }
        out.push(letter);
    }
    out.push_str("\n-----END CERTIFICATE-----\n");
    out
}

#[derive(Serialize)]
struct SharePoint<'a> {
    private_key: &'a str,
    public_cert: &'a str,
}

/// The JSON that Zscaler takes: one line, each line end of the PEM texts written as `\n`, the last
/// one too, as in the guide's example.
pub fn sharepoint_json(facts: &CertificateFacts, private_key: &Secret) -> Result<Secret, NotMade> {
    let public_cert = pem(&facts.der);
    let json = SharePoint { private_key: private_key.expose(), public_cert: &public_cert };
    let mut text = Zeroizing::new(Vec::with_capacity(16 * 1024));
    serde_json::to_writer(&mut *text, &json).map_err(|error| NotMade(error.to_string()))?;
    let text = std::str::from_utf8(&text).map_err(|error| NotMade(error.to_string()))?;
    Ok(Secret::new(text.to_owned()))
}
