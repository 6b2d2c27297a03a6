//! From a draft to a sound scenario: the draft is loaded, and what the diagnostics point at is
//! taken out, drawn anew or added, until nothing is wrong. Rules about which keys go together are
//! thus learned from the program itself.

use super::agree::FILES;
use super::document::{Path, Step, Table, Value, at, describe, remove, render, table_at};
use super::generate::Generator;
use misroute::scenario::fields::Kind;
use misroute::scenario::{Diagnostic, Diagnostics, Place, Scenario, Source, load};

/// No draft is worth more attempts.
const ROUNDS: usize = 15;

/// From here on, whole tables go.
const LATE: usize = 8;

/// What the scenario is called.
const NAME: &str = "swarm.toml";

/// Reads a document; what is wrong with it must be said in a way that helps.
pub(super) fn read(document: &Table) -> Result<Scenario, Diagnostics> {
    let text = render(document).text;
    let read = load(&Source::from_text(NAME, text.as_str()).in_folder(FILES), &[]);
    if let Err(wrong) = &read {
        assert!(!wrong.is_empty(), "a scenario was refused without a reason:\n{text}");
        for diagnostic in wrong.iter() {
            let place = diagnostic.place().expect("a diagnostic has a place");
            assert!(
                place.range().end <= place.source().text.len(),
                "a place outside of the text:\n{text}"
            );
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
    for round in 0..ROUNDS {
        match read(&document) {
            Ok(scenario) => return Ok((document, scenario)),
            Err(wrong) => mend(&mut document, &wrong, generator, round >= LATE),
        }
    }
    match read(&document) {
        Ok(scenario) => Ok((document, scenario)),
        Err(wrong) => Err(wrong.to_string()),
    }
}

fn mend(document: &mut Table, wrong: &Diagnostics, generator: &mut Generator, is_late: bool) {
    let lines = render(document).lines;
    for diagnostic in wrong.iter() {
        let place = diagnostic.place().expect("it was checked");
        let Some(path) = path_of(document, &lines, place) else { continue };
        let found = describe(document, &path);
        let is_table = found.path == found.table;
        let may_grow = !is_late || is_needed(&found.table);
        if generator.draw.chance(0.5) && supply(document, &diagnostic.message, generator) {
            continue;
        }
        if may_grow
            && (is_table || generator.draw.chance(0.3))
            && add(document, diagnostic, &found.table, generator)
        {
            continue;
        }
        // Of a clash, either side may go.
        let other = diagnostic.labels.get(1).filter(|_| generator.draw.chance(0.5));
        let other = other.and_then(|label| path_of(document, &lines, &label.place));
        let found = other.map(|path| describe(document, &path)).unwrap_or(found);
        let is_whole = is_late && !is_needed(&found.table);
        let target = if is_whole { found.table } else { found.path };
        if target.len() > 1 || !is_needed(&target) {
            remove(document, &target);
        }
    }
}

/// What stands at a place; for one in a file of data, its name.
fn path_of(document: &mut Table, lines: &[Path], place: &Place) -> Option<Path> {
    let file = &place.source().name;
    if file == NAME {
        return lines.get(place.line() - 1).cloned();
    }
    let mut names_it = |path: &&Path| {
        let name = at(document, path).and_then(|value| value.as_str());
        name.is_some_and(|name| file.ends_with(&format!("/{name}")))
    };
    lines.iter().find(|path| names_it(path)).cloned()
}

/// Whether a scenario needs a table: itself, and those with backends and clients.
fn is_needed(path: &[Step]) -> bool {
    match path {
        [] => true,
        [Step::Key(key)] | [Step::Key(key), Step::Item(_)] => key == "backends" || key == "clients",
        _ => false,
    }
}

/// Of an unknown name such as that of a zone: gives it to a backend.
fn supply(document: &mut Table, message: &str, generator: &mut Generator) -> bool {
    let words: Vec<&str> = message.split([' ', '`']).filter(|word| !word.is_empty()).collect();
    let ["unknown", key, name] = words[..] else { return false };
    let backends = document.get_mut("backends").and_then(Value::as_array_mut);
    let Some(backends) = backends.filter(|backends| !backends.is_empty()) else { return false };
    let n = generator.draw.below(backends.len());
    let table = [Step::Key("backends".to_owned()), Step::Item(n)];
    let fields = describe(document, &table).fields;
    let is_theirs = fields.iter().any(|field| field.key == key && matches!(field.kind, Kind::Name));
    if let Some(backend) = table_at(document, &table).filter(|_| is_theirs) {
        backend.insert(key.to_owned(), name.into());
    }
    is_theirs
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
    let labels = diagnostic.labels.iter().take(1).map(|label| &label.text);
    for help in diagnostic.help.iter().chain(labels) {
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
