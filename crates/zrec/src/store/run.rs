//! Runs: a file that each minting process holds locked for its life.
//!
//! It proves one thing only: that a run is over. It appears locked (it is locked before it gets its
//! name), so a lock that can be taken means that its process has ended. Locks of some network file
//! systems do not reach other machines; so a file written under another boot of a kernel proves
//! nothing, and neither does one that is missing.

use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use zrec_plan::record::RunId;

const EXTENSION: &str = "lock";

/// The lock of this process's run; released when dropped.
#[derive(Debug)]
pub(super) struct RunLock {
    run: RunId,
    path: PathBuf,
    _file: File,
}

impl RunLock {
    /// Creates and holds `<directory>/<run>.lock`.
    pub(super) fn hold(directory: &Path, run: &RunId) -> io::Result<Self> {
        let path = directory.join(format!("{}.{EXTENSION}", run.0));
        let mut file = super::files::temporary(directory)?;
        file.write_all(boot().unwrap_or_default().as_bytes())?;
        file.as_file().lock()?;
        let file = file.persist_noclobber(&path).map_err(|error| error.error)?;
        Ok(Self { run: run.clone(), path, _file: file })
    }

    /// Whose it is.
    pub(super) fn run(&self) -> &RunId {
        &self.run
    }

    /// Removes the file: nothing of the run is open.
    pub(super) fn remove(self) {
        // Left behind, it is removed by a later run.
        let _ = fs::remove_file(&self.path);
    }
}

/// The runs that are over for certain.
pub(super) fn over(directory: &Path) -> BTreeSet<RunId> {
    let Ok(entries) = fs::read_dir(directory) else { return BTreeSet::new() };
    let here = boot();
    let over = |path: &Path| {
        let name = path.file_stem()?.to_str()?;
        if path.extension()? != EXTENSION || name.starts_with('.') {
            return None;
        }
        let file = File::open(path).ok()?;
        let same_boot = here.is_some() && io::read_to_string(&file).ok() == here;
        // Shared: planners that look at the same moment do not take one another for the run.
        match same_boot.then(|| file.try_lock_shared())? {
            Ok(()) => Some(RunId(name.to_owned())),
            Err(TryLockError::WouldBlock | TryLockError::Error(_)) => None,
        }
    };
    entries.flatten().filter_map(|entry| over(&entry.path())).collect()
}

/// Forgets a run that is over and left nothing open.
pub(super) fn forget(directory: &Path, run: &RunId) {
    let _ = fs::remove_file(directory.join(format!("{}.{EXTENSION}", run.0)));
}

/// This boot of this kernel; none where the system does not say.
fn boot() -> Option<String> {
    let id = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let id = id.trim();
    (!id.is_empty()).then(|| id.to_owned())
}
