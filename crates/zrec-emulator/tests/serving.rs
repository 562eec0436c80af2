//! Over real sockets: TLS by our own authority, HTTP/2 and HTTP/1.1, state kept between runs, lost answers.

use std::net::TcpListener;

use serde_json::{Value, json};
use zrec_emulator::{CertificateAuthority, CloudFile, DEFAULT_CALLER, Emulator, Server};

const TENANT: &str = "3f0a9c52-6f0e-4c0b-9a55-2f1d8f0e7b11";

async fn start(emulator: Emulator, authority: &CertificateAuthority) -> Server {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    emulator.serve(listener, authority).await.expect("a server")
}

fn client(authority: &CertificateAuthority, http1: bool) -> reqwest::Client {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let root = reqwest::Certificate::from_pem(authority.certificate_pem().as_bytes())
        .expect("a certificate");
    let builder = reqwest::Client::builder().tls_certs_only([root]).no_proxy();
    if http1 { builder.http1_only() } else { builder }.build().expect("a client")
}

async fn token(client: &reqwest::Client, url: &str) -> String {
    let body = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope={url}/.default",
        DEFAULT_CALLER.app_id, DEFAULT_CALLER.secret
    );
    let answer = client
        .post(format!("{url}/{TENANT}/oauth2/v2.0/token"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body)
        .send()
        .await
        .expect("an answer");
    let body: Value = serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("JSON");
    body["access_token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn both_versions_of_http_reach_the_same_cloud() {
    let authority = CertificateAuthority::ephemeral().expect("an authority");
    let emulator = Emulator::new(CloudFile::default());
    let server = start(emulator.clone(), &authority).await;
    for (http1, version) in [(false, http::Version::HTTP_2), (true, http::Version::HTTP_11)] {
        let client = client(&authority, http1);
        let token = token(&client, &server.url()).await;
        let answer = client
            .get(format!("{}/v1.0/applications", server.url()))
            .bearer_auth(token)
            .send()
            .await
            .expect("an answer");
        assert_eq!((answer.status().as_u16(), answer.version()), (200, version));
        let text = answer.text().await.expect("a body");
        assert!(text.contains(&format!("{}/v1.0/$metadata#applications", server.url())), "{text}");
    }
    assert_eq!(emulator.requests().len(), 4);
    server.shutdown().await;
}

#[tokio::test]
async fn a_lost_answer_is_a_broken_connection() {
    let authority = CertificateAuthority::ephemeral().expect("an authority");
    let quirks = "quirks: [{ quirk: lost-answer, method: POST, path: /applications }]";
    let emulator = Emulator::new(CloudFile::parse(quirks).expect("a cloud file"));
    let server = start(emulator.clone(), &authority).await;
    for http1 in [false, true] {
        let client = client(&authority, http1);
        let token = token(&client, &server.url()).await;
        let answer = client
            .post(format!("{}/v1.0/applications", server.url()))
            .bearer_auth(token)
            .header("content-type", "application/json")
            .body(json!({ "displayName": "A" }).to_string())
            .send()
            .await;
        assert!(answer.is_err(), "{answer:?}");
    }
    assert_eq!(
        emulator.snapshot()["tenants"][0]["applications"].as_sequence().map(Vec::len),
        Some(2)
    );
}

#[tokio::test]
async fn the_state_is_kept_in_a_private_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let state = dir.path().join("deep/cloud.json");
    let authority = CertificateAuthority::load_or_create(dir.path()).expect("an authority");
    let first = Emulator::open(&state, CloudFile::default()).expect("an emulator");
    let server = start(first, &authority).await;
    let one = client(&authority, false);
    let token = token(&one, &server.url()).await;
    let made = one
        .post(format!("{}/v1.0/applications", server.url()))
        .bearer_auth(&token)
        .header("content-type", "application/json")
        .body(json!({ "displayName": "Kept" }).to_string())
        .send()
        .await
        .expect("an answer");
    assert_eq!(made.status(), 201);
    server.shutdown().await;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&state).expect("the file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let again = CertificateAuthority::load_or_create(dir.path()).expect("an authority");
    assert_eq!(again.certificate_pem(), authority.certificate_pem());
    let second = Emulator::open(&state, CloudFile::default()).expect("an emulator");
    assert!(second.snapshot_text().contains("displayName: Kept"));
    let server = start(second, &again).await;
    let answer = one
        .get(format!("{}/v1.0/applications", server.url()))
        .bearer_auth(&token)
        .send()
        .await
        .expect("an answer");
    assert_eq!(answer.status(), 200);
    std::fs::write(&state, "{").expect("a broken file");
    assert!(Emulator::open(&state, CloudFile::default()).is_err());
}

#[test]
fn a_bad_cloud_file_is_refused() {
    for (yaml, text) in [
        ("tenant: []", "tenant"),
        ("tenants: [{ displayName: x }]", "id"),
        (
            &format!("tenants: [{{ id: {TENANT}, appRoleAssignments: [{{ principalId: x }}] }}]"),
            "principalId",
        ),
        (
            &format!(
                "tenants: [{{ id: {TENANT}, callers: [{{ appId: {TENANT}, roles: [No.Such] }}] }}]"
            ),
            "No.Such",
        ),
        ("quirks: [{ quirk: nonsense }]", "nonsense"),
    ] {
        let error = CloudFile::parse(yaml).expect_err(yaml).to_string();
        assert!(error.contains(text), "{error}");
    }
}
