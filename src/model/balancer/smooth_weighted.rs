//! `smooth-weighted`: nginx's smooth weighted round robin.

use super::{Algorithm, Balancer, MemberView, Pick, PickContext};

#[derive(Clone, Default)]
struct SmoothWeighted {
    /// Running score per member.
    scores: Vec<i64>,
}

impl SmoothWeighted {
    fn choose(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let mut total = 0;
        let mut best: Option<usize> = None;
        for (index, member) in context.members.iter().enumerate() {
            if !context.is_eligible(index) {
                continue;
            }
            let weight = i64::from(member.weight);
            total += weight;
            self.scores[index] += weight;
            // Strictly greater: the first declared wins a tie.
            if best.is_none_or(|best| self.scores[index] > self.scores[best]) {
                best = Some(index);
            }
        }
        self.scores[best?] -= total;
        best
    }
}

impl Balancer for SmoothWeighted {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.scores.resize(members.len(), 0);
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: nginx, `ngx_http_upstream_get_peer` (commit 52327e0627f4,
/// "smooth weighted round-robin balancing"): every eligible peer gains its weight, the highest
/// score wins and pays the total.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "smooth-weighted",
    summary: "round robin in proportion to the weights, heavy members spread evenly over the turn",
    fails: "a slow or dead member keeps its share; every instance starts at the same member",
    cost: "O(n)",
    vendors: "nginx: round robin (default)",
    weighted: true,
    build: |_| Box::new(SmoothWeighted::default()),
    ..Algorithm::PLAIN
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed, Stream};

    /// The sequence that nginx's commit message states for weights {5, 1, 1}.
    #[test]
    fn five_one_one_gives_a_a_b_a_c_a_a() {
        let members: Vec<_> = [5, 1, 1].map(|weight| MemberView::new("a", weight)).into();
        let mut algorithm = SmoothWeighted::default();
        algorithm.members_changed(&members);
        let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
        let picks: Vec<_> = (0..14)
            .map(|_| {
                algorithm.pick(&mut PickContext::plain(&members, 0, &mut stream, &mut Vec::new()))
            })
            .map(|pick| if let Pick::Member(member) = pick { member } else { panic!("nobody") })
            .collect();
        assert_eq!(picks[..7], [0, 0, 1, 0, 2, 0, 0]);
        assert_eq!(picks[..7], picks[7..]);
    }
}
