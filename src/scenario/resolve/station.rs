//! How backends queue and serve.

use super::super::diagnostic::Diagnostic;
use super::super::fields::settings_of;
use super::super::reader::TableReader;
use super::super::values::{self, Read};
use super::all;
use super::backend::distribution;
use super::balancer::argument;
use crate::engine::dist::Distribution;
use crate::engine::time::Span;
use crate::model::setup::{Contention, DisciplineConfig, Slowdown};
use crate::model::station::discipline::{DISCIPLINES, DisciplineSpec};

/// The discipline with its parameters. Those of the others are read too: their mistakes would wait
/// for a change of the discipline.
pub(super) fn discipline(table: &TableReader<'_>) -> Option<DisciplineConfig> {
    let name = table.choice("discipline");
    let mut chosen = None;
    for spec in DISCIPLINES {
        let arguments = arguments_of(table, spec);
        if name == Some(spec.name) {
            chosen = arguments.map(|arguments| DisciplineConfig { spec, arguments });
        }
    }
    chosen
}

fn arguments_of(table: &TableReader<'_>, spec: &'static DisciplineSpec) -> Option<Vec<f64>> {
    let node = if spec.parameters.is_empty() { None } else { table.node(spec.name) };
    let Some(node) = node else {
        return Some(spec.parameters.iter().map(|parameter| parameter.default).collect());
    };
    let title = format!("`{}`", spec.name);
    let settings = TableReader::open(table.report, node, &title, settings_of(spec))?;
    all(spec.parameters.iter().map(|parameter| argument(&settings, parameter)))
}

/// How long somebody may be in line.
pub(super) struct Age {
    pub(super) queue_age: Option<Span>,
    pub(super) patience: Option<Distribution>,
}

/// What bounds the age of those in line, if there is a line.
pub(super) fn age(table: &TableReader<'_>, discipline: Option<&DisciplineConfig>) -> Option<Age> {
    let queue_age = table.duration_or("queue-age");
    let has_patience = table.has("patience");
    let patience = if has_patience { Some(distribution(table, "patience")?) } else { None };
    if let Some(discipline) = discipline {
        for key in ["queue-age", "patience"] {
            if table.has(key) && !discipline.has_line() {
                let help = "limit `processor-sharing.concurrency`, or bound `queue`";
                foreign(table, key, "nobody waits in line where all share the workers", help);
            }
        }
        let nobody_is_late = queue_age.is_none() && !has_patience && !discipline.spec.drops;
        if table.has("late") && nobody_is_late {
            let dropping: Vec<&str> =
                DISCIPLINES.iter().filter(|spec| spec.drops).map(|spec| spec.name).collect();
            let help = format!("set queue-age, patience or discipline: {}", dropping.join(", "));
            foreign(table, "late", "nobody is turned away for having waited too long", &help);
        }
    }
    Some(Age { queue_age, patience })
}

fn foreign(table: &TableReader<'_>, key: &str, why: &str, help: &str) {
    let message = format!("`{key}` has no meaning here: {why}");
    table.report.push(Diagnostic::new(message, table.key_place(key), "remove it").help(help));
}

/// Slowness that comes with concurrency.
pub(super) fn contention(table: &TableReader<'_>) -> Option<Contention> {
    let at_start = table.choice("applies")? == "at-start";
    let curve = ["attempts", "factor"];
    let law = ["alpha", "beta"];
    let given = |keys: [&'static str; 2]| keys.into_iter().find(|key| table.has(key));
    let slowdown = match (given(law), given(curve)) {
        (Some(_), Some(point)) => {
            let why = "`alpha` and `beta` say it all";
            foreign(table, point, why, "a curve has `attempts` and `factor` alone");
            return None;
        }
        (None, None) => {
            let message = "contention needs `alpha` and `beta`, or `attempts` and `factor`";
            let example = "such as { alpha = 0.02, beta = 0.0005 }";
            table.report.push(Diagnostic::new(message, table.place, "").help(example));
            return None;
        }
        (Some(_), None) => {
            let number = |key| if table.has(key) { table.number(key) } else { Some(0.0) };
            let (alpha, beta) = (number("alpha"), number("beta"));
            Slowdown::Scalability { alpha: alpha?, beta: beta? }
        }
        (None, Some(_)) => {
            if let Some(missing) = curve.into_iter().find(|key| !table.has(key)) {
                let message = format!("a curve needs `{missing}` as well");
                let help = format!("`{missing}`: {}", table.field(missing).doc);
                table.report.push(Diagnostic::new(message, table.place, "").help(help));
                return None;
            }
            self::curve(table)?
        }
    };
    Some(Contention { slowdown, at_start })
}

fn curve(table: &TableReader<'_>) -> Option<Slowdown> {
    let attempts = numbers(table, "attempts", |before, number| {
        if !(0.0..=1e6).contains(&number) {
            Err("a number of attempts is from 0 to 1000000")
        } else if before.is_some_and(|before| number <= before) {
            Err("numbers of attempts must grow")
        } else {
            Ok(())
        }
    });
    let factors = numbers(table, "factor", |_, number| {
        if (0.01..=1e6).contains(&number) {
            Ok(())
        } else {
            Err("a factor is from 0.01 to 1000000")
        }
    });
    let (attempts, factors) = (attempts?, factors?);
    if attempts.len() != factors.len() {
        let message = "`attempts` and `factor` must be of one length";
        let label = format!("{} factors for {} points", factors.len(), attempts.len());
        table.fail("factor", message, &label);
        return None;
    }
    Some(Slowdown::Curve(attempts.into_iter().zip(factors).collect()))
}

/// A list of at least one number; `rule` sees each with the one before it.
fn numbers(
    table: &TableReader<'_>,
    key: &str,
    rule: impl Fn(Option<f64>, f64) -> Result<(), &'static str>,
) -> Option<Vec<f64>> {
    table.get(key, |node, field| {
        let items = values::list(node, field, "numbers")?;
        if items.is_empty() {
            return Err(Diagnostic::new(format!("`{key}` is empty"), &node.place, ""));
        }
        let mut found: Vec<f64> = Vec::new();
        for item in items {
            let number = values::number(item, field)?;
            rule(found.last().copied(), number)
                .map_err(|message| Diagnostic::new(message, &item.place, ""))?;
            found.push(number);
        }
        let read: Read<Vec<f64>> = Ok(found);
        read
    })
}
