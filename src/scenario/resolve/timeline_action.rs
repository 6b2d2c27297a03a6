//! What a timeline entry does.

use super::super::actions::{self, ACTIONS};
use super::super::diagnostic::Diagnostic;
use super::super::fields::{FIXED_MEMBER_KEYS, Kind, MEMBER_KEYS};
use super::super::overrides::{self, Edit};
use super::super::path::{Step, Target};
use super::super::reader::{Report, Reported, TableReader};
use super::super::suggest;
use super::super::tree::{Node, Table, Value};
use super::super::values::{self, Read};
use super::names::Names;
use super::{Context, Mode, balancer, network};
use crate::engine::time::Span;
use crate::model::outcome::Outcome;
use crate::model::setup::{
    Action, BackendId, BalancerConfig, Change, EntryId, Fault, FaultKind, FlashCrowd, LinkEnd,
    PopulationId, Rollout,
};
use std::collections::BTreeSet;

/// Reads actions one after another: each `configure` starts from the configuration before it.
pub(super) struct Actions<'a> {
    context: &'a Context<'a>,
    instances: Option<u16>,
    /// Configurations in the order in which they become the newest, with the entries behind them.
    versions: Vec<(Option<usize>, Node)>,
}

/// Keys of a `partition` that cuts links, instead of keeping new connections from backends.
const OF_LINKS: [&str; 4] = ["direction", "balancers", "clients", "zones"];

/// What can be done to a database.
const DATABASE_VERBS: &str =
    "the database can crash, restart, hang, resume, slow, restore, fail, heal and pause";

/// On what a fault works.
pub(super) enum Targets {
    Backends(Vec<BackendId>),
    Database,
}

impl<'a> Actions<'a> {
    pub(super) fn new(context: &'a Context<'a>, instances: Option<u16>) -> Self {
        Self { context, instances, versions: vec![(None, configuration_part(context.root))] }
    }

    /// The action of an entry, and for how long it lasts. `None` if it could not be read.
    pub(super) fn read(
        &mut self,
        index: usize,
        table: &TableReader<'_>,
    ) -> Option<(Action, Option<Span>)> {
        let verb = table.has("do").then(|| Self::verb(table)).flatten()?;
        // A pause is itself a length of time; what it lacks is reported as a missing key.
        if verb == "pause" {
            return self.pause(table).map(|span| (Action::DatabasePause(span), None));
        }
        let lasts = actions::find(verb)
            .is_some_and(|action| action.all_fields().any(|field| field.key == "for"))
            .then(|| table.duration("for"))
            .flatten();
        if verb == "flash-crowd" {
            let (population, crowd) = (self.population(table), flash_crowd(table));
            let (population, crowd) = (population.ok()?, crowd?);
            // It is over by itself: what it began is taken back then.
            let lasts = crowd.rise + crowd.hold + crowd.decay;
            return Some((Action::FlashCrowd { population, crowd }, Some(lasts)));
        }
        let action = match verb {
            "configure" => self.configure(index, table),
            "rollback" => self.rollback(table),
            "reload" => {
                let rollout = self.rollout(table);
                rollout.map(|rollout| Action::Reload(Rollout { reload: true, ..rollout }))
            }
            "surge" => {
                let population = self.population(table);
                let factor = table.number("factor");
                Some(Action::Surge { population: population.ok()?, factor: factor? })
            }
            "calm" => self.population(table).ok().map(|population| Action::Calm { population }),
            "slow-link" => self.link_fault(table, true),
            "partition" if Self::is_of_links(table) => self.link_fault(table, false),
            "reconnect" if !table.has("targets") => self.reconnect(table),
            "restore-link" => self
                .entry(table, "slow-link")
                .ok()
                .map(|of| Action::EndLink { kind: LinkEnd::Slow, of }),
            "note" => Some(Action::Note),
            _ => self.on_targets(verb, table),
        };
        Some((action?, lasts))
    }

    fn verb(table: &TableReader<'_>) -> Option<&'static str> {
        table.get("do", |node, field| {
            let text = values::text(node, field)?;
            actions::find(text).map(|action| action.name).ok_or_else(|| {
                let names = ACTIONS.iter().map(|action| action.name);
                values::unknown(&node.place, "action", text)
                    .help(suggest::help(text, names, "actions"))
            })
        })
    }

    fn pause(&self, table: &TableReader<'_>) -> Option<Span> {
        let span = table.duration("for");
        match targets(self.context.names, table)? {
            Targets::Database => span,
            Targets::Backends(_) => {
                table.fail(
                    "targets",
                    "only the database can pause",
                    "write \"database\", or do = \"hang\"",
                );
                None
            }
        }
    }

    /// The verbs whose `targets` say on what they work.
    fn on_targets(&self, verb: &str, table: &TableReader<'_>) -> Option<Action> {
        // Everything is read before the first gap ends the reading.
        let targets = table.has("targets").then(|| targets(self.context.names, table)).flatten();
        let factor = (verb == "slow").then(|| table.number("factor"));
        let of = match verb {
            "restore" => self.entry(table, "slow"),
            "heal" => self.entry(table, "fail"),
            "reconnect" => no_second(table, "of", "targets"),
            _ => Ok(None),
        };
        let error = (verb == "fail").then(|| {
            let outcome = table.choice("with").and_then(Outcome::from_name);
            let after = table.duration("after");
            Some(Fault::Fail { outcome: outcome?, after: after? })
        });
        let spans = (verb == "rolling-restart").then(|| {
            let (drain, pause) = (table.duration("drain"), table.duration("pause"));
            Some((drain?, pause?))
        });
        let targets = match targets? {
            Targets::Backends(targets) => targets,
            Targets::Database => {
                let end = |kind, of| Action::DatabaseEnd { kind, of };
                return Some(match verb {
                    "crash" => Action::DatabaseBegin(Fault::Down),
                    "hang" => Action::DatabaseBegin(Fault::Hang),
                    "slow" => Action::DatabaseBegin(Fault::Slow(factor??)),
                    "fail" => Action::DatabaseBegin(error??),
                    "resume" => end(FaultKind::Hang, None),
                    "restore" => end(FaultKind::Slow, of.ok()?),
                    "heal" => end(FaultKind::Fail, of.ok()?),
                    "restart" => Action::DatabaseRestart,
                    _ => {
                        let message = format!("`{verb}` works on backends only");
                        table.fail("targets", message, DATABASE_VERBS);
                        return None;
                    }
                });
            }
        };
        let end = |kind, of| Action::End { targets: targets.clone(), kind, of };
        Some(match verb {
            "crash" => Action::Begin { targets, fault: Fault::Down },
            "refuse" => Action::Begin { targets, fault: Fault::Refuse },
            "accept" => end(FaultKind::Refuse, None),
            "hang" => Action::Begin { targets, fault: Fault::Hang },
            "partition" => Action::Begin { targets, fault: Fault::Unreachable },
            "reconnect" => end(FaultKind::Unreachable, of.ok()?),
            "slow" => Action::Begin { targets, fault: Fault::Slow(factor??) },
            "fail" => Action::Begin { targets, fault: error?? },
            "resume" => end(FaultKind::Hang, None),
            "restore" => end(FaultKind::Slow, of.ok()?),
            "heal" => end(FaultKind::Fail, of.ok()?),
            "restart" => Action::Restart { targets },
            "drain" => Action::Drain(targets),
            "undrain" => Action::Undrain(targets),
            "rolling-restart" => {
                let (drain, pause) = spans??;
                Action::RollingRestart { targets, drain, pause }
            }
            _ => return None,
        })
    }

    /// Whether a `partition` cuts links, instead of keeping new connections from backends.
    fn is_of_links(table: &TableReader<'_>) -> bool {
        OF_LINKS.iter().any(|key| table.has(key)) || !table.has("targets")
    }

    fn link_fault(&self, table: &TableReader<'_>, is_slow: bool) -> Option<Action> {
        let targets = if table.has("targets") { self.backends(table) } else { None };
        let population = || self.chosen(table, false).ok();
        let (context, instances) = (self.context, self.instances);
        network::link_fault(context, table, instances, targets, population, is_slow)
            .map(Action::BeginLink)
    }

    /// A `reconnect` of what one entry did.
    fn reconnect(&self, table: &TableReader<'_>) -> Option<Action> {
        if !table.has("of") {
            table.report.push(
                Diagnostic::new("`reconnect` needs `targets` or `of`", table.place, "")
                    .help("`of` names the entry that does `partition`"),
            );
            return None;
        }
        let of = self.entry(table, "partition").ok()?;
        let entry = self.context.root.items("timeline").get(of?.index())?.as_table()?;
        if OF_LINKS.iter().any(|key| entry.get(key).is_some()) {
            return Some(Action::EndLink { kind: LinkEnd::Cuts, of });
        }
        let targets = (0..self.context.names.backends.len() as u16).map(BackendId).collect();
        Some(Action::End { targets, kind: FaultKind::Unreachable, of })
    }

    /// The entry named by `of`, if there is one.
    fn entry(&self, table: &TableReader<'_>, verb: &str) -> Result<Option<EntryId>, Reported> {
        if !table.has("of") {
            return Ok(None);
        }
        let entry = table.get("of", |node, field| self.context.names.entry(node, field, verb));
        entry.map(|entry| Some(EntryId(entry))).ok_or(Reported)
    }

    /// The population named by `clients`, which has a rate; `None` for all of them.
    fn population(&self, table: &TableReader<'_>) -> Result<Option<PopulationId>, Reported> {
        self.chosen(table, true)
    }

    /// The population named by `clients`; `None` for all of them.
    fn chosen(
        &self,
        table: &TableReader<'_>,
        is_surge: bool,
    ) -> Result<Option<PopulationId>, Reported> {
        let population = table.get("clients", |node, field| {
            let text = values::text(node, field)?;
            let clients = &self.context.names.clients;
            let chosen = if text == "all" {
                None
            } else {
                Some(Names::position(clients, "population", &node.place, text)?)
            };
            if is_surge {
                self.check_open(chosen, node)?;
            }
            Ok(chosen.map(PopulationId))
        });
        population.ok_or(Reported)
    }

    /// A closed loop and a trace have no rate that could be multiplied.
    fn check_open(&self, chosen: Option<u16>, node: &Node) -> Read<()> {
        let all = self.context.root.items("clients").iter().enumerate();
        let mut of_it = all.filter(|(index, _)| chosen.is_none_or(|n| usize::from(n) == *index));
        let is_rateless = |kind: &&str| matches!(*kind, "closed" | "trace");
        let kind = of_it.find_map(|(_, clients)| clients.text("arrivals").filter(is_rateless));
        if let Some(kind) = kind {
            let message = format!("a population with arrivals = \"{kind}\" has no rate to change");
            return Err(Diagnostic::new(message, &node.place, "")
                .help("name a population with a `rate` in `clients`"));
        }
        Ok(())
    }

    /// The backends at `targets`.
    fn backends(&self, table: &TableReader<'_>) -> Option<Vec<BackendId>> {
        match targets(self.context.names, table)? {
            Targets::Backends(targets) => Some(targets),
            Targets::Database => {
                table.fail("targets", "links lead to backends only", "the database has none");
                None
            }
        }
    }

    fn rollout(&self, table: &TableReader<'_>) -> Option<Rollout> {
        if !table.has("rollout") {
            return Some(Rollout::at_once());
        }
        let rollout = table.table("rollout")?;
        let reload = rollout.flag("reload")?;
        let every = rollout.duration("every");
        let delays = rollout.has("delays").then(|| delays(&rollout));
        match (rollout.has("every"), delays) {
            (true, None) => {
                let (every, instances) = (every?.as_ns(), u64::from(self.instances?));
                let delay = |instance: u64| Some(Span::from_ns(every.saturating_mul(instance)));
                Some(Rollout { delays: (0..instances).map(delay).collect(), reload })
            }
            (false, Some(delays)) => {
                let delays = delays?;
                let instances = usize::from(self.instances?);
                // A sweep over the number of instances may leave some without use.
                if delays.len() > instances && self.context.mode == Mode::Written {
                    let message =
                        format!("{} delays for balancer.instances = {instances}", delays.len());
                    rollout.fail("delays", message, "one per instance at most");
                    return None;
                }
                Some(Rollout { delays, reload })
            }
            (false, None) if reload => Some(Rollout { reload, ..Rollout::at_once() }),
            _ => {
                let message = "a rollout has either `every` or `delays`";
                rollout.report.push(Diagnostic::new(message, rollout.place, "write one of them"));
                None
            }
        }
    }

    fn rollback(&mut self, table: &TableReader<'_>) -> Option<Action> {
        let of = self.entry(table, "configure");
        let rollout = self.rollout(table);
        let of = of.ok()?;
        // As the model does: the entry's changes go, and all that came after them.
        let first = match of {
            None => Some(self.versions.len() - 1),
            Some(entry) => {
                self.versions.iter().rposition(|(source, _)| *source == Some(entry.index()))
            }
        };
        if let Some(first) = first.filter(|&first| first > 0) {
            self.versions.truncate(first);
        }
        Some(Action::Rollback { of, rollout: rollout? })
    }

    fn configure(&mut self, index: usize, table: &TableReader<'_>) -> Option<Action> {
        let rollout = self.rollout(table);
        let edits = table.has("set").then(|| table.get("set", overrides::edits)).flatten()?;
        if edits.is_empty() {
            table.fail("set", "this changes nothing", "write a path and a value");
        }
        let mut tree = self.versions.last().expect("the first is always there").1.clone();
        let mut touched: Vec<Target> = Vec::new();
        let mut sound = true;
        for edit in &edits {
            let targets = check_reach(edit, &tree).and_then(|()| edit.apply(&mut tree));
            match table.report.check(targets) {
                Some(targets) => touched.extend(targets),
                None => sound = false,
            }
        }
        if !sound {
            return None;
        }
        let config = read(table.report, &tree);
        self.versions.push((Some(index), tree));
        let config = config?;
        let changes = touched.iter().filter_map(|target| change(target, &config));
        let mut seen = BTreeSet::new();
        let changes = changes.filter(|(key, _)| seen.insert(*key)).map(|(_, change)| change);
        let changes: Vec<Change> = changes.collect();
        Some(Action::Configure { changes, rollout: rollout? })
    }
}

/// Reports a key that has no meaning beside another.
fn no_second(table: &TableReader<'_>, key: &str, other: &str) -> Result<Option<EntryId>, Reported> {
    if !table.has(key) {
        return Ok(None);
    }
    let message = format!("`{key}` has no meaning next to `{other}`");
    table.report.push(Diagnostic::new(message, table.key_place(key), "remove one of them"));
    Err(Reported)
}

/// How a crowd comes and goes.
fn flash_crowd(table: &TableReader<'_>) -> Option<FlashCrowd> {
    let factor = table.has("factor").then(|| table.number("factor")).flatten();
    let (rise, hold) = (table.duration("rise"), table.duration("hold"));
    let decay = table.duration("decay");
    Some(FlashCrowd { factor: factor?, rise: rise?, hold: hold?, decay: decay? })
}

/// On what an entry or a cause works.
pub(super) fn targets(names: &Names, table: &TableReader<'_>) -> Option<Targets> {
    table.get("targets", |node, field| {
        let items = match node.as_array() {
            Some(items) => items.iter().collect(),
            None => vec![node],
        };
        let mut found: Vec<BackendId> = Vec::new();
        let mut database = false;
        for item in &items {
            let text = values::text(item, field)?;
            if text == "database" {
                database = true;
                continue;
            }
            for backend in names.backends_like(text, &item.place)? {
                if !found.contains(&backend) {
                    found.push(backend);
                }
            }
        }
        let fail =
            |message: &str, help: &str| Err(Diagnostic::new(message, &node.place, "").help(help));
        match (database, found.is_empty()) {
            (false, true) => fail("no targets", "name at least one backend"),
            (true, false) => fail("backends and the database in one entry", "write two entries"),
            (true, true) if !names.database => {
                fail("the scenario has no database", "add [database] with connections and query")
            }
            (true, true) => Ok(Targets::Database),
            (false, false) => Ok(Targets::Backends(found)),
        }
    })
}

/// The waits of a rollout; `None` in the list stands for never.
fn delays(rollout: &TableReader<'_>) -> Option<Vec<Option<Span>>> {
    let Kind::Durations(Some(never)) = rollout.field("delays").kind else { return None };
    rollout.get("delays", |node, field| {
        let items = values::list(node, field, "durations and \"never\"")?;
        if items.is_empty() {
            return Err(Diagnostic::new("`delays` is empty", &node.place, "one per instance"));
        }
        items.into_iter().map(|item| values::duration_or(item, field, never)).collect()
    })
}

/// What of a tree belongs to the balancer's configuration.
fn configuration_part(root: &Node) -> Node {
    let mut part = Node::table(&root.place);
    let (Some(from), Some(to)) = (root.as_table(), part.as_table_mut()) else { return part };
    if let Some(entry) = from.entry("balancer") {
        to.entries.push(entry.clone());
    }
    if let Some(entry) = from.entry("backends") {
        let mut entry = entry.clone();
        for item in entry.node.as_array_mut().into_iter().flatten() {
            if let Value::Table(Table { entries }) = &mut item.value {
                entries.retain(|entry| {
                    entry.key == "name" || MEMBER_KEYS.contains(&entry.key.as_str())
                });
            }
        }
        to.entries.push(entry);
    }
    part
}

fn read(report: &Report, tree: &Node) -> Option<BalancerConfig> {
    let members: Vec<&Node> = tree.items("backends").iter().collect();
    balancer::configuration(report, tree, &members)
}

/// What of `[balancer]` no configuration changes.
const FIXED: [&str; 5] = ["instances", "workers", "zone", "dialect", "version"];

/// A configuration reaches what a balancer's file says, not the machines behind it.
fn check_reach(edit: &Edit, tree: &Node) -> Read<()> {
    const REACH: &str = "a configuration has balancer.* but not what the balancer is made of \
                         (instances, workers, zone, dialect, version), and \
                         backends.NAME.weight, .in-pool, .max-connections, .min-connections and \
                         .priority";
    // A path that leads nowhere says so itself.
    for target in edit.path.resolve(tree, false)? {
        let inside = match &target.steps[..] {
            [Step::Key("balancer"), Step::Key(key), ..] => !FIXED.contains(key),
            [Step::Key("backends"), Step::Item(_), Step::Key(key)] => {
                MEMBER_KEYS.contains(key) && !FIXED_MEMBER_KEYS.contains(key)
            }
            _ => false,
        };
        if !inside {
            let message = "this is not part of the balancer's configuration";
            return Err(Diagnostic::new(message, &edit.path.place, "").help(REACH));
        }
    }
    Ok(())
}

/// What a touched path changes, with a key that is the same for the same change.
fn change(target: &Target, config: &BalancerConfig) -> Option<((u8, u16), Change)> {
    match &target.steps[..] {
        [Step::Key("balancer"), Step::Key(key), ..] => match *key {
            "timeout" => Some(((0, 0), Change::Timeout(config.timeout))),
            "connect" => Some(((1, 0), Change::Connect(config.connect))),
            "retry" => Some(((6, 0), Change::Retry(config.retry))),
            "queue" => Some(((7, 0), Change::Queue(config.queue))),
            "limits" => Some(((8, 0), Change::Limits(config.limits))),
            "server-timeout" => Some(((9, 0), Change::ServerTimeout(config.server_timeout))),
            "client-leaves" => Some(((10, 0), Change::ClientLeaves(config.client_leaves))),
            "health" => Some(((13, 0), Change::Health(config.health))),
            "ejection" => Some(((14, 0), Change::Ejection(config.ejection.clone()))),
            "slow-start" => Some(((15, 0), Change::SlowStart(config.slow_start))),
            "panic" | "backups" => Some(((16, 0), Change::Reserves(config.reserves))),
            "nobody-as" => Some(((11, 0), Change::NobodyAs(config.nobody_as))),
            "priority" => Some(((20, 0), Change::Priorities(config.algorithm.layers.priority))),
            "zones" => Some(((21, 0), Change::Zones(config.algorithm.layers.zones.clone()))),
            "subset" => Some(((22, 0), Change::Subset(config.algorithm.layers.subset))),
            "admission" => Some(((25, 0), Change::Admission(config.admission.clone()))),
            "canary" => Some(((23, 0), Change::Canary(config.algorithm.layers.canary))),
            "algorithm" => Some(((2, 0), Change::Algorithm(config.algorithm.clone()))),
            // Parameters of another algorithm than the one in force wait for it.
            name if name == config.algorithm.algorithm.name => {
                Some(((2, 0), Change::Algorithm(config.algorithm.clone())))
            }
            _ => None,
        },
        [Step::Key("backends"), Step::Item(index), Step::Key(key)] => {
            let id = BackendId(*index as u16);
            let member = config.members.get(*index)?;
            match *key {
                "weight" => Some(((3, id.0), Change::Weight(id, member.weight))),
                "backup" => Some(((17, id.0), Change::Backup(id, member.backup))),
                "min-connections" => {
                    Some(((12, id.0), Change::MinConnections(id, member.min_connections)))
                }
                "priority" => Some(((24, id.0), Change::Priority(id, member.priority))),
                "in-pool" => Some(((4, id.0), Change::InPool(id, member.in_pool))),
                "max-connections" => {
                    Some(((5, id.0), Change::MaxConnections(id, member.max_connections)))
                }
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_carried_out() {
        // The match in `on_targets` and `read` must know each verb of the table: a new one without
        // code would be read as nothing. The text below is what `read` sees.
        let known = [
            "configure",
            "rollback",
            "surge",
            "flash-crowd",
            "calm",
            "note",
            "pause",
            "crash",
            "hang",
            "refuse",
            "accept",
            "slow",
            "fail",
            "resume",
            "partition",
            "reconnect",
            "restore",
            "heal",
            "reload",
            "restart",
            "drain",
            "undrain",
            "rolling-restart",
            "slow-link",
            "restore-link",
        ];
        let names: Vec<&str> = ACTIONS.iter().map(|action| action.name).collect();
        assert_eq!(names.len(), known.len());
        assert!(names.iter().all(|name| known.contains(name)));
        let of = |field: &crate::scenario::fields::Field| field.key == "of";
        assert_eq!(ACTIONS.iter().filter(|action| action.fields.iter().any(of)).count(), 5);
    }
}
