//! `[[measure]]` and `[[twin]]`: the same scenario with changes.

use super::super::Variant;
use super::super::overrides::{self, Override};
use super::super::reader::{Report, TableReader};
use super::super::values;
use super::names::{Names, sort_timeline};
use super::{Context, Mode, all, clock, resolve};

/// Every variant under `key`, each looked into once.
pub(super) fn variants(
    context: &Context<'_>,
    top: &TableReader<'_>,
    key: &'static str,
) -> Vec<Variant> {
    let tables = top.tables(key);
    let read = all(tables.iter().map(|table| variant(context, table, key)));
    let variants = read.unwrap_or_default();
    // Only a sound scenario tells what a variant breaks.
    if context.mode == Mode::Written && context.report.is_empty() {
        for variant in &variants {
            try_out(context, variant, key);
        }
    }
    variants
}

fn variant(context: &Context<'_>, table: &TableReader<'_>, key: &str) -> Option<Variant> {
    let name = table.text("name");
    let doc = table.text("reason");
    let set = table.has("set").then(|| table.get("set", overrides::edits));
    let unset = table.has("unset").then(|| table.get("unset", overrides::removals));
    let (misses, keeps) = if key == "twin" { claims(context, table)? } else { Default::default() };
    let edits = [unset, set].into_iter().flatten();
    let edits: Vec<_> = edits.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
    if edits.is_empty() {
        table.fail("name", format!("this {key} changes nothing"), "add `set` or `unset`");
        return None;
    }
    let overrides = edits.into_iter().map(Override::SetNode).collect();
    Some(Variant { name: name?, doc, overrides, misses, keeps })
}

/// The expectations that a twin must fail, and those that it must meet: one at least.
fn claims(context: &Context<'_>, table: &TableReader<'_>) -> Option<(Vec<String>, Vec<String>)> {
    let named = |key| {
        if table.has(key) { expectations(context, table, key) } else { Some(Vec::new()) }
    };
    let (misses, keeps) = (named("misses")?, named("keeps")?);
    if misses.is_empty() && keeps.is_empty() {
        let (key, why) = if table.has("misses") {
            ("misses", "this list is empty")
        } else {
            ("name", "add `misses` or `keeps`")
        };
        table.fail(key, "a twin must fail or keep at least one expectation", why);
        return None;
    }
    if let Some(both) = misses.iter().find(|name| keeps.contains(name)) {
        let message = format!("a twin cannot both fail and keep `{both}`");
        table.fail("keeps", message, "remove it here, or from `misses`");
        return None;
    }
    Some((misses, keeps))
}

/// Names of expectations that exist.
fn expectations(
    context: &Context<'_>,
    table: &TableReader<'_>,
    key: &'static str,
) -> Option<Vec<String>> {
    table.get(key, |node, field| {
        let items = values::list(node, field, "names of expectations")?;
        let name = |item| -> values::Read<String> {
            let text = values::text(item, field)?;
            Names::position(&context.names.expects, "expectation", &item.place, text)?;
            Ok(text.to_owned())
        };
        items.into_iter().map(name).collect::<Result<Vec<String>, _>>()
    })
}

/// Applies a variant and reads the result, for its mistakes alone.
fn try_out(context: &Context<'_>, variant: &Variant, key: &str) {
    let mut root = context.root.clone();
    let trial = Report::default();
    for change in &variant.overrides {
        trial.check(change.edit().and_then(|edit| edit.apply(&mut root)));
    }
    if trial.is_empty() {
        let clock = clock(&root, &Report::default());
        sort_timeline(&mut root, &clock);
        resolve(&root, &trial, &context.files.aside(), Mode::Overridden);
    }
    for diagnostic in trial.finish().into_list() {
        let note = format!("this follows from the {key} `{}`", variant.name);
        context.report.push(diagnostic.help(note));
    }
}
