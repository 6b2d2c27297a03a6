//! What clients do when attempts fail: retry budgets against their arithmetic, the fixed point of adaptive
//! throttling, breakers and users who leave through the whole world, and that none of it changes the demand.

use misroute::engine::random::Seed;
use misroute::engine::time::Time;
use misroute::model::outcome::Outcome;
use misroute::model::probe::{FinishedRequest, Gauges, Probe};
use misroute::model::run::simulate;
use misroute::model::setup::{PopulationId, Setup};
use misroute::model::world::World;
use misroute::scenario::{Override, Source, load};
use std::sync::Arc;

/// A thousand requests a second to one wide member that answers at once, and one that always fails.
const BASE: &str = r#"schema = 1
name = "clients"
duration = "100s"
[[clients]]
name = "web"
users = 100
arrivals = "constant"
rate = "1000/s"
retries = { max = 3, backoff = "fixed", base = "10ms", jitter = "none" }
[balancer]
algorithm = "random"
[[backends]]
name = "good"
workers = 1000
service = "1ms"
weight = 500
[[backends]]
name = "bad"
workers = 1000
service = "1ms"
weight = 500
[[timeline]]
name = "fails"
at = "0s"
do = "fail"
targets = "bad"
with = "http_500"
after = "1ms"
"#;

fn setup(overrides: &[&str]) -> Setup {
    setup_of(BASE, overrides)
}

fn setup_of(text: &str, overrides: &[&str]) -> Setup {
    let parsed: Vec<Override> =
        overrides.iter().map(|text| Override::parse(text).unwrap()).collect();
    let scenario = load(&Source::from_text("clients.toml", text), &parsed);
    scenario.unwrap_or_else(|wrong| panic!("{overrides:?}\n{wrong}")).setup
}

/// Births and ends.
#[derive(Default)]
struct Log {
    born: Vec<(Time, u32)>,
    ended: Vec<(Time, FinishedRequest)>,
    /// At each sample: when, and the attempts sent so far.
    attempts: Vec<(Time, u64)>,
}

impl Probe for Log {
    fn request_born(&mut self, now: Time, _: PopulationId, user: u32) {
        self.born.push((now, user));
    }

    fn request_finished(&mut self, now: Time, request: &FinishedRequest) {
        self.ended.push((now, *request));
    }

    fn sample(&mut self, now: Time, gauges: &Gauges<'_>) {
        self.attempts.push((now, gauges.attempts));
    }
}

fn seconds(time: Time) -> f64 {
    time.as_secs_f64()
}

fn run(setup: Setup) -> (Log, World) {
    let mut log = Log::default();
    let world = simulate(&Arc::new(setup), Seed::new(1), &mut log);
    world.assert_bookkeeping();
    (log, world)
}

/// Every attempt fails with this probability.
fn failing(p: f64) -> [String; 2] {
    let bad = (1000.0 * p).round();
    [format!("backends.bad.weight={bad}"), format!("backends.good.weight={}", 1000.0 - bad)]
}

/// Attempts per finished request.
fn amplification(p: f64, overrides: &[&str]) -> f64 {
    let failing = failing(p);
    let all: Vec<&str> =
        failing.iter().map(String::as_str).chain(overrides.iter().copied()).collect();
    let (_, world) = run(setup(&all));
    let counts = world.counts();
    counts.attempts as f64 / counts.requests as f64
}

/// Without a budget 1 + p + p^2 + p^3. A ratio of 10%, or a bucket of 5 with 0.1 per call, changes nothing
/// while p is far below 0.1, and tends to 1.1 (SRE book, ch. 21; Brooker 2022). Users of a ratio have
/// about 95 requests in their windows, and whole retries: 9 of them, 1.095; users of a bucket begin with
/// 5 tokens for their thousand requests: 1.105. 100,000 requests: 1% is ten standard errors.
#[test]
fn budgets_bend_the_curve_of_amplification_over_failures() {
    const TOKENS: &str = "clients.web.retries.token-budget={ capacity = 5, deposit = 0.1 }";
    const RATIO: &str = "clients.web.retries.ratio-budget={ ratio = \"10%\" }";
    for p in [0.01, 0.05, 0.1, 0.2, 0.5, 1.0] {
        let series = 1.0 + p + p * p + p * p * p;
        let free = amplification(p, &[]);
        assert!((free / series - 1.0).abs() < 0.01, "{p}: {free}, not {series}");
        for (budget, scope) in
            [(TOKENS, "user"), (TOKENS, "population"), (RATIO, "population"), (RATIO, "user")]
        {
            let scoped = format!("{}.scope={scope}", budget.split("={").next().unwrap());
            let found = amplification(p, &[budget, &scoped]);
            assert!(found < 1.1 * 1.01, "{p} {scoped}: {found}");
            if (p - 0.1).abs() > 0.01 {
                let limited = f64::min(series, 1.1);
                assert!(
                    (found / limited - 1.0).abs() < 0.01,
                    "{p} {scoped}: {found}, not {limited}"
                );
            }
        }
    }
}

/// Clients that send little never empty the buckets they start with (Brooker 2022): of 100,000 users with
/// one request each on average, those with n make min(3n, 5) retries when everything fails. With n of
/// Poisson's law that is 3 P(1) + 5 P(2 or more) = 1.1036 + 1.3212, so 3.425 attempts per request.
#[test]
fn full_buckets_of_many_small_clients_limit_little() {
    let with = ["clients.web.retries.token-budget={}", "clients.web.users=100000"];
    let found = amplification(1.0, &with);
    assert!((found / 3.425 - 1.0).abs() < 0.01, "{found}");
}

/// gRPC: ten tokens, 0.1 per success. Once half of them are gone, one failure in eleven attempts
/// keeps the balance, so retries go on only below that: none at p = 0.5 or 1 but those of the start.
#[test]
fn grpc_throttling_switches_retries_off() {
    let with = ["clients.web.retries.grpc-throttling={ scope = \"population\" }"];
    assert!((amplification(0.05, &with) / 1.0526 - 1.0).abs() < 0.01);
    for p in [0.5, 1.0] {
        assert!(amplification(p, &with) < 1.001, "{p}");
    }
}

/// SRE book, ch. 22: 10,000/s can be served, 10,100/s are offered, and what is rejected is tried again
/// after a second, for ever: attempts grow by 100 every second. The queue takes the first two.
#[test]
fn unlimited_retries_of_a_slight_overload_grow_by_its_excess_every_second() {
    let (log, _) = run(setup(&[
        "duration=31s",
        "window=1s",
        "balancer.algorithm=first",
        "backends.good.workers=1",
        "backends.good.queue=2",
        "backends.good.service=100us",
        "clients.web.rate=10100/s",
        "clients.web.retries.max=1000",
        "clients.web.retries.base=1s",
    ]));
    let per_second: Vec<u64> = log.attempts.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
    for (second, &attempts) in (1..).zip(&per_second[..29]) {
        let expected = 10_100 + 100 * second;
        assert!(attempts.abs_diff(expected) <= 3, "second {second}: {attempts}, not {expected}");
    }
}

/// "What is backoff for?" (Brooker 2022). Open loop, 150/s where 100/s can be served: attempts a with
/// a = 150 (1 + q + q^2 + q^3), q = 1 - 100/a, whenever they come: longer waits change nothing. Sixty users
/// who wait for their answers come less often if they wait longer.
#[test]
fn backoff_helps_where_clients_are_few_and_wait() {
    let closed = BASE.replace(
        "users = 100\narrivals = \"constant\"\nrate = \"1000/s\"\n",
        "users = 60\narrivals = \"closed\"\nthink = { exponential = { mean = \"100ms\" } }\n",
    );
    let open = BASE.replace(
        "arrivals = \"constant\"\nrate = \"1000/s\"",
        "arrivals = \"poisson\"\nrate = \"150/s\"",
    );
    let amplification = |text: &str, waits: &str| {
        let (_, world) = run(setup_of(
            text,
            &[
                "duration=200s",
                "balancer.algorithm=first",
                "backends.good.workers=1",
                "backends.good.queue=5",
                "backends.good.service=10ms",
                waits,
            ],
        ));
        let counts = world.counts();
        counts.attempts as f64 / counts.finished.iter().sum::<u64>() as f64
    };
    let short = "clients.web.retries={ max = 3, base = \"200ms\", jitter = \"spread\", backoff = \"fixed\" }";
    let long = "clients.web.retries={ max = 3, base = \"1s\" }";
    let (a, b) = (amplification(&open, short), amplification(&open, long));
    assert!((a / b - 1.0).abs() < 0.02, "open loop: {a} and {b}");
    let (a, b) = (amplification(&closed, short), amplification(&closed, long));
    assert!(b < 0.8 * a, "closed loop: {a} and {b}");
}

/// Everything fails from 20 s to 50 s, a millisecond after it was sent; one attempt a millisecond. The
/// fifth failure, of what was sent at 20.004 s, opens the breaker; the probes at 25.005, 30.006, ...,
/// 45.009 s fail, that at 50.010 s succeeds.
#[test]
fn a_breaker_spares_a_dead_backend() {
    let all = failing(1.0);
    let (log, world) = run(setup(&[
        &all[0],
        &all[1],
        "clients.web.retries.max=0",
        "timeline.fails.at=20s",
        "timeline.fails.for=30s",
        "clients.web.breaker={ consecutive = 5, open-for = \"5s\", scope = \"population\" }",
    ]));
    let ended =
        |outcome| log.ended.iter().filter(|(_, r)| r.outcome == outcome).collect::<Vec<_>>();
    let failed: Vec<f64> = ended(Outcome::Http500).iter().map(|(_, r)| seconds(r.born)).collect();
    let expected = [20.0, 20.001, 20.002, 20.003, 20.004, 25.005, 30.006, 35.007, 40.008, 45.009];
    assert_eq!(failed, expected);
    let unsent = ended(Outcome::BreakerOpen);
    // One a millisecond from 20.005 to 50.010 s, less six probes.
    assert_eq!(unsent.len(), 30_000);
    assert!(unsent.iter().all(|(now, r)| *now == r.born && r.attempts == 0));
    let counts = world.counts();
    assert_eq!(counts.attempts, counts.requests - 30_000);
}

/// One user who asks ten times a second while everything fails from 20 s to 50 s, gives up after three
/// failures, and stays away for 7 s: gone at 20.201 s, back at 27.201 s, five times over.
fn fickle(at_once: bool) -> (Log, World) {
    let all = failing(1.0);
    let patience = format!("clients.web.patience={{ away = \"7s\", at-once = {at_once} }}");
    run(setup(&[
        &all[0],
        &all[1],
        "clients.web.users=1",
        "clients.web.rate=10/s",
        "clients.web.retries.max=0",
        "timeline.fails.at=20s",
        "timeline.fails.for=30s",
        &patience,
    ]))
}

#[test]
fn what_an_absent_user_would_have_asked_for_is_withheld() {
    for at_once in [false, true] {
        let (log, world) = fickle(at_once);
        let counts = world.counts();
        let count = |outcome: Outcome| counts.finished[outcome.index()];
        assert_eq!((count(Outcome::Withheld), count(Outcome::Http500)), (350, 15));
        // The demand stays as it is, and who is back asks once more.
        let again = if at_once { 5 } else { 0 };
        assert_eq!((counts.requests, counts.attempts), (999 + again, 649 + again));
        let odd: Vec<f64> = log
            .born
            .iter()
            .map(|&(at, _)| seconds(at))
            .filter(|at| (at * 10.0).fract() > 1e-6 && (at * 10.0).fract() < 0.5)
            .collect();
        let back = [27.201, 34.401, 41.601, 48.801, 56.001];
        assert_eq!(odd, &back[..again as usize]);
    }
}

/// Everybody fails once within the first second of an outage of 20 s, and stays away for 30 s: nobody asks
/// before 50 s, and all of them are back within the second after, each with the request that failed
/// besides its usual ones.
#[test]
fn those_who_left_together_come_back_together() {
    let all = failing(1.0);
    let (log, world) = run(setup(&[
        &all[0],
        &all[1],
        "clients.web.retries.max=0",
        "timeline.fails.at=20s",
        "timeline.fails.for=20s",
        "clients.web.patience={ failures = 1, away = \"30s\" }",
    ]));
    let sent = |from: f64, to: f64| {
        let ended = log.ended.iter().map(|(_, request)| request);
        let sent = ended.filter(|request| request.outcome != Outcome::Withheld);
        sent.filter(|request| (from..to).contains(&seconds(request.born))).count()
    };
    assert_eq!(sent(19.0, 20.0), 1_000);
    // One request of each of the hundred fails; a few ask again before they know.
    let left = sent(20.0, 21.0);
    assert!((100..=103).contains(&left), "{left}");
    assert_eq!(sent(21.0, 50.0), 0);
    assert_eq!(world.counts().requests, 99_999 + 100, "each is back once");
    let born = |from: f64, to: f64| {
        log.born.iter().filter(|&&(at, _)| (from..to).contains(&seconds(at))).count()
    };
    assert_eq!(born(49.0, 50.0005), 1_001);
    assert_eq!(born(50.0005, 51.0015), 1_001 + 100);
}

/// One who thinks for a second, asks at 1, 2.001 and 3.002 s, is away for 7 s from 3.003 s on instead of
/// thinking, and thinks first on return if nothing is asked at once.
#[test]
fn a_user_of_a_closed_loop_is_away_instead_of_thinking() {
    let all = failing(1.0);
    for (at_once, expected) in [
        (true, [1.0, 2.001, 3.002, 10.003, 11.004, 12.005, 19.006]),
        (false, [1.0, 2.001, 3.002, 11.003, 12.004, 13.005, 21.006]),
    ] {
        let text = BASE.replace(
            "arrivals = \"constant\"\nrate = \"1000/s\"\n",
            "arrivals = \"closed\"\nthink = \"1s\"\n",
        );
        let patience = format!("clients.web.patience={{ away = \"7s\", at-once = {at_once} }}");
        let overrides = [
            &all[0],
            &all[1],
            "clients.web.users=1",
            "clients.web.retries.max=0",
            "duration=22s",
            &*patience,
        ];
        let (log, world) = run(setup_of(&text, &overrides));
        let born: Vec<f64> = log.born.iter().map(|&(at, _)| seconds(at)).collect();
        assert_eq!(born[..7], expected);
        assert_eq!(world.counts().finished[Outcome::Withheld.index()], 0);
    }
}

/// One session of four requests with a second between them, begun at 60 s. The second request, at 61.001 s,
/// is too much, and a user who is back after 7 s takes the session up again with it, or does not.
#[test]
fn a_session_ends_when_its_user_leaves() {
    let all = failing(1.0);
    let text = BASE.replace("rate = \"1000/s\"\n", "rate = \"1/m\"\nsession = SESSION\n");
    let text = text.replace("SESSION", "{ mean = 4, law = \"constant\", think = \"1s\" }");
    for (at_once, expected) in
        [(true, &[60.0, 61.001, 68.002, 69.003, 70.004][..]), (false, &[60.0, 61.001])]
    {
        let patience =
            format!("clients.web.patience={{ failures = 1, away = \"7s\", at-once = {at_once} }}");
        let (log, _) = run(setup_of(
            &text,
            &[
                &all[0],
                &all[1],
                "clients.web.users=1",
                "clients.web.retries.max=0",
                "timeline.fails.at=61s",
                "timeline.fails.for=2s",
                &patience,
            ],
        ));
        let born: Vec<f64> = log.born.iter().map(|&(at, _)| seconds(at)).collect();
        assert_eq!(born, expected);
    }
}

/// Each feature repeats itself, changes what happens, and leaves the demand as it is: who asks, and when.
#[test]
fn policies_repeat_themselves_and_leave_the_demand_alone() {
    let small = ["duration=20s", "clients.web.arrivals=poisson"];
    let (base, plain) = run(setup(&small));
    for policy in [
        "retries={ max = 3, base = \"10ms\", jitter = \"decorrelated\" }",
        "retries.ratio-budget={ scope = \"population\" }",
        "retries.token-budget={}",
        "retries.grpc-throttling={}",
        "breaker={ consecutive = 3 }",
        "breaker={ failure-ratio = \"30%\", scope = \"population\" }",
        "throttle={ k = 1.1, rejects = [\"http_500\"] }",
        "patience={ failures = 1, away = { exponential = { mean = \"3s\" } }, at-once = false }",
        "patience={ failures = 1, away = { exponential = { mean = \"3s\" } } }",
    ] {
        let policy = format!("clients.web.{policy}");
        let (log, world) = run(setup(&[&small[..], &[&policy]].concat()));
        let (_, again) = run(setup(&[&small[..], &[&policy]].concat()));
        assert_eq!(world.digest(), again.digest(), "{policy}");
        assert_ne!(world.digest(), plain.digest(), "{policy}");
        if policy.contains("patience") && !policy.contains("at-once") {
            // Those who are back ask besides; nobody else is missing.
            let mut asked = log.born.iter();
            assert!(base.born.iter().all(|birth| asked.any(|other| other == birth)), "{policy}");
            assert!(log.born.len() > base.born.len());
        } else {
            assert_eq!(log.born, base.born, "{policy}");
        }
    }
}

/// What is not sent is no attempt, but a failed request of its user.
#[test]
fn what_is_not_sent_counts_as_failed() {
    let policy = Override::parse(
        "clients.web.throttle={ k = 1, rejects = [\"http_500\"], scope = \"population\" }",
    )
    .unwrap();
    let once = Override::parse("clients.web.retries.max=0").unwrap();
    let scenario = load(&Source::from_text("clients.toml", BASE), &[policy, once]).unwrap();
    let totals = misroute::experiment::run::run(&scenario, 1, |_| {}).result.figures.totals;
    let of = |name: &str| totals.outcomes[name];
    let throttled = of("throttled");
    assert!(throttled > 1_000);
    assert_eq!(totals.failed, throttled + of("http_500"));
    assert_eq!(totals.attempts + throttled, totals.requests - totals.in_flight);
}
