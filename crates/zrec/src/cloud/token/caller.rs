//! Who a token speaks for.

use std::collections::BTreeSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use zrec_plan::guid::Guid;

use crate::cloud::failure::{Failure, FailureKind};

/// The identity that zrec runs as, as its token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Its service principal's object id (`oid`).
    pub object_id: Guid,
    /// Its application id (`appid`, or `azp` in newer tokens).
    pub app_id: Guid,
    /// Its application permissions (`roles`).
    pub roles: BTreeSet<String>,
    /// Its tenant (`tid`).
    pub tenant_id: Guid,
}

#[derive(Deserialize)]
struct Claims {
    tid: Guid,
    oid: Guid,
    appid: Option<Guid>,
    azp: Option<Guid>,
    #[serde(default)]
    roles: BTreeSet<String>,
}

impl Caller {
    /// Reads the claims of an access token, and refuses one of another tenant.
    ///
    /// The signature is not checked: the token came over verified TLS from the authority that was
    /// asked, and it is the API that must trust it. We only guard against our own mistakes.
    pub(super) fn of_token(token: &str, tenant: Guid) -> Result<Self, Failure> {
        let refused = || Failure::of(FailureKind::SignIn, format!("sign in to tenant {tenant}"));
        let claims = token
            .split('.')
            .nth(1)
            .and_then(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok())
            .and_then(|json| serde_json::from_slice::<Claims>(&json).ok())
            .ok_or_else(|| {
                refused()
                    .because("the token does not say whose it is (tid, oid)")
                    .advise("look at the cloud's login address")
            })?;
        if claims.tid != tenant {
            return Err(refused()
                .because(format!("the token is of tenant {}", claims.tid))
                .advise("correct `tenantId` in the manifest, or sign in to that tenant"));
        }
        let app_id = claims
            .appid
            .or(claims.azp)
            .ok_or_else(|| refused().because("the token does not name an application"))?;
        Ok(Self { object_id: claims.oid, app_id, roles: claims.roles, tenant_id: claims.tid })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        format!("{}.{}.x", URL_SAFE_NO_PAD.encode("{}"), URL_SAFE_NO_PAD.encode(claims))
    }

    #[test]
    fn only_a_token_of_the_tenant_is_taken() {
        let [a, b] =
            ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"];
        let rows = [
            (token(&format!(r#"{{"tid":"{a}","oid":"{b}","appid":"{b}","roles":["X"]}}"#)), true),
            (token(&format!(r#"{{"tid":"{a}","oid":"{b}","azp":"{b}"}}"#)), true),
            (token(&format!(r#"{{"tid":"{a}","oid":"{b}"}}"#)), false),
            (token(&format!(r#"{{"tid":"{b}","oid":"{b}","appid":"{b}"}}"#)), false),
            (token("[]"), false),
            ("opaque".to_owned(), false),
            (String::new(), false),
        ];
        for (token, expected) in rows {
            let caller = Caller::of_token(&token, a.parse().unwrap());
            assert_eq!(caller.is_ok(), expected, "{token}");
            if let Err(failure) = caller {
                assert_eq!(failure.kind, FailureKind::SignIn);
            }
        }
    }
}
