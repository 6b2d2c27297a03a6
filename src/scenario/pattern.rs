//! Several names at once: `api-{1..5}`, `{a,b}-{1..2}`, `api-*`.

use std::ops::Range;

/// No pattern stands for more names.
pub(super) const MOST_NAMES: usize = 1_000;

/// What is wrong with a pattern, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PatternError {
    /// Bytes of the pattern.
    pub(super) at: Range<usize>,
    /// What is wrong and what to do.
    pub(super) message: String,
}

/// Whether `text` stands for several names rather than for itself.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '{', '}'])
}

/// Writes out the braces, in order, the last brace varying fastest.
pub(super) fn expand(pattern: &str) -> Result<Vec<String>, PatternError> {
    let mut names = vec![String::new()];
    let mut at = 0;
    while let Some(open) = pattern[at..].find(['{', '}']).map(|found| at + found) {
        let fail =
            |at: Range<usize>, message: &str| Err(PatternError { at, message: message.to_owned() });
        if pattern[open..].starts_with('}') {
            return fail(open..open + 1, "`}` without `{`: write {1..5} or {a,b}");
        }
        let Some(close) = pattern[open..].find('}').map(|found| open + found) else {
            return fail(open..pattern.len(), "`{` is never closed: write {1..5} or {a,b}");
        };
        let choices = choices(&pattern[open + 1..close])
            .map_err(|message| PatternError { at: open..close + 1, message })?;
        if names.len() * choices.len() > MOST_NAMES {
            return fail(0..pattern.len(), "more than 1000 names: write a smaller range");
        }
        let literal = &pattern[at..open];
        names = names
            .iter()
            .flat_map(|name| choices.iter().map(move |choice| format!("{name}{literal}{choice}")))
            .collect();
        at = close + 1;
    }
    for name in &mut names {
        name.push_str(&pattern[at..]);
    }
    Ok(names)
}

/// What stands between two braces: `1..5` or `a,b`.
fn choices(body: &str) -> Result<Vec<String>, String> {
    if body.contains('{') {
        return Err("braces inside braces: write them one after the other".to_owned());
    }
    if let Some((low, high)) = body.split_once("..") {
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| text.parse::<u32>().ok()).flatten()
        };
        let (Some(from), Some(to)) = (number(low), number(high)) else {
            return Err("a range needs two whole numbers: {1..5}".to_owned());
        };
        if from > to {
            return Err(format!("this range is empty: write {{{to}..{from}}}"));
        }
        if (to - from) as usize >= MOST_NAMES {
            return Err("more than 1000 names: write a smaller range".to_owned());
        }
        // `{01..10}` keeps its leading zeros.
        let width = if low.starts_with('0') { low.len() } else { 0 };
        return Ok((from..=to).map(|number| format!("{number:0width$}")).collect());
    }
    let choices: Vec<String> = body.split(',').map(str::to_owned).collect();
    if choices.iter().any(String::is_empty) || choices.len() < 2 {
        return Err("braces hold a range {1..5} or a list {a,b}".to_owned());
    }
    Ok(choices)
}

/// A pattern to compare names with.
#[derive(Clone, Debug)]
pub(super) struct Pattern(Vec<String>);

impl Pattern {
    /// Writes out the braces; `*` stands for any characters.
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        expand(text).map(Self)
    }

    /// Whether a name is one of those it stands for.
    pub(super) fn matches(&self, name: &str) -> bool {
        self.0.iter().any(|glob| matches_glob(glob, name))
    }
}

/// Whether `name` is `glob` with each `*` replaced by some text. O(length of both) but for pieces
/// that repeat.
fn matches_glob(glob: &str, name: &str) -> bool {
    let mut pieces = glob.split('*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let mut pieces: Vec<&str> = pieces.collect();
    let Some(last) = pieces.pop() else { return rest.is_empty() };
    for piece in pieces {
        let Some(at) = rest.find(piece) else { return false };
        rest = &rest[at + piece.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_written_out_in_order() {
        assert_eq!(expand("api").unwrap(), ["api"]);
        assert_eq!(expand("api-{1..3}").unwrap(), ["api-1", "api-2", "api-3"]);
        assert_eq!(expand("{a,b}-{1..2}").unwrap(), ["a-1", "a-2", "b-1", "b-2"]);
        assert_eq!(expand("n{08..10}x").unwrap(), ["n08x", "n09x", "n10x"]);
    }

    #[test]
    fn bad_braces_say_where_and_why() {
        let at = |pattern| expand(pattern).unwrap_err().at;
        assert_eq!(at("api-{1..3"), 4..9);
        assert_eq!(at("api-1}"), 5..6);
        assert_eq!(at("api-{3..1}"), 4..10);
        assert_eq!(at("{}"), 0..2);
        assert_eq!(at("{{1..2}}"), 0..7);
        assert_eq!(at("{1..100}{1..100}"), 0..16);
        assert_eq!(at("{0..4294967295}"), 0..15);
    }

    #[test]
    fn stars_stand_for_any_text() {
        let matches = |pattern: &str, name: &str| Pattern::parse(pattern).unwrap().matches(name);
        assert!(matches("*", "api-1"));
        assert!(matches("api-*", "api-1"));
        assert!(matches("*-1", "api-1"));
        assert!(matches("a*-*1", "api-11"));
        assert!(matches("{api,db}-*", "db-7"));
        assert!(!matches("api-*", "db-1"));
        assert!(!matches("a*ab", "ab"));
        assert!(matches("api-{1..2}", "api-2"));
        assert!(!matches("api-{1..2}", "api-3"));
    }
}
