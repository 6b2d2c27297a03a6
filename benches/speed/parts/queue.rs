//! The event list: take the next event and schedule another, with so many pending.

use super::stream;
use crate::measure::per_call_ns;
use crate::table::Table;
use misroute::engine::queue::{Class, EventQueue, Next, Source};
use misroute::engine::time::{Span, Time};

const SIZES: [u64; 4] = [10, 100, 10_000, 1_000_000];

/// Any: all events here are of one class.
const CLASS: Class = Class(0);

pub(crate) fn table() -> Table {
    let mut table = Table::new(&["pending, ns", "10", "100", "10,000", "1,000,000"]);
    let mut row = |name: &str, ns: [f64; SIZES.len()]| {
        let cells = ns.map(|ns| format!("{ns:.1}"));
        table.row(std::iter::once(name.to_owned()).chain(cells));
    };
    row("heap", SIZES.map(heap));
    row("lane", SIZES.map(lane));
    row("sources of one event", SIZES.map(sources));
    table
}

/// Anything goes.
fn heap(pending: u64) -> f64 {
    let mut stream = stream();
    let mut queue = EventQueue::new(0, 0, 0);
    for event in 0..pending {
        queue.push(Time::from_ns(stream.below(1_000_000)), CLASS, event);
    }
    per_call_ns(|| {
        if let Some((now, Next::Event(event))) = queue.pop_before(Time::FOREVER) {
            queue.push(now + Span::from_ns(stream.below(2_000_000)), CLASS, event);
        }
    })
}

/// Timers of one length.
fn lane(pending: u64) -> f64 {
    let mut queue = EventQueue::new(1, 0, 0);
    for event in 0..pending {
        queue.push_in_lane(0, Time::from_ns(event * 100), CLASS, event);
    }
    let length = Span::from_ns(pending * 100);
    per_call_ns(|| {
        if let Some((now, Next::Event(event))) = queue.pop_before(Time::FOREVER) {
            queue.push_in_lane(0, now + length, CLASS, event);
        }
    })
}

/// Completions of so many backends.
fn sources(pending: u64) -> f64 {
    let mut stream = stream();
    let mut queue = EventQueue::<()>::new(0, 0, pending as usize);
    for source in 0..pending as usize {
        let time = Time::from_ns(stream.below(1_000_000));
        queue.set(Source::Many(source), time, CLASS, 0);
    }
    per_call_ns(|| {
        if let Some((now, Next::Many(source, tag))) = queue.pop_before(Time::FOREVER) {
            let time = now + Span::from_ns(stream.below(2_000_000));
            queue.set(Source::Many(source), time, CLASS, tag);
        }
    })
}
