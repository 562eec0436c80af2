//! What zrec signs in with.

use std::sync::Arc;

use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::ClientOptions;
use azure_identity::{
    ClientAssertionCredential, ClientAssertionCredentialOptions, ClientSecretCredential,
    ClientSecretCredentialOptions,
};
use secrecy::{ExposeSecret, SecretString};
use zrec_plan::guid::Guid;

use super::Clock;
use super::assertion::{Assertion, SigningCertificate};
use crate::cloud::failure::{Failure, FailureKind};
use crate::cloud::origin::Origin;

/// An application id and what proves it. Wiped from memory when dropped; the copies that
/// `azure_identity` and the HTTP client make on the way are not.
#[derive(Clone)]
pub struct SignIn {
    client_id: Guid,
    proof: Proof,
    expected_tenant: Option<String>,
}

#[derive(Clone)]
enum Proof {
    Secret(SecretString),
    Certificate(Arc<SigningCertificate>),
}

impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignIn").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

const CLIENT_ID: &str = "AZURE_CLIENT_ID";
const CLIENT_SECRET: &str = "AZURE_CLIENT_SECRET";
const CERTIFICATE_PATH: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
const CERTIFICATE_PASSWORD: &str = "AZURE_CLIENT_CERTIFICATE_PASSWORD";
const TENANT_ID: &str = "AZURE_TENANT_ID";

fn unusable(why: impl Into<Box<str>>) -> Failure {
    Failure::of(FailureKind::SignIn, "find what to sign in with").because(why)
}

impl SignIn {
    /// From the environment: `AZURE_CLIENT_ID` with `AZURE_CLIENT_SECRET` or, where that is not
    /// set, `AZURE_CLIENT_CERTIFICATE_PATH`. `AZURE_TENANT_ID` is only compared.
    pub fn from_environment(variable: impl Fn(&str) -> Option<String>) -> Result<Self, Failure> {
        let variable = |name: &str| variable(name).filter(|value| !value.trim().is_empty());
        let client_id = variable(CLIENT_ID).ok_or_else(|| {
            unusable(format!("{CLIENT_ID} is not set"))
                .advise(format!("set {CLIENT_ID} with {CLIENT_SECRET} or {CERTIFICATE_PATH}"))
        })?;
        let client_id = client_id.trim().parse().map_err(|error| {
            unusable(format!("{CLIENT_ID} is {error}"))
                .advise("it is the application (client) id, not the name")
        })?;
        let proof = if let Some(secret) = variable(CLIENT_SECRET) {
            Proof::Secret(secret.into())
        } else if let Some(path) = variable(CERTIFICATE_PATH) {
            if variable(CERTIFICATE_PASSWORD).is_some() {
                return Err(unusable(format!("{CERTIFICATE_PASSWORD} is set"))
                    .advise("encrypted files are not supported yet; use a PEM file of mode 0600"));
            }
            Proof::Certificate(Arc::new(SigningCertificate::from_file(path.as_ref())?))
        } else {
            return Err(unusable(format!("{CLIENT_ID} is set, but no secret and no certificate"))
                .advise(format!("set {CLIENT_SECRET} or {CERTIFICATE_PATH}")));
        };
        Ok(Self { client_id, proof, expected_tenant: variable(TENANT_ID) })
    }

    /// With a client secret.
    pub fn with_secret(client_id: Guid, secret: SecretString) -> Self {
        Self { client_id, proof: Proof::Secret(secret), expected_tenant: None }
    }

    /// With a certificate.
    pub fn with_certificate(client_id: Guid, certificate: SigningCertificate) -> Self {
        Self { client_id, proof: Proof::Certificate(Arc::new(certificate)), expected_tenant: None }
    }

    /// The application id.
    pub const fn client_id(&self) -> Guid {
        self.client_id
    }

    /// The authority is the manifest's tenant; a differing `AZURE_TENANT_ID` means that the run
    /// is not what the operator believes.
    pub(super) fn check_tenant(&self, tenant: Guid) -> Result<(), Failure> {
        let Some(expected) = self.expected_tenant.as_deref().map(str::trim) else {
            return Ok(());
        };
        if expected.parse::<Guid>().is_ok_and(|expected| expected == tenant) {
            return Ok(());
        }
        Err(Failure::of(FailureKind::SignIn, format!("sign in to tenant {tenant}"))
            .because(format!("{TENANT_ID} is {expected}"))
            .advise(format!(
                "the manifest names the tenant; unset {TENANT_ID}, or make them equal"
            )))
    }

    pub(super) fn credential(
        &self,
        tenant: Guid,
        login: &Origin,
        client_options: ClientOptions,
        clock: &Clock,
    ) -> azure_core::Result<Arc<dyn TokenCredential>> {
        let client_id = self.client_id.to_string();
        Ok(match &self.proof {
            Proof::Secret(secret) => ClientSecretCredential::new(
                &tenant.to_string(),
                client_id,
                Secret::new(secret.expose_secret().to_owned()),
                Some(ClientSecretCredentialOptions { client_options }),
            )?,
            Proof::Certificate(certificate) => ClientAssertionCredential::new(
                tenant.to_string(),
                client_id.clone(),
                Assertion::new(
                    certificate.clone(),
                    client_id,
                    format!("{login}/{tenant}/oauth2/v2.0/token"),
                    clock.clone(),
                ),
                Some(ClientAssertionCredentialOptions { client_options }),
            )?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "11111111-1111-4111-8111-111111111111";

    fn from(rows: &[(&str, &str)]) -> Result<SignIn, Failure> {
        SignIn::from_environment(|name| {
            rows.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn each_way_to_fail_says_what_to_do() {
        let rows: [(&[(&str, &str)], &str); 5] = [
            (&[], "AZURE_CLIENT_ID is not set"),
            (&[(CLIENT_ID, "my app"), (CLIENT_SECRET, "s")], "AZURE_CLIENT_ID is not a GUID"),
            (&[(CLIENT_ID, ID)], "no secret and no certificate"),
            (&[(CLIENT_ID, ID), (CERTIFICATE_PATH, "/does/not/exist.pem")], "/does/not/exist.pem"),
            (
                &[(CLIENT_ID, ID), (CERTIFICATE_PATH, "x.pem"), (CERTIFICATE_PASSWORD, "p")],
                "not supported",
            ),
        ];
        for (environment, expected) in rows {
            let failure = from(environment).unwrap_err();
            assert_eq!(failure.kind, FailureKind::SignIn);
            assert!(failure.to_string().contains(expected), "{failure}");
        }
    }

    #[test]
    fn the_tenant_of_the_environment_is_only_compared() {
        let other = "22222222-2222-4222-8222-222222222222";
        let rows = [
            (None, true),
            (Some(ID), true),
            (Some("11111111-1111-4111-8111-111111111111 "), true),
            (Some(other), false),
            (Some("contoso.onmicrosoft.com"), false),
        ];
        for (tenant, expected) in rows {
            let mut environment = vec![(CLIENT_ID, ID), (CLIENT_SECRET, "s")];
            environment.extend(tenant.map(|tenant| (TENANT_ID, tenant)));
            let sign_in = from(&environment).unwrap();
            assert_eq!(sign_in.check_tenant(ID.parse().unwrap()).is_ok(), expected, "{tenant:?}");
        }
    }

    #[test]
    fn the_secret_is_in_no_debug_output() {
        let sign_in = from(&[(CLIENT_ID, ID), (CLIENT_SECRET, "SECRET-MARKER")]).unwrap();
        assert!(!format!("{sign_in:?}").contains("SECRET-MARKER"));
    }
}
