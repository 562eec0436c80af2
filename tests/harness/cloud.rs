//! The cloud of a scenario, as it is before the run that is watched.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;
use time::OffsetDateTime;
use tokio::time::Instant;
use zrec_emulator::{CallerFile, CloudFile, DEFAULT_CALLER, Emulator, TenantFile};

use super::run;
use super::scenario::{BASE, Drift, Scenario};

/// Somebody else with every right, whose work is the drift.
const ADMIN: &str = "ad000000-0000-4000-8000-00000000ad01";
const ADMIN_SECRET: &str = "emulated-admin-secret";

/// A cloud that can be started again and again.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    file: CloudFile,
    /// The state after earlier runs and drift.
    state: Vec<u8>,
    /// What was there from the start, by id.
    pub(crate) known: BTreeMap<String, String>,
}

/// A cloud under way. Its state file goes with it.
#[derive(Debug)]
pub(crate) struct Started {
    emulator: Emulator,
    _folder: tempfile::TempDir,
}

impl std::ops::Deref for Started {
    type Target = Emulator;

    fn deref(&self) -> &Emulator {
        &self.emulator
    }
}

impl Prepared {
    /// Runs what was before, once.
    pub(crate) async fn of(scenario: &Scenario) -> Self {
        let mut file = with_admin(scenario);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        let calm = CloudFile { quirks: Vec::new(), ..file.clone() };
        let emulator = Emulator::open(&path, calm).unwrap().with_clock(paused_clock());
        for below in &scenario.args.before {
            let desired = scenario.desired_by(below);
            run::apply_everything(&emulator, &desired).await;
        }
        let admin = Admin::sign_in(&emulator, scenario).await;
        let known = admin.principals().await;
        for path in file.quirks.iter_mut().filter_map(|quirk| quirk.path.as_mut()) {
            *path = admin.named(path);
        }
        admin.drift(&scenario.args.drift).await;
        // Loading a state is quicker than making a tenant, and it is done thousands of times.
        let state = std::fs::read(&path).unwrap();
        Self { file, state, known }
    }

    /// A fresh cloud in this state; its quirks begin to count.
    pub(crate) fn start(&self) -> Started {
        let started = self.start_by_the_wall();
        Started { emulator: started.emulator.with_clock(paused_clock()), ..started }
    }

    /// The same for processes: with the machine's clock.
    pub(crate) fn start_by_the_wall(&self) -> Started {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        std::fs::write(&path, &self.state).unwrap();
        let emulator = Emulator::open(&path, self.file.clone()).unwrap();
        Started { emulator, _folder: folder }
    }
}

/// Every tenant knows the administrator, beside whom it knew before.
fn with_admin(scenario: &Scenario) -> CloudFile {
    let mut file = scenario.cloud.clone();
    let wanted: Vec<_> =
        scenario.desired().tenants.values().map(|tenant| tenant.tenant_id.to_string()).collect();
    for id in wanted {
        let id = id.parse().unwrap();
        if !file.strict_tenants && !file.tenants.iter().any(|tenant| tenant.id == id) {
            file.tenants.push(TenantFile { id, ..TenantFile::default() });
        }
    }
    let caller = |app_id: &str, secret: &str| CallerFile {
        app_id: app_id.parse().unwrap(),
        secret: Some(secret.to_owned()),
        roles: DEFAULT_CALLER.roles.iter().map(|&role| role.to_owned()).collect(),
        ..CallerFile::default()
    };
    for tenant in &mut file.tenants {
        let usual = || vec![caller(DEFAULT_CALLER.app_id, DEFAULT_CALLER.secret)];
        tenant.callers.get_or_insert_with(usual).push(caller(ADMIN, ADMIN_SECRET));
    }
    file
}

/// Goes with the runtime's clock, so that a pause passes at the emulator as well.
pub(crate) fn paused_clock() -> Arc<dyn Fn() -> OffsetDateTime + Send + Sync> {
    let (start, since) = (OffsetDateTime::now_utc(), Instant::now());
    Arc::new(move || start + since.elapsed())
}

/// Requests by somebody else.
pub(crate) struct Admin<'a> {
    emulator: &'a Emulator,
    token: String,
    names: BTreeMap<String, String>,
}

impl<'a> Admin<'a> {
    pub(crate) async fn sign_in(emulator: &'a Emulator, scenario: &Scenario) -> Self {
        let desired = scenario.desired();
        let tenant = desired.tenants.values().next().unwrap().tenant_id;
        let form = format!(
            "grant_type=client_credentials&client_id={ADMIN}&client_secret={ADMIN_SECRET}&scope={}",
            "https%3A%2F%2Flocalhost%3A8443%2F.default"
        );
        let request = http::Request::post(format!("{BASE}/{tenant}/oauth2/v2.0/token"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from(form))
            .unwrap();
        let answer = emulator.call(request).await.unwrap();
        let body: Value = serde_json::from_slice(answer.body()).unwrap();
        let token = body["access_token"].as_str().unwrap_or_else(|| panic!("{body}")).to_owned();
        let mut admin = Self { emulator, token, names: BTreeMap::new() };
        for connector in desired.connectors.values() {
            if admin.names.is_empty() {
                admin.learn(&connector.unique_name).await;
            }
        }
        admin
    }

    async fn learn(&mut self, unique_name: &str) {
        let (_, app) =
            self.send("GET", &format!("/applications(uniqueName='{unique_name}')"), None).await;
        let Some(app_id) = app["appId"].as_str() else { return };
        let (_, principal) =
            self.send("GET", &format!("/servicePrincipals(appId='{app_id}')"), None).await;
        for (name, value) in
            [("app", &app["id"]), ("appId", &app["appId"]), ("principal", &principal["id"])]
        {
            let value = value.as_str().unwrap_or_default();
            self.names.insert(format!("{{{name}}}"), value.to_owned());
        }
    }

    /// Principals by their ids, and Microsoft's APIs by their appIds too.
    async fn principals(&self) -> BTreeMap<String, String> {
        let list = "/servicePrincipals?$select=id,appId,displayName&$top=999";
        let (_, found) = self.send("GET", list, None).await;
        let mut known = BTreeMap::new();
        for principal in found["value"].as_array().into_iter().flatten() {
            let text = |field: &str| principal[field].as_str().unwrap_or_default().to_owned();
            let name = match text("appId").as_str() {
                caller if caller == DEFAULT_CALLER.app_id => "caller".to_owned(),
                ADMIN => "admin".to_owned(),
                _ => text("displayName"),
            };
            known.insert(text("id"), format!("<{name}>"));
            known.insert(text("appId"), format!("<app of {name}>"));
        }
        known
    }

    async fn drift(mut self, drift: &[Drift]) {
        for Drift { find, send, body } in drift {
            for (name, path) in find {
                let (path, pointer) = path.split_once(" -> ").expect("`path -> /pointer`");
                let (_, found) = self.send("GET", &self.named(path), None).await;
                let value = found.pointer(pointer).and_then(Value::as_str);
                let value = value.unwrap_or_else(|| panic!("no {pointer} in {found:#}")).to_owned();
                self.names.insert(format!("{{{name}}}"), value);
            }
            let (method, path) = send.split_once(' ').expect("`METHOD path`");
            let body = body.as_ref().map(|body| self.named(&body.to_string()));
            let (status, answer) = self.send(method, &self.named(path), body).await;
            assert!((200..300).contains(&status), "{send}: {status} {answer:#}");
        }
    }

    fn named(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
    }

    /// Sends one request; `path` is relative to the version.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<String>,
    ) -> (u16, Value) {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("{BASE}/v1.0{}", path.replace(' ', "%20")))
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(Bytes::from(body.unwrap_or_default()))
            .unwrap();
        let Ok(answer) = self.emulator.call(request).await else { return (0, Value::Null) };
        let body = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
        (answer.status().as_u16(), body)
    }
}
