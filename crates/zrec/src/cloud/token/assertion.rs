//! A certificate that signs in: the assertion that it makes instead of a secret.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PSS_SHA256;
use azure_core::http::ClientMethodOptions;
use azure_identity::ClientAssertion;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::json;
use zeroize::Zeroizing;

use super::Clock;
use crate::cloud::failure::{Failure, FailureKind};

/// How long one assertion is good for.
const SECONDS: i64 = 600;
/// How much our clock may be ahead of the authority's.
const SKEW: i64 = 60;

/// An RSA key and the fingerprint of its certificate.
pub struct SigningCertificate {
    key: KeyPair,
    /// base64url of the SHA-256 of the certificate's DER.
    fingerprint: String,
}

impl fmt::Debug for SigningCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningCertificate").finish_non_exhaustive()
    }
}

impl SigningCertificate {
    /// Reads a PEM file with a private key and its certificate, in any order.
    pub fn from_file(path: &Path) -> Result<Self, Failure> {
        let what = format!("sign in with the certificate {}", path.display());
        let pem = std::fs::read(path).map(Zeroizing::new).map_err(|error| {
            Failure::of(FailureKind::SignIn, what.as_str())
                .because(error.to_string())
                .advise("AZURE_CLIENT_CERTIFICATE_PATH must name a readable PEM file")
        })?;
        Self::from_pem(&pem).map_err(|why| {
            Failure::of(FailureKind::SignIn, what).because(why).advise(
                "the file must hold an unencrypted RSA key (`BEGIN PRIVATE KEY`) and its certificate \
                 (`BEGIN CERTIFICATE`); convert a PFX with `openssl pkcs12 -nodes`",
            )
        })
    }

    /// Reads PEM text with a private key and its certificate.
    pub fn from_pem(pem: &[u8]) -> Result<Self, &'static str> {
        let key = PrivateKeyDer::from_pem_slice(pem).map_err(|_| "it holds no private key")?;
        let mut key = Zeroizing::new(key);
        let pair = match &mut *key {
            PrivateKeyDer::Pkcs8(key) => KeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => KeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err("its key is not an RSA key"),
        }
        .map_err(|_| "its key is not an RSA key of 2048 bits or more")?;
        // A chain may follow; the certificate of the key is the one with its public key.
        let public = aws_lc_rs::signature::KeyPair::public_key(&pair).as_ref().to_vec();
        let certificate = CertificateDer::pem_slice_iter(pem)
            .filter_map(Result::ok)
            .find(|der| holds_key(der, &public))
            .ok_or("it holds no certificate of its key")?;
        let fingerprint = URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, &certificate));
        Ok(Self { key: pair, fingerprint })
    }

    /// PS256 with `x5t#S256`, as Microsoft's own libraries send to Entra.
    fn assertion(&self, client_id: &str, endpoint: &str, now: i64, id: &str) -> Option<String> {
        let header = json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": self.fingerprint });
        let claims = json!({
            "aud": endpoint, "iss": client_id, "sub": client_id, "jti": id,
            "iat": now, "nbf": now - SKEW, "exp": now + SECONDS,
        });
        let [header, claims] =
            [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let message = format!("{header}.{claims}");
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(&RSA_PSS_SHA256, &SystemRandom::new(), message.as_bytes(), &mut signature)
            .ok()?;
        Some(format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn holds_key(der: &[u8], public: &[u8]) -> bool {
    x509_parser::parse_x509_certificate(der)
        .is_ok_and(|(_, certificate)| *certificate.public_key().subject_public_key.data == *public)
}

/// Makes a fresh assertion for each token request.
pub(super) struct Assertion {
    certificate: Arc<SigningCertificate>,
    client_id: String,
    endpoint: String,
    clock: Clock,
}

impl Assertion {
    pub(super) fn new(
        certificate: Arc<SigningCertificate>,
        client_id: String,
        endpoint: String,
        clock: Clock,
    ) -> Self {
        Self { certificate, client_id, endpoint, clock }
    }
}

impl fmt::Debug for Assertion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Assertion").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

#[async_trait::async_trait]
impl ClientAssertion for Assertion {
    async fn secret(&self, _: Option<ClientMethodOptions<'_>>) -> azure_core::Result<String> {
        let now = (self.clock)().unix_timestamp();
        // Each assertion must differ, or the authority may take it for a replay.
        let id = uuid::Uuid::new_v4().to_string();
        self.certificate.assertion(&self.client_id, &self.endpoint, now, &id).ok_or_else(|| {
            let failure = Failure::of(FailureKind::SignIn, "sign in with the certificate")
                .because("the key did not sign");
            azure_core::Error::new(azure_core::error::ErrorKind::Credential, failure)
        })
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{KeyPair as _, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;

    fn certificate() -> (String, String) {
        let key =
            rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048)
                .unwrap();
        let certificate =
            rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
        (key.serialize_pem(), certificate.pem())
    }

    #[test]
    fn the_assertion_verifies_and_names_its_audience() {
        let (key, certificate) = certificate();
        for pem in [format!("{key}{certificate}"), format!("{certificate}{key}")] {
            let signing = SigningCertificate::from_pem(pem.as_bytes()).unwrap();
            let text =
                signing.assertion("me", "https://login/t/oauth2/v2.0/token", 1000, "1").unwrap();
            let (message, signature) = text.rsplit_once('.').unwrap();
            let public = UnparsedPublicKey::new(
                &RSA_PSS_2048_8192_SHA256,
                signing.key.public_key().as_ref().to_vec(),
            );
            let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
            public.verify(message.as_bytes(), &signature).unwrap();
            let claims = URL_SAFE_NO_PAD.decode(message.split('.').nth(1).unwrap()).unwrap();
            let claims: serde_json::Value = serde_json::from_slice(&claims).unwrap();
            assert_eq!(claims["aud"], "https://login/t/oauth2/v2.0/token");
            assert_eq!(claims["exp"], 1600);
        }
    }

    #[test]
    fn a_file_without_its_parts_is_refused() {
        let (key, certificate) = certificate();
        let (_, other) = self::certificate();
        let rows = [
            (String::new(), "it holds no private key"),
            (certificate.clone(), "it holds no private key"),
            (key.clone(), "it holds no certificate of its key"),
            (format!("{key}{other}"), "it holds no certificate of its key"),
        ];
        for (pem, expected) in rows {
            assert_eq!(SigningCertificate::from_pem(pem.as_bytes()).unwrap_err(), expected);
        }
    }
}
