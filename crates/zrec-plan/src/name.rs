//! Names that people choose: sets, tenants, connectors, keys. One shape for all of them.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $type(String);

        impl $type {
            /// Wraps a name that the manifest schema has already checked.
            pub fn new(name: impl Into<String>) -> Self {
                Self(name.into())
            }

            /// The name as it was written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $type {
            fn from(name: &str) -> Self {
                Self(name.to_owned())
            }
        }
    };
}

name!(
    /// The name of the set, from its `Defaults` document; part of every key.
    SetName
);
name!(
    /// The name of a `Tenant` document.
    TenantName
);
name!(
    /// The name of a `Connector` document.
    ConnectorName
);
name!(
    /// A connector's key: the part of `uniqueName` that stays when the connector is renamed.
    ConnectorKey
);
name!(
    /// The name of a `ZscalerOrganization` document.
    OrganizationName
);
name!(
    /// A Microsoft API as the manifests call it, for instance `microsoft-graph`.
    ApiName
);
name!(
    /// A Zscaler action in kebab form, for instance `remove-sharing`.
    ActionName
);

/// One connector in one tenant: the unit that is planned, blocked and reported.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ConnectorId {
    /// The tenant's name in the manifests.
    pub tenant: TenantName,
    /// The connector's name in the manifests.
    pub connector: ConnectorName,
}

impl fmt::Display for ConnectorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.tenant, self.connector)
    }
}
