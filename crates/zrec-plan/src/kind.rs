//! The kinds of things that zrec plans. The order of the variants is the order of work.

use std::fmt;

use serde::{Deserialize, Serialize};

pub mod application;
pub mod certificate;
pub mod client_secret;
pub mod consent;
pub mod resource_principal;
pub mod service_principal;

/// One kind of object. Revoking and retiring go through them in reverse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A service principal of one of Microsoft's APIs.
    ResourcePrincipal,
    /// The connector's application registration.
    Application,
    /// The connector's service principal.
    ServicePrincipal,
    /// Application and delegated permissions granted to it.
    Consent,
    /// A certificate on the application.
    Certificate,
    /// A client secret on the application.
    ClientSecret,
}

/// What one object of a kind belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The Zscaler organization.
    Organization,
    /// The Entra tenant.
    Tenant,
    /// The connector.
    Connector,
}

impl Kind {
    /// All kinds, in the order of work.
    pub const ALL: [Self; 6] = [
        Self::ResourcePrincipal,
        Self::Application,
        Self::ServicePrincipal,
        Self::Consent,
        Self::Certificate,
        Self::ClientSecret,
    ];

    /// What its objects belong to.
    pub const fn scope(self) -> Scope {
        match self {
            Self::ResourcePrincipal => Scope::Tenant,
            Self::Application
            | Self::ServicePrincipal
            | Self::Consent
            | Self::Certificate
            | Self::ClientSecret => Scope::Connector,
        }
    }

    /// The kinds that must be done before it.
    pub const fn needs(self) -> &'static [Self] {
        match self {
            Self::ResourcePrincipal | Self::Application => &[],
            Self::ServicePrincipal => &[Self::Application],
            Self::Consent => &[Self::ResourcePrincipal, Self::ServicePrincipal],
            Self::Certificate => &[Self::Application],
            Self::ClientSecret => &[Self::Application, Self::Consent],
        }
    }

    /// Its name in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ResourcePrincipal => "resource principal",
            Self::Application => "application",
            Self::ServicePrincipal => "service principal",
            Self::Consent => "consent",
            Self::Certificate => "certificate",
            Self::ClientSecret => "client secret",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
