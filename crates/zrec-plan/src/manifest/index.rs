//! The documents of a set, by kind and name.

use std::collections::BTreeMap;

use crate::manifest::diagnostic::Log;
use crate::manifest::node::Node;
use crate::manifest::source::{MAX_FILES, Place};
use crate::manifest::suggest::quote;
use crate::manifest::{parse, rule, schema};

/// One document of the right shape.
#[derive(Debug)]
pub(crate) struct Document {
    /// Its name.
    pub(crate) name: String,
    /// Where the name is written.
    pub(crate) place: Place,
    /// The whole document.
    pub(crate) root: Node,
}

impl Document {
    /// Its spec.
    pub(crate) fn spec(&self) -> Option<&Node> {
        self.root.get("spec")
    }

    /// Its labels.
    pub(crate) fn labels(&self) -> BTreeMap<String, String> {
        self.root
            .at(&["metadata", "labels"])
            .map(Node::entries)
            .unwrap_or_default()
            .iter()
            .filter_map(|entry| Some((entry.key.clone(), entry.node.text()?.to_owned())))
            .collect()
    }
}

/// The documents of a set.
#[derive(Debug)]
pub(crate) struct Index {
    /// The one that names the set.
    pub(crate) defaults: Option<Document>,
    /// Tenants by name.
    pub(crate) tenants: BTreeMap<String, Document>,
    /// Zscaler organizations by name.
    pub(crate) organizations: BTreeMap<String, Document>,
    /// Connectors by name.
    pub(crate) connectors: BTreeMap<String, Document>,
    /// Whether every document could be read. If not, what seems missing may only be unreadable, and
    /// nothing is said about it.
    pub(crate) complete: bool,
    /// How many documents there are, good and bad.
    pub(crate) documents: usize,
}

impl Index {
    /// Reads every source and sorts what has the right shape.
    pub(crate) fn build(log: &mut Log<'_>) -> Self {
        let mut index = Self {
            defaults: None,
            tenants: BTreeMap::new(),
            organizations: BTreeMap::new(),
            connectors: BTreeMap::new(),
            complete: true,
            documents: 0,
        };
        if log.sources.len() > MAX_FILES {
            let count = log.sources.len();
            let place = Place::default();
            log.error(
                rule::TOO_MANY_FILES,
                place,
                format!("{count} files, more than the {MAX_FILES} that a set may have"),
            )
            .help("put several documents into one file, separated by `---`");
            index.complete = false;
            return index;
        }
        for source in 0..log.sources.len() {
            let Some(documents) = parse::documents(source, log) else {
                index.complete = false;
                continue;
            };
            for document in documents {
                index.documents += 1;
                if schema::judge(&document, log) {
                    index.add(document, log);
                } else {
                    index.complete = false;
                }
            }
        }
        index
    }

    fn add(&mut self, root: Node, log: &mut Log<'_>) {
        let (Some(kind), Some(name)) = (root.text_at(&["kind"]), root.at(&["metadata", "name"]))
        else {
            return;
        };
        let kind = kind.to_owned();
        let document =
            Document { name: name.text().unwrap_or_default().to_owned(), place: name.place, root };
        let shelf = match kind.as_str() {
            "Defaults" => {
                self.add_defaults(document, log);
                return;
            }
            "Tenant" => &mut self.tenants,
            "ZscalerOrganization" => &mut self.organizations,
            _ => &mut self.connectors,
        };
        if let Some(first) = shelf.get(&document.name) {
            let first = log.related(first.place, "first written here");
            let name = quote(&document.name);
            log.error(
                rule::DUPLICATE_NAME,
                document.place,
                format!("there is already a {kind} {name}"),
            )
            .label("second document of this name")
            .also(first)
            .help("rename one of the two, or remove it");
            return;
        }
        shelf.insert(document.name.clone(), document);
    }

    fn add_defaults(&mut self, document: Document, log: &mut Log<'_>) {
        if let Some(first) = &self.defaults {
            let first = log.related(first.place, "first written here");
            log.error(rule::SECOND_DEFAULTS, document.place, "there is already a Defaults document")
                .label("second name for one set")
                .also(first)
                .help("keep one; two sets live in two repositories, or are given as two paths to two runs");
            return;
        }
        self.defaults = Some(document);
    }
}
