//! Hand-offs: steps that only a person can do, with exact values.

use serde::Serialize;
use url::Url;

use crate::catalog::App;
use crate::guid::Guid;
use crate::name::{ConnectorName, TenantName};

/// Something that only a person can do; a later read sees that it was done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HandOff {
    /// The tenant.
    pub tenant: TenantName,
    /// The connector; `None` for the whole tenant.
    pub connector: Option<ConnectorName>,
    /// What to do, in a few words.
    pub title: String,
    /// The least role of the person.
    pub who: String,
    /// Labels and exact values.
    pub values: Vec<(&'static str, String)>,
    /// Why it is needed.
    pub reason: String,
}

/// The administrator-consent link, with the tenant's id rather than `common`.
///
/// Microsoft: failure also carries `admin_consent=True`; the next plan reads what was granted.
///
/// # Errors
/// The login host is not a URL.
pub fn consent_link(
    login: &str,
    tenant_id: Guid,
    app: App,
    client_id: Guid,
    redirect_uri: &str,
) -> Result<String, url::ParseError> {
    let mut link = Url::parse(login)?.join(&format!("/{tenant_id}/adminconsent"))?;
    link.query_pairs_mut()
        .append_pair("client_id", &client_id.to_string())
        .append_pair("state", consent_state(app))
        .append_pair("redirect_uri", redirect_uri);
    Ok(link.into())
}

/// The guide's `state`: where the Zscaler portal takes the browser back to.
const fn consent_state(app: App) -> &'static str {
    match app {
        App::Mip => "administration/mip-labels",
        App::Copilot
        | App::Exchange
        | App::AzureBlob
        | App::Onedrive
        | App::Sharepoint
        | App::Teams => "administration/add-casb-tenants",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_link_names_the_tenant_and_encodes_the_redirect_uri() {
        let tenant: Guid = "3f0a9c52-6f0e-4c0b-9a55-2f1d8f0e7b11".parse().unwrap();
        let client: Guid = "11111111-2222-4333-8444-555555555555".parse().unwrap();
        let link = consent_link(
            "https://login.microsoftonline.com",
            tenant,
            App::Mip,
            client,
            "https://console.zscaler.com",
        )
        .unwrap();
        assert_eq!(
            link,
            "https://login.microsoftonline.com/3f0a9c52-6f0e-4c0b-9a55-2f1d8f0e7b11/adminconsent\
             ?client_id=11111111-2222-4333-8444-555555555555&state=administration%2Fmip-labels\
             &redirect_uri=https%3A%2F%2Fconsole.zscaler.com"
        );
    }
}
