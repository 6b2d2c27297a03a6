//! How far conclusions reach, in sentences.

use super::words::plural;
use crate::experiment::reach::{Conclusion, Plan, Reach};
use crate::scenario::Scenario;
use std::fmt::Write;

/// What rests on what, in sentences: what holds everywhere first.
pub fn text(scenario: &Scenario, plan: Plan, reaches: &[Reach]) -> String {
    let runs = plural(u64::from(plan.replications), "run");
    let mut text = format!("{}: what holds in most of {runs} at each value\n", scenario.name);
    let write = |text: &mut String, line: std::fmt::Arguments<'_>| {
        writeln!(text, "{line}").expect("writing to a text does not fail");
    };
    if reaches.is_empty() {
        write(&mut text, format_args!("the scenario states no [[assumption]]"));
    }
    for reach in reaches {
        let Reach { path, value, range, .. } = reach;
        write(&mut text, format_args!("\n{path} = {value}, assumed between {range}"));
        let (all, some): (Vec<&Conclusion>, Vec<&Conclusion>) =
            reach.conclusions.iter().partition(|conclusion| conclusion.everywhere);
        if !all.is_empty() {
            let names: Vec<String> = all.iter().map(|c| format!("`{}`", c.name)).collect();
            write(&mut text, format_args!("  everywhere: {}", names.join(", ")));
        }
        for conclusion in some {
            write(&mut text, format_args!("  {}", sentence(reach, conclusion)));
        }
    }
    text
}

/// Over which part of a range a conclusion holds.
fn sentence(reach: &Reach, conclusion: &Conclusion) -> String {
    let Conclusion { name, stretches, at: (count, of), .. } = conclusion;
    let stretch = |(from, to): &(String, String)| {
        if from == to { from.clone() } else { format!("{from} to {to}") }
    };
    let places: Vec<String> = stretches.iter().map(stretch).collect();
    match places.as_slice() {
        [] => format!("nowhere: `{name}`"),
        _ if *count <= 1 && !reach.is_range => {
            format!("`{name}` rests on one value: {}", places.join(", "))
        }
        _ if reach.is_range => {
            format!("`{name}` holds from {} of {}", places.join(" and from "), reach.range)
        }
        _ => format!("`{name}` holds at {count} of {of} values: {}", places.join(", ")),
    }
}
