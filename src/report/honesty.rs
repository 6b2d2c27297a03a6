//! What each figure of an incident rests on: assumptions over their ranges, twins, measures.
//!
//! `misroute assumptions --all-incidents` prints this page; docs/incidents.md is a copy of it.

use crate::experiment::assumptions::Sensitivity;
use crate::experiment::judge::{Judgement, Status};
use crate::experiment::run::Run;
use crate::experiment::variants::VariantRun;
use std::fmt::Write;

/// Everything about one scenario.
#[derive(Debug)]
pub struct Honesty {
    /// Name of the scenario.
    pub name: String,
    /// One line about it.
    pub title: Option<String>,
    /// The scenario as it is.
    pub base: Run,
    /// Each assumption over its range.
    pub assumptions: Vec<Sensitivity>,
    /// The scenario without what carries its figures.
    pub twins: Vec<VariantRun>,
    /// The scenario with what was asked for afterwards.
    pub measures: Vec<VariantRun>,
}

/// The page as Markdown. Of `all_incidents` it also says what no run can show.
pub fn markdown(pages: &[Honesty], seed: u64, all_incidents: bool) -> String {
    let mut text = String::from(INTRODUCTION);
    let names = if all_incidents {
        text.push_str(INCIDENTS);
        " --all-incidents".to_owned()
    } else {
        pages.iter().flat_map(|page| [" ", &page.name]).collect()
    };
    let _ = writeln!(text, "\nSeed {seed}; made by `misroute assumptions{names}`.");
    for page in pages {
        one(page, &mut text);
    }
    text
}

const INTRODUCTION: &str = "\
# What the replayed figures rest on

A stated share can be reached by more than one set of unknowns, so each scenario says what it assumes
and why. Below, one assumption at a time is moved over its plausible range, and every expectation is
judged again: **bold** is outside its bounds. Then the *twins*: the scenario without the mechanism
that is said to carry a figure must miss that figure. The spread over seeds is a few tenths of a
point, so it proves nothing about honesty; ranges and twins do.
";

/// What holds for the bundled incidents only.
const INCIDENTS: &str = "
What no model of queues could produce, and the files therefore state as given: the times of the
changes (assumed shortly before the stated alert), what people did and when, and declared ends that
come long after users were well again (16:00 on 10 August, 12:00 on 21 June). The ten minutes between
correction and first recovery on 15 May, and the tail that follows, are adoption delays put in by
hand. Which parameter was wrong on 15 April and which algorithm was deployed on 21 June is our
reading; that the latter hits 60% of the users and not 40% or 80% is the luck of a ring placement.
";

fn one(page: &Honesty, text: &mut String) {
    let _ = writeln!(text, "\n## {}\n", page.name);
    if let Some(title) = &page.title {
        let _ = writeln!(text, "{title}.\n");
    }
    if page.base.judgements.is_empty() {
        text.push_str("It has no `[[expect]]`, so there is nothing that could rest on anything.\n");
        return;
    }
    let _ = writeln!(text, "| stated | expected | simulated |\n|---|---|---|");
    for judgement in &page.base.judgements {
        let fact = judgement.fact.as_deref().unwrap_or(&judgement.name);
        let _ = writeln!(text, "| {} | {} | {} |", cell(fact), judgement.bounds, marked(judgement));
    }
    for sensitivity in &page.assumptions {
        assumption(page, sensitivity, text);
    }
    resting(page, text);
    twins(page, text);
    measures(page, text);
}

/// One assumption's table: a row per expectation that moves visibly.
fn assumption(page: &Honesty, sensitivity: &Sensitivity, text: &mut String) {
    let _ = writeln!(
        text,
        "\n### `{}` = {}\n\n{}.\n",
        sensitivity.path,
        cell(&sensitivity.value),
        sentence(&sensitivity.reason)
    );
    let moved: Vec<usize> =
        (0..page.base.judgements.len()).filter(|&row| moves(sensitivity, row)).collect();
    if moved.is_empty() {
        let _ = writeln!(text, "No expectation moves over its range.");
        return;
    }
    let values: Vec<String> = sensitivity.points.iter().map(|(value, _)| cell(value)).collect();
    let _ = writeln!(text, "| | {} |", values.join(" | "));
    let _ = writeln!(text, "|---|{}", "---|".repeat(values.len()));
    for row in moved {
        let cells: Vec<String> =
            sensitivity.points.iter().map(|(_, judgements)| marked(&judgements[row])).collect();
        let name = &page.base.judgements[row].name;
        let _ = writeln!(text, "| {} | {} |", cell(name), cells.join(" | "));
    }
}

/// Whether an expectation shows different values over the range.
fn moves(sensitivity: &Sensitivity, row: usize) -> bool {
    let mut shown = sensitivity.points.iter().map(|(_, judgements)| &judgements[row].observed);
    let first = shown.next();
    shown.any(|other| Some(other) != first)
}

/// One plain sentence per expectation: which assumptions it rests on.
fn resting(page: &Honesty, text: &mut String) {
    let _ = writeln!(text, "\n### What rests on what\n");
    for judgement in &page.base.judgements {
        let rests: Vec<String> = page
            .assumptions
            .iter()
            .filter(|sensitivity| sensitivity.fails().contains(&judgement.name.as_str()))
            .map(|sensitivity| format!("`{}`", sensitivity.path))
            .collect();
        let name = &judgement.name;
        let _ = if rests.is_empty() {
            writeln!(text, "- *{name}* holds over every range.")
        } else {
            writeln!(text, "- *{name}* rests on {}.", rests.join(", "))
        };
    }
}

fn twins(page: &Honesty, text: &mut String) {
    if page.twins.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n### Twins\n\n| without | misses | simulated |\n|---|---|---|");
    for twin in &page.twins {
        for name in twin.misses.iter().chain(&twin.keeps) {
            let judgement = twin.run.judgements.iter().find(|judgement| judgement.name == *name);
            let doc = twin.doc.as_deref().unwrap_or(&twin.name);
            let observed = judgement.map_or_else(String::new, marked);
            let _ = writeln!(text, "| {} ({}) | {name} | {observed} |", twin.name, cell(doc));
        }
    }
}

fn measures(page: &Honesty, text: &mut String) {
    if page.measures.is_empty() {
        return;
    }
    let lost = page.base.result.figures.users.affected_minutes;
    let _ = writeln!(
        text,
        "\n### Measures\n\nAs it was: {lost:.0} user-minutes affected.\n\n\
         | measure | user-minutes affected | saved |\n|---|---|---|"
    );
    let minutes = |run: &VariantRun| run.run.result.figures.users.affected_minutes;
    let mut ranked: Vec<&VariantRun> = page.measures.iter().collect();
    ranked.sort_by(|a, b| minutes(a).total_cmp(&minutes(b)));
    for measure in ranked {
        let doc = measure.doc.as_deref().unwrap_or("");
        let (left, saved) = (minutes(measure), 100.0 * (1.0 - minutes(measure) / lost));
        let _ = writeln!(text, "| {}: {} | {left:.0} | {saved:.0}% |", measure.name, cell(doc));
    }
}

/// The observed value, bold where the expectation is not met.
fn marked(judgement: &Judgement) -> String {
    let observed = cell(&judgement.observed);
    if judgement.status == Status::Pass { observed } else { format!("**{observed}**") }
}

/// Text that cannot break a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// With a capital letter at its start.
fn sentence(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().map(|c| c.to_uppercase().to_string());
    first.unwrap_or_default() + characters.as_str()
}
