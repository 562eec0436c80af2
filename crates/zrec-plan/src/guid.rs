//! The only form in which an id may enter a path, a key or a comparison.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

/// An object id, application id, tenant id or permission id: 8-4-4-4-12 hexadecimal digits.
///
/// Prints in lower case, whatever case it was written in, so that equal ids compare equal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Guid(Uuid);

/// The text was not a GUID in its hyphenated form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a GUID (8-4-4-4-12 hexadecimal digits)")]
pub struct NotAGuid;

impl Guid {
    /// Wraps a UUID made elsewhere.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid)
    }

    /// The UUID behind it.
    pub const fn as_uuid(&self) -> &Uuid {
        &self.0
    }
}

impl FromStr for Guid {
    type Err = NotAGuid;

    fn from_str(text: &str) -> Result<Self, NotAGuid> {
        // `Uuid` also accepts braces, URNs and bare digits; the vendors' APIs do not.
        if text.len() != 36 {
            return Err(NotAGuid);
        }
        Uuid::try_parse(text).map(Self).map_err(|_| NotAGuid)
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Guid {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Guid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_hyphenated_form_is_a_guid() {
        let rows = [
            ("00000003-0000-0000-C000-000000000000", true),
            ("0000000300000000c000000000000000", false),
            ("{00000003-0000-0000-c000-00000000000}", false),
            ("a/../../b", false),
            ("", false),
        ];
        for (text, expected) in rows {
            assert_eq!(text.parse::<Guid>().is_ok(), expected, "{text}");
        }
        let guid: Guid = "00000003-0000-0000-C000-000000000000".parse().unwrap();
        assert_eq!(guid.to_string(), "00000003-0000-0000-c000-000000000000");
    }
}
