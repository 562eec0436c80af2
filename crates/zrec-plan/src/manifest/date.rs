//! Calendar dates as manifests write them.

use serde::{Deserialize, Deserializer};
use time::Date;
use time::format_description::FormatItem;
use time::macros::format_description;

const FORMAT: &[FormatItem<'_>] = format_description!("[year]-[month]-[day]");

/// The date, if the calendar has it.
pub(crate) fn parse(text: &str) -> Option<Date> {
    Date::parse(text, FORMAT).ok()
}

/// For typed specs: an optional date in the manifest's form.
pub(crate) fn optional<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Date>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| parse(&text).ok_or_else(|| serde::de::Error::custom("not a date"))).transpose()
}
