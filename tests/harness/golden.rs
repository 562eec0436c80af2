//! Goldens: what a scenario looked like when somebody last read it.

use std::fs;
use std::path::Path;

use similar::TextDiff;

/// Compares with the golden file, or writes it where `ZREC_BLESS` is set; says what differs.
pub(crate) fn compare(folder: &Path, file: &str, actual: &str) -> Result<(), String> {
    let path = folder.join(file);
    if std::env::var_os("ZREC_BLESS").is_some() {
        fs::write(&path, actual).unwrap();
        return Ok(());
    }
    let expected = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    if expected == actual {
        return Ok(());
    }
    let diff = TextDiff::from_lines(expected.as_str(), actual);
    let diff = diff.unified_diff().header(file, "this run").to_string();
    Err(format!("{diff}\nZREC_BLESS=1 cargo test --test scenarios accepts it"))
}
