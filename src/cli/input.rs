//! Scenarios named on the command line: files, those that come with the program, or standard input.

use super::failure::Failure;
use super::{Common, output};
use crate::scenario::bundled::{self, Bundled};
use crate::scenario::effort::Effort;
use crate::scenario::incidents::INCIDENTS;
use crate::scenario::{Override, ReadError, Scenario, Source, load};
use std::path::Path;

/// A run that is estimated to take longer needs `--yes`, in seconds.
const PATIENCE: f64 = 200.0;
/// The same if every attempt fails and is tried again, which few runs come near.
const PATIENCE_AT_WORST: f64 = 3_600.0;
/// Simulated attempts per second, roughly, for estimates.
pub(super) const ATTEMPTS_PER_SECOND: f64 = 1.5e6;
/// Slices of alerts' windows read per second, likewise.
const SLICES_PER_SECOND: f64 = 2e6;
/// A run that may need more memory needs `--yes`, in bytes.
const MEMORY: f64 = 4e9;

/// Loads the scenarios, and refuses those that would take for ever.
pub(super) fn scenarios(
    names: &[String],
    all_incidents: bool,
    common: &Common,
) -> Result<Vec<Scenario>, Failure> {
    let mut sources = Vec::new();
    if all_incidents {
        sources.extend(INCIDENTS.iter().map(Bundled::source));
    }
    for name in names {
        sources.push(source(name)?);
    }
    if sources.is_empty() {
        let message = "name a scenario file or one that comes with misroute (misroute list \
            incidents, misconfigurations or patterns), or use --all-incidents";
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

/// A file of that name, else the bundled scenario of that name.
fn source(name: &str) -> Result<Source, Failure> {
    let path = Path::new(name);
    if let Some(bundled) = bundled::find(name)
        && !path.exists()
    {
        return Ok(bundled.source());
    }
    match (Source::read(path), bundled::nearest(name)) {
        (Err(ReadError::Missing { name }), Some(bundled)) => Err(Failure::Usage(format!(
            "{name}: no such file or scenario; did you mean `{}`?",
            bundled.name
        ))),
        (Err(ReadError::Missing { name }), None) if path.extension().is_none() => {
            let message = "no such file, and nothing of that name comes with misroute \
                (misroute list incidents, misconfigurations or patterns)";
            Err(Failure::Usage(format!("{name}: {message}")))
        }
        (source, _) => Ok(source?),
    }
}

/// Refuses a scenario that would take for ever.
pub(super) fn refuse_for_ever(scenario: &Scenario) -> Result<(), Failure> {
    let name = &scenario.name;
    let refuse = |what: &str, instead: &str| {
        Err(Failure::Usage(format!("`{name}` {what}: {instead}, or say --yes")))
    };
    let Effort { requests, attempts_most, alert_slices, user_bytes_most } = scenario.effort();
    let fewer = "shorten `duration`, or lower `load` (--set load=1%)";
    if !attempts_most.is_finite() {
        return refuse("surges beyond any number of requests", "lower the factors of its surges");
    }
    if requests / ATTEMPTS_PER_SECOND > PATIENCE {
        let (count, time) = (count(requests), roughly(requests / ATTEMPTS_PER_SECOND));
        return refuse(&format!("has about {count} requests, which take {time}"), fewer);
    }
    if attempts_most / ATTEMPTS_PER_SECOND > PATIENCE_AT_WORST {
        let (count, time) = (count(attempts_most), roughly(attempts_most / ATTEMPTS_PER_SECOND));
        let what = format!("makes up to {count} attempts with its retries, which take {time}");
        return refuse(&what, fewer);
    }
    if alert_slices / SLICES_PER_SECOND > PATIENCE {
        let time = roughly(alert_slices / SLICES_PER_SECOND);
        let what = format!("evaluates its alerts so often that it takes {time}");
        return refuse(&what, "shorten `duration`, or bring the alerts' `window` closer together");
    }
    if user_bytes_most > MEMORY {
        let what = format!("may need {:.0} GB to follow its users", user_bytes_most / 1e9);
        return refuse(&what, "lower `users`, or lengthen `user-window`");
    }
    Ok(())
}

/// How long a run takes, seconds, roughly: what it simulates, and its beginning and end.
pub(super) fn seconds(scenario: &Scenario) -> f64 {
    const EACH: f64 = 1e-3;
    let Effort { requests, alert_slices, .. } = scenario.effort();
    requests / ATTEMPTS_PER_SECOND + alert_slices / SLICES_PER_SECOND + EACH
}

/// Refuses to run a scenario so often that it takes for ever.
pub(super) fn refuse_many(scenario: &Scenario, times: u32) -> Result<(), Failure> {
    let seconds = scenario.effort().requests * f64::from(times) / ATTEMPTS_PER_SECOND;
    if seconds <= PATIENCE {
        return Ok(());
    }
    let (name, time) = (&scenario.name, roughly(seconds));
    let message = format!(
        "{times} runs of `{name}` take {time} of one core: ask for fewer, shorten `duration`, or say --yes"
    );
    Err(Failure::Usage(message))
}

/// A number in words.
fn count(number: f64) -> String {
    const WORDS: [(f64, &str); 3] = [(1e12, "million million"), (1e9, "billion"), (1e6, "million")];
    match WORDS.into_iter().find(|(size, _)| number >= *size) {
        Some((size, word)) if number < 1e16 => format!("{:.0} {word}", number / size),
        Some(_) => format!("{number:.0e}"),
        None => format!("{number:.0}"),
    }
}

/// A length of time in words.
pub(super) fn roughly(seconds: f64) -> String {
    const UNITS: [(f64, &str); 4] =
        [(31_557_600.0, "years"), (86_400.0, "days"), (3_600.0, "hours"), (60.0, "minutes")];
    let unit = UNITS.into_iter().find(|(size, _)| seconds >= 2.0 * size);
    let (size, name) = unit.unwrap_or((1.0, "seconds"));
    match seconds / size {
        many if name == "years" && many > 1_000.0 => "thousands of years".to_owned(),
        few => format!("about {few:.0} {name}"),
    }
}

/// Tells where files went.
pub(super) fn tell_written(directory: &Path, quiet: bool) {
    if !quiet {
        output::note(&format!("wrote {}", directory.display()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn estimates_are_in_words() {
        assert_eq!(roughly(240.0), "about 4 minutes");
        assert_eq!(roughly(1e8), "about 3 years");
        assert_eq!(roughly(1e30), "thousands of years");
        assert_eq!(count(316_000_000.0), "316 million");
        assert_eq!(count(6e32), "6e32");
    }
}
