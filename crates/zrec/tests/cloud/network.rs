//! Real sockets: trust, proxies, and every way in which an answer can fail to come.
//!
//! The environment belongs to a process, so what depends on it runs in a child of this one.

use std::collections::BTreeMap;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use http::Request;
use serde_json::json;
use zrec::cloud::graph::{Graph, read};
use zrec::cloud::origin::Endpoints;
use zrec::cloud::transport::{Broken, NetworkOptions, Roots, Transport};
use zrec_plan::desired::Cloud;

use crate::fake::{Fake, Reply};
use crate::server::{Proxy, Server};

fn get(url: &str) -> Request<Bytes> {
    Request::get(url).body(Bytes::new()).unwrap()
}

fn options(server: &Server) -> NetworkOptions {
    NetworkOptions {
        roots: Roots::Only(server.authority.clone()),
        timeout: Duration::from_secs(3),
        ..NetworkOptions::default()
    }
}

fn check(
    result: Result<http::Response<Bytes>, Broken>,
    expected: fn(String) -> Broken,
    hint: &str,
) {
    let broken = result.unwrap_err();
    assert_eq!(broken, expected(broken.to_string()));
    assert!(broken.to_string().contains(hint), "{broken}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_to_have_no_answer_has_its_sentence() {
    let server = Server::start(&["localhost"]).await;
    let transport = Transport::network(&options(&server)).unwrap();
    let at = |path: &str| get(&format!("https://localhost:{}{path}", server.port));

    let answer = transport.send(at("/ok")).await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.version()), (200, http::Version::HTTP_2));
    let redirect = transport.send(at("/redirect")).await.unwrap();
    assert_eq!(redirect.status().as_u16(), 302, "redirects are not followed");

    check(transport.send(at("/slow")).await, Broken::OutcomeUnknown, "in time");
    check(transport.send(at("/cut")).await, Broken::OutcomeUnknown, "run the command again");
    check(transport.send(at("/large")).await, Broken::TooLarge, "64 MiB");
    let nobody = transport.send(get("https://localhost:1/")).await;
    check(nobody, Broken::NotSent, "cannot reach localhost:1");
    let nowhere = transport.send(get("https://no-such-host.invalid/")).await;
    check(nowhere, Broken::NotSent, "no-such-host.invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_trusted_gets_nothing() {
    let server = Server::start(&["localhost"]).await;
    let transport = Transport::network(&options(&server)).unwrap();
    let plain = transport.send(get("http://localhost/")).await;
    check(plain, Broken::Distrusted, "only https");
    let wrong_name = get(&format!("https://127.0.0.1:{}/ok", server.port));
    check(transport.send(wrong_name).await, Broken::Distrusted, "another name");

    let other = Server::start(&["localhost"]).await;
    let other = Transport::network(&options(&other)).unwrap();
    let unknown = get(&format!("https://localhost:{}/ok", server.port));
    check(other.send(unknown).await, Broken::Distrusted, "SSL_CERT_FILE");

    let roots = Roots::Only("no certificate".to_owned());
    assert!(Transport::network(&NetworkOptions { roots, ..NetworkOptions::default() }).is_err());
}

/// What a child says of its run.
fn in_a_child(environment: &BTreeMap<&str, String>) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "network::as_a_child", "--ignored", "--nocapture"]);
    for name in [
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "NO_PROXY",
        "no_proxy",
    ] {
        command.env_remove(name);
    }
    let output = command.envs(environment).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// `cloud: public`, on the network as the environment says.
#[tokio::test]
#[ignore = "run by the tests below, with an environment of their own"]
async fn as_a_child() {
    let mut settings = Fake::new(|_| Ok(Reply::json(200, json!({})))).settings();
    settings.endpoints = Endpoints::of(&Cloud::Public).unwrap();
    settings.pace.attempts_unsent = 1;
    let report = async {
        settings.transport = Transport::network(&NetworkOptions::default())?;
        let graph =
            Graph::sign_in(settings).await.map_err(|f| Broken::NotSent(format!("{f:?}")))?;
        let calls = vec![read::organization(), read::default_app_management_policy()];
        let answers = graph.send_all(calls).await;
        Ok::<_, Broken>(format!("{:?} {answers:?}", graph.caller().app_id))
    };
    match report.boxed().await {
        Ok(text) => println!("REACHED {text}"),
        Err(broken) => println!("BROKEN {broken}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_public_cloud_is_reached_through_a_proxy_that_inspects_tls() {
    let hosts = ["graph.microsoft.com", "login.microsoftonline.com"];
    let server = Server::start(&hosts).await;
    let proxy = Proxy::start(server.port, "HTTP/1.1 200 OK\r\n\r\n").await;
    let directory = tempfile::tempdir().unwrap();
    let authority = directory.path().join("ca.pem");
    std::fs::write(&authority, &server.authority).unwrap();
    let url = format!("http://127.0.0.1:{}", proxy.port);
    let authority = authority.to_str().unwrap().to_owned();

    let with = |rows: &[(&'static str, &str)]| {
        let rows = rows.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        tokio::task::spawn_blocking(move || in_a_child(&rows))
    };
    let text = with(&[("HTTPS_PROXY", &url), ("SSL_CERT_FILE", &authority)]).await.unwrap();
    assert!(text.contains("REACHED c11e0000") && !text.contains("Err("), "{text}");
    let tunnels = proxy.tunnels();
    for host in hosts {
        assert!(tunnels.contains(&format!("{host}:443")), "{tunnels:?}");
    }
    assert_eq!(tunnels.len(), 2, "one connection a host");

    let text = with(&[("HTTPS_PROXY", &url)]).await.unwrap();
    assert!(text.contains("BROKEN Untrusted") && text.contains("SSL_CERT_FILE"), "{text}");
    let text = with(&[("HTTPS_PROXY", &url), ("SSL_CERT_FILE", "/none.pem")]).await.unwrap();
    assert!(text.contains("BROKEN cannot read /none.pem"), "{text}");

    let refusing = Proxy::start(server.port, "HTTP/1.1 403 Forbidden\r\n\r\n").await;
    let url = format!("http://127.0.0.1:{}", refusing.port);
    let text = with(&[("HTTPS_PROXY", &url), ("SSL_CERT_FILE", &authority)]).await.unwrap();
    assert!(text.contains("BROKEN NotSent") && text.contains("HTTPS_PROXY"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_over_sockets() {
    let server = Server::start(&["localhost"]).await;
    let mut settings = Fake::new(|_| Ok(Reply::json(200, json!({})))).settings();
    settings.transport = Transport::network(&options(&server)).unwrap();
    settings.endpoints =
        Endpoints::emulator(&format!("https://localhost:{}", server.port)).unwrap();
    let settings = Arc::new(settings);
    let graph = Graph::sign_in((*settings).clone()).await.unwrap();
    let answers = graph.send_all(vec![read::organization(), read::organization()]).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}
