//! `misroute limits`: what it prints and writes, and what it refuses.

use super::{SMALL, Scratch};

/// Quick to search.
const QUICK: [&str; 6] = ["limits", "s.toml", "--tolerance", "10%", "--max-replications", "20"];

fn quick<'a>(more: &[&'a str]) -> Vec<&'a str> {
    QUICK.iter().chain(more).copied().collect()
}

#[test]
fn limits_are_the_same_on_any_number_of_threads() {
    let scratch = Scratch::with("limits-jobs", SMALL);
    let only = ["--only", "knee,knee-n-1", "--format", "json", "--no-files"];
    let [one, four] = ["1", "4"].map(|jobs| {
        let mut arguments = quick(&only);
        arguments.extend(["--jobs", jobs]);
        scratch.run(&arguments).ended(0).out
    });
    assert_eq!(one, four);
    let document: serde_json::Value = serde_json::from_str(&one).unwrap();
    assert_eq!(document["limits"][0]["name"], "knee");
    assert_eq!(document["limits"][0]["status"], "found");
    assert_eq!(document["limits"][1]["lost"][0], "api-1");
    assert_eq!(scratch.names(), ["s.toml"]);
}

#[test]
fn limits_are_written_with_their_picture() {
    let scratch = Scratch::with("limits-files", SMALL);
    let ran = scratch.run(&quick(&["--only", "knee,objective"])).ended(0);
    assert!(ran.out.contains("goodput follows offered load up to"), "{}", ran.out);
    // The knee is of two workers of 12.5/s each, at 10/s.
    assert!(ran.out.contains("25 requests/s") || ran.out.contains("24 requests/s"), "{}", ran.out);
    assert!(ran.out.contains("add [objective]"), "{}", ran.out);
    let names = ["limits.json", "limits.png", "limits.svg"];
    let files: Vec<String> = names.iter().map(|n| format!("output/small/limits/{n}")).collect();
    assert_eq!(scratch.names()[..3], files);
}

#[test]
fn limits_without_a_load_say_so() {
    let silent = Scratch::with("limits-silent", &SMALL.replace("10/s", "0/s"));
    let ran = silent.run(&quick(&["--only", "knee", "--no-files"])).ended(0);
    assert!(ran.out.contains("nothing is asked for"), "{}", ran.out);
    let closed = "arrivals = \"closed\"\nusers = 10\nthink = \"1s\"";
    let closed = Scratch::with("limits-closed", &SMALL.replace("rate = \"10/s\"", closed));
    let ran = closed.run(&quick(&["--only", "knee,tipping", "--no-files"])).ended(0);
    assert!(ran.out.contains("there is no knee"), "{}", ran.out);
    assert!(ran.out.contains("closed loops"), "{}", ran.out);
}

#[test]
fn surges_may_be_short() {
    let scratch = Scratch::with("limits-short", SMALL);
    scratch.run(&quick(&["--only", "tipping", "--within", "50ms", "--no-files"])).ended(0);
}

#[test]
fn limits_that_do_not_exist_are_refused() {
    let scratch = Scratch::with("limits-refused", SMALL);
    let refused = |more: &[&str], says: &str| {
        let ran = scratch.run(&quick(more)).ended(2).says(&[says]);
        assert_eq!(ran.out, "");
    };
    refused(&["--only", "kneee"], "did you mean `knee`");
    refused(&["--pulse", "90%"], "a surge is more than 100% of the load");
    refused(&["--within", "0s"], "users need some time");
    assert_eq!(scratch.names(), ["s.toml"]);
}

#[test]
fn conclusions_reach_over_a_part_of_an_assumption() {
    // Two workers of 12.5/s each: with 20/s all is well, with 30/s a backlog grows.
    let scenario = format!(
        "{SMALL}
[[expect]]
name = \"all is well\"
metric = \"latency.p50\"
at-most = \"2s\"

[[assumption]]
path = \"clients.web.rate\"
range = [\"10/s\", \"50/s\"]
reason = \"who knows\"

[[assumption]]
path = \"balancer.algorithm\"
values = [\"round-robin\", \"random\"]
reason = \"who knows\"
"
    );
    let scratch = Scratch::with("reach", &scenario);
    let ran = scratch.run(&["assumptions", "s.toml", "--reach", "--replications", "3"]).ended(0);
    let line = ran
        .out
        .lines()
        .find(|line| line.contains("`all is well` holds for clients.web.rate from 10/s to"));
    let line = line.unwrap_or_else(|| panic!("{}", ran.out));
    let end = line.split("to ").nth(1).and_then(|end| end.split("/s").next()).unwrap();
    let end: f64 = end.parse().unwrap();
    // The backlog reaches 2 s of work in half of 2 min at 25/s x (1 + 2/60).
    assert!((23.0..=29.0).contains(&end) && line.ends_with("of 10/s to 50/s"), "{line}");
    assert!(ran.out.contains("all 2 conclusions hold everywhere"), "{}", ran.out);
}
