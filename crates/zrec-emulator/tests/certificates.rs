//! Certificates: registered by PATCH, kept by keyId, used in client assertions.
#![allow(clippy::too_many_lines, reason = "a table of cases reads best in one piece")]

mod common;

use aws_lc_rs::digest;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use common::{Cloud, START, TENANT};
use serde_json::{Value, json};

const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

struct Signer {
    key: RsaKeyPair,
    der: Vec<u8>,
}

impl Signer {
    fn new(days: i64) -> Self {
        let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).expect("a key");
        let mut parameters = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
        parameters.not_before =
            time::OffsetDateTime::from_unix_timestamp(START - 60).expect("a time");
        parameters.not_after = parameters.not_before + time::Duration::days(days);
        let der = parameters.self_signed(&pair).expect("a certificate").der().to_vec();
        Self { key: RsaKeyPair::from_pkcs8(&pair.serialize_der()).expect("a key"), der }
    }

    fn assertion(&self, client: &str, header: Value, over: Value) -> String {
        let mut claims = json!({
            "aud": format!("https://login.microsoftonline.com/{TENANT}/oauth2/v2.0/token"),
            "iss": client, "sub": client, "jti": "1", "nbf": START, "exp": START + 600,
        });
        for (name, value) in over.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(&header), part(&claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        let padding: &'static dyn aws_lc_rs::signature::RsaEncoding =
            if header["alg"] == "PS256" { &RSA_PSS_SHA256 } else { &RSA_PKCS1_SHA256 };
        self.key
            .sign(padding, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .expect("a signature");
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn header(&self, alg: &str) -> Value {
        let thumb = if alg == "PS256" {
            digest::digest(&digest::SHA256, &self.der)
        } else {
            digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, &self.der)
        };
        let name = if alg == "PS256" { "x5t#S256" } else { "x5t" };
        json!({ "alg": alg, "typ": "JWT", name: URL_SAFE_NO_PAD.encode(thumb) })
    }
}

#[tokio::test]
async fn certificates_are_registered_kept_and_used() {
    let cloud = Cloud::new().await;
    let (id, app_id, _) = cloud.connector("A").await;
    let path = format!("/applications/{id}");
    let (one, two) = (Signer::new(1461), Signer::new(90));
    let entry = |s: &Signer, end: &str| json!({ "type": "AsymmetricX509Cert", "usage": "Verify", "displayName": "C", "key": STANDARD.encode(&s.der), "endDateTime": end });
    let late = cloud
        .patch(&path, json!({ "keyCredentials": [entry(&two, "2030-01-01T00:00:00Z")] }))
        .await;
    assert_eq!((late.status, late.code()), (400, "KeyCredentialsInvalidEndDate"));
    assert_eq!(
        cloud
            .patch(&path, json!({ "keyCredentials": [entry(&one, "2030-11-18T00:00:00Z")] }))
            .await
            .status,
        204
    );
    let read = cloud.get(&path).await.body["keyCredentials"].clone();
    assert_eq!((read.as_array().map(Vec::len), &read[0]["key"]), (Some(1), &Value::Null));
    let both = json!({ "keyCredentials": [read[0], entry(&two, "2027-01-01T00:00:00Z")] });
    assert_eq!(cloud.patch(&path, both).await.status, 204);
    let keys =
        cloud.get(&format!("{path}?$select=keyCredentials")).await.body["keyCredentials"].clone();
    assert_eq!(
        (keys.as_array().map(Vec::len), keys[0]["key"].as_str()),
        (Some(2), Some(STANDARD.encode(&one.der).as_str()))
    );

    let try_one = async |assertion: String| {
        cloud
            .token_request(&[
                ("grant_type", "client_credentials"),
                ("client_id", &app_id),
                ("client_assertion_type", ASSERTION),
                ("client_assertion", &assertion),
                ("scope", "https://graph.microsoft.com/.default"),
            ])
            .await
    };
    for alg in ["RS256", "PS256"] {
        let got = try_one(one.assertion(&app_id, one.header(alg), json!({}))).await;
        assert_eq!(got.status, 200, "{alg} {got:?}");
    }
    let stranger = Signer::new(90);
    for (assertion, number) in [
        (stranger.assertion(&app_id, stranger.header("RS256"), json!({})), 700_027),
        (stranger.assertion(&app_id, one.header("RS256"), json!({})), 700_027),
        (one.assertion(&app_id, one.header("RS256"), json!({ "exp": START - 1000 })), 700_024),
        (one.assertion(&app_id, one.header("RS256"), json!({ "sub": "x" })), 700_021),
        (
            one.assertion(
                &app_id,
                one.header("RS256"),
                json!({ "aud": "https://elsewhere.example/x/oauth2/v2.0/token" }),
            ),
            700_023,
        ),
        ("nonsense".to_owned(), 50_027),
    ] {
        let got = try_one(assertion).await;
        assert_eq!((got.status, &got.body["error_codes"]), (401, &json!([number])), "{got:?}");
    }
    assert_eq!(cloud.patch(&path, json!({ "keyCredentials": [keys[1]] })).await.status, 204);
    assert_eq!(try_one(one.assertion(&app_id, one.header("RS256"), json!({}))).await.status, 401);
    let proofless = json!({ "keyCredential": entry(&one, "2027-01-01T00:00:00Z"), "proof": "x" });
    assert_eq!(cloud.post(&format!("{path}/addKey"), proofless).await.status, 403);
}
