//! Pretends: Microsoft Entra sign-in and Microsoft Graph v1.0, as strict as Microsoft's.
//!
//! Written from Microsoft's published metadata and documentation, never from what a client happens to send.
//! An [`Emulator`] holds one cloud of many tenants. It answers in process ([`Emulator::call`]) or over HTTPS
//! ([`Emulator::serve`]); what it starts from and how it misbehaves is a [`CloudFile`].
//! Left out: `applications/delta`, `$expand` other than `owners`, groups, and people but as owners.

#![recursion_limit = "256"]

mod clock;
mod cloud;
mod emulator;
mod error;
mod graph;
mod login;
mod record;
mod tls;
mod wire;

pub use clock::{Clock, system_clock};
pub use cloud::file::{CallerFile, CloudFile, DEFAULT_CALLER, DefaultCaller, TenantFile};
pub use cloud::quirk::{Quirk, QuirkKind};
pub use emulator::Emulator;
pub use error::{EmulatorError, Lost};
pub use record::{RecordedItem, RecordedRequest};
pub use tls::authority::CertificateAuthority;
pub use tls::server::Server;
