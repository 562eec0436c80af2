//! The manifests under `tests/manifests` and the examples: what each comes to.

use zrec_plan::catalog::Catalog;
use zrec_plan::manifest::{Source, desire, explain_defaults, read, render_diagnostics};

#[test]
fn quick() {
    let mut sources = Vec::new();
    for path in ["defaults.yaml","tenant.yaml","connectors/copilot.yaml","connectors/exchange.yaml","connectors/azure-blob.yaml","connectors/mip.yaml","connectors/onedrive.yaml","connectors/sharepoint.yaml","connectors/teams.yaml"] {
        let path = format!("manifests/{path}");
        let bytes = std::fs::read(format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        sources.push(Source::new(path, bytes));
    }
    let reading = read(&sources, Catalog::built_in());
    println!("{}", render_diagnostics(&reading.diagnostics, &sources, false));
    let set = reading.set.unwrap();
    let desired = desire(&set, Catalog::built_in(), time::macros::date!(2026-12-01));
    println!("{}", explain_defaults(&set, &|_| true));
    println!("{} {} {:?}", desired.tenants.len(), desired.connectors.len(), desired.findings);
    println!("{}", serde_json::to_string_pretty(&desired.tenants).unwrap());
}
