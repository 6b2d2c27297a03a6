//! Swarm tests: random valid scenarios from a seed, of which only invariants are checked. One that
//! fails is made small, and written to a file with which the failure can be had again.
//!
//! `MISROUTE_SWARM_SEED` is any text, such as a commit's id; `MISROUTE_SWARM_COUNT` how many
//! scenarios are drawn; `MISROUTE_SWARM_FILE` a scenario to be checked instead.

mod agree;
mod check;
mod document;
mod draw;
mod found;
mod generate;
mod itself;
mod laws;
mod repair;
mod shrink;
mod twin;

use check::{Observed, check};
use document::{Table, Value, render};
use generate::Generator;
use misroute::engine::digest::Digest;
use misroute::scenario::fields::{Kind, SCENARIO, TableSpec};
use misroute::scenario::{Scenario, Source, load};
use rayon::prelude::*;
use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

/// Without a seed from outside.
const SEED: &str = "misroute";

/// How many scenarios are drawn, without a count from outside.
const COUNT: u64 = 400;

/// No scenario has more requests, or more attempts if all of them fail.
const REQUESTS_MOST: f64 = 20_000.0;
const ATTEMPTS_MOST: f64 = 200_000.0;

fn seed() -> (String, u64) {
    let text = env::var("MISROUTE_SWARM_SEED").unwrap_or_else(|_| SEED.to_owned());
    let mut digest = Digest::default();
    digest.text(&text);
    (text, digest.value())
}

/// What became of a draft.
enum Drawn {
    Sound(Table),
    /// It would take too long.
    Costly,
    Refused(String),
}

fn draw(seed: u64, index: u64) -> Drawn {
    let mut generator = Generator::new(seed, index);
    match repair::sound(&mut generator) {
        Err(wrong) => Drawn::Refused(wrong),
        Ok((document, scenario)) if is_costly(&scenario) => {
            // Less load, if that is all it takes.
            let mut less = document;
            less.insert("load".to_owned(), "5%".into());
            match repair::read(&less) {
                Ok(scenario) if !is_costly(&scenario) => Drawn::Sound(less),
                _ => Drawn::Costly,
            }
        }
        Ok((document, _)) => Drawn::Sound(document),
    }
}

fn is_costly(scenario: &Scenario) -> bool {
    let effort = scenario.effort();
    let is_small = effort.requests <= REQUESTS_MOST
        && effort.attempts_most <= ATTEMPTS_MOST
        && effort.alert_slices <= 1e6
        && effort.user_bytes_most <= 1e7;
    !is_small
}

/// What goes wrong with a scenario, if anything does.
fn failure(document: &Table, falsify: &(dyn Fn(&mut Observed) + Sync)) -> Option<String> {
    let whole = || {
        if let Ok(scenario) = repair::read(document)
            && !is_costly(&scenario)
        {
            check(&scenario, 1, falsify);
        }
    };
    let payload = catch_unwind(AssertUnwindSafe(whole)).err()?;
    let text = payload.downcast_ref::<String>().cloned();
    let text = text.or_else(|| payload.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    Some(text.unwrap_or_else(|| "a panic without words".to_owned()))
}

/// A failure without its numbers: a smaller scenario must fail in the same way.
fn kind_of(failure: &str) -> String {
    let first = failure.lines().next().unwrap_or_default();
    first.chars().filter(|c| c.is_alphabetic() || *c == ' ').take(40).collect()
}

/// Makes a failing scenario small, writes it to a file, and says how to have the failure again.
fn report(
    document: &Table,
    what: &str,
    name: &str,
    falsify: &(dyn Fn(&mut Observed) + Sync),
) -> String {
    let kind = kind_of(what);
    let fails =
        |other: &Table| failure(other, falsify).is_some_and(|other| kind_of(&other) == kind);
    let small = shrink::shrink(document, &fails);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("swarm");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(format!("{name}.toml"));
    let text = render(&small).text;
    fs::write(&path, &text).unwrap();
    agree::copy_files(&text, &folder);
    let path = path.display();
    format!(
        "{what}\n\n{text}\nwritten to {path}; again:\n  \
         MISROUTE_SWARM_FILE={path} cargo test --test all swarm::random\n  \
         misroute run {path} --seed 1 --no-files\n"
    )
}

#[test]
fn random_scenarios_keep_every_invariant() {
    let nothing = |_: &mut Observed| {};
    if let Ok(path) = env::var("MISROUTE_SWARM_FILE") {
        let source = Source::read(&PathBuf::from(path)).unwrap();
        let scenario = load(&source, &[]).unwrap_or_else(|wrong| panic!("{wrong}"));
        check(&scenario, 1, &nothing);
        return;
    }
    let (text, seed) = seed();
    let count = env::var("MISROUTE_SWARM_COUNT").ok().and_then(|count| count.parse().ok());
    let count: u64 = count.unwrap_or(COUNT);
    let one = |index: u64| {
        // A panic while a draft is read is a failure as well, and shrinks as one.
        match catch_unwind(|| draw(seed, index)) {
            Ok(Drawn::Sound(document)) => {
                let failed = failure(&document, &nothing)?;
                Some(report(&document, &failed, &format!("{text}-{index}"), &nothing))
            }
            Ok(Drawn::Costly | Drawn::Refused(_)) => None,
            Err(_) => Some(format!("draft {index} cannot even be read: see above\n")),
        }
    };
    let failures: Vec<String> = (0..count).into_par_iter().filter_map(one).collect();
    let n = failures.len();
    let again = format!("MISROUTE_SWARM_SEED={text} MISROUTE_SWARM_COUNT={count}");
    assert!(failures.is_empty(), "{n} of {count} with {again}:\n{}", failures.join("\n"));
}

/// The ids of all keys in a document.
fn keys(table: &Table, prefix: &str, found: &mut BTreeSet<String>) {
    for (key, value) in table {
        let id = format!("{prefix}{key}");
        let items: Vec<&Value> = match value {
            Value::Array(items) => items.iter().collect(),
            other => vec![other],
        };
        for inner in items.iter().filter_map(|item| item.as_table()) {
            keys(inner, &format!("{id}."), found);
        }
        found.insert(id);
    }
}

/// The ids of all keys of the schema that are no tables.
fn known(spec: &'static TableSpec, prefix: &str, found: &mut BTreeSet<String>) {
    for field in spec.fields {
        let id = format!("{prefix}{}", field.key);
        match field.kind {
            Kind::Table(inner) | Kind::List(inner) => known(inner, &format!("{id}."), found),
            _ => {
                found.insert(id);
            }
        }
    }
}

/// Drafts become sound scenarios, and these have nearly every key of the schema.
#[test]
fn most_drafts_become_sound_and_together_they_know_the_schema() {
    const DRAFTS: u64 = 400;
    let (_, seed) = seed();
    let drawn: Vec<Drawn> = (0..DRAFTS).into_par_iter().map(|n| draw(seed, n)).collect();
    let mut used = BTreeSet::new();
    let (mut sound, mut refused) = (0, Vec::new());
    for drawn in &drawn {
        match drawn {
            Drawn::Sound(document) => {
                sound += 1;
                keys(document, "", &mut used);
            }
            Drawn::Costly => {}
            Drawn::Refused(why) => refused.push(why),
        }
    }
    let shown = refused.iter().take(3).map(|why| why.as_str()).collect::<Vec<_>>().join("\n");
    // Around 80%, and most of the rest too costly; far below, the generator no longer understands
    // what goes together.
    assert!(sound * 3 > DRAFTS * 2, "only {sound} of {DRAFTS} are sound:\n{shown}");
    let mut all = BTreeSet::new();
    known(&SCENARIO, "", &mut all);
    let missing: Vec<&String> = all.difference(&used).collect();
    // A handful: those of assumptions, and what only overrides reach.
    assert!(missing.len() * 5 < all.len(), "of {}: {missing:#?}", all.len());
}
