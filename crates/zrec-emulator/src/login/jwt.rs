//! JSON Web Tokens: taken apart, signed, verified.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{self, KeyPair as _, UnparsedPublicKey, VerificationAlgorithm};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::keys;
use crate::cloud::world::World;

/// A token taken apart; nothing of it is believed yet.
#[derive(Debug)]
pub(crate) struct Jwt<'t> {
    pub(crate) header: Value,
    pub(crate) claims: Value,
    signed: &'t str,
    signature: Vec<u8>,
}

/// Takes a token apart.
pub(crate) fn parse(token: &str) -> Option<Jwt<'_>> {
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let part = |text: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()?;
        serde_json::from_slice::<Value>(&bytes).ok().filter(Value::is_object)
    };
    Some(Jwt {
        header: part(header)?,
        claims: part(claims)?,
        signed,
        signature: URL_SAFE_NO_PAD.decode(signature.trim_end_matches('=')).ok()?,
    })
}

impl Jwt<'_> {
    /// Whether the signature is that of an RSA public key (PKCS#1 DER), by the algorithm that the header names.
    pub(crate) fn is_signed_by(&self, key: &[u8]) -> bool {
        let algorithm: &'static dyn VerificationAlgorithm = match self.header["alg"].as_str() {
            Some("RS256") => &signature::RSA_PKCS1_2048_8192_SHA256,
            Some("PS256") => &signature::RSA_PSS_2048_8192_SHA256,
            _ => return false,
        };
        UnparsedPublicKey::new(algorithm, key)
            .verify(self.signed.as_bytes(), &self.signature)
            .is_ok()
    }

    /// A time claim, in seconds since 1970.
    pub(crate) fn seconds(&self, claim: &str) -> Option<i64> {
        let value = &self.claims[claim];
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a fraction of a second does not matter here"
        )]
        value.as_i64().or_else(|| value.as_f64().map(|seconds| seconds as i64))
    }
}

/// Signs claims with the cloud's key.
pub(crate) fn sign(world: &World, claims: &Value) -> Option<String> {
    let key = keys::load(world)?;
    let id = keys::id(&key);
    let header = json!({ "typ": "JWT", "alg": "RS256", "x5t": id, "kid": id });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&header), part(claims));
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&signature::RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .ok()?;
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}

/// Whether a token is one of ours.
pub(crate) fn is_ours(world: &World, token: &Jwt<'_>) -> bool {
    keys::load(world).is_some_and(|key| token.is_signed_by(key.public_key().as_ref()))
}
