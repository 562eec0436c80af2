//! Delivery: the only ways in which a value leaves zrec: to the terminal, or to a 0600 file.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

use super::Secret;

/// Writes a value to a new file that only its owner can read.
pub fn to_file(path: &Path, value: &Secret) -> Result<(), String> {
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            format!(
                "{} is there already, and is not overwritten; name another file",
                path.display()
            )
        }
        _ => format!("cannot write {}: {error}", path.display()),
    };
    let mut file = private_file(path).map_err(failed)?;
    file.write_all(value.expose().as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
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

/// Writes values to the terminal, whatever stdout is. Without one nothing is shown.
pub fn to_terminal(values: &[(String, Secret)]) -> Result<(), String> {
    let mut terminal = OpenOptions::new().write(true).open("/dev/tty").map_err(|error| {
        format!("there is no terminal to show it on ({error}); name a file with -o")
    })?;
    for (label, value) in values {
        let shown = terminal
            .write_all(format!("{label}:\n").as_bytes())
            .and_then(|()| terminal.write_all(value.expose().as_bytes()))
            .and_then(|()| terminal.write_all(b"\n"));
        shown.map_err(|error| format!("cannot write to the terminal: {error}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_is_private_and_never_replaced() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("value");
        to_file(&path, &Secret::new("v".to_owned())).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let again = to_file(&path, &Secret::new("w".to_owned())).unwrap_err();
        assert!(again.contains("is not overwritten"), "{again}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "v");
        assert!(to_file(Path::new("/dev/stdout"), &Secret::new("w".to_owned())).is_err());
    }
}
