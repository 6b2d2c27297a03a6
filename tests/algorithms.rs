//! What every balancing algorithm owes its caller, whatever it is: read from the table, so that a new
//! one is tested by being there.

use misroute::engine::random::{Purpose, Seed, Stream, mix};
use misroute::engine::time::{Span, Time};
use misroute::model::balancer::{
    ALGORITHMS, Algorithm, Answer, Balancer, MemberView, Pick, PickContext, ProbeReply, Tried,
};
use misroute::model::outcome::Outcome;
use misroute::model::setup::AlgorithmConfig;
use proptest::prelude::*;

/// An algorithm at work, with the bookkeeping that an instance does for it.
struct Bench {
    balancer: Box<dyn Balancer>,
    algorithm: &'static Algorithm,
    /// Whether it is told what it does not ask for.
    tells_all: bool,
    members: Vec<MemberView>,
    stream: Stream,
    /// Picks so far: keys are drawn from it.
    picks: u64,
}

impl Bench {
    fn new(algorithm: &'static Algorithm, members: &[MemberView], seed: u64) -> Self {
        let mut bench = Self {
            balancer: AlgorithmConfig::of(algorithm).build(0, seed),
            algorithm,
            tells_all: false,
            members: Vec::new(),
            stream: Stream::new(Seed::new(seed), Purpose::Test, 0),
            picks: 0,
        };
        bench.change(members);
        bench
    }

    /// Membership changes; what is in flight stays so.
    fn change(&mut self, members: &[MemberView]) {
        let in_flight: Vec<u32> = self.members.iter().map(|member| member.in_flight).collect();
        self.members = members.to_vec();
        for (member, in_flight) in self.members.iter_mut().zip(in_flight) {
            member.in_flight = in_flight;
        }
        self.balancer.members_changed(&self.members);
    }

    fn pick(&mut self, exclude: Option<usize>) -> Option<usize> {
        match self.ask(exclude, false) {
            Pick::Member(member) => Some(member),
            Pick::Nobody => None,
            waits => panic!("{waits:?} where nobody queues"),
        }
    }

    /// A pick, by an instance where attempts may wait or by one where they may not.
    fn ask(&mut self, exclude: Option<usize>, queues: bool) -> Pick {
        self.picks += 1;
        let backlog: Vec<u32> = self.members.iter().map(MemberView::load).collect();
        let mut probes = Vec::new();
        let mut context =
            PickContext::plain(&self.members, mix(self.picks), &mut self.stream, &mut probes);
        context.tried = exclude.map_or(Tried::default(), |member| Tried::default().and(member));
        context.now = context_now(self.picks);
        context.queues = queues;
        if self.algorithm.oracle {
            context.backlog = &backlog;
        }
        let picked = self.balancer.pick(&mut context);
        if let Pick::Member(member) = picked {
            self.members[member].in_flight += 1;
            self.tell_load(member);
        }
        let now = context_now(self.picks);
        for member in probes {
            let reply = ProbeReply { in_flight: backlog[member], latency: Span::from_ms(5), now };
            self.balancer.probed(member, reply);
        }
        picked
    }

    /// A pick that may do without the request.
    fn pick_freely(&mut self) -> Option<usize> {
        let Some(member) = self.balancer.pick_freely(&self.members, &mut self.stream) else {
            return self.pick(None);
        };
        self.picks += 1;
        self.members[member].in_flight += 1;
        Some(member)
    }

    fn tell_load(&mut self, member: usize) {
        if self.algorithm.tracks_load || self.tells_all {
            self.balancer.load_changed(member, &self.members);
        }
    }

    /// An attempt at a member is over.
    fn over(&mut self, member: usize) {
        if self.members[member].in_flight > 0 {
            self.members[member].in_flight -= 1;
            self.tell_load(member);
            let latency = Span::from_ms(1 + member as u64);
            let answer = Answer {
                outcome: Outcome::Ok,
                is_failure: self.picks.is_multiple_of(3),
                latency,
                now: context_now(self.picks),
            };
            if self.algorithm.hears_answers || self.tells_all {
                self.balancer.answered(member, answer);
            }
        }
    }

    fn is_eligible(&self, member: usize, exclude: Option<usize>) -> bool {
        self.members[member].is_eligible() && exclude != Some(member)
    }
}

/// The clock of a test: a millisecond per pick.
fn context_now(picks: u64) -> Time {
    Time::from_ns(picks * 1_000_000)
}

fn member(index: usize, weight: u32) -> MemberView {
    MemberView::new(&format!("api-{index}"), weight)
}

/// A pool in which anything may be the matter with each member, but always as many members.
fn pool(size: usize) -> impl Strategy<Value = Vec<MemberView>> {
    let one = (0..4_u32, any::<bool>(), prop::option::of(1..6_u32));
    prop::collection::vec(one, size).prop_map(|members| {
        let view = |(index, (weight, in_pool, max_connections))| {
            let view = member(index, weight);
            MemberView { usable: view.usable && in_pool, max_connections, ..view }
        };
        members.into_iter().enumerate().map(view).collect()
    })
}

/// What happens to a pool: a pick, perhaps with a member excluded; an attempt over; a change.
#[derive(Clone, Debug)]
enum Step {
    Pick(Option<usize>),
    Over(usize),
    Change(Vec<MemberView>),
}

/// A pool and what happens to it.
fn history() -> impl Strategy<Value = (Vec<MemberView>, Vec<Step>)> {
    (1..7_usize).prop_flat_map(|size| {
        let step = prop_oneof![
            6 => prop::option::weighted(0.3, 0..size).prop_map(Step::Pick),
            3 => (0..size).prop_map(Step::Over),
            1 => pool(size).prop_map(Step::Change),
        ];
        (pool(size), prop::collection::vec(step, 1..80))
    })
}

/// A pool without limits, mostly of one weight, and what happens to it.
fn free_history() -> impl Strategy<Value = (Vec<MemberView>, Vec<Step>)> {
    let weights = |size| {
        let one = (prop_oneof![9 => Just(2_u32), 1 => 0..4_u32], prop::bool::weighted(0.8));
        prop::collection::vec(one, size).prop_map(|members| {
            let view = |(index, (weight, in_pool))| {
                let view = member(index, weight);
                MemberView { usable: view.usable && in_pool, ..view }
            };
            members.into_iter().enumerate().map(view).collect::<Vec<_>>()
        })
    };
    (1..7_usize).prop_flat_map(move |size| {
        let step = prop_oneof![
            12 => Just(Step::Pick(None)),
            8 => (0..size).prop_map(Step::Over),
            1 => weights(size).prop_map(Step::Change),
        ];
        (weights(size), prop::collection::vec(step, 1..120))
    })
}

/// Whether it passes over a member that is to be avoided: HAProxy's map (`map_get_server_hash`) does not.
fn avoids(algorithm: &Algorithm) -> bool {
    !["haproxy-source", "haproxy-uri"].contains(&algorithm.name)
}

/// Plays a history, and checks every pick.
fn play(
    algorithm: &'static Algorithm,
    seed: u64,
    members: &[MemberView],
    steps: &[Step],
) -> Result<Vec<Option<usize>>, TestCaseError> {
    let mut bench = Bench::new(algorithm, members, seed);
    let mut picks = Vec::new();
    for step in steps {
        match step {
            Step::Change(members) => bench.change(members),
            Step::Over(member) => bench.over(*member),
            Step::Pick(exclude) => {
                let exclude = &exclude.filter(|_| avoids(algorithm));
                let all = 0..bench.members.len();
                let eligible: Vec<usize> =
                    all.filter(|&member| bench.is_eligible(member, *exclude)).collect();
                let picked = bench.pick(*exclude);
                let name = algorithm.name;
                match picked {
                    Some(member) => prop_assert!(eligible.contains(&member), "{name}: {member}"),
                    None => prop_assert!(eligible.is_empty(), "{name} leaves out {eligible:?}"),
                }
                picks.push(picked);
            }
        }
    }
    Ok(picks)
}

proptest! {
    /// Only eligible members, never the excluded one, and nobody only if nobody is eligible (so that
    /// one eligible member gets every attempt), through all changes; and the same again by the same seed.
    #[test]
    fn picks_are_eligible_and_repeatable((members, steps) in history(), seed in 0..1_000_u64) {
        for algorithm in ALGORITHMS {
            let picks = play(algorithm, seed, &members, &steps)?;
            prop_assert_eq!(&picks, &play(algorithm, seed, &members, &steps)?, "{}", algorithm.name);
        }
    }

    /// A copy goes on as the original does: forks of the world depend on it.
    #[test]
    fn a_copy_goes_on_alike((members, steps) in history()) {
        for algorithm in ALGORITHMS {
            let mut bench = Bench::new(algorithm, &members, 1);
            for step in &steps {
                if let Step::Change(members) = step {
                    bench.change(members);
                } else {
                    bench.pick(None);
                }
            }
            let mut copy = Bench {
                balancer: bench.balancer.boxed_clone(),
                algorithm,
                tells_all: bench.tells_all,
                members: bench.members.clone(),
                stream: bench.stream.clone(),
                picks: bench.picks,
            };
            for _ in 0..20 {
                prop_assert_eq!(bench.pick(None), copy.pick(None), "{}", algorithm.name);
            }
        }
    }

    /// Where attempts may wait: a member only if eligible, a wait for a member only if that is
    /// usable and has no free slot, a wait in the pool only if somebody is usable, and nobody only
    /// if nobody is eligible: the instance lets that attempt wait for whoever is usable.
    #[test]
    fn waits_are_for_usable_members_without_a_slot((members, steps) in history(), seed in 0..1_000_u64) {
        for algorithm in ALGORITHMS {
            let name = algorithm.name;
            let mut bench = Bench::new(algorithm, &members, seed);
            for step in &steps {
                let exclude = match step {
                    Step::Change(members) => { bench.change(members); continue }
                    Step::Over(member) => { bench.over(*member); continue }
                    Step::Pick(exclude) => exclude.filter(|_| avoids(algorithm)),
                };
                let before = bench.members.clone();
                let usable = |m: usize| before[m].usable && exclude != Some(m);
                let eligible = |m: usize| usable(m) && before[m].has_slot();
                let mut all = 0..before.len();
                match bench.ask(exclude, true) {
                    Pick::Member(member) => prop_assert!(eligible(member), "{name}: {member}"),
                    Pick::QueueAt(member) => {
                        prop_assert!(usable(member) && !before[member].has_slot(), "{name}: {member}");
                    }
                    Pick::QueueInPool => prop_assert!(all.any(usable), "{name}: a pool of nobody"),
                    Pick::Nobody => prop_assert!(!all.any(eligible), "{name} sees nobody"),
                }
            }
        }
    }

    /// Where every usable member is eligible, a pick without a look at the request is the pick of whoever
    /// looks at it, through all changes; and who says in the table that it hears no answers, or does not
    /// follow the load, picks the same if nobody tells.
    #[test]
    fn free_picks_are_the_same((members, steps) in free_history(), seed in 0..1_000_u64) {
        for algorithm in ALGORITHMS {
            let mut free = Bench::new(algorithm, &members, seed);
            let mut slow = Bench::new(algorithm, &members, seed);
            slow.tells_all = true;
            for step in &steps {
                match step {
                    Step::Change(members) => { free.change(members); slow.change(members); }
                    Step::Over(member) => { free.over(*member); slow.over(*member); }
                    Step::Pick(_) => {
                        let picked = free.pick_freely();
                        prop_assert_eq!(picked, slow.pick(None), "{}", algorithm.name);
                    }
                }
            }
        }
    }

    /// Long-run shares follow the weights. Of n independent picks, a member with share p gets np, with a
    /// standard deviation of sqrt(np(1-p)); five of those are exceeded once in 3.5 million times.
    /// Rings divide unequally by themselves: with k points of weight w, the share's own standard
    /// deviation is about p/sqrt(kw).
    #[test]
    fn shares_follow_the_weights(weights in prop::collection::vec(1..20_u32, 2..6), seed in 0..1_000_u64) {
        const PICKS: u32 = 20_000;
        let members: Vec<MemberView> =
            weights.iter().enumerate().map(|(index, &weight)| member(index, weight)).collect();
        let total: u32 = weights.iter().sum();
        for algorithm in ALGORITHMS.iter().filter(|algorithm| algorithm.weighted) {
            let mut bench = Bench::new(algorithm, &members, seed);
            for _ in 0..PICKS {
                bench.pick(None);
            }
            let points = algorithm.parameters.iter().find(|parameter| parameter.name == "points");
            for (member, &weight) in bench.members.iter().zip(&weights) {
                let (n, p) = (f64::from(PICKS), f64::from(weight) / f64::from(total));
                let ring = points.map_or(0.0, |points| n * p / (points.default * f64::from(weight)).sqrt());
                let bound = 5.0 * ((n * p * (1.0 - p)).sqrt() + ring);
                let got = f64::from(member.in_flight);
                prop_assert!(
                    (got - n * p).abs() <= bound,
                    "{}: {got} of {n} at weight {weight} of {total}, {bound} off at most",
                    algorithm.name
                );
            }
        }
    }
}

/// Weights that change in the middle of a run hold from then on, whatever was before.
#[test]
fn changed_weights_hold_from_then_on() {
    const PICKS: u32 = 30_000;
    let before: Vec<MemberView> =
        [1, 5, 2, 2].into_iter().enumerate().map(|(i, w)| member(i, w)).collect();
    let weights = [6, 0, 1, 3];
    let after: Vec<MemberView> =
        weights.into_iter().enumerate().map(|(i, w)| member(i, w)).collect();
    for algorithm in ALGORITHMS.iter().filter(|algorithm| algorithm.weighted) {
        let mut bench = Bench::new(algorithm, &before, 1);
        let picks: Vec<usize> = (0..1000).map(|_| bench.pick(None).unwrap()).collect();
        for member in picks {
            bench.over(member);
        }
        bench.change(&after);
        for _ in 0..PICKS {
            assert!(bench.pick(None).is_some(), "{}", algorithm.name);
        }
        let points = algorithm.parameters.iter().find(|parameter| parameter.name == "points");
        for (member, weight) in bench.members.iter().zip(weights) {
            let (n, p) = (f64::from(PICKS), f64::from(weight) / 10.0);
            let points = points.map_or(f64::INFINITY, |points| points.default * f64::from(weight));
            let bound = 5.0
                * ((n * p * (1.0 - p)).sqrt() + if p > 0.0 { n * p / points.sqrt() } else { 0.0 });
            let got = f64::from(member.in_flight);
            assert!((got - n * p).abs() <= bound, "{}: {got}, not {}", algorithm.name, n * p);
        }
    }
}

#[test]
fn the_only_eligible_member_gets_everything() {
    for algorithm in ALGORITHMS {
        let mut members: Vec<MemberView> = (0..5).map(|index| member(index, 1)).collect();
        for (index, member) in members.iter_mut().enumerate() {
            member.usable = index == 3;
        }
        let mut bench = Bench::new(algorithm, &members, 1);
        assert!((0..100).all(|_| bench.pick(None) == Some(3)), "{}", algorithm.name);
        let excluded = if avoids(algorithm) { None } else { Some(3) };
        assert_eq!(bench.pick(Some(3)), excluded, "{}", algorithm.name);
        assert_eq!(
            bench.pick(None),
            Some(3),
            "{}: nobody once is not nobody for ever",
            algorithm.name
        );
    }
}

#[test]
fn an_empty_pool_and_one_that_comes_back() {
    for algorithm in ALGORITHMS {
        let away: Vec<MemberView> = (0..3).map(|index| member(index, 0)).collect();
        let back: Vec<MemberView> = (0..3).map(|index| member(index, 2)).collect();
        let mut bench = Bench::new(algorithm, &away, 1);
        assert_eq!(bench.pick(None), None, "{}", algorithm.name);
        bench.change(&back);
        assert!(bench.pick(None).is_some(), "{}", algorithm.name);
        bench.change(&away);
        assert_eq!(bench.pick(None), None, "{}", algorithm.name);
    }
}

#[test]
fn the_table_is_in_order_and_says_what_each_is() {
    assert!(ALGORITHMS.is_sorted_by(|a, b| a.name < b.name), "in order, and each once");
    for algorithm in ALGORITHMS {
        for text in [algorithm.summary, algorithm.fails, algorithm.cost, algorithm.vendors] {
            assert!(!text.is_empty(), "{}", algorithm.name);
        }
        for parameter in algorithm.parameters {
            let (low, high) = parameter.range;
            assert!((low..=high).contains(&parameter.default), "{}", parameter.name);
        }
    }
}
