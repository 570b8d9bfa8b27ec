//! The right word for a wrong one: the known word that is the fewest slips away.

/// Longer words (in bytes) are never compared: nobody mistypes those, and comparing costs.
const WORD_BYTES_MAX: usize = 64;

/// The known word that was probably meant, if any is close enough.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > WORD_BYTES_MAX {
        return None;
    }
    let slips_max = (word.chars().count() / 3).clamp(1, 4);
    known
        .into_iter()
        .filter(|candidate| candidate.len() <= WORD_BYTES_MAX)
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(slips, _)| *slips <= slips_max)
        .min()
        .map(|(_, candidate)| candidate)
}

/// A sentence that helps someone who wrote a word that isn't known.
pub(crate) fn suggestion<'a>(word: &str, known: &[&'a str], what: &str) -> String {
    if let Some(right) = nearest(word, known.iter().copied()) {
        return format!("did you mean \"{right}\"?");
    }
    if known.is_empty() {
        return format!("there are no {what}");
    }
    let list: Vec<&'a str> = known.iter().copied().take(30).collect();
    let more = if known.len() > list.len() { ", …" } else { "" };
    format!("{what}: {}{more}", list.join(", "))
}

/// A word for a message, cut where it is absurdly long.
pub(crate) fn quoted(word: &str) -> String {
    let cut = word.floor_char_boundary(WORD_BYTES_MAX);
    let dots = if cut < word.len() { "…" } else { "" };
    format!("\"{}{dots}\"", word[..cut].escape_debug())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_words_are_found_and_far_ones_are_not() {
        let known = ["public", "public_url", "admin", "tls"];
        assert_eq!(nearest("pubic", known), Some("public"));
        assert_eq!(nearest("public-url", known), Some("public_url"));
        assert_eq!(nearest("admni", known), Some("admin"));
        assert_eq!(nearest("database", known), None);
        assert_eq!(nearest(&"x".repeat(1 << 20), known), None);
        assert_eq!(
            suggestion("zzz", &known, "known keys"),
            "known keys: public, public_url, admin, tls"
        );
        assert_eq!(suggestion("zzz", &[], "plugins"), "there are no plugins");
    }

    #[test]
    fn long_and_odd_words_are_cut_and_escaped() {
        assert_eq!(quoted("a\u{1b}\nb"), "\"a\\u{1b}\\nb\"");
        assert!(quoted(&"é".repeat(1000)).len() < 80);
    }
}
