//! Origin: which hosts a cloud has, and which of them may see a token.

use std::collections::BTreeSet;
use std::fmt;

use url::Url;
use zrec_plan::desired::{Cloud, CustomCloud};

use super::failure::{Failure, FailureKind};

mod endpoints;

pub use endpoints::{Endpoints, Service};

/// Scheme, host and port: the unit of trust. The scheme is always https.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    host: String,
    port: u16,
}

impl Origin {
    /// The origin of an absolute https URL without credentials.
    pub fn of(url: &str) -> Result<Self, NotAnOrigin> {
        let url = Url::parse(url).map_err(|_| NotAnOrigin::NotAUrl)?;
        if url.scheme() != "https" {
            return Err(NotAnOrigin::NotHttps);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotAnOrigin::HasCredentials);
        }
        let host = url.host_str().ok_or(NotAnOrigin::NotAUrl)?;
        Ok(Self {
            host: host.trim_end_matches('.').to_owned(),
            port: url.port_or_known_default().unwrap_or(443),
        })
    }

    /// The origin that a request is addressed to.
    pub fn of_uri(uri: &http::Uri) -> Result<Self, NotAnOrigin> {
        // `http::Uri` keeps the host's case; `Url` is what the network client resolves.
        Self::of(&uri.to_string())
    }

    /// The host, in lower case.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Whether the host is this machine.
    pub fn is_loopback(&self) -> bool {
        let bare = self.host.trim_start_matches('[').trim_end_matches(']');
        self.host == "localhost"
            || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}", self.host)?;
        if self.port == 443 { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

/// Why a text is no origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAnOrigin {
    /// Not an absolute URL with a host.
    #[error("not an absolute URL")]
    NotAUrl,
    /// Another scheme than https.
    #[error("not an https URL")]
    NotHttps,
    /// A user name or password stands in it.
    #[error("a URL with a user name or password in it")]
    HasCredentials,
}

/// The hosts that the operator trusts beside the built-in ones and loopback.
///
/// The list comes from the operator's environment (`ZREC_TRUST_HOSTS`), never from the
/// repository: whoever can change a manifest must not be able to send tokens elsewhere.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    hosts: BTreeSet<String>,
}

impl Trust {
    /// The name of the variable that the list comes from.
    pub const VARIABLE: &'static str = "ZREC_TRUST_HOSTS";

    /// Reads a comma-separated list of `host` or `host:port`.
    pub fn new(list: &str) -> Self {
        let entries = list.split(',').map(|entry| entry.trim().trim_end_matches('.'));
        Self { hosts: entries.filter(|e| !e.is_empty()).map(str::to_ascii_lowercase).collect() }
    }

    /// Whether a token may go to this origin.
    pub fn allows(&self, origin: &Origin) -> bool {
        origin.is_loopback()
            || endpoints::is_built_in(origin)
            || self.hosts.contains(origin.host())
            || self.hosts.contains(&format!("{}:{}", origin.host(), origin.port()))
    }

    /// Refuses an origin that may not see a token, and says how to allow it.
    pub fn check(&self, origin: &Origin, what: &str) -> Result<(), Failure> {
        if self.allows(origin) {
            return Ok(());
        }
        Err(Failure::of(FailureKind::Untrusted, what)
            .because(format!(
                "{origin} is not a Microsoft host that zrec knows; a token would be sent to it"
            ))
            .advise(format!(
                "if you trust it, set {}={} in the environment of the run",
                Self::VARIABLE,
                origin.host()
            )))
    }
}

/// A link to the next page, reduced to path and query, if it stays on the origin that was asked.
pub fn same_origin_path(asked: &Origin, link: &str) -> Result<String, Failure> {
    let refused = |why: String| {
        Failure::of(FailureKind::Untrusted, "follow a link to the next page")
            .because(why)
            .advise("the cloud's answer may have been tampered with; nothing was sent there")
    };
    let origin = Origin::of(link).map_err(|error| refused(format!("the link is {error}")))?;
    if origin != *asked {
        return Err(refused(format!("the link leads from {asked} to {origin}")));
    }
    let uri: http::Uri = Url::parse(link)
        .ok()
        .and_then(|url| url.as_str().parse().ok())
        .ok_or_else(|| refused("the link is not a URL".to_owned()))?;
    Ok(uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string))
}
