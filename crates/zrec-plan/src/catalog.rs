//! Catalogue: which application needs which permission for which Zscaler action.
//!
//! Product knowledge is data, in `catalog/*.yaml` beside `src`, each fact with its source. It is
//! read once, on first use, and only as a whole: files that do not fit together are refused.

mod error;
mod link;
mod query;
mod source;
mod types;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

pub use error::{CatalogError, UnknownName};
pub use source::Sources;
pub use types::{
    Api, App, AzureRole, CertificateParameters, ConnectorKind, Forbidden, ForbiddenAzureRole,
    ManagementAppRegistration, Permission, PermissionKey, PermissionRow, PermissionType,
};

/// What zrec knows of Microsoft's permissions and of the guide's needs.
#[derive(Debug)]
pub struct Catalog {
    version: String,
    apis: Vec<Api>,
    permissions: BTreeMap<PermissionKey, Permission>,
    /// In the order of `App::ALL`.
    connectors: Vec<ConnectorKind>,
    grantable: Vec<BTreeSet<PermissionKey>>,
    azure_roles: Vec<AzureRole>,
    forbidden: BTreeMap<PermissionKey, Forbidden>,
    forbidden_azure_roles: Vec<ForbiddenAzureRole>,
    certificate: CertificateParameters,
    management_app: ManagementAppRegistration,
}

impl Sources<'static> {
    /// The texts that were compiled in.
    pub const BUILT_IN: Self = Self {
        connectors: include_str!("../catalog/connectors.yaml"),
        permissions: include_str!("../catalog/permissions.yaml"),
        roles: include_str!("../catalog/roles.yaml"),
        forbidden: include_str!("../catalog/forbidden.yaml"),
    };
}

static BUILT_IN: LazyLock<Catalog> = LazyLock::new(|| {
    Catalog::parse(&Sources::BUILT_IN).expect("a test proves that the built-in catalogue parses")
});

impl Catalog {
    /// The catalogue that was compiled in; parsed on first use.
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }
}
