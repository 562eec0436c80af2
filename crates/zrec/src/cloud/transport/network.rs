//! The network half of the transport: one reqwest client on rustls.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use rustls::CertificateError;

use super::{Broken, LARGEST_ANSWER};

/// Whose certificates are trusted.
#[derive(Clone, Debug, Default)]
pub enum Roots {
    /// The platform's verifier, and what `SSL_CERT_FILE` names.
    #[default]
    System,
    /// As [`Roots::System`], and these PEM certificates.
    SystemAnd(String),
    /// Only these PEM certificates, and no proxy: the embedded emulator on loopback.
    Only(String),
}

/// How the network is used. `HTTPS_PROXY` and `NO_PROXY` are honoured.
#[derive(Clone, Debug)]
pub struct NetworkOptions {
    /// Whose certificates are trusted.
    pub roots: Roots,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long a whole exchange may take.
    pub timeout: Duration,
}

impl Default for NetworkOptions {
    fn default() -> Self {
        Self {
            roots: Roots::System,
            connect_timeout: Duration::from_secs(20),
            timeout: Duration::from_secs(100),
        }
    }
}

/// On Linux the platform's verifier reads `SSL_CERT_FILE` itself; elsewhere it does not.
const CERT_FILE: &str = "SSL_CERT_FILE";

pub(super) fn client(options: &NetworkOptions) -> Result<reqwest::Client, Broken> {
    // A second install is refused and means the same provider is already there.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
    let mut builder = reqwest::Client::builder()
        .tls_backend_rustls()
        .https_only(true)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .connect_timeout(options.connect_timeout)
        .timeout(options.timeout)
        .http2_adaptive_window(true)
        .user_agent(concat!("zrec/", env!("CARGO_PKG_VERSION")));
    builder = match &options.roots {
        Roots::System => builder.tls_certs_merge(named_by_environment()?),
        Roots::SystemAnd(pem) => builder
            .tls_certs_merge(named_by_environment()?)
            .tls_certs_merge(certificates(pem, "the extra certificate authority")?),
        Roots::Only(pem) => {
            builder.tls_certs_only(certificates(pem, "the embedded cloud's authority")?).no_proxy()
        }
    };
    builder.build().map_err(|error| {
        Broken::Distrusted(format!(
            "cannot set up HTTPS: {}; install the system's CA certificates, or name a PEM file in \
             {CERT_FILE}, and look at HTTPS_PROXY",
            innermost(&error)
        ))
    })
}

fn named_by_environment() -> Result<Vec<reqwest::Certificate>, Broken> {
    let Some(path) = std::env::var_os(CERT_FILE).filter(|path| !path.is_empty()) else {
        return Ok(Vec::new());
    };
    let pem = std::fs::read_to_string(&path).map_err(|error| {
        Broken::Distrusted(format!(
            "cannot read {}, which {CERT_FILE} names: {error}; name a readable PEM file",
            path.display()
        ))
    })?;
    certificates(&pem, &format!("{}, which {CERT_FILE} names,", path.display()))
}

fn certificates(pem: &str, whose: &str) -> Result<Vec<reqwest::Certificate>, Broken> {
    match reqwest::Certificate::from_pem_bundle(pem.as_bytes()) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(Broken::Distrusted(format!(
            "{whose} holds no PEM certificate; it must have `BEGIN CERTIFICATE` blocks"
        ))),
    }
}

pub(super) async fn send(
    client: &reqwest::Client,
    request: http::Request<Bytes>,
) -> Result<http::Response<Bytes>, Broken> {
    let host: Arc<str> = request.uri().authority().map_or("no host", |a| a.as_str()).into();
    let request = reqwest::Request::try_from(request).map_err(|error| {
        Broken::Distrusted(format!("cannot build the request to {host}: {error}"))
    })?;
    let mut answer = client.execute(request).await.map_err(|error| judge(&error, &host))?;

    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = answer.status();
    *response.version_mut() = answer.version();
    *response.headers_mut() = std::mem::take(answer.headers_mut());

    let too_large = || {
        Broken::TooLarge(format!(
            "the answer of {host} is larger than {} MiB; this is not the API that was asked",
            LARGEST_ANSWER >> 20
        ))
    };
    if answer.content_length().is_some_and(|length| length > LARGEST_ANSWER as u64) {
        return Err(too_large());
    }
    let mut body = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| {
        Broken::OutcomeUnknown(format!(
            "the answer of {host} broke off ({}); run the command again",
            innermost(&error)
        ))
    })? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    *response.body_mut() = body.freeze();
    Ok(response)
}

/// Connecting (name, socket, proxy tunnel, TLS) comes before sending; everything else is unknown.
fn judge(error: &reqwest::Error, host: &str) -> Broken {
    let inner = innermost(error);
    if let Some(certificate) = certificate_error(error) {
        return Broken::Distrusted(format!(
            "the certificate of {host} is not trusted ({inner}); {}",
            certificate_hint(certificate)
        ));
    }
    if error.is_connect() {
        return Broken::NotSent(format!(
            "cannot reach {host} ({inner}); check the network, and HTTPS_PROXY and NO_PROXY"
        ));
    }
    if error.is_builder() {
        return Broken::Distrusted(format!("cannot build the request to {host}: {inner}"));
    }
    let what = if error.is_timeout() { "did not answer in time" } else { "did not answer" };
    Broken::OutcomeUnknown(format!("{host} {what} ({inner}); run the command again"))
}

/// The innermost cause says what happened; the layers above only say that it did.
fn innermost(error: &dyn Error) -> String {
    let mut error = error;
    while let Some(source) = error.source() {
        error = source;
    }
    error.to_string()
}

/// A rustls error may be wrapped in I/O errors, which hide it from `source`.
fn certificate_error<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a CertificateError> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(rustls::Error::InvalidCertificate(why)) = error.downcast_ref() {
            return Some(why);
        }
        next = match error.downcast_ref().and_then(std::io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        };
    }
    None
}

fn certificate_hint(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name; look at the cloud's address, and at the proxy"
        }
        CertificateError::Expired
        | CertificateError::ExpiredContext { .. }
        | CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. } => "look at this machine's clock",
        _ => {
            "where a proxy inspects TLS, put its CA certificate into the PEM file that \
             SSL_CERT_FILE names"
        }
    }
}
