//! `prequal`: members are probed for load and latency, and the best recent answer is used.

use super::weighted::WeightTable;
use super::{
    Algorithm, Balancer, MemberView, Parameter, ParameterKind, Pick, PickContext, ProbeReply,
};
use crate::engine::time::{Span, Time};
use std::collections::VecDeque;

/// Answers from which the quantile of loads is taken.
const WINDOW: usize = 128;
/// Draws of members that cannot be probed before a probe is left out.
const REDRAWS: u32 = 20;

/// An answer in the pool.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Known {
    member: usize,
    /// Requests in flight, and one more for each use.
    load: u32,
    latency: Span,
    at: Time,
    uses_left: u32,
}

/// What the scenario sets.
#[derive(Clone, Copy)]
struct Settings {
    /// Probes per pick.
    rate: f64,
    /// Answers in the pool, at most.
    pool: usize,
    max_age: Span,
    /// Loads above this quantile of the recent ones are hot.
    hot: f64,
    /// Answers removed per pick.
    remove: f64,
    /// Uses of one answer, at most.
    reuse: f64,
}

#[derive(Clone)]
struct Prequal {
    settings: Settings,
    /// The oldest first.
    pool: VecDeque<Known>,
    recent: VecDeque<u32>,
    /// Parts of a probe and of a removal that are due.
    probes_due: f64,
    removals_due: f64,
    /// Whether the next removal is of the worst answer, not the oldest.
    worst_next: bool,
    usable: Vec<usize>,
    table: WeightTable,
}

impl Prequal {
    fn new(settings: Settings) -> Self {
        Self {
            settings,
            pool: VecDeque::new(),
            recent: VecDeque::new(),
            probes_due: 0.0,
            removals_due: 0.0,
            worst_next: true,
            usable: Vec::new(),
            table: WeightTable::default(),
        }
    }

    /// The load above which an answer is hot.
    fn hot_above(&self) -> u32 {
        let mut loads: Vec<u32> = self.recent.iter().copied().collect();
        if loads.is_empty() {
            return u32::MAX;
        }
        let rank = ((self.settings.hot * loads.len() as f64) as usize).min(loads.len() - 1);
        *loads.select_nth_unstable(rank).1
    }

    /// From best to worst: the cold ones by latency, then the hot ones by load.
    fn rank(known: &Known, hot_above: u32) -> (bool, u64) {
        let is_hot = known.load > hot_above;
        (is_hot, if is_hot { u64::from(known.load) } else { known.latency.as_ns() })
    }

    fn choose(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let now = context.now;
        let max_age = self.settings.max_age;
        self.pool.retain(|known| now.since(known.at) <= max_age);
        let hot_above = self.hot_above();
        let answers =
            || self.pool.iter().enumerate().filter(|(_, k)| context.is_eligible(k.member));
        // With fewer than two answers there is nothing to compare.
        let best = answers().min_by_key(|(_, known)| Self::rank(known, hot_above));
        let best = best.filter(|_| answers().nth(1).is_some()).map(|(position, _)| position);
        let picked = match best {
            Some(position) => {
                let known = &mut self.pool[position];
                known.load += 1;
                known.uses_left -= 1;
                let (member, used_up) = (known.member, known.uses_left == 0);
                if used_up {
                    self.pool.remove(position);
                }
                Some(member)
            }
            None => self.table.draw_eligible(context),
        };
        self.remove(hot_above);
        self.ask(context);
        picked
    }

    /// Takes answers out, the worst and the oldest in turn.
    fn remove(&mut self, hot_above: u32) {
        self.removals_due += self.settings.remove;
        while self.removals_due >= 1.0 {
            self.removals_due -= 1.0;
            let all = self.pool.iter().enumerate();
            let worst = all.max_by_key(|(_, known)| Self::rank(known, hot_above));
            let worst = worst.map_or(0, |(position, _)| position);
            self.pool.remove(if self.worst_next { worst } else { 0 });
            self.worst_next = !self.worst_next;
        }
    }

    /// Names members to be probed: different ones, at random.
    fn ask(&mut self, context: &mut PickContext<'_>) {
        self.probes_due += self.settings.rate;
        while self.probes_due >= 1.0 {
            self.probes_due -= 1.0;
            for _ in 0..REDRAWS {
                if self.usable.is_empty() {
                    break;
                }
                let drawn = context.stream.below(self.usable.len() as u64);
                let member = self.usable[drawn as usize];
                if context.is_usable(member) && !context.probes.contains(&member) {
                    context.probes.push(member);
                    break;
                }
            }
        }
    }

    /// How often an answer may be used, so that new ones keep up with use:
    /// max(1, 2 / ((1 - m/n) probes - removals)) for m answers of n members.
    fn uses(&self) -> u32 {
        let share = self.settings.pool as f64 / self.usable.len().max(1) as f64;
        let surplus = (1.0 - share) * self.settings.rate - self.settings.remove;
        let uses = if surplus > 0.0 { 2.0 / surplus } else { self.settings.reuse };
        uses.min(self.settings.reuse).max(1.0).round() as u32
    }
}

impl Balancer for Prequal {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.table = WeightTable::new(members, MemberView::effective_weight);
        self.usable = (0..members.len()).filter(|&member| members[member].usable).collect();
        self.pool.retain(|known| members[known.member].usable);
    }

    fn probed(&mut self, member: usize, reply: ProbeReply) {
        if self.usable.binary_search(&member).is_err() {
            return;
        }
        if self.recent.len() == WINDOW {
            self.recent.pop_front();
        }
        self.recent.push_back(reply.in_flight);
        while self.pool.len() >= self.settings.pool {
            self.pool.pop_front();
        }
        self.pool.push_back(Known {
            member,
            load: reply.in_flight,
            latency: reply.latency,
            at: reply.now,
            uses_left: self.uses(),
        });
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: Wydrowski et al., "Load is not what you should balance",
/// NSDI 2024. Probes do not delay picks: they are sent after one and serve later ones. Fewer than
/// two answers: a draw by weight. Weights count for nothing else.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "prequal",
    summary: "of probed members, the fastest whose load is not among the highest, else the least loaded",
    fails: "a member that fails fast has low load and a good latency; few picks let answers grow old",
    cost: "O(pool + log n)",
    vendors: "Google: Prequal (YouTube)",
    probes: true,
    parameters: PARAMETERS,
    build: |build| {
        let a = build.arguments;
        Box::new(Prequal::new(Settings {
            rate: a[0],
            pool: a[1] as usize,
            max_age: Span::from_secs_f64(a[2]),
            hot: a[3],
            remove: a[4],
            reuse: a[5],
        }))
    },
    ..Algorithm::PLAIN
};

const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "probes",
        kind: ParameterKind::Number,
        default: 3.0,
        range: (0.0, 64.0),
        doc: "probes sent per pick, to members at random; parts add up",
    },
    Parameter {
        name: "pool",
        kind: ParameterKind::Count,
        default: 16.0,
        range: (1.0, 1024.0),
        doc: "answers kept, at most; beyond it the oldest goes",
    },
    Parameter {
        name: "max-age",
        kind: ParameterKind::Duration,
        default: 1.0,
        range: (0.001, 3_600.0),
        doc: "an older answer is not used",
    },
    Parameter {
        name: "hot-quantile",
        kind: ParameterKind::Ratio,
        default: 0.84,
        range: (0.0, 1.0),
        doc: "a load above this quantile of the latest 128 is hot; 0.6 to 0.9 is advised",
    },
    Parameter {
        name: "remove",
        kind: ParameterKind::Number,
        default: 1.0,
        range: (0.0, 64.0),
        doc: "answers taken out per pick, the worst and the oldest in turn; parts add up",
    },
    Parameter {
        name: "reuse",
        kind: ParameterKind::Number,
        default: 3.0,
        range: (1.0, 1024.0),
        doc: "uses of one answer, at most; fewer if probes outnumber picks",
    },
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed, Stream};

    fn prequal(members: &[MemberView]) -> Prequal {
        let mut prequal = Prequal::new(Settings {
            rate: 0.0,
            pool: 16,
            max_age: Span::from_secs(1),
            hot: 0.75,
            remove: 0.0,
            reuse: 1.0,
        });
        prequal.members_changed(members);
        prequal
    }

    fn reply(in_flight: u32, ms: u64) -> ProbeReply {
        ProbeReply { in_flight, latency: Span::from_ms(ms), now: Time::ZERO }
    }

    fn picks(prequal: &mut Prequal, members: &[MemberView], at: Time, count: usize) -> Vec<Pick> {
        let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
        let mut probes = Vec::new();
        (0..count)
            .map(|_| {
                let mut context = PickContext::plain(members, 0, &mut stream, &mut probes);
                context.now = at;
                prequal.pick(&mut context)
            })
            .collect()
    }

    /// Loads 1, 2, 3, 9: the quantile 0.75 is 9, so all are cold, and latency decides; at 0.5 the
    /// threshold is 3 and the fastest, with 9 in flight, is hot: it comes last.
    #[test]
    fn cold_by_latency_then_hot_by_load() {
        let members: Vec<_> = ["a", "b", "c", "d"].map(|name| MemberView::new(name, 1)).into();
        let answers = [(0, reply(1, 40)), (1, reply(2, 30)), (2, reply(3, 20)), (3, reply(9, 10))];
        for (hot, expected) in [(0.75, [3, 2, 1]), (0.5, [2, 1, 0])] {
            let mut prequal = prequal(&members);
            prequal.settings.hot = hot;
            for (member, reply) in answers {
                prequal.probed(member, reply);
            }
            let found = picks(&mut prequal, &members, Time::ZERO, 3);
            assert_eq!(found, expected.map(Pick::Member), "quantile {hot}");
        }
    }

    #[test]
    fn answers_too_old_are_not_used() {
        let members: Vec<_> = ["a", "b"].map(|name| MemberView::new(name, 1)).into();
        let mut prequal = prequal(&members);
        for (member, reply) in [(0, reply(1, 40)), (1, reply(2, 30))] {
            prequal.probed(member, reply);
        }
        picks(&mut prequal, &members, Span::from_ms(1001).after_start(), 1);
        assert!(prequal.pool.is_empty());
    }

    /// 100 members, 3 probes and 1 removal per pick, 16 kept: 2 / (0.84 * 3 - 1) = 1.3.
    #[test]
    fn uses_follow_the_paper_s_formula() {
        let members: Vec<_> = (0..100).map(|n| MemberView::new(&format!("b{n}"), 1)).collect();
        let mut prequal = prequal(&members);
        prequal.settings = Settings { rate: 3.0, remove: 1.0, reuse: 9.0, ..prequal.settings };
        assert_eq!(prequal.uses(), 1);
        prequal.settings.rate = 1.5;
        assert_eq!(prequal.uses(), 8, "2 / (0.84 * 1.5 - 1) = 7.7");
        prequal.settings.rate = 1.0;
        assert_eq!(prequal.uses(), 9, "probes do not keep up: the limit");
    }
}
