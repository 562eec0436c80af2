//! The JSON Schema as judge: which documents have the right shape, and what to say where not.

use std::sync::LazyLock;

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::LocationSegment;
use jsonschema::{JsonType, PatternOptions, ValidationError, Validator};
use serde_json::Value;

use crate::code::Code;
use crate::manifest::diagnostic::Log;
use crate::manifest::node::{Content, Node};
use crate::manifest::rule;
use crate::manifest::source::Place;
use crate::manifest::suggest::{did_you_mean, listed, quote};

/// The manifest schema, as published.
pub const MANIFEST_SCHEMA: &str = include_str!("../../../../schemas/manifest.schema.json");

static SCHEMA: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_str(MANIFEST_SCHEMA).unwrap_or_default());

static VALIDATOR: LazyLock<Option<Validator>> = LazyLock::new(|| {
    jsonschema::options()
        .with_pattern_options(PatternOptions::regex())
        .build(&SCHEMA)
        .ok()
});

/// Judges one document; says whether it has the right shape.
pub(crate) fn judge(document: &Node, log: &mut Log<'_>) -> bool {
    const SHOWN: usize = 50;
    let Some(validator) = VALIDATOR.as_ref() else {
        log.error(
            rule::SYNTAX,
            document.place,
            "the embedded schema does not compile",
        );
        return false;
    };
    let value = document.to_value();
    let mut right = true;
    for error in validator.iter_errors(&value).take(SHOWN) {
        right = false;
        report(&error, document, log);
    }
    right
}

/// A part of a document, and where to point for it.
struct Target<'a> {
    node: &'a Node,
    place: Place,
    /// The last key on the way, for messages.
    key: String,
}

impl<'a> Target<'a> {
    fn find(error: &ValidationError<'_>, document: &'a Node) -> Self {
        let mut target = Self {
            node: document,
            place: head(document),
            key: String::new(),
        };
        for segment in error.instance_path().iter() {
            match segment {
                LocationSegment::Property(name) => {
                    let Some(entry) = target.node.entry(&name) else {
                        break;
                    };
                    target.node = &entry.node;
                    target.key.clone_from(&entry.key);
                    target.place = match entry.node.content {
                        Content::Map(_) | Content::List(_) | Content::Null => entry.key_place,
                        _ => entry.node.place,
                    };
                }
                LocationSegment::Index(index) => {
                    let Some(item) = target.node.items().get(index) else {
                        break;
                    };
                    target.node = item;
                    target.place = head(item);
                }
            }
        }
        target
    }

    /// The place of one of its keys, or its own.
    fn key_place(&self, key: &str) -> Place {
        self.node
            .entry(key)
            .map_or(self.place, |entry| entry.key_place)
    }
}

/// Where to point for a value that has no key: its first key, or itself.
fn head(node: &Node) -> Place {
    match node.entries() {
        [] => node.place,
        [first, ..] => node
            .entry("kind")
            .map_or(first.key_place, |entry| entry.node.place),
    }
}

fn report(error: &ValidationError<'_>, document: &Node, log: &mut Log<'_>) {
    let target = Target::find(error, document);
    let before = log.found.len();
    match error.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected } => {
            unknown_keys(error, &target, unexpected, log);
        }
        ValidationErrorKind::Required { property } => missing(&target, property, log),
        ValidationErrorKind::Type { kind } => wrong_type(&target, kind, log),
        ValidationErrorKind::Enum { options } => {
            let options: Vec<&str> = options
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            not_allowed(&target, &options, log);
        }
        ValidationErrorKind::Constant { expected_value } => {
            not_allowed(&target, &[expected_value.as_str().unwrap_or_default()], log);
        }
        ValidationErrorKind::Pattern { .. } => wrong_form(&definition(error), &target, log),
        ValidationErrorKind::PropertyNames { error: inner } => {
            let key = inner.instance().as_str().unwrap_or_default().to_owned();
            let place = target.key_place(&key);
            let (code, wanted) = form(&definition(inner));
            log.error(
                code,
                place,
                format!("the key {} is not {wanted}", quote(&key)),
            );
        }
        other => numbers_and_sizes(other, error, &target, log),
    }
    if let Some(via) = target.node.via {
        let used = log.related(via, "used here, through an alias");
        for diagnostic in &mut log.found[before..] {
            diagnostic.also(used.clone());
        }
    }
}

/// The name of the definition that an error comes from, and its keyword: `guid/pattern`.
fn definition(error: &ValidationError<'_>) -> String {
    let path = error.schema_path().as_str();
    path.strip_prefix("/$defs/").unwrap_or(path).to_owned()
}

fn unknown_keys(
    error: &ValidationError<'_>,
    target: &Target<'_>,
    unexpected: &[String],
    log: &mut Log<'_>,
) {
    let path = error.schema_path().as_str();
    let parent = path.rsplit_once('/').map_or("", |(parent, _)| parent);
    let known: Vec<&str> = SCHEMA
        .pointer(parent)
        .and_then(|schema| schema.get("properties"))
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, _)| key.as_str())
        .collect();
    for key in unexpected {
        let near = did_you_mean(key, known.iter().copied());
        let help = near.unwrap_or_else(|| format!("known here: {}", listed(known.iter().copied())));
        log.error(
            rule::UNKNOWN_KEY,
            target.key_place(key),
            format!("unknown key {}", quote(key)),
        )
        .label("not known here")
        .help(help);
    }
}

fn missing(target: &Target<'_>, property: &Value, log: &mut Log<'_>) {
    let property = property.as_str().unwrap_or_default();
    let diagnostic = log.error(
        rule::MISSING,
        target.place,
        format!("the key `{property}` is missing"),
    );
    diagnostic.label(format!("`{property}` is wanted in this map"));
    if property == "apiVersion" {
        diagnostic.help("add `apiVersion: connectors.zrec/v1`");
    }
}

fn wrong_type(target: &Target<'_>, wanted: &TypeKind, log: &mut Log<'_>) {
    let wanted: Vec<JsonType> = match wanted {
        TypeKind::Single(one) => vec![*one],
        TypeKind::Multiple(set) => set.iter().collect(),
    };
    let found = match &target.node.content {
        Content::Null => "nothing",
        Content::Bool(_) => "a boolean",
        Content::Number(_) => "a number",
        Content::Text(_) => "a string",
        Content::List(_) => "a list",
        Content::Map(_) => "a map",
    };
    let scalar = matches!(target.node.content, Content::Bool(_) | Content::Number(_));
    let name = if target.key.is_empty() {
        "the document".to_owned()
    } else {
        quote(&target.key)
    };
    if scalar && wanted.contains(&JsonType::String) {
        let written = written(target.node, log);
        log.error(
            rule::UNQUOTED,
            target.place,
            format!("{name} wants a string, and YAML reads this as {found}"),
        )
        .label(format!("read as {found}"))
        .help(format!("quote it: \"{written}\""));
        return;
    }
    let wanted: Vec<&str> = wanted.iter().map(|&one| type_name(one)).collect();
    let wanted = wanted.join(" or ");
    log.error(
        rule::TYPE,
        target.place,
        format!("{name} wants {wanted}, not {found}"),
    )
    .label(format!("{wanted} is wanted"));
}

/// A scalar as it stands in the file.
fn written(node: &Node, log: &Log<'_>) -> String {
    let range = node.place.start as usize..node.place.end as usize;
    node.place
        .source
        .and_then(|index| log.sources.get(index as usize))
        .and_then(|source| source.text())
        .and_then(|text| text.get(range))
        .map_or_else(
            || node.to_value().to_string(),
            |text| text.trim().chars().take(80).collect(),
        )
}

const fn type_name(json_type: JsonType) -> &'static str {
    match json_type {
        JsonType::Array => "a list",
        JsonType::Boolean => "a boolean",
        JsonType::Integer => "a whole number",
        JsonType::Null => "nothing",
        JsonType::Number => "a number",
        JsonType::Object => "a map",
        JsonType::String => "a string",
    }
}

fn not_allowed(target: &Target<'_>, options: &[&str], log: &mut Log<'_>) {
    let value = match target.node.text() {
        Some(text) => quote(text),
        None => quote(&target.node.to_value().to_string()),
    };
    let text = target.node.text().unwrap_or_default();
    let known = || format!("allowed: {}", listed(options.iter().copied()));
    let help = did_you_mean(text, options.iter().copied()).unwrap_or_else(known);
    let (code, message) = match target.key.as_str() {
        "apiVersion" => (rule::API_VERSION, format!("unknown apiVersion {value}")),
        "kind" if text == "Policy" => {
            log.error(
                rule::RESERVED_KIND,
                target.place,
                "`kind: Policy` is not supported by this version yet",
            )
            .help("take the document out; nothing that it forbids or allows would hold");
            return;
        }
        "kind" => (rule::KIND, format!("unknown kind {value}")),
        key => (
            rule::NOT_ALLOWED,
            format!("{value} is not allowed for `{key}`"),
        ),
    };
    log.error(code, target.place, message).help(help);
}

/// The rule that a named form belongs to, and how it reads in a sentence.
fn form(definition: &str) -> (Code, &'static str) {
    match definition.split('/').next().unwrap_or_default() {
        "guid" => (rule::FORM, "a GUID (8-4-4-4-12 hexadecimal digits)"),
        "ownOrGuid" => (
            rule::FORM,
            "`own` or a GUID (8-4-4-4-12 hexadecimal digits)",
        ),
        "name" | "kebab" => (
            rule::FORM,
            "a name: lower-case letters, digits and inner hyphens, at most 63",
        ),
        "labelKey" | "labelValue" => (
            rule::FORM,
            "a label: letters, digits and inner `.`, `_`, `-`, at most 63",
        ),
        "catalogVersion" => (rule::FORM, "a catalogue version such as \"2026.11\""),
        "date" => (rule::DATE, "a date (YYYY-MM-DD)"),
        "redirectUri" => (rule::REDIRECT_URI, "a redirect URI that Entra takes"),
        "vanityDomain" => (
            rule::VANITY_DOMAIN,
            "a vanity domain: one label, without dots",
        ),
        "zscalerCloud" => (rule::ZSCALER_CLOUD, "a Zscaler cloud: one label, or empty"),
        "cloudUrl" => (
            rule::CLOUD_URL,
            "an https URL with a host and no user, query or fragment",
        ),
        "scopeUrl" => (
            rule::FORM,
            "a token scope such as https://service.powerapps.com/.default",
        ),
        "hostSuffix" => (rule::FORM, "a host suffix such as vault.azure.net"),
        "armScope" => (
            rule::FORM,
            "a scope such as /subscriptions/GUID or /providers/Microsoft.Management/managementGroups/NAME",
        ),
        "ageRecipient" => (rule::FORM, "an age recipient (age1… or ssh-…)"),
        _ => (rule::FORM, "of the wanted form"),
    }
}

fn wrong_form(definition: &str, target: &Target<'_>, log: &mut Log<'_>) {
    let (code, wanted) = form(definition);
    let text = target.node.text().unwrap_or_default();
    let diagnostic = log.error(
        code,
        target.place,
        format!("{} is not {wanted}", quote(text)),
    );
    match definition.split('/').next().unwrap_or_default() {
        "redirectUri" if text.starts_with("http://") => {
            diagnostic.help("use https: Entra takes http for localhost only");
        }
        "redirectUri" => {
            diagnostic.help("https, no white space, `*`, `#`, or any of ! $ ' ( ) , ;");
        }
        "vanityDomain" => {
            let label = text.split('.').next().unwrap_or_default();
            diagnostic.help(format!("the first label is enough: {}", quote(label)));
        }
        "zscalerCloud" => {
            diagnostic.help("for production leave it empty");
        }
        "name" => {
            let lower = text.to_lowercase().replace(['_', ' ', '.'], "-");
            if lower != text {
                diagnostic.help(format!("for instance {}", quote(&lower)));
            }
        }
        _ => {}
    }
}

fn numbers_and_sizes(
    kind: &ValidationErrorKind,
    error: &ValidationError<'_>,
    target: &Target<'_>,
    log: &mut Log<'_>,
) {
    let name = quote(&target.key);
    let place = target.place;
    match kind {
        ValidationErrorKind::Minimum { limit } => {
            log.error(rule::RANGE, place, format!("{name} is at least {limit}"))
        }
        ValidationErrorKind::Maximum { limit } => {
            log.error(rule::RANGE, place, format!("{name} is at most {limit}"))
        }
        ValidationErrorKind::MinLength { .. } => {
            log.error(rule::LENGTH, place, format!("{name} is empty"))
        }
        ValidationErrorKind::MaxLength { limit }
            if definition(error).starts_with("redirectUri") =>
        {
            log.error(
                rule::REDIRECT_URI,
                place,
                format!("the redirect URI is longer than {limit} characters"),
            )
        }
        ValidationErrorKind::MaxLength { limit } => log.error(
            rule::LENGTH,
            place,
            format!("{name} is longer than {limit} characters"),
        ),
        ValidationErrorKind::OneOfNotValid { .. }
        | ValidationErrorKind::OneOfMultipleValid { .. } => log.error(
            rule::CHOICE,
            place,
            "exactly one of `subscriptions` and `scope` is wanted",
        ),
        ValidationErrorKind::MinProperties { .. } | ValidationErrorKind::MaxProperties { .. }
            if target.key == "secretStore" =>
        {
            log.error(
                rule::CHOICE,
                place,
                "a secret store is exactly one of `directory`, `keyVault` and `age`",
            )
        }
        ValidationErrorKind::MaxProperties { .. } if target.key == "zscaler" => log
            .error(
                rule::CHOICE,
                place,
                "`zscaler` either names an organization or holds its keys",
            )
            .help("keep `organization`, or take it out"),
        ValidationErrorKind::MinItems { .. } | ValidationErrorKind::MinProperties { .. } => {
            log.error(rule::COUNT, place, format!("{name} is empty"))
        }
        ValidationErrorKind::MaxItems { limit } | ValidationErrorKind::MaxProperties { limit } => {
            log.error(
                rule::COUNT,
                place,
                format!("{name} has more than {limit} entries"),
            )
        }
        ValidationErrorKind::UniqueItems => {
            log.error(rule::COUNT, place, format!("{name} names something twice"))
        }
        _ => log.error(rule::FORM, place, format!("{name}: {}", error.masked())),
    };
}
