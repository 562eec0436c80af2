//! The commands: what each does, told in a few lines.

use std::io::Write as _;
use std::sync::Arc;

use clap::CommandFactory as _;
use zrec_plan::catalog::Catalog;
use zrec_plan::render::json_text;

use crate::args::{CatalogArgs, Colour, Command, Format, Global, LogFormat, Schema, Zrec};

mod apply;
pub mod check;
#[cfg(feature = "emulator")]
mod emulator;
mod handoff;
mod plan;
mod saved;
mod session;
mod show;

/// What went wrong, for the last line of stderr.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failed {
    /// What failed, where, and what to do now.
    pub message: String,
    /// The exit code.
    pub code: u8,
}

impl Failed {
    /// An error: exit code 1.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }

    /// A refusal: exit code 3.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 3 }
    }
}

impl From<crate::cloud::failure::Failure> for Failed {
    fn from(failure: crate::cloud::failure::Failure) -> Self {
        Self::new(failure.to_string())
    }
}

/// Runs a command; the result is the exit code.
pub fn run(arguments: Zrec) -> u8 {
    let Zrec { command, global } = arguments;
    match begin(&global).and_then(|()| dispatch(command, &global)) {
        Ok(code) => code,
        Err(failed) => {
            anstream::eprintln!("error: {}", failed.message);
            failed.code
        }
    }
}

fn begin(global: &Global) -> Result<(), Failed> {
    match global.color {
        Colour::Always => anstream::ColorChoice::Always.write_global(),
        Colour::Never => anstream::ColorChoice::Never.write_global(),
        Colour::Auto => {}
    }
    if let Some(directory) = &global.directory {
        std::env::set_current_dir(directory).map_err(|error| {
            Failed::new(format!("cannot work in {}: {error}", directory.display()))
        })?;
    }
    crate::secret::forbid_core_dumps();
    log(global)
}

fn log(global: &Global) -> Result<(), Failed> {
    // A bare level speaks of zrec; what the libraries below it say takes a filter of its own.
    let level = &global.log_level;
    let filter = match level.parse::<tracing::Level>() {
        Ok(_) => format!("error,zrec={level},zrec_emulator={level}"),
        Err(_) => level.clone(),
    };
    let filter = tracing_subscriber::EnvFilter::try_new(filter)
        .map_err(|error| Failed::new(format!("--log-level is no filter: {error}")))?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A second call in one process (tests) keeps the first subscriber.
    let _ = match global.log_format {
        LogFormat::Text => log.with_ansi(is_coloured(global, Stream::Err)).try_init(),
        LogFormat::Json => log.json().try_init(),
    };
    Ok(())
}

/// An output stream.
#[derive(Clone, Copy)]
enum Stream {
    Out,
    Err,
}

fn is_coloured(global: &Global, stream: Stream) -> bool {
    use std::io::IsTerminal as _;
    match global.color {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => {
            let terminal = match stream {
                Stream::Out => std::io::stdout().is_terminal(),
                Stream::Err => std::io::stderr().is_terminal(),
            };
            terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    }
}

fn dispatch(command: Command, global: &Global) -> Result<u8, Failed> {
    match command {
        Command::Check(paths) => check::run(&paths.paths, global),
        Command::Catalog(arguments) => catalog(&arguments, global),
        Command::Schema { schema } => report(match schema {
            Schema::Manifest => include_str!("../../../schemas/manifest.schema.json"),
            Schema::Catalog => include_str!("../../../schemas/catalog.schema.json"),
            Schema::Plan => zrec_plan::plan_file::PLAN_SCHEMA,
        }),
        Command::Plan(arguments) => plan::run(&arguments, global),
        Command::Show(arguments) => show::run(&arguments, global),
        Command::Apply(arguments) => apply::run(&arguments, global),
        Command::Handoff { command } => handoff::run(&command, global),
        #[cfg(feature = "emulator")]
        Command::Emulator(arguments) => emulator::run(&arguments),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Zrec::command(), "zrec", &mut script);
            report(&String::from_utf8_lossy(&script))
        }
    }
}

fn catalog(arguments: &CatalogArgs, global: &Global) -> Result<u8, Failed> {
    use zrec_plan::render::catalog;
    let built_in = Catalog::built_in();
    let actions = (!arguments.actions.is_empty())
        .then(|| arguments.actions.iter().map(|name| name.as_str().into()).collect());
    let failed = |error: zrec_plan::catalog::UnknownName| Failed::new(error.to_string());
    let text = match global.format {
        Format::Text => {
            catalog::catalog_text(built_in, arguments.app, actions.as_ref(), 100).map_err(failed)?
        }
        Format::Json => {
            let json = catalog::catalog_json(built_in, arguments.app, actions.as_ref());
            json_text(&json.map_err(failed)?)
        }
        Format::Markdown => {
            catalog::catalog_markdown(built_in, arguments.app, actions.as_ref()).map_err(failed)?
        }
    };
    report(&text)
}

/// Writes the report to stdout. A reader that went away is no error.
fn report(text: &str) -> Result<u8, Failed> {
    let mut out = anstream::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failed::new(format!("cannot write the report to stdout: {error}")))
        }
        _ => Ok(0),
    }
}

/// The runtime on which the clouds are talked to.
fn runtime() -> Result<tokio::runtime::Runtime, Failed> {
    // One provider for every TLS connection of the process; the second call in one process fails
    // harmlessly.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failed::new(format!("cannot start the runtime: {error}")))
}

/// Set by Ctrl-C. The first finishes what is in flight, the second ends at once.
fn stop_on_interrupt() -> Arc<std::sync::atomic::AtomicBool> {
    use std::sync::atomic::{AtomicBool, Ordering};
    let stop = Arc::new(AtomicBool::new(false));
    let flag = stop.clone();
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            if flag.swap(true, Ordering::Relaxed) {
                std::process::exit(130);
            }
            anstream::eprintln!("interrupted: finishing what is in flight (again to end at once)");
        }
    });
    stop
}

/// What names of runs and credentials come from: different in every run.
fn wide_seed() -> u128 {
    uuid::Uuid::new_v4().as_u128()
}

/// What jitter and request ids come from: different in every run.
fn seed() -> u64 {
    uuid::Uuid::new_v4().as_u64_pair().0
}
