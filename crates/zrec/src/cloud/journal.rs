//! Journal: one line of JSON for each write that was sent. No body, no secret, no token.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::failure::{Failure, FailureKind};

/// One line.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry<'a> {
    /// The server's clock where it said, else ours. RFC 3339.
    #[serde(serialize_with = "rfc3339")]
    pub at: OffsetDateTime,
    /// The tenant's name in the manifests.
    pub tenant: &'a str,
    /// The connector, as `tenant/connector`.
    pub connector: Option<&'a str>,
    /// The step of the plan.
    pub step: Option<&'a str>,
    /// The method.
    pub method: &'a str,
    /// The path, without host and version.
    pub path: &'a str,
    /// The status, where there was an answer.
    pub status: Option<u16>,
    /// Microsoft's id of the request.
    pub request_id: Option<&'a str>,
    /// Our id of the request.
    pub client_request_id: Option<&'a str>,
    /// `done`, `refused` or `unknown`.
    pub outcome: Outcome,
}

/// What became of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The service says that it was done.
    Done,
    /// It was not done, for certain.
    Refused,
    /// It may have been done.
    Unknown,
}

fn rfc3339<S: serde::Serializer>(at: &OffsetDateTime, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&at.format(&Rfc3339).map_err(serde::ser::Error::custom)?)
}

/// The journal of one run.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    broken: Option<Failure>,
}

impl Journal {
    /// Creates `<directory>/<run>.jsonl`, readable by its owner only. The directory is made where
    /// it is missing; a file that is there already is not overwritten.
    pub fn create(directory: &Path, run: &str) -> Result<Self, Failure> {
        let path = directory.join(format!("{run}.jsonl"));
        let file = fs::create_dir_all(directory)
            .and_then(|()| private(OpenOptions::new().append(true).create_new(true)).open(&path))
            .map_err(|error| cannot_write(&path, &error))?;
        Ok(Self { path, state: Mutex::new(State { file, broken: None }) })
    }

    /// Writes to a file that is open already.
    pub fn to_file(path: impl Into<PathBuf>, file: File) -> Self {
        Self { path: path.into(), state: Mutex::new(State { file, broken: None }) }
    }

    /// Ends the journal: one in which nothing was written leaves no file behind.
    pub fn end(&self) {
        if fs::metadata(&self.path).is_ok_and(|file| file.len() == 0) {
            // A leftover empty file does no harm.
            let _ = fs::remove_file(&self.path);
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the next write may be sent: not after a line could not be written.
    pub fn ready(&self) -> Result<(), Failure> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.broken.clone().map_or(Ok(()), Err)
    }

    /// Writes one line. Once this has failed, [`Journal::ready`] refuses for good.
    pub fn record(&self, entry: &Entry<'_>) -> Result<(), Failure> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let written =
            serde_json::to_vec(entry).map_err(std::io::Error::other).and_then(|mut line| {
                line.push(b'\n');
                // One write call for a line, so that lines never interleave.
                state.file.write_all(&line)
            });
        written.map_err(|error| {
            let failure = cannot_write(&self.path, &error);
            state.broken = Some(failure.clone());
            failure
        })
    }
}

#[cfg(unix)]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

#[cfg(not(unix))]
fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Failure {
    Failure::of(FailureKind::Journal, format!("write the journal {}", path.display()))
        .because(error.to_string())
        .advise("nothing more is changed; make room or choose another directory, and run again")
}
