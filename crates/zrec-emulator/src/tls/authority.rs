//! A certificate authority of our own, for loopback.

use std::path::Path;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::EmulatorError;
use crate::cloud::state::write_private;

/// A certificate authority whose word holds only for those who trust its file.
pub struct CertificateAuthority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    names: Vec<String>,
}

impl std::fmt::Debug for CertificateAuthority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CertificateAuthority").field("names", &self.names).finish_non_exhaustive()
    }
}

impl CertificateAuthority {
    /// An authority that is gone with the process.
    ///
    /// # Errors
    /// If no key can be made.
    pub fn ephemeral() -> Result<Self, EmulatorError> {
        let key = KeyPair::generate().map_err(tls)?;
        let pem = parameters().self_signed(&key).map_err(tls)?.pem();
        Ok(Self { issuer: Issuer::new(parameters(), key), pem, names: Vec::new() })
    }

    /// The authority of a directory (`ca.pem`, `ca-key.pem`), made if it is not there.
    ///
    /// # Errors
    /// If the files cannot be read, written or understood.
    pub fn load_or_create(dir: &Path) -> Result<Self, EmulatorError> {
        let (certificate, private) = (dir.join("ca.pem"), dir.join("ca-key.pem"));
        if certificate.exists() && private.exists() {
            let read = |path: &Path| {
                std::fs::read_to_string(path)
                    .map_err(|source| EmulatorError::Io { path: path.to_owned(), source })
            };
            let (pem, key) = (read(&certificate)?, read(&private)?);
            let key = KeyPair::from_pem(&key).map_err(tls)?;
            let issuer = Issuer::from_ca_cert_pem(&pem, key).map_err(tls)?;
            return Ok(Self { issuer, pem, names: Vec::new() });
        }
        std::fs::create_dir_all(dir)
            .map_err(|source| EmulatorError::Io { path: dir.to_owned(), source })?;
        let made = Self::ephemeral()?;
        let key = made.issuer.key().serialize_pem();
        for (path, text) in [(&private, &key), (&certificate, &made.pem)] {
            write_private(path, text.as_bytes())
                .map_err(|source| EmulatorError::Io { path: path.clone(), source })?;
        }
        Ok(made)
    }

    /// Further names for the server's certificate, beside `localhost`, `127.0.0.1` and `::1`.
    #[must_use]
    pub fn with_names<S: Into<String>>(mut self, names: impl IntoIterator<Item = S>) -> Self {
        self.names.extend(names.into_iter().map(Into::into));
        self
    }

    /// The authority's certificate, for `SSL_CERT_FILE`.
    #[must_use]
    pub fn certificate_pem(&self) -> String {
        self.pem.clone()
    }

    /// A fresh certificate chain and key for the server.
    pub(crate) fn leaf(
        &self,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), EmulatorError> {
        let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
        names.extend(self.names.iter().cloned());
        let mut parameters = CertificateParams::new(names).map_err(tls)?;
        parameters.distinguished_name.push(DnType::CommonName, "emulator");
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        parameters.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(tls)?;
        let leaf = parameters.signed_by(&key, &self.issuer).map_err(tls)?;
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        Ok((vec![leaf.der().clone()], key))
    }
}

fn parameters() -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, "zrec emulator (trust nothing it says)");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters
}

fn tls(error: impl std::fmt::Display) -> EmulatorError {
    EmulatorError::Tls(error.to_string())
}
