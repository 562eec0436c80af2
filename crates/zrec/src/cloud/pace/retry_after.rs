//! `Retry-After` in each of its forms.

use std::time::Duration;

use http::HeaderMap;
use time::OffsetDateTime;

/// Nobody waits longer than this on a header's word; the patience of a call is shorter anyway.
const LONGEST: f64 = 86_400.0;

/// How long the service asks to wait: whole or fractional seconds, or a date.
///
/// A date is measured against the answer's own `Date`, so that a skewed clock here does not
/// matter; without one there is nothing to measure against, and the header counts as absent.
pub fn retry_after(headers: &HeaderMap, date: Option<OffsetDateTime>) -> Option<Duration> {
    let text = headers.get(http::header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.is_finite() && seconds >= 0.0)
            .then(|| Duration::from_secs_f64(seconds.min(LONGEST)));
    }
    let until: OffsetDateTime = httpdate::parse_http_date(text).ok()?.into();
    let seconds = (until - date?).as_seconds_f64();
    Some(Duration::from_secs_f64(seconds.clamp(0.0, LONGEST)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_read() {
        let date = "Mon, 23 Nov 2026 14:00:00 GMT";
        let rows = [
            ("10", Some(10.0)),
            ("2.128", Some(2.128)),
            ("0", Some(0.0)),
            (" 7 ", Some(7.0)),
            ("Mon, 23 Nov 2026 14:00:30 GMT", Some(30.0)),
            ("Mon, 23 Nov 2026 13:00:00 GMT", Some(0.0)),
            ("1e300", Some(LONGEST)),
            ("-1", None),
            ("NaN", None),
            ("inf", None),
            ("soon", None),
            ("", None),
        ];
        for (text, expected) in rows {
            let mut headers = HeaderMap::new();
            headers.insert("retry-after", text.parse().unwrap());
            let date = httpdate::parse_http_date(date).unwrap().into();
            let read = retry_after(&headers, Some(date)).map(|delay| delay.as_secs_f64());
            assert_eq!(read, expected, "{text}");
        }
        assert_eq!(retry_after(&HeaderMap::new(), None), None);
    }
}
