//! Secret markers: what no output may hold.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;
use zrec_emulator::DEFAULT_CALLER;

/// Says which marker a text holds. Tokens are JSON Web Tokens, so their first bytes are known.
pub(crate) fn absent(what: &str, text: &str) -> Result<(), String> {
    for marker in [DEFAULT_CALLER.secret, "eyJ", "PRIVATE KEY", "secretText"] {
        if let Some(at) = text.find(marker) {
            let line = text[..at].lines().count();
            return Err(format!("{what}, line {line}, holds {marker:?}"));
        }
    }
    Ok(())
}

/// Everything that is logged on this thread.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Listens at the finest level until the guard is dropped.
    pub(crate) fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(self.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
