//! `[balancer]`, at the start and after each change of its configuration.

use super::super::diagnostic::{Diagnostic, Place};
use super::super::fields::{BALANCER, parameters_of};
use super::super::reader::{Report, TableReader};
use super::super::suggest;
use super::super::tree::Node;
use super::super::values;
use super::{all, backend};
use crate::model::balancer::{self, ALGORITHMS, Dialect, ParameterKind};
use crate::model::outcome::Outcome;
use crate::model::setup::{AlgorithmConfig, BalancerConfig, ConnectPolicy};

/// How many instances there are.
pub(super) fn instances(top: &TableReader<'_>) -> Option<u16> {
    let Some(node) = top.node("balancer") else { return Some(1) };
    let table = TableReader::open_part(top.report, node, BALANCER.fields)?;
    table.count("instances").and_then(|count| u16::try_from(count).ok())
}

/// The configuration that a tree describes: its `balancer`, and the given backends as members.
pub(super) fn configuration(
    report: &Report,
    root: &Node,
    members: &[&Node],
) -> Option<BalancerConfig> {
    let empty = Node::table(&root.place);
    let node = root.as_table().and_then(|table| table.get("balancer")).unwrap_or(&empty);
    let table = TableReader::open(report, node, BALANCER.title, BALANCER.fields(Some(node)))?;
    let algorithm = algorithm(&table);
    let timeout = table.duration_or("timeout");
    let connect = table.part_or_defaults("connect", policy);
    let members = all(members.iter().map(|node| backend::member(report, node)));
    Some(BalancerConfig { algorithm: algorithm?, members: members?, connect: connect?, timeout })
}

fn policy(table: &TableReader<'_>) -> Option<ConnectPolicy> {
    let retries = table.count32("retries");
    let delay = table.duration("delay");
    let redispatch = table.flag("redispatch");
    let refused_as = table.choice("refused-as").and_then(Outcome::from_name);
    Some(ConnectPolicy {
        retries: retries?,
        delay: delay?,
        redispatch: redispatch?,
        refused_as: refused_as?,
    })
}

/// The algorithm by name, with the parameters from the sub-table of that name.
fn algorithm(table: &TableReader<'_>) -> Option<AlgorithmConfig> {
    let chosen = table.get("algorithm", |node, field| {
        let text = values::text(node, field)?;
        balancer::find(Dialect::Generic, text).ok_or_else(|| {
            let names = ALGORITHMS.iter().map(|algorithm| algorithm.name);
            let help = match of_vendor(text) {
                Some(known) => format!("here it is `{}` ({})", known.name, known.vendors),
                None => suggest::help(text, names, "algorithms"),
            };
            values::unknown(&node.place, "algorithm", text).help(help)
        })
    });
    // The others are read too: their mistakes would wait for a change of the algorithm.
    let mut arguments = None;
    for algorithm in ALGORITHMS {
        let read = arguments_of(table, algorithm);
        if chosen.is_some_and(|chosen| chosen.name == algorithm.name) {
            arguments = read;
        }
    }
    Some(AlgorithmConfig { algorithm: chosen?, arguments: arguments?, version: (0, 0) })
}

/// The algorithm that a vendor's configuration calls so: `leastconn`, `RING_HASH`.
fn of_vendor(text: &str) -> Option<&'static balancer::Algorithm> {
    let called = |vendors: &str| {
        let mut words = vendors.split([' ', ';', ',', ':']);
        text.len() > 5 && words.any(|word| word.eq_ignore_ascii_case(text))
    };
    ALGORITHMS.iter().copied().find(|algorithm| called(algorithm.vendors))
}

fn arguments_of(
    table: &TableReader<'_>,
    algorithm: &'static balancer::Algorithm,
) -> Option<Vec<f64>> {
    let Some(node) = table.node(algorithm.name) else {
        return Some(algorithm.parameters.iter().map(|parameter| parameter.default).collect());
    };
    if algorithm.parameters.is_empty() {
        no_parameters(table, algorithm.name, &node.place);
        return None;
    }
    let title = format!("`{}`", algorithm.name);
    let fields = parameters_of(algorithm);
    let parameters = TableReader::open(table.report, node, &title, fields)?;
    let argument = |parameter: &balancer::Parameter| match parameter.kind {
        ParameterKind::Count => parameters.count(parameter.name).map(|count| count as f64),
        ParameterKind::Number => parameters.number(parameter.name),
        ParameterKind::Ratio => parameters.ratio(parameter.name),
        ParameterKind::Duration => {
            parameters.duration(parameter.name).map(|span| span.as_ns() as f64 * 1e-9)
        }
    };
    all(algorithm.parameters.iter().map(argument))
}

fn no_parameters(table: &TableReader<'_>, name: &str, place: &Place) {
    let message = format!("`{name}` has no parameters");
    let help = format!("to choose it, write algorithm = \"{name}\"");
    table.report.push(Diagnostic::new(message, place, "").help(help));
}
