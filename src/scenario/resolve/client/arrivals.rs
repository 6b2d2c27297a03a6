//! When requests are born.

use super::super::super::diagnostic::Diagnostic;
use super::super::super::reader::TableReader;
use super::super::backend::distribution;
use crate::model::setup::{Arrivals, CountLaw};

/// Keys that belong to some arrivals only: the key, those that need or may have it, and what to say
/// where it stands with others.
const OWN: &[(&str, &[&str], &str)] = &[
    ("think", &["closed"], "only users of arrivals = \"closed\" think"),
    ("spread", &["jittered"], "it is how far arrivals = \"jittered\" are from even ones"),
    ("burst", &["bursty"], "write arrivals = \"bursty\""),
    ("batch", &["batches"], "write arrivals = \"batches\""),
    ("trace", &["trace"], "write arrivals = \"trace\""),
];

/// Keys that have no meaning with some arrivals, and why.
const ALIEN: &[(&str, &str, &str)] = &[
    ("rate", "closed", "users who wait for their answers come as often as they are served"),
    ("profile", "closed", "users who wait for their answers come as often as they are served"),
    ("session", "closed", "each user of a closed loop has one session that never ends"),
    ("rate", "trace", "a trace has its own times; scale it with `load`"),
    ("profile", "trace", "a trace has its own times"),
    ("session", "trace", "a trace has every request of its sessions"),
];

/// Reports keys that have no meaning next to the arrivals.
fn foreign(table: &TableReader<'_>, kind: &str) {
    let own = OWN.iter().filter(|(key, kinds, _)| table.has(key) && !kinds.contains(&kind));
    let own = own.map(|(key, _, help)| (key, help));
    let alien = ALIEN.iter().filter(|(key, with, _)| table.has(key) && *with == kind);
    for (key, help) in own.chain(alien.map(|(key, _, help)| (key, help))) {
        let message = format!("`{key}` has no meaning with arrivals = \"{kind}\"");
        let place = table.key_place(key);
        table.report.push(Diagnostic::new(message, place, "remove it").help(*help));
    }
}

/// Reports a key that the arrivals need. `rate` may stand in a profile's file.
fn missing(table: &TableReader<'_>, kind: &str) {
    let needed = match kind {
        "closed" => "think",
        "trace" => "trace",
        _ => "rate",
    };
    if table.has(needed) || needed == "rate" && super::profile::has_file(table) {
        return;
    }
    let message = format!("arrivals = \"{kind}\" needs `{needed}`");
    let place = if table.has("arrivals") { table.key_place("arrivals") } else { table.place };
    let field = table.field(needed);
    let help = format!("`{needed}`: {}", field.doc);
    table.report.push(Diagnostic::new(message, place, "this key is missing").help(help));
}

/// Which law it is, with what belongs to it and nothing else. `trace` reads a recorded one.
pub(super) fn arrivals(
    table: &TableReader<'_>,
    trace: impl FnOnce() -> Option<Arrivals>,
) -> Option<Arrivals> {
    let kind = table.choice("arrivals")?;
    foreign(table, kind);
    missing(table, kind);
    match kind {
        "closed" => closed(table),
        "constant" => Some(Arrivals::Constant),
        "jittered" => {
            let spread = if table.has("spread") { table.ratio("spread")? } else { 0.5 };
            Some(Arrivals::Jittered { spread })
        }
        "bursty" => table.part_or_defaults("burst", bursty),
        "batches" => table.part_or_defaults("batch", |batch| {
            let (law, mean) = count_law(batch)?;
            Some(Arrivals::Batches { law, mean })
        }),
        "trace" => trace(),
        _ => Some(Arrivals::Poisson),
    }
}

fn closed(table: &TableReader<'_>) -> Option<Arrivals> {
    let think = table.has("think").then(|| distribution(table, "think")).flatten()?;
    if think.mean_ns() <= 0.0 {
        let message = "users who never think would ask for ever at one instant";
        table.fail("think", message, "not zero");
        return None;
    }
    Some(Arrivals::Closed { think })
}

fn bursty(table: &TableReader<'_>) -> Option<Arrivals> {
    let (factor, length) = (table.number("factor"), table.duration("length"));
    let every = table.duration("every");
    let (factor, length, every) = (factor?, length?, every?);
    if every <= length {
        let message = format!("bursts of {length} cannot come every {every}");
        table.fail("every", message, "longer than `length`");
        return None;
    }
    let most = every.as_ns() as f64 / length.as_ns() as f64;
    if factor > most {
        let message =
            format!("bursts of {length} every {every} can have at most {most} times the mean rate");
        table.fail("factor", message, "nobody comes between bursts even so");
        return None;
    }
    Some(Arrivals::Bursty { factor, length, every })
}

/// `law` and `mean`.
pub(super) fn count_law(table: &TableReader<'_>) -> Option<(CountLaw, f64)> {
    let law = table.choice("law");
    let mean = table.has("mean") || table.field("mean").presence.has_value();
    let mean = mean.then(|| table.number("mean")).flatten();
    let (law, mean) = (law?, mean?);
    if law == "geometric" {
        return Some((CountLaw::Geometric, mean));
    }
    if mean.fract() != 0.0 {
        let message = "with law = \"constant\" every number is the mean";
        table.fail("mean", message, "a whole number");
        return None;
    }
    Some((CountLaw::Constant, mean))
}
