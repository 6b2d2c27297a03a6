//! `misroute list`.

use super::failure::Failure;
use super::output;
use crate::engine::dist::{FAMILIES, Family};
use crate::experiment::limits::LIMITS;
use crate::model::balancer::admission::{ADMISSIONS, AdmissionSpec};
use crate::model::balancer::layer::{LAYERS, LayerSpec};
use crate::model::balancer::membership::policy::Ejection;
use crate::model::balancer::membership::rule::EJECTIONS;
use crate::model::balancer::{ALGORITHMS, Algorithm, Parameter, ParameterKind};
use crate::model::station::discipline::{DISCIPLINES, DisciplineSpec};
use crate::observe::metric::{METRICS, Metric};
use crate::report::wrap;
use crate::scenario::actions::{ACTIONS, ActionSpec};
use crate::scenario::bundled::Bundled;
use crate::scenario::dialects::{DIALECTS, DialectSpec};
use crate::scenario::incidents::INCIDENTS;
use crate::scenario::misconfigurations::MISCONFIGURATIONS;
use crate::scenario::patterns::PATTERNS;
use clap::{Args, ValueEnum};
use std::process::ExitCode;

/// What there is, from the tables that the program itself reads.
#[derive(Args, Debug)]
pub(super) struct List {
    /// Of what
    #[arg(value_enum)]
    of: Of,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Of {
    /// Outages that were published, as scenarios that come with the program.
    Incidents,
    /// Configurations that hurt, likewise, each with the one put right.
    Misconfigurations,
    /// How overload comes about and stays, likewise, each with what it rests on taken out.
    Patterns,
    /// Rules by which a balancer picks.
    Algorithms,
    /// What narrows the pool down before a balancer picks, from the outside in.
    Layers,
    /// By what an instance decides whether it takes an attempt on.
    Admissions,
    /// Whose defaults and rules a balancer can follow.
    Dialects,
    /// Rules by which members are put out for how their tries end.
    Ejections,
    /// In which order backends serve, and how they share their workers.
    Disciplines,
    /// Laws of service times.
    Distributions,
    /// What a timeline can do.
    Actions,
    /// Figures that an expectation can ask for.
    Metrics,
    /// What `misroute limits` searches for.
    Limits,
}

pub(super) fn execute(command: &List) -> Result<ExitCode, Failure> {
    let items = match command.of {
        Of::Incidents => bundled(INCIDENTS),
        Of::Misconfigurations => bundled(MISCONFIGURATIONS),
        Of::Patterns => bundled(PATTERNS),
        Of::Algorithms => algorithms(),
        Of::Layers => layers(),
        Of::Admissions => admissions(),
        Of::Dialects => dialects(),
        Of::Ejections => ejections(),
        Of::Disciplines => disciplines(),
        Of::Distributions => distributions(),
        Of::Actions => actions(),
        Of::Metrics => metrics(),
        Of::Limits => LIMITS.iter().map(|limit| item(limit.name, [limit.doc.to_owned()])).collect(),
    };
    output::result(&laid_out(&items))?;
    Ok(ExitCode::SUCCESS)
}

/// Width of the lines; a terminal this wide shows them whole.
const COLUMNS: usize = 100;

/// A name, and lines about it.
struct Item {
    name: &'static str,
    lines: Vec<String>,
}

fn item(name: &'static str, lines: impl IntoIterator<Item = String>) -> Item {
    Item { name, lines: lines.into_iter().filter(|line| !line.is_empty()).collect() }
}

/// The names on the left, what is to be said about each beside it.
fn laid_out(items: &[Item]) -> String {
    let left = items.iter().map(|item| item.name.len()).max().unwrap_or(0) + 2;
    let mut text = String::new();
    for Item { name, lines } in items {
        let wrapped = lines.iter().flat_map(|line| wrap(line, COLUMNS - left));
        for (index, line) in wrapped.enumerate() {
            let name = if index == 0 { name } else { "" };
            text += format!("{name:left$}{line}").trim_end();
            text.push('\n');
        }
    }
    text
}

fn bundled(scenarios: &[Bundled]) -> Vec<Item> {
    let items = scenarios.iter();
    items.map(|scenario| item(scenario.name, [scenario.summary.to_owned()])).collect()
}

/// A parameter with its default, its range and its meaning.
fn described(parameter: &Parameter) -> String {
    let Parameter { name, kind, default, range: (low, high), doc } = parameter;
    match kind {
        ParameterKind::Choice(words) => {
            format!("{name} = \"{}\" ({}): {doc}", words[*default as usize], words.join(", "))
        }
        ParameterKind::Ratio => {
            format!("{name} = {}% ({}% to {}%): {doc}", default * 100.0, low * 100.0, high * 100.0)
        }
        ParameterKind::Duration => format!("{name} = {default}s ({low}s to {high}s): {doc}"),
        ParameterKind::Rate => format!("{name} = {default}/s ({low}/s to {high}/s): {doc}"),
        ParameterKind::Count | ParameterKind::Number => {
            format!("{name} = {default} ({low} to {high}): {doc}")
        }
    }
}

fn ejections() -> Vec<Item> {
    let lines = |rule: &Ejection| {
        let head =
            [rule.summary.to_owned(), format!("fails: {}", rule.fails), rule.vendors.to_owned()];
        head.into_iter().chain(rule.parameters.iter().map(described)).collect::<Vec<_>>()
    };
    EJECTIONS.iter().map(|rule| item(rule.name, lines(rule))).collect()
}

fn algorithms() -> Vec<Item> {
    let lines = |algorithm: &Algorithm| {
        let (dialect, words) = algorithm.dialect;
        let called = DIALECTS.iter().find(|spec| spec.dialect == dialect && !words.is_empty());
        let called = called.map_or_else(String::new, |spec| {
            format!("in dialect {}: {}", spec.name, words.join(", "))
        });
        let head = [
            algorithm.summary.to_owned(),
            format!("fails: {}", algorithm.fails),
            format!("{} per pick; {}", algorithm.cost, algorithm.vendors),
            called,
        ];
        head.into_iter().chain(algorithm.parameters.iter().map(described)).collect::<Vec<_>>()
    };
    ALGORITHMS.iter().map(|algorithm| item(algorithm.name, lines(algorithm))).collect()
}

fn admissions() -> Vec<Item> {
    let lines = |rule: &AdmissionSpec| {
        let head =
            [rule.summary.to_owned(), format!("fails: {}", rule.fails), rule.source.to_owned()];
        head.into_iter().chain(rule.parameters.iter().map(described)).collect::<Vec<_>>()
    };
    ADMISSIONS.iter().map(|rule| item(rule.name, lines(rule))).collect()
}

fn disciplines() -> Vec<Item> {
    let lines = |spec: &DisciplineSpec| {
        let head =
            [spec.summary.to_owned(), format!("fails: {}", spec.fails), spec.source.to_owned()];
        head.into_iter().chain(spec.parameters.iter().map(described)).collect::<Vec<_>>()
    };
    DISCIPLINES.iter().map(|spec| item(spec.name, lines(spec))).collect()
}

fn layers() -> Vec<Item> {
    let lines = |layer: &LayerSpec| {
        [layer.summary.to_owned(), format!("fails: {}", layer.fails), layer.source.to_owned()]
    };
    LAYERS.iter().map(|layer| item(layer.name, lines(layer))).collect()
}

fn dialects() -> Vec<Item> {
    let lines = |spec: &DialectSpec| {
        let mut lines = vec![spec.summary.to_owned()];
        for ((major, minor), text) in spec.defaults {
            if (*major, *minor) != (0, 0) {
                lines.push(format!("since {major}.{minor}:"));
            }
            lines.extend(text.lines().map(str::to_owned));
        }
        lines
    };
    DIALECTS.iter().map(|spec| item(spec.name, lines(spec))).collect()
}

fn distributions() -> Vec<Item> {
    let lines = |family: &Family| {
        let names: Vec<&str> = family.parameters.iter().map(|parameter| parameter.name).collect();
        let parameters = format!("parameters: {}", names.join(", "));
        [family.summary.to_owned(), parameters, family.example.to_owned()]
    };
    FAMILIES.iter().map(|family| item(family.name, lines(family))).collect()
}

fn actions() -> Vec<Item> {
    let back = |action: &ActionSpec| {
        action.reverse.map_or_else(String::new, |reverse| format!("taken back by {reverse}"))
    };
    let items = ACTIONS.iter();
    items.map(|action| item(action.name, [action.summary.to_owned(), back(action)])).collect()
}

fn metrics() -> Vec<Item> {
    let line = |metric: &Metric| format!("{}: {}", metric.unit.name(), metric.doc);
    METRICS.iter().map(|metric| item(metric.name, [line(metric)])).collect()
}
