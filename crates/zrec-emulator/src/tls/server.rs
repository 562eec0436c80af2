//! The HTTPS server: HTTP/1.1 and HTTP/2 by ALPN.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::task::JoinHandle;

use crate::{CertificateAuthority, Emulator, EmulatorError, Lost};

/// Requests larger than this are cut off: Graph's own limit is 4 MB.
const LARGEST_BODY: usize = 4 << 20;

/// A running server. Dropping it stops it at once.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    handle: Handle<SocketAddr>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Server {
    pub(crate) async fn start(
        emulator: Emulator,
        listener: TcpListener,
        authority: &CertificateAuthority,
    ) -> Result<Self, EmulatorError> {
        listener.set_nonblocking(true).map_err(EmulatorError::Listener)?;
        let address = listener.local_addr().map_err(EmulatorError::Listener)?;
        let (chain, key) = authority.leaf()?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| EmulatorError::Tls(error.to_string()))?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .map_err(|error| EmulatorError::Tls(error.to_string()))?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let each = tower::service_fn(move |request| respond(emulator.clone(), request));
        let make = tower::service_fn(move |_: SocketAddr| {
            std::future::ready(Ok::<_, std::convert::Infallible>(each.clone()))
        });
        let handle = Handle::new();
        let server =
            axum_server::from_tcp_rustls(listener, RustlsConfig::from_config(Arc::new(config)))
                .map_err(EmulatorError::Listener)?
                .handle(handle.clone());
        let task = tokio::spawn(server.serve(make));
        Ok(Self { address, handle, task })
    }

    /// Where it listens.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// `https://localhost:PORT`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.address.port())
    }

    /// Stops taking connections and waits, at most two seconds, for those that are open.
    pub async fn shutdown(mut self) {
        self.handle.graceful_shutdown(Some(Duration::from_secs(2)));
        let _ = (&mut self.task).await;
    }

    /// Serves until the process ends.
    ///
    /// # Errors
    /// If the listener fails.
    pub async fn wait(mut self) -> Result<(), EmulatorError> {
        match (&mut self.task).await {
            Ok(ended) => ended.map_err(EmulatorError::Listener),
            Err(_) => Ok(()),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.handle.shutdown();
        self.task.abort();
    }
}

/// One request over the wire. A lost answer is the service's error: the server closes the connection (HTTP/1.1) or
/// resets the stream (HTTP/2) without a word.
async fn respond(emulator: Emulator, request: http::Request<Incoming>) -> Result<Response, Lost> {
    let (parts, body) = request.into_parts();
    let Ok(body) = http_body_util::Limited::new(body, LARGEST_BODY).collect().await else {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = http::StatusCode::PAYLOAD_TOO_LARGE;
        return Ok(response);
    };
    let answer = emulator.call(http::Request::from_parts(parts, body.to_bytes())).await?;
    Ok(answer.map(Body::from))
}
