//! `connections` of clients.

use super::super::super::diagnostic::Diagnostic;
use super::super::super::reader::TableReader;
use crate::model::setup::{ConnectionPolicy, Pins, Reuse};

/// What becomes of a connection after an answer.
pub(super) fn connections(table: &TableReader<'_>) -> Option<ConnectionPolicy> {
    let pins = table.choice("pins");
    let max = table.limit("max");
    let waiting = table.limit("waiting");
    let wait = table.duration_or("wait");
    let idle = table.duration_or("idle");
    let age = table.duration_or("age");
    let requests = table.limit("requests");
    let jitter = table.ratio("jitter");
    let reuse = table.choice("reuse");
    let needs = [
        ("waiting", "max", matches!(max, Ok(None)), "nobody waits where connections have no limit"),
        ("wait", "max", matches!(max, Ok(None)), "nobody waits where connections have no limit"),
        (
            "jitter",
            "age` or `requests",
            age.is_none() && matches!(requests, Ok(None)),
            "it is of the age and the number of requests at which a connection is closed",
        ),
    ];
    let mut sound = true;
    for (key, needed, lacks, help) in needs {
        if table.has(key) && lacks {
            let message = format!("`{key}` has no meaning without `{needed}`");
            table.report.push(Diagnostic::new(message, table.key_place(key), "").help(help));
            sound = false;
        }
    }
    let policy = ConnectionPolicy {
        pins: if pins? == "backend" { Pins::Backend } else { Pins::Instance },
        max: max.ok()?,
        waiting: waiting.ok()?,
        wait,
        idle,
        age,
        requests: requests.ok()?,
        jitter: jitter?,
        reuse: if reuse? == "oldest" { Reuse::Oldest } else { Reuse::Latest },
    };
    sound.then_some(policy)
}
