//! One pick of each algorithm, with what it is told about attempts that begin and end.

use super::stream;
use crate::measure::per_call_ns;
use crate::table::Table;
use misroute::engine::random::Stream;
use misroute::engine::time::{Span, Time};
use misroute::model::balancer::{
    ALGORITHMS, Algorithm, Answer, MemberView, Pick, PickContext, ProbeReply,
};
use misroute::model::outcome::Outcome;
use misroute::model::setup::AlgorithmConfig;
use std::hint::black_box;

const SIZES: [usize; 4] = [10, 100, 1000, 10_000];

pub(crate) fn table() -> Table {
    let mut table = Table::new(&["algorithm, ns", "10", "100", "1,000", "10,000"]);
    for algorithm in ALGORITHMS {
        let cells = SIZES.map(|size| format!("{:.0}", pick(algorithm, size)));
        table.row(std::iter::once(algorithm.name.to_owned()).chain(cells));
    }
    table
}

fn pick(algorithm: &'static Algorithm, size: usize) -> f64 {
    let mut chooser = AlgorithmConfig::of(algorithm).build(0, 0);
    let mut stream = stream();
    let in_flight = |stream: &mut Stream| stream.below(4) as u32;
    let mut members: Vec<MemberView> = (0..size)
        .map(|index| MemberView {
            in_flight: in_flight(&mut stream),
            ..MemberView::new(&index.to_string(), 1)
        })
        .collect();
    let mut backlog: Vec<u32> = members.iter().map(MemberView::load).collect();
    let mut probes = Vec::new();
    chooser.members_changed(&members);
    let mut now = Time::ZERO;
    per_call_ns(|| {
        now += Span::from_ns(1_000_000 / size as u64);
        let key = stream.bits();
        let mut context = PickContext::plain(&members, key, &mut stream, &mut probes);
        context.now = now;
        if algorithm.oracle {
            context.backlog = &backlog;
        }
        let Pick::Member(picked) = chooser.pick(&mut context) else { panic!("all are eligible") };
        let mut note = |member: usize, members: &mut [MemberView], change: i32| {
            members[member].in_flight = members[member].in_flight.saturating_add_signed(change);
            backlog[member] = members[member].in_flight;
            if algorithm.tracks_load {
                chooser.load_changed(member, members);
            }
        };
        // One comes; a random one goes, so that what is in flight stays mixed.
        note(picked, &mut members, 1);
        let gone = stream.below(size as u64) as usize;
        note(gone, &mut members, -1);
        let latency = Span::from_ns(1_000_000 + (key & 0xF_FFFF));
        chooser.answered(gone, Answer { outcome: Outcome::Ok, is_failure: false, latency, now });
        for member in probes.drain(..) {
            let in_flight = members[member].in_flight;
            chooser.probed(member, ProbeReply { in_flight, latency, now });
        }
        if algorithm.hears_idle && members[gone].in_flight == 0 {
            chooser.probed(gone, ProbeReply { in_flight: 0, latency, now });
        }
        black_box(picked);
    })
}
