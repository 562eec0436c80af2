//! Saved plans: written whole or not at all, and read back with suspicion.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use time::OffsetDateTime;
use zrec_plan::Guid;
use zrec_plan::binding::Binding;
use zrec_plan::catalog::Catalog;
use zrec_plan::desired::{Cloud, Desired};
use zrec_plan::manifest;
use zrec_plan::plan::Plan;
use zrec_plan::plan_file::{self, LARGEST, PlanFile};

use super::{Failed, session};
use crate::args::{ApplyArgs, Global, PlanArgs};

/// The version of this zrec.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where a plan is to be saved, if it is; stdout is for the report.
pub(super) fn target(arguments: &PlanArgs) -> Result<Option<&Path>, Failed> {
    let Some(path) = arguments.out.as_deref() else { return Ok(None) };
    let name = path.to_string_lossy();
    if name == "-" {
        return Err(Failed::new(
            "-o - is refused: stdout is the report; name a file, or use --format json for a program",
        ));
    }
    if path.file_name().is_none() || path.is_dir() {
        return Err(Failed::new(format!("-o {name} is a directory; name a file in it")));
    }
    Ok(Some(path))
}

/// Saves a plan.
pub(super) fn save(
    path: &Path,
    plan: &Plan,
    desired: &Desired,
    arguments: &PlanArgs,
    global: &Global,
) -> Result<(), Failed> {
    let scope = plan_file::Scope {
        tenants: match global.tenant.is_empty() {
            true => Vec::new(),
            false => desired.tenants.values().map(|tenant| tenant.tenant_id).collect(),
        },
        connectors: global.connector.iter().map(|name| name.as_str().into()).collect(),
        selector: global.selector.clone(),
        prune: arguments.scope.prune,
        revoke: arguments.scope.revoke,
        max_removals: arguments.scope.max_removals,
    };
    let now = OffsetDateTime::now_utc();
    let file = PlanFile::of(plan, desired, Catalog::built_in(), scope, VERSION, now);
    let text = file.text();
    if text.len() > LARGEST {
        return Err(Failed::new(format!(
            "the plan is larger than {} MiB and was not saved; plan fewer tenants at once, by --tenant or --selector",
            LARGEST >> 20
        )));
    }
    replace(path, &text).map_err(|error| {
        Failed::new(format!("cannot save the plan: {}: {error}", path.display()))
    })?;
    anstream::eprintln!(
        "saved to {0}; `zrec apply --plan {0}` does exactly this, until {1}",
        path.display(),
        moment(file.ends_at())
    );
    Ok(())
}

/// Writes beside the file and renames: a reader sees the old one or the new one.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}.tmp", uuid::Uuid::new_v4().simple()));
    let written = write(&beside, text).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The first error is the one to tell.
        let _ = fs::remove_file(&beside);
    }
    written
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // It holds no secret, and reviewers read it: the umask does not matter.
        file.set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Reads a plan file, whatever its age.
pub(super) fn read(path: &Path) -> Result<PlanFile, Failed> {
    let name = path.display();
    let failed = |error: std::io::Error| Failed::new(format!("cannot read {name}: {error}"));
    // Opening a pipe would wait for a writer.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(Failed::refused(format!("refused {name}: it is not a regular file")));
    }
    let mut bytes = Vec::new();
    let most = u64::try_from(LARGEST).unwrap_or(u64::MAX).saturating_add(1);
    fs::File::open(path).map_err(failed)?.take(most).read_to_end(&mut bytes).map_err(failed)?;
    plan_file::read(&bytes).map_err(|error| Failed::refused(format!("refused {name}: {error}")))
}

/// A plan file that is about to be applied.
#[derive(Debug)]
pub(super) struct Saved {
    path: PathBuf,
    file: PlanFile,
}

impl Saved {
    /// The file that `--plan` names, if it names one and it is timely and for this catalogue.
    pub(super) fn open(
        arguments: &ApplyArgs,
        global: &Global,
        now: OffsetDateTime,
    ) -> Result<Option<Self>, Failed> {
        let Some(path) = &arguments.plan else { return Ok(None) };
        if global.narrows() {
            return Err(Failed::new(
                "--plan brings the selection that the plan was made under: leave out --tenant, --connector and --selector",
            ));
        }
        let saved = Self { path: path.clone(), file: read(path)? };
        if let Some(why) = saved.file.untimely(now) {
            return Err(saved.refused(&why));
        }
        let (theirs, ours) = (&saved.file.catalog_version, Catalog::built_in().version());
        if theirs != ours {
            return Err(saved.refused(&format!(
                "it was made with catalogue {theirs}, and this zrec has {ours}: plan again"
            )));
        }
        if is_newer(&saved.file.zrec_version, VERSION) {
            anstream::eprintln!(
                "warning: {} was made by zrec {}, and this is {VERSION}: steps that they see differently are held",
                path.display(),
                saved.file.zrec_version
            );
        }
        Ok(Some(saved))
    }

    fn refused(&self, why: &str) -> Failed {
        Failed::refused(format!("refused {}: {why}", self.path.display()))
    }

    /// The arguments under which the plan was made.
    pub(super) fn arguments(&self, arguments: &ApplyArgs) -> ApplyArgs {
        let mut arguments = arguments.clone();
        arguments.scope.prune = self.file.scope.prune;
        arguments.scope.revoke = self.file.scope.revoke;
        arguments.scope.max_removals = self.file.scope.max_removals;
        arguments
    }

    /// What the manifests want now, of what the plan was about.
    pub(super) fn desire(
        &self,
        arguments: &ApplyArgs,
        global: &Global,
        today: time::Date,
    ) -> Result<(Desired, PathBuf), Failed> {
        let (set, root) = session::read_rooted(&arguments.scope.paths, global)?;
        let mut desired = manifest::desire(&set, Catalog::built_in(), today);
        if desired.set != self.file.set {
            return Err(self.refused(&format!(
                "it is a plan of the set `{}`, and these manifests are the set `{}`",
                self.file.set, desired.set
            )));
        }
        self.select(&mut desired)?;
        self.same_tenants(&desired)?;
        self.same_clouds(&desired)?;
        Ok((desired, root))
    }

    /// Narrows as the plan was narrowed; tenants by id, for names may have changed.
    fn select(&self, desired: &mut Desired) -> Result<(), Failed> {
        let scope = &self.file.scope;
        let chosen = |id: &Guid| scope.tenants.is_empty() || scope.tenants.contains(id);
        desired.tenants.retain(|_, tenant| {
            let labelled =
                scope.selector.iter().all(|(label, value)| tenant.labels.get(label) == Some(value));
            chosen(&tenant.tenant_id) && labelled
        });
        let tenants = &desired.tenants;
        desired.connectors.retain(|id, _| {
            tenants.contains_key(&id.tenant)
                && (scope.connectors.is_empty() || scope.connectors.contains(&id.connector))
        });
        match desired.tenants.is_empty() {
            true => Err(self.refused("no tenant of these manifests is among the plan's")),
            false => Ok(()),
        }
    }

    fn same_tenants(&self, desired: &Desired) -> Result<(), Failed> {
        let then: BTreeSet<_> = self.file.plan.tenants.iter().map(|t| t.tenant_id).collect();
        let now: BTreeSet<_> = desired.tenants.values().map(|tenant| tenant.tenant_id).collect();
        let names = |ids: &BTreeSet<Guid>, others: &BTreeSet<Guid>| {
            let ids: Vec<_> = ids.difference(others).map(Guid::to_string).collect();
            if ids.is_empty() { "none".to_owned() } else { ids.join(", ") }
        };
        match then == now {
            true => Ok(()),
            false => Err(self.refused(&format!(
                "it is about other tenants than these manifests: only in the plan {}; only in the manifests {}",
                names(&then, &now),
                names(&now, &then)
            ))),
        }
    }

    fn same_clouds(&self, desired: &Desired) -> Result<(), Failed> {
        for tenant in &self.file.plan.tenants {
            let today = desired.tenants.values().find(|now| now.tenant_id == tenant.tenant_id);
            let Some(today) = today else { continue };
            let name = &today.name;
            match (tenant.emulated, today.cloud == Cloud::Emulator) {
                (true, false) => {
                    return Err(self.refused(&format!(
                        "it was made on the emulator, and tenant {name} lives in a real cloud now: plan against that one"
                    )));
                }
                (false, true) => {
                    return Err(self.refused(&format!(
                        "it was made for a real cloud, and tenant {name} lives on the emulator now: plan there"
                    )));
                }
                _ if tenant.cloud.as_ref() != Some(&today.cloud) => {
                    return Err(self.refused(&format!(
                        "tenant {name} lives in another cloud than when it was planned: plan again"
                    )));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// What the apply is bound to.
    pub(super) fn binding(&self, desired: &Desired) -> Binding {
        Binding::new(&self.file, desired)
    }
}

/// Whether a version is newer than another, by its three numbers.
fn is_newer(version: &str, than: &str) -> bool {
    let numbers = |version: &str| -> Vec<u64> {
        let release = version.split('-').next().unwrap_or_default();
        release.split('.').map(|number| number.parse().unwrap_or(0)).collect()
    };
    numbers(version) > numbers(than)
}

/// A moment in UTC, to the second.
pub(super) fn moment(at: OffsetDateTime) -> String {
    let format = &time::format_description::well_known::Rfc3339;
    at.format(format).unwrap_or_else(|_| at.unix_timestamp().to_string())
}

#[cfg(test)]
mod tests {
    use super::is_newer;

    #[test]
    fn versions_compare_by_number() {
        let rows = [
            ("0.10.0", "0.9.9", true),
            ("0.1.0", "0.1.0", false),
            ("1.0.0-rc.1", "0.9.0", true),
            ("0.1.0", "0.2.0", false),
        ];
        for (version, than, expected) in rows {
            assert_eq!(is_newer(version, than), expected, "{version} than {than}");
        }
    }
}
