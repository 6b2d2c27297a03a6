//! From a draft to a sound scenario: the draft is loaded, and what the diagnostics point at is
//! taken out, drawn anew or added, until nothing is wrong. Rules about which keys go together are
//! thus learned from the program itself.

use super::document::{Step, Table, describe, remove, render, table_at};
use super::generate::Generator;
use misroute::scenario::{Diagnostic, Diagnostics, Scenario, Source, load};

/// No draft is worth more attempts.
const ROUNDS: usize = 15;

/// Reads a document; what is wrong with it must be said in a way that helps.
pub(super) fn read(document: &Table) -> Result<Scenario, Diagnostics> {
    let text = render(document).text;
    let read = load(&Source::from_text("swarm.toml", text.as_str()), &[]);
    if let Err(wrong) = &read {
        assert!(!wrong.is_empty(), "a scenario was refused without a reason:\n{text}");
        for diagnostic in wrong.iter() {
            let place = diagnostic.place().expect("a diagnostic has a place");
            assert!(place.range().end <= text.len(), "a place outside of the text:\n{text}");
            assert!(!diagnostic.message.is_empty(), "a diagnostic without words:\n{text}");
        }
        assert!(wrong.render(false).contains("error"), "nothing is shown:\n{text}");
    }
    read
}

/// A sound scenario, or what is still wrong with it.
pub(super) fn sound(generator: &mut Generator) -> Result<(Table, Scenario), String> {
    let mut document = generator.scenario();
    generator.bound(&mut document);
    for _ in 0..ROUNDS {
        match read(&document) {
            Ok(scenario) => return Ok((document, scenario)),
            Err(wrong) => mend(&mut document, &wrong, generator),
        }
    }
    match read(&document) {
        Ok(scenario) => Ok((document, scenario)),
        Err(wrong) => Err(wrong.to_string()),
    }
}

fn mend(document: &mut Table, wrong: &Diagnostics, generator: &mut Generator) {
    let lines = render(document).lines;
    for diagnostic in wrong.iter() {
        let line = diagnostic.place().expect("it was checked").line();
        let Some(path) = lines.get(line - 1) else { continue };
        let found = describe(document, path);
        let is_table = found.path == found.table;
        if (is_table || generator.draw.chance(0.3))
            && add(document, diagnostic, &found.table, generator)
        {
            continue;
        }
        // Of a clash, either side may go.
        let other = diagnostic.labels.get(1).filter(|_| generator.draw.chance(0.5));
        let other = other.and_then(|label| lines.get(label.place.line() - 1));
        let target = other.map(|path| describe(document, path).path).unwrap_or(found.path);
        if target.len() > 1 || !["backends", "clients"].iter().any(|key| is(&target, key)) {
            remove(document, &target);
        }
    }
}

fn is(path: &[Step], key: &str) -> bool {
    matches!(path, [Step::Key(first)] if first == key)
}

/// Adds keys of the table that the diagnostic names and that are not there.
fn add(
    document: &mut Table,
    diagnostic: &Diagnostic,
    table: &[Step],
    generator: &mut Generator,
) -> bool {
    let found = describe(document, table);
    let mut said = diagnostic.message.clone();
    for help in &diagnostic.help {
        said.push(' ');
        said.push_str(help);
    }
    let words: Vec<&str> = said.split(|c: char| !c.is_ascii_alphanumeric() && c != '-').collect();
    let Some(present) = table_at(document, table) else { return false };
    let mut added = false;
    for field in &found.fields {
        if words.contains(&field.key) && !present.contains_key(field.key) {
            // It belongs to a part of the file that most lists have only once.
            if let Some(value) = generator.value(field, &found.id) {
                present.insert(field.key.to_owned(), value);
                added = true;
            }
        }
    }
    added
}
