//! "Did you mean": the nearest valid name.

/// The candidate that `wrong` was probably meant to be.
pub(crate) fn nearest<'a>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let wrong = wrong.to_lowercase();
    // A third of the letters may be off: `retrys` is `retries`, but `foo` is not `for`... unless
    // it is longer than its typo.
    let most = wrong.chars().count().div_ceil(3).max(1);
    let candidates: Vec<&str> = candidates.into_iter().collect();
    let near = candidates
        .iter()
        .map(|candidate| {
            (strsim::damerau_levenshtein(&wrong, &candidate.to_lowercase()), candidate)
        })
        .filter(|(distance, candidate)| *distance <= most && *distance < candidate.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, &candidate)| candidate);
    // Or its beginning, as in `users.unable`.
    let longer = || {
        let begins = |candidate: &&&str| wrong.len() > 3 && candidate.starts_with(&wrong);
        candidates.iter().find(begins).copied()
    };
    near.or_else(longer)
}

/// What to say about a name that does not exist: the nearest one, or all of them.
pub(crate) fn help<'a>(
    wrong: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    what: &str,
) -> String {
    const LISTED: usize = 20;
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(near) = nearest(wrong, candidates.iter().copied()) {
        return format!("did you mean `{near}`?");
    }
    if candidates.is_empty() {
        return format!("there are no {what} here");
    }
    let mut list = String::new();
    for candidate in candidates.iter().take(LISTED) {
        if !list.is_empty() {
            list.push_str(", ");
        }
        list.push_str(candidate);
    }
    if candidates.len() > LISTED {
        return format!("{what}: {list} and {} more", candidates.len() - LISTED);
    }
    format!("{what}: {list}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_finds_its_word_and_nonsense_finds_the_list() {
        assert_eq!(nearest("retrys", ["rate", "retries", "users"]), Some("retries"));
        assert_eq!(nearest("Rond-robin", ["random", "round-robin"]), Some("round-robin"));
        assert_eq!(nearest("users.un", ["users.able", "users.unable"]), Some("users.unable"));
        assert_eq!(nearest("zzz", ["rate", "for", "at"]), None);
        assert_eq!(help("zzz", ["a-name", "b-name"], "backends"), "backends: a-name, b-name");
        assert_eq!(help("zzz", [], "alerts"), "there are no alerts here");
    }
}
