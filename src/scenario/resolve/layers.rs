//! `priority`, `zones`, `subset` and `canary` of the balancer, and what backends belong to.

use super::super::reader::TableReader;
use super::super::suggest;
use super::super::tree::Node;
use super::super::values::{self, Read};
use crate::model::balancer::layer::{Canary, CanaryBy, Layers, Priorities, Subset, Zones};

/// Names of zones or groups, in the order in which backends mention them. Backends without one have
/// number 0.
pub(super) struct Places {
    key: &'static str,
    names: Vec<String>,
}

impl Places {
    pub(super) fn new(key: &'static str, members: &[&Node]) -> Self {
        let mut names = vec![String::new()];
        for name in members.iter().filter_map(|member| member.text(key)) {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
        Self { key, names }
    }

    fn position(&self, name: &str) -> Option<u16> {
        let found = self.names.iter().position(|known| known == name)?;
        u16::try_from(found).ok()
    }

    /// Where a backend belongs.
    pub(super) fn of_member(&self, member: &TableReader<'_>) -> Option<u16> {
        if !member.has(self.key) {
            return Some(0);
        }
        self.position(&member.text(self.key)?)
    }

    /// The one that something refers to.
    fn read(&self, node: &Node, text: &str) -> Read<u16> {
        let number = self.position(text).filter(|_| !text.is_empty());
        number.ok_or_else(|| {
            let names = self.names.iter().skip(1).map(String::as_str);
            let help = suggest::help(text, names, &format!("{}s of the backends", self.key));
            values::unknown(&node.place, self.key, text).help(help)
        })
    }
}

/// Every layer that `[balancer]` has.
pub(super) fn layers(
    table: &TableReader<'_>,
    zones: &Places,
    groups: &Places,
    panic: Option<f64>,
) -> Option<Layers> {
    let priority = table.part("priority", |table| priority(table, panic));
    let zones = table.part("zones", |table| self::zones(table, zones));
    let subset = table.part("subset", |table| Some(Subset { size: table.count32("size")? }));
    let canary = table.part("canary", |table| canary(table, groups));
    Some(Layers {
        canary: canary.ok()?,
        subset: subset.ok()?,
        priority: priority.ok()?,
        zones: zones.ok()?,
    })
}

/// `panic`: the balancer's, as a fraction.
fn priority(table: &TableReader<'_>, panic: Option<f64>) -> Option<Priorities> {
    let overprovisioning = percent(table.ratio("overprovisioning")?);
    Some(Priorities { overprovisioning, panic: percent(panic.unwrap_or(0.0)) })
}

fn percent(ratio: f64) -> u32 {
    (ratio * 100.0).round() as u32
}

fn zones(table: &TableReader<'_>, zones: &Places) -> Option<Zones> {
    let min_cluster_size = table.count32("min-cluster-size");
    if !table.has("local") {
        return None;
    }
    let local: Vec<u16> = table.get("local", |node, field| {
        let items = values::list(node, field, "names of zones")?;
        if items.is_empty() {
            let message = "`local` is empty";
            return Err(super::super::diagnostic::Diagnostic::new(message, &node.place, "")
                .help("one zone per instance"));
        }
        items.into_iter().map(|item| zones.read(item, values::text(item, field)?)).collect()
    })?;
    Some(Zones { local: local.into(), min_cluster_size: min_cluster_size? })
}

fn canary(table: &TableReader<'_>, groups: &Places) -> Option<Canary> {
    let share = table.has("share").then(|| table.ratio("share")).flatten();
    let by = table.choice("by");
    if !table.has("group") {
        return None;
    }
    let group = table.get("group", |node, field| groups.read(node, values::text(node, field)?));
    let by = if by? == "client" { CanaryBy::Client } else { CanaryBy::Request };
    Some(Canary { group: group?, share: share?, by })
}
