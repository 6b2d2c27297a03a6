//! Keys of one table that are drawn one by one, but only make sense together: diagnostics would say
//! so too, yet chance would take long to find a way out.

use super::document::{Table, Value};
use super::draw::duration;
use super::generate::Generator;
use std::fs;
use std::path::Path;

/// Files of data, which lie beside every scenario of the swarm.
pub(super) const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/arrivals");

/// A file for the key `file` of a table.
pub(super) fn file(generator: &mut Generator, table: &str) -> &'static str {
    let of_table: &[&'static str] = match table {
        "keys." => &["keys.csv", "plain-keys.csv"],
        "profile." => &["factors.csv", "rates.csv"],
        _ => &["people.csv", "times.csv", "trace.csv"],
    };
    generator.draw.one_of(of_table)
}

/// Copies those files that a scenario names to where the scenario is written.
pub(super) fn copy_files(text: &str, folder: &Path) {
    for entry in fs::read_dir(FILES).unwrap() {
        let entry = entry.unwrap();
        if text.contains(entry.file_name().to_str().unwrap()) {
            fs::copy(entry.path(), folder.join(entry.file_name())).unwrap();
        }
    }
}

/// Makes a table that was just drawn agree with itself.
pub(super) fn agree(generator: &mut Generator, key: &str, table: &mut Table) {
    match key {
        "keys" if table.contains_key("file") => table.retain(|key, _| key == "file"),
        "profile" if table.get("shape").and_then(Value::as_str) == Some("sine") => {
            table.retain(|key, _| !matches!(key, "at" | "factors" | "file" | "repeat"));
        }
        "profile" => {
            table.retain(|key, _| !matches!(key, "low" | "high" | "peak" | "period"));
            if table.contains_key("file") {
                table.retain(|key, _| !matches!(key, "at" | "factors" | "repeat"));
            } else {
                points(generator, table);
            }
        }
        _ => {}
    }
}

/// Times in order, and as many factors.
fn points(generator: &mut Generator, table: &mut Table) {
    let n = generator.draw.between(1, 4);
    let step = generator.seconds / n as f64;
    let at: Vec<Value> = (0..n).map(|k| duration(step * k as f64).into()).collect();
    table.insert("at".to_owned(), at.into());
    let factors: Vec<Value> = (0..n).map(|_| generator.draw.scale(0.1, 3.0).into()).collect();
    table.insert("factors".to_owned(), factors.into());
}
