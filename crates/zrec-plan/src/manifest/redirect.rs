//! Rules on redirect URIs: what Entra would refuse, and what people mistake.

use url::Url;

use crate::manifest::diagnostic::Log;
use crate::manifest::node::Node;
use crate::manifest::rule;
use crate::manifest::suggest::quote;

/// Judges a console URL. The schema has already refused other schemes and forbidden characters.
pub(crate) fn judge(console: &Node, log: &mut Log<'_>) {
    let text = console.text().unwrap_or_default();
    let Ok(url) = Url::parse(text) else {
        log.error(rule::REDIRECT_URI, console.place, format!("{} is not a URL", quote(text)));
        return;
    };
    if text.chars().any(char::is_control) || !text.is_ascii() {
        log.error(
            rule::REDIRECT_URI,
            console.place,
            "a redirect URI has printable ASCII characters only",
        );
        return;
    }
    let authority = text
        .strip_prefix("https://")
        .unwrap_or_default()
        .split(['/', '?'])
        .next()
        .unwrap_or_default();
    if authority.chars().any(|character| character.is_ascii_uppercase()) {
        log.warning(
            rule::REDIRECT_URI_BYTES,
            console.place,
            "the host of the redirect URI has capitals",
        )
        .note("Entra compares redirect URIs byte by byte; zrec keeps yours as it is")
        .help(format!("browsers send {}", quote(url.host_str().unwrap_or_default())));
    }
    if text.ends_with('/') {
        log.warning(rule::REDIRECT_URI_BYTES, console.place, "the redirect URI ends in a slash")
            .note("Entra compares redirect URIs byte by byte; zrec keeps yours as it is")
            .help("right only if the console's own URL has the slash, as the ZIA portal's (https://admin.CLOUD.net/) does");
    }
}
