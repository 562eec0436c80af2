//! A session: manifests read, tenants chosen and signed in.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::future::join_all;
use zrec_plan::catalog::Catalog;
use zrec_plan::desired::{Cloud, Desired, DesiredTenant};
use zrec_plan::manifest::{self, Set};

use super::{Failed, check};
use crate::args::{Format, Global, Scope};
use crate::cloud::graph::{Graph, Settings};
use crate::cloud::journal::Journal;
use crate::cloud::origin::{Endpoints, Trust};
use crate::cloud::pace::PaceOptions;
use crate::cloud::token::SignIn;
use crate::cloud::transport::{NetworkOptions, Roots, Transport};
use crate::failpoint::FailPoints;
use crate::fleet::{Fleet, Member};
use crate::store::{Store, Surroundings};

/// Where runs keep what they must remember: the journal, and the emulator's state.
pub(super) const STATE: &str = ".zrec";

/// Reads manifests and stops at their errors.
pub(super) fn read_set(paths: &[PathBuf], global: &Global) -> Result<Set, Failed> {
    read_rooted(paths, global).map(|(set, _)| set)
}

/// The same, with the set's root: paths of secret stores are relative to it.
pub(super) fn read_rooted(paths: &[PathBuf], global: &Global) -> Result<(Set, PathBuf), Failed> {
    let checked =
        check::check(paths, Format::Text, super::is_coloured(global, super::Stream::Err))?;
    if !checked.diagnostics.is_empty() {
        anstream::eprint!("{}", checked.diagnostics);
    }
    let errors = || Failed::new("the manifests have errors; nothing was read or changed");
    Ok((checked.set.ok_or_else(errors)?, checked.root))
}

/// What the manifests want, reduced to the tenants and connectors that were asked for; and the
/// set's root.
pub(super) fn desire(
    scope: &Scope,
    global: &Global,
    today: time::Date,
) -> Result<(Desired, PathBuf), Failed> {
    let (set, root) = read_rooted(&scope.paths, global)?;
    let mut desired = manifest::desire(&set, Catalog::built_in(), today);
    if scope.prune && global.narrows() {
        return Err(Failed::refused(
            "--prune removes what no manifest names, so it needs the whole set: leave out --tenant, --connector and --selector",
        ));
    }
    narrow(&mut desired, global)?;
    Ok((desired, root))
}

fn narrow(desired: &mut Desired, global: &Global) -> Result<(), Failed> {
    let tenants: BTreeSet<_> = global.tenant.iter().map(String::as_str).collect();
    let connectors: BTreeSet<_> = global.connector.iter().map(String::as_str).collect();
    for name in &tenants {
        if !desired.tenants.contains_key(&(*name).into()) {
            return Err(Failed::new(format!("no manifest names a tenant `{name}`")));
        }
    }
    for name in &connectors {
        if !desired.connectors.keys().any(|id| id.connector.as_str() == *name) {
            return Err(Failed::new(format!("no manifest names a connector `{name}`")));
        }
    }
    let chosen = |tenant: &DesiredTenant| {
        (tenants.is_empty() || tenants.contains(tenant.name.as_str()))
            && global.selector.iter().all(|(label, value)| tenant.labels.get(label) == Some(value))
    };
    desired.tenants.retain(|_, tenant| chosen(tenant));
    if desired.tenants.is_empty() {
        return Err(Failed::new("no tenant of the manifests is selected"));
    }
    let names = &desired.tenants;
    desired.connectors.retain(|id, _| {
        names.contains_key(&id.tenant)
            && (connectors.is_empty() || connectors.contains(id.connector.as_str()))
    });
    Ok(())
}

/// What signing in needs beside the manifests.
#[derive(Debug)]
pub(super) struct SigningIn<'a> {
    /// The operator's options.
    pub(super) global: &'a Global,
    /// Where writes are recorded; none where nothing is written.
    pub(super) journal: Option<Arc<Journal>>,
    /// What jitter comes from.
    pub(super) seed: u64,
    /// The set's root.
    pub(super) root: &'a Path,
    /// What the secret stores must know.
    pub(super) surroundings: Surroundings,
}

/// The running emulator, if some tenant lives there; it ends with this value.
#[derive(Debug, Default)]
pub(super) struct Embedded {
    #[cfg(feature = "emulator")]
    pub(super) running: Option<crate::embedded::Running>,
}

impl SigningIn<'_> {
    /// Signs in to every tenant, side by side. One that fails does not stop the others.
    pub(super) async fn fleet(&self, desired: &Desired) -> Result<(Fleet, Embedded), Failed> {
        let embedded = self.embedded(desired).await?;
        let network = Transport::network(&self.network(None));
        let members = desired.tenants.iter().map(|(name, tenant)| {
            let (network, embedded) = (&network, &embedded);
            async move {
                let settings = self.settings(tenant, network, embedded);
                let login = match &settings {
                    Ok(settings) => settings.endpoints.login.to_string(),
                    Err(_) => String::new(),
                };
                let graph = match settings {
                    Ok(settings) => Graph::sign_in(settings).await,
                    Err(failure) => Err(failure),
                };
                let store = Store::of(tenant, self.root, &self.surroundings);
                (name.clone(), Member { login, graph, store })
            }
        });
        let tenants = join_all(members).await.into_iter().collect();
        Ok((Fleet { tenants }, embedded))
    }

    fn network(&self, root: Option<String>) -> NetworkOptions {
        NetworkOptions {
            roots: root.map_or(Roots::System, Roots::Only),
            timeout: self.global.timeout(),
            ..NetworkOptions::default()
        }
    }

    fn settings(
        &self,
        tenant: &DesiredTenant,
        network: &Result<Transport, crate::cloud::transport::Broken>,
        embedded: &Embedded,
    ) -> Result<Settings, crate::cloud::failure::Failure> {
        let (transport, endpoints, sign_in) = if tenant.cloud == Cloud::Emulator {
            self.emulated(embedded)?
        } else {
            let sign_in = SignIn::from_environment(|name| std::env::var(name).ok())?;
            let transport = network.clone().map_err(|broken| (broken, "open connections"))?;
            (transport, Endpoints::of(&tenant.cloud)?, sign_in)
        };
        Ok(Settings {
            transport,
            endpoints,
            trust: Trust::new(&std::env::var(Trust::VARIABLE).unwrap_or_default()),
            tenant_name: tenant.name.to_string(),
            tenant_id: tenant.tenant_id,
            sign_in,
            pace: PaceOptions {
                concurrency: usize::from(self.global.parallelism),
                ..PaceOptions::seeded(self.seed)
            },
            clock: Arc::new(time::OffsetDateTime::now_utc),
            yields: self.journal.is_none(),
            journal: self.journal.clone(),
        })
    }

    #[cfg(feature = "emulator")]
    async fn embedded(&self, desired: &Desired) -> Result<Embedded, Failed> {
        if !desired.tenants.values().any(|tenant| tenant.cloud == Cloud::Emulator) {
            return Ok(Embedded::default());
        }
        if let Some(name) = real_credentials().filter(|_| !self.global.emulated) {
            return Err(Failed::refused(format!(
                "{name} is in the environment, but the manifests say `cloud: emulator`: \
                 nothing real would be changed; say --emulated if that is meant"
            )));
        }
        let running = crate::embedded::start(Path::new(STATE)).await?;
        Ok(Embedded { running: Some(running) })
    }

    #[cfg(not(feature = "emulator"))]
    async fn embedded(&self, desired: &Desired) -> Result<Embedded, Failed> {
        match desired.tenants.values().find(|tenant| tenant.cloud == Cloud::Emulator) {
            Some(tenant) => Err(Failed::new(format!(
                "tenant {} says `cloud: emulator`, but this zrec was built without the emulator",
                tenant.name
            ))),
            None => Ok(Embedded::default()),
        }
    }

    #[cfg(feature = "emulator")]
    fn emulated(
        &self,
        embedded: &Embedded,
    ) -> Result<(Transport, Endpoints, SignIn), crate::cloud::failure::Failure> {
        use crate::cloud::failure::{Failure, FailureKind};
        let running = embedded.running.as_ref().ok_or_else(|| {
            Failure::of(FailureKind::NotSent, "reach the emulator").because("it was not started")
        })?;
        let options = self.network(Some(running.certificate_pem.clone()));
        let transport = Transport::network(&options)
            .map_err(|broken| Failure::from((broken, "reach the emulator")))?;
        Ok((transport, Endpoints::emulator(&running.base)?, running.sign_in()))
    }

    #[cfg(not(feature = "emulator"))]
    fn emulated(
        &self,
        _: &Embedded,
    ) -> Result<(Transport, Endpoints, SignIn), crate::cloud::failure::Failure> {
        Endpoints::of(&Cloud::Emulator).map(|_| unreachable!("the emulator has no fixed address"))
    }
}

/// What the environment says about the secret stores.
pub(super) fn surroundings() -> Surroundings {
    let says = |name: &str| std::env::var(name).ok();
    Surroundings {
        ci: says("CI").is_some_and(|value| value.eq_ignore_ascii_case("true")),
        fail_points: FailPoints::from_text(says("ZREC_FAIL_POINT").as_deref()),
    }
}

/// A variable by which somebody meant to sign in to a real cloud.
#[cfg(feature = "emulator")]
fn real_credentials() -> Option<&'static str> {
    const NAMES: [&str; 6] = [
        "AZURE_CLIENT_ID",
        "AZURE_CLIENT_SECRET",
        "AZURE_CLIENT_CERTIFICATE_PATH",
        "AZURE_FEDERATED_TOKEN_FILE",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
        "AZURE_TENANT_ID",
    ];
    NAMES.into_iter().find(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}
