//! The swarm itself is tested: what it shrinks is small, and what it should notice it notices.

use super::check::{Observed, observe};
use super::document::{Table, render};
use super::{Drawn, draw, failure, kind_of, repair, report, shrink};
use misroute::engine::time::Span;
use std::cmp::Reverse;
use std::fs;
use std::path::Path;

/// Whether the text of a scenario has all of these words.
fn has(document: &Table, words: &[&str]) -> bool {
    let text = render(document).text;
    words.iter().all(|word| text.contains(word))
}

/// An artificial failure: of two backends, one is stopped.
fn stops(document: &Table) -> bool {
    let verbs = ["hang", "crash", "refuse", "partition"];
    verbs.iter().any(|verb| has(document, &[&format!("do = \"{verb}\"")]))
        && repair::read(document).is_ok_and(|scenario| scenario.setup.backends.len() >= 2)
}

#[test]
fn drawn_scenarios_shrink_to_what_matters() {
    let drafts = (0..600).filter_map(|index| match draw(1, index) {
        Drawn::Sound(document) if stops(&document) => Some(document),
        _ => None,
    });
    let mut drafts: Vec<Table> = drafts.collect();
    drafts.sort_by_key(|document| Reverse(render(document).lines.len()));
    assert!(render(&drafts[2]).lines.len() > 60, "nothing to shrink");
    for document in &drafts[..3] {
        let small = shrink::shrink(document, &stops);
        let lines = render(&small).lines.len();
        // Duration, name and schema; two backends with a name and a law; clients with a name and a
        // rate, or arrivals and think; an entry with its verb, name, targets and time, or an alert
        // with a name and a condition.
        assert!(lines <= 21, "{lines} lines:\n{}", render(&small).text);
        assert!(stops(&small), "no longer what it was");
    }
}

#[test]
fn a_scenario_shrinks_to_what_a_person_would_write() {
    let text = r#"
        schema = 1
        name = "swarm"
        duration = "17321ms"
        database = { connections = 3, query = "5ms" }
        clients = [
            { name = "c-1", rate = "31.4/s", users = 17 },
            { name = "c-2", rate = "3.5/s" },
        ]
        backends = [
            { name = "b-1", service = "35ms", queue = 9 },
            { name = "b-2", service = { uniform = { min = "1ms", max = "2ms" } } },
            { name = "b-3", service = "35ms" },
        ]
        timeline = [
            { name = "t-1", at = "1s", do = "note" },
            { name = "t-2", at = "13317ms", do = "hang", targets = ["b-2", "b-1"] },
        ]
    "#;
    let small = shrink::shrink(&toml::from_str(text).unwrap(), &stops);
    let expected = r#"duration = "1s"
name = "swarm"
schema = 1
[[backends]]
name = "b-1"
service = "0s"
[[backends]]
name = "b-3"
service = "0s"
[[clients]]
name = "c-1"
rate = "1/s"
[[timeline]]
at = "0s"
do = "hang"
name = "t-2"
targets = "b-1"
"#;
    assert_eq!(render(&small).text, expected);
}

/// A run whose books are cooked is noticed, and by the account that was falsified.
#[test]
fn broken_conservation_is_noticed() {
    type Cook = fn(&mut Observed);
    let document = some_scenario();
    assert_eq!(failure(&document, &|_| {}), None);
    let cooked: [(&str, Cook); 9] = [
        ("requests, in the report", |observed| observed.result.figures.totals.requests += 1),
        ("finished, in the report", |observed| observed.result.figures.totals.failed += 1),
        ("outcomes, seen", |observed| observed.seen.finished.rotate_left(1)),
        ("requests, in the report", |observed| observed.counts.requests -= 1),
        ("people of", |observed| observed.result.figures.users.affected += 1),
        ("people in window", |observed| observed.result.series.users[0].active += 1),
        ("slice", |observed| observed.result.slices[1].record(Span::ZERO)),
        ("no number", |observed| observed.result.figures.latency_ms.mean = Some(f64::NAN)),
        ("another digest", |observed| observed.result.digest.push('0')),
    ];
    for (words, cook) in cooked {
        let what = failure(&document, &cook).unwrap_or_default();
        assert!(what.contains(words), "not noticed as {words}: {what}");
    }
}

#[test]
fn what_is_noticed_is_shrunk_and_can_be_had_again() {
    let document = some_scenario();
    // Only where something happened, so that there is something to keep.
    let lose_one = |observed: &mut Observed| {
        observed.seen.born += u64::from(!observed.result.happenings.is_empty());
    };
    let what = failure(&document, &lose_one).unwrap();
    let said = report(&document, &what, "broken-conservation", &lose_one);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("swarm/broken-conservation.toml");
    assert!(said.contains(&format!("MISROUTE_SWARM_FILE={}", path.display())), "{said}");
    let written: Table = toml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(kind_of(&failure(&written, &lose_one).unwrap()), kind_of(&what));
    assert!(render(&written).lines.len() <= 16, "{said}");
}

/// One with requests that succeed and others that do not, and in which something happens.
fn some_scenario() -> Table {
    let is_rich = |document: &Table| {
        let totals = observe(&repair::read(document).unwrap(), 1).result.figures.totals;
        totals.succeeded > 0 && totals.outcomes.values().filter(|&&count| count > 0).count() > 1
    };
    let of = |index| match draw(3, index) {
        Drawn::Sound(document) if has(&document, &["[[timeline]]"]) => Some(document),
        _ => None,
    };
    (0..500).filter_map(of).find(is_rich).unwrap()
}
