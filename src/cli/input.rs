//! Scenarios named on the command line: files, bundled incidents, or standard input.

use super::failure::Failure;
use super::{Common, output};
use crate::scenario::incidents::{self, INCIDENTS};
use crate::scenario::{Override, Scenario, Source, load};
use std::path::Path;

/// Requests beyond which a run needs `--yes`.
const REQUESTS_MAX: f64 = 3e8;
/// Simulated requests per second, roughly, for estimates.
const REQUESTS_PER_SECOND: f64 = 1.5e6;

/// Loads the scenarios, and refuses those that would take for ever.
pub(super) fn scenarios(
    names: &[String],
    all_incidents: bool,
    common: &Common,
) -> Result<Vec<Scenario>, Failure> {
    let mut sources = Vec::new();
    if all_incidents {
        sources.extend(INCIDENTS.iter().map(incidents::Incident::source));
    }
    for name in names {
        sources.push(source(name)?);
    }
    if sources.is_empty() {
        let message = "name a scenario file or an incident (misroute list incidents), \
            or use --all-incidents";
        return Err(Failure::Usage(message.to_owned()));
    }
    let mut overrides = Vec::new();
    for text in &common.set {
        overrides.push(Override::parse(text)?);
    }
    let mut scenarios = Vec::new();
    for source in &sources {
        let scenario = load(source, &overrides)?;
        if !common.yes {
            refuse_for_ever(&scenario)?;
        }
        scenarios.push(scenario);
    }
    Ok(scenarios)
}

/// A file of that name, else the incident of that name.
fn source(name: &str) -> Result<Source, Failure> {
    let path = Path::new(name);
    match incidents::find(name) {
        Some(incident) if !path.exists() => Ok(incident.source()),
        _ => Ok(Source::read(path)?),
    }
}

fn refuse_for_ever(scenario: &Scenario) -> Result<(), Failure> {
    let requests = scenario.expected_requests();
    if requests <= REQUESTS_MAX {
        return Ok(());
    }
    Err(Failure::Usage(format!(
        "`{}` has about {requests:.1e} requests, which take about {}: \
         shorten `duration`, lower `load` (--set load=1%), or say --yes",
        scenario.name,
        roughly(requests / REQUESTS_PER_SECOND),
    )))
}

/// A length of time in words.
fn roughly(seconds: f64) -> String {
    const UNITS: [(f64, &str); 4] =
        [(31_557_600.0, "years"), (86_400.0, "days"), (3_600.0, "hours"), (60.0, "minutes")];
    let unit = UNITS.into_iter().find(|(size, _)| seconds >= 2.0 * size);
    let (size, name) = unit.unwrap_or((1.0, "seconds"));
    format!("{:.0} {name}", seconds / size)
}

/// Tells where files went.
pub(super) fn tell_written(directory: &Path, quiet: bool) {
    if !quiet {
        output::note(&format!("wrote {}", directory.display()));
    }
}
