//! Files that are generated from the catalogue are fresh. `ZREC_BLESS=1` rewrites them.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a test may read and write the repository's files")]

use std::path::Path;

use zrec_plan::catalog::Catalog;
use zrec_plan::render::catalog::catalog_markdown;

fn check_fresh(path: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    if std::env::var("ZREC_BLESS").is_ok_and(|bless| bless == "1") {
        std::fs::write(&path, expected).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let differ = found.lines().zip(expected.lines()).position(|(old, new)| old != new);
    assert!(
        found == expected,
        "{} is stale (first at line {}); run the tests with ZREC_BLESS=1",
        path.display(),
        differ.map_or_else(|| "its end".to_owned(), |line| (line + 1).to_string()),
    );
}

#[test]
fn docs_connectors_is_fresh() {
    let page = catalog_markdown(Catalog::built_in(), None, None).unwrap();
    check_fresh("docs/connectors.md", &page);
}
