//! Token: signs in to one tenant, and binds each token to the origin it was asked for.
//!
//! `azure_identity` speaks the protocol and keeps tokens until shortly before their end; its
//! requests go through our transport and our pace.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use azure_core::cloud::CustomConfiguration;
use azure_core::credentials::TokenCredential;
use azure_core::http::{ClientOptions, RetryOptions, Transport as AzureTransport};
use bytes::Bytes;
use http::HeaderValue;
use http::header::AUTHORIZATION;
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use zeroize::Zeroizing;
use zrec_plan::guid::Guid;

use super::failure::{Failure, FailureKind};
use super::graph::Settings;
use super::origin::{Origin, Service, Trust};
use super::pace::Pace;
use super::stats::Stats;

mod assertion;
mod caller;
mod carrier;
mod sign_in;

pub use assertion::SigningCertificate;
pub use caller::Caller;
pub use sign_in::SignIn;

use carrier::Carrier;

/// A clock, passed in.
pub type Clock = Arc<dyn Fn() -> OffsetDateTime + Send + Sync>;

/// A token, and the only origin that may see it.
pub struct BoundToken {
    origin: Origin,
    value: SecretString,
    caller: Caller,
}

impl fmt::Debug for BoundToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundToken").field("origin", &self.origin).finish_non_exhaustive()
    }
}

impl BoundToken {
    fn new(origin: Origin, value: SecretString, tenant: Guid) -> Result<Self, Failure> {
        let caller = Caller::of_token(value.expose_secret(), tenant)?;
        Ok(Self { origin, value, caller })
    }

    /// Who the token speaks for.
    pub fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The one way to a request's `Authorization`: refuses any origin but its own.
    pub fn attach(&self, request: &mut http::Request<Bytes>) -> Result<(), Failure> {
        let refused =
            |why: String| Failure::of(FailureKind::Untrusted, "send a token").because(why);
        let origin = Origin::of_uri(request.uri())
            .map_err(|error| refused(format!("the address is {error}")))?;
        if origin != self.origin {
            return Err(refused(format!("the token is for {}, not for {origin}", self.origin)));
        }
        let text = Zeroizing::new(format!("Bearer {}", self.value.expose_secret()));
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            refused("the token has characters that a header cannot hold".to_owned())
        })?;
        value.set_sensitive(true);
        request.headers_mut().insert(AUTHORIZATION, value);
        Ok(())
    }
}

/// The tokens of one tenant.
pub struct Tokens {
    tenant: Guid,
    sign_in: SignIn,
    clock: Clock,
    login: Origin,
    trust: Trust,
    carrier: Arc<Carrier>,
    credential: Mutex<Option<Arc<dyn TokenCredential>>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

impl Tokens {
    /// Tokens for the settings' tenant. Nothing is sent yet.
    pub fn new(settings: &Settings, stats: Stats) -> Result<Self, Failure> {
        let login = settings.endpoints.login.clone();
        settings.trust.check(&login, "use the cloud's sign-in address")?;
        settings.sign_in.check_tenant(settings.tenant_id)?;
        let mut options = settings.pace;
        // Another stream of chance than that of the calls themselves.
        options.seed = options.seed.rotate_left(17) ^ 0x5a5a;
        let carrier = Carrier::new(
            settings.transport.clone(),
            login.clone(),
            settings.tenant_id,
            Pace::new(options),
            stats,
        );
        Ok(Self {
            tenant: settings.tenant_id,
            sign_in: settings.sign_in.clone(),
            clock: settings.clock.clone(),
            login,
            trust: settings.trust.clone(),
            carrier: Arc::new(carrier),
            credential: Mutex::new(None),
        })
    }

    /// A token for one API, from memory where it is still good.
    pub async fn for_service(&self, service: &Service) -> Result<BoundToken, Failure> {
        // Here, so that no API can be forgotten.
        self.trust.check(&service.origin, "ask for a token")?;
        let credential = self.credential()?;
        let token = credential
            .get_token(&[&service.scope], None)
            .await
            .map_err(|error| refused(&error, self.tenant))?;
        let value = SecretString::from(token.token.secret());
        BoundToken::new(service.origin.clone(), value, self.tenant)
    }

    /// Drops what is in memory, so that the next token is a new one: after a 401.
    pub fn forget(&self) {
        *self.credential.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn credential(&self) -> Result<Arc<dyn TokenCredential>, Failure> {
        let mut kept = self.credential.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(credential) = &*kept {
            return Ok(credential.clone());
        }
        let fresh = self
            .sign_in
            .credential(self.tenant, &self.login, self.client_options(), &self.clock)
            .map_err(|error| refused(&error, self.tenant))?;
        *kept = Some(fresh.clone());
        Ok(fresh)
    }

    fn client_options(&self) -> ClientOptions {
        let mut cloud = CustomConfiguration::default();
        cloud.authority_host = self.login.to_string();
        ClientOptions {
            transport: Some(AzureTransport::new(self.carrier.clone())),
            // Retries are decided in `pace`, nowhere else.
            retry: RetryOptions::none(),
            cloud: Some(Arc::new(cloud.into())),
            ..Default::default()
        }
    }
}

/// Our own failure where it is inside, else what `azure_identity` says.
fn refused(error: &azure_core::Error, tenant: Guid) -> Failure {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(failure) = error.downcast_ref::<Failure>() {
            return failure.clone();
        }
        next = error.source();
    }
    Failure::of(FailureKind::SignIn, format!("sign in to tenant {tenant}"))
        .because(error.to_string())
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    #[test]
    fn a_token_goes_to_its_own_origin_only() {
        let id = "11111111-1111-4111-8111-111111111111";
        let claims = format!(r#"{{"tid":"{id}","oid":"{id}","appid":"{id}"}}"#);
        let value = format!("e30.{}.TOKEN-MARKER", URL_SAFE_NO_PAD.encode(claims));
        let origin = Origin::of("https://graph.microsoft.com").unwrap();
        let token = BoundToken::new(origin, value.into(), id.parse().unwrap()).unwrap();
        let rows = [
            ("https://graph.microsoft.com/v1.0/me", true),
            ("https://GRAPH.microsoft.com:443/", true),
            ("https://graph.microsoft.com:444/", false),
            ("http://graph.microsoft.com/", false),
            ("https://graph.microsoft.us/", false),
            ("https://graph.microsoft.com.evil.example/", false),
            ("https://x@graph.microsoft.com/", false),
            ("/v1.0/me", false),
        ];
        for (url, expected) in rows {
            let mut request = http::Request::get(url).body(Bytes::new()).unwrap();
            let attached = token.attach(&mut request);
            assert_eq!(attached.is_ok(), expected, "{url}");
            assert_eq!(request.headers().contains_key(AUTHORIZATION), expected, "{url}");
            let shown = format!("{token:?} {request:?} {attached:?}");
            assert!(!shown.contains("TOKEN-MARKER"), "{shown}");
        }
    }
}
