//! `health`, `ejection`, `slow-start` and the reserves of the balancer.

use super::super::diagnostic::Diagnostic;
use super::super::reader::{Reported, TableReader};
use super::super::suggest;
use super::super::values;
use super::all;
use super::balancer::argument;
use crate::model::balancer::membership::policy::{
    Asks, Curve, EjectionConfig, FirstChecks, HealthChecks, Initial, Reserves, SlowStart,
};
use crate::model::balancer::membership::rule::{self, EJECTIONS};
use crate::model::balancer::{Dialect, Version};

type Part<T> = Result<Option<T>, Reported>;

pub(super) fn health(table: &TableReader<'_>) -> Part<HealthChecks> {
    table.part("health", |health| {
        let interval = health.duration("interval");
        let or_interval = |key| if health.has(key) { health.duration(key) } else { interval };
        let initial = match health.choice("initial")? {
            "fully-up" => Initial::FullyUp,
            "down" => Initial::Down,
            "fully-down" => Initial::FullyDown,
            _ => Initial::Up,
        };
        let asks = match health.choice("asks")? {
            "connection" => Asks::Connection,
            "life" => Asks::Life,
            _ => Asks::Work,
        };
        let first = match health.choice("first")? {
            "at-once" => FirstChecks::AtOnce,
            _ => FirstChecks::Spread,
        };
        Some(HealthChecks {
            interval: interval?,
            fast_interval: or_interval("fast-interval")?,
            down_interval: or_interval("down-interval")?,
            timeout: or_interval("timeout")?,
            rise: health.count32("rise")?,
            fall: health.count32("fall")?,
            initial,
            asks,
            errors_are_final: health.flag("errors-are-final")?,
            first,
        })
    })
}

pub(super) fn ejection(
    table: &TableReader<'_>,
    dialect: Dialect,
    version: Version,
) -> Part<EjectionConfig> {
    table.part("ejection", |ejection| {
        let chosen = ejection.get("rule", |node, field| {
            let text = values::text(node, field)?;
            rule::find(text).ok_or_else(|| {
                let names = EJECTIONS.iter().map(|ejection| ejection.name);
                let help = suggest::help(text, names, "rules");
                Diagnostic::new(format!("unknown rule `{text}`"), &node.place, "").help(help)
            })
        })?;
        // Since 1.28 `max-percent` holds for the first ejection too (Envoy's release notes).
        let is_lax = dialect == Dialect::Envoy && version < (1, 28);
        let arguments = chosen.parameters.iter().map(|parameter| {
            let is_default = parameter.name == "strict" && !ejection.has("strict");
            if is_lax && is_default { Some(0.0) } else { argument(ejection, parameter) }
        });
        let arguments = all(arguments);
        Some(EjectionConfig { ejection: chosen, arguments: arguments? })
    })
}

pub(super) fn slow_start(table: &TableReader<'_>) -> Part<SlowStart> {
    table.part("slow-start", |slow| {
        let period = slow.duration("period");
        let (floor, aggression) = (slow.ratio("floor"), slow.number("aggression"));
        let curve = match slow.choice("curve")? {
            "sixteenths" => Curve::Sixteenths,
            _ => Curve::Power { floor: floor?, aggression: aggression? },
        };
        Some(SlowStart { period: period?, curve })
    })
}

pub(super) fn reserves(table: &TableReader<'_>, dialect: Dialect) -> Option<Reserves> {
    let panic = table.ratio("panic")?;
    let all_backups = table.choice("backups")? == "all";
    let overprovisioning = if dialect == Dialect::Envoy { 140 } else { 100 };
    Some(Reserves { panic: (panic > 0.0).then_some(panic), overprovisioning, all_backups })
}
