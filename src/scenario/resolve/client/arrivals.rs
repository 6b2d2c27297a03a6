//! When requests are born.

use super::super::super::diagnostic::Diagnostic;
use super::super::super::reader::TableReader;
use super::super::backend::distribution;
use crate::model::setup::Arrivals;

/// Which loop it is, with what belongs to it and nothing else.
pub(super) fn arrivals(table: &TableReader<'_>) -> Option<Arrivals> {
    let kind = table.choice("arrivals")?;
    let (needed, foreign) = if kind == "closed" { ("think", "rate") } else { ("rate", "think") };
    if table.has(foreign) {
        let message = format!("`{foreign}` has no meaning with arrivals = \"{kind}\"");
        let place = table.key_place(foreign);
        let help = if foreign == "rate" {
            "users who wait for their answers come as often as they are served"
        } else {
            "only users of arrivals = \"closed\" think"
        };
        table.report.push(Diagnostic::new(message, place, "remove it").help(help));
    }
    if !table.has(needed) {
        let message = format!("arrivals = \"{kind}\" needs `{needed}`");
        let place = if table.has("arrivals") { table.key_place("arrivals") } else { table.place };
        let field = table.field(needed);
        let help = format!("`{needed}`: {}", field.doc);
        table.report.push(Diagnostic::new(message, place, "this key is missing").help(help));
    }
    match kind {
        "closed" => {
            let think = table.has("think").then(|| distribution(table, "think")).flatten()?;
            if think.mean_ns() <= 0.0 {
                let message = "users who never think would ask for ever at one instant";
                table.fail("think", message, "not zero");
                return None;
            }
            Some(Arrivals::Closed { think })
        }
        _ if !table.has("rate") || table.has("think") => None,
        "constant" => Some(Arrivals::Constant),
        _ => Some(Arrivals::Poisson),
    }
}
