//! The command line: every flag is read here, and only here.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use zrec_plan::catalog::App;

mod handoff;

pub use handoff::{HandoffCommand, HandoffDone, HandoffKind, HandoffOpen};

/// Onboards Zscaler's custom connectors for Microsoft applications from YAML manifests.
#[derive(Debug, Parser)]
#[command(name = "zrec", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = EXIT_CODES)]
pub struct Zrec {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// What holds for every command.
    #[command(flatten)]
    pub global: Global,
}

const EXIT_CODES: &str = "Exit codes:
  0    done, or nothing found
  1    error, usage too
  2    found what was asked about (plan --detailed-exitcode)
  3    refused by a finding or policy, or not approved
  4    unfinished or still settling: run again
  5    waiting for a person (--require-complete)
  130  interrupted; safe to repeat";

/// What holds for every command.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Work on these tenants only (a name of the manifests; may be repeated).
    #[arg(long, global = true, value_name = "NAME")]
    pub tenant: Vec<String>,
    /// Work on these connectors only (a name of the manifests; may be repeated).
    #[arg(long, global = true, value_name = "NAME")]
    pub connector: Vec<String>,
    /// Work on tenants with this label only (may be repeated; all must match).
    #[arg(long, global = true, value_name = "LABEL=VALUE", value_parser = selector)]
    pub selector: Vec<(String, String)>,
    /// How the report is written.
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Colours; never the only carrier of a meaning.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto)]
    pub color: Colour,
    /// What the log on stderr tells (error, warn, info, debug, trace, or a tracing filter).
    #[arg(long, global = true, value_name = "LEVEL", default_value = "warn", env = "ZREC_LOG")]
    pub log_level: String,
    /// How the log on stderr is written.
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
    /// Requests under way at once, in each tenant.
    #[arg(long, global = true, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub parallelism: u16,
    /// The longest that one request may take, in seconds.
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=3600))]
    pub timeout: u64,
    /// Say afterwards what the run cost in requests, round trips, bytes and time.
    #[arg(long, global = true)]
    pub stats: bool,
    /// Use the emulator although credentials of a real cloud are in the environment.
    #[arg(long, global = true)]
    pub emulated: bool,
    /// Work in this directory.
    #[arg(short = 'C', long = "directory", global = true, value_name = "DIR")]
    pub directory: Option<PathBuf>,
}

impl Global {
    /// The longest that one request may take.
    pub const fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout)
    }

    /// Whether some selector narrows the set.
    pub const fn narrows(&self) -> bool {
        !self.tenant.is_empty() || !self.connector.is_empty() || !self.selector.is_empty()
    }
}

fn selector(text: &str) -> Result<(String, String), String> {
    let (label, value) = text.split_once('=').ok_or("write it as label=value")?;
    Ok((label.to_owned(), value.to_owned()))
}

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs, with a schema version.
    Json,
    /// For a pull-request comment.
    Markdown,
}

/// When colours are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How the log is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Check manifests: offline, no credentials.
    Check(Paths),
    /// Show the catalogue: which permission which application needs for which action.
    Catalog(CatalogArgs),
    /// Print a JSON Schema.
    Schema {
        /// Which.
        #[arg(value_enum, default_value_t = Schema::Manifest)]
        schema: Schema,
    },
    /// Show what would change. Reads the clouds, writes nothing.
    Plan(PlanArgs),
    /// Show a saved plan, with its age: offline, no credentials.
    Show(ShowArgs),
    /// Make the clouds what the manifests say.
    Apply(ApplyArgs),
    /// Hand credentials over to Zscaler, through a person.
    Handoff {
        /// What to do.
        #[command(subcommand)]
        command: HandoffCommand,
    },
    /// Serve the emulated cloud to any client.
    #[cfg(feature = "emulator")]
    Emulator(EmulatorArgs),
    /// Print completions for a shell.
    Completions {
        /// Which shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// Manifests.
#[derive(Clone, Debug, Args)]
pub struct Paths {
    /// Manifests, or directories of them.
    #[arg(value_name = "PATH", default_value = "manifests")]
    pub paths: Vec<PathBuf>,
}

/// `zrec catalog`.
#[derive(Debug, Args)]
pub struct CatalogArgs {
    /// One application only.
    #[arg(value_name = "APP", value_parser = app)]
    pub app: Option<App>,
    /// The least permissions for these actions only (kebab form, comma-separated).
    #[arg(long, value_name = "ACTION", value_delimiter = ',', requires = "app")]
    pub actions: Vec<String>,
}

fn app(text: &str) -> Result<App, String> {
    text.parse().map_err(|_| {
        let names: Vec<_> = App::ALL.iter().map(|app| app.as_str()).collect();
        format!("it is one of: {}", names.join(", "))
    })
}

/// Which schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Schema {
    /// Of manifests.
    Manifest,
    /// Of `zrec catalog --format json`.
    Catalog,
    /// Of the file that `zrec plan -o FILE` saves.
    Plan,
}

/// What both plan and apply take.
#[derive(Clone, Debug, Args)]
pub struct Scope {
    /// Manifests, or directories of them.
    #[arg(value_name = "PATH", default_value = "manifests")]
    pub paths: Vec<PathBuf>,
    /// Include what removes: surplus grants, extra redirect URIs, and the set's applications that
    /// no manifest names any more.
    #[arg(long)]
    pub prune: bool,
    /// Include grants that the application never declared (others made them).
    #[arg(long)]
    pub revoke: bool,
    /// Refuse to remove more than this share of a tenant's objects in one run.
    #[arg(long, value_name = "PERCENT", default_value_t = 30, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub max_removals: u8,
}

impl Scope {
    /// These manifests, and no option.
    pub fn of(paths: &[PathBuf]) -> Self {
        Self { paths: paths.to_vec(), prune: false, revoke: false, max_removals: 0 }
    }
}

/// `zrec plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// What is planned.
    #[command(flatten)]
    pub scope: Scope,
    /// Save the plan, for `zrec show` and `zrec apply --plan`; it holds no secret.
    #[arg(short = 'o', long = "out", value_name = "FILE", conflicts_with = "explain_defaults")]
    pub out: Option<PathBuf>,
    /// Exit with 2 when there is something to do.
    #[arg(long)]
    pub detailed_exitcode: bool,
    /// Print the effective manifests instead, with the place that each value comes from. Offline.
    #[arg(long)]
    pub explain_defaults: bool,
}

/// `zrec show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// A file that `zrec plan -o` saved.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

/// `zrec apply`.
#[derive(Clone, Debug, Args)]
pub struct ApplyArgs {
    /// What is applied.
    #[command(flatten)]
    pub scope: Scope,
    /// Do what this saved plan says and nothing else: it is the approval, and brings the selection,
    /// --prune, --revoke and --max-removals that it was made under.
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "auto_approve", "allow_widening", "only", "prune", "revoke", "max_removals",
    ])]
    pub plan: Option<PathBuf>,
    /// Do not ask: repair, maintenance and change are approved.
    #[arg(long)]
    pub auto_approve: bool,
    /// Approve what widens access too: grants, owners, redirect URIs, restores, adoptions.
    #[arg(long)]
    pub allow_widening: bool,
    /// Do only this.
    #[arg(long, value_enum, value_name = "CLASS")]
    pub only: Option<Only>,
    /// Exit with 5 while steps are left to a person.
    #[arg(long)]
    pub require_complete: bool,
}

/// `apply --only`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Only {
    /// Repair and maintenance: the nightly job.
    Maintenance,
}

/// `zrec emulator`.
#[cfg(feature = "emulator")]
#[derive(Debug, Args)]
pub struct EmulatorArgs {
    /// The port on loopback; 0 takes a free one.
    #[arg(long, default_value_t = 8443)]
    pub port: u16,
    /// Where its cloud, certificate authority and state are kept.
    #[arg(long, value_name = "DIR", default_value = ".zrec/emulator")]
    pub state: PathBuf,
    /// What the cloud holds at the start, and how it misbehaves.
    #[arg(long, value_name = "FILE")]
    pub cloud: Option<PathBuf>,
    /// Further host names for its certificate, for clients that come through a proxy.
    #[arg(long, value_name = "NAME")]
    pub host: Vec<String>,
}
