//! `overload`, `memory`, `pauses`, `supervisor` and `cold-start` of backends.

use super::super::diagnostic::Diagnostic;
use super::super::reader::{Reported, TableReader};
use super::super::units;
use super::super::values;
use super::backend::distribution;
use crate::model::setup::{
    ColdStart, Fading, Memory, Overload, OverloadEnd, OwnFaults, Pauses, PausesEvery, Supervisor,
};

/// More often than this in the mean, a process does nothing but pause.
const PAUSES_MIN_NS: f64 = 1e6;
/// Points of a curve.
const POINTS_MOST: usize = 100;

/// What `overload` says; empty if something is wrong with it, which has been reported then.
#[derive(Default)]
pub(super) struct Overloads {
    pub(super) overload: Option<Overload>,
    pub(super) crash_at: Option<u32>,
}

/// Reports that a table has neither or both of two keys of which it needs one.
fn one_of(table: &TableReader<'_>, title: &str, keys: [&str; 2]) -> Option<bool> {
    match keys.map(|key| table.has(key)) {
        [true, false] => Some(true),
        [false, true] => Some(false),
        [has, _] => {
            let message = format!("{title} has either `{}` or `{}`", keys[0], keys[1]);
            let place = if has { table.key_place(keys[1]) } else { table.place };
            let label = if has { "a second" } else { "write one of them" };
            table.report.push(Diagnostic::new(message, place, label));
            None
        }
    }
}

/// Reports a key that has no meaning with another value beside it.
fn foreign(table: &TableReader<'_>, key: &str, with: &str) -> bool {
    if table.has(key) {
        let message = format!("`{key}` has no meaning with {with}");
        table.report.push(Diagnostic::new(message, table.key_place(key), "remove it"));
    }
    table.has(key)
}

/// `overload`; of a queue that could not be read, nothing can be said.
pub(super) fn overload(table: &TableReader<'_>, queue: Result<Option<u32>, Reported>) -> Overloads {
    let at = |key| {
        let queue = queue.ok().filter(|_| table.has(key))?;
        threshold(table, key, queue)
    };
    let stops_at = at("unresponsive-at");
    let until = || match table.node("until")?.as_str() {
        Some("restart") => Some(OverloadEnd::Restart),
        _ => table.duration_or("until").map(OverloadEnd::After),
    };
    match (table.has("unresponsive-at"), table.has("until")) {
        (true, false) => {
            let place = table.key_place("unresponsive-at");
            let help = format!("`until`: {}", table.field("until").doc);
            let message = "`unresponsive-at` needs `until`";
            table.report.push(Diagnostic::new(message, place, "this key is missing").help(help));
        }
        (false, true) => {
            let place = table.key_place("until");
            let message = "`until` has no meaning without `unresponsive-at`";
            table.report.push(Diagnostic::new(message, place, "remove it"));
        }
        (false, false) if !table.has("crash-at") => {
            let message = "this overload does nothing";
            let help = "write `unresponsive-at` and `until`, or `crash-at`";
            table.report.push(Diagnostic::new(message, table.place, "").help(help));
        }
        _ => {}
    }
    let overload = stops_at.zip(until()).map(|(queue, until)| Overload { queue, until });
    Overloads { overload, crash_at: at("crash-at") }
}

/// All but what `overload` says.
pub(super) fn own_faults(table: &TableReader<'_>) -> Option<OwnFaults> {
    let memory = table.part("memory", memory);
    let pauses = table.part("pauses", pauses);
    let supervisor = table.part("supervisor", supervisor);
    Some(OwnFaults {
        crash_at: None,
        memory: memory.ok()?,
        pauses: pauses.ok()?,
        supervisor: supervisor.ok()?.unwrap_or_default(),
    })
}

fn memory(table: &TableReader<'_>) -> Option<Memory> {
    let size = |key| table.size(key);
    let limit = table.has("limit").then(|| size("limit")).flatten();
    let (base, per_attempt) = (size("base"), size("per-attempt"));
    let (leak_per_request, leak_per_hour) = (size("leak-per-request"), size("leak-per-hour"));
    let memory = Memory {
        limit: limit?,
        base: base?,
        per_attempt: per_attempt?,
        leak_per_request: leak_per_request?,
        leak_per_hour: leak_per_hour?,
    };
    if memory.base >= memory.limit {
        table.fail("base", "`base` must be less than `limit`", "it could never begin");
        return None;
    }
    if (memory.per_attempt, memory.leak_per_request, memory.leak_per_hour) == (0, 0, 0) {
        let message = "this memory never grows";
        let help = "write `per-attempt`, `leak-per-request` or `leak-per-hour`";
        table.report.push(Diagnostic::new(message, table.place, "").help(help));
        return None;
    }
    Some(memory)
}

fn pauses(table: &TableReader<'_>) -> Option<Pauses> {
    let by_time = one_of(table, "pauses", ["every", "every-requests"]);
    let length = distribution(table, "length");
    let in_step = table.choice("phase").map(|phase| phase == "in-step");
    let every = if by_time? {
        let every = distribution(table, "every")?;
        if every.mean_ns() < PAUSES_MIN_NS {
            table.fail("every", "`every` must be at least 1ms in the mean", "nothing else happens");
            return None;
        }
        PausesEvery::Time(every)
    } else {
        if in_step? {
            let message = "pauses that come with requests cannot be in step";
            table.fail("phase", message, "write `every`, or remove this");
            return None;
        }
        PausesEvery::Requests(table.count32("every-requests")?)
    };
    Some(Pauses { every, length: length?, in_step: in_step? })
}

fn supervisor(table: &TableReader<'_>) -> Option<Supervisor> {
    let restarts = table.flag("restarts");
    let (base, growth) = (table.duration("base"), table.number("growth"));
    let (cap, reset) = (table.duration("cap"), table.duration("reset"));
    let restarts = restarts?;
    let keys = ["base", "growth", "cap", "reset"];
    if !restarts && keys.map(|key| foreign(table, key, "restarts = false")).contains(&true) {
        return None;
    }
    Some(Supervisor { restarts, base: base?, growth: growth?, cap: cap?, reset: reset? })
}

/// `cold-start`.
pub(super) fn cold_start(table: &TableReader<'_>) -> Option<ColdStart> {
    let by_slowdown = one_of(table, "cold-start", ["slowdown", "curve"]);
    let by_time = one_of(table, "cold-start", ["period", "requests"]);
    let shape = table.choice("shape");
    let slowdown = table.has("slowdown").then(|| table.number("slowdown"));
    let points = table.has("curve").then(|| curve(table));
    let fades = if by_time? {
        Fading::Over(table.duration("period")?)
    } else {
        Fading::Requests(table.count32("requests")?)
    };
    if by_slowdown? {
        let slowdown = slowdown??;
        return Some(match shape? {
            "exponential" => ColdStart::exponential(slowdown, fades),
            _ => ColdStart::linear(slowdown, fades),
        });
    }
    let points = points??;
    if foreign(table, "shape", "`curve`") {
        return None;
    }
    Some(ColdStart::curve(&points, fades))
}

fn curve(table: &TableReader<'_>) -> Option<Vec<f64>> {
    table.get("curve", |node, field| {
        let items = values::list(node, field, "slowdowns such as 3")?;
        if items.is_empty() || items.len() > POINTS_MOST {
            let message = format!("`curve` must have 1 to {POINTS_MOST} points");
            return Err(Diagnostic::new(message, &node.place, format!("{} points", items.len())));
        }
        let point = |item| {
            let point = values::number(item, field)?;
            if (0.01..=1e6).contains(&point) {
                return Ok(point);
            }
            let message = "a slowdown must be at least 0.01 and at most 1000000";
            Err(Diagnostic::new(message, &item.place, ""))
        };
        items.into_iter().map(point).collect()
    })
}

/// `queue >= 390`, or `queue >= 95%` of its limit, rounded up.
fn threshold(table: &TableReader<'_>, key: &str, queue: Option<u32>) -> Option<u32> {
    const EXPECTED: &str = "write \"queue >= 390\", or \"queue >= 95%\" of a limited queue";
    table.get(key, |node, field| {
        let text = values::text(node, field)?;
        let fail = |message: &str| {
            let at = text.rfind(' ').map_or(0, |at| at + 1);
            let place = node.place.inside(text, at..text.len());
            Err(Diagnostic::new(message, &place, "").help(EXPECTED))
        };
        let value = text.trim().strip_prefix("queue").map(str::trim_start);
        let Some(value) = value.and_then(|rest| rest.strip_prefix(">=")).map(str::trim) else {
            return Err(Diagnostic::new("this is not a condition on the queue", &node.place, "")
                .help(EXPECTED));
        };
        let threshold = if let Ok(count) = value.parse::<u32>() {
            count
        } else if value.ends_with('%') {
            let Ok(ratio) = units::ratio(value) else { return fail("this is not a percentage") };
            let Some(limit) = queue else {
                return fail("a percentage needs a `queue` with a limit");
            };
            // 95% of 160 is 152, whatever the last bit of the product says.
            (ratio * f64::from(limit) - 1e-9).ceil() as u32
        } else {
            return fail("this is not a whole number or a percentage");
        };
        match queue {
            _ if threshold == 0 => fail("at 0 the backend would never answer"),
            Some(limit) if threshold > limit => fail("the queue never gets this long"),
            _ => Ok(threshold),
        }
    })
}
