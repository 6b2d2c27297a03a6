//! `misroute sweep`.

use super::failure::Failure;
use super::progress::Tally;
use super::replication::Replicate;
use super::{Common, Format, Out, input, interrupt, output};
use crate::experiment::replicate::{LEAST, Plan, Replications};
use crate::experiment::sweep::design::{Design, Points};
use crate::experiment::sweep::result::SweepResult;
use crate::experiment::sweep::run::{Watch, run};
use crate::experiment::sweep::shard::Shard;
use crate::experiment::sweep::store::{self, Store};
use crate::experiment::sweep::task::{Point, Refusal, Task};
use crate::report::text::Style;
use crate::report::{files, sweep as report};
use crate::scenario::Scenario;
use crate::scenario::axis::Axis;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Replications of each point, unless something else is said.
const REPLICATIONS: u32 = 10;
/// A sweep that is estimated to take longer needs `--yes`, in seconds.
const PATIENCE: f64 = 600.0;
/// No sweep has more points.
const MOST: u64 = 100_000_000;
/// Points from which the time of all is estimated.
const PROBED: u64 = 32;
/// The name of the file with all samples.
pub(super) const SAMPLES: &str = "samples.jsonl";

/// Run a scenario over ranges of its own values, in parallel: how it degrades with load, and where one
/// configuration is better than another.
#[derive(Args, Debug)]
pub(super) struct Sweep {
    /// A scenario file, or the name of one that comes with misroute; `-` is standard input
    #[arg(value_name = "SCENARIO")]
    scenario: String,
    /// What to vary (may be repeated): load=50%..150%:11 is eleven values at equal distances,
    /// clients.web.timeout=10ms..1s:log:5 five at equal factors,
    /// balancer.algorithm=round-robin,random a list. In the place of the scenario's [sweep] vary
    #[arg(long, value_name = "PATH=VALUES")]
    vary: Vec<String>,
    /// Every combination, or so many points that cover all ranges [default: grid]
    #[arg(long, value_enum)]
    design: Option<Chosen>,
    /// Points of a Latin hypercube
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=1_000_000))]
    points: Option<u32>,
    /// Go on with a sweep that was interrupted, or begin
    #[arg(long, conflicts_with_all = ["restart", "no_files"])]
    resume: bool,
    /// Begin anew where an unfinished sweep is
    #[arg(long, conflicts_with = "no_files")]
    restart: bool,
    /// Run only the i-th of n parts, for `misroute merge`
    #[arg(long, value_name = "i/n", conflicts_with = "no_files")]
    shard: Option<Shard>,
    /// What to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    replicate: Replicate,
    #[command(flatten)]
    common: Common,
    #[command(flatten)]
    out: Out,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Chosen {
    /// Every combination of all values.
    Grid,
    /// So many points, spread over all ranges at once.
    LatinHypercube,
}

pub(super) fn execute(command: &Sweep) -> Result<ExitCode, Failure> {
    let names = std::slice::from_ref(&command.scenario);
    let mut scenarios = input::scenarios(names, false, &command.common)?;
    let scenario = scenarios.pop().expect("one was named");
    let task = task(command, scenario)?;
    if !command.out.no_files {
        files::check_root(&command.out.out)?;
    }
    command.replicate.with_jobs(|| sweep(command, &task))
}

/// What to run. The command line wins over the scenario's table.
fn task(command: &Sweep, scenario: Scenario) -> Result<Task, Failure> {
    let axes = axes(command, &scenario)?;
    let plan = plan(command, &scenario)?;
    let columns = command.replicate.columns(&scenario)?;
    let stated = scenario.sweep.as_ref().and_then(|table| table.hypercube);
    let design = match (command.design, command.points) {
        (Some(Chosen::Grid), Some(_)) => {
            let message = "--points is of a Latin hypercube: a grid has every combination";
            return Err(Failure::Usage(message.to_owned()));
        }
        (None, Some(_)) if stated.is_none() => {
            let message = "--points is of --design latin-hypercube: a grid has every combination";
            return Err(Failure::Usage(message.to_owned()));
        }
        (Some(Chosen::LatinHypercube), None) if stated.is_none() => {
            let message = "a Latin hypercube needs --points, such as --points 50";
            return Err(Failure::Usage(message.to_owned()));
        }
        (Some(Chosen::Grid), None) => Design::Grid,
        (_, points) => points.or(stated).map_or(Design::Grid, Design::LatinHypercube),
    };
    let points = Points::new(axes, design, plan.seed);
    Ok(Task { scenario, points, design, plan, columns, shard: command.shard })
}

fn plan(command: &Sweep, scenario: &Scenario) -> Result<Plan, Failure> {
    let table = scenario.sweep.as_ref();
    let stated = table.and_then(|table| table.replications).unwrap_or(REPLICATIONS);
    let mut plan = command.replicate.plan(command.common.seed, stated)?;
    if let Some(relative) = table.and_then(|table| table.precision)
        && !command.replicate.is_asked()
    {
        plan.replications = command.replicate.until(relative);
    }
    Ok(plan)
}

fn axes(command: &Sweep, scenario: &Scenario) -> Result<Vec<Axis>, Failure> {
    let mut found: Vec<Axis> = if command.vary.is_empty() {
        scenario.sweep.as_ref().map_or_else(Vec::new, |table| table.axes.clone())
    } else {
        command.vary.iter().map(|text| Axis::parse(text)).collect::<Result<_, _>>()?
    };
    let mut axes: Vec<Axis> = Vec::new();
    for mut axis in found.drain(..) {
        axis.check(scenario)?;
        if let Some(other) = axes.iter().find(|other| axis.meets(other, scenario)) {
            return Err(Failure::Scenario(other.twice(&axis).into()));
        }
        axes.push(axis);
    }
    if axes.is_empty() {
        let message = "nothing is varied: say --vary load=50%..150%:11, or give the scenario a \
            [sweep] table with `vary`";
        return Err(Failure::Usage(message.to_owned()));
    }
    Ok(axes)
}

/// Runs it, and shows and writes what it found.
fn sweep(command: &Sweep, task: &Task) -> Result<ExitCode, Failure> {
    if !command.common.yes {
        refuse_for_ever(task)?;
    }
    task.check(|point| too_much(command, point))?;
    let directory = directory(&command.out.out, &task.scenario.name);
    let store = if command.out.no_files { None } else { Some(open(command, task, &directory)?) };
    let watcher = Watcher::new(task, command.common.quiet);
    let results = run(task, store.as_ref(), &watcher)?;
    drop(watcher);
    let Some(results) = results else { return Err(ended(store.as_ref())) };
    if task.shard.is_some() {
        let store = store.expect("a part is not run without files");
        let path = store.path().to_owned();
        store.finish(&results)?;
        input::tell_written(&path, command.common.quiet);
        return Ok(ExitCode::SUCCESS);
    }
    let result = task.result(results);
    show(&result, command.format, command.common.quiet)?;
    if let Some(store) = store {
        report::write_sweep(&result, &directory, true)?;
        // The last: until then the sweep can be resumed.
        store.finish(&result.points)?;
        input::tell_written(&directory, command.common.quiet);
    }
    Ok(ExitCode::SUCCESS)
}

/// The folder of a scenario's sweeps.
pub(super) fn directory(root: &Path, scenario: &str) -> PathBuf {
    root.join(files::directory_name(scenario)).join("sweep")
}

/// The store of what is run, as far as it was run before.
fn open(command: &Sweep, task: &Task, directory: &Path) -> Result<Store, Failure> {
    let name = task.shard.map_or_else(
        || SAMPLES.to_owned(),
        |Shard { part, of }| format!("part-{part}-of-{of}.jsonl"),
    );
    let (path, header) = (directory.join(name), task.header());
    if command.restart {
        return Ok(Store::begin(&path, &header)?);
    }
    match store::header(&path)? {
        Some(_) if command.resume => {
            let store = Store::resume(&path, &header)?;
            if !command.common.quiet {
                output::note(&format!("{} replications are there already", store.known()));
            }
            Ok(store)
        }
        Some(old) if !old.finished => Err(Failure::Usage(format!(
            "{}: an unfinished sweep is there: --resume continues it, --restart begins anew",
            path.display()
        ))),
        _ => Ok(Store::begin(&path, &header)?),
    }
}

/// Why a sweep has no results.
fn ended(store: Option<&Store>) -> Failure {
    let Some(store) = store else {
        return Failure::Interrupted("nothing was kept, because of --no-files".to_owned());
    };
    match store.failure().map_or_else(|| store.pause(), Err) {
        Err(error) => error.into(),
        Ok(()) => Failure::Interrupted(format!(
            "what is finished is in {}: the same command with --resume goes on",
            store.path().display()
        )),
    }
}

/// Prints what a sweep found.
pub(super) fn show(result: &SweepResult, format: Format, quiet: bool) -> Result<(), Failure> {
    match format {
        Format::Json => output::result(&report::json(result)),
        Format::Text if quiet => Ok(()),
        Format::Text => {
            let style = Style { color: output::result_has_color(), ..Style::plain() };
            output::result(&report::summary(result, style))
        }
    }
}

/// Refuses what would take very long, from a few of its points.
fn refuse_for_ever(task: &Task) -> Result<(), Failure> {
    let name = &task.scenario.name;
    let all = task.points.count();
    if all > MOST {
        let message =
            format!("`{name}` would be run at more than {MOST} points: take fewer values");
        return Err(Failure::Usage(message));
    }
    let probed = all.min(PROBED);
    let mut seconds = 0.0;
    for probe in 0..probed {
        let point = task.point((probe * all / probed) as u32)?;
        seconds += input::seconds(&point.scenario) / probed as f64;
    }
    let (replications, each) = match task.plan.replications {
        Replications::Exactly(n) => (n, format!("{n} replications")),
        Replications::Until { most, .. } => {
            let least = LEAST.min(most);
            (least, format!("at least {least} replications"))
        }
    };
    let parts = task.shard.map_or(1, |shard| shard.of);
    let threads = rayon::current_num_threads();
    let runs = all as f64 / f64::from(parts) * f64::from(replications);
    let whole = seconds * runs / threads as f64;
    if whole <= PATIENCE {
        return Ok(());
    }
    let part = task.shard.map_or_else(String::new, |shard| format!(", of which part {shard}"));
    let threads = if threads == 1 { "one thread".to_owned() } else { format!("{threads} threads") };
    Err(Failure::Usage(format!(
        "`{name}` would be run at {all} points with {each} each{part}, which takes {} on {threads}: \
         take fewer values or replications, shorten `duration`, divide it with --shard, or say --yes",
        input::roughly(whole)
    )))
}

/// What there is against a single point.
fn too_much(command: &Sweep, point: &Point) -> Option<Refusal> {
    if command.common.yes {
        return None;
    }
    match input::refuse_for_ever(&point.scenario) {
        Err(Failure::Usage(message)) => {
            Some(Refusal::Other(format!("at {}: {message}", point.values.join(", "))))
        }
        _ => None,
    }
}

/// Shows how far a sweep is, and ends it when the user wants an end.
struct Watcher {
    tally: Tally,
    ends: Arc<AtomicBool>,
    /// What is counted: points if nobody knows how many replications there will be.
    counts_points: bool,
}

impl Watcher {
    fn new(task: &Task, quiet: bool) -> Self {
        let points = task.indices().len() as u64;
        let (all, things, counts_points) = match &task.plan.replications {
            Replications::Exactly(n) => (points * u64::from(*n), "runs", false),
            Replications::Until { .. } => (points, "points", true),
        };
        Self { tally: Tally::new(all, things, quiet), ends: interrupt::listen(), counts_points }
    }
}

impl Watch for Watcher {
    fn goes_on(&self) -> bool {
        !self.ends.load(Ordering::Relaxed)
    }

    fn replication(&self) {
        if !self.counts_points {
            self.tally.add();
        }
    }

    fn point(&self) {
        if self.counts_points {
            self.tally.add();
        }
    }
}
