//! An HTTPS server and a CONNECT proxy on loopback.

use std::net::TcpListener as StdListener;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::header::{CONTENT_LENGTH, LOCATION};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use axum_server::tls_rustls::RustlsConfig;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use crate::fake::CLIENT;

/// An HTTPS server that speaks HTTP/2, with a certificate of its own authority.
pub(crate) struct Server {
    pub(crate) port: u16,
    /// PEM.
    pub(crate) authority: String,
}

impl Server {
    pub(crate) async fn start(hosts: &[&str]) -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
        let config = RustlsConfig::from_pem(certificate.pem().into(), key.serialize_pem().into());
        let config = config.await.unwrap();

        let listener = StdListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = axum_server::from_tcp_rustls(listener, config).unwrap();
        tokio::spawn(server.serve(routes().into_make_service()));
        Self { port, authority: issuer.pem() }
    }
}

fn routes() -> Router {
    Router::new()
        .route("/ok", get(async || "{}"))
        .route("/redirect", get(async || (axum::http::StatusCode::FOUND, [(LOCATION, "/ok")])))
        .route("/slow", get(async || tokio::time::sleep(std::time::Duration::from_secs(60)).await))
        .route("/cut", get(async || ([(CONTENT_LENGTH, "100")], broken_body()).into_response()))
        .route("/large", get(async || vec![b' '; 65 << 20]))
        .route("/{tenant}/oauth2/v2.0/token", post(token))
        .route("/v1.0/$batch", post(batch))
}

fn broken_body() -> Body {
    let chunks = [Ok(bytes::Bytes::from_static(b"{")), Err(std::io::Error::other("cut"))];
    Body::from_stream(futures::stream::iter(chunks))
}

async fn token(Path(tenant): Path<String>) -> Response {
    let claims = json!({ "tid": tenant, "oid": CLIENT, "appid": CLIENT }).to_string();
    let token = ["{}", &claims].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".") + ".x";
    Json(json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": token }))
        .into_response()
}

async fn batch(Json(batch): Json<Value>) -> Response {
    let requests = batch["requests"].as_array().unwrap();
    let responses: Vec<Value> = requests
        .iter()
        .map(|request| json!({ "id": request["id"], "status": 200, "body": {} }))
        .collect();
    Json(json!({ "responses": responses })).into_response()
}

/// A proxy that leads every tunnel to one port, as one that inspects TLS does.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    tunnels: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub(crate) async fn start(to: u16, answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let tunnels = Arc::new(Mutex::new(Vec::new()));
        let seen = tunnels.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(tunnel(client, to, answer, seen.clone()));
            }
        });
        Self { port, tunnels }
    }

    pub(crate) fn tunnels(&self) -> Vec<String> {
        self.tunnels.lock().unwrap().clone()
    }
}

async fn tunnel(
    mut client: TcpStream,
    to: u16,
    answer: &'static str,
    seen: Arc<Mutex<Vec<String>>>,
) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let Ok(byte) = client.read_u8().await else {
            return;
        };
        head.push(byte);
    }
    let head = String::from_utf8(head).unwrap();
    let host = head.strip_prefix("CONNECT ").and_then(|rest| rest.split(' ').next()).unwrap();
    seen.lock().unwrap().push(host.to_owned());
    client.write_all(answer.as_bytes()).await.unwrap();
    if answer.contains(" 200 ") {
        let mut server = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
        let _ = copy_bidirectional(&mut client, &mut server).await;
    }
}
