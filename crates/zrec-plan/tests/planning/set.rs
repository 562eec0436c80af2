//! A set of one tenant, with one connector for each app named.

use zrec_plan::catalog::Catalog;
use zrec_plan::desired::Desired;
use zrec_plan::manifest::{self, Source};

const MANIFEST: &str = r#"
apiVersion: connectors.zrec/v1
kind: Defaults
metadata: { name: acme }
spec: { catalog: "2026.11" }
---
apiVersion: connectors.zrec/v1
kind: Tenant
metadata: { name: contoso }
spec:
  tenantId: 3f0a9c52-6f0e-4c0b-9a55-2f1d8f0e7b11
  cloud: public
  consent: grant
  zscaler: { console: "https://console.zscaler.com", vanityDomain: acme }
  subscriptions: { prod: 0b1f0f5e-0000-4000-8000-000000000001 }
  secretStore: { directory: { path: secrets, durable: volume } }
"#;

/// The set above with one connector for each app named.
pub(crate) fn desired(apps: &[&str]) -> Desired {
    let mut text = MANIFEST.to_owned();
    for app in apps {
        text += &format!(
            "---\napiVersion: connectors.zrec/v1\nkind: Connector\nmetadata: {{ name: {app} }}\nspec: {{ app: {app}, tenants: [contoso] }}\n"
        );
    }
    let sources = [Source::new("set.yaml".to_owned(), text.into_bytes())];
    let reading = manifest::read(&sources, Catalog::built_in());
    let today = time::Date::from_calendar_date(2026, time::Month::November, 23).unwrap();
    let set = reading.set.unwrap_or_else(|| panic!("{:?}", reading.diagnostics));
    manifest::desire(&set, Catalog::built_in(), today)
}
