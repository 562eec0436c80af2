//! A YAML value that knows where each part of it is written.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::manifest::source::Place;

/// A value and its place.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// What is written.
    pub(crate) content: Content,
    /// Where it is written.
    pub(crate) place: Place,
    /// Where it is used, if an alias brought it there.
    pub(crate) via: Option<Place>,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// `null` or nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order of the file; keys may repeat until the parser has checked them.
    Map(Vec<Entry>),
}

/// One key of a map.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: String,
    /// Where the key is written.
    pub(crate) key_place: Place,
    /// Its value.
    pub(crate) node: Node,
}

impl Node {
    /// A value that zrec itself fills in.
    pub(crate) fn built_in(value: &Value) -> Self {
        let content = match value {
            Value::Null => Content::Null,
            Value::Bool(value) => Content::Bool(*value),
            Value::Number(value) => Content::Number(value.clone()),
            Value::String(value) => Content::Text(value.clone()),
            Value::Array(items) => Content::List(items.iter().map(Self::built_in).collect()),
            Value::Object(map) => Content::Map(
                map.iter()
                    .map(|(key, value)| Entry {
                        key: key.clone(),
                        key_place: Place::default(),
                        node: Self::built_in(value),
                    })
                    .collect(),
            ),
        };
        Self { content, place: Place::default(), via: None }
    }

    /// The entries of a map; nothing for other values.
    pub(crate) fn entries(&self) -> &[Entry] {
        match &self.content {
            Content::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; nothing for other values.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.content {
            Content::List(items) => items,
            _ => &[],
        }
    }

    /// The text of a string.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value of a whole number.
    pub(crate) fn integer(&self) -> Option<u64> {
        match &self.content {
            Content::Number(number) => number.as_u64(),
            _ => None,
        }
    }

    /// The entry under a key.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// The value under a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.node)
    }

    /// The value at the end of a row of keys.
    pub(crate) fn at(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text at the end of a row of keys.
    pub(crate) fn text_at(&self, keys: &[&str]) -> Option<&str> {
        self.at(keys).and_then(Self::text)
    }

    /// The plain JSON value.
    pub(crate) fn to_value(&self) -> Value {
        match &self.content {
            Content::Null => Value::Null,
            Content::Bool(value) => Value::Bool(*value),
            Content::Number(number) => Value::Number(number.clone()),
            Content::Text(text) => Value::String(text.clone()),
            Content::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Content::Map(entries) => Value::Object(
                entries.iter().map(|entry| (entry.key.clone(), entry.node.to_value())).collect(),
            ),
        }
    }

    /// Lays `over` upon this value: maps merge, everything else is replaced.
    ///
    /// A map that stands for a choice (`secretStore`, `zscaler`, …) is replaced as a whole where the
    /// two sides chose differently; `key` is the key that both values stand under.
    pub(crate) fn overlay(&mut self, over: &Self, key: &str) {
        let (Content::Map(base), Content::Map(upper)) = (&mut self.content, &over.content) else {
            *self = over.clone();
            return;
        };
        if chose_otherwise(key, base, upper) {
            *self = over.clone();
            return;
        }
        let index: BTreeMap<String, usize> = base
            .iter()
            .enumerate()
            .map(|(position, entry)| (entry.key.clone(), position))
            .collect();
        for entry in upper {
            match index.get(&entry.key) {
                Some(&position) => {
                    let below = &mut base[position];
                    below.node.overlay(&entry.node, &entry.key);
                    below.key_place = entry.key_place;
                }
                None => base.push(entry.clone()),
            }
        }
        if over.place.source.is_some() {
            self.place = over.place;
            self.via = over.via;
        }
    }
}

/// Whether a map is a choice between forms, and its two layers chose different ones.
fn chose_otherwise(key: &str, base: &[Entry], upper: &[Entry]) -> bool {
    let has = |entries: &[Entry], name: &str| entries.iter().any(|entry| entry.key == name);
    match key {
        "secretStore" => upper.iter().any(|entry| !has(base, &entry.key)),
        "zscaler" => has(base, "organization") != has(upper, "organization"),
        _ => false,
    }
}
