//! The files of a set: which paths hold manifests, and where the set's root is.
//!
//! Directories are read recursively, sorted, `*.yaml` and `*.yml` only. Hidden files and directories
//! are left out. A symbolic link to a file is read where it stays below the given path; one that
//! leaves it is an error; links to directories are not followed, for what they lead to is either
//! below the path and read there, or none of the set's business.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use zrec_plan::manifest::{MAX_BYTES, MAX_FILES, Source};
use zrec_plan::render::printable;

/// Directories may be nested this deeply.
const MAX_DEPTH: usize = 32;

/// The files of a set.
#[derive(Debug)]
pub struct Files {
    /// What they hold, in the order of their paths.
    pub sources: Vec<Source>,
    /// The git work tree that holds them, else the parent of the given path: what a manifest names
    /// by path lies below it.
    pub root: PathBuf,
}

/// Why the files of a set cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FilesError {
    /// The path does not exist.
    #[error("there is no file or directory {}\nhelp: name the directory that holds the manifests, or a file", path.display())]
    NotFound {
        /// The path.
        path: PathBuf,
    },
    /// The system refused.
    #[error("cannot read {}: {cause}\nhelp: check that this user may read it", path.display())]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// A device, pipe or socket.
    #[error("{} is neither a regular file nor a directory", path.display())]
    Special {
        /// The path.
        path: PathBuf,
    },
    /// A link that leads out of what was given.
    #[error("the link {} leads to {}, which is not below the given path\nhelp: replace the link by the file, or give the other path as well and remove the link", link.display(), target.display())]
    Escapes {
        /// The link.
        link: PathBuf,
        /// Where it leads.
        target: PathBuf,
    },
    /// More files than a set may have.
    #[error("{} holds more than {MAX_FILES} manifests\nhelp: put several documents into one file, separated by `---`, or give a narrower path", path.display())]
    TooMany {
        /// The given path.
        path: PathBuf,
    },
    /// Directories without end.
    #[error("{} is nested more than {MAX_DEPTH} directories deep", path.display())]
    TooDeep {
        /// The directory.
        path: PathBuf,
    },
    /// Nothing to read.
    #[error("{} holds no manifest (*.yaml, *.yml)\nhelp: name the directory that holds the manifests; `zrec init` writes a first set", path.display())]
    Empty {
        /// The given path.
        path: PathBuf,
    },
}

/// Reads the manifests at these paths.
pub fn collect(paths: &[PathBuf]) -> Result<Files, FilesError> {
    let mut found = Found::default();
    let mut roots = Vec::new();
    for path in paths {
        let real = real(path)?;
        let parent = real.parent().unwrap_or(&real).to_path_buf();
        roots.push(git_work_tree(&real).unwrap_or(parent));
        let before = found.files.len();
        let kind = fs::metadata(path).map_err(|cause| unreadable(path, cause))?;
        if kind.is_dir() {
            found.walk(path, &real, 0)?;
            if found.files.len() == before {
                return Err(FilesError::Empty { path: path.clone() });
            }
        } else if kind.is_file() {
            found.add(path, real)?;
        } else {
            return Err(FilesError::Special { path: path.clone() });
        }
    }
    let root = common(&roots);
    let mut sources = Vec::with_capacity(found.files.len());
    for (real, shown) in found.files {
        let below_root = real.strip_prefix(&root).unwrap_or(&real);
        let parts: Vec<_> = below_root.iter().map(|part| part.to_string_lossy()).collect();
        sources.push(Source {
            path: shown.to_string_lossy().into_owned(),
            below_root: parts.join("/"),
            bytes: bytes(&shown)?,
        });
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(Files { sources, root })
}

/// Files by their real path, so that one file is read once, whatever ways lead to it.
#[derive(Default)]
struct Found {
    files: BTreeMap<PathBuf, PathBuf>,
}

impl Found {
    fn walk(&mut self, directory: &Path, given: &Path, depth: usize) -> Result<(), FilesError> {
        if depth > MAX_DEPTH {
            return Err(FilesError::TooDeep { path: directory.to_path_buf() });
        }
        let entries = fs::read_dir(directory).map_err(|cause| unreadable(directory, cause))?;
        let mut entries =
            entries.collect::<Result<Vec<_>, _>>().map_err(|cause| unreadable(directory, cause))?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            if entry.file_name().to_string_lossy().starts_with('.') {
                continue;
            }
            let path = entry.path();
            let kind = entry.file_type().map_err(|cause| unreadable(&path, cause))?;
            if kind.is_dir() {
                self.walk(&path, given, depth + 1)?;
            } else if is_manifest(&path) && kind.is_file() {
                self.add(&path, real(&path)?)?;
            } else if is_manifest(&path) && kind.is_symlink() {
                let target = real(&path)?;
                if !target.starts_with(given) {
                    return Err(FilesError::Escapes { link: path, target });
                }
                if target.is_file() {
                    self.add(&path, target)?;
                }
            }
        }
        Ok(())
    }

    fn add(&mut self, shown: &Path, real: PathBuf) -> Result<(), FilesError> {
        self.files.entry(real).or_insert_with(|| shown.to_path_buf());
        if self.files.len() > MAX_FILES {
            return Err(FilesError::TooMany {
                path: shown.parent().unwrap_or(shown).to_path_buf(),
            });
        }
        Ok(())
    }
}

fn is_manifest(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// The content, and one byte too many where it is too long: the reader then says so with its place.
fn bytes(path: &Path) -> Result<Vec<u8>, FilesError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes))
        .map_err(|cause| unreadable(path, cause))?;
    Ok(bytes)
}

fn real(path: &Path) -> Result<PathBuf, FilesError> {
    path.canonicalize().map_err(|cause| unreadable(path, cause))
}

fn unreadable(path: &Path, cause: io::Error) -> FilesError {
    let path = path.to_path_buf();
    match cause.kind() {
        io::ErrorKind::NotFound => FilesError::NotFound { path },
        _ => FilesError::Unreadable { path, cause },
    }
}

/// A line of an error, its foreign characters made harmless; paths may be long, so nothing is cut.
pub fn shown(line: &str) -> String {
    let characters: Vec<char> = line.chars().collect();
    characters.chunks(100).map(|chunk| printable(&chunk.iter().collect::<String>())).collect()
}

/// The nearest directory above that git calls a work tree.
fn git_work_tree(path: &Path) -> Option<PathBuf> {
    path.ancestors().find(|directory| directory.join(".git").exists()).map(Path::to_path_buf)
}

/// The deepest directory that holds all of these.
fn common(roots: &[PathBuf]) -> PathBuf {
    let Some((first, others)) = roots.split_first() else {
        return PathBuf::new();
    };
    first
        .ancestors()
        .find(|directory| others.iter().all(|other| other.starts_with(directory)))
        .unwrap_or(first)
        .to_path_buf()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, path: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn listed(files: &Files, root: &Path) -> Vec<String> {
        let strip =
            |path: &str| path.strip_prefix(root.to_str().unwrap()).unwrap_or(path).to_owned();
        files.sources.iter().map(|source| strip(&source.path)).collect()
    }

    #[test]
    fn directories_are_read_recursively_sorted_and_without_hidden_ones() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path();
        for path in ["m/b.yaml", "m/a/z.yml", "m/a.txt", "m/.git/x.yaml", "m/.x.yaml", "m/c.yaml"] {
            write(root, path, "");
        }
        let files = collect(&[root.join("m")]).unwrap();
        assert_eq!(listed(&files, root), ["/m/a/z.yml", "/m/b.yaml", "/m/c.yaml"]);
        assert_eq!(files.root, root.join("m").canonicalize().unwrap(), "m is a git work tree here");
    }

    #[test]
    fn the_root_is_the_work_tree_else_the_parent() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path().canonicalize().unwrap();
        write(&root, "r/m/deep/a.yaml", "");
        let files = collect(&[root.join("r/m")]).unwrap();
        assert_eq!(files.root, root.join("r"));
        assert_eq!(files.sources[0].below_root, "m/deep/a.yaml");
        let file = collect(&[root.join("r/m/deep/a.yaml")]).unwrap();
        assert_eq!(file.root, root.join("r/m/deep"));
        write(&root, ".git/HEAD", "");
        assert_eq!(collect(&[root.join("r/m")]).unwrap().root, root);
        let twice = collect(&[root.join("r/m"), root.join("r/m/deep/a.yaml")]).unwrap();
        assert_eq!(twice.sources.len(), 1, "one file is read once");
    }

    #[cfg(unix)]
    #[test]
    fn links_may_not_leave_the_given_path() {
        use std::os::unix::fs::symlink;
        let home = tempfile::tempdir().unwrap();
        let root = home.path();
        write(root, "m/..data/a.yaml", "");
        symlink("..data/a.yaml", root.join("m/a.yaml")).unwrap();
        symlink(".", root.join("m/loop")).unwrap();
        assert_eq!(listed(&collect(&[root.join("m")]).unwrap(), root), ["/m/a.yaml"]);
        write(root, "secret.yaml", "");
        symlink("../secret.yaml", root.join("m/b.yaml")).unwrap();
        let error = collect(&[root.join("m")]).unwrap_err();
        assert!(matches!(error, FilesError::Escapes { .. }), "{error}");
        assert!(error.to_string().contains("help: "), "{error}");
    }

    #[test]
    fn what_is_not_there_is_said() {
        let home = tempfile::tempdir().unwrap();
        let root = home.path();
        let missing = collect(&[root.join("nowhere")]).unwrap_err();
        assert!(matches!(missing, FilesError::NotFound { .. }), "{missing}");
        fs::create_dir(root.join("empty")).unwrap();
        let empty = collect(&[root.join("empty")]).unwrap_err();
        assert!(matches!(empty, FilesError::Empty { .. }), "{empty}");
        write(root, "big.yaml", vec![b'#'; MAX_BYTES + 500]);
        let big = collect(&[root.join("big.yaml")]).unwrap();
        assert_eq!(big.sources[0].bytes.len(), MAX_BYTES + 1, "read no further than needed");
    }
}
