//! What jitter is for: clients that update one row by optimistic concurrency control (Brooker, "Exponential
//! Backoff And Jitter", AWS 2015; the published simulator's model). The event list and the backoff are the
//! product's own, the rest is here.

use misroute::engine::queue::{Class, EventQueue, Next};
use misroute::engine::random::{Purpose, Seed, Stream};
use misroute::engine::time::{Span, Time};
use misroute::model::outcome::OutcomeSet;
use misroute::model::setup::{Backoff, Jitter, RetryBudgets, RetryPolicy};

/// How a client waits before it begins again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// Not at all.
    None,
    /// By exponential backoff with this jitter.
    Jittered(Jitter),
}

impl Wait {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "none" => Self::None,
            "expo" => Self::Jittered(Jitter::None),
            "equal" => Self::Jittered(Jitter::Equal),
            "full" => Self::Jittered(Jitter::Full),
            "decorr" => Self::Jittered(Jitter::Decorrelated),
            _ => return None,
        })
    }

    /// The base is 5 ms and the cap 2 s; the published code waits 2 base first, where 1 base is ours.
    fn policy(self) -> Option<RetryPolicy> {
        let Self::Jittered(jitter) = self else { return None };
        let base = if jitter == Jitter::Decorrelated { 5 } else { 10 };
        Some(RetryPolicy {
            max: u32::MAX,
            backoff: Backoff::Exponential,
            base: Span::from_ms(base),
            cap: Span::from_secs(2),
            jitter,
            on: OutcomeSet::failures(),
            budgets: RetryBudgets::default(),
        })
    }
}

/// A message arrives.
#[derive(Clone, Copy, Debug)]
enum Message {
    /// At the row: read it.
    Read { client: usize },
    /// At the client: the version that was read.
    Version { client: usize, version: u32 },
    /// At the row: write, if it still has this version.
    Write { client: usize, version: u32 },
    /// At the client: whether it had.
    Written { client: usize, well: bool },
}

/// A leg of the network takes |N(10, 2)| ms.
fn leg(draws: &mut Stream) -> Span {
    let radius = (2.0 * draws.exponential()).sqrt();
    let normal = radius * libm::cos(std::f64::consts::TAU * draws.unit());
    Span::from_ns_f64((10.0 + 2.0 * normal).abs() * 1e6)
}

/// Writes until each client has succeeded once, and when the last one knows.
fn run(clients: u32, wait: Wait, draws: &mut Stream) -> (u32, Time) {
    let policy = wait.policy();
    let mut queue = EventQueue::new(0, 0, 0);
    let send = |queue: &mut EventQueue<Message>, draws: &mut Stream, at: Time, message| {
        queue.push(at + leg(draws), Class(0), message);
    };
    for client in 0..clients as usize {
        send(&mut queue, draws, Time::ZERO, Message::Read { client });
    }
    // Of each client: the draw of every wait so far.
    let mut waits: Vec<Vec<f64>> = vec![Vec::new(); clients as usize];
    let (mut row, mut writes, mut end) = (0, 0, Time::ZERO);
    while let Some((now, Next::Event(message))) = queue.pop_before(Time::FOREVER) {
        match message {
            Message::Read { client } => {
                send(&mut queue, draws, now, Message::Version { client, version: row });
            }
            Message::Version { client, version } => {
                send(&mut queue, draws, now, Message::Write { client, version });
            }
            Message::Write { client, version } => {
                writes += 1;
                let well = version == row;
                row += u32::from(well);
                send(&mut queue, draws, now, Message::Written { client, well });
            }
            Message::Written { well: true, .. } => end = now,
            Message::Written { client, .. } => {
                let drawn = &mut waits[client];
                drawn.push(draws.unit());
                let retry = drawn.len() as u32;
                let wait = policy.as_ref().map_or(Span::ZERO, |policy| {
                    policy.wait(retry, |number| drawn[number as usize - 1])
                });
                send(&mut queue, draws, now + wait, Message::Read { client });
            }
        }
    }
    (writes, end)
}

/// Mean write calls and mean completion time in milliseconds. Few clients make runs that are short and
/// far apart.
pub(super) fn figures(clients: u32, wait: Wait, seed: Seed) -> Vec<f64> {
    let mut draws = Stream::new(seed, Purpose::Test, 0);
    let runs = (2_000 / clients).max(10);
    let (mut writes, mut ms) = (0.0, 0.0);
    for _ in 0..runs {
        let (calls, end) = run(clients, wait, &mut draws);
        writes += f64::from(calls);
        ms += end.offset().as_ms_f64();
    }
    vec![writes / f64::from(runs), ms / f64::from(runs)]
}

/// The shape that the article draws: unjittered backoff is the clear loser on time, none at all on calls;
/// full and equal jitter take the fewest, decorrelated jitter a quarter to a third more in about the
/// same time.
#[test]
fn jitter_is_for_contention() {
    for clients in [100, 150, 190] {
        let of = |name| {
            let figures = figures(clients, Wait::named(name).unwrap(), Seed::new(1));
            (figures[0], figures[1])
        };
        let [none, expo, equal, full, decorrelated] =
            ["none", "expo", "equal", "full", "decorr"].map(of);
        assert!(none.0 > expo.0 && expo.0 > 1.5 * decorrelated.0, "{clients}: calls");
        assert!(expo.1 > 5.0 * equal.1 && equal.1 > full.1, "{clients}: time");
        let more = decorrelated.0 / full.0;
        assert!((1.15..1.45).contains(&more), "{clients}: {more} times the calls");
        assert!((equal.0 / full.0 - 1.0).abs() < 0.05, "{clients}: calls");
        assert!((decorrelated.1 / full.1 - 1.0).abs() < 0.2, "{clients}: time");
    }
}
