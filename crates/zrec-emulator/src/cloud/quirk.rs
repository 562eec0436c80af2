//! Misbehaviour on demand: which request it strikes, and what it does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One entry of `quirks:`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Quirk {
    /// What happens.
    pub quirk: QuirkKind,
    /// Only this method.
    #[serde(default)]
    pub method: Option<String>,
    /// Only paths (with query, percent-decoded, from `/v1.0` on) that match: a glob where it holds `*`, else a part of the path.
    #[serde(default)]
    pub path: Option<String>,
    /// Only in this tenant.
    #[serde(default)]
    pub tenant: Option<String>,
    /// Only the n-th matching request, from 1.
    #[serde(default)]
    pub nth: Option<u64>,
    /// Only the first so many matching requests (from `nth` on, where both stand).
    #[serde(default)]
    pub times: Option<u64>,
    /// The status to answer with.
    #[serde(default)]
    pub status: Option<u16>,
    /// The error code.
    #[serde(default)]
    pub code: Option<String>,
    /// The error message, or the text of the HTML page.
    #[serde(default)]
    pub message: Option<String>,
    /// Headers of the answer.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// `Retry-After`, verbatim; left out: no such header.
    #[serde(default)]
    pub retry_after: Option<String>,
    /// `delay`: how long; `lag`: for how long reads are stale.
    #[serde(default)]
    pub milliseconds: Option<u64>,
    /// `lag`: how many reads are stale.
    #[serde(default)]
    pub reads: Option<u64>,
    /// `lag`: only about half of the reads are stale, as where several replicas answer.
    #[serde(default)]
    pub flickers: bool,
    /// `truncate`: how many bytes of the body arrive.
    #[serde(default)]
    pub bytes: Option<usize>,
    /// `hang`: whether the work is done before the silence.
    #[serde(default)]
    pub after_work: bool,
}

/// The kinds of misbehaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum QuirkKind {
    /// Answers `status`, `code`, `message`, `headers` without doing the work.
    Status,
    /// Does the work and drops the answer; in a batch, the whole batch's answer.
    LostAnswer,
    /// Drops the connection before any work.
    Refuse,
    /// 429, with `retryAfter` as it stands.
    Throttle,
    /// An HTML page with `status` (502).
    Html,
    /// Does the work and cuts the answer's body after `bytes` (half of it).
    Truncate,
    /// Answers late.
    Delay,
    /// Takes the request and never answers, before the work or (`afterWork`) after it: the moment to kill a client.
    Hang,
    /// `Directory_ConcurrencyViolation`, as `status` 409 (default) or 503.
    ConcurrencyViolation,
    /// After this write, reads of the tenant do not see it for `reads` reads or `milliseconds`.
    Lag,
    /// `POST /servicePrincipals` does not find its new application yet; `nth` and `times` count for each application.
    CreationRace,
    /// 403 for reads.
    Unreadable,
    /// The token endpoint refuses, with `code` (AADSTS7000215) and `message`.
    TokenRefused,
}

impl Quirk {
    /// Whether the selectors other than the counters fit.
    pub(crate) fn fits(&self, method: &str, path: &str, tenant: &str) -> bool {
        let kind = match self.quirk {
            QuirkKind::Unreadable => method == "GET",
            QuirkKind::CreationRace => {
                matches!(method, "POST" | "PATCH") && path.starts_with("/v1.0/servicePrincipals")
            }
            QuirkKind::TokenRefused => method == "POST" && path.contains("/token"),
            QuirkKind::Lag => method != "GET",
            _ => true,
        };
        kind && self.method.as_deref().is_none_or(|want| want.eq_ignore_ascii_case(method))
            && self.tenant.as_deref().is_none_or(|want| want.eq_ignore_ascii_case(tenant))
            && self.path.as_deref().is_none_or(|want| glob(want, path))
    }

    /// Whether the count of fitting requests, this one included, is one that it strikes.
    pub(crate) fn strikes(&self, count: u64) -> bool {
        match (self.nth, self.times) {
            (Some(nth), None) => count == nth,
            (None, Some(times)) => count <= times,
            (Some(nth), Some(times)) => count >= nth && count < nth.saturating_add(times),
            (None, None) => true,
        }
    }
}

/// A part of the text, or, with `*`, the whole of it.
fn glob(pattern: &str, text: &str) -> bool {
    if !pattern.contains('*') {
        return text.contains(pattern);
    }
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let last = parts.pop().unwrap_or_default();
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn a_pattern_is_a_part_or_with_stars_the_whole() {
        let check = |pattern, text, expected| {
            assert_eq!(glob(pattern, text), expected, "{pattern} on {text}")
        };
        check("applications", "/v1.0/applications/1", true);
        check("/v1.0/applications", "/v1.0/servicePrincipals", false);
        check("*/owners/*", "/v1.0/applications/1/owners/$ref", true);
        check("/v1.0/*/owners", "/v1.0/applications/1/owners", true);
        check("/v1.0/*/owners", "/v1.0/applications/1/owners/$ref", false);
        check("*", "", true);
    }
}
