//! Delivery: the only ways in which a value leaves zrec: to the terminal, or to a 0600 file.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::Secret;

/// A place that is ready to take values. Opened before anything is recorded: once it is, only the
/// writing itself can fail.
#[derive(Debug)]
pub struct Delivery {
    file: File,
    path: Option<PathBuf>,
}

impl Delivery {
    /// A new file that only its owner can read; an existing one is not replaced.
    pub fn to_file(path: &Path) -> Result<Self, String> {
        let file = private_file(path).map_err(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => format!(
                "{} is there already, and is not overwritten; name another file",
                path.display()
            ),
            _ => format!("cannot write {}: {error}", path.display()),
        })?;
        Ok(Self { file, path: Some(path.to_path_buf()) })
    }

    /// The terminal, whatever stdout is. Without one nothing is shown.
    pub fn to_terminal() -> Result<Self, String> {
        let terminal = OpenOptions::new().write(true).open("/dev/tty");
        let file = terminal.map_err(|error| {
            format!("there is no terminal to show it on ({error}); name a file with -o")
        })?;
        Ok(Self { file, path: None })
    }

    /// Writes values: to a file as they are, to a terminal with what they are.
    pub fn write(mut self, values: &[(String, Secret)]) -> Result<(), String> {
        let mut written = Ok(());
        for (label, value) in values {
            let value = value.expose().as_bytes();
            written = written.and_then(|()| match self.path {
                Some(_) => self.file.write_all(value).and_then(|()| self.file.sync_all()),
                None => writeln!(self.file, "{label}:")
                    .and_then(|()| self.file.write_all(value))
                    .and_then(|()| self.file.write_all(b"\n")),
            });
        }
        let place = self.path.map_or("the terminal".to_owned(), |path| path.display().to_string());
        written.map_err(|error| format!("cannot write to {place}: {error}"))
    }

    /// Takes back what was opened and is not needed.
    pub fn cancel(self) {
        if let Some(path) = self.path {
            // An empty file does no harm.
            let _ = std::fs::remove_file(path);
        }
    }
}

#[cfg(unix)]
fn private_file(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn private_file(_: &Path) -> io::Result<File> {
    Err(io::Error::other("this system has no file modes that keep others out"))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn value(text: &str) -> [(String, Secret); 1] {
        [("value".to_owned(), Secret::new(text.to_owned()))]
    }

    #[test]
    fn a_file_is_private_and_never_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("value");
        Delivery::to_file(&path).unwrap().write(&value("v")).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = Delivery::to_file(&path).unwrap_err();
        assert!(again.contains("is not overwritten"), "{again}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "v");
    }

    #[test]
    fn stdout_by_another_name_is_refused() {
        assert!(Delivery::to_file(Path::new("/dev/stdout")).is_err());
        assert!(Delivery::to_file(Path::new("/dev/fd/1")).is_err());
    }
}
