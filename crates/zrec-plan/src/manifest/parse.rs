//! Bytes to spanned trees: every document of a file, within bounds.

use std::collections::BTreeMap;

use serde_saphyr::options::DuplicateKeyPolicy;
use serde_saphyr::{Error, Location, Options, Spanned};

use crate::manifest::diagnostic::Log;
use crate::manifest::node::{Content, Entry, Node};
use crate::manifest::rule;
use crate::manifest::source::{MAX_BYTES, Place};
use crate::manifest::suggest::quote;
use crate::manifest::tree::Tree;

/// The documents of a source; `None` where it cannot be read as a whole.
pub(crate) fn documents(index: usize, log: &mut Log<'_>) -> Option<Vec<Node>> {
    let source = &log.sources[index];
    let place = Place { source: u32::try_from(index).ok(), line: 1, column: 1, ..Place::default() };
    if source.bytes.len() > MAX_BYTES {
        let size = source.bytes.len();
        log.error(
            rule::UNREADABLE,
            place,
            format!(
                "the file has {size} bytes, more than the {MAX_BYTES} that a manifest may have"
            ),
        )
        .help("split it: the documents of a set may be spread over any number of files");
        return None;
    }
    let text = match std::str::from_utf8(&source.bytes) {
        Ok(text) => text,
        Err(error) => {
            let byte = error.valid_up_to();
            let before = String::from_utf8_lossy(&source.bytes[..byte]).into_owned();
            let at = Place {
                start: u32::try_from(byte).unwrap_or_default(),
                end: u32::try_from(byte).unwrap_or_default(),
                line: u32::try_from(before.matches('\n').count() + 1).unwrap_or_default(),
                column: u32::try_from(
                    before.chars().rev().take_while(|it| *it != '\n').count() + 1,
                )
                .unwrap_or_default(),
                ..place
            };
            log.error(rule::UNREADABLE, at, "the file is not UTF-8")
                .label("the first wrong byte")
                .help("save it as UTF-8");
            return None;
        }
    };
    match serde_saphyr::from_multiple_with_options::<Spanned<Tree>>(text, options()) {
        Ok(trees) => {
            let reader = Reader { source: place.source, text };
            let nodes: Vec<Node> = trees.iter().map(|tree| reader.node(tree)).collect();
            for node in &nodes {
                repeated_keys(node, log);
            }
            Some(nodes)
        }
        Err(error) => {
            syntax_error(&error, text, place, log);
            None
        }
    }
}

/// Strict reading: what looks like two things is a string, and what is unknown is refused.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 32,
            max_nodes: 250_000,
            max_events: 600_000,
            max_documents: 5_000,
            max_aliases: 10_000,
            max_anchors: 10_000,
            max_total_scalar_bytes: 8 * 1024 * 1024,
            max_recorded_anchor_bytes: 8 * 1024 * 1024,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 250_000,
            max_replay_stack_depth: 16,
        },
        duplicate_keys: DuplicateKeyPolicy::PassThrough,
        leading_zero_numbers_as_strings: true,
        underscored_numbers_as_strings: true,
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

struct Reader<'a> {
    source: Option<u32>,
    text: &'a str,
}

impl Reader<'_> {
    fn node(&self, tree: &Spanned<Tree>) -> Node {
        let content = match &tree.value {
            Tree::Null => Content::Null,
            Tree::Bool(value) => Content::Bool(*value),
            Tree::Number(number) => Content::Number(number.clone()),
            Tree::Text(text) => Content::Text(text.clone()),
            Tree::List(items) => Content::List(items.iter().map(|item| self.node(item)).collect()),
            Tree::Map(entries) => Content::Map(
                entries
                    .iter()
                    .map(|(key, value)| Entry {
                        key: key.value.clone(),
                        key_place: self.place(&key.defined),
                        node: self.node(value),
                    })
                    .collect(),
            ),
        };
        let place = self.place(&tree.defined);
        let used = self.place(&tree.referenced);
        Node { content, place, via: (used.start != place.start).then_some(used) }
    }

    fn place(&self, location: &Location) -> Place {
        place(self.source, self.text, location)
    }
}

fn place(source: Option<u32>, text: &str, location: &Location) -> Place {
    let narrow = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
    let limit = narrow(text.len() as u64);
    let line = narrow(location.line()).max(1);
    let column = narrow(location.column()).max(1);
    let start = match location.span().byte_offset() {
        Some(offset) => narrow(offset),
        None => narrow(offset_of(text, line as usize, column as usize) as u64),
    };
    let length = narrow(location.span().byte_len().unwrap_or_default());
    Place {
        source,
        start: start.min(limit),
        end: start.saturating_add(length).min(limit),
        line,
        column,
    }
}

/// The byte at which a character of a line stands; the reader's own errors know no bytes.
fn offset_of(text: &str, line: usize, column: usize) -> usize {
    let before: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = text.get(before..).unwrap_or_default();
    let inside = rest.char_indices().nth(column - 1).map_or(rest.len(), |(at, _)| at);
    before + inside
}

/// Reports each key that a map has twice.
fn repeated_keys(node: &Node, log: &mut Log<'_>) {
    for item in node.items() {
        repeated_keys(item, log);
    }
    let mut first: BTreeMap<&str, Place> = BTreeMap::new();
    for entry in node.entries() {
        repeated_keys(&entry.node, log);
        match first.get(entry.key.as_str()) {
            Some(&earlier) => {
                let earlier = log.related(earlier, "first written here");
                log.error(
                    rule::DUPLICATE_KEY,
                    entry.key_place,
                    format!("the key {} is written twice in one map", quote(&entry.key)),
                )
                .label("second time")
                .also(earlier)
                .help("keep one of the two");
            }
            None => {
                first.insert(&entry.key, entry.key_place);
            }
        }
    }
}

fn too_much(at: Place, log: &mut Log<'_>) {
    log.error(
        rule::TOO_MUCH,
        at,
        "the file is nested too deeply, or its aliases expand to too much",
    )
    .label("the limit is reached here")
    .note("the limits are 32 levels, 250,000 values and 10,000 aliases a file");
}

fn syntax_error(error: &Error, text: &str, whole: Place, log: &mut Log<'_>) {
    let error = error.without_snippet();
    let at = error
        .location()
        .filter(|location| location.line() > 0)
        .map_or(whole, |location| place(whole.source, text, &location));
    // An error inside an expanded alias is told by its own kind.
    let cause = match error {
        Error::AliasError { error, .. } => error.without_snippet(),
        other => other,
    };
    match cause {
        Error::Budget { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. }
        | Error::AliasReplayCounterOverflow { .. } => too_much(at, log),
        Error::UnsupportedTag { tag, .. } => {
            log.error(
                rule::TAG,
                at,
                format!("the YAML tag {} means nothing in a manifest", quote(tag)),
            )
            .help("remove the tag; quote the value if it is a string");
        }
        other => {
            let text = other.to_string();
            let message = match text.rsplit_once(" at line ") {
                Some((message, _)) => message.to_owned(),
                None => text,
            };
            log.error(rule::SYNTAX, at, format!("not valid YAML: {message}"))
                .note("what else this file holds was not checked");
        }
    }
}
