//! Stable codes of findings and diagnostics.
//!
//! ZR001 to ZR099: manifests. ZR100 to ZR199: plans. ZR200 to ZR299: clouds and runs.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A stable code such as `ZR014`; once published, its meaning never changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Code(pub u16);

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ZR{:03}", self.0)
    }
}

impl Serialize for Code {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let number = text.strip_prefix("ZR").and_then(|number| number.parse().ok());
        number.map(Self).ok_or_else(|| serde::de::Error::custom("not a code such as ZR014"))
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $title:literal;)*) => {
        $($(#[$doc])* pub const $name: Code = Code($number);)*

        /// Every code of plans and runs, with its title.
        pub const TITLES: &[(Code, &str)] = &[$(($name, $title)),*];
    };
}

codes! {
    /// Sign-in failed, so nothing of the tenant is known.
    SIGN_IN_FAILED = 100, "the tenant cannot be read: sign-in failed";
    /// A required part could not be read.
    UNREADABLE = 101, "a required part cannot be read";
    /// An advisory part could not be read.
    UNKNOWN = 102, "an advisory part cannot be read";
    /// The application under our key shows marks of somebody else.
    FOREIGN = 103, "the application under this key is not provably ours";
    /// An application with the same name and redirect URI exists.
    TWIN = 104, "a connector made by hand seems to exist";
    /// An application of the same display name or redirect URI exists.
    NAMESAKE = 105, "another application has the same display name or redirect URI";
    /// The application to adopt is not there.
    ADOPT_MISSING = 106, "the application to adopt does not exist";
    /// The application to adopt belongs to another tool.
    ADOPT_TAKEN = 107, "the application to adopt carries another tool's key";
    /// The connector is suspended.
    SUSPENDED = 108, "the connector is suspended";
    /// A permission that is never granted.
    FORBIDDEN = 109, "the permission is never granted";
    /// A permission outside of the guide's table.
    NOT_GRANTABLE = 110, "the permission is not in the guide's table for this application";
    /// A grant that the application never declared.
    FOREIGN_GRANT = 111, "a grant that the application never declared";
    /// Another way into the application.
    SURFACE = 112, "another way into the application";
    /// The service principal is switched off.
    PRINCIPAL_DISABLED = 113, "the service principal is disabled";
    /// A Microsoft API is switched off.
    API_DISABLED = 114, "a Microsoft API is disabled in the tenant";
    /// The tenant's policy refuses what the guide asks for.
    APP_POLICY = 115, "the tenant's application-management policy restricts credentials";
    /// A removal larger than the threshold.
    THRESHOLD = 117, "more would be removed than the threshold allows";
    /// The application is protected.
    PREVENT_DESTROY = 118, "the application is protected from deletion";
    /// Grants of single users.
    USER_GRANTS = 119, "users have consented for themselves";
    /// The local clock is wrong.
    CLOCK_SKEW = 120, "the local clock differs from the servers'";
    /// A soft-deleted application holds the key.
    SOFT_DELETED = 121, "a deleted application holds this key";
    /// An API is absent and a person must create it.
    API_ABSENT = 122, "a Microsoft API is absent from the tenant";
    /// Another run may be minting a credential.
    MINTING = 123, "a credential is being minted by another run";
    /// A credential was minted and no read shows it yet.
    SETTLING = 124, "a credential is not visible yet";
    /// A credential that nobody was given is gone.
    LOST = 125, "a credential was lost before anybody was given it";
    /// A credential that somebody was given is gone.
    REVOKED_BY_HAND = 126, "a credential was removed by hand";
    /// The tenant's policy shortens a credential's life.
    CAPPED = 127, "the tenant's policy shortens a credential's lifetime";
    /// The tenant's policy refuses a credential that is due.
    POLICY_REFUSES = 128, "the tenant's policy refuses a credential";
    /// A key that no record names.
    UNRECORDED = 129, "a credential at Microsoft is in no record";
    /// There are no records to go by.
    NO_STORE = 130, "credentials are not managed: there is no secret store";
    /// A credential in use ends before its successor is known to have arrived.
    EXPIRING = 131, "a credential ends soon and its successor is not acknowledged";
    /// A key of an adopted application from before its adoption.
    INHERITED = 132, "a credential is inherited";
}
