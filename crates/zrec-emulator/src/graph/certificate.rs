//! `keyCredentials`: replaced as a whole by PATCH; `addKey` wants a proof.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use time::{Duration, OffsetDateTime};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::desk::{Ask, Desk, owned};
use super::failure::Failure;
use super::{lookup, password, policy};
use crate::clock::stamp;
use crate::cloud::tenant::{Object, list, text};
use crate::login::jwt;
use crate::wire::Answer;

/// The list that replaces an application's. An entry sent back with its `keyId` and no `key` is kept; one that is not
/// sent back is gone.
pub(crate) fn replace(
    desk: &mut Desk<'_>,
    app: &Object,
    wanted: &[Value],
) -> Result<Vec<Value>, Failure> {
    let known = list(app, "keyCredentials").to_vec();
    let mut entries = Vec::new();
    for entry in wanted {
        let id = entry["keyId"].as_str().map(str::to_lowercase);
        let kept =
            id.as_ref().and_then(|id| known.iter().find(|old| old["keyId"].as_str() == Some(id)));
        match (entry["key"].as_str(), kept) {
            (None, Some(old)) => entries.push(old.clone()),
            (Some(key), Some(old)) if old["key"].as_str() == Some(key) => entries.push(old.clone()),
            (Some(_), _) => entries.push(fresh(desk, app, entry)?),
            // Unverified text.
            (None, None) => {
                return Err(Failure::value(
                    "keyCredentials",
                    "InvalidKey",
                    "New key credential values must not be null.",
                ));
            }
        }
    }
    Ok(entries)
}

fn fresh(desk: &mut Desk<'_>, app: &Object, entry: &Value) -> Result<Value, Failure> {
    let (kind, usage) =
        (entry["type"].as_str().unwrap_or_default(), entry["usage"].as_str().unwrap_or_default());
    if kind != "AsymmetricX509Cert" || usage != "Verify" {
        return Err(Failure::value(
            "keyCredentials",
            "InvalidKey",
            format!("Key credential type '{kind}' with usage '{usage}' is not supported."),
        ));
    }
    // Unverified text.
    let bad = || {
        Failure::value("keyCredentials", "InvalidCertificate", "Key value is invalid certificate.")
    };
    let der = STANDARD.decode(entry["key"].as_str().unwrap_or_default()).map_err(|_| bad())?;
    let (_, certificate) = X509Certificate::from_der(&der).map_err(|_| bad())?;
    let (start, end) = life(desk.now, entry, &certificate)?;
    policy::credential(
        &desk.tenant().policy,
        "keyCredentials",
        text(app, "createdDateTime"),
        (start, end),
    )?;
    let thumbprint = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, &der);
    let hex: String = thumbprint.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
    let custom = entry["customKeyIdentifier"].as_str().map_or(hex, str::to_owned);
    let id =
        entry["keyId"].as_str().map_or_else(|| desk.tenant_mut().mint("keyId"), str::to_lowercase);
    Ok(json!({
        "customKeyIdentifier": custom, "displayName": entry["displayName"], "endDateTime": stamp(end),
        "key": STANDARD.encode(&der), "keyId": id, "startDateTime": stamp(start), "type": kind, "usage": usage,
    }))
}

/// The credential's life, within the certificate's.
fn life(
    now: OffsetDateTime,
    entry: &Value,
    certificate: &X509Certificate<'_>,
) -> Result<(OffsetDateTime, OffsetDateTime), Failure> {
    let moment = |time: x509_parser::time::ASN1Time| {
        OffsetDateTime::from_unix_timestamp(time.timestamp()).unwrap_or(now)
    };
    let not_before = moment(certificate.validity().not_before);
    let not_after = moment(certificate.validity().not_after);
    let start = password::date(entry, "startDateTime")?.unwrap_or(now);
    // The reference: one year where it is left out, whatever the certificate says.
    let year = || not_after.min(start + Duration::days(365));
    let end = password::date(entry, "endDateTime")?.unwrap_or_else(year);
    let refused = |code: &str, text: &str| Err(Failure::new(400, code, text));
    if end > not_after || end <= start {
        return refused("KeyCredentialsInvalidEndDate", "Key credential end date is invalid.");
    }
    if start < not_before {
        // Unverified: named after its sibling above.
        return refused("KeyCredentialsInvalidStartDate", "Key credential start date is invalid.");
    }
    Ok((start, end))
}

/// `POST /applications/{id}/addKey`: the proof is a JWT signed by a key that the application has.
pub(crate) fn add(desk: &mut Desk<'_>, ask: &Ask) -> Result<Answer, Failure> {
    let mut app = lookup::application(desk, ask)?;
    owned(desk, text(&app, "id"))?;
    prove(desk, &app, ask.text("proof"))?;
    let entry = fresh(desk, &app, &ask.body["keyCredential"])?;
    let mut entries = list(&app, "keyCredentials").to_vec();
    entries.push(entry.clone());
    app.insert("keyCredentials".into(), Value::Array(entries));
    desk.tenant_mut().applications.insert(text(&app, "id").to_owned(), app);
    let mut body = Object::new();
    body.insert("@odata.context".into(), desk.context("microsoft.graph.keyCredential"));
    body.extend(entry.as_object().cloned().unwrap_or_default());
    body.insert("key".into(), Value::Null);
    Ok(Answer::json(200, Value::Object(body)))
}

fn prove(desk: &Desk<'_>, app: &Object, proof: &str) -> Result<(), Failure> {
    // Unverified code and text; the claims are the reference's.
    let refused = || {
        Failure::new(
            403,
            "Authentication_MissingOrMalformed",
            "The proof of possession is missing, malformed or expired, or its key is not one of the application's.",
        )
    };
    let token = jwt::parse(proof).ok_or_else(refused)?;
    let now = desk.now.unix_timestamp();
    let live = |entry: &&Value| {
        entry["endDateTime"]
            .as_str()
            .and_then(crate::clock::parse)
            .is_some_and(|end| end > desk.now)
    };
    let signed = list(app, "keyCredentials").iter().filter(live).any(|entry| {
        let der = STANDARD.decode(entry["key"].as_str().unwrap_or_default()).unwrap_or_default();
        X509Certificate::from_der(&der)
            .is_ok_and(|(_, c)| token.is_signed_by(&c.public_key().subject_public_key.data))
    });
    let audience = token.claims["aud"] == "00000002-0000-0000-c000-000000000000";
    let issuer =
        token.claims["iss"].as_str().is_some_and(|iss| iss.eq_ignore_ascii_case(text(app, "id")));
    if signed && audience && issuer && token.seconds("exp").is_some_and(|exp| exp > now) {
        Ok(())
    } else {
        Err(refused())
    }
}
