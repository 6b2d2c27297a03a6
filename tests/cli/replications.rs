//! `misroute run` with several runs: options, exit codes, files and documents.

use super::{Ran, SMALL, Scratch};

/// The small scenario with an expectation of its mean latency, which is 80 ms if nobody queues.
fn expecting(bound: &str) -> String {
    format!("{SMALL}\n[[expect]]\nname = \"mean\"\nmetric = \"latency.mean\"\n{bound}\n")
}

fn run(name: &str, scenario: &str, options: &[&str]) -> Ran {
    let scratch = Scratch::with(name, scenario);
    scratch.run(&[&["run", "s.toml", "--no-files"], options].concat())
}

#[test]
fn a_finding_ends_with_1_and_what_is_undecided_may_be_allowed() {
    let three = ["--replications", "3"];
    run("rep-pass", &expecting("within = [\"70ms\", \"120ms\"]"), &three).ended(0);
    run("rep-fail", &expecting("at-most = \"50ms\""), &three).ended(1);
    let one = ["--replications", "1"];
    let sound = expecting("within = [\"70ms\", \"120ms\"]");
    let ran = run("rep-one", &sound, &one).ended(1);
    assert!(ran.out.contains("0 of 1 expectations hold, 1 undecided"), "{}", ran.out);
    run("rep-allow", &sound, &[&one[..], &["--allow-undecided"]].concat()).ended(0);
}

#[test]
fn the_document_is_what_its_schema_says_and_the_same_on_any_number_of_threads() {
    let options = ["--replications", "4", "--format", "json", "--metric", "latency.p90"];
    let ran = run("rep-json", SMALL, &options).ended(0);
    let document = ran.json();
    assert_eq!(document["replications"], 4);
    assert_eq!(
        document["command"].as_str().unwrap().rsplit("toml").next(),
        Some(" --seed 1 --replications 4 --metric latency.p90")
    );
    let figures = document["figures"].as_array().unwrap();
    let p90 = figures.iter().find(|figure| figure["name"] == "latency.p90").unwrap();
    assert_eq!((&p90["unit"], &p90["estimate"]["n"]), (&"ms".into(), &4.into()));
    assert!(p90["estimate"]["low"].as_f64() <= p90["estimate"]["mean"].as_f64());
    let scratch = Scratch::new("rep-schema");
    let schema = scratch.run(&["schema", "replications"]).ended(0).json();
    for key in document.as_object().unwrap().keys() {
        assert!(schema["properties"].get(key).is_some(), "`{key}` in the schema");
    }
    for jobs in ["1", "2", "5"] {
        let again = run("rep-jobs", SMALL, &[&options[..], &["--jobs", jobs]].concat());
        assert_eq!(again.out, ran.out, "{jobs} threads");
    }
}

#[test]
fn files_are_those_of_the_first_run_and_a_row_for_each() {
    let scratch = Scratch::with("rep-files", SMALL);
    scratch.run(&["run", "s.toml", "--quiet", "--out", "one"]).ended(0);
    scratch
        .run(&["run", "s.toml", "--quiet", "--out", "four", "-j", "1", "--replications", "4"])
        .ended(0);
    let read = |path: &str| std::fs::read_to_string(scratch.0.join(path)).unwrap();
    for same in ["series.csv", "traffic.svg"] {
        let path = format!("one/small/{same}");
        if scratch.0.join(&path).exists() {
            assert_eq!(read(&path), read(&format!("four/small/{same}")), "{same}");
        }
    }
    let table = read("four/small/replications.csv");
    assert_eq!(table.lines().count(), 5, "{table}");
    assert!(table.starts_with("replication,verdict,digest,successes,requests.offered_rps,"));
    let digest = table.lines().nth(1).unwrap().split(',').nth(2).unwrap();
    assert!(read("one/small/summary.json").contains(digest), "the first is the plain run");
    assert!(read("four/small/replications.json").contains("\"replications\": 4"));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refused = |options: &[&str], says: &[&str]| {
        let ran = run("rep-refused", SMALL, options).ended(2).says(says);
        assert_eq!(ran.out, "");
    };
    refused(&["--replications", "0"], &["0 is not in 1..=1000000"]);
    refused(&["--precision", "0%"], &["more than 0% and less than 100%"]);
    refused(&["--precision", "200%"], &["more than 0% and less than 100%"]);
    refused(&["--precision", "2 %"], &["did you mean `2%`?"]);
    refused(&["--precision", "2%", "--replications", "5"], &["leave one out"]);
    refused(&["--precision", "2%", "--max-replications", "5"], &["5 is not in 10.."]);
    refused(&["--max-replications", "50"], &["--precision"]);
    refused(&["--replications", "3", "--warm-up", "2m"], &["leaves nothing of `small`"]);
    refused(&["--replications", "3", "--warm-up", "2"], &["did you mean `2s` or `2ms`?; or auto"]);
    refused(&["--warm-up", "2s"], &["--warm-up is about several runs"]);
    refused(&["--metric", "latency.p90"], &["--metric is about several runs"]);
    refused(&["--allow-undecided"], &["--allow-undecided is about several runs"]);
    let three =
        |more: &[&str], says: &[&str]| refused(&[&["--replications", "3"], more].concat(), says);
    three(&["--metric", "latency.maen"], &["did you mean `latency.mean`?"]);
    three(
        &["--metric", "backends.api-3.share"],
        &["unknown backend `api-3`", "did you mean `api-"],
    );
    three(&["--metric", "recovery.verdict"], &["a word"]);
    refused(&["--precision", "2%", "--precision-of", "expect.it"], &["unknown metric `expect.it`"]);
    refused(&["--replications", "1000000"], &["1000000 runs of `small`", "--yes"]);
}
