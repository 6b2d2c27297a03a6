//! `least-response-time`: smoothed response time times attempts in flight.

use super::choice::{MemberHeap, PerWeight};
use super::{Algorithm, Answer, Balancer, MemberView, Parameter, ParameterKind, Pick, PickContext};
use std::cmp::Ordering;

/// A member's place in the order: shortest time first, then fewest in flight, then longest not
/// picked.
#[derive(Clone, Copy)]
struct Place {
    /// Smoothed response time, nanoseconds; 0 before the first answer.
    time: f64,
    share: PerWeight,
    last_pick: u64,
}

impl Place {
    fn score(&self) -> f64 {
        self.time * (self.share.load + 1) as f64 / self.share.weight as f64
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        let scores = self.score().total_cmp(&other.score());
        scores.then(self.share.cmp(&other.share)).then(self.last_pick.cmp(&other.last_pick))
    }
}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Place {}

#[derive(Clone)]
struct LeastResponseTime {
    smoothing: f64,
    order: MemberHeap<Place>,
    /// Per member: smoothed time, and when it was picked last.
    known: Vec<(f64, u64)>,
    picks: u64,
}

fn share(member: &MemberView) -> PerWeight {
    PerWeight { load: u64::from(member.load()), weight: member.effective_weight() }
}

impl LeastResponseTime {
    fn choose(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let member = self.order.first(|member| context.is_eligible(member))?;
        self.picks += 1;
        let now = self.picks;
        self.known[member].1 = now;
        self.order.update(member, |place| place.last_pick = now);
        Some(member)
    }
}

impl Balancer for LeastResponseTime {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.known.resize(members.len(), (0.0, 0));
        let place = |(member, &(time, last_pick)): (&MemberView, &(f64, u64))| {
            member.usable.then(|| Place { time, share: share(member), last_pick })
        };
        self.order.rebuild(members.iter().zip(&self.known).map(place));
    }

    fn load_changed(&mut self, member: usize, members: &[MemberView]) {
        self.order.update(member, |place| place.share = share(&members[member]));
    }

    fn answered(&mut self, member: usize, answer: Answer) {
        let latency = answer.latency.as_ns() as f64;
        let known = &mut self.known[member].0;
        *known = if *known > 0.0 { *known + self.smoothing * (latency - *known) } else { latency };
        let time = *known;
        self.order.update(member, |place| place.time = time);
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. The product is that of NGINX Plus (`least_time`), Traefik (`leasttime`)
/// and NetScaler (`LEASTRESPONSETIME`); how each smooths differs. Every end counts: errors too, and clients that leave.
/// A member without an answer counts as instantaneous; among those, the fewest in flight.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "least-response-time",
    summary: "the least smoothed response time * (1 + attempts in flight) / weight; ties rotate",
    fails: "errors that come fast look like speed (sinkhole); a slow start is remembered for long",
    cost: "O(log n), O(n) past members that are full",
    vendors: "akin to NGINX Plus: least_time, Traefik: leasttime, NetScaler: LEASTRESPONSETIME",
    tracks_load: true,
    parameters: &[Parameter {
        name: "smoothing",
        kind: ParameterKind::Ratio,
        default: 0.1,
        range: (0.000_001, 1.0),
        doc: "weight of a new answer in the smoothed time; 1: the last answer alone",
    }],
    hears_answers: true,
    build: |build| {
        Box::new(LeastResponseTime {
            smoothing: build.arguments[0],
            order: MemberHeap::default(),
            known: Vec::new(),
            picks: 0,
        })
    },
    ..Algorithm::PLAIN
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed, Stream};
    use crate::engine::time::{Span, Time};
    use crate::model::outcome::Outcome;

    /// Two members that take 10 and 30 ms: 10 * (1 + a) against 30 * (1 + b).
    #[test]
    fn three_go_to_the_one_three_times_as_fast() {
        let mut members: Vec<_> = ["a", "b"].map(|name| MemberView::new(name, 1)).into();
        let mut algorithm = (ALGORITHM.build)(&crate::model::balancer::Build {
            instance: 0,
            arguments: &[0.5],
            version: (0, 0),
            thread: 0,
            seed: 0,
        });
        algorithm.members_changed(&members);
        for (member, ms) in [(0, 10), (1, 20), (1, 40)] {
            let latency = Span::from_ms(ms);
            algorithm.answered(
                member,
                Answer { outcome: Outcome::Ok, is_failure: false, latency, now: Time::ZERO },
            );
        }
        let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
        let mut picks = Vec::new();
        for _ in 0..6 {
            let pick =
                algorithm.pick(&mut PickContext::plain(&members, 0, &mut stream, &mut Vec::new()));
            let Pick::Member(member) = pick else { panic!("nobody") };
            members[member].in_flight += 1;
            algorithm.load_changed(member, &members);
            picks.push(member);
        }
        // Scores: 10 20 30* against 30; the tie goes to the fewer in flight, b; then 30, 40, 50.
        assert_eq!(picks, [0, 0, 1, 0, 0, 0]);
    }
}
