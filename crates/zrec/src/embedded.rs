//! The embedded cloud: the one room that starts the emulator.

use std::net::TcpListener;
use std::path::Path;

use secrecy::SecretString;
use zrec_emulator::{CertificateAuthority, CloudFile, DEFAULT_CALLER, Emulator, Server};

use crate::cloud::token::SignIn;
use crate::command::Failed;

/// An emulator that runs in this process; it ends when dropped.
#[derive(Debug)]
pub struct Running {
    /// Its address.
    pub base: String,
    /// The certificate that the client has to trust.
    pub certificate_pem: String,
    _server: Server,
}

impl Running {
    /// The emulator's own operator. Its secret is public: it opens nothing but this emulator.
    pub fn sign_in(&self) -> SignIn {
        let app_id = DEFAULT_CALLER.app_id.parse().expect("the emulator's constant is a GUID");
        SignIn::with_secret(app_id, SecretString::from(DEFAULT_CALLER.secret.to_owned()))
    }
}

/// Starts the emulator on loopback HTTPS, with its state in a file so that runs see each other's
/// work. What it starts from may stand beside the state, as `cloud.yaml`.
pub async fn start(directory: &Path) -> Result<Running, Failed> {
    let cloud = cloud_file(Some(&directory.join("cloud.yaml")))?;
    let emulator = Emulator::open(&directory.join("emulator.yaml"), cloud)
        .map_err(|error| Failed::new(format!("cannot start the emulator: {error}")))?;
    let authority = CertificateAuthority::ephemeral()
        .map_err(|error| Failed::new(format!("cannot make the emulator's certificate: {error}")))?;
    serve(emulator, authority, 0).await
}

/// Serves an emulator on a port of loopback.
pub async fn serve(
    emulator: Emulator,
    authority: CertificateAuthority,
    port: u16,
) -> Result<Running, Failed> {
    let listener = TcpListener::bind(("127.0.0.1", port)).map_err(|error| {
        Failed::new(format!("cannot listen on 127.0.0.1:{port}: {error}; choose another --port"))
    })?;
    let certificate_pem = authority.certificate_pem().to_owned();
    let server = emulator
        .serve(listener, &authority)
        .await
        .map_err(|error| Failed::new(format!("cannot serve the emulator: {error}")))?;
    let base = format!("https://localhost:{}", server.local_addr().port());
    Ok(Running { base, certificate_pem, _server: server })
}

/// Reads a cloud file; one that is not there is the default cloud.
pub fn cloud_file(path: Option<&Path>) -> Result<CloudFile, Failed> {
    let Some(path) = path.filter(|path| path.exists()) else { return Ok(CloudFile::default()) };
    let failed = |error: String| Failed::new(format!("cannot read {}: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
    CloudFile::parse(&text).map_err(|error| failed(error.to_string()))
}
