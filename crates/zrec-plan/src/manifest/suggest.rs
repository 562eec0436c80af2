//! "Did you mean": the nearest known word, and safe quoting of unknown ones.

/// The nearest of the known words, if one is near enough to have been meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.is_empty() || word.len() > 200 {
        return None;
    }
    let lower = word.to_lowercase();
    let mut best: Option<(usize, &str)> = None;
    for candidate in known {
        if candidate.len().abs_diff(word.len()) > 20 {
            continue;
        }
        let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
        let allowed = 1.max(word.chars().count().max(candidate.chars().count()) / 3);
        if distance <= allowed && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// `did you mean …?`, where something near is known.
pub(crate) fn did_you_mean<'a>(
    word: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<String> {
    nearest(word, known).map(|near| format!("did you mean `{near}`?"))
}

/// The known words, for a help line; long lists are cut.
pub(crate) fn listed<'a>(known: impl IntoIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 12;
    let mut words: Vec<String> = Vec::new();
    let mut more = 0_usize;
    for word in known {
        if words.len() < SHOWN {
            words.push(format!("`{word}`"));
        } else {
            more += 1;
        }
    }
    if more > 0 {
        words.push(format!("and {more} more"));
    }
    words.join(", ")
}

/// A foreign string in backticks, cut to a length that fits in a sentence.
pub(crate) fn quote(text: &str) -> String {
    const SHOWN: usize = 80;
    if text.chars().count() <= SHOWN {
        format!("`{text}`")
    } else {
        let cut: String = text.chars().take(SHOWN).collect();
        format!("`{cut}…`")
    }
}
