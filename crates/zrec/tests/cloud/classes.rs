//! The table of failures, row by row of `contracts/operations.json`.

use http::HeaderMap;
use serde_json::{Value, json};
use zrec::cloud::failure::{Body, FailureKind as Kind, Raw, classify};

fn kind(status: u16, body: &Value) -> Kind {
    classify(Raw { status, headers: &HeaderMap::new(), body: Body::Json(body) }, "test").kind
}

#[test]
fn each_row_of_the_contract_has_its_class() {
    const BAD: &str = "Request_BadRequest";
    const SAME: &str = "Request_MultipleObjectsWithSameKeyValue";
    #[rustfmt::skip]
    let rows = [
        (404, "Request_ResourceNotFound", "Resource 'x' does not exist or one of its queried reference-property objects are not present.", Kind::NotFound),
        (400, BAD, "Another object with the same value for property uniqueName already exists.", Kind::UniqueNameTaken),
        (400, BAD, "The appId 'x' of the service principal does not reference a valid application object.", Kind::CreationRace),
        (403, "Authorization_RequestDenied", "When using this permission, the backing application of the service principal being created must in the local tenant", Kind::CreationRace),
        (409, SAME, "The service principal cannot be created, updated, or restored because the service principal name x is already in use.", Kind::AlreadyExists),
        (400, BAD, "Permission being assigned already exists on the object", Kind::AlreadyExists),
        (409, SAME, "Permission being assigned already exists on the object", Kind::AlreadyExists),
        (400, SAME, "EntitlementGrant entry already exists.", Kind::AlreadyExists),
        (409, SAME, "EntitlementGrant entry already exists.", Kind::AlreadyExists),
        (409, SAME, "Permission entry already exists.", Kind::AlreadyExists),
        (400, BAD, "Resource 'x' does not exist or one of its queried reference-property objects are not present.", Kind::CreationRace),
        (400, BAD, "Not a valid reference update.", Kind::CreationRace),
        (400, BAD, "EntitlementGrant being updated or deleted is not found.", Kind::Gone),
        (409, "Directory_ConcurrencyViolation", "Error due to concurrent requests", Kind::Concurrency),
        (503, "Directory_ConcurrencyViolation", "Error due to concurrent requests", Kind::Concurrency),
        (400, "KeyCredentialsInvalidEndDate", "Key credential end date is invalid.", Kind::Refused),
        (400, "CredentialTypeNotAllowedAsPerAppPolicy", "", Kind::PolicyRefused),
        (400, "CredentialInvalidLifetimeAsPerAppPolicy", "", Kind::PolicyRefused),
        (400, "SignInAudienceNotAllowedAsPerAppPolicy", "", Kind::PolicyRefused),
        (400, "HostNameNotOnVerifiedDomain", "", Kind::PolicyRefused),
        (400, "CannotUpdateLockedServicePrincipalProperty", "", Kind::Refused),
        (403, "Directory_QuotaExceeded", "", Kind::Quota),
        (400, "Directory_QuotaExceeded", "", Kind::Quota),
        (400, BAD, "One or more added object references already exist for the following modified properties: 'owners'.", Kind::AlreadyExists),
        (400, "Request_UnsupportedQuery", "", Kind::Refused),
        (429, "TooManyRequests", "", Kind::Throttled),
        // What is near a row and is none.
        (400, BAD, "Something else is invalid.", Kind::Refused),
        (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.", Kind::Forbidden),
        (401, "InvalidAuthenticationToken", "", Kind::Unauthorized),
        (404, "UnknownError", "", Kind::Refused),
        (500, "Directory_ConcurrencyViolation", "", Kind::Server),
        (503, "ServiceUnavailable", "", Kind::Server),
        (302, "", "", Kind::Refused),
    ];
    for (status, code, message, expected) in rows {
        for message in [message.to_owned(), message.to_uppercase()] {
            let body = json!({ "error": { "code": code, "message": message } });
            assert_eq!(kind(status, &body), expected, "{status} {code} {message}");
        }
    }
    let detail = json!({ "error": {
        "code": BAD, "message": "x", "details": [{ "code": "NoBackingApplicationObject" }],
    } });
    assert_eq!(kind(400, &detail), Kind::CreationRace);
    assert_eq!(kind(404, &Value::Null), Kind::Refused, "a bare 404 is a wrong address");
}

#[test]
fn both_spellings_of_the_inner_error_are_read() {
    for key in ["innerError", "innererror"] {
        let body = json!({ "error": {
            "code": "X", "message": "m", key: { "request-id": "r", "client-request-id": "c" },
        } });
        let raw = Raw { status: 400, headers: &HeaderMap::new(), body: Body::Json(&body) };
        let failure = classify(raw, "test");
        assert_eq!(failure.request_id.as_deref(), Some("r"));
        assert_eq!(failure.client_request_id.as_deref(), Some("c"));
    }
}

#[test]
fn pages_and_rubbish_are_never_taken_for_an_answer() {
    let rows: [(u16, &[u8], Kind); 6] = [
        (403, b"<html><body>Blocked by proxy</body></html>", Kind::Html),
        (404, b"\n <!DOCTYPE html>", Kind::Html),
        (502, b"Bad gateway", Kind::NotJson),
        (400, b"{\"error\": {", Kind::NotJson),
        (429, b"<html>slow down</html>", Kind::Throttled),
        (403, b"", Kind::Forbidden),
    ];
    for (status, bytes, expected) in rows {
        let raw = Raw { status, headers: &HeaderMap::new(), body: Body::Bytes(bytes) };
        let failure = classify(raw, "test");
        assert_eq!(failure.kind, expected, "{status} {}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn hostile_text_prints_harmlessly() {
    let body = json!({ "error": {
        "code": "X\u{202e}", "message": format!("a\u{1b}[2J\nb{}", "x".repeat(4000)),
    } });
    let raw = Raw { status: 400, headers: &HeaderMap::new(), body: Body::Json(&body) };
    let failure = classify(raw, "read\nit");
    assert!(failure.message.as_deref().unwrap().contains('\u{1b}'), "kept raw inside");
    for text in [failure.to_string(), format!("{failure:?}")] {
        assert!(!text.contains(['\u{1b}', '\n', '\u{202e}']), "{text}");
        assert!(text.chars().count() < 900, "{text}");
    }
}
