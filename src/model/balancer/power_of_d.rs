//! `power-of-d`: the least loaded of a few members drawn at random.

use super::choice::{Board, PerWeight, least_at_random};
use super::weighted::WeightTable;
use super::{
    Algorithm, Balancer, Dialect, MemberView, Parameter, ParameterKind, Pick, PickContext,
};
use crate::engine::random::Stream;
use crate::engine::time::Span;

#[derive(Clone)]
struct PowerOfD {
    draws: usize,
    replacement: bool,
    board: Board,
    table: WeightTable,
    /// Two different members are drawn of more, all of one weight, and compared as they are now.
    duels: bool,
    /// Members drawn during one pick; kept to allocate nothing.
    drawn: Vec<usize>,
}

impl PowerOfD {
    fn choose(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let members = context.members;
        self.board.refresh(context.now, members.iter().map(MemberView::load));
        let board = &self.board;
        let load = |member: usize| board.load(member, members[member].load());
        if !self.replacement && self.draws >= self.table.len() {
            return least_at_random(context, |_, member| load(member));
        }
        self.drawn.clear();
        for _ in 0..self.draws {
            let drawn = &self.drawn;
            let is_new = |member| self.replacement || !drawn.contains(&member);
            let (field, stream) = context.draws();
            let draw =
                self.table.draw(stream, |member| field.is_eligible(member) && is_new(member));
            let Some(member) = draw else { break };
            self.drawn.push(member);
        }
        // The first of a tie, which was drawn at random.
        let share = |&member: &usize| PerWeight {
            load: u64::from(load(member)),
            weight: members[member].effective_weight(),
        };
        self.drawn.iter().copied().min_by_key(share)
    }
}

impl Balancer for PowerOfD {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn pick_freely(&mut self, members: &[MemberView], stream: &mut Stream) -> Option<usize> {
        if !self.duels {
            return None;
        }
        let first = self.table.draw_any(stream)?;
        let second = self.table.draw(stream, |member| member != first)?;
        let is_less = members[second].load() < members[first].load();
        Some(if is_less { second } else { first })
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.table = WeightTable::new(members, MemberView::effective_weight);
        self.duels = self.draws == 2
            && !self.replacement
            && self.table.len() > 2
            && self.table.is_even()
            && self.board.is_fresh();
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// How old the loads may be that an algorithm looks at.
pub(super) const REFRESH: Parameter = Parameter {
    name: "refresh",
    kind: ParameterKind::Duration,
    default: 0.0,
    range: (0.0, 86_400.0),
    doc: "how often the loads are read, at the first pick of each period; 0: at every pick",
};

/// The entry in the table. Sources: Mitzenmacher, IEEE TPDS 2001, and Vvedenskaya et al., 1996
/// (the supermarket model); with `refresh`, the bulletin board of Mitzenmacher, IEEE TPDS 2000.
/// It compares the attempts in flight *of its own instance*.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "power-of-d",
    dialect: (Dialect::Generic, &["two-choices"]),
    summary: "the member with the fewest attempts in flight of d drawn by weight; ties at random",
    fails: "with loads older than a few services it herds; instances know only their own attempts",
    cost: "O(d log n); with d >= n, and at each refresh, O(n)",
    vendors: "akin to nginx: random two least_conn, Envoy: LEAST_REQUEST, HAProxy: random(2)",
    weighted: true,
    parameters: &[
        Parameter {
            name: "d",
            kind: ParameterKind::Count,
            default: 2.0,
            range: (1.0, 10_000.0),
            doc: "members drawn; as many as there are: the least loaded of all, ties at random",
        },
        Parameter {
            name: "replacement",
            kind: ParameterKind::Count,
            default: 0.0,
            range: (0.0, 1.0),
            doc: "1: the same member may be drawn more than once for a pick",
        },
        REFRESH,
    ],
    build: |build| {
        Box::new(PowerOfD {
            draws: build.arguments[0] as usize,
            replacement: build.arguments[1] > 0.0,
            board: Board::new(Span::from_secs_f64(build.arguments[2])),
            table: WeightTable::default(),
            duels: false,
            drawn: Vec::new(),
        })
    },
    ..Algorithm::PLAIN
};
