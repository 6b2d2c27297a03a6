//! What is said about wrong scenario files: where, why, and what to do about it.

use insta::assert_snapshot;
use misroute::scenario::{Override, Source, load};
use proptest::prelude::*;

use crate::scenario_meaning::VALID;

/// A sound file, small enough to be read beside its mistakes.
const SMALL: &str = r#"schema = 1
name = "small"
duration = "10m"

[[clients]]
name = "web"
rate = "10/s"

[[backends]]
name = "api-{1..2}"
service = "80ms"
"#;

/// What is said about a text.
fn said(text: &str) -> String {
    match load(&Source::from_text("s.toml", text), &[]) {
        Ok(_) => "sound".to_owned(),
        Err(diagnostics) => diagnostics.render(false),
    }
}

/// What is said about the small file with `after` at its end.
fn with(after: &str) -> String {
    said(&format!("{SMALL}{after}"))
}

/// What is said about the small file with some text replaced.
fn instead(old: &str, new: &str) -> String {
    assert!(SMALL.contains(old), "{old}");
    said(&SMALL.replacen(old, new, 1))
}

/// What is said about the small file with an entry in its timeline.
fn entry(lines: &str) -> String {
    with(&format!("[[timeline]]\nname = \"entry\"\n{lines}\n"))
}

/// What is said about overrides of the small file.
fn set(overrides: &[&str]) -> String {
    let overrides: Result<Vec<Override>, _> =
        overrides.iter().map(|text| Override::parse(text)).collect();
    let scenario = overrides.and_then(|all| load(&Source::from_text("s.toml", SMALL), &all));
    scenario.map_or_else(|diagnostics| diagnostics.render(false), |_| "sound".to_owned())
}

#[test]
fn unknown_keys_and_tables_name_the_nearest() {
    assert_snapshot!(
        [
            instead("rate = ", "retrys = { max = 2 }\nrate = "),
            with("[balncer]\nalgorithm = \"random\"\n"),
            entry("at = \"1m\"\ndo = \"crash\"\ntargets = \"all\"\nfactor = 2"),
        ]
        .join("\n")
    );
}

#[test]
fn quantities_need_the_right_unit() {
    assert_snapshot!(
        [
            instead("80ms", "80 ms"),
            instead("\"80ms\"", "80"),
            instead("10m", "10 minutes"),
            instead("10m", "600"),
            instead("10/s", "10"),
            instead("10/s", "-10/s"),
            instead("duration", "load = \"80 %\"\nduration"),
            with("[[expect]]\nname = \"e\"\nmetric = \"users.unable_ratio\"\nwithin = [65, 75]\n"),
        ]
        .join("\n")
    );
}

#[test]
fn several_mistakes_are_reported_at_once() {
    assert_snapshot!(said(
        r#"schema = 2
name = "All Wrong"
duration = 10

[[clients]]
nam = "web"
rate = 450/s
retries = { max = -1, jitter = "ful" }

[balancer]
algorithm = "ringhash"

[[backends]]
name = "api"
service = { lognormale = { mean = "80ms" } }
weight = 20000
"#
    ));
}

#[test]
fn syntax_errors_are_shown_together() {
    assert_snapshot!(said("schema = 1\nname = \"x\nduration =\n[[clients]\nname = 1 2\n"));
}

#[test]
fn an_empty_file_says_what_it_needs() {
    assert_snapshot!(said(""));
}

#[test]
fn what_an_action_names_must_exist() {
    assert_snapshot!(
        [
            entry("at = \"1m\"\ndo = \"crsh\"\ntargets = \"all\""),
            entry("at = \"1m\"\ndo = \"crash\"\ntargets = [\"api-1\", \"api-3\"]"),
            entry("at = \"1m\"\ndo = \"crash\"\ntargets = \"db-*\""),
            entry("at = \"1m\"\ndo = \"slow\"\ntargets = \"database\"\nfactor = 2"),
            entry("at = \"1m\"\ndo = \"rollback\"\nof = \"the change\""),
            entry("on-alert = \"latency\"\ndo = \"restart\"\ntargets = \"all\""),
            entry("at = \"1m\"\ndo = \"surge\"\nclients = \"wbe\"\nfactor = 2"),
        ]
        .join("\n")
    );
}

#[test]
fn a_configuration_reaches_only_what_balancers_know() {
    assert_snapshot!([
        entry("at = \"1m\"\ndo = \"configure\"\nset = { \"backends.api-1.workers\" = 2, \"balancer.instances\" = 2 }"),
        entry("at = \"1m\"\ndo = \"configure\"\nset = { \"backends.api-7.weight\" = 2 }"),
        entry("at = \"1m\"\ndo = \"configure\"\nset = { \"backends.*.weight\" = \"2\" }\nrollout = { delays = [\"1s\", \"2s\"] }"),
    ]
    .join("\n"));
}

#[test]
fn names_may_not_overlap() {
    assert_snapshot!(
        [
            with("[[backends]]\nname = \"api-2\"\nservice = \"1ms\"\n"),
            with("[[backends]]\nname = \"{db,api}-{2..3}\"\nservice = \"1ms\"\n"),
            with("[[backends]]\nname = \"api-{3..\"\nservice = \"1ms\"\n"),
            with("[[backends]]\nname = \"all\"\nservice = \"1ms\"\n"),
        ]
        .join("\n")
    );
}

#[test]
fn times_must_be_in_order_within_the_run_and_on_its_clock() {
    let note = |name: &str, at: &str| {
        format!("[[timeline]]\nname = \"{name}\"\nat = \"{at}\"\ndo = \"note\"\n")
    };
    let started = SMALL.replace("duration", "start = 2024-08-10T13:50:00Z\nduration");
    assert_snapshot!(
        [
            with(&[note("later", "2m"), note("earlier", "1m")].concat()),
            with(&note("late", "20m")),
            with(&note("at the end", "10m")),
            with(&note("clock", "14:05")),
            said(&format!("{started}{}", note("early", "13:45"))),
            entry("do = \"note\""),
            entry("at = \"1m\"\non-alert = \"x\"\ndo = \"note\""),
        ]
        .join("\n")
    );
}

#[test]
fn a_closed_loop_has_users_who_think_and_no_rate() {
    let surge = "[[timeline]]\nname = \"s\"\nat = \"1m\"\ndo = \"surge\"\nfactor = 2\n";
    let closed_file = &SMALL.replace("rate = \"10/s\"", "arrivals = \"closed\"\nthink = \"1s\"");
    let closed =
        |lines: &str| instead("rate = \"10/s\"", &format!("arrivals = \"closed\"\n{lines}"));
    assert_snapshot!(
        [
            closed("rate = \"10/s\""),
            closed("think = \"0s\""),
            instead("rate = \"10/s\"", ""),
            instead("rate", "think = \"1s\"\nrate"),
            instead("rate", "keys = { count = 0, address = \"localhost\" }\nrate"),
            said(&[closed_file, surge].concat()),
        ]
        .join("\n")
    );
}

#[test]
fn links_lead_somewhere_and_change_something() {
    let zoned = |lines: &str| said(&format!("{SMALL}zone = \"a\"\n{lines}"));
    let link = |lines: &str| zoned(&format!("[[link]]\nname = \"l\"\n{lines}\n"));
    let slow = |lines: &str| entry(&format!("at = \"1m\"\ndo = \"slow-link\"\n{lines}"));
    let cut = |lines: &str| entry(&format!("at = \"1m\"\ndo = \"partition\"\n{lines}"));
    assert_snapshot!(
        [
            zoned("[network]\nlatncy = \"5ms\"\nloss = 2\nround-trips = 0\n"),
            zoned("[network]\nbalancer-zones = [\"b\"]\n[balancer]\nzones = { local = [\"a\"] }\n"),
            zoned("[network]\nbalancer-zones = []\n"),
            link("between = [\"a\", \"aa\"]\nloss = \"1%\""),
            link("between = [\"a\"]\nloss = \"1%\""),
            link("between = [\"a\", \"a\"]"),
            link(
                "between = [\"a\", \"a\"]\nloss = \"1%\"\n[[link]]\nname = \"m\"\n\
                 between = [\"a\", \"a\"]\nlatency = \"1ms\""
            ),
            slow("targets = \"all\""),
            slow("latency = \"1ms\""),
            slow("latency = \"1ms\"\ntargets = \"all\"\nclients = \"web\""),
            slow("latency = \"1ms\"\ntargets = \"all\"\nbalancers = [1]"),
            slow("latency = \"1ms\"\ntargets = \"all\"\nbalancers = [0.5]"),
            slow("latency = \"1ms\"\nzones = [\"a\", \"b\"]\nbalancers = [0]"),
            cut("direction = \"sideways\"\ntargets = \"all\""),
            cut("for = \"1s\""),
            entry("at = \"1m\"\ndo = \"reconnect\""),
            entry("at = \"1m\"\ndo = \"reconnect\"\ntargets = \"all\"\nof = \"entry\""),
        ]
        .join("\n")
    );
}

#[test]
fn hedges_and_connections_want_what_belongs_together() {
    let client = |lines: &str| instead("rate", &format!("{lines}\nrate"));
    assert_snapshot!(
        [
            client("hedge = {}"),
            client("hedge = { after = \"0ms\", max = 0 }"),
            client("hedge = { after = \"50ms\", burst = 3 }"),
            client("connections = { wait = \"1s\", waiting = 3 }"),
            client("connections = { jitter = \"10%\", pins = \"member\" }"),
            client("total-timeout = \"0s\"\nconnect-timout = \"1s\""),
        ]
        .join("\n")
    );
}

#[test]
fn algorithms_and_their_parameters() {
    assert_snapshot!(
        [
            with("[balancer]\nalgorithm = \"ringhash\"\n"),
            with("[balancer]\nring-hash = { points = 0, pints = 3 }\nround-robin = {}\n"),
        ]
        .join("\n")
    );
}

#[test]
fn distributions() {
    assert_snapshot!(
        [
            instead("\"80ms\"", "{ lognormal = { men = \"80ms\" } }"),
            instead("\"80ms\"", "{ uniform = { low = \"80ms\", high = \"40\" } }"),
            instead(
                "\"80ms\"",
                "{ exponential = { mean = \"80ms\" }, constant = { value = \"1s\" } }"
            ),
            instead("\"80ms\"", "{ exponential = {} }"),
            instead("\"80ms\"", "{}"),
        ]
        .join("\n")
    );
}

#[test]
fn overload_conditions() {
    let overload = |condition: &str| {
        let new = format!(
            "80ms\"\nqueue = 10\noverload = {{ unresponsive-at = \"{condition}\", until = \"restart\" }}"
        );
        instead("80ms\"", &new)
    };
    assert_snapshot!(
        [
            overload("queue > 5"),
            overload("queue >= 11"),
            overload("queue >= 0"),
            overload("queue >= 95%")
        ]
        .join("\n")
    );
}

#[test]
fn alert_conditions_are_wrong_at_a_word() {
    let alert = |when: &str| with(&format!("[[alert]]\nname = \"a\"\nwhen = \"{when}\"\n"));
    assert_snapshot!(
        [
            alert("latencyp95 > 2s for 1m"),
            alert("latency.p95 > 2 for 1m"),
            alert("success_ratio >= 95%"),
            alert("success_ratio < 95 for 1m"),
            alert("share.api-9 > 50%"),
            alert("error_ratio > 5% during 1m"),
            alert("error_ratio"),
            alert("burn_rate > 14.4"),
        ]
        .join("\n")
    );
}

#[test]
fn expectations() {
    let expect = |lines: &str| with(&format!("[[expect]]\nname = \"e\"\n{lines}\n"));
    assert_snapshot!([
        expect("metric = \"users.unable\"\nat-most = \"1%\""),
        expect("metric = \"backends.api-9.share\"\nat-most = \"1%\""),
        expect("metric = \"users.unable_ratio\"\nbetween = [\"5m\", \"1m\"]\nwithin = [\"3%\", \"2%\"]"),
        expect("metric = \"latency.p99\"\nat-least = \"1s\"\nat-most = \"3s\""),
        expect("metric = \"latency.p99\""),
        expect("metric = \"recovery.verdict\"\nis = \"recoverd\""),
        expect("metric = \"recovery.at\"\nbetween = [\"1m\", \"2m\"]\nat-most = \"11m\""),
    ]
    .join("\n"));
}

#[test]
fn assumptions_measures_and_twins() {
    let assumption = |path: &str, range: &str| {
        with(&format!("[[assumption]]\npath = \"{path}\"\nrange = {range}\nreason = \"r\"\n"))
    };
    assert_snapshot!(
        [
            assumption("clients.web.rat", "[\"1/s\", \"20/s\"]"),
            assumption("clients.web.rate", "[\"1/s\", \"2/s\"]"),
            assumption("balancer.algorithm", "[\"random\", \"first\"]"),
            with("[[measure]]\nname = \"m\"\nset = { \"balancer.algorithm\" = \"best\" }\n"),
            with("[[measure]]\nname = \"m\"\n"),
            with("[[twin]]\nname = \"t\"\nunset = [\"clients.web.timeout\"]\nmisses = [\"e\"]\n"),
        ]
        .join("\n")
    );
}

#[test]
fn overrides_show_themselves() {
    assert_snapshot!(
        [
            set(&["clients.web.rate=5"]),
            set(&["clients.wob.rate=5/s", "backends.*.wokers=4", "backends.db-*.workers=4"]),
            set(&["balancer.connect={retries=1,redispatch=true"]),
            set(&["balancer.connect={retries=1,redispatch=7}"]),
            set(&["clients.web"]),
            set(&["clients=3"]),
            set(&["clients.web.rate.x=3"]),
            set(&["backends.api-1.name=api-2"]),
        ]
        .join("\n")
    );
}

#[test]
fn files_that_cannot_be_read_say_what_to_do() {
    let directory = std::env::temp_dir().join(format!("misroute-errors-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let error = |name: &str, content: Option<&[u8]>| {
        let path = directory.join(name);
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        let message = Source::read(&path).expect_err("an error").to_string();
        message.replace(&format!("{}/", directory.display()), "")
    };
    let large = vec![b'#'; (4 << 20) + 1];
    let messages = [
        error("missing.toml", None),
        error("", None),
        error("bytes.toml", Some(b"schema = 1\nname = \"\xff\"\n")),
        error("large.toml", Some(&large)),
        Source::read_from("standard input", &large[..]).expect_err("too large").to_string(),
    ];
    std::fs::remove_dir_all(&directory).unwrap();
    assert_snapshot!(messages.join("\n"));
}

#[test]
fn a_system_that_is_wholly_down_is_a_sound_scenario() {
    assert_eq!(instead("80ms\"", "80ms\"\nup = false"), "sound");
    assert_eq!(instead("80ms\"", "80ms\"\nweight = 0"), "sound");
    assert_eq!(instead("80ms\"", "80ms\"\nin-pool = false"), "sound");
    assert_eq!(instead("10/s", "0/s"), "sound");
    assert_eq!(said(&SMALL.replace('\n', "\r\n")), "sound");
    assert_eq!(said(&format!("\u{feff}{SMALL}")), "sound");
}

#[test]
fn nesting_as_deep_as_a_file_is_large_is_refused() {
    assert_ne!(said(&"[".repeat(100_000)), "sound");
    assert_ne!(said(&format!("a = {}", "{a=".repeat(100_000))), "sound");
    assert_ne!(set(&[&format!("a={}", "[".repeat(100_000))]), "sound");
}

/// Pieces that mutations are made of, besides single characters.
const PIECES: [&str; 20] = [
    "{1..5}",
    "{",
    "}",
    "*",
    "\"",
    "[[clients]]\n",
    "[[twin]]\n",
    "= 1\n",
    "= {}\n",
    "= \"1h\"\n",
    "99999999999",
    "-1",
    "\n",
    "é",
    "\u{0}",
    "14:05",
    "name = \"\"\n",
    "nan",
    "[",
    "]",
];

fn mutated() -> impl Strategy<Value = String> {
    let cut = (0..VALID.len(), 0..40_usize, prop::option::of(0..PIECES.len()));
    prop::collection::vec(cut, 1..4).prop_map(|cuts| {
        let mut text = VALID.to_owned();
        for (at, length, piece) in cuts {
            let floor = |mut at: usize| {
                at = at.min(text.len());
                while !text.is_char_boundary(at) {
                    at -= 1;
                }
                at
            };
            let (from, to) = (floor(at), floor(at + length));
            text.replace_range(from..to.max(from), piece.map_or("", |piece| PIECES[piece]));
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}|[a-z.=\\[\\]{}\"' 0-9\n]{0,200}") {
        let _ = said(&text);
    }

    #[test]
    fn no_mutation_of_a_sound_file_makes_the_reader_panic(text in mutated()) {
        let _ = said(&text);
    }

    #[test]
    fn no_override_makes_the_reader_panic(
        path in "(backends|clients|timeline|balancer|alert)(\\.[a-z0-9*{}.,\"-]{0,9}){0,4}|\\PC{0,20}",
        value in "\\PC{0,12}|[0-9]{1,3}(ms|/s|%|m)?|\\{[a-z]=[0-9]\\}",
    ) {
        let source = Source::from_text("valid.toml", VALID);
        let change = Override::Set { path: path.clone(), value };
        for change in [change, Override::Unset { path }] {
            if let Err(diagnostics) = load(&source, &[change]) {
                diagnostics.render(true);
            }
        }
    }

    #[test]
    fn no_bytes_make_a_source_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        if let Ok(source) = Source::read_from("bytes", &bytes[..]) {
            let _ = said(&source.text);
        }
    }
}

#[test]
fn what_clients_learn_needs_its_keys() {
    let clients = |lines: &str| instead("rate = \"10/s\"", &format!("rate = \"10/s\"\n{lines}"));
    assert_snapshot!(
        [
            clients("breaker = { open-for = \"10s\" }"),
            clients("breaker = { consecutive = 5, minimum = 10 }"),
            clients("breaker = { failure-ratio = \"150%\" }"),
            clients("throttle = { k = 0.5, rejects = [\"withheld\"] }"),
            clients("patience = { away = \"0s\" }"),
            clients("patience = { failures = 2 }"),
            clients("retries = { backoff = \"fixed\", jitter = \"decorrelated\" }"),
            clients("retries = { ratio-budget = { window = \"2h\" }, token-bucket = {} }"),
            with("[[alert]]\nname = \"a\"\nwhen = \"outcomes.throttled_ratio > 5%\"\nwindow = \"1m\"\n"),
        ]
        .join("\n")
    );
}
