//! TEMP
use crate::args::{Format, Global};
use crate::command::Failed;
use zrec_plan::catalog::Catalog;
use zrec_plan::manifest::{self, Set, Source};
pub struct Checked {
    pub set: Option<Set>,
    pub diagnostics: String,
}
pub fn check(paths: &[std::path::PathBuf], _f: Format, colour: bool) -> Result<Checked, Failed> {
    let mut sources = Vec::new();
    let mut todo: Vec<_> = paths.to_vec();
    while let Some(p) = todo.pop() {
        if p.is_dir() {
            for e in std::fs::read_dir(&p).unwrap() {
                todo.push(e.unwrap().path());
            }
        } else {
            sources.push(Source {
                path: p.display().to_string(),
                below_root: p.display().to_string(),
                bytes: std::fs::read(&p).unwrap(),
            });
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    let r = manifest::read(&sources, Catalog::built_in());
    Ok(Checked {
        diagnostics: manifest::render_diagnostics(&r.diagnostics, &sources, colour),
        set: r.set,
    })
}
pub fn run(_p: &[std::path::PathBuf], _g: &Global) -> Result<u8, Failed> {
    Ok(0)
}
