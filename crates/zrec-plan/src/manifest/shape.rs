//! What to say where a document has the wrong shape.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value;

use crate::code::Code;
use crate::manifest::diagnostic::Log;
use crate::manifest::node::{Content, Node};
use crate::manifest::rule;
use crate::manifest::schema::{Target, definition, known_keys};
use crate::manifest::suggest::{did_you_mean, listed, quote};

pub(super) fn unknown_keys(
    error: &ValidationError<'_>,
    target: &Target<'_>,
    unexpected: &[String],
    log: &mut Log<'_>,
) {
    let known = known_keys(error);
    // Each is looked up, so a map of nothing but unknown keys must not cost its square.
    for key in unexpected.iter().take(20) {
        let near = did_you_mean(key, known.iter().copied());
        let help = near.unwrap_or_else(|| format!("known here: {}", listed(known.iter().copied())));
        log.error(rule::UNKNOWN_KEY, target.key_place(key), format!("unknown key {}", quote(key)))
            .label("not known here")
            .help(help);
    }
}

pub(super) fn missing(target: &Target<'_>, property: &Value, log: &mut Log<'_>) {
    let property = property.as_str().unwrap_or_default();
    let diagnostic =
        log.error(rule::MISSING, target.place, format!("the key `{property}` is missing"));
    diagnostic.label(format!("`{property}` is wanted in this map"));
    if property == "apiVersion" {
        diagnostic.help("add `apiVersion: connectors.zrec/v1`");
    }
}

pub(super) fn wrong_type(target: &Target<'_>, wanted: &TypeKind, log: &mut Log<'_>) {
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
    let name = if target.key.is_empty() { "the document".to_owned() } else { quote(&target.key) };
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
    log.error(rule::TYPE, target.place, format!("{name} wants {wanted}, not {found}"))
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
        .map_or_else(|| node.to_value().to_string(), |text| text.trim().chars().take(80).collect())
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

pub(super) fn not_allowed(target: &Target<'_>, options: &[&str], log: &mut Log<'_>) {
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
        key => (rule::NOT_ALLOWED, format!("{value} is not allowed for `{key}`")),
    };
    log.error(code, target.place, message).help(help);
}

/// The rule that a named form belongs to, and how it reads in a sentence.
pub(super) fn form(definition: &str) -> (Code, &'static str) {
    match definition.split('/').next().unwrap_or_default() {
        "guid" => (rule::FORM, "a GUID (8-4-4-4-12 hexadecimal digits)"),
        "ownOrGuid" => (rule::FORM, "`own` or a GUID (8-4-4-4-12 hexadecimal digits)"),
        "name" | "kebab" => {
            (rule::FORM, "a name: lower-case letters, digits and inner hyphens, at most 63")
        }
        "labelKey" | "labelValue" => {
            (rule::FORM, "a label: letters, digits and inner `.`, `_`, `-`, at most 63")
        }
        "catalogVersion" => (rule::FORM, "a catalogue version such as \"2026.11\""),
        "date" => (rule::DATE, "a date (YYYY-MM-DD)"),
        "redirectUri" => (rule::REDIRECT_URI, "a redirect URI that Entra takes"),
        "vanityDomain" => (rule::VANITY_DOMAIN, "a vanity domain: one label, without dots"),
        "zscalerCloud" => (rule::ZSCALER_CLOUD, "a Zscaler cloud: one label, or empty"),
        "cloudUrl" => (rule::CLOUD_URL, "an https URL with a host and no user, query or fragment"),
        "scopeUrl" => (rule::FORM, "a token scope such as https://service.powerapps.com/.default"),
        "hostSuffix" => (rule::FORM, "a host suffix such as vault.azure.net"),
        "armScope" => (
            rule::FORM,
            "a scope such as /subscriptions/GUID or /providers/Microsoft.Management/managementGroups/NAME",
        ),
        "ageRecipient" => (rule::FORM, "an age recipient (age1… or ssh-…)"),
        _ => (rule::FORM, "of the wanted form"),
    }
}

pub(super) fn wrong_form(definition: &str, target: &Target<'_>, log: &mut Log<'_>) {
    let (code, wanted) = form(definition);
    let text = target.node.text().unwrap_or_default();
    let diagnostic = log.error(code, target.place, format!("{} is not {wanted}", quote(text)));
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

pub(super) fn numbers_and_sizes(
    kind: &ValidationErrorKind,
    error: &ValidationError<'_>,
    target: &Target<'_>,
    log: &mut Log<'_>,
) {
    use ValidationErrorKind as K;
    let name = quote(&target.key);
    let redirect_uri = definition(error).starts_with("redirectUri");
    if let Some(choice) = choice(&target.key, kind) {
        log.error(rule::CHOICE, target.place, choice);
        return;
    }
    let (code, message) = match kind {
        K::Minimum { limit } => (rule::RANGE, format!("{name} is at least {limit}")),
        K::Maximum { limit } => (rule::RANGE, format!("{name} is at most {limit}")),
        K::MinLength { .. } => (rule::LENGTH, format!("{name} is empty")),
        K::MaxLength { limit } if redirect_uri => {
            (rule::REDIRECT_URI, format!("the redirect URI is longer than {limit} characters"))
        }
        K::MaxLength { limit } => {
            (rule::LENGTH, format!("{name} is longer than {limit} characters"))
        }
        K::MinItems { .. } | K::MinProperties { .. } => (rule::COUNT, format!("{name} is empty")),
        K::MaxItems { limit } | K::MaxProperties { limit } => {
            (rule::COUNT, format!("{name} has more than {limit} entries"))
        }
        K::UniqueItems => (rule::COUNT, format!("{name} names something twice")),
        _ => (rule::FORM, format!("{name}: {}", error.masked())),
    };
    log.error(code, target.place, message);
}

/// What the forms are, where a map is a choice between forms.
fn choice(key: &str, kind: &ValidationErrorKind) -> Option<&'static str> {
    match (key, kind) {
        (
            "secretStore",
            ValidationErrorKind::MinProperties { .. } | ValidationErrorKind::MaxProperties { .. },
        ) => Some("a secret store is exactly one of `directory`, `keyVault` and `age`"),
        ("zscaler", ValidationErrorKind::MaxProperties { .. }) => {
            Some("`zscaler` either names an organization or holds its keys, not both")
        }
        (
            _,
            ValidationErrorKind::OneOfNotValid { .. }
            | ValidationErrorKind::OneOfMultipleValid { .. },
        ) => Some("a role assignment has exactly one of `subscriptions` and `scope`"),
        _ => None,
    }
}
