//! Files and directories that only their owner can read, made durable.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::Duration;

use tempfile::NamedTempFile;

/// What a file is called before it has its name.
const TEMPORARY: &str = ".tmp-";
/// No writer takes this long; what is older was left behind by a crash.
const STALE: Duration = Duration::from_secs(3600);
/// A store is four directories deep.
const DEEPEST: u8 = 4;

/// A new file beside its later place: 0600 from the start; removed when dropped unnamed.
pub(super) fn temporary(directory: &Path) -> io::Result<NamedTempFile> {
    // The crate's default mode is 0600.
    tempfile::Builder::new().prefix(TEMPORARY).tempfile_in(directory)
}

/// Makes a directory and its parents below `base`: 0700, each one synced into its parent.
pub(super) fn make_directories(base: &Path, directory: &Path) -> io::Result<()> {
    if directory.is_dir() {
        return Ok(());
    }
    let parent = directory.parent().ok_or(io::ErrorKind::NotFound)?;
    if directory != base {
        make_directories(base, parent)?;
    }
    match private_directory().create(directory) {
        // Another process was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && directory.is_dir() => Ok(()),
        Err(error) => Err(error),
        Ok(()) => sync(parent),
    }
}

#[cfg(unix)]
fn private_directory() -> fs::DirBuilder {
    use std::os::unix::fs::DirBuilderExt as _;
    let mut builder = fs::DirBuilder::new();
    builder.mode(0o700);
    builder
}

#[cfg(not(unix))]
fn private_directory() -> fs::DirBuilder {
    fs::DirBuilder::new()
}

/// Whether others than the owner may write there.
#[cfg(unix)]
pub(super) fn is_open_to_others(directory: &Path) -> io::Result<bool> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::metadata(directory)?.permissions().mode() & 0o022 != 0)
}

#[cfg(not(unix))]
pub(super) fn is_open_to_others(_: &Path) -> io::Result<bool> {
    Ok(false)
}

/// Makes the names in a directory durable.
pub(super) fn sync(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}

/// Tells git to leave the directory alone.
pub(super) fn ignore(directory: &Path) -> io::Result<()> {
    let path = directory.join(".gitignore");
    if path.exists() {
        return Ok(());
    }
    fs::write(path, "# Secrets: never commit what is here.\n*\n")
}

/// Whether an error says for certain that a file did not get its name.
pub(super) fn is_refusal(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    matches!(
        error.kind(),
        Kind::PermissionDenied
            | Kind::StorageFull
            | Kind::QuotaExceeded
            | Kind::ReadOnlyFilesystem
            | Kind::NotFound
    )
}

/// Removes what crashes left behind unnamed: it may hold a value.
pub(super) fn remove_stale(folder: &Path, depth: u8) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && depth < DEEPEST {
            remove_stale(&entry.path(), depth + 1);
        } else if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            let age = entry.metadata().and_then(|file| file.modified());
            let age = age.ok().and_then(|written| written.elapsed().ok());
            if age.is_some_and(|age| age > STALE) {
                // Another run may have been faster.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}
