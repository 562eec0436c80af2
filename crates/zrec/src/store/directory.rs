//! A directory of 0600 files: `<path>/<tenant id>/<unique name>/<C>/<nn>-<transition>.json`.
//!
//! A file appears whole or not at all: it is written beside its place, synced, given its name
//! without replacing anything, and the directory is synced. Nothing is ever overwritten.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use zeroize::Zeroizing;
use zrec_plan::Guid;
use zrec_plan::observed::Seen;
use zrec_plan::record::{CredentialName, Entry, Record, Records, RunId, Transition};

use super::files::{
    ignore, is_open_to_others, is_refusal, make_directories, remove_stale, sync, temporary,
};
use super::run::{self, RunLock};
use super::{Place, StoreFailure, git, object};
use crate::failpoint::FailPoints;
use crate::secret::Secret;

/// No object of ours is larger.
const LARGEST: u64 = 256 * 1024;

/// A directory store, for one tenant.
#[derive(Debug)]
pub struct DirectoryStore {
    /// The set's root: the store stays below it.
    root: PathBuf,
    /// The store.
    path: PathBuf,
    tenant_id: Guid,
    /// Whether the store would vanish with the job that mints into it.
    vanishes: bool,
    fail_points: FailPoints,
    lock: Mutex<Option<RunLock>>,
}

impl DirectoryStore {
    /// The store at `path` below `root`. Touches nothing.
    pub fn new(
        root: &Path,
        path: &str,
        tenant_id: Guid,
        vanishes: bool,
        fail_points: FailPoints,
    ) -> Self {
        let (root, path) = (root.to_path_buf(), root.join(path));
        Self { root, path, tenant_id, vanishes, fail_points, lock: Mutex::new(None) }
    }

    fn tenant(&self) -> PathBuf {
        self.path.join(self.tenant_id.to_string())
    }

    fn runs(&self) -> PathBuf {
        self.tenant().join("runs")
    }

    fn folder(&self, place: &Place) -> PathBuf {
        self.tenant().join(&place.unique_name).join(place.name.as_str())
    }

    pub(super) fn records<'a>(
        &self,
        unique_names: impl Iterator<Item = &'a str>,
    ) -> BTreeMap<String, Seen<Records>> {
        let runs_over = run::over(&self.runs());
        let read = |name: &str| match self.records_of(name) {
            Ok(records) => Seen::Present(Records { records, runs_over: runs_over.clone() }),
            Err(failure) => Seen::Unreadable(super::unreadable(&failure)),
        };
        unique_names.map(|name| (name.to_owned(), read(name))).collect()
    }

    fn records_of(&self, unique_name: &str) -> Result<Vec<Record>, StoreFailure> {
        let folder = self.tenant().join(unique_name);
        let mut records = Vec::new();
        for (name, path) in listed(&folder)? {
            let name = CredentialName::try_from(name)
                .map_err(|error| damaged(&path, &format!("is {error}")))?;
            records.extend(self.record(unique_name, name, &path)?);
        }
        Ok(records)
    }

    /// One credential's record; none where a crash left an empty folder.
    fn record(
        &self,
        unique_name: &str,
        name: CredentialName,
        folder: &Path,
    ) -> Result<Option<Record>, StoreFailure> {
        let mut entries = Vec::new();
        let mut kinds = BTreeSet::new();
        for (file, path) in listed(folder)? {
            let text = contents(&path)?;
            let (kind, entry) = object::decode(&text, &file, self.tenant_id, unique_name, &name)
                .map_err(|why| damaged(&path, &why))?;
            kinds.insert(kind);
            entries.push(entry);
        }
        let Some(kind) = kinds.pop_first() else { return Ok(None) };
        let intended = |entry: &Entry| matches!(entry.transition, Transition::Intended { .. });
        if !kinds.is_empty() || !entries.iter().any(intended) {
            return Err(damaged(folder, "lacks its intent, or mixes two kinds"));
        }
        // By moment; those of one moment as their files are ordered.
        entries.sort_by_key(|entry| (entry.at, object::file_name(&entry.transition)));
        let unique_name = unique_name.to_owned();
        Ok(Some(Record { name, kind, tenant_id: self.tenant_id, unique_name, entries }))
    }

    pub(super) fn put(
        &self,
        place: &Place,
        entry: &Entry,
        value: Option<&Secret>,
    ) -> Result<(), StoreFailure> {
        let folder = self.folder(place);
        let path = folder.join(object::file_name(&entry.transition));
        let text = object::encode(place, entry, value).map_err(StoreFailure::refused)?;
        let refused = |error: io::Error| StoreFailure::io("write", &path, &error);
        let unknown = |error: io::Error| StoreFailure::perhaps("write", &path, &error);

        self.fail_points.strike("store-before").map_err(refused)?;
        make_directories(&self.path, &folder).map_err(refused)?;
        let mut file = temporary(&folder).map_err(refused)?;
        file.write_all(&text).and_then(|()| file.as_file().sync_all()).map_err(refused)?;
        self.fail_points.strike("store-written").map_err(refused)?;
        match file.persist_noclobber(&path) {
            Ok(_) => {}
            Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
                // Transitions without a value say the same whoever wrote them.
                if value.is_some() && *contents(&path)? != *text {
                    return Err(damaged(&path, "is there already and holds another value"));
                }
            }
            Err(error) if is_refusal(&error.error) => return Err(refused(error.error)),
            Err(error) => return Err(unknown(error.error)),
        }
        self.fail_points.strike("store-named").map_err(unknown)?;
        sync(&folder).map_err(unknown)?;
        self.fail_points.strike("store-synced").map_err(unknown)
    }

    pub(super) fn value(&self, place: &Place) -> Result<Secret, StoreFailure> {
        let path = self.folder(place).join(object::valued_file(place.kind));
        object::value(&contents(&path)?).map_err(|why| damaged(&path, &why))
    }

    pub(super) fn begin(&self, run: &RunId) -> Result<(), StoreFailure> {
        let mut lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner);
        if lock.is_some() {
            return Ok(());
        }
        self.ready()?;
        let runs = self.runs();
        let failed = |error: io::Error| StoreFailure::io("prepare", &runs, &error);
        make_directories(&self.path, &runs).map_err(failed)?;
        remove_stale(&self.tenant(), 0);
        *lock = Some(RunLock::hold(&runs, run).map_err(failed)?);
        Ok(())
    }

    /// Whether something may be minted into the store.
    fn ready(&self) -> Result<(), StoreFailure> {
        let shown = self.path.display();
        if cfg!(not(unix)) {
            return Err(StoreFailure::refused(format!(
                "nothing is minted into {shown}: this system has no file modes that keep others out"
            )));
        }
        if self.vanishes {
            return Err(StoreFailure::refused(format!(
                "nothing is minted into {shown}: CI=true says that this is a job whose disk may be \
                 thrown away, and the store does not say what keeps it; say `durable: volume` where \
                 a volume does, or use another kind of store"
            )));
        }
        let failed = |error: io::Error| StoreFailure::io("prepare", &self.path, &error);
        make_directories(&self.root, &self.path).map_err(failed)?;
        let real = self.path.canonicalize().map_err(failed)?;
        if !real.starts_with(self.root.canonicalize().map_err(failed)?) {
            return Err(StoreFailure::refused(format!(
                "nothing is minted into {shown}: a link leads it to {}, out of the set's root",
                real.display()
            )));
        }
        if is_open_to_others(&self.path).map_err(failed)? {
            return Err(StoreFailure::refused(format!(
                "nothing is minted into {shown}: others may write there; `chmod 700` it"
            )));
        }
        ignore(&self.path).map_err(failed)?;
        if git::would_commit(&real) {
            return Err(StoreFailure::refused(format!(
                "nothing is minted into {shown}: git does not ignore it; add it to .gitignore"
            )));
        }
        Ok(())
    }

    pub(super) fn end(&self) {
        let lock = self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(lock) = lock else { return };
        let open = self.open_runs();
        let runs = self.runs();
        if let Some(open) = open {
            for over in run::over(&runs).difference(&open) {
                run::forget(&runs, over);
            }
            if !open.contains(lock.run()) {
                lock.remove();
            }
        }
    }

    /// The runs that left an intent open; none where that cannot be read.
    fn open_runs(&self) -> Option<BTreeSet<RunId>> {
        let mut open = BTreeSet::new();
        for (name, _) in listed(&self.tenant()).ok()? {
            if name == "runs" {
                continue;
            }
            for record in self.records_of(&name).ok()? {
                let closed = record.entries.iter().any(|entry| {
                    matches!(entry.transition, Transition::Minted { .. } | Transition::Aborted)
                });
                let run = record.entries.iter().find_map(|entry| match &entry.transition {
                    Transition::Intended { run, .. } => Some(run.clone()),
                    _ => None,
                });
                open.extend(run.filter(|_| !closed));
            }
        }
        Some(open)
    }
}

/// What a folder holds, in order, without hidden and unfinished files; nothing where it is missing.
fn listed(folder: &Path) -> Result<Vec<(String, PathBuf)>, StoreFailure> {
    let failed = |error: io::Error| StoreFailure::io("read", folder, &error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !name.starts_with('.') {
            found.push((name, path));
        }
    }
    found.sort();
    Ok(found)
}

/// A file's bytes, wiped after use.
fn contents(path: &Path) -> Result<Zeroizing<Vec<u8>>, StoreFailure> {
    let failed = |error: io::Error| StoreFailure::io("read", path, &error);
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    if size > LARGEST {
        return Err(damaged(path, "is larger than any object of ours"));
    }
    // One byte more than it holds: the buffer never grows, and leaves no copy behind.
    let room = usize::try_from(size + 1).unwrap_or(1);
    let mut text = Zeroizing::new(Vec::with_capacity(room));
    file.take(LARGEST).read_to_end(&mut text).map_err(failed)?;
    Ok(text)
}

fn damaged(path: &Path, why: &str) -> StoreFailure {
    StoreFailure::refused(format!(
        "{} {why}; restore it from a backup, or move it away once its credential is removed by hand",
        path.display()
    ))
}
