//! `misroute compare` as a user and a pipeline meet it.

use super::{Ran, SMALL, Scratch};
use insta::assert_snapshot;

/// Two backends at half load, and a change that helps.
const BUSY: &str = r#"schema = 1
name = "busy"
duration = "1m"

[[clients]]
name = "web"
users = 200
rate = "100/s"
slow = "100ms"

[balancer]
algorithm = "round-robin"

[[backends]]
name = "api-{1..2}"
service = { exponential = { mean = "12ms" } }

[[measure]]
name = "another one"
set = { "backends.*.workers" = 2 }
"#;
const CHANGE: [&str; 2] = ["--set-after", "balancer.algorithm=least-connections"];

fn scratch(name: &str) -> Scratch {
    Scratch::with(name, BUSY)
}

fn compare(scratch: &Scratch, arguments: &[&str]) -> Ran {
    scratch.run(&[&["compare"], arguments].concat())
}

#[test]
fn a_change_is_told_in_text() {
    let scratch = scratch("compare-text");
    let thresholds = ["--fail-if", "p99 > +10%", "--fail-if", "users.affected < 50%"];
    let arguments = [&["s.toml"], &CHANGE[..], &thresholds, &["--replications", "5"]].concat();
    let ran = compare(&scratch, &arguments).ended(1);
    assert_snapshot!(ran.out);
    let names = [
        "compare.json",
        "compare.md",
        "goodput.png",
        "goodput.svg",
        "p99.png",
        "p99.svg",
        "users.png",
        "users.svg",
    ];
    let mut expected = names.map(|name| format!("output/compare-busy/{name}")).to_vec();
    expected.push("s.toml".to_owned());
    assert_eq!(scratch.names(), expected);
}

#[test]
fn a_pull_request_gets_markdown() {
    let scratch = scratch("compare-markdown");
    let arguments =
        [&["s.toml"], &CHANGE[..], &["--format", "markdown", "--fail-if", "p99>+10%"]].concat();
    let ran = compare(&scratch, &arguments).ended(0);
    assert_snapshot!(ran.out);
    let file = std::fs::read_to_string(scratch.0.join("output/compare-busy/compare.md")).unwrap();
    assert_eq!(file, ran.out);
}

#[test]
fn the_same_bytes_come_out_of_one_thread_and_of_four() {
    let scratch = scratch("compare-jobs");
    let arguments = [&["s.toml"], &CHANGE[..], &["--format", "json", "--no-files"]].concat();
    let one = compare(&scratch, &[&arguments[..], &["--jobs", "1"]].concat()).ended(0);
    let four = compare(&scratch, &[&arguments[..], &["--jobs", "4"]].concat()).ended(0);
    assert_eq!(one.out, four.out);
    let document: serde_json::Value = serde_json::from_str(&one.out).unwrap();
    assert_eq!(document["figures"][0]["meaning"], "equal", "the same requests");
    let schema: serde_json::Value =
        serde_json::from_str(&scratch.run(&["schema", "compare"]).ended(0).out).unwrap();
    for key in document.as_object().unwrap().keys() {
        assert!(schema["properties"].get(key).is_some(), "`{key}` in the schema");
    }
}

/// The command that is printed gives the same again.
#[test]
fn the_command_reproduces_the_comparison() {
    let scratch = scratch("compare-again");
    let options = ["--set", "load=50%", "--seed", "7", "--replications", "3", "--format", "json"];
    let first = compare(&scratch, &[&["s.toml", "--no-files"], &CHANGE[..], &options].concat());
    let first = first.ended(0);
    let document: serde_json::Value = serde_json::from_str(&first.out).unwrap();
    let command = document["command"].as_str().unwrap();
    let words: Vec<&str> =
        command.split(' ').skip(1).chain(["--no-files", "--format", "json"]).collect();
    assert_eq!(scratch.run(&words).ended(0).out, first.out);
}

#[test]
fn a_scenario_against_itself_is_the_same() {
    let scratch = scratch("compare-same");
    let ran = compare(&scratch, &["s.toml", "s.toml", "--replications", "2", "--no-files"]);
    ran.ended(0).prints(&["busy against itself", "The two scenarios are the same.", "equal"]);
}

#[test]
fn a_measure_is_a_change() {
    let scratch = scratch("compare-measure");
    let arguments = ["s.toml", "--measure", "another one", "--replications", "3", "--no-files"];
    compare(&scratch, &arguments).ended(0).prints(&[
        "backends.*.workers: (absent) → 2",
        "Mean latency falls",
        "--measure 'another one'",
    ]);
    compare(&scratch, &["s.toml", "--measure", "another"])
        .ended(2)
        .says(&["`busy` has no measure `another`", "did you mean `another one`?"]);
}

#[test]
fn another_demand_is_pointed_out() {
    let scratch = scratch("compare-demand");
    let arguments = ["--set-after", "clients.web.rate=110/s", "--replications", "2", "--no-files"];
    compare(&scratch, &[&["s.toml"][..], &arguments].concat())
        .ended(0)
        .prints(&["demand differs: clients.web.rate: 100/s → 110/s"]);
    let closed = BUSY
        .replace("rate = \"100/s\"", "arrivals = \"closed\"\nthink = \"1s\"")
        .replace("users = 200", "users = 100");
    scratch.write("closed.toml", closed);
    compare(&scratch, &[&["closed.toml", "--no-files"], &CHANGE[..]].concat())
        .ended(0)
        .prints(&["demand reacts to the system: web is a population of closed loops"]);
}

#[test]
fn undecided_thresholds_are_a_finding_unless_allowed() {
    let scratch = scratch("compare-undecided");
    // The interval of what is equal to itself is a point; that of the goodput contains 100/s.
    let arguments =
        [&["s.toml", "--no-files", "--fail-if", "goodput < 100/s"], &CHANGE[..]].concat();
    compare(&scratch, &arguments).ended(1).prints(&["undecided"]);
    compare(&scratch, &[&arguments[..], &["--allow-undecided"]].concat()).ended(0);
    compare(&scratch, &["s.toml", "s.toml", "--allow-undecided"]).ended(2).says(&["--fail-if"]);
}

#[test]
fn thresholds_that_cannot_be_are_underlined() {
    let scratch = scratch("compare-wrong");
    let wrong = |text: &str| {
        let ran = compare(&scratch, &["s.toml", "s.toml", "--fail-if", text]).ended(2);
        assert_eq!(ran.out, "", "nothing but an error");
        ran.err
    };
    let texts = [
        "p99 + 10%",
        "goodputt < 5/s",
        "latency.p9x > 1s",
        "backends.api-7.share > 50%",
        "p99 > 10%",
        "p99 > +10",
        "users.affected > +0.5",
        "success < 99.9 %",
        "p99 >= 1s",
        "p99 >",
        "> +10%",
        "recovery.verdict > 1",
        "expect.none > 1",
    ];
    let said: Vec<String> = texts.iter().map(|text| format!("{text}\n{}", wrong(text))).collect();
    assert_snapshot!(said.join("\n"));
    assert_eq!(scratch.names(), ["s.toml"], "no output folder");
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let scratch = scratch("compare-refused");
    scratch.write("long.toml", BUSY.replace("\"1m\"", "\"2m\""));
    compare(&scratch, &["s.toml", "long.toml"])
        .ended(2)
        .says(&["not equally long, 1m and 2m", "--set duration=1m"]);
    compare(&scratch, &["s.toml"]).ended(2).says(&["AFTER, --set-after", "--measure"]);
    compare(&scratch, &["s.toml", "s.toml", "--replications", "1"])
        .ended(2)
        .says(&["at least 2 replications"]);
    compare(&scratch, &["-", "-"]).ended(2).says(&["standard input is one scenario"]);
    compare(&scratch, &["s.toml", "--set-after", "backends.api-1.wrkers=3"])
        .ended(2)
        .says(&["there is no key `wrkers`", "did you mean `workers`?"]);
}

#[test]
fn two_files_are_two_names() {
    let scratch = scratch("compare-files");
    scratch.write("b.toml", SMALL.replace("\"2m\"", "\"1m\""));
    compare(&scratch, &["s.toml", "b.toml", "--replications", "2"])
        .ended(0)
        .prints(&["busy against small", "clients.web.rate: 100/s → 10/s"]);
    assert!(scratch.names().contains(&"output/compare-busy-vs-small/compare.json".to_owned()));
}
