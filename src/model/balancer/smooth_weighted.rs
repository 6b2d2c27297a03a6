//! `smooth-weighted`: nginx's smooth weighted round robin.

use super::{Algorithm, Balancer, MemberView, PickContext};

#[derive(Clone, Default)]
struct SmoothWeighted {
    /// Running score per member.
    scores: Vec<i64>,
}

impl Balancer for SmoothWeighted {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let mut total = 0;
        let mut best: Option<usize> = None;
        for (index, member) in context.members.iter().enumerate() {
            if !member.is_eligible() || context.tried.contains(index) {
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
    parameters: &[],
    build: |_| Box::new(SmoothWeighted::default()),
};

#[cfg(test)]
mod tests {
    use super::super::Tried;
    use super::*;
    use crate::engine::random::{Purpose, Seed, Stream};

    /// The sequence that nginx's commit message states for weights {5, 1, 1}.
    #[test]
    fn five_one_one_gives_a_a_b_a_c_a_a() {
        let members: Vec<_> = [5, 1, 1]
            .map(|weight| MemberView {
                weight,
                in_flight: 0,
                usable: true,
                max_connections: None,
                name_hash: 0,
            })
            .into();
        let mut algorithm = SmoothWeighted::default();
        algorithm.members_changed(&members);
        let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
        let picks: Vec<_> = (0..14)
            .map(|_| {
                let stream = &mut stream;
                let tried = Tried::default();
                let context = &mut PickContext { members: &members, key: 0, tried, stream };
                algorithm.pick(context).unwrap()
            })
            .collect();
        assert_eq!(picks[..7], [0, 0, 1, 0, 2, 0, 0]);
        assert_eq!(picks[..7], picks[7..]);
    }
}
