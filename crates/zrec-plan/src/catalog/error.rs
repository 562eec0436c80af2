//! What can be wrong with a catalogue, and with the words that people ask it for.

use std::fmt;

use super::{App, PermissionType};
use crate::name::{ActionName, ApiName};

/// The catalogue's files do not fit together.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// A file is not YAML of the expected shape.
    #[error("{file} cannot be read: {message}")]
    Syntax {
        /// Which file.
        file: &'static str,
        /// What the parser says.
        message: String,
    },
    /// Two permissions have one key, two APIs one name, and the like.
    #[error("{what} is there twice")]
    Twice {
        /// The thing.
        what: String,
    },
    /// An application of the guide has no table.
    #[error("the table of {0} is missing")]
    NoTable(App),
    /// A row names an API that permissions.yaml does not know.
    #[error("permissions.yaml has no API `{0}`")]
    UnknownApi(ApiName),
    /// A row names a permission that permissions.yaml does not know.
    #[error("permissions.yaml has no {kind} `{value}` of `{api}`")]
    UnknownPermission {
        /// The API.
        api: ApiName,
        /// Role or scope.
        kind: PermissionType,
        /// Microsoft's name for it.
        value: String,
    },
    /// A row names an action that has no label, or no action at all.
    #[error("the row `{value}` of {app}: {problem}")]
    Row {
        /// Whose table.
        app: App,
        /// Which permission.
        value: String,
        /// What is wrong.
        problem: String,
    },
    /// A label that no row uses.
    #[error("no row of {app} needs the action `{action}`")]
    IdleAction {
        /// Whose table.
        app: App,
        /// The action.
        action: ActionName,
    },
    /// A connector names an Azure role that roles.yaml does not know.
    #[error("roles.yaml has no role `{0}`")]
    UnknownAzureRole(String),
    /// A source key that the file's own table of sources does not know.
    #[error("`{value}` cites the source `{source_key}`, which its file does not describe")]
    UnknownSource {
        /// What cites it.
        value: String,
        /// The key.
        source_key: String,
    },
    /// The guide asks for what is never granted.
    #[error("`{0}` is in the guide's tables and in forbidden.yaml")]
    ForbiddenInGuide(String),
}

/// A word that is none of those known, with the nearest one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct UnknownName {
    /// What sort of word it should be, for instance `action of teams`.
    pub sort: String,
    /// The word.
    pub name: String,
    /// The nearest known word.
    pub did_you_mean: Option<String>,
    /// All known words.
    pub known: Vec<String>,
}

impl UnknownName {
    /// Looks for the nearest of `known`.
    pub fn new<'a>(
        sort: impl Into<String>,
        name: &str,
        known: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let known: Vec<String> = known.into_iter().map(str::to_owned).collect();
        let wanted = name.to_lowercase();
        let did_you_mean = known
            .iter()
            .map(|word| (strsim::damerau_levenshtein(&wanted, word), word))
            .filter(|(distance, word)| *distance <= 1 + word.len() / 4)
            .min()
            .map(|(_, word)| word.clone());
        Self { sort: sort.into(), name: name.to_owned(), did_you_mean, known }
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no {}", self.name.escape_debug(), self.sort)?;
        match &self.did_you_mean {
            Some(word) => write!(f, "; did you mean `{word}`?"),
            None => write!(f, "; known are: {}", self.known.join(", ")),
        }
    }
}
