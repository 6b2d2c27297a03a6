//! `join-shortest-queue`: the backend with the fewest attempts inside, whoever sent them.

use super::choice::{Board, least_at_random};
use super::power_of_d::REFRESH;
use super::{Algorithm, Balancer, MemberView, Pick, PickContext};
use crate::engine::time::Span;

#[derive(Clone)]
struct JoinShortestQueue {
    board: Board,
}

impl Balancer for JoinShortestQueue {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        let (backlog, members) = (context.backlog, context.members);
        let inside =
            |member: usize| backlog.get(member).copied().unwrap_or_else(|| members[member].load());
        self.board.refresh(context.now, (0..members.len()).map(inside));
        let board = &self.board;
        least_at_random(context, |_, member| board.load(member, inside(member))).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        let _ = members;
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: Winston, "Optimality of the shortest line discipline", J. Appl.
/// Prob. 1977. No balancer can know what others have sent: this is the best that could be done with
/// queue lengths, and with `refresh` all instances read one bulletin board, so that they herd.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "join-shortest-queue",
    summary: "the backend with the fewest attempts inside per unit of weight; ties at random",
    fails: "needs knowledge that no balancer has; a member that fails fast attracts the traffic",
    cost: "O(n)",
    vendors: "none: an ideal to compare with",
    oracle: true,
    parameters: &[REFRESH],
    build: |build| {
        Box::new(JoinShortestQueue { board: Board::new(Span::from_secs_f64(build.arguments[0])) })
    },
    ..Algorithm::PLAIN
};
