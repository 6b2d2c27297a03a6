//! `[sweep]`: what a sweep of the scenario varies.

use super::super::SweepTable;
use super::super::axis::Axis;
use super::super::overrides;
use super::super::reader::{Reported, TableReader};
use super::{Context, Mode};

/// The table, if there is one.
pub(super) fn sweep(
    context: &Context<'_>,
    top: &TableReader<'_>,
) -> Result<Option<SweepTable>, Reported> {
    top.part("sweep", |table| read(context, table))
}

fn read(context: &Context<'_>, table: &TableReader<'_>) -> Option<SweepTable> {
    let axes = table.has("vary").then(|| axes(context, table));
    let design = if table.has("design") { Some(table.choice("design")?) } else { None };
    let optional = |key| if table.has(key) { table.count32(key).map(Some) } else { Some(None) };
    let (points, replications) = (optional("points"), optional("replications"));
    let precision =
        if table.has("precision") { table.ratio("precision").map(Some) } else { Some(None) };
    let (points, replications, precision) = (points?, replications?, precision?);
    let hypercube = design == Some("latin-hypercube");
    if hypercube && points.is_none() {
        table.fail("design", "a Latin hypercube needs `points`", "add points = 50");
        return None;
    }
    if !hypercube && points.is_some() {
        let message = "`points` is of a Latin hypercube";
        table.fail("points", message, "a grid has every combination");
        return None;
    }
    if replications.is_some() && precision.is_some() {
        let message = "a sweep has either `replications` or a `precision`";
        table.fail("precision", message, "remove one of them");
        return None;
    }
    Some(SweepTable { axes: axes??, hypercube: points, replications, precision })
}

fn axes(context: &Context<'_>, table: &TableReader<'_>) -> Option<Vec<Axis>> {
    let edits = table.get("vary", overrides::edits)?;
    let mut axes: Vec<Axis> = Vec::new();
    let mut sound = !edits.is_empty();
    if edits.is_empty() {
        table.fail("vary", "nothing is varied", "write vary = { load = \"50%..150%:11\" }");
    }
    for edit in &edits {
        let axis = Axis::from_edit(edit).and_then(|mut axis| {
            // A change of the scenario may well remove what it varies.
            if context.mode == Mode::Written {
                axis.check_in(context.root)?;
            }
            match axes.iter().find(|other| axis.meets_in(other, context.root)) {
                Some(other) => Err(Axis::twice(other, &axis)),
                None => Ok(axis),
            }
        });
        match axis {
            Ok(axis) => axes.push(axis),
            Err(diagnostic) => {
                context.report.push(diagnostic);
                sound = false;
            }
        }
    }
    sound.then_some(axes)
}
