//! `[balancer]`, at the start and after each change of its configuration.

use super::super::diagnostic::{Diagnostic, Place};
use super::super::dialects::{self, DIALECTS, DialectSpec};
use super::super::fields::{BALANCER, parameters_of};
use super::super::reader::{Report, TableReader};
use super::super::suggest;
use super::super::tree::Node;
use super::super::values;
use super::layers::{self, Places};
use super::{admission, all, backend, membership, policy};
use crate::model::balancer::layer::Layers;
use crate::model::balancer::membership::policy::EjectionConfig;
use crate::model::balancer::policy::ClientLeaves;
use crate::model::balancer::{self, ALGORITHMS, Dialect, ParameterKind, Version};
use crate::model::outcome::Outcome;
use crate::model::setup::{AlgorithmConfig, BalancerConfig};

/// How many instances there are, and of what each consists.
pub(super) struct Instances {
    pub(super) count: u16,
    pub(super) processes: u16,
    pub(super) threads: u16,
}

/// Reads [`Instances`].
pub(super) fn instances(top: &TableReader<'_>) -> Option<Instances> {
    let Some(node) = top.node("balancer") else {
        return Some(Instances { count: 1, processes: 1, threads: 1 });
    };
    let table = TableReader::open_part(top.report, node, BALANCER.fields)?;
    let small = |key| table.count(key).and_then(|count| u16::try_from(count).ok());
    let (count, workers) = (small("instances")?, small("workers")?);
    let zone = table.flag("zone")?;
    let (processes, threads) = match spec(&table)?.dialect {
        _ if workers == 1 => (1, 1),
        Dialect::Nginx if !zone => (workers, 1),
        Dialect::Envoy => (1, workers),
        Dialect::Nginx | Dialect::Haproxy | Dialect::Generic => (1, 1),
    };
    if zone && table.text("dialect").is_some_and(|dialect| dialect != "nginx") {
        table.fail("zone", "only nginx's workers share a zone", "write dialect = \"nginx\"");
    }
    if u32::from(count) * u32::from(processes) > 1_000 {
        table.fail("workers", "more than 1000 processes in all", "fewer instances or workers");
        return None;
    }
    Some(Instances { count, processes, threads })
}

fn spec(table: &TableReader<'_>) -> Option<&'static DialectSpec> {
    table.choice("dialect").and_then(dialects::find)
}

/// The configuration that a tree describes: its `balancer`, and the given backends as members.
pub(super) fn configuration(
    report: &Report,
    root: &Node,
    members: &[&Node],
) -> Option<BalancerConfig> {
    let empty = Node::table(&root.place);
    let written = root.as_table().and_then(|table| table.get("balancer")).unwrap_or(&empty);
    let table = TableReader::open(report, written, BALANCER.title, BALANCER.fields(Some(written)))?;
    let known = spec(&table);
    // The rest is read under an unknown dialect too: its mistakes are reported as well.
    let spec = known.unwrap_or(&DIALECTS[0]);
    let version = version(&table, spec)?;
    let completed = dialects::completed(written, spec, version);
    let table = TableReader::open_part(report, &completed, &BALANCER.fields(Some(written)))?;
    let (zones, groups) = (Places::new("zone", members), Places::new("group", members));
    let members = all(members.iter().map(|node| backend::member(report, node, &zones, &groups)));
    let others = members.as_ref().map_or(0, |members| {
        let listed = members.iter().filter(|member| member.in_pool).count();
        listed.saturating_sub(1) as u32
    });
    let mut algorithm = algorithm(&table, spec.dialect, version);
    let admission = table.part("admission", admission::admission);
    let retry = table.part_or_defaults("retry", |table| policy::retry(table, others, spec.dialect));
    let connect =
        table.part_or_defaults("connect", |table| policy::connect(table, others, retry.as_ref()));
    let queue = table
        .part_or_defaults("queue", |table| policy::queue(table, connect.as_ref(), spec.dialect));
    let limits = table.part_or_defaults("limits", policy::limits);
    let health = membership::health(&table);
    let ejection = membership::ejection(&table, spec.dialect, version);
    if let (Dialect::Nginx, Some(algorithm), Ok(ejection)) =
        (spec.dialect, &mut algorithm, &ejection)
    {
        share_max_fails(&table, algorithm, ejection.as_ref());
    }
    let slow_start = membership::slow_start(&table);
    let reserves = membership::reserves(&table, spec.dialect);
    let panic = reserves.as_ref().and_then(|reserves| reserves.panic);
    let layers = layers::layers(&table, &zones, &groups, panic);
    if queue.as_ref().is_some_and(|queue| queue.waits) && table.has("subset") {
        let message = "attempts that wait for any backend would leave the subset";
        table.fail("subset", message, "not together with queue.waits");
    }
    let leaves = table.choice("client-leaves");
    let nobody_as = table.choice("nobody-as").and_then(Outcome::from_name);
    Some(BalancerConfig {
        algorithm: AlgorithmConfig { layers: layers?, ..algorithm? },
        members: members?,
        admission: admission.ok()?,
        connect: connect?,
        retry: retry?,
        queue: queue?,
        limits: limits?,
        health: health.ok()?,
        ejection: ejection.ok()?,
        slow_start: slow_start.ok()?,
        reserves: reserves?,
        timeout: table.duration_or("timeout"),
        server_timeout: table.duration_or("server-timeout"),
        client_leaves: if leaves? == "ignore" { ClientLeaves::Ignore } else { ClientLeaves::Close },
        nobody_as: nobody_as?,
    })
}

fn version(table: &TableReader<'_>, spec: &DialectSpec) -> Option<Version> {
    if !table.has("version") {
        return Some(spec.version);
    }
    table.get("version", |node, field| {
        dialects::version(values::text(node, field)?).ok_or_else(|| {
            Diagnostic::new("this is not a version", &node.place, "").help("write \"2.6\"")
        })
    })
}

/// The algorithm by name, with the parameters from the sub-table of that name.
fn algorithm(
    table: &TableReader<'_>,
    dialect: Dialect,
    version: Version,
) -> Option<AlgorithmConfig> {
    let chosen = table.get("algorithm", |node, field| {
        let text = values::text(node, field)?;
        balancer::find(dialect, text).ok_or_else(|| {
            let theirs = ALGORITHMS.iter().filter(|algorithm| algorithm.dialect.0 == dialect);
            let words = theirs.flat_map(|algorithm| algorithm.dialect.1.iter().copied());
            let names = ALGORITHMS.iter().map(|algorithm| algorithm.name).chain(words);
            let help = match of_vendor(text) {
                Some(known) => {
                    let spec = DIALECTS.iter().find(|spec| spec.dialect == known.dialect.0);
                    let others = spec.filter(|spec| spec.dialect != Dialect::Generic);
                    let others = others.map_or_else(String::new, |spec| {
                        format!("; with dialect = \"{}\" the name is right", spec.name)
                    });
                    format!("here it is `{}` ({}){others}", known.name, known.vendors)
                }
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
    let layers = Layers::default();
    Some(AlgorithmConfig { algorithm: chosen?, arguments: arguments?, version, layers })
}

/// The algorithm that a vendor's configuration calls so: `leastconn`, `RING_HASH`.
fn of_vendor(text: &str) -> Option<&'static balancer::Algorithm> {
    let plain = text.to_ascii_lowercase().replace('_', "-");
    let word = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    let own = || ALGORITHMS.iter().copied().find(|algorithm| algorithm.name == plain);
    let theirs = || ALGORITHMS.iter().copied().find(|known| word(known.dialect.1));
    // Capitals are Envoy's.
    let is_shouted = text.chars().any(char::is_uppercase);
    let known = if is_shouted { theirs().or_else(own) } else { own().or_else(theirs) };
    if known.is_some() {
        return known;
    }
    let called = |vendors: &str| {
        let mut words = vendors.split([' ', ';', ',', ':']);
        text.len() > 5 && words.any(|word| word.eq_ignore_ascii_case(text))
    };
    let all = || ALGORITHMS.iter().copied();
    // A mere slip of an underscore is not meant as a vendor's name.
    let slip = text.replace('_', "-");
    all().find(|algorithm| algorithm.name == slip).or_else(|| all().find(|a| called(a.vendors)))
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
    all(algorithm.parameters.iter().map(|parameter| argument(&parameters, parameter)))
}

fn no_parameters(table: &TableReader<'_>, name: &str, place: &Place) {
    let message = format!("`{name}` has no parameters");
    let help = format!("to choose it, write algorithm = \"{name}\"");
    table.report.push(Diagnostic::new(message, place, "").help(help));
}

/// nginx has one `max_fails` for the exclusion of a peer and for its weight: what the file does not say
/// of the second is what it says of the first.
fn share_max_fails(
    table: &TableReader<'_>,
    config: &mut AlgorithmConfig,
    ejection: Option<&EjectionConfig>,
) {
    let place = |parameters: &[balancer::Parameter]| {
        parameters.iter().position(|parameter| parameter.name == "max-fails")
    };
    let own = table.node(config.algorithm.name).and_then(Node::as_table);
    let (Some(place_here), false) =
        (place(config.algorithm.parameters), own.is_some_and(|own| own.get("max-fails").is_some()))
    else {
        return;
    };
    let theirs = ejection.and_then(|ejection| {
        place(ejection.ejection.parameters).map(|place| ejection.arguments[place])
    });
    config.arguments[place_here] = theirs.unwrap_or(0.0);
}

/// The value of a declared parameter, in the unit of its kind.
pub(super) fn argument(table: &TableReader<'_>, parameter: &balancer::Parameter) -> Option<f64> {
    match parameter.kind {
        ParameterKind::Count => table.count(parameter.name).map(|count| count as f64),
        ParameterKind::Number => table.number(parameter.name),
        ParameterKind::Ratio => table.ratio(parameter.name),
        ParameterKind::Duration => {
            table.duration(parameter.name).map(|span| span.as_ns() as f64 * 1e-9)
        }
        ParameterKind::Rate => table.rate(parameter.name),
        ParameterKind::Choice(words) => {
            let word = table.choice(parameter.name)?;
            words.iter().position(|known| *known == word).map(|position| position as f64)
        }
    }
}
