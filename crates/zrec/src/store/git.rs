//! Git: whether files of a directory would be ignored, or committed by the next `git add`.

use std::path::Path;
use std::process::{Command, Stdio};

/// Whether git would take up files of this directory.
pub(super) fn would_commit(directory: &Path) -> bool {
    let in_work_tree = directory.ancestors().any(|ancestor| ancestor.join(".git").exists());
    if !in_work_tree {
        return false;
    }
    // Status 0: ignored; 1: not; 128: git sees no work tree, or refuses to look.
    let asked = Command::new("git")
        .arg("-C")
        .arg(directory)
        // A repository's own configuration must not run programs here.
        .args(["-c", "core.fsmonitor=false", "check-ignore", "--quiet", "probe.json"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    match asked.map(|status| status.code()) {
        Ok(Some(0)) => false,
        Ok(Some(1)) => true,
        // Without git's word, our own file must say it.
        _ => !std::fs::read_to_string(directory.join(".gitignore"))
            .is_ok_and(|text| text.lines().any(|line| line.trim() == "*")),
    }
}
