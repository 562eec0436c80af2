//! Every call against the emulator, which knows Microsoft's shapes and nothing of ours.

use bytes::Bytes;
use futures::FutureExt;
use serde_json::json;
use zrec::cloud::failure::FailureKind;
use zrec::cloud::graph::{Call, GrantId, Graph, Settings, read, write};
use zrec::cloud::origin::Endpoints;
use zrec::cloud::token::{SignIn, SigningCertificate};
use zrec::cloud::transport::{Broken, InProcess, NetworkOptions, Roots, Transport};
use zrec_emulator::{
    CertificateAuthority, CloudFile, DEFAULT_CALLER, Emulator, Lost, Quirk, QuirkKind,
};
use zrec_plan::guid::Guid;

use crate::fake::{CLIENT, Fake, Reply, TENANT};

fn in_process(emulator: &Emulator) -> Transport {
    let emulator = emulator.clone();
    Transport::InProcess(InProcess::new(move |request: http::Request<Bytes>| {
        let emulator = emulator.clone();
        async move {
            emulator.call(request).await.map_err(|lost| match lost {
                Lost::Connection => Broken::NotSent(lost.to_string()),
                _ => Broken::OutcomeUnknown(lost.to_string()),
            })
        }
        .boxed()
    }))
}

fn settings(transport: Transport) -> Settings {
    let mut settings = Fake::new(|_| Ok(Reply::json(200, json!({})))).settings();
    settings.transport = transport;
    settings.clock = std::sync::Arc::new(time::OffsetDateTime::now_utc);
    let secret = DEFAULT_CALLER.secret.to_owned();
    settings.sign_in = SignIn::with_secret(DEFAULT_CALLER.app_id.parse().unwrap(), secret.into());
    settings
}

async fn done(graph: &Graph, call: Call) -> serde_json::Value {
    let what = format!("{} {}", call.method, call.path_and_query);
    graph.send(call).await.unwrap_or_else(|failure| panic!("{what}: {failure:?}")).body
}

fn id(value: &serde_json::Value) -> Guid {
    value.as_str().unwrap().parse().unwrap()
}

const STORAGE: &str = "e406a681-f3d4-42a8-90b6-c2b029497af1";
const GRAPH_API: &str = "00000003-0000-0000-c000-000000000000";

/// The ids of what a life makes.
struct Made {
    object: Guid,
    app: Guid,
    resource: Guid,
    assignment: GrantId,
    delegated: GrantId,
}

const KEY: &str = "zrec.acme.teams";
const SCOPE: &str = "user_impersonation";

async fn create(graph: &Graph) -> (Guid, Guid, Guid) {
    let body = json!({ "displayName": "Zscaler", "signInAudience": "AzureADMultipleOrgs" });
    let made = done(graph, write::upsert_application(KEY, &body)).await;
    let (object, app) = (id(&made["id"]), id(&made["appId"]));
    let again = graph.send(write::upsert_application(KEY, &body)).await.unwrap();
    assert_eq!((again.status, again.body), (204, serde_json::Value::Null));
    let caller = graph.caller().object_id;
    let owner = graph.send(write::bind_owner(graph.service(), object, caller)).await;
    assert!(owner.is_ok() || owner.is_err_and(|f| f.kind == FailureKind::AlreadyExists));
    done(graph, write::update_application(object, &json!({ "notes": "by zrec" }))).await;

    let principal = done(graph, write::create_service_principal(&json!({ "appId": app }))).await;
    let principal = id(&principal["id"]);
    let twice = graph.send(write::create_service_principal(&json!({ "appId": app }))).await;
    assert_eq!(twice.unwrap_err().kind, FailureKind::AlreadyExists);
    done(graph, write::update_service_principal(principal, &json!({ "notes": "x" }))).await;
    (object, app, principal)
}

async fn grant(graph: &Graph) -> Made {
    let (object, app, principal) = create(graph).await;
    let select = &["id", "appRoles"];
    let api = read::service_principal_by_app_id(GRAPH_API.parse().unwrap(), select);
    let api = done(graph, api).await;
    let (resource, role) = (id(&api["id"]), id(&api["appRoles"][0]["id"]));
    let grant = || write::grant_app_role(resource, principal, role);
    let granted = done(graph, grant()).await;
    assert_eq!(graph.send(grant()).await.unwrap_err().kind, FailureKind::AlreadyExists);

    let storage = read::service_principal_by_app_id(STORAGE.parse().unwrap(), &["id"]);
    let storage = id(&done(graph, storage).await["id"]);
    let scopes = || write::create_delegated_grant(principal, storage, SCOPE);
    let delegated = done(graph, scopes()).await;
    assert_eq!(graph.send(scopes()).await.unwrap_err().kind, FailureKind::AlreadyExists);
    let delegated: GrantId = delegated["id"].as_str().unwrap().parse().unwrap();
    done(graph, write::update_delegated_grant(&delegated, SCOPE)).await;
    let assignment = granted["id"].as_str().unwrap().parse().unwrap();
    Made { object, app, resource, assignment, delegated }
}

async fn look(graph: &Graph, made: &Made) {
    let (object, app) = (made.object, made.app);
    let reads = vec![
        read::app_role_assignments(app),
        read::delegated_grants(app),
        read::applications_of_set(&["id", "uniqueName"]),
        read::application_by_unique_name(KEY, &["id", "appId", "uniqueName"]),
        read::application_by_app_id(app, &["id"]),
        read::application(object, &["id", "keyCredentials"]),
        read::applications_by_display_name("Zscaler", &["id"]),
        read::application_owners(object),
        read::application_federated_credentials(object),
        read::deleted_applications(&["id"]),
        read::service_principal_owners(app),
        read::service_principal_member_of(app),
        read::organization(),
        read::default_app_management_policy(),
        read::applications_by_redirect_uri("https://console.zscaler.com", &["id"]),
    ];
    let names: Vec<String> = reads.iter().map(|call| call.path_and_query.clone()).collect();
    let answers = graph.send_all(reads).await;
    for (answer, name) in answers.iter().zip(&names) {
        assert!(answer.is_ok(), "{name}: {answer:?}");
    }
    let items = |n: usize| answers[n].as_ref().unwrap().items();
    assert_eq!((items(0).len(), items(1)[0]["scope"].as_str()), (1, Some(SCOPE)));
    assert!(items(2).iter().any(|app| read::belongs_to_set(app, "acme")));
    assert!(!items(2).iter().any(|app| read::belongs_to_set(app, "acm")));
}

/// From nothing to granted permissions, and back.
async fn a_life(graph: &Graph) {
    let made = grant(graph).await;
    look(graph, &made).await;
    let revoke = || write::revoke_app_role(made.resource, &made.assignment);
    done(graph, revoke()).await;
    let gone = graph.send(revoke()).await.unwrap_err().kind;
    assert!(matches!(gone, FailureKind::Gone | FailureKind::NotFound), "{gone:?}");
    done(graph, write::delete_delegated_grant(&made.delegated)).await;
    done(graph, write::delete_application(made.object)).await;
    let body = json!({ "displayName": "Zscaler" });
    let taken = graph.send(write::upsert_application(KEY, &body)).await;
    assert_eq!(taken.unwrap_err().kind, FailureKind::UniqueNameTaken);
    done(graph, write::restore_deleted(made.object)).await;
    let missing = read::application_by_unique_name("zrec.acme.none", &[]);
    assert_eq!(graph.send(missing).await.unwrap_err().kind, FailureKind::NotFound);
}

fn no_violations(emulator: &Emulator) {
    for request in emulator.requests() {
        assert!(request.violations.is_empty(), "{request:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_life_in_process() {
    let emulator = Emulator::new(CloudFile::default());
    let graph = Graph::sign_in(settings(in_process(&emulator))).await.unwrap();
    a_life(&graph).await;
    no_violations(&emulator);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_life_over_https() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let emulator = Emulator::new(CloudFile::default());
    let authority = CertificateAuthority::ephemeral().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = emulator.clone().serve(listener, &authority).await.unwrap();
    let options = NetworkOptions {
        roots: Roots::Only(authority.certificate_pem()),
        ..NetworkOptions::default()
    };
    let mut settings = settings(Transport::network(&options).unwrap());
    settings.endpoints = Endpoints::emulator(&server.url()).unwrap();
    let graph = Graph::sign_in(settings).await.unwrap();
    a_life(&graph).await;
    no_violations(&emulator);
    server.shutdown().await;
}

#[tokio::test(start_paused = true)]
async fn a_certificate_signs_in() {
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048);
    let key = key.unwrap();
    let parameters = rcgen::CertificateParams::new(Vec::new()).unwrap();
    let certificate = parameters.self_signed(&key).unwrap().pem();
    let caller = json!({
        "appId": CLIENT, "certificatePem": certificate, "roles": ["Organization.Read.All"],
    });
    let cloud = json!({ "tenants": [{ "id": TENANT, "callers": [caller] }] });
    let emulator = Emulator::new(CloudFile::parse(&cloud.to_string()).unwrap());
    let mut settings = settings(in_process(&emulator));
    let pem = format!("{certificate}{}", key.serialize_pem());
    let signing = SigningCertificate::from_pem(pem.as_bytes()).unwrap();
    settings.sign_in = SignIn::with_certificate(CLIENT.parse().unwrap(), signing);
    let graph = Graph::sign_in(settings.clone()).await.unwrap();
    assert_eq!(graph.caller().app_id.to_string(), CLIENT);
    done(&graph, read::organization()).await;

    settings.sign_in = SignIn::with_secret(CLIENT.parse().unwrap(), "wrong".to_owned().into());
    let failure = Graph::sign_in(settings).await.unwrap_err();
    assert_eq!(failure.kind, FailureKind::SignIn, "{failure}");
}

#[tokio::test(start_paused = true)]
async fn a_lost_answer_leaves_one_of_each() {
    let rows = [("POST", "/servicePrincipals"), ("PATCH", "/applications(uniqueName=")];
    for (method, path) in rows {
        let emulator = Emulator::new(CloudFile::default());
        let graph = Graph::sign_in(settings(in_process(&emulator))).await.unwrap();
        let body = json!({ "displayName": "Zscaler" });
        let app = done(&graph, write::upsert_application("zrec.a.first", &body)).await;
        let quirk: Quirk = serde_json::from_value(json!({
            "quirk": QuirkKind::LostAnswer, "method": method, "path": path, "nth": 1,
        }))
        .unwrap();
        emulator.set_quirks(vec![quirk]);
        if method == "POST" {
            let create = || write::create_service_principal(&json!({ "appId": app["appId"] }));
            let lost = graph.send(create()).await.unwrap_err();
            assert!(lost.may_have_happened(), "{lost:?}");
            let again = graph.send(create()).await.unwrap_err();
            assert_eq!(again.kind, FailureKind::AlreadyExists, "it was done, once");
        } else {
            let answer = graph.send(write::upsert_application("zrec.a.b", &body)).await.unwrap();
            assert_eq!(answer.status, 204, "the repeat found what the first had made");
            let all = graph.send(read::applications_by_display_name("Zscaler", &["id"])).await;
            assert_eq!(all.unwrap().items().len(), 2);
        }
    }
}
