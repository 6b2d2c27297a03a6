//! `smooth-weighted`: nginx's smooth weighted round robin.

use super::{
    Algorithm, Answer, Balancer, Dialect, MemberView, Parameter, ParameterKind, Pick, PickContext,
};

/// The scores of nginx's peers, which all its algorithms fall back to.
#[derive(Clone, Default)]
pub(super) struct SmoothTurns {
    /// Running score per member.
    scores: Vec<i64>,
    /// Declared weight, and what failures have taken of it.
    weights: Vec<(i64, i64)>,
    /// Failures that take all of a member's weight; 0: they take nothing.
    max_fails: i64,
}

impl SmoothTurns {
    pub(super) fn new(max_fails: f64) -> Self {
        Self { max_fails: max_fails as i64, ..Self::default() }
    }

    /// Adds a member's weight to its score, and gives a unit back of what failures have taken.
    /// Answers the weight.
    fn gain(&mut self, index: usize, member: &MemberView) -> i64 {
        let (declared, lost) = &mut self.weights[index];
        *lost = (*lost).min(*declared);
        let weight = (*declared - *lost) * i64::from(member.ramp);
        *lost = (*lost - 1).max(0);
        self.scores[index] += weight;
        weight
    }

    /// One turn among the eligible members.
    pub(super) fn choose(&mut self, context: &PickContext<'_>) -> Option<usize> {
        let mut total = 0;
        let mut best: Option<usize> = None;
        for (index, member) in context.members.iter().enumerate() {
            if !context.is_eligible(index) {
                continue;
            }
            total += self.gain(index, member);
            // Strictly greater: the first declared wins a tie.
            if best.is_none_or(|best| self.scores[index] > self.scores[best]) {
                best = Some(index);
            }
        }
        self.scores[best?] -= total;
        best
    }

    /// One turn among `tied`, which has its first member first: `least_conn`'s choice among equals.
    pub(super) fn choose_among(
        &mut self,
        members: &[MemberView],
        first: usize,
        tied: impl Iterator<Item = usize>,
    ) -> usize {
        let (mut total, mut best) = (0, first);
        for index in tied {
            total += self.gain(index, &members[index]);
            if self.scores[index] > self.scores[best] {
                best = index;
            }
        }
        self.scores[best] -= total;
        best
    }

    pub(super) fn members_changed(&mut self, members: &[MemberView]) {
        self.scores.resize(members.len(), 0);
        self.weights.resize(members.len(), (0, 0));
        for (weight, member) in self.weights.iter_mut().zip(members) {
            weight.0 = i64::from(member.weight);
        }
    }

    /// A failure takes weight / max-fails, rounded down
    /// (nginx, `ngx_http_upstream_free_round_robin_peer`).
    pub(super) fn answered(&mut self, member: usize, answer: Answer) {
        if answer.is_failure && self.max_fails > 0 {
            let (declared, lost) = &mut self.weights[member];
            *lost = (*lost + *declared / self.max_fails).min(*declared);
        }
    }
}

/// What a failure does to the turns. Those that nginx's hashes and draws fall back to do without.
pub(super) const MAX_FAILS: Parameter = Parameter {
    name: "max-fails",
    kind: ParameterKind::Count,
    default: 0.0,
    range: (0.0, 1e6),
    doc: "failures that take all of a member's weight, a unit of which returns with each pick; \
          0: none do; dialect nginx: those of `ejection`",
};

#[derive(Clone)]
struct SmoothWeighted(SmoothTurns);

impl Balancer for SmoothWeighted {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.0.choose(context).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.0.members_changed(members);
    }

    fn answered(&mut self, member: usize, answer: Answer) {
        self.0.answered(member, answer);
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: nginx, `ngx_http_upstream_get_peer` (commit 52327e0627f4,
/// "smooth weighted round-robin balancing"): every eligible peer gains its weight, the highest
/// score wins and pays the total. Held to recordings in tests/orders.rs.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "smooth-weighted",
    dialect: (Dialect::Nginx, &["round-robin", "round_robin"]),
    summary: "round robin in proportion to the weights, heavy members spread evenly over the turn",
    fails: "a slow or dead member keeps its share; every instance starts at the same member",
    cost: "O(n)",
    vendors: "nginx: round robin (default)",
    weighted: true,
    parameters: &[MAX_FAILS],
    hears_answers: true,
    build: |build| Box::new(SmoothWeighted(SmoothTurns::new(build.arguments[0]))),
    ..Algorithm::PLAIN
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed, Stream};
    use crate::engine::time::{Span, Time};
    use crate::model::outcome::Outcome;

    fn picks(turns: &mut SmoothTurns, members: &[MemberView], n: usize) -> Vec<usize> {
        let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
        let mut probes = Vec::new();
        let context = PickContext::plain(members, 0, &mut stream, &mut probes);
        (0..n).map(|_| turns.choose(&context).expect("all are eligible")).collect()
    }

    /// The sequence that nginx's commit message states for weights {5, 1, 1}.
    #[test]
    fn five_one_one_gives_a_a_b_a_c_a_a() {
        let members: Vec<_> = [5, 1, 1].map(|weight| MemberView::new("a", weight)).into();
        let mut turns = SmoothTurns::new(0.0);
        turns.members_changed(&members);
        let picks = picks(&mut turns, &members, 14);
        assert_eq!(picks[..7], [0, 0, 1, 0, 2, 0, 0]);
        assert_eq!(picks[..7], picks[7..]);
    }

    /// By hand: one failure of three takes 6 / 3 of weight 6, and two picks give it back:
    /// scores 4:3, 2:6, then 6:3 of 9 as at the start but for what the two turns have left.
    #[test]
    fn a_failure_takes_weight_and_picks_return_it() {
        let members: Vec<_> = [6, 3].map(|weight| MemberView::new("a", weight)).into();
        let (outcome, latency, now) = (Outcome::Http502, Span::from_ms(1), Time::ZERO);
        let failure = Answer { outcome, is_failure: true, latency, now };
        let mut turns = SmoothTurns::new(3.0);
        turns.members_changed(&members);
        turns.answered(0, failure);
        // (4, 3) -> a: (-3, 3); (2, 6) -> b: (2, -2); (8, 1) -> a: (-1, 1); (5, 4) -> a.
        assert_eq!(picks(&mut turns, &members, 4), [0, 1, 0, 0]);
        let mut whole = SmoothTurns::new(1.0);
        whole.members_changed(&members);
        whole.answered(0, failure);
        // (0, 3) -> b: (0, 0); (1, 3) -> b: (1, -1); (3, 2) -> a: (-2, 2).
        assert_eq!(picks(&mut whole, &members, 3), [1, 1, 0]);
    }
}
