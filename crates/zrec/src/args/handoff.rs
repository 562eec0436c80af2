//! The arguments of `zrec handoff`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use zrec_plan::record::CredentialName;

use super::Scope;

/// `zrec handoff`.
#[derive(Debug, Subcommand)]
pub enum HandoffCommand {
    /// Show a credential's value on the terminal, or write it to a private file; never to stdout.
    Open(HandoffOpen),
    /// Say that Zscaler has a credential: its predecessor may go.
    Done(HandoffDone),
}

/// `zrec handoff open`.
#[derive(Debug, Args)]
pub struct HandoffOpen {
    /// The connector.
    #[arg(value_name = "CONNECTOR")]
    pub connector: String,
    /// Manifests, or directories of them.
    #[arg(value_name = "PATH", default_value = "manifests")]
    pub paths: Vec<PathBuf>,
    /// Write the value to this new file, readable by its owner only.
    #[arg(short = 'o', long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Only this kind; SharePoint has both.
    #[arg(long, value_enum, value_name = "KIND")]
    pub kind: Option<HandoffKind>,
    /// This credential, whatever its state.
    #[arg(long, value_name = "NAME", value_parser = credential)]
    pub key: Option<CredentialName>,
}

/// `zrec handoff done`.
#[derive(Debug, Args)]
pub struct HandoffDone {
    /// The connector.
    #[arg(value_name = "CONNECTOR")]
    pub connector: String,
    /// Manifests, or directories of them.
    #[arg(value_name = "PATH", default_value = "manifests")]
    pub paths: Vec<PathBuf>,
    /// The credential that Zscaler has.
    #[arg(long, value_name = "NAME", value_parser = credential)]
    pub key: CredentialName,
}

/// What is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum HandoffKind {
    /// The client secret.
    ClientSecret,
    /// The private key and certificate, as the JSON that Zscaler takes.
    Certificate,
}

impl HandoffOpen {
    /// The manifests that it is about.
    pub fn scope(&self) -> Scope {
        Scope::of(&self.paths)
    }
}

impl HandoffDone {
    /// The manifests that it is about.
    pub fn scope(&self) -> Scope {
        Scope::of(&self.paths)
    }
}

fn credential(text: &str) -> Result<CredentialName, String> {
    CredentialName::try_from(text.to_owned()).map_err(|error| error.to_string())
}
