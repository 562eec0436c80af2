//! Transport: carries one HTTP request to its host, over the network or inside the process.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;

mod network;

pub use network::{NetworkOptions, Roots};

/// Answers beyond this size are refused; the largest real ones are a few megabytes.
pub const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// Why there is no answer. Each text is one sentence: what, which host, what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// The request never left: no name, no connection, no proxy tunnel.
    #[error("{0}")]
    NotSent(String),
    /// The request never left, and trying again is of no use: the certificate is not trusted, or
    /// the address is not https.
    #[error("{0}")]
    Distrusted(String),
    /// The request left and its answer did not arrive: it may have been done.
    #[error("{0}")]
    OutcomeUnknown(String),
    /// The answer is larger than [`LARGEST_ANSWER`]; the request was done or refused.
    #[error("{0}")]
    TooLarge(String),
}

/// What an [`InProcess`] transport calls.
pub type Respond = dyn Fn(http::Request<Bytes>) -> BoxFuture<'static, Result<http::Response<Bytes>, Broken>>
    + Send
    + Sync;

/// A cloud in the same process.
#[derive(Clone)]
pub struct InProcess(Arc<Respond>);

impl InProcess {
    /// Wraps the function that answers.
    pub fn new<F>(respond: F) -> Self
    where
        F: Fn(http::Request<Bytes>) -> BoxFuture<'static, Result<http::Response<Bytes>, Broken>>
            + Send
            + Sync
            + 'static,
    {
        Self(Arc::new(respond))
    }
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

/// Carries requests. Knows neither tokens nor retries.
#[derive(Clone, Debug)]
pub enum Transport {
    /// Over HTTPS.
    Network(reqwest::Client),
    /// To a cloud in the same process.
    InProcess(InProcess),
}

impl Transport {
    /// A transport over HTTPS: redirects off, HTTP/2 where offered, proxies and trust as in
    /// [`NetworkOptions`].
    pub fn network(options: &NetworkOptions) -> Result<Self, Broken> {
        network::client(options).map(Self::Network)
    }

    /// Sends one request. Plain http is refused here, whoever asks.
    pub async fn send(
        &self,
        request: http::Request<Bytes>,
    ) -> Result<http::Response<Bytes>, Broken> {
        if request.uri().scheme() != Some(&http::uri::Scheme::HTTPS) {
            return Err(Broken::Distrusted(format!(
                "refused to send a request to {}: only https is used; correct the address",
                request.uri().authority().map_or("no host", |a| a.as_str()),
            )));
        }
        match self {
            Self::Network(client) => network::send(client, request).await,
            Self::InProcess(InProcess(respond)) => respond(request).await,
        }
    }
}
