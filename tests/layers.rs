//! What every layer owes, around any algorithm; and the vendors' arithmetic, number by number.

use misroute::engine::random::{Purpose, Seed, Stream, mix};
use misroute::engine::time::{Span, Time};
use misroute::experiment::run::run;
use misroute::model::balancer::layer::priority::{Level, loads};
use misroute::model::balancer::layer::subset::overlaps;
use misroute::model::balancer::layer::zone::{Route, route};
use misroute::model::balancer::layer::{
    Canary, CanaryBy, LAYERS, Layers, Priorities, Seat, Subset, Zones,
};
use misroute::model::balancer::{
    ALGORITHMS, Algorithm, Answer, Balancer, MemberView, Pick, PickContext, ProbeReply,
};
use misroute::model::outcome::Outcome;
use misroute::model::setup::AlgorithmConfig;
use misroute::scenario::{Override, Source, load};
use proptest::prelude::*;

const ENVOY: Priorities = Priorities { overprovisioning: 140, panic: 50 };

/// A pool behind an algorithm in its layers, and what an instance keeps of it.
struct Bench {
    balancer: Box<dyn Balancer>,
    algorithm: &'static Algorithm,
    members: Vec<MemberView>,
    stream: Stream,
    picks: u64,
}

impl Bench {
    fn new(
        algorithm: &'static Algorithm,
        layers: &Layers,
        seat: Seat,
        members: &[MemberView],
    ) -> Self {
        let config = AlgorithmConfig { layers: layers.clone(), ..AlgorithmConfig::of(algorithm) };
        let stream = Stream::new(Seed::new(seat.seed), Purpose::Test, 0);
        let balancer = config.build_at(seat);
        let mut bench = Self { balancer, algorithm, members: Vec::new(), stream, picks: 0 };
        bench.change(members);
        bench
    }

    fn change(&mut self, members: &[MemberView]) {
        let in_flight: Vec<u32> = self.members.iter().map(|member| member.in_flight).collect();
        self.members = members.to_vec();
        for (member, in_flight) in self.members.iter_mut().zip(in_flight) {
            member.in_flight = in_flight;
        }
        self.balancer.members_changed(&self.members);
    }

    fn pick(&mut self) -> Option<usize> {
        self.picks += 1;
        let backlog: Vec<u32> = self.members.iter().map(MemberView::load).collect();
        let mut probes = Vec::new();
        let mut context =
            PickContext::plain(&self.members, mix(self.picks), &mut self.stream, &mut probes);
        let now = Time::from_ns(self.picks * 1_000_000);
        context.now = now;
        if self.algorithm.oracle {
            context.backlog = &backlog;
        }
        let picked = match self.balancer.pick(&mut context) {
            Pick::Member(member) => Some(member),
            Pick::Nobody => None,
            waits => panic!("{waits:?} where nobody queues"),
        };
        if let Some(member) = picked {
            self.members[member].in_flight += 1;
            self.load_changed(member);
        }
        for member in probes {
            let reply = ProbeReply { in_flight: backlog[member], latency: Span::from_ms(5), now };
            self.balancer.probed(member, reply);
        }
        picked
    }

    fn load_changed(&mut self, member: usize) {
        if self.algorithm.tracks_load {
            self.balancer.load_changed(member, &self.members);
        }
    }

    fn over(&mut self, member: usize) {
        if self.members[member].in_flight > 0 {
            self.members[member].in_flight -= 1;
            self.load_changed(member);
            let now = Time::from_ns(self.picks * 1_000_000);
            let latency = Span::from_ms(1 + member as u64);
            self.balancer
                .answered(member, Answer { outcome: Outcome::Ok, is_failure: false, latency, now });
        }
    }

    fn copy(&self) -> Self {
        Self {
            balancer: self.balancer.boxed_clone(),
            algorithm: self.algorithm,
            members: self.members.clone(),
            stream: self.stream.clone(),
            picks: self.picks,
        }
    }
}

fn seat(instance: u16, instances: u16, seed: u64) -> Seat {
    Seat { instance, instances, thread: 0, seed }
}

fn member(index: usize, weight: u32) -> MemberView {
    MemberView::new(&format!("api-{index}"), weight)
}

/// Each layer alone, and all of them.
fn stacks() -> Vec<(&'static str, Layers)> {
    let canary = Some(Canary { group: 1, share: 0.3, by: CanaryBy::Request });
    let by_client = Some(Canary { group: 1, share: 0.3, by: CanaryBy::Client });
    let subset = Some(Subset { size: 3 });
    let priority = Some(ENVOY);
    let zones = Some(Zones { local: [1, 2, 2].as_slice().into(), min_cluster_size: 2 });
    let none = Layers::default();
    vec![
        ("none", none.clone()),
        ("canary", Layers { canary, ..none.clone() }),
        ("canary by client", Layers { canary: by_client, ..none.clone() }),
        ("subset", Layers { subset, ..none.clone() }),
        ("priority", Layers { priority, ..none.clone() }),
        ("zones", Layers { zones: zones.clone(), ..none }),
        ("all", Layers { canary, subset, priority, zones }),
    ]
}

/// A pool in which anything may be the matter with each member.
fn pool(size: usize) -> impl Strategy<Value = Vec<MemberView>> {
    let one = (0..4_u32, any::<bool>(), prop::option::of(1..6_u32), (0..3_u16, 0..3_u8, 0..2_u16));
    prop::collection::vec(one, size).prop_map(|members| {
        let view = |(index, (weight, is_up, max_connections, (zone, priority, group)))| {
            let view = member(index, weight);
            let usable = view.usable && is_up;
            MemberView { usable, healthy: usable, max_connections, zone, priority, group, ..view }
        };
        members.into_iter().enumerate().map(view).collect()
    })
}

#[derive(Clone, Debug)]
enum Step {
    Pick,
    Over(usize),
    Change(Vec<MemberView>),
}

fn history() -> impl Strategy<Value = (Vec<MemberView>, Vec<Step>)> {
    (1..8_usize).prop_flat_map(|size| {
        let step = prop_oneof![
            6 => Just(Step::Pick),
            3 => (0..size).prop_map(Step::Over),
            1 => pool(size).prop_map(Step::Change),
        ];
        (pool(size), prop::collection::vec(step, 1..60))
    })
}

/// Who is within an instance's reach.
fn reach(layers: &Layers, seat: Seat, members: &[MemberView]) -> Vec<bool> {
    let mut reach = vec![true; members.len()];
    let Some(subset) = layers.subset else { return reach };
    // Within each group of its own, if there are groups.
    let groups: &[u16] = if layers.canary.is_some() { &[0, 1] } else { &[0] };
    for &group in groups {
        let of_group = |m: &MemberView| layers.canary.is_none() || (m.group == 1) == (group == 1);
        let present: Vec<usize> =
            (0..members.len()).filter(|&m| members[m].present && of_group(&members[m])).collect();
        let (instance, instances) = (u64::from(seat.instance), u64::from(seat.instances));
        let shares = overlaps(instance, instances, present.len() as u64, u64::from(subset.size));
        for (index, (part, _)) in present.into_iter().zip(shares) {
            reach[index] = part > 0;
        }
    }
    reach
}

fn play(
    algorithm: &'static Algorithm,
    layers: &Layers,
    seat: Seat,
    members: &[MemberView],
    steps: &[Step],
) -> Result<Vec<Option<usize>>, TestCaseError> {
    let mut bench = Bench::new(algorithm, layers, seat, members);
    let mut picks = Vec::new();
    for step in steps {
        match step {
            Step::Change(members) => bench.change(members),
            Step::Over(member) => bench.over(*member),
            Step::Pick => {
                let reach = reach(layers, seat, &bench.members);
                let eligible: Vec<usize> = (0..bench.members.len())
                    .filter(|&member| bench.members[member].is_eligible() && reach[member])
                    .collect();
                let picked = bench.pick();
                match picked {
                    Some(member) => {
                        prop_assert!(eligible.contains(&member), "{}: {member}", algorithm.name);
                    }
                    None => prop_assert!(eligible.is_empty(), "{}: {eligible:?}", algorithm.name),
                }
                picks.push(picked);
            }
        }
    }
    Ok(picks)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Around every algorithm, each layer picks only who is eligible, and nobody only if nobody in
    /// reach is; and the same again by the same seed.
    #[test]
    fn picks_are_eligible_and_repeatable(
        (members, steps) in history(), instance in 0..3_u16, seed in 0..1_000_u64,
    ) {
        for (name, layers) in stacks() {
            for algorithm in ALGORITHMS {
                let seat = seat(instance, 3, seed);
                let picks = play(algorithm, &layers, seat, &members, &steps)?;
                let again = play(algorithm, &layers, seat, &members, &steps)?;
                prop_assert_eq!(&picks, &again, "{} in {}", algorithm.name, name);
            }
        }
    }

    /// A copy goes on as the original does: forks of the world depend on it.
    #[test]
    fn a_copy_goes_on_alike((members, steps) in history()) {
        for (name, layers) in stacks() {
            for algorithm in ALGORITHMS {
                let mut bench = Bench::new(algorithm, &layers, seat(1, 3, 1), &members);
                for step in &steps {
                    match step {
                        Step::Change(members) => bench.change(members),
                        Step::Over(member) => bench.over(*member),
                        Step::Pick => drop(bench.pick()),
                    }
                }
                let mut copy = bench.copy();
                for _ in 0..10 {
                    prop_assert_eq!(bench.pick(), copy.pick(), "{} in {}", algorithm.name, name);
                }
            }
        }
    }

    /// All arcs together use every member alike, whatever the numbers are; each has at least the
    /// size asked for, if there are so many.
    #[test]
    fn arcs_cover_the_ring_evenly(instances in 1..20_u64, members in 1..30_u64, size in 1..12_u64) {
        let arcs: Vec<_> = (0..instances).map(|i| overlaps(i, instances, members, size)).collect();
        let used = |member: usize| arcs.iter().map(|arc| arc[member].0).sum::<u64>();
        prop_assert!((0..members as usize).all(|member| used(member) == used(0)));
        for arc in &arcs {
            let length: u64 = arc.iter().map(|&(part, _)| part).sum();
            prop_assert!(length >= size.min(members) * instances);
            prop_assert!(arc.iter().all(|&(part, whole)| part <= whole));
        }
    }
}

/// Healthy percent of each priority, and the percent of the traffic that the documentation says it
/// gets (Envoy, "Priority levels"; by the code, what rounding leaves goes to the first healthy one).
const PRIORITIES: &[(&[u32], &[u32])] = &[
    (&[100, 100], &[100, 0]),
    (&[72, 100], &[100, 0]),
    (&[71, 100], &[99, 1]),
    (&[50, 100], &[70, 30]),
    (&[25, 100], &[35, 65]),
    (&[0, 100], &[0, 100]),
    (&[72, 72], &[100, 0]),
    (&[71, 71], &[99, 1]),
    (&[50, 50], &[70, 30]),
    (&[25, 25], &[50, 50]),
    (&[100, 100, 100], &[100, 0, 0]),
    (&[72, 72, 100], &[100, 0, 0]),
    (&[71, 71, 100], &[99, 1, 0]),
    (&[50, 50, 100], &[70, 30, 0]),
    (&[25, 100, 100], &[35, 65, 0]),
    (&[25, 25, 100], &[35, 35, 30]),
];

fn levels(healthy: &[u32]) -> Vec<Level> {
    healthy.iter().map(|&healthy| Level { members: 100, healthy }).collect()
}

#[test]
fn priorities_follow_the_published_tables() {
    for &(healthy, expected) in PRIORITIES {
        assert_eq!(loads(&levels(healthy), ENVOY), expected, "{healthy:?}");
    }
    // The documentation shows 36, 36, 28: it rounds to the nearest; and all three are in panic, so
    // that it is their sizes that count. Without panic, what is cut off goes to the first.
    let no_panic = Priorities { panic: 0, ..ENVOY };
    assert_eq!(loads(&levels(&[25, 25, 20]), no_panic), [37, 35, 28]);
    assert_eq!(loads(&levels(&[25, 25, 20]), ENVOY), [34, 33, 33]);
    assert_eq!(loads(&levels(&[5, 65]), ENVOY), [8, 92], "\"Panic threshold\": 7 and 93, rounded");
}

#[test]
fn in_total_panic_sizes_count() {
    let level = |members, healthy| Level { members, healthy };
    assert_eq!(loads(&[level(8, 0), level(2, 0)], ENVOY), [80, 20]);
    assert_eq!(loads(&[level(6, 2), level(3, 1)], ENVOY), [67, 33]);
    assert_eq!(loads(&[level(0, 0), level(3, 1), level(3, 1)], ENVOY), [0, 50, 50]);
    let no_panic = Priorities { panic: 0, ..ENVOY };
    assert_eq!(loads(&[level(8, 0), level(2, 0)], no_panic), [100, 0]);
    assert_eq!(loads(&[level(8, 0), level(2, 2)], no_panic), [0, 100]);
    assert_eq!(loads(&[level(0, 0)], ENVOY), [0]);
}

#[test]
fn zones_follow_the_example_in_the_source() {
    // Of the instances 40%, 40%, 20%; of the members 25%, 50%, 25%: the first keeps 62.5% of its
    // traffic, and has 10 and 5 points of the others' spare capacity to choose from.
    let (instances, healthy) = ([4, 4, 2], [5, 10, 5]);
    assert_eq!(route(&instances, &healthy, 0), Route::Residual(6_250, vec![0, 1_000, 500]));
    assert_eq!(route(&instances, &healthy, 1), Route::Local);
    assert_eq!(route(&instances, &healthy, 2), Route::Local);
    assert_eq!(route(&[1, 1], &[0, 3], 0), Route::Residual(0, vec![0, 5_000]));
    // Envoy's test `NoneHealthyLocally`-like: a zone without instances of its own is direct.
    assert_eq!(route(&[0, 2], &[1, 1], 0), Route::Local);
}

fn algorithm(name: &str) -> &'static Algorithm {
    ALGORITHMS.iter().find(|algorithm| algorithm.name == name).unwrap()
}

/// How many of so many picks each member gets.
fn shares(layers: &Layers, seat: Seat, members: &[MemberView], picks: u32) -> Vec<f64> {
    let mut bench = Bench::new(algorithm("round-robin"), layers, seat, members);
    for _ in 0..picks {
        bench.pick();
    }
    bench.members.iter().map(|m| f64::from(m.in_flight) / f64::from(picks)).collect()
}

/// Five standard deviations of a share of independent draws.
fn close(got: f64, expected: f64, picks: f64) -> bool {
    (got - expected).abs() <= 5.0 * (expected * (1.0 - expected) / picks).sqrt() + 1e-3
}

#[test]
fn traffic_is_divided_as_the_arithmetic_says() {
    let picks = 20_000;
    let with =
        |zone, priority, group| move |m: MemberView| MemberView { zone, priority, group, ..m };
    // Half of the first priority is down: 70% stay, 30% go down.
    let mut members: Vec<_> = (0..4).map(|i| with(0, u8::from(i > 1), 0)(member(i, 1))).collect();
    (members[0].usable, members[0].healthy) = (false, false);
    let layers = Layers { priority: Some(ENVOY), ..Layers::default() };
    let got = shares(&layers, seat(0, 1, 1), &members, picks);
    assert!(close(got[1], 0.7, f64::from(picks)) && close(got[2] + got[3], 0.3, f64::from(picks)));
    // A canary gets its share, however many members it has.
    let members: Vec<_> = (0..4).map(|i| with(0, 0, u16::from(i == 3))(member(i, 1))).collect();
    for by in [CanaryBy::Request, CanaryBy::Client] {
        let canary = Some(Canary { group: 1, share: 0.05, by });
        let got = shares(&Layers { canary, ..Layers::default() }, seat(0, 1, 1), &members, picks);
        assert!(close(got[3], 0.05, f64::from(picks)), "{got:?}");
    }
    // Zones with 4, 4 and 2 of ten instances, and 5, 10 and 5 members.
    let zone = |i: usize| {
        if i < 5 {
            1
        } else if i < 15 {
            2
        } else {
            3
        }
    };
    let members: Vec<_> = (0..20).map(|i| with(zone(i), 0, 0)(member(i, 1))).collect();
    let local = [1, 1, 1, 1, 2, 2, 2, 2, 3, 3];
    let zones = Some(Zones { local: local.as_slice().into(), min_cluster_size: 6 });
    let layers = Layers { zones, ..Layers::default() };
    let got = shares(&layers, seat(0, 10, 1), &members, picks);
    let sum = |range: std::ops::Range<usize>| got[range].iter().sum::<f64>();
    for (range, expected) in [(0..5, 0.625), (5..15, 0.25), (15..20, 0.125)] {
        assert!(close(sum(range.clone()), expected, f64::from(picks)), "{range:?} of {got:?}");
    }
    let got = shares(&layers, seat(9, 10, 1), &members, picks);
    assert!(got[..15].iter().all(|&share| share == 0.0), "{got:?}");
    // With five members left, zones do not matter.
    let few: Vec<_> = members[..4].iter().chain(&members[19..]).cloned().collect();
    let got = shares(&layers, seat(9, 10, 1), &few, picks);
    assert!(got.iter().all(|&share| close(share, 0.2, f64::from(picks))), "{got:?}");
}

#[test]
fn zones_together_load_every_member_alike() {
    // That is what spilling over is for: if every instance sends the same, so gets every member.
    let zone = |i: usize| {
        if i < 2 {
            1
        } else if i < 7 {
            2
        } else {
            3
        }
    };
    let members: Vec<_> = (0..9).map(|i| MemberView { zone: zone(i), ..member(i, 1) }).collect();
    let local = [1, 1, 1, 2, 2, 3];
    let zones = Some(Zones { local: local.as_slice().into(), min_cluster_size: 6 });
    let layers = Layers { zones, ..Layers::default() };
    let mut sums = vec![0.0; members.len()];
    for instance in 0..6 {
        let got = shares(&layers, seat(instance, 6, 7), &members, 6_000);
        sums.iter_mut().zip(got).for_each(|(sum, share)| *sum += share / 6.0);
    }
    assert!(sums.iter().all(|&sum| (sum - 1.0 / 9.0).abs() < 0.01), "{sums:?}");
}

#[test]
fn subsets_together_load_every_member_alike() {
    // 3 instances of 4 members each over 10: arcs of two thirds, each member in two of them.
    let members: Vec<_> = (0..10).map(|i| member(i, 1)).collect();
    let layers = Layers { subset: Some(Subset { size: 4 }), ..Layers::default() };
    let mut sums = vec![0.0; members.len()];
    for instance in 0..3 {
        let got = shares(&layers, seat(instance, 3, 7), &members, 6_000);
        let used = got.iter().filter(|&&share| share > 0.0).count();
        assert!((7..=8).contains(&used), "{got:?}");
        sums.iter_mut().zip(got).for_each(|(sum, share)| *sum += share / 3.0);
    }
    // Parts of a weight are whole 256ths.
    assert!(sums.iter().all(|&sum| (sum - 0.1).abs() < 0.002), "{sums:?}");
}

#[test]
fn the_table_says_what_each_is() {
    assert_eq!(
        LAYERS.iter().map(|l| l.name).collect::<Vec<_>>(),
        ["canary", "subset", "priority", "zones"]
    );
    for layer in LAYERS {
        assert!(!layer.summary.is_empty() && !layer.fails.is_empty() && !layer.source.is_empty());
    }
}

const SCENARIO: &str = r#"schema = 1
name = "layers"
duration = "60s"
[[clients]]
name = "web"
rate = "200/s"
[balancer]
instances = 3
canary = { group = "new", share = "10%" }
priority = {}
zones = { local = ["a", "b", "b"], min-cluster-size = 2 }
[[backends]]
name = "a-{1..4}"
zone = "a"
workers = 8
service = "20ms"
[[backends]]
name = "b-{1..4}"
zone = "b"
workers = 8
service = "20ms"
[[backends]]
name = "new"
group = "new"
workers = 8
service = "20ms"
[[backends]]
name = "spare-{1..4}"
zone = "b"
priority = 1
workers = 8
service = "20ms"
[[timeline]]
name = "fewer"
at = "20s"
do = "configure"
set = { "backends.a-*.in-pool" = false, "balancer.canary.share" = "0%" }
[[timeline]]
name = "first priority away"
at = "40s"
do = "drain"
targets = ["b-{1..3}"]
"#;

#[test]
fn a_scenario_with_every_layer_repeats_itself() {
    let scenario = load(&Source::from_text("layers.toml", SCENARIO), &[]).unwrap();
    let digest = |seed| run(&scenario, seed, |_| {}).result.digest;
    assert_eq!(digest(1), digest(1));
    assert_ne!(digest(1), digest(2));
    insta::assert_snapshot!(digest(1));
    let without = |path: &str| {
        let change = Override::parse(path).unwrap();
        run(&scenario.with(&[change]).unwrap(), 1, |_| {}).result.digest
    };
    for path in ["balancer.canary.share=20%", "balancer.zones.min-cluster-size=99"] {
        assert_ne!(without(path), digest(1), "{path}");
    }
}

#[test]
fn layers_are_checked_when_read() {
    let wrong = |path: &str| {
        let change = Override::parse(path).unwrap();
        let scenario = load(&Source::from_text("layers.toml", SCENARIO), &[]).unwrap();
        scenario.with(&[change]).err().unwrap_or_else(|| panic!("{path} passes")).to_string()
    };
    assert!(wrong("balancer.canary.group=gnu").contains("unknown group `gnu`"));
    assert!(wrong("balancer.zones.local=[\"c\"]").contains("unknown zone `c`"));
    assert!(wrong("balancer.zones.local=[]").contains("empty"));
    assert!(wrong("balancer={subset={size=2}, queue={waits=true}}").contains("subset"));
}

const PRIORITIES_IN_PANIC: &str = r#"schema = 1
name = "panic"
duration = "60s"
[[clients]]
name = "web"
rate = "100/s"
[balancer]
panic = "50%"
priority = {}
health = { interval = "1s" }
[[backends]]
name = "first-{1..2}"
service = "1ms"
[[backends]]
name = "second-{1..3}"
service = "1ms"
priority = 1
[[timeline]]
name = "most go down"
at = "10s"
do = "crash"
targets = ["first-*", "second-3"]
[[expect]]
name = "settled"
between = ["30s", "60s"]
metric = "requests.count"
at-least = 1
"#;

#[test]
fn each_priority_panics_for_itself() {
    // Two of five are healthy, less than half. But where the traffic goes, two of three are: nobody
    // is sent to those that are down. If all have one priority, they are.
    let failed = |paths: &[&str]| {
        let scenario = load(&Source::from_text("panic.toml", PRIORITIES_IN_PANIC), &[]).unwrap();
        let changes: Vec<Override> =
            paths.iter().map(|path| Override::parse(path).unwrap()).collect();
        let run = run(&scenario.with(&changes).unwrap(), 1, |_| {});
        run.result.intervals[0].totals.failed
    };
    assert_eq!(failed(&[]), 0);
    assert!(failed(&["backends.*.priority=0"]) > 0);
    assert_eq!(failed(&["balancer.panic=0%"]), 0);
}

#[test]
fn who_panics_follows_the_published_table() {
    let panics = |healthy: &[u32]| {
        misroute::model::balancer::layer::priority::panics(&levels(healthy), ENVOY)
    };
    for healthy in [[72, 100], [0, 100], [72, 72], [71, 71], [50, 60], [25, 100]] {
        assert_eq!(panics(&healthy), [false, false], "{healthy:?}");
    }
    assert_eq!(panics(&[25, 25]), [true, true]);
    assert_eq!(panics(&[5, 65]), [true, false]);
}
