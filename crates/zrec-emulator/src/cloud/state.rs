//! The state file: the whole cloud as JSON, replaced atomically, readable by its owner only.

use std::io::Write as _;
use std::path::Path;

use super::world::World;
use crate::EmulatorError;

/// Reads the state, or says that there is none yet.
pub(crate) fn load(path: &Path) -> Result<Option<World>, EmulatorError> {
    let bytes = match std::fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => {
            return Err(EmulatorError::Io { path: path.to_owned(), source });
        }
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| EmulatorError::State { path: path.to_owned(), reason: error.to_string() })
}

/// Writes the state beside the old one, then renames.
pub(crate) fn save(path: &Path, world: &World) -> Result<(), EmulatorError> {
    let io = |source| EmulatorError::Io { path: path.to_owned(), source };
    if let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        std::fs::create_dir_all(parent).map_err(io)?;
    }
    let bytes = serde_json::to_vec(world).map_err(|error| EmulatorError::State {
        path: path.to_owned(),
        reason: error.to_string(),
    })?;
    write_private(path, &bytes).map_err(io)
}

/// Writes a file with mode 0600 through a temporary one.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.tmp", std::process::id()));
    let temporary = path.with_file_name(name);
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    file.write_all(bytes)?;
    drop(file);
    std::fs::rename(&temporary, path)
}
