//! From the tree to a [`Setup`]: names become positions, texts become quantities, and everything
//! that does not fit together is found.

mod admission;
mod alert;
pub(super) mod assumption;
mod autoscale;
mod backend;
mod balancer;
mod causes;
mod client;
mod database;
mod expect;
mod layers;
mod membership;
mod names;
mod network;
mod observation;
mod own_faults;
mod policy;
mod records;
mod station;
mod sweep;
mod timeline;
mod timeline_action;
mod variant;

pub use alert::{SIGNALS, SignalSpec};
pub(super) use names::{expand_names, sort_timeline};

use super::clock::{Clock, Start};
use super::fields::{Kind, SCENARIO};
use super::files::Files;
use super::reader::{Report, TableReader};
use super::tree::{Node, Value};
use super::values;
use super::{Assumption, Expect, Objective, SweepTable, Variant};
use crate::model::outcome::{Outcome, OutcomeSet};
use crate::model::setup::{BalancerSetup, Setup};
use jiff::Timestamp;
use names::Names;

/// How strictly a scenario is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// As written: the timeline must be in order, assumptions must contain the file's values, and
    /// measures and twins are looked into.
    Written,
    /// With overrides: these may leave an assumed range and move timeline entries about.
    Overridden,
}

/// Everything that a file says.
pub(super) struct Resolved {
    pub(super) name: String,
    pub(super) title: Option<String>,
    pub(super) description: Option<String>,
    pub(super) references: Vec<String>,
    pub(super) start: Option<Timestamp>,
    pub(super) clock: Clock,
    pub(super) setup: Setup,
    pub(super) objective: Option<Objective>,
    pub(super) expects: Vec<Expect>,
    pub(super) assumptions: Vec<Assumption>,
    pub(super) measures: Vec<Variant>,
    pub(super) twins: Vec<Variant>,
    pub(super) sweep: Option<SweepTable>,
}

/// What the readers of all tables need.
struct Context<'a> {
    root: &'a Node,
    report: &'a Report,
    clock: &'a Clock,
    names: &'a Names,
    files: &'a Files<'a>,
    objective: Option<&'a Objective>,
    mode: Mode,
}

/// The run's clock, as far as the top of the file tells.
pub(super) fn clock(root: &Node, report: &Report) -> Clock {
    let Some(top) = TableReader::open_part(report, root, SCENARIO.fields) else {
        return Clock::default();
    };
    let start = match top.node("start") {
        None => None,
        Some(node) => {
            let text = match &node.value {
                Value::String(text) => text.clone(),
                Value::Datetime(datetime) => datetime.to_string(),
                value => value.to_string(),
            };
            let start = Start::parse(&text);
            if start.is_none() {
                let example = "a date and time such as 2024-08-10T13:50:00Z";
                report.push(values::wrong_kind(node, &top.field("start"), example));
            }
            start
        }
    };
    let duration = if top.has("duration") { top.duration("duration") } else { None };
    Clock::new(start, duration)
}

/// Reads the whole tree. `None` if anything was reported.
pub(super) fn resolve(
    root: &Node,
    report: &Report,
    files: &Files<'_>,
    mode: Mode,
) -> Option<Resolved> {
    if !names::are_few(root, report) {
        return None;
    }
    let clock = clock(root, report);
    let top = TableReader::open(report, root, SCENARIO.title, SCENARIO.fields(Some(root)))?;
    let names = Names::new(root, report);
    let objective = expect::objective(&top);
    let context = Context {
        root,
        report,
        clock: &clock,
        names: &names,
        files,
        objective: objective.as_ref(),
        mode,
    };
    schema_version(&top);
    let name = names::kebab(&top);
    let (title, description, references) = headings(&top);
    let setup = setup(&context, &top);
    let expects = expect::expects(&context, &top);
    // Under overrides they stay what the file says: a measure may well remove what is assumed.
    let (assumptions, measures, twins) = match mode {
        Mode::Overridden => (Vec::new(), Vec::new(), Vec::new()),
        Mode::Written => (
            assumption::assumptions(&context, &top),
            variant::variants(&context, &top, "measure"),
            variant::variants(&context, &top, "twin"),
        ),
    };
    let sweep = sweep::sweep(&context, &top);
    if !report.is_empty() {
        return None;
    }
    let (name, mut setup) = (name?, setup?);
    setup.name.clone_from(&name);
    setup.observation.intervals = observation::intervals(&expects);
    let start = clock.start();
    Some(Resolved {
        name,
        title,
        description,
        references,
        start,
        clock: clock.clone(),
        setup,
        objective,
        expects,
        assumptions,
        measures,
        twins,
        sweep: sweep.ok()?,
    })
}

fn headings(top: &TableReader<'_>) -> (Option<String>, Option<String>, Vec<String>) {
    (top.text("title"), top.text("description"), top.texts("references"))
}

fn schema_version(top: &TableReader<'_>) {
    match top.node("schema") {
        None | Some(Node { value: Value::Integer(1), .. }) => {}
        Some(_) => {
            top.fail("schema", "this version of misroute reads schema 1", "write schema = 1");
        }
    }
}

fn setup(context: &Context<'_>, top: &TableReader<'_>) -> Option<Setup> {
    let load = top.ratio("load");
    let populations = client::populations(context, top, load);
    let backends = backend::backends(top);
    let members = backend::member_nodes(context.root);
    let config = balancer::configuration(context.report, context.root, &members);
    let instances = balancer::instances(top);
    let database = database::database(top);
    let causes = causes::causes(context, top);
    let autoscale = autoscale::autoscale(context, top);
    let alerts = alert::alerts(context, top);
    let timeline = timeline::timeline(context, top, instances.as_ref().map(|i| i.count));
    let network = network::network(context, top, instances.as_ref().map(|i| i.count));
    let observation = observation::observation(context, top);
    let instances = instances?;
    Some(Setup {
        name: String::new(),
        duration: context.clock.duration?,
        populations: populations?,
        balancer: BalancerSetup {
            instances: instances.count,
            processes: instances.processes,
            threads: instances.threads,
            config: config?,
        },
        backends: backends?,
        database: database.ok()?,
        network: network.ok()?,
        autoscale: autoscale.ok()?,
        causes: causes?,
        timeline: timeline?,
        alerts: alerts?,
        observation: observation?,
    })
}

/// All of them, or nothing if one could not be read.
fn all<T>(items: impl IntoIterator<Item = Option<T>>) -> Option<Vec<T>> {
    // Each is read before the first failure ends the collection: mistakes are all reported.
    let items: Vec<Option<T>> = items.into_iter().collect();
    items.into_iter().collect()
}

/// The set of outcomes at a key.
fn outcomes(table: &TableReader<'_>, key: &'static str) -> Option<OutcomeSet> {
    let Kind::Choices(words) = table.field(key).kind else { return None };
    table.get(key, |node, field| {
        let items = values::list(node, field, "outcomes such as \"http_503\"")?;
        let word = |item| values::choice(item, field, words).map(|index| words[index]);
        let names: Vec<&str> = items.into_iter().map(word).collect::<Result<_, _>>()?;
        Ok(names.into_iter().filter_map(Outcome::from_name).collect())
    })
}
