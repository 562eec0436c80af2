//! The key that signs tokens.

use std::sync::OnceLock;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::FromDer as _;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::cloud::world::World;

/// A new key, PKCS#8 in base64. One a process is enough: it protects nothing, and making one is slow.
pub(crate) fn generate() -> String {
    static KEY: OnceLock<String> = OnceLock::new();
    KEY.get_or_init(|| {
        let key =
            KeyPair::generate(KeySize::Rsa2048).expect("RSA 2048 is a size that the library makes");
        let der = aws_lc_rs::encoding::AsDer::<Pkcs8V1Der<'_>>::as_der(&key)
            .expect("a generated key can be written");
        STANDARD.encode(der.as_ref())
    })
    .clone()
}

/// The key of a cloud.
pub(crate) fn load(world: &World) -> Option<KeyPair> {
    let der = STANDARD.decode(world.signing_key.as_deref()?).ok()?;
    KeyPair::from_pkcs8(&der).ok()
}

/// The key's name in tokens and in the published set.
pub(crate) fn id(key: &KeyPair) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(key.public_key().as_ref()))
}

/// The JSON Web Key Set.
pub(crate) fn published(world: &World) -> Value {
    let Some(key) = load(world) else {
        return json!({ "keys": [] });
    };
    let der: Option<PublicKeyX509Der<'_>> = key.public_key().as_der().ok();
    let parts = der.and_then(|der| {
        let (_, info) = SubjectPublicKeyInfo::from_der(der.as_ref()).ok()?;
        let PublicKey::RSA(rsa) = info.parsed().ok()? else {
            return None;
        };
        let trim = |bytes: &[u8]| {
            let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
            URL_SAFE_NO_PAD.encode(&bytes[zeros..])
        };
        Some((trim(rsa.modulus), trim(rsa.exponent)))
    });
    let (n, e) = parts.unwrap_or_default();
    let id = id(&key);
    json!({ "keys": [{ "kty": "RSA", "use": "sig", "alg": "RS256", "kid": id, "x5t": id, "n": n, "e": e }] })
}
