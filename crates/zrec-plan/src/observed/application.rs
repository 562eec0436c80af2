//! An application as the cloud shows it.

use std::collections::BTreeSet;

use serde::Serialize;
use time::OffsetDateTime;

use crate::catalog::PermissionKey;
use crate::guid::Guid;

/// An application registration. All texts are foreign: print them through `render::printable`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Application {
    /// Object id.
    pub object_id: Guid,
    /// Application (client) id.
    pub app_id: Guid,
    /// The alternate key; `None` on applications made in the portal.
    pub unique_name: Option<String>,
    /// Display name.
    pub display_name: String,
    /// Which accounts may sign in, in Microsoft's words.
    pub sign_in_audience: String,
    /// Redirect URIs of the web platform.
    pub redirect_uris: BTreeSet<String>,
    /// What the application declares (`requiredResourceAccess`); it grants nothing.
    pub declared: BTreeSet<PermissionKey>,
    /// Tags.
    pub tags: BTreeSet<String>,
    /// The owner's ticket or service record.
    pub service_management_reference: Option<String>,
    /// Client secrets and certificates, without values.
    pub credentials: Vec<Credential>,
    /// What nobody asked zrec for, and an attacker may have added.
    pub surface: Surface,
}

/// Ways into an application beside those that zrec manages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Surface {
    /// Redirect URIs of the single-page and public-client platforms.
    pub other_redirect_uris: BTreeSet<String>,
    /// Implicit grant of access or id tokens.
    pub implicit_grant: bool,
    /// Public-client fallback.
    pub public_client_fallback: bool,
    /// Client ids that users need not consent to.
    pub pre_authorized_applications: BTreeSet<String>,
    /// Identifier URIs.
    pub identifier_uris: BTreeSet<String>,
}

/// A client secret or certificate, without its value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Credential {
    /// Its key id.
    pub key_id: Guid,
    /// Whether it is a certificate.
    pub certificate: bool,
    /// The name its maker gave it.
    pub display_name: Option<String>,
    /// A certificate's SHA-256 of the DER, lower-case hexadecimal, where the DER was read.
    pub sha256: Option<String>,
    /// Its end.
    #[serde(with = "time::serde::rfc3339::option")]
    pub end: Option<OffsetDateTime>,
}

/// A federated credential: another issuer's tokens sign in as the application.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FederatedCredential {
    /// Its name.
    pub name: String,
    /// The issuer trusted.
    pub issuer: String,
    /// The subject trusted.
    pub subject: String,
}
