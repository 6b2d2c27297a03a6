//! From counts to figures: an interval's pieces and segments summed, and every ratio taken once, here.

use super::people::UserWindows;
use super::pieces::{Piece, Pieces};
use super::result::{
    BackendFigures, Balance, DatabaseFigures, Figures, Latency, Phase, Totals, UserRow, Users,
};
use super::segments::{Segment, Segments};
use crate::engine::time::{Span, Time};
use crate::model::outcome::Outcome;
use crate::model::probe::{BackendGauge, DatabaseGauge};
use crate::model::setup::{Setup, Trigger};

/// Counts of a whole run, from which figures are taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Counted<'a> {
    pub(super) setup: &'a Setup,
    pub(super) pieces: &'a Pieces,
    pub(super) segments: &'a Segments,
    pub(super) user_windows: &'a UserWindows,
}

/// The figures of an interval whose ends are cuts of the run.
pub(super) fn of(counted: Counted<'_>, from: Time, to: Time) -> Figures {
    let setup = counted.setup;
    let requests = counted.pieces.within(from, to);
    let segments = counted.segments.within(from, to);
    let span = to.since(from);
    let backends = backends(segments, setup, span);
    Figures {
        from_s: from.as_secs_f64(),
        to_s: to.as_secs_f64(),
        totals: totals(&requests, span),
        latency_ms: Latency::of(&requests.latency),
        users: users(counted, from, to),
        balance: balance(&backends),
        backends,
        database: setup.database.as_ref().map(|database| {
            let gauges = segments.iter().map(|segment| segment.database);
            database_figures(gauges, database.connections, span)
        }),
        latency: requests.latency,
    }
}

/// The figures between timeline entries with a time of their own.
pub(super) fn phases(counted: Counted<'_>) -> Vec<Phase> {
    let setup = counted.setup;
    let end = setup.duration.after_start();
    let mut starts: Vec<(Time, String)> = vec![(Time::ZERO, "start".to_owned())];
    for entry in &setup.timeline {
        let Trigger::At(at) = entry.trigger else { continue };
        match starts.last_mut() {
            Some((last, label)) if *last == at => {
                *label = if at == Time::ZERO {
                    entry.name.clone()
                } else {
                    format!("{label}, {}", entry.name)
                };
            }
            _ => starts.push((at, entry.name.clone())),
        }
    }
    let ends = starts.iter().skip(1).map(|&(at, _)| at).chain([end]);
    let ends: Vec<Time> = ends.collect();
    starts
        .into_iter()
        .zip(ends)
        .filter(|((from, _), to)| from < to)
        .map(|((from, label), to)| Phase { label, figures: of(counted, from, to) })
        .collect()
}

fn totals(piece: &Piece, span: Span) -> Totals {
    let &Piece { requests, outcomes: counts, slow, attempts, .. } = piece;
    let finished: u64 = counts.iter().sum();
    let succeeded = counts[Outcome::Ok.index()];
    let seconds = span.as_secs_f64();
    Totals {
        requests,
        succeeded,
        failed: finished - succeeded,
        in_flight: requests - finished,
        slow,
        attempts,
        amplification: ratio(attempts as f64, finished as f64),
        goodput_rps: succeeded as f64 / seconds,
        offered_rps: requests as f64 / seconds,
        outcomes: Outcome::ALL.iter().map(|o| (o.name(), counts[o.index()])).collect(),
    }
}

fn users(counted: Counted<'_>, from: Time, to: Time) -> Users {
    let Counted { setup, user_windows, .. } = counted;
    let windows = user_windows.within(from, to);
    let whole = user_windows.experience(from, to).count();
    let share = |part: u64| ratio(part as f64, whole.active as f64);
    let (affected_whole, unable_whole) = (share(whole.affected), share(whole.unable));
    let mean = |part: fn(&UserRow) -> u64| {
        let active = windows.iter().filter(|row| row.active > 0);
        let shares: Vec<f64> = active.map(|row| part(row) as f64 / row.active as f64).collect();
        ratio(shares.iter().sum(), shares.len() as f64)
    };
    let minutes = setup.observation.user_window.as_secs_f64() / 60.0;
    let beginning = user_windows.beginning_in(from, to);
    let sum = |part: fn(&UserRow) -> u64| beginning.iter().map(part).sum::<u64>() as f64 * minutes;
    Users {
        active: whole.active,
        affected: whole.affected,
        unable: whole.unable,
        // An interval shorter than a window has only the share over the whole of it.
        affected_ratio: mean(|row| row.affected).or(affected_whole),
        unable_ratio: mean(|row| row.unable).or(unable_whole),
        affected_ratio_whole: affected_whole,
        unable_ratio_whole: unable_whole,
        affected_minutes: sum(|row| row.affected),
        unable_minutes: sum(|row| row.unable),
    }
}

fn backends(segments: &[Segment], setup: &Setup, span: Span) -> Vec<BackendFigures> {
    let gauge = |index: usize| segments.iter().map(move |segment| segment.backends[index]);
    let sum = |index: usize, part: fn(BackendGauge) -> u64| gauge(index).map(part).sum::<u64>();
    let sum_ns =
        |index: usize, part: fn(BackendGauge) -> u128| gauge(index).map(part).sum::<u128>();
    let all: u64 = (0..setup.backends.len()).map(|index| sum(index, |g| g.reached)).sum();
    let span_ns = span.as_ns() as f64;
    setup
        .backends
        .iter()
        .enumerate()
        .map(|(index, backend)| BackendFigures {
            name: backend.name.clone(),
            requests: sum(index, |g| g.reached),
            share: ratio(sum(index, |g| g.reached) as f64, all as f64),
            succeeded: sum(index, |g| g.succeeded),
            rejected: sum(index, |g| g.rejected),
            wasted: sum(index, |g| g.wasted),
            utilization: sum_ns(index, |g| g.busy_ns) as f64
                / (span_ns * f64::from(backend.workers)),
            queue_mean: sum_ns(index, |g| g.waiting_ns) as f64 / span_ns,
            queue_max: gauge(index).map(|g| u64::from(g.waiting_peak)).max().unwrap_or(0),
            unresponsive_ratio: sum_ns(index, |g| g.unresponsive_ns) as f64 / span_ns,
            state_changes: sum(index, |g| g.state_changes),
        })
        .collect()
}

fn database_figures(
    gauges: impl Iterator<Item = DatabaseGauge>,
    connections: u32,
    span: Span,
) -> DatabaseFigures {
    let mut sum = DatabaseGauge::default();
    for gauge in gauges {
        sum.queries += gauge.queries;
        sum.busy_ns += gauge.busy_ns;
        sum.waiting_ns += gauge.waiting_ns;
        sum.waiting_peak = sum.waiting_peak.max(gauge.waiting_peak);
    }
    let span_ns = span.as_ns() as f64;
    DatabaseFigures {
        queries: sum.queries,
        utilization: sum.busy_ns as f64 / (span_ns * f64::from(connections)),
        waiting_mean: sum.waiting_ns as f64 / span_ns,
        waiting_max: u64::from(sum.waiting_peak),
    }
}

/// Jain's index is (sum x)^2 / (n sum x^2); the coefficient of variation follows from it.
fn balance(backends: &[BackendFigures]) -> Balance {
    let n = backends.len() as f64;
    let sum: f64 = backends.iter().map(|backend| backend.requests as f64).sum();
    let squares: f64 =
        backends.iter().map(|backend| (backend.requests as f64) * (backend.requests as f64)).sum();
    let jain = ratio(sum * sum, n * squares);
    let max = backends.iter().map(|backend| backend.requests).max().unwrap_or(0) as f64;
    Balance {
        jain,
        max_over_mean: ratio(max * n, sum),
        cv: jain.map(|jain| (1.0 / jain - 1.0).max(0.0).sqrt()),
    }
}

/// `None` of nothing.
fn ratio(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}
