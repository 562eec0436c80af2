//! `zrec emulator`: the emulated cloud, for any client.

use zrec_emulator::{CertificateAuthority, DEFAULT_CALLER, Emulator};

use super::Failed;
use crate::args::EmulatorArgs;
use crate::embedded;

/// Serves until interrupted.
pub(super) fn run(arguments: &EmulatorArgs) -> Result<u8, Failed> {
    let runtime = super::runtime()?;
    runtime.block_on(async {
        let cloud = arguments.cloud.as_deref();
        if let Some(path) = cloud.filter(|path| !path.exists()) {
            return Err(Failed::new(format!("there is no cloud file {}", path.display())));
        }
        let failed = |error| Failed::new(format!("cannot start the emulator: {error}"));
        let state = arguments.state.join("emulator.yaml");
        let emulator = Emulator::open(&state, embedded::cloud_file(cloud)?).map_err(failed)?;
        let authority = CertificateAuthority::load_or_create(&arguments.state)
            .map_err(failed)?
            .with_names(arguments.host.iter().cloned());
        let certificate = arguments.state.join("ca.pem");
        let running = embedded::serve(emulator, authority, arguments.port).await?;
        super::report(&format!(
            "EMULATED cloud at {}\n  trust it:  SSL_CERT_FILE={}\n  sign in:   AZURE_CLIENT_ID={} AZURE_CLIENT_SECRET={}\n  manifests: cloud: {{ login: {base}, graph: {base} }}\nCtrl-C ends it.\n",
            running.base,
            certificate.display(),
            DEFAULT_CALLER.app_id,
            DEFAULT_CALLER.secret,
            base = running.base,
        ))?;
        tokio::signal::ctrl_c()
            .await
            .map_err(|error| Failed::new(format!("cannot wait for Ctrl-C: {error}")))?;
        Ok(0)
    })
}
