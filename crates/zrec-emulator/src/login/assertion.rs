//! Client assertions: JWTs signed with the private key of a registered certificate.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::client::Client;
use super::jwt;
use super::refusal::Refusal;
use crate::cloud::world::World;
use crate::wire::Incoming;

/// The certificates of a PEM text, as DER.
pub(crate) fn certificates(pem: &str) -> Vec<Vec<u8>> {
    x509_parser::pem::Pem::iter_from_buffer(pem.as_bytes())
        .filter_map(Result::ok)
        .filter(|block| block.label == "CERTIFICATE")
        .map(|block| block.contents)
        .collect()
}

/// Verifies an assertion against the client's certificates.
pub(crate) fn verify(
    _world: &World,
    incoming: &Incoming,
    tenant: &str,
    client: &Client,
    text: &str,
    now: OffsetDateTime,
) -> Result<(), Refusal> {
    // Unverified: which of the AADSTS numbers Entra picks for each fault of an assertion beyond 700027.
    let bad = |number, text: String| Refusal::new(401, "invalid_client", number, text);
    let token = jwt::parse(text)
        .ok_or_else(|| bad(50_027, "JWT token is invalid or malformed.".to_owned()).violating())?;
    let named = registered(&token.header, &client.certificates).ok_or_else(|| bad(700_027, format!(
        "The certificate with identifier used to sign the client assertion is not registered on application. [Reason - The key was \
         not found., Please visit the Azure Portal, Graph Explorer or directly use MS Graph to see configured keys for app Id \
         '{}'].", client.app_id)))?;
    let key = X509Certificate::from_der(named)
        .ok()
        .map(|(_, c)| c.public_key().subject_public_key.data.to_vec());
    if !key.is_some_and(|key| token.is_signed_by(&key)) {
        return Err(bad(700_027, "Client assertion failed signature validation. [Reason - The key used to sign is invalid.]".to_owned()));
    }
    let (at, skew) = (now.unix_timestamp(), 300);
    let expires = token.seconds("exp").unwrap_or(0);
    if expires + skew < at || token.seconds("nbf").is_some_and(|nbf| nbf - skew > at) {
        return Err(bad(
            700_024,
            "Client assertion is not within its valid time range.".to_owned(),
        ));
    }
    let is = |claim: &str| {
        token.claims[claim].as_str().is_some_and(|v| v.eq_ignore_ascii_case(&client.app_id))
    };
    if !is("iss") || !is("sub") {
        return Err(bad(
            700_021,
            "Client assertion application identifier doesn't match 'client_id' parameter."
                .to_owned(),
        ));
    }
    let audience = token.claims["aud"].as_str().unwrap_or_default();
    if !fits(audience, incoming, tenant) {
        return Err(bad(
            700_023,
            format!(
                "Client assertion audience claim does not match Realm issuer. Audience: {audience}"
            ),
        ));
    }
    Ok(())
}

/// The token endpoint or the issuer, at the address that the caller used or at one of Microsoft's.
fn fits(audience: &str, incoming: &Incoming, tenant: &str) -> bool {
    let Some((host, path)) =
        audience.strip_prefix("https://").and_then(|rest| rest.split_once('/'))
    else {
        return false;
    };
    let microsoft = [
        "login.microsoftonline.com",
        "login.microsoftonline.us",
        "login.chinacloudapi.cn",
        "login.windows.net",
    ];
    let Some((named, rest)) = path.split_once('/') else {
        return false;
    };
    (host == incoming.host() || microsoft.contains(&host))
        && (named.eq_ignore_ascii_case(tenant) || incoming.path.split('/').nth(1) == Some(named))
        && matches!(rest.trim_end_matches('/'), "oauth2/v2.0/token" | "oauth2/token" | "v2.0")
}

/// The registered certificate that the header names by `x5t`, `x5t#S256`, `kid` or `x5c`.
fn registered<'c>(header: &serde_json::Value, certificates: &'c [Vec<u8>]) -> Option<&'c Vec<u8>> {
    let decode = |text: &str| {
        URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).or_else(|_| STANDARD.decode(text)).ok()
    };
    let of = |name: &str| header[name].as_str().and_then(decode);
    let whole = header["x5c"]
        .as_array()
        .and_then(|chain| chain.first()?.as_str())
        .and_then(|c| STANDARD.decode(c).ok());
    let (sha1, sha256, kid) = (of("x5t"), of("x5t#S256"), header["kid"].as_str());
    certificates.iter().find(|der| {
        let one = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, der);
        let two = digest::digest(&digest::SHA256, der);
        let hex = one.as_ref().iter().map(|b| format!("{b:02X}")).collect::<String>();
        match (&sha1, &sha256, kid, &whole) {
            (Some(x5t), ..) => x5t == one.as_ref(),
            (None, Some(x5t), ..) => x5t == two.as_ref(),
            (None, None, _, Some(whole)) => whole == *der,
            (None, None, Some(kid), None) => kid.eq_ignore_ascii_case(&hex),
            (None, None, None, None) => false,
        }
    })
}
