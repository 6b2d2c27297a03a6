//! The summary for a terminal: the answer first, then what it rests on.

use super::clock::{self, Clock};
use super::estimates::shown;
use super::happened::{Told, tell};
use super::verdict;
use super::words::{self, count, latency, percent, rate};
use super::{AssumptionLine, Judgement, Report, Status, table};
use crate::experiment::steady::Steady;
use crate::observe::metric::Unit;
use crate::observe::result::{AlertResult, Figures, HappeningKind, RunResult, Users};
use anstyle::{AnsiColor, Color};

/// How a text may look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether ANSI colours are welcome.
    pub color: bool,
    /// Columns of the terminal; at least 80 and at most 100 are used.
    pub width: usize,
}

/// More happenings than this are a log, not a summary.
const MOST_HAPPENINGS: usize = 20;
/// Width of the words that begin the rows at the top.
const LABEL: usize = 10;

impl Style {
    /// No colours, the full width: for files and tests.
    pub fn plain() -> Self {
        Self { color: false, width: 100 }
    }

    /// Columns to use.
    pub(super) fn columns(self) -> usize {
        self.width.clamp(80, 100)
    }

    fn paint(self, style: anstyle::Style, text: &str) -> String {
        if self.color && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    pub(super) fn colored(self, color: AnsiColor, text: &str) -> String {
        self.paint(anstyle::Style::new().fg_color(Some(Color::Ansi(color))).bold(), text)
    }

    pub(super) fn bold(self, text: &str) -> String {
        self.paint(anstyle::Style::new().bold(), text)
    }

    pub(super) fn dim(self, text: &str) -> String {
        self.paint(anstyle::Style::new().dimmed(), text)
    }

    /// The text in the colour of a verdict.
    pub(super) fn judged(self, status: Status, text: &str) -> String {
        let color = match status {
            Status::Pass => AnsiColor::Green,
            Status::Fail => AnsiColor::Red,
            Status::NoData => AnsiColor::Yellow,
        };
        self.colored(color, text)
    }
}

/// Lines being gathered.
struct Page {
    lines: Vec<String>,
    style: Style,
}

impl Page {
    fn section(&mut self, title: &str) {
        self.lines.push(String::new());
        self.lines.push(self.style.bold(title));
    }

    fn row(&mut self, label: &str, text: &str) {
        let label = self.style.dim(&format!("{label:<LABEL$}"));
        self.lines.push(format!("{label}{text}").trim_end().to_owned());
    }

    /// Parts joined by a middle dot, as many to a line as fit.
    fn parts(&mut self, label: &str, parts: &[String]) {
        let room = self.style.columns() - LABEL;
        let mut line = String::new();
        let mut label = label;
        for part in parts {
            let part = words::clip(part, room);
            let joined = if line.is_empty() { part.clone() } else { format!("{line} · {part}") };
            if joined.chars().count() > room {
                self.row(label, &line);
                label = "";
                line = part;
            } else {
                line = joined;
            }
        }
        self.row(label, &line);
    }
}

/// What an engineer on call reads in ten seconds, and the details below.
pub fn summary(report: &Report<'_>, style: Style) -> String {
    let clock = Clock::of(report.result);
    let mut page = Page { lines: Vec::new(), style };
    header(&mut page, report, &clock);
    answer(&mut page, report, &clock);
    sparklines(&mut page, report.result, &clock);
    happenings(&mut page, report.result, &clock);
    phases(&mut page, report.result, &clock);
    expectations(&mut page, report.expect);
    assumptions(&mut page, report.assumptions);
    page.lines.push(String::new());
    page.row("again", &report.command());
    page.lines.join("\n") + "\n"
}

fn header(page: &mut Page, report: &Report<'_>, clock: &Clock) {
    let result = report.result;
    let title = report.title.map_or_else(String::new, |title| format!(": {title}"));
    let title = words::clip(&format!("{}{title}", result.scenario.name), page.style.columns());
    page.lines.push(page.style.bold(&title));
    let length = clock::plain_length(result.duration_s);
    let when = match clock.date() {
        Some(date) => {
            let (from, to) = (clock.at(0.0), clock.at(result.duration_s));
            format!("{date} {from}–{to} UTC ({length})")
        }
        None => length,
    };
    let RunResult { seed, digest, version, .. } = result;
    let line = format!("{when} · seed {seed} · digest {digest} · misroute {version}");
    page.lines.push(page.style.dim(&words::clip(&line, page.style.columns())));
    page.lines.push(String::new());
}

fn answer(page: &mut Page, report: &Report<'_>, clock: &Clock) {
    let result = report.result;
    page.row("verdict", &verdict::line(&result.recovery, clock, page.style));
    if let Some(delays) = verdict::delays(&result.recovery) {
        page.row("", &delays);
    }
    people(page, &result.figures.users, result.series.user_window_s);
    requests(page, &result.figures);
    if let Some(steady) = report.steady {
        steady_state(page, steady, clock);
    }
    if !result.alerts.is_empty() {
        let alerts: Vec<String> =
            result.alerts.iter().map(|alert| alert_words(alert, clock)).collect();
        page.parts("alerts", &alerts);
    }
    if !report.objective.is_empty() {
        let told = report.objective.iter().map(|goal| {
            let met = if goal.status == Status::Pass { "met" } else { "missed" };
            let met = page.style.judged(goal.status, met);
            format!("{} {} ({}): {met}", goal.name, goal.observed, goal.bounds)
        });
        let told: Vec<String> = told.collect();
        page.row("objective", &told.join(" · "));
    }
    if !report.expect.is_empty() {
        let count = |status| report.expect.iter().filter(|line| line.status == status).count();
        let (held, failed, unseen) =
            (count(Status::Pass), count(Status::Fail), count(Status::NoData));
        let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
        let unseen = if unseen > 0 { format!(", {unseen} without data") } else { String::new() };
        let text = format!("{held} of {} expectations hold{failed}{unseen}", report.expect.len());
        let status = if held == report.expect.len() { Status::Pass } else { Status::Fail };
        let text = page.style.judged(status, &text);
        page.row("expected", &text);
    }
}

fn people(page: &mut Page, users: &Users, window_s: f64) {
    let window = clock::plain_length(window_s);
    let minutes = |minutes: f64| words::grouped(&format!("{minutes:.0}"));
    page.parts(
        "users",
        &[
            format!(
                "{} of {} affected, {} unable",
                count(users.affected),
                count(users.active),
                count(users.unable)
            ),
            format!(
                "{} user-minutes affected, {} unable",
                minutes(users.affected_minutes),
                minutes(users.unable_minutes)
            ),
            format!(
                "of those active in a window of {window}, on average {} affected, {} unable",
                percent(users.affected_ratio),
                percent(users.unable_ratio)
            ),
        ],
    );
}

/// Share of finished requests that failed.
fn failed(figures: &Figures) -> Option<f64> {
    let finished = figures.totals.succeeded + figures.totals.failed;
    (finished > 0).then(|| figures.totals.failed as f64 / finished as f64)
}

fn requests(page: &mut Page, figures: &Figures) {
    let totals = &figures.totals;
    let mut parts = vec![
        format!("{} at {}/s", words::plural(totals.requests, "request"), rate(totals.offered_rps)),
        format!("{} failed", percent(failed(figures))),
    ];
    if let Some(amplification) = totals.amplification {
        parts.push(format!("{amplification:.2} attempts each"));
    }
    parts.push(match figures.latency_ms.count {
        0 => "none succeeded, so there is no latency".into(),
        _ => format!(
            "successes took p50 {}, p99 {}",
            latency(figures.latency_ms.p50),
            latency(figures.latency_ms.p99)
        ),
    });
    page.parts("requests", &parts);
}

fn steady_state(page: &mut Page, steady: &Steady, clock: &Clock) {
    let figures = [("mean", &steady.mean), ("p50", &steady.p50), ("p99", &steady.p99)];
    let mut parts: Vec<String> = figures
        .into_iter()
        .filter_map(|(name, estimate)| {
            let shown = shown(Unit::Milliseconds, false, estimate.as_ref()?, clock);
            Some(format!("{name} {}", shown.joined()))
        })
        .collect();
    if steady.batches > 0 {
        let after = match steady.warm_up_s {
            s if s > 0.0 => format!(" after {}", clock::plain_length(s)),
            _ => String::new(),
        };
        parts.push(format!("95%, from {} batches{after}", steady.batches));
    }
    parts.extend(steady.warnings.iter().map(ToString::to_string));
    page.parts("steady", &parts);
}

fn alert_words(alert: &AlertResult, clock: &Clock) -> String {
    let Some(fired) = alert.fired_at else {
        return format!("{} did not fire", alert.name);
    };
    let end = match alert.resolved_at {
        Some(at) if alert.fired > 1 => format!("first resolved {}", clock.at(at)),
        Some(at) => format!("resolved {}", clock.at(at)),
        None => "still firing at the end".into(),
    };
    let times = if alert.fired > 1 { format!(" ({} times)", alert.fired) } else { String::new() };
    format!("{} fired {}{times}, {end}", alert.name, clock.at(fired))
}

fn sparklines(page: &mut Page, result: &RunResult, clock: &Clock) {
    const LEAST_CAPTION: usize = 30;
    let width = page.style.columns() - LABEL - LEAST_CAPTION;
    let series = &result.series;
    if series.rows.len() < 4 {
        return;
    }
    let goodput: Vec<Option<f64>> =
        series.rows.iter().map(|row| Some(row.outcomes[0] as f64)).collect();
    let offered = series.rows.iter().map(|row| row.offered).max().unwrap_or(0) as f64;
    let affected: Vec<Option<f64>> = series
        .users
        .iter()
        .map(|row| (row.active > 0).then(|| row.affected as f64 / row.active as f64))
        .collect();
    page.lines.push(String::new());
    let line = words::sparkline(&goodput, width, offered);
    let top = format!("{}/s offered at most", rate(offered / series.window_s.max(1e-9)));
    let shown = line.chars().count();
    page.row("goodput", &format!("{line}  of {top}"));
    if affected.len() >= 4 {
        // Both lines span the run, so both need the same number of bars.
        let line: String = words::sparkline(&stretched(&affected, shown), shown, 1.0);
        page.row("affected", &format!("{line}  of active users"));
    }
    let (from, to) = (clock.at(0.0), clock.at(result.duration_s));
    let gap = shown.saturating_sub(from.chars().count() + to.chars().count());
    page.row("", &format!("{from}{}{to}", " ".repeat(gap)));
}

/// At least `least` values over the same time, by repeating each.
fn stretched(values: &[Option<f64>], least: usize) -> Vec<Option<f64>> {
    let times = least.div_ceil(values.len().max(1)).max(1);
    values.iter().flat_map(|value| std::iter::repeat_n(*value, times)).collect()
}

fn happening_words(told: &Told) -> String {
    let subjects = match told.subjects.as_slice() {
        [one] => one.clone(),
        [one, two] => format!("{one} and {two}"),
        [one, two, three] => format!("{one}, {two} and {three}"),
        [one, .., last] => format!("{one} to {last} ({})", told.subjects.len()),
        [] => String::new(),
    };
    let what = match told.kind {
        // The column before says that it is done or over; the name says what.
        HappeningKind::Action | HappeningKind::ActionEnded => String::new(),
        _ if told.subjects.len() > 1 => format!(": {}", told.what),
        _ => format!(" {}", told.what),
    };
    let again = if told.count > told.subjects.len() {
        format!(", {} times", told.count)
    } else {
        String::new()
    };
    format!("{subjects}{what}{again}")
}

fn happenings(page: &mut Page, result: &RunResult, clock: &Clock) {
    let (told, left_out) = tell(&result.happenings, result.duration_s, MOST_HAPPENINGS);
    if told.is_empty() {
        return;
    }
    page.section("What happened");
    let times: Vec<String> = told
        .iter()
        .map(|told| {
            let (from, to) = (clock.at(told.from_s), clock.at(told.to_s));
            if from == to { from } else { format!("{from}–{to}") }
        })
        .collect();
    let width = times.iter().map(|time| time.chars().count()).max().unwrap_or(0);
    for (told, time) in told.iter().zip(&times) {
        let kind = match told.kind {
            HappeningKind::Action => "action",
            HappeningKind::ActionEnded => "ended",
            HappeningKind::Adoption => "rollout",
            HappeningKind::Backend => "backend",
            HappeningKind::AlertFired => "ALERT",
            HappeningKind::AlertResolved => "alert",
        };
        let room = page.style.columns() - 2 - width - 2 - 8 - 2;
        let text = words::clip(&happening_words(told), room);
        let kind = format!("{kind:<8}");
        let (kind, text) = match told.kind {
            HappeningKind::AlertFired => {
                (page.style.judged(Status::Fail, &kind), page.style.judged(Status::Fail, &text))
            }
            HappeningKind::Action => (page.style.bold(&kind), page.style.bold(&text)),
            _ => (page.style.dim(&kind), text),
        };
        page.lines.push(format!("  {time:<width$}  {kind}  {text}"));
    }
    if left_out > 0 {
        let more = words::plural(left_out as u64, "lesser happening");
        page.lines.push(page.style.dim(&format!("  and {more}, listed in summary.json")));
    }
}

fn hottest(figures: &Figures) -> String {
    figures
        .backends
        .iter()
        .filter_map(|backend| Some((backend, backend.share?)))
        // Of equal shares the first.
        .rev()
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map_or_else(
            || "–".into(),
            |(backend, share)| format!("{} {:.0}%", words::clip(&backend.name, 10), share * 100.0),
        )
}

fn phases(page: &mut Page, result: &RunResult, clock: &Clock) {
    if result.phases.is_empty() {
        return;
    }
    // In the order in which a narrow terminal gives them up, last first.
    let columns = [
        table::words("\nfrom"),
        table::words("\nphase"),
        table::numbers("offered\n/s"),
        table::numbers("goodput\n/s"),
        table::numbers("\nfailed"),
        table::numbers("success\np50"),
        table::numbers("\np99"),
        table::numbers("users\naffected"),
        table::numbers("\nunable"),
        table::words("hottest\nbackend"),
    ];
    let mut rows: Vec<Vec<String>> = result
        .phases
        .iter()
        .map(|phase| {
            let figures = &phase.figures;
            vec![
                // Each phase lasts until the next begins.
                clock.at(figures.from_s),
                phase.label.clone(),
                rate(figures.totals.offered_rps),
                rate(figures.totals.goodput_rps),
                percent(failed(figures)),
                latency(figures.latency_ms.p50),
                latency(figures.latency_ms.p99),
                percent(figures.users.affected_ratio),
                percent(figures.users.unable_ratio),
                hottest(figures),
            ]
        })
        .collect();
    let shown = fit(&columns, &mut rows, page.style.columns() - 2);
    let columns: Vec<table::Column<'_>> = shown.iter().map(|&index| columns[index]).collect();
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| shown.iter().map(|&index| row[index].clone()).collect()).collect();
    page.section("Phases");
    for (index, line) in table::plain(&columns, &rows).into_iter().enumerate() {
        let line = format!("  {line}");
        page.lines.push(if index < 2 { page.style.dim(&line) } else { line });
    }
}

/// Chooses the columns that fit into `room` and shortens the labels (column 1) to what is left.
fn fit(columns: &[table::Column<'_>], rows: &mut [Vec<String>], room: usize) -> Vec<usize> {
    const LABEL_COLUMN: usize = 1;
    const LEAST_LABEL: usize = 12;
    const DISPENSABLE: [usize; 4] = [5, 9, 2, 8];
    let width = |rows: &[Vec<String>], index: usize| {
        let title = columns[index].title.lines().map(|line| line.chars().count()).max();
        let cells = rows.iter().map(|row| row[index].chars().count()).max();
        title.max(cells).unwrap_or(0)
    };
    let longest = width(rows, LABEL_COLUMN);
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    let others = |shown: &[usize]| {
        let fixed = shown.iter().filter(|&&index| index != LABEL_COLUMN);
        fixed.map(|&index| width(rows, index) + 2).sum::<usize>()
    };
    for index in DISPENSABLE {
        if others(&shown) + longest.min(LEAST_LABEL) > room {
            shown.retain(|&kept| kept != index);
        }
    }
    let left = room.saturating_sub(others(&shown)).max(4);
    for row in rows {
        row[LABEL_COLUMN] = words::clip(&row[LABEL_COLUMN], left);
    }
    shown
}

fn expectations(page: &mut Page, lines: &[Judgement]) {
    if lines.is_empty() {
        return;
    }
    page.section("Expectations: stated against simulated");
    let widest = |text: fn(&Judgement) -> &str, most: usize| {
        lines.iter().map(|line| text(line).chars().count()).max().unwrap_or(0).min(most)
    };
    // Names matter most: what was stated and seen takes at most half of the width.
    let columns = page.style.columns();
    let bounds = widest(|line| &line.bounds, columns * 28 / 100);
    let observed = widest(|line| &line.observed, columns / 5);
    let taken = "  ✓   simulated   stated ".chars().count() + bounds + observed;
    let room = columns.saturating_sub(taken);
    let name_width = widest(|line| &line.name, room);
    for line in lines {
        let mark = match line.status {
            Status::Pass => "✓",
            Status::Fail => "✗",
            Status::NoData => "?",
        };
        let mark = page.style.judged(line.status, mark);
        let name = words::clip(&line.name, name_width);
        let simulated = words::clip(&line.observed, observed);
        let stated = words::clip(&line.bounds, bounds);
        page.lines.push(format!(
            "  {mark} {name:<name_width$}  simulated {simulated:<observed$}  stated {stated}"
        ));
        if let Some(fact) = &line.fact {
            let fact = words::clip(fact, page.style.columns() - 6);
            page.lines.push(page.style.dim(&format!("    “{fact}”")));
        }
    }
}

fn assumptions(page: &mut Page, lines: &[AssumptionLine]) {
    if lines.is_empty() {
        return;
    }
    page.section("Assumed, because no one wrote it down");
    let widest = |text: fn(&AssumptionLine) -> &str, most: usize| {
        lines.iter().map(|line| text(line).chars().count()).max().unwrap_or(0).min(most)
    };
    let path = widest(|line| &line.path, 32);
    let value = widest(|line| &line.value, 14);
    let range = widest(|line| &line.range, 22);
    let room = page.style.columns().saturating_sub(2 + path + 2 + value + 2 + range + 2);
    for line in lines {
        let text = format!(
            "  {:<path$}  {:>value$}  {:<range$}  {}",
            words::clip(&line.path, path),
            words::clip(&line.value, value),
            words::clip(&line.range, range),
            words::clip(&line.reason, room.max(1)),
        );
        page.lines.push(text.trim_end().to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn unpainted(text: &str) -> String {
        let mut plain = String::new();
        let mut escaped = false;
        for c in text.chars() {
            match c {
                '\u{1b}' => escaped = true,
                'm' if escaped => escaped = false,
                _ if escaped => {}
                other => plain.push(other),
            }
        }
        plain
    }

    #[test]
    fn the_summary_of_an_outage_reads_like_this() {
        let outage = sample::outage();
        insta::assert_snapshot!(summary(&sample::report(&outage), Style::plain()));
    }

    #[test]
    fn nothing_is_wider_than_the_terminal() {
        for result in [sample::outage(), sample::minute(), sample::dead(), sample::twenty()] {
            for width in [80, 90, 100, 200] {
                let text = summary(&sample::report(&result), Style { color: false, width });
                for line in text.lines() {
                    let columns = line.chars().count();
                    assert!(columns <= width.min(100), "{columns} of {width}: {line}");
                    assert_eq!(line, line.trim_end());
                }
            }
        }
    }

    #[test]
    fn colour_changes_no_letter() {
        let outage = sample::outage();
        let report = sample::report(&outage);
        let painted = summary(&report, Style { color: true, width: 100 });
        assert!(painted.contains("\u{1b}["));
        let trimmed: Vec<String> =
            unpainted(&painted).lines().map(|line| line.trim_end().to_owned()).collect();
        let plain = summary(&report, Style::plain());
        assert_eq!(trimmed, plain.lines().collect::<Vec<_>>());
    }

    #[test]
    fn a_dead_system_has_no_latency() {
        let dead = sample::dead();
        let text = summary(&sample::report(&dead), Style::plain());
        assert!(text.contains("none succeeded, so there is no latency"), "{text}");
        assert!(text.contains("METASTABLE"), "{text}");
    }
}
