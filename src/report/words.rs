//! Numbers as a reader wants them.

/// The decimal number with its thousands separated: `12,345.6`.
pub(crate) fn grouped(number: &str) -> String {
    let (whole, fraction) = number.split_at(number.find('.').unwrap_or(number.len()));
    let mut grouped = String::with_capacity(number.len() + number.len() / 3);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + fraction
}

/// A count: `12,345`.
pub(crate) fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// A rate without its unit: whole from ten on, with one decimal below.
pub(crate) fn rate(per_second: f64) -> String {
    let decimals = usize::from(per_second < 9.95 && per_second > 0.0);
    grouped(&format!("{per_second:.decimals$}"))
}

/// A share as a percentage with three digits; neither a trace nor all but a trace is rounded away.
pub(crate) fn percent(share: Option<f64>) -> String {
    match share {
        None => "–".into(),
        Some(share) if share <= 0.0 => "0%".into(),
        Some(share) if share < 0.0005 => "<0.1%".into(),
        Some(share) if share >= 1.0 => "100%".into(),
        Some(share) if share >= 0.9995 => ">99.9%".into(),
        Some(share) => format!("{:.1}%", share * 100.0),
    }
}

/// A latency: `82ms`, `2.9s`, or a dash for none.
pub(crate) fn latency(ms: Option<f64>) -> String {
    match ms {
        None => "–".into(),
        Some(ms) if ms < 9.95 => format!("{ms:.1}ms"),
        Some(ms) if ms < 999.5 => format!("{ms:.0}ms"),
        Some(ms) if ms < 99_500.0 => format!("{:.1}s", ms / 1e3),
        Some(ms) => format!("{:.0}s", ms / 1e3),
    }
}

/// `1 user`, `2 users`.
pub(crate) fn plural(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(n), if n == 1 { "" } else { "s" })
}

/// The text, or its beginning with an ellipsis, in at most `room` characters.
pub(crate) fn clip(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept: String = text.chars().take(room.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// A row of `width` bars for the means of consecutive values, the tallest for `top`; a blank where
/// there is no value.
pub(crate) fn sparkline(values: &[Option<f64>], width: usize, top: f64) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let width = width.min(values.len());
    (0..width)
        .map(|n| {
            let cell = &values[n * values.len() / width..(n + 1) * values.len() / width];
            let (sum, count) =
                cell.iter().flatten().fold((0.0, 0_u32), |(sum, n), value| (sum + value, n + 1));
            if count == 0 {
                return ' ';
            }
            let level = sum / f64::from(count) / top.max(f64::MIN_POSITIVE) * 7.0;
            BARS[(level.round() as usize).min(7)]
        })
        .collect()
}

/// A text in lines of at most `columns` characters, broken between words.
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_do_not_hide_traces() {
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(
            (rate(0.0), rate(0.52), rate(1_450.4)),
            ("0".into(), "0.5".into(), "1,450".into())
        );
        let percents = [None, Some(0.0), Some(1e-5), Some(0.712), Some(0.99999), Some(1.0)];
        assert_eq!(percents.map(percent), ["–", "0%", "<0.1%", "71.2%", ">99.9%", "100%"]);
        let latencies = [None, Some(2.04), Some(82.4), Some(2_949.0), Some(120_000.0)];
        assert_eq!(latencies.map(latency), ["–", "2.0ms", "82ms", "2.9s", "120s"]);
    }

    #[test]
    fn sparklines_have_a_blank_where_nothing_is() {
        assert_eq!(sparkline(&[Some(0.0), Some(1.0), None, Some(7.0)], 10, 7.0), "▁▂ █");
        assert_eq!(sparkline(&[Some(0.0), Some(2.0), Some(2.0), Some(2.0)], 2, 2.0), "▅█");
        assert_eq!(sparkline(&[], 10, 1.0), "");
    }

    #[test]
    fn clipping_counts_characters() {
        assert_eq!(clip("äöü", 3), "äöü");
        assert_eq!(clip("äöü bcd", 5), "äöü…");
    }
}
