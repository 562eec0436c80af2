//! Action: what the applier is to do for a step, without the ids that only the cloud knows.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::catalog::PermissionKey;
use crate::guid::Guid;
use crate::record::CredentialName;

/// Who is bound as an owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// The identity that applies.
    Caller,
    /// An object id of the manifest.
    Object(Guid),
}

/// What the applier is to do; ids that only the cloud knows are found by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "do", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Action {
    /// Make the service principal of a Microsoft API.
    CreateResourcePrincipal {
        /// The API.
        app_id: Guid,
    },
    /// Bring an application back.
    RestoreApplication {
        /// The deleted object.
        object_id: Guid,
    },
    /// Remove a client secret that no record names from a restored application.
    RemovePassword {
        /// Its key id.
        key_id: Guid,
    },
    /// Replace the certificates of a restored application by none.
    RemoveCertificates,
    /// Upsert by unique name; a 204 means that it was there already: stop and read again.
    CreateApplication {
        /// The alternate key.
        unique_name: String,
        /// Graph's body.
        body: Value,
    },
    /// Patch the application.
    UpdateApplication {
        /// Graph's body: changed fields only.
        body: Value,
    },
    /// Bind an owner to the application.
    BindOwner {
        /// Whom.
        owner: Owner,
    },
    /// Make the connector's service principal.
    CreateServicePrincipal {
        /// Tags for the portal.
        tags: BTreeSet<String>,
    },
    /// Patch the connector's service principal.
    UpdateServicePrincipal {
        /// All tags, the foreign ones too.
        tags: BTreeSet<String>,
    },
    /// Grant an application permission.
    GrantRole {
        /// Which.
        permission: PermissionKey,
    },
    /// Grant delegated permissions of one API, for all users.
    GrantScopes {
        /// The API.
        resource_app_id: Guid,
        /// All scopes that the grant is to name.
        scopes: BTreeSet<String>,
        /// The grant to extend, where there is one.
        grant_id: Option<String>,
    },
    /// Revoke an application permission.
    RevokeRole {
        /// The resource's service principal.
        resource_object_id: Guid,
        /// The assignment.
        assignment_id: String,
    },
    /// Take scopes out of a delegated grant; an empty rest deletes it.
    RevokeScopes {
        /// The grant.
        grant_id: String,
        /// What stays.
        remaining: BTreeSet<String>,
    },
    /// Soft-delete an application.
    DeleteApplication {
        /// Which.
        object_id: Guid,
    },
    /// Make a credential under a name that the applier draws, and keep it.
    MintCredential {
        /// Days from now to its end, after every cap.
        lifetime_days: u16,
    },
    /// Send a certificate that the store holds already, under the name it has.
    SendCertificate {
        /// C.
        name: CredentialName,
    },
    /// Record that a read has shown the credential. Touches the store only.
    RecordSeen {
        /// C.
        name: CredentialName,
    },
    /// Give a credential up. Touches the store only; its key is removed wherever it shows up.
    AbortCredential {
        /// C.
        name: CredentialName,
    },
    /// Remove a key of ours that must not be: aborted, retired, or a second one of a name.
    RemoveCredential {
        /// C.
        name: CredentialName,
        /// Microsoft's key id.
        key_id: Guid,
    },
    /// Record that a credential is retired, then remove its key.
    RetireCredential {
        /// C.
        name: CredentialName,
        /// Microsoft's key id.
        key_id: Guid,
    },
}
