//! How far conclusions reach, in sentences.

use super::words::{plural, wrap};
use crate::experiment::reach::{Conclusion, Plan, Reach};
use crate::scenario::Scenario;

/// Columns of a line.
const COLUMNS: usize = 100;

/// What rests on what, in sentences: what holds everywhere first.
pub fn text(scenario: &Scenario, plan: Plan, reaches: &[Reach]) -> String {
    let runs = plural(u64::from(plan.replications), "run");
    let mut lines = vec![format!("{}: what holds in most of {runs} at each value", scenario.name)];
    if reaches.is_empty() {
        lines.push("the scenario states no [[assumption]]".to_owned());
    }
    for reach in reaches {
        let Reach { path, value, range, .. } = reach;
        let plausible = if reach.is_range { "from" } else { "one of" };
        lines.extend([String::new(), format!("{path} = {value}, assumed {plausible} {range}")]);
        let (all, some): (Vec<&Conclusion>, Vec<&Conclusion>) =
            reach.conclusions.iter().partition(|conclusion| conclusion.everywhere);
        if some.is_empty() {
            lines.push(format!("  all {} conclusions hold everywhere", all.len()));
        } else if !all.is_empty() {
            let names: Vec<String> = all.iter().map(|c| format!("`{}`", c.name)).collect();
            let line = format!("{} everywhere: {}", hold(all.len()), names.join(", "));
            lines.extend(wrap(&line, COLUMNS - 4).into_iter().enumerate().map(indented));
        }
        for conclusion in some {
            let line = sentence(reach, conclusion);
            lines.extend(wrap(&line, COLUMNS - 4).into_iter().enumerate().map(indented));
        }
    }
    lines.join("\n") + "\n"
}

fn hold(count: usize) -> &'static str {
    if count == 1 { "holds" } else { "hold" }
}

fn indented((index, line): (usize, String)) -> String {
    format!("{}{line}", if index == 0 { "  " } else { "    " })
}

/// Over which part of a range a conclusion holds.
fn sentence(reach: &Reach, conclusion: &Conclusion) -> String {
    let Conclusion { name, stretches, at: (_, of), .. } = conclusion;
    let place = |(from, to): &(String, String)| {
        if from == to { from.clone() } else { format!("from {from} to {to}") }
    };
    let places: Vec<String> = stretches.iter().map(place).collect();
    let whole = if reach.is_range { &reach.range } else { &format!("{of} values") };
    match (places.as_slice(), stretches.as_slice()) {
        ([], _) => format!("`{name}` holds nowhere"),
        ([only], [(from, to)]) if from == to => {
            format!("`{name}` rests on one value: {only}, of {whole}")
        }
        (places, _) => format!(
            "`{name}` holds for {path} {}, of {whole}",
            places.join(" and "),
            path = reach.path
        ),
    }
}
