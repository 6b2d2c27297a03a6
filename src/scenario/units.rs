//! Quantities as people write them: `250ms`, `1h30m`, `450/s`, `30%`.
//!
//! Strict on purpose: a bare `5` or a `5M` (a month, to some parsers) is refused with the reason
//! and, where one is plain, the fix.

use crate::engine::time::Span;
use std::ops::Range;

/// Units of time with their length in nanoseconds, longest first.
pub const TIME_UNITS: [(&str, u64); 7] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// What a quantity is divided by in a rate, in seconds.
pub(super) const RATE_UNITS: [(&str, f64); 3] = [("s", 1.0), ("m", 60.0), ("h", 3_600.0)];

/// Why a text is not the quantity it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitError {
    /// The bytes at fault.
    pub at: Range<usize>,
    /// Why.
    pub message: String,
    /// What was probably meant.
    pub fix: Option<String>,
}

fn fail<T>(
    at: Range<usize>,
    message: impl Into<String>,
    fix: Option<String>,
) -> Result<T, UnitError> {
    Err(UnitError { at, message: message.into(), fix })
}

/// A length of time: whole or decimal numbers with units, longest first, as in `1h30m` or `1.5s`.
///
/// ```
/// use misroute::engine::time::Span;
/// use misroute::scenario::units::duration;
/// assert_eq!(duration("1m30s"), Ok(Span::from_secs(90)));
/// assert_eq!(duration("5 min").unwrap_err().fix.as_deref(), Some("5m"));
/// ```
pub fn duration(text: &str) -> Result<Span, UnitError> {
    let whole = 0..text.len();
    if text.is_empty() {
        return fail(whole, "an empty text is not a duration", None);
    }
    if let Some(rest) = text.strip_prefix(['-', '−']) {
        let fix = duration(rest).is_ok().then(|| rest.to_owned());
        return fail(whole, "a duration cannot be negative", fix);
    }
    let (mut at, mut total) = (0, 0_u64);
    let mut previous: Option<&str> = None;
    while at < text.len() {
        let number = digits(&text[at..]);
        let unit_at = at + number.len();
        let rest = &text[unit_at..];
        let unit =
            &rest[..rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len())];
        if number.is_empty() {
            return fail(whole, "this is not a number with a unit", loose(text));
        }
        let Some(&(unit, length)) = TIME_UNITS.iter().find(|(name, _)| *name == unit) else {
            return Err(unknown_unit(text, unit_at..unit_at + unit.len(), unit));
        };
        if let Some(previous) = previous.filter(|previous| !is_longer(previous, unit)) {
            let message =
                format!("`{unit}` cannot follow `{previous}`: longest unit first, each once");
            return fail(unit_at..unit_at + unit.len(), message, None);
        }
        let part = nanoseconds(number, length).map_err(|message| UnitError {
            at: at..unit_at + unit.len(),
            message: message.to_owned(),
            fix: None,
        })?;
        total = match total.checked_add(part) {
            Some(total) => total,
            None => return fail(whole, "longer than 584 years", None),
        };
        previous = Some(unit);
        at = unit_at + unit.len();
    }
    Ok(Span::from_ns(total))
}

fn is_longer(unit: &str, than: &str) -> bool {
    let rank = |unit| TIME_UNITS.iter().position(|(name, _)| *name == unit);
    rank(unit) < rank(than)
}

/// The leading decimal number of a text.
pub(super) fn digits(text: &str) -> &str {
    let whole = text.bytes().take_while(u8::is_ascii_digit).count();
    if whole == 0 || !text[whole..].starts_with('.') {
        return &text[..whole];
    }
    let fraction = text[whole + 1..].bytes().take_while(u8::is_ascii_digit).count();
    if fraction == 0 { &text[..whole] } else { &text[..whole + 1 + fraction] }
}

/// `number` units of `length` nanoseconds, exactly.
fn nanoseconds(number: &str, length: u64) -> Result<u64, &'static str> {
    const TOO_LONG: &str = "longer than 584 years";
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole: u64 = whole.parse().map_err(|_| TOO_LONG)?;
    let whole = whole.checked_mul(length).ok_or(TOO_LONG)?;
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        return Ok(whole);
    }
    // A day has 8.64e13 ns, which no 20 digits divide.
    let scale = 10_u128.checked_pow(fraction.len() as u32).filter(|_| fraction.len() <= 20);
    let parts = scale.zip(fraction.parse::<u128>().ok());
    match parts.map(|(scale, digits)| (digits * u128::from(length), scale)) {
        Some((parts, scale)) if parts % scale == 0 => {
            whole.checked_add((parts / scale) as u64).ok_or(TOO_LONG)
        }
        _ => Err("finer than one nanosecond"),
    }
}

fn unknown_unit(text: &str, at: Range<usize>, unit: &str) -> UnitError {
    let fix = loose(text);
    if unit.is_empty() {
        // Both are likely, so neither is proposed alone.
        let bare = digits(text).len() == text.len();
        let fix = if bare { Some(format!("{text}s` or `{text}ms")) } else { fix };
        return UnitError { at: 0..text.len(), message: "a duration needs a unit".to_owned(), fix };
    }
    let message = format!("`{}` is not a unit of time: ns, us, ms, s, m, h or d", unit.trim());
    UnitError { at, message, fix }
}

/// The duration that a more forgiving reader would see.
fn loose(text: &str) -> Option<String> {
    let mut fixed = String::new();
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let mut rest = compact.as_str();
    while !rest.is_empty() {
        let number = digits(rest);
        rest = &rest[number.len()..];
        let unit = &rest[..rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len())];
        rest = &rest[unit.len()..];
        fixed.push_str(number);
        fixed.push_str(match unit.to_lowercase().trim_end_matches(',') {
            "ns" | "nanos" | "nanosecond" | "nanoseconds" => "ns",
            "us" | "µs" | "μs" | "usec" | "micros" | "microsecond" | "microseconds" => "us",
            "ms" | "msec" | "msecs" | "millis" | "millisecond" | "milliseconds" => "ms",
            "s" | "sec" | "secs" | "second" | "seconds" => "s",
            "m" | "min" | "mins" | "minute" | "minutes" => "m",
            "h" | "hr" | "hrs" | "hour" | "hours" => "h",
            "d" | "day" | "days" => "d",
            _ => return None,
        });
    }
    (fixed != text && duration(&fixed).is_ok()).then_some(fixed)
}

/// A rate in events per second: `450/s`, `12/m`, `3/h`.
pub fn rate(text: &str) -> Result<f64, UnitError> {
    let whole = 0..text.len();
    if text.starts_with(['-', '−']) {
        return fail(whole, "a rate cannot be negative", None);
    }
    let number = digits(text);
    let unit = &text[number.len()..];
    if !number.is_empty()
        && let Some((_, seconds)) = unit
            .strip_prefix('/')
            .and_then(|unit| RATE_UNITS.iter().find(|(name, _)| *name == unit))
    {
        return finite(number).map(|number| number / seconds);
    }
    let per = match unit.to_lowercase().replace(' ', "").as_str() {
        "" | "rps" | "/sec" | "/second" | "persecond" | "req/s" | "requests/s" | "qps" | "hz"
        | "/s" => "s",
        "rpm" | "/min" | "/minute" | "perminute" | "req/m" | "req/min" | "requests/min" | "/m" => {
            "m"
        }
        "rph" | "/hr" | "/hour" | "perhour" | "req/h" | "requests/h" | "/h" => "h",
        _ => "",
    };
    let fix = (!number.is_empty() && !per.is_empty()).then(|| format!("{number}/{per}"));
    let message = if number.is_empty() {
        "this is not a rate"
    } else if unit.trim().is_empty() {
        "a rate needs a unit"
    } else {
        "this is not a unit of a rate: /s, /m or /h"
    };
    fail(whole, message, fix)
}

/// A share of a whole as a fraction: `30%`, or the fraction itself, `0.3`.
pub fn ratio(text: &str) -> Result<f64, UnitError> {
    let whole = 0..text.len();
    if text.starts_with(['-', '−']) {
        return fail(whole, "a share cannot be negative", None);
    }
    let number = digits(text);
    match &text[number.len()..] {
        _ if number.is_empty() => fail(whole, "this is not a share", None),
        // Not divided by 100, which would round a second time.
        "%" => finite(&format!("{number}e-2")),
        "" => finite(number),
        unit if ["%", "percent", "pct"].contains(&unit.trim()) => {
            fail(whole, "a percentage is written without a space", Some(format!("{number}%")))
        }
        _ => fail(whole, "this is not a share", None),
    }
}

/// Units of memory in bytes.
pub(super) const SIZE_UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// An amount of memory, to the nearest byte: `512MiB`, `1.5GB`.
pub fn size(text: &str) -> Result<u64, UnitError> {
    let whole = 0..text.len();
    if text.starts_with(['-', '−']) {
        return fail(whole, "an amount of memory cannot be negative", None);
    }
    let number = digits(text);
    let unit = &text[number.len()..];
    if number.is_empty() {
        return fail(whole, "this is not an amount of memory", None);
    }
    if let Some((_, bytes)) = SIZE_UNITS.iter().find(|(name, _)| *name == unit) {
        let bytes = (finite(number)? * *bytes as f64).round();
        // What a double counts exactly: 8 PiB.
        return if bytes <= 9_007_199_254_740_992.0 {
            Ok(bytes as u64)
        } else {
            fail(whole, "more than 8192TiB", None)
        };
    }
    let meant = match unit.trim().to_lowercase().as_str() {
        "k" | "kib" | "ki" => Some("KiB"),
        "kb" => Some("kB"),
        "" | "m" | "mib" | "mi" => Some("MiB"),
        "mb" => Some("MB"),
        "g" | "gib" | "gi" => Some("GiB"),
        "gb" => Some("GB"),
        "b" | "byte" | "bytes" => Some("B"),
        _ => None,
    };
    let message = if unit.is_empty() {
        "an amount of memory needs a unit"
    } else {
        "this is not a unit of memory: B, KiB, MiB, GiB, TiB, kB, MB, GB or TB"
    };
    fail(whole, message, meant.map(|unit| format!("{number}{unit}")))
}

/// An amount of memory as [`size`] reads it, exactly.
pub fn show_size(bytes: u64) -> String {
    let fits = |(_, unit): &&(&str, u64)| bytes > 0 && bytes.is_multiple_of(*unit);
    let (name, unit) = SIZE_UNITS.iter().find(fits).copied().unwrap_or(("B", 1));
    format!("{}{name}", bytes / unit)
}

/// A plain decimal number.
pub fn number(text: &str) -> Result<f64, UnitError> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if unsigned.is_empty() || digits(unsigned).len() != unsigned.len() {
        return fail(0..text.len(), "this is not a plain number", None);
    }
    finite(text)
}

fn finite(text: &str) -> Result<f64, UnitError> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        _ => fail(0..text.len(), "this number is too large", None),
    }
}

/// A fraction as [`ratio`] reads it, exactly: `0.3` is `30%`.
pub fn show_ratio(fraction: f64) -> String {
    let text = fraction.to_string();
    let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |rest| ("-", rest));
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let padded = format!("{decimals:0<2}");
    let (hundredths, rest) = padded.split_at(2);
    let whole = format!("{whole}{hundredths}");
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if rest.is_empty() { format!("{sign}{whole}%") } else { format!("{sign}{whole}.{rest}%") }
}

/// Events per second as [`rate`] reads them, exactly.
pub fn show_rate(per_second: f64) -> String {
    format!("{per_second}/s")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fix(result: Result<impl Sized, UnitError>) -> Option<String> {
        result.err().expect("an error").fix
    }

    #[test]
    fn durations_are_exact() {
        assert_eq!(duration("250ms"), Ok(Span::from_ms(250)));
        assert_eq!(duration("1h30m"), Ok(Span::from_secs(5_400)));
        assert_eq!(duration("1.5s"), Ok(Span::from_ms(1_500)));
        assert_eq!(duration("0.000000001s"), Ok(Span::from_ns(1)));
        assert_eq!(duration("0s"), Ok(Span::ZERO));
        assert_eq!(duration("1.50s"), Ok(Span::from_ms(1_500)));
    }

    #[test]
    fn what_is_not_a_duration_says_what_was_meant() {
        assert_eq!(fix(duration("5")).as_deref(), Some("5s` or `5ms"));
        assert_eq!(fix(duration("5M")).as_deref(), Some("5m"));
        assert_eq!(fix(duration("5 min")).as_deref(), Some("5m"));
        assert_eq!(fix(duration("2 hours 5 minutes")).as_deref(), Some("2h5m"));
        assert_eq!(fix(duration("10µs")).as_deref(), Some("10us"));
        assert_eq!(fix(duration("-5s")).as_deref(), Some("5s"));
        for bad in
            ["", "s", "1h30", "30m1h", "1s1s", "1.s", ".5s", "0.1ns", "1y", "1e3s", "∞", "9999999d"]
        {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn rates_and_shares() {
        assert_eq!(rate("450/s"), Ok(450.0));
        assert_eq!(rate("12/m"), Ok(0.2));
        assert_eq!(rate("0.5/h"), Ok(0.5 / 3_600.0));
        assert_eq!(fix(rate("450")).as_deref(), Some("450/s"));
        assert_eq!(fix(rate("450 rps")).as_deref(), Some("450/s"));
        assert!(rate("-1/s").is_err() && rate("/s").is_err() && rate("5/d").is_err());
        assert_eq!(ratio("99.9%"), Ok(0.999));
        assert_eq!(ratio("0.3"), Ok(0.3));
        assert_eq!(fix(ratio("30 %")).as_deref(), Some("30%"));
        assert!(ratio("-1%").is_err() && ratio("%").is_err() && ratio("much").is_err());
        assert_eq!(show_ratio(0.3), "30%");
        assert_eq!(show_ratio(0.999), "99.9%");
        assert_eq!(show_ratio(2.0), "200%");
        assert_eq!(show_ratio(-0.005), "-0.5%");
    }

    #[test]
    fn amounts_of_memory() {
        assert_eq!(size("512MiB"), Ok(512 << 20));
        assert_eq!(size("1.5kB"), Ok(1_500));
        assert_eq!(size("0B"), Ok(0));
        assert_eq!(fix(size("512")).as_deref(), Some("512MiB"));
        assert_eq!(fix(size("2 Gi")).as_deref(), Some("2GiB"));
        assert!(size("MiB").is_err() && size("-1MiB").is_err() && size("9999999TiB").is_err());
        let shown = [0, 1_500, 1 << 20, 3 << 30].map(show_size);
        assert_eq!(shown, ["0B", "1500B", "1MiB", "3GiB"]);
    }

    proptest! {
        #[test]
        fn a_printed_duration_reads_back(ns in any::<u64>()) {
            let span = Span::from_ns(ns);
            prop_assert_eq!(duration(&span.to_string()), Ok(span));
        }

        #[test]
        fn a_printed_share_and_rate_read_back(value in 0.0..1e6_f64) {
            prop_assert_eq!(ratio(&show_ratio(value)), Ok(value));
            prop_assert_eq!(rate(&show_rate(value)), Ok(value));
            prop_assert_eq!(number(&value.to_string()), Ok(value));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}|[0-9.]{0,24}[a-zµ/% -]{0,4}[0-9]{0,3}[smhd]?") {
            let _ = size(&text);
            let _ = (duration(&text), rate(&text), ratio(&text), number(&text));
        }
    }
}
