//! `[[timeline]]`: when something happens. What happens is read in `timeline_action`.

use super::super::diagnostic::Diagnostic;
use super::super::reader::TableReader;
use super::super::values;
use super::expect::moment;
use super::names::Names;
use super::timeline_action::Actions;
use super::{Context, Mode, all};
use crate::engine::time::Time;
use crate::model::setup::{AlertId, TimelineEntry, Trigger};

/// Every entry.
pub(super) fn timeline(
    context: &Context<'_>,
    top: &TableReader<'_>,
    instances: Option<u16>,
) -> Option<Vec<TimelineEntry>> {
    let tables = top.tables("timeline");
    let triggers: Vec<Option<Trigger>> =
        tables.iter().map(|table| trigger(context, table)).collect();
    if context.mode == Mode::Written {
        check_order(context, &tables, &triggers);
    }
    let mut actions = Actions::new(context, instances);
    all(tables.iter().zip(triggers).enumerate().map(|(index, (table, trigger))| {
        let name = table.text("name");
        let action = actions.read(index, table);
        let (action, lasts) = action?;
        Some(TimelineEntry { name: name?, trigger: trigger?, action, lasts })
    }))
}

fn trigger(context: &Context<'_>, table: &TableReader<'_>) -> Option<Trigger> {
    match (table.has("at"), table.has("on-alert")) {
        (true, false) => {
            if table.has("delay") {
                let message = "`delay` counts from an alert, and this entry has a time of its own";
                let place = table.key_place("delay");
                table.report.push(Diagnostic::new(
                    message,
                    place,
                    "remove this, or write `on-alert`",
                ));
            }
            let at = table.get("at", |node, field| moment(context, node, field))?;
            if context.clock.duration.is_some_and(|end| at.offset() >= end) {
                table.fail("at", "this is the end of the run", "nothing can happen here");
                return None;
            }
            Some(Trigger::At(at))
        }
        (false, true) => {
            let alert = table.get("on-alert", |node, field| {
                let text = values::text(node, field)?;
                Names::position(&context.names.alerts, "alert", &node.place, text)
            });
            let delay = table.duration("delay");
            Some(Trigger::AfterAlert(AlertId(alert?), delay?))
        }
        (true, true) => {
            table.report.push(
                Diagnostic::new(
                    "an entry has one trigger",
                    table.key_place("on-alert"),
                    "a second",
                )
                .and(table.key_place("at"), "the first")
                .help("keep `at` or `on-alert`"),
            );
            None
        }
        (false, false) => {
            table.report.push(
                Diagnostic::new("this entry never happens", table.place, "")
                    .help("add at = \"14:05\", or on-alert = \"NAME\" with a delay"),
            );
            None
        }
    }
}

/// People read a timeline from top to bottom: entries with a time stand in its order.
fn check_order(context: &Context<'_>, tables: &[TableReader<'_>], triggers: &[Option<Trigger>]) {
    let mut latest: Option<(Time, &TableReader<'_>)> = None;
    for (table, trigger) in tables.iter().zip(triggers) {
        let Some(Trigger::At(at)) = trigger else { continue };
        let (Some(node), name) = (table.node("at"), table.text("name").unwrap_or_default()) else {
            continue;
        };
        match latest {
            Some((before, other)) if *at < before => {
                let earlier = other.text("name").unwrap_or_default();
                let message = format!("`{name}` happens before `{earlier}`, which stands above it");
                let place = other.node("at").map_or(other.place, |node| &node.place);
                context.report.push(
                    Diagnostic::new(message, &node.place, context.clock.show(*at))
                        .and(place, context.clock.show(before))
                        .help("put the entries in order of time"),
                );
            }
            _ => latest = Some((*at, table)),
        }
    }
}
