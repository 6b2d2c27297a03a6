//! `[autoscale]`.

use super::super::diagnostic::Diagnostic;
use super::super::reader::{Reported, TableReader};
use super::Context;
use super::timeline_action::{Targets, targets};
use crate::model::setup::{Autoscale, ScaleMetric};

/// `[autoscale]`, if there is one.
pub(super) fn autoscale(
    context: &Context<'_>,
    top: &TableReader<'_>,
) -> Result<Option<Autoscale>, Reported> {
    top.part("autoscale", |table| {
        let goal = goal(table);
        let targets = table.has("targets").then(|| targets(context.names, table)).flatten();
        let (min, tolerance) = (table.count32("min"), table.ratio("tolerance"));
        let max = if table.has("max") { Some(table.count32("max")?) } else { None };
        let span = |key| table.duration(key);
        let (sync, window) = (span("sync"), span("window"));
        let up_stabilization = span("up-stabilization");
        let down_stabilization = span("down-stabilization");
        let (up_pods, up_percent) = (table.count32("up-pods"), table.ratio("up-percent"));
        let up_period = span("up-period");
        let (provision, register, drain) = (span("provision"), span("register"), span("drain"));
        let Targets::Backends(mut targets) = targets? else {
            table.fail("targets", "only backends can be scaled", "name at least one");
            return None;
        };
        targets.sort_unstable();
        let (min, most) = (min?, targets.len() as u32);
        // More than there are cannot be taken in, whatever the file allows.
        let max = max.unwrap_or(most).min(most);
        if min > max {
            let message = format!("min = {min}, and at most {max} of {most} targets may serve");
            table.fail("min", message, "at most as many");
            return None;
        }
        let (metric, target) = goal?;
        Some(Autoscale {
            targets,
            metric,
            target,
            min,
            max,
            tolerance: tolerance?,
            sync: sync?,
            window: window?,
            up_stabilization: up_stabilization?,
            down_stabilization: down_stabilization?,
            up_pods: up_pods?,
            up_percent: up_percent?,
            up_period: up_period?,
            provision: provision?,
            register: register?,
            drain: drain?,
        })
    })
}

/// What is looked at, and what it should be.
fn goal(table: &TableReader<'_>) -> Option<(ScaleMetric, f64)> {
    let keys = ["utilization", "in-flight", "queue"];
    let mut given = keys.into_iter().filter(|key| table.has(key));
    let (Some(key), None) = (given.next(), given.next()) else {
        let message = "an autoscaler looks at one of `utilization`, `in-flight` and `queue`";
        table.report.push(Diagnostic::new(message, table.place, "write one of them"));
        return None;
    };
    Some(match key {
        "utilization" => (ScaleMetric::Utilization, table.ratio(key)?),
        "in-flight" => (ScaleMetric::InFlight, table.number(key)?),
        _ => (ScaleMetric::Waiting, table.number(key)?),
    })
}
