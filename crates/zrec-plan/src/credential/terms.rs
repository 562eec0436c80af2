//! Terms: how long a credential may live, after what the tenant's policy says.

use crate::context::ConnectorContext;
use crate::desired::RetireOld;
use crate::record::CredentialKind;

/// What the manifest asks of the credentials of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Days from mint to end, as the manifest says.
    pub lifetime_days: u16,
    /// Days before the end at which a successor is minted.
    pub renew_before_days: u16,
    /// When a replaced one is retired.
    pub retire_old: RetireOld,
    /// What the tenant's policy makes of the lifetime.
    pub allowance: Allowance,
}

/// What the tenant's policy makes of a wanted lifetime.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowance {
    /// It is allowed.
    Whole,
    /// Only this many days are allowed, and the manifest accepts that.
    Capped(u16),
    /// Only this many days are allowed, and the manifest insists on more.
    TooLong(u32),
    /// No new credential of the kind is allowed.
    Refused,
}

impl Terms {
    /// The terms of a connector's credentials of a kind; `None` where it has none of it.
    pub fn of(context: &ConnectorContext<'_>, kind: CredentialKind) -> Option<Self> {
        let secret = context.want.client_secret;
        let policy =
            context.tenant.seen.app_management_policy.present().filter(|policy| policy.enabled);
        let (lifetime_days, renew_before_days) = match kind {
            CredentialKind::ClientSecret => (secret.lifetime_days, secret.renew_before_days),
            CredentialKind::Certificate => {
                let certificate = context.want.certificate?;
                (certificate.lifetime_days, certificate.renew_before_days)
            }
        };
        let longest = policy.and_then(|policy| match kind {
            CredentialKind::ClientSecret => policy.password_lifetime_days,
            CredentialKind::Certificate => policy.key_lifetime_days,
        });
        let refused = kind == CredentialKind::ClientSecret
            && policy.is_some_and(|policy| policy.password_addition_blocked);
        let allowance = match longest {
            _ if refused => Allowance::Refused,
            Some(0) => Allowance::Refused,
            Some(days) if days < u32::from(lifetime_days) => match secret.cap_to_policy {
                true => Allowance::Capped(u16::try_from(days).unwrap_or(lifetime_days)),
                false => Allowance::TooLong(days),
            },
            Some(_) | None => Allowance::Whole,
        };
        Some(Self { lifetime_days, renew_before_days, retire_old: secret.retire_old, allowance })
    }

    /// The days that a new one is given; `None` where none may be made.
    pub fn days(&self) -> Option<u16> {
        match self.allowance {
            Allowance::Whole => Some(self.lifetime_days),
            Allowance::Capped(days) => Some(days),
            Allowance::TooLong(_) | Allowance::Refused => None,
        }
    }
}
