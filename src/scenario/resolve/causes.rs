//! `[[cause]]` and `failures`: what strikes at random.

use super::super::diagnostic::Diagnostic;
use super::super::fields::BACKENDS;
use super::super::reader::TableReader;
use super::Context;
use super::all;
use super::backend::distribution;
use super::timeline_action::{Targets, targets};
use crate::engine::dist::Distribution;
use crate::engine::time::Span;
use crate::model::outcome::Outcome;
use crate::model::setup::{BackendId, Cause, CauseId, Fault, Origin};

/// More often than this in the mean, nothing fails: a run would be made of failures alone.
const UP_MIN_NS: f64 = 1e6;
/// How long a failing backend's error takes.
const FAILS_AFTER: Span = Span::from_ms(1);

/// What backends have in common, then what each has of its own.
pub(super) fn causes(context: &Context<'_>, top: &TableReader<'_>) -> Option<Vec<Cause>> {
    let shared = top.tables("cause");
    let shared = shared.iter().zip(0..).map(|(table, id)| shared_cause(context, table, id));
    let mut causes = all(shared)?;
    // Their other keys are read, and unknown ones reported, elsewhere.
    let backends = context.root.items("backends");
    let backend = |node| TableReader::open_part(context.report, node, BACKENDS.fields);
    let own = (0..).zip(backends.iter().map(backend));
    let own = own.map(|(id, table)| own_failures(&table?, id));
    causes.extend(all(own)?.into_iter().flatten());
    Some(causes)
}

fn shared_cause(context: &Context<'_>, table: &TableReader<'_>, id: u16) -> Option<Cause> {
    let name = table.text("name");
    let targets = table.has("targets").then(|| targets(context.names, table)).flatten();
    let each = table.ratio("each");
    let (up, down, fault) = (up(table), distribution(table, "down"), fault(table));
    let Targets::Backends(targets) = targets? else {
        let message = "a cause works on backends only";
        table.fail("targets", message, "the database has verbs of the timeline");
        return None;
    };
    let origin = Origin::Shared(CauseId(id));
    Some(Cause { name: name?, origin, targets, up: up?, down: down?, each: each?, fault: fault? })
}

#[expect(clippy::option_option, reason = "the outer one says that something is wrong")]
fn own_failures(backend: &TableReader<'_>, id: u16) -> Option<Option<Cause>> {
    let failures = backend.part("failures", |table| {
        let (up, down, fault) = (up(table), distribution(table, "down"), fault(table));
        Some((up?, down?, fault?))
    });
    let Some((up, down, fault)) = failures.ok()? else { return Some(None) };
    let (origin, targets) = (Origin::Own(BackendId(id)), vec![BackendId(id)]);
    let name = backend.text("name")?;
    Some(Some(Cause { name, origin, targets, up, down, each: 1.0, fault }))
}

fn up(table: &TableReader<'_>) -> Option<Distribution> {
    let up = distribution(table, "up")?;
    if up.mean_ns() < UP_MIN_NS {
        table.fail("up", "`up` must be at least 1ms in the mean", "nothing else would happen");
        return None;
    }
    Some(up)
}

fn fault(table: &TableReader<'_>) -> Option<Fault> {
    let kind = table.choice("fault")?;
    for (key, of) in [("factor", "slow"), ("with", "fail")] {
        if table.has(key) && kind != of {
            let message = format!("`{key}` has no meaning with fault = \"{kind}\"");
            let place = table.key_place(key);
            let help = format!("it belongs to fault = \"{of}\"");
            table.report.push(Diagnostic::new(message, place, "remove it").help(help));
            return None;
        }
    }
    Some(match kind {
        "refuse" => Fault::Refuse,
        "hang" => Fault::Hang,
        "partition" => Fault::Unreachable,
        "slow" if table.has("factor") => Fault::Slow(table.number("factor")?),
        "slow" => {
            let place = table.key_place("fault");
            let help = format!("`factor`: {}", table.field("factor").doc);
            let message = "fault = \"slow\" needs `factor`";
            table.report.push(Diagnostic::new(message, place, "this key is missing").help(help));
            return None;
        }
        "fail" => {
            let with = if table.has("with") { table.choice("with")? } else { "http_500" };
            Fault::Fail { outcome: Outcome::from_name(with)?, after: FAILS_AFTER }
        }
        _ => Fault::Down,
    })
}
