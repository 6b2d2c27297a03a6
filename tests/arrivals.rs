//! When requests are born and what they ask for: against closed forms, at their limits, and what is said
//! about files that cannot be right.

use insta::assert_snapshot;
use misroute::engine::random::Seed;
use misroute::engine::time::{Span, Time};
use misroute::model::probe::{FinishedRequest, Probe};
use misroute::model::run::simulate;
use misroute::model::setup::PopulationId;
use misroute::scenario::{Override, Scenario, Source, load};
use std::f64::consts::TAU;
use std::sync::Arc;

/// 100 requests a second to a backend that nobody waits for.
const WIDE: &str = r#"schema = 1
name = "wide"
duration = "1000s"
[[clients]]
name = "web"
rate = "100/s"
[[backends]]
name = "a"
workers = 10000
service = "1ms"
"#;

const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/arrivals");

/// Births with their users, and how long each answer took, by birth.
#[derive(Default)]
struct Log {
    born: Vec<(Time, u32)>,
    latencies: Vec<(Time, Span)>,
}

impl Probe for Log {
    fn request_born(&mut self, now: Time, _: PopulationId, user: u32) {
        self.born.push((now, user));
    }

    fn request_finished(&mut self, now: Time, request: &FinishedRequest) {
        self.latencies.push((request.born, now.since(request.born)));
    }
}

impl Log {
    fn times(&self) -> impl Iterator<Item = f64> + '_ {
        self.born.iter().map(|(at, _)| at.as_secs_f64())
    }

    /// Requests born in each of so many windows of this length.
    fn counts(&self, window: f64, windows: usize) -> Vec<f64> {
        let mut counts = vec![0.0; windows];
        for at in self.times() {
            let window = (at / window) as usize;
            if window < windows {
                counts[window] += 1.0;
            }
        }
        counts
    }

    /// Mean time of those born from `from` on, in seconds.
    fn mean_response(&self, from: f64) -> f64 {
        let late = self.latencies.iter().filter(|(born, _)| born.as_secs_f64() >= from);
        let (sum, count) = late.fold((0.0, 0.0), |(s, n), (_, t)| (s + t.as_secs_f64(), n + 1.0));
        sum / count
    }
}

fn with(text: &str, sets: &[&str]) -> Scenario {
    let overrides: Vec<Override> = sets.iter().map(|set| Override::parse(set).unwrap()).collect();
    let source = Source::from_text("wide.toml", text).in_folder(FILES);
    load(&source, &overrides).unwrap_or_else(|wrong| panic!("{sets:?}\n{wrong}"))
}

fn run(sets: &[&str], replication: u32) -> Log {
    let mut log = Log::default();
    let setup = Arc::new(with(WIDE, sets).setup);
    simulate(&setup, Seed { value: 4, replication }, &mut log);
    log
}

/// The mean of a figure over twenty replications is the expected one: the latter is within the 99.9% interval
/// of Student's t, which is narrower than a share `limit` of it.
fn assert_mean(figures: &[f64], expected: f64, limit: f64) {
    let k = figures.len() as f64;
    assert_eq!(figures.len(), 20);
    let mean = figures.iter().sum::<f64>() / k;
    let squares: f64 = figures.iter().map(|f| (f - mean) * (f - mean)).sum();
    // t(0.9995; 19) = 3.883.
    let half = 3.883 * (squares / (k - 1.0) / k).sqrt();
    assert!(half < limit * expected, "half width {half} of {expected}");
    assert!((mean - expected).abs() <= half, "{mean} is not {expected} +- {half}");
}

fn twenty(figure: impl Fn(u32) -> f64) -> Vec<f64> {
    (0..20).map(figure).collect()
}

/// Counts of independent Poisson variables with these means: chi-square with so many degrees of freedom, by
/// Wilson and Hilferty's approximation of its 99.9% point.
fn assert_poisson(counts: &[f64], means: &[f64]) {
    let n = counts.len() as f64;
    let parts =
        counts.iter().zip(means).map(|(count, mean)| (count - mean) * (count - mean) / mean);
    let found: f64 = parts.sum();
    let root = 1.0 - 2.0 / (9.0 * n) + 3.09 * (2.0 / (9.0 * n)).sqrt();
    let limit = n * root * root * root;
    assert!(found < limit, "chi-square {found}, at most {limit}\n{counts:?}\n{means:?}");
}

/// 100 (1 + 0.6 cos(2 pi (t - 100) / 300)) a second.
#[test]
fn counts_along_a_sine_are_poisson_with_the_integral() {
    let sine =
        "clients.web.profile={shape=\"sine\", low=0.4, high=1.6, peak=\"100s\", period=\"300s\"}";
    let log = run(&[sine], 0);
    let integral = |t: f64| 100.0 * t + 60.0 * 300.0 / TAU * libm::sin(TAU * (t - 100.0) / 300.0);
    let means: Vec<f64> = (0..50)
        .map(|n| integral(20.0 * f64::from(n) + 20.0) - integral(20.0 * f64::from(n)))
        .collect();
    assert_poisson(&log.counts(20.0, 50), &means);
}

/// A line from 0.2 to 2 and back each 100 s, a surge of 3 from 405 s to 425 s, and a crowd of 4 that comes from 610 s
/// to 630 s and is gone at 690 s.
#[test]
fn counts_along_lines_surges_and_crowds_are_poisson_with_the_integral() {
    let factor = |t: f64| {
        let within = t % 100.0;
        let line = if within < 50.0 { 0.2 + 0.036 * within } else { 2.0 - 0.036 * (within - 50.0) };
        let surge = if (405.0..425.0).contains(&t) { 3.0 } else { 1.0 };
        let crowd = match t {
            610.0..630.0 => 1.0 + 3.0 * (t - 610.0) / 20.0,
            630.0..650.0 => 4.0,
            650.0..690.0 => 4.0 - 3.0 * (t - 650.0) / 40.0,
            _ => 1.0,
        };
        100.0 * line * surge * crowd
    };
    // The midpoint rule in steps of 10 ms: its error is far below one request.
    let integral = |from: f64| {
        (0..1000).map(|n| 0.01 * factor(from + 0.01 * f64::from(n) + 0.005)).sum::<f64>()
    };
    let means: Vec<f64> = (0..100).map(|n| integral(10.0 * f64::from(n))).collect();
    let sets = [
        "clients.web.profile={at=[\"0s\", \"50s\"], factors=[0.2, 2], repeat=\"100s\"}",
        "timeline.surge={at=\"405s\", do=\"surge\", factor=3, for=\"20s\"}",
        "timeline.crowd={at=\"610s\", do=\"flash-crowd\", factor=4, rise=\"20s\", hold=\"20s\", decay=\"40s\"}",
    ];
    for replication in 0..5 {
        assert_poisson(&run(&sets, replication).counts(10.0, 100), &means);
    }
}

/// Rates of a file, in requests a second: 30 to 70 in 45 s, then to 20 at 90 s.
#[test]
fn a_recorded_rate_is_the_rate() {
    let text = WIDE.replace("rate = \"100/s\"", "profile = { file = \"rates.csv\" }");
    let mut log = Log::default();
    let setup = with(&text, &["load=200%", "duration=200s"]).setup;
    simulate(&Arc::new(setup), Seed::new(1), &mut log);
    let means = [2.0 * 50.0 * 45.0, 2.0 * 45.0 * 45.0, 2.0 * 20.0 * 45.0, 2.0 * 20.0 * 45.0];
    assert_poisson(&log.counts(45.0, 4), &means);
}

/// The index of dispersion of counts over windows of t of a two-state MMPP with rates l1, l2, left at rates r1, r2
/// (Heffes & Lucantoni, IEEE JSAC 1986): 1 + 2 (l1-l2)^2 r1 r2 / ((r1+r2)^2 (l1 r2 + l2 r1))
/// (1 - (1 - exp(-(r1+r2) t)) / ((r1+r2) t)).
#[test]
fn bursts_disperse_counts_as_the_mmpp_does() {
    let burst = "clients.web.burst={factor=5, length=\"500ms\", every=\"5s\"}";
    let sets = ["clients.web.arrivals=bursty", "clients.web.rate=40/s", burst];
    let (quiet, high) = (40.0 * (1.0 - 0.1 * 5.0) / 0.9, 200.0);
    let (leaves_quiet, leaves_high) = (1.0 / 4.5, 1.0 / 0.5);
    let speed: f64 = leaves_quiet + leaves_high;
    let (window, windows) = (1.0, 1000);
    let limit = 2.0 * (high - quiet) * (high - quiet) * leaves_quiet * leaves_high
        / (speed * speed * (quiet * leaves_high + high * leaves_quiet));
    let expected = 1.0 + limit * (1.0 - (1.0 - libm::exp(-speed * window)) / (speed * window));
    let logs: Vec<Vec<f64>> =
        (0..20).map(|replication| run(&sets, replication).counts(window, windows)).collect();
    let n = windows as f64;
    let means: Vec<f64> = logs.iter().map(|counts| counts.iter().sum::<f64>() / n).collect();
    assert_mean(&means, 40.0, 0.05);
    // About the known mean: the estimate has no bias.
    let dispersion = |counts: &Vec<f64>| {
        counts.iter().map(|count| (count - 40.0) * (count - 40.0)).sum::<f64>() / n / 40.0
    };
    let found: Vec<f64> = logs.iter().map(dispersion).collect();
    assert_mean(&found, expected, 0.15);
}

/// M^[X]/M/1: the mean number in the system is rho (1 + E[X^2]/E[X]) / (2 (1 - rho)) (Gross & Harris,
/// "Fundamentals of Queueing Theory", section 3.1), at half load and batches of four on average.
#[test]
fn batches_wait_as_in_the_batch_queue() {
    // E[X^2]/E[X] is 2 mean - 1 of a geometric law, and the mean of a constant.
    for (law, ratio) in [("geometric", 7.0), ("constant", 4.0)] {
        let batch = format!("clients.web.batch={{mean=4, law=\"{law}\"}}");
        let sets = [
            "clients.web.arrivals=batches",
            &*batch,
            "clients.web.rate=50/s",
            "backends.a.workers=1",
            "backends.a.service={exponential={mean=\"10ms\"}}",
        ];
        let expected = 0.5 * (1.0 + ratio) / (2.0 * 0.5) / 50.0;
        let found = twenty(|replication| run(&sets, replication).mean_response(50.0));
        assert_mean(&found, expected, 0.03);
    }
}

/// Ten sessions that never end are a closed loop of ten users: mean value analysis of M/M/1 with exponential
/// thoughts (Reiser & Lavenberg, JACM 1980).
#[test]
fn sessions_that_never_end_are_a_closed_loop() {
    let (think, service) = (1.0, 0.1);
    let (mut queue, mut response) = (0.0, 0.0);
    for users in 1..=10 {
        response = service * (1.0 + queue);
        queue = f64::from(users) * response / (think + response);
    }
    let sets = [
        "clients.web.arrivals=constant",
        "clients.web.rate=10/s",
        // Ten in the first second, the last of them at its very end.
        "clients.web.profile={shape=\"steps\", at=[\"0s\", \"1001ms\"], factors=[1, 0]}",
        "clients.web.session={law=\"constant\", mean=1000000, think={exponential={mean=\"1s\"}}}",
        "backends.a.workers=1",
        "backends.a.service={exponential={mean=\"100ms\"}}",
        "duration=3000s",
    ];
    let found = twenty(|replication| run(&sets, replication).mean_response(50.0));
    assert_mean(&found, response, 0.02);
    let users = |log: &Log| {
        let mut users: Vec<u32> = log.born.iter().map(|&(_, user)| user).collect();
        users.sort_unstable();
        users.dedup();
        users.len()
    };
    assert!(users(&run(&sets, 0)) <= 10);
}

/// Sessions come at the rate; requests at the rate times their mean number, however long the thoughts are.
#[test]
fn the_rate_counts_sessions() {
    let sets = [
        "clients.web.rate=10/s",
        "clients.web.session={mean=5, think={exponential={mean=\"2s\"}}}",
        "duration=2000s",
    ];
    let per_second = |replication| {
        let late = |at: &f64| *at >= 100.0;
        run(&sets, replication).times().filter(late).count() as f64 / 1900.0
    };
    assert_mean(&twenty(per_second), 50.0, 0.02);
}

/// The file's times, users and demands, read here in another way.
#[test]
fn a_trace_is_replayed_as_it_was_recorded() {
    let rows: Vec<Vec<String>> = std::fs::read_to_string(format!("{FILES}/trace.csv"))
        .unwrap()
        .lines()
        .skip(2)
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect();
    let text = WIDE.replace(
        "rate = \"100/s\"",
        "arrivals = \"trace\"\ntrace = { file = \"trace.csv\" }\n\
         classes = [{ name = \"page\" }, { name = \"report\", work = 10 }]",
    );
    let mut log = Log::default();
    simulate(&Arc::new(with(&text, &[]).setup), Seed::new(9), &mut log);
    let times: Vec<u64> = log.born.iter().map(|(at, _)| at.as_ns() / 1_000_000).collect();
    let milliseconds = |row: &Vec<String>| (row[0].parse::<f64>().unwrap() * 1e3).round() as u64;
    assert_eq!(times, rows.iter().map(milliseconds).collect::<Vec<_>>());
    // Users are numbered as they first appear.
    let mut names: Vec<&str> = Vec::new();
    for (row, &(_, user)) in rows.iter().zip(&log.born) {
        if !names.contains(&&*row[1]) {
            names.push(&row[1]);
        }
        assert_eq!(names[user as usize], row[1]);
    }
    // A millisecond, times the demand, times ten for a report.
    let work: f64 = rows
        .iter()
        .map(|row| row[4].parse::<f64>().unwrap() * if row[3] == "report" { 10.0 } else { 1.0 })
        .sum();
    let found: f64 = log.latencies.iter().map(|(_, time)| time.as_ms_f64()).sum();
    assert!((found - work).abs() < 1e-6, "{found} {work}");
}

/// What requests ask for and how the system does changes nothing in when they are born and whose they are.
#[test]
fn what_requests_ask_for_does_not_change_when_they_come() {
    let kinds: [&[&str]; 6] = [
        &[],
        &["clients.web.arrivals=jittered"],
        &["clients.web.arrivals=bursty"],
        &["clients.web.arrivals=batches"],
        &["clients.web.profile={shape=\"sine\", period=\"30s\"}"],
        &["timeline.crowd={at=\"20s\", do=\"flash-crowd\", factor=3}"],
    ];
    for kind in kinds {
        let short = [&["duration=60s"], kind].concat();
        let plain = run(&short, 0).born;
        assert!(plain.len() > 4_000, "{kind:?}");
        let classes = "clients.web.classes.a={work=20, priority=3}";
        for other in
            [classes, "clients.web.keys={count=9}", "backends.a.workers=1", "balancer.instances=3"]
        {
            let changed = [&short[..], &[other]].concat();
            assert_eq!(run(&changed, 0).born, plain, "{kind:?} {other}");
        }
    }
}

/// The fingerprint of a scenario is that of its files as well, not of their names alone.
#[test]
fn a_scenarios_fingerprint_has_its_files_in_it() {
    let folder = std::env::temp_dir().join(format!("misroute-arrivals-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let text = WIDE.replace("rate = \"100/s\"", "rate = \"100/s\"\nprofile = { file = \"p.csv\" }");
    let read = |factor: &str| {
        std::fs::write(folder.join("p.csv"), format!("time,factor\n0,{factor}\n")).unwrap();
        load(&Source::from_text("s.toml", &*text).in_folder(&folder), &[]).unwrap()
    };
    let (one, two) = (read("1"), read("2"));
    assert_ne!(one.digest, two.digest);
    // A scenario that is changed keeps to what was read for it.
    let with = one.with(&[Override::parse("load=100%").unwrap()]).unwrap();
    assert_eq!(with.setup.populations[0].profile, one.setup.populations[0].profile);
    let _ = std::fs::remove_dir_all(&folder);
}

/// What is said about clients with these lines in place of their rate.
fn said(lines: &str) -> String {
    let text = WIDE.replace("rate = \"100/s\"", lines);
    match load(&Source::from_text("s.toml", text).in_folder(FILES), &[]) {
        Ok(_) => format!("sound: {lines}"),
        Err(wrong) => wrong.render(false).replace(FILES, "FILES"),
    }
}

#[test]
fn arrivals_that_cannot_be() {
    let each = |lines: &str| said(lines);
    assert_snapshot!(
        [
            each("arrivals = \"burst\"\nrate = \"1/s\""),
            each("rate = \"1/s\"\nspread = \"20%\"\nbatch = { mean = 2 }"),
            each("arrivals = \"bursty\"\nrate = \"1/s\"\nburst = { factor = 11 }"),
            each("arrivals = \"bursty\"\nrate = \"1/s\"\nburst = { length = \"20s\" }"),
            each(
                "arrivals = \"batches\"\nrate = \"1/s\"\nbatch = { law = \"constant\", mean = 2.5 }"
            ),
            each("arrivals = \"closed\"\nthink = \"1s\"\nsession = { mean = 2, think = \"1s\" }"),
            each("rate = \"1/s\"\nsession = { mean = 0.5 }"),
            each("rate = \"1/s\"\nclasses = [{ name = \"a\" }, { name = \"a\", share = 0 }]"),
            each("rate = \"1/s\"\nclasses = [{ name = \"a\", share = 0 }]"),
        ]
        .join("\n")
    );
}

#[test]
fn profiles_that_cannot_be() {
    let each = |profile: &str| said(&format!("rate = \"1/s\"\nprofile = {{ {profile} }}"));
    assert_snapshot!(
        [
            each(""),
            each("at = [\"0s\", \"10s\"], factors = [1]"),
            each("at = [\"10s\", \"10s\"], factors = [1, -1]"),
            each("at = [\"0s\", \"10s\"], factors = [1, 2], repeat = \"5s\""),
            each("at = [\"0s\"], factors = [1], file = \"factors.csv\", low = \"10%\""),
            each("shape = \"sine\", low = \"200%\", repeat = \"1h\""),
            each("shape = \"sine\", peak = \"14:00\""),
            each("file = \"rates.csv\""),
            each("file = \"keys.csv\""),
            each("file = \"nothing.csv\""),
        ]
        .join("\n")
    );
}

#[test]
fn a_scenario_without_a_folder_has_no_files() {
    let text =
        WIDE.replace("rate = \"100/s\"", "arrivals = \"trace\"\ntrace = { file = \"t.csv\" }");
    let wrong = load(&Source::from_text("standard input", text), &[]).unwrap_err();
    assert_snapshot!(wrong.render(false));
}

/// Rows that no trace can have, in a file of their own.
#[test]
fn traces_that_cannot_be() {
    let folder = std::env::temp_dir().join(format!("misroute-traces-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let text = WIDE.replace(
        "rate = \"100/s\"",
        "arrivals = \"trace\"\ntrace = { file = \"t.csv\" }\nclasses = [{ name = \"page\" }]",
    );
    let said = |rows: &str| {
        std::fs::write(folder.join("t.csv"), rows).unwrap();
        match load(&Source::from_text("s.toml", &*text).in_folder(&folder), &[]) {
            Ok(_) => "sound".to_owned(),
            Err(wrong) => wrong.render(false).replace(&*folder.to_string_lossy(), "FOLDER"),
        }
    };
    let all = [
        said(""),
        said("time\n"),
        said("tme,user\n1,a\n"),
        said(
            "time,class,demand\n1,page,1\n0.5,page,1\n2,pge,1\n3,page,0\n-4,page,x\n14:05,page,1\n",
        ),
        said("time,user\n1,a\n2\n3,\n"),
    ];
    let _ = std::fs::remove_dir_all(&folder);
    assert_snapshot!(all.join("\n"));
}
