//! Signing in: whose token, for whom, how often, and what is never said.

use serde_json::json;
use zrec::cloud::failure::FailureKind;
use zrec::cloud::graph::{Graph, read};
use zrec::cloud::origin::{Endpoints, Trust};
use zrec::cloud::token::SignIn;
use zrec_plan::desired::{Cloud, CustomCloud};

use crate::fake::{CLIENT, Fake, Reply, SECRET};

fn ok() -> Fake {
    Fake::new(|_| Ok(Reply::json(200, json!({}))))
}

#[tokio::test(start_paused = true)]
async fn the_caller_is_who_the_token_says() {
    let graph = ok().graph().await;
    assert_eq!(graph.caller().object_id.to_string(), CLIENT);
    assert!(graph.caller().roles.contains("Application.Read.All"));
}

#[tokio::test(start_paused = true)]
async fn a_token_of_another_tenant_is_refused() {
    let fake = ok();
    fake.with(|seen| {
        seen.token_tenant = Some("00000000-0000-4000-8000-00000000000b".to_owned());
    });
    let failure = Graph::sign_in(fake.settings()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::SignIn);
    assert!(failure.to_string().contains("00000000-0000-4000-8000-00000000000b"), "{failure}");
    assert_eq!(fake.with(|seen| seen.ops.len()), 0, "the token was never sent");
}

#[tokio::test(start_paused = true)]
async fn a_refused_sign_in_says_why_and_what_to_do() {
    let fake = ok();
    let mut settings = fake.settings();
    settings.sign_in = SignIn::with_secret(CLIENT.parse().unwrap(), "wrong".to_owned().into());
    let failure = Graph::sign_in(settings).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::SignIn);
    assert_eq!(failure.code.as_deref(), Some("AADSTS7000215"));
    assert!(failure.to_string().contains("AZURE_CLIENT_SECRET"), "{failure}");
    assert_eq!(fake.with(|seen| seen.tokens), 1, "a wrong secret is tried once");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_from_the_environment_signs_in() {
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048);
    let key = key.unwrap();
    let certificate = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{}{}", certificate.pem(), key.serialize_pem())).unwrap();
    let path = file.path().to_str().unwrap().to_owned();
    let variable = |name: &str| match name {
        "AZURE_CLIENT_ID" => Some(CLIENT.to_owned()),
        "AZURE_CLIENT_CERTIFICATE_PATH" => Some(path.clone()),
        _ => None,
    };
    let fake = ok();
    let mut settings = fake.settings();
    settings.sign_in = SignIn::from_environment(variable).unwrap();
    Graph::sign_in(settings).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refused_token_is_replaced_once() {
    let fake = Fake::new(|op| {
        Ok(match (op.url.as_str(), op.nth) {
            ("/servicePrincipals", 1) => Reply::error(401, "InvalidAuthenticationToken", ""),
            ("/servicePrincipals", _) => Reply::json(201, json!({})),
            _ => Reply::error(401, "InvalidAuthenticationToken", ""),
        })
    });
    let graph = fake.graph().await;
    let create = zrec::cloud::graph::write::create_service_principal(&json!({ "appId": "x" }));
    graph.send(create).await.unwrap();
    assert_eq!(fake.with(|seen| seen.tokens), 2);
    let failure = graph.send(read::organization()).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Unauthorized);
    assert_eq!(fake.with(|seen| (seen.tokens, seen.ops.len())), (3, 4));
}

#[tokio::test(start_paused = true)]
async fn hosts_that_nobody_trusts_get_nothing() {
    let fake = ok();
    let cloud = |login: &str, graph: &str| {
        Endpoints::of(&Cloud::Custom(CustomCloud {
            login: login.to_owned(),
            graph: graph.to_owned(),
            resource_manager: None,
            power_platform: None,
            power_platform_scope: None,
            key_vault_suffix: None,
        }))
        .unwrap()
    };
    let rows = [
        ("https://login.example", "https://graph.microsoft.com", ""),
        ("https://login.microsoftonline.com", "https://graph.example", ""),
        ("https://login.example", "https://graph.example", "graph.example"),
    ];
    for (login, graph, trust) in rows {
        let mut settings = fake.settings();
        settings.endpoints = cloud(login, graph);
        settings.trust = Trust::new(trust);
        let failure = Graph::sign_in(settings).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Untrusted, "{login} {graph}");
        assert!(failure.to_string().contains("ZREC_TRUST_HOSTS"), "{failure}");
    }
    assert_eq!(fake.with(|seen| seen.tokens), 0);
}

#[tokio::test(start_paused = true)]
async fn neither_secret_nor_token_is_in_any_output() {
    let fake = Fake::new(|op| {
        Ok(if op.url.starts_with("/policies") {
            Reply::json(200, json!({ "secretText": SECRET }))
        } else {
            Reply::error(400, "Request_BadRequest", "no")
        })
    });
    let settings = fake.settings();
    let graph = fake.graph().await;
    let answer = graph.send(read::organization()).await;
    let minted = graph.send(read::default_app_management_policy()).await;
    fake.with(|seen| seen.token_tenant = Some(CLIENT.to_owned()));
    let refused = Graph::sign_in(fake.settings()).await.unwrap_err();
    let outputs = [
        format!("{minted:?}"),
        format!("{:?} {:?}", settings.sign_in, settings.transport),
        format!("{graph:?} {:?} {:?}", graph.reader(), graph.caller()),
        format!("{answer:?} {}", answer.as_ref().unwrap_err()),
        format!("{refused:?} {refused}"),
    ];
    for output in outputs {
        assert!(!output.contains(SECRET) && !output.contains("TOKEN-MARKER"), "{output}");
        assert!(!output.contains("eyJ"), "{output}");
    }
}
