//! `hedge` of clients.

use super::super::super::diagnostic::Diagnostic;
use super::super::super::reader::TableReader;
use crate::model::setup::{HedgeBudget, HedgePolicy};

/// When a client sends another attempt beside one that is late.
pub(super) fn hedge(table: &TableReader<'_>) -> Option<HedgePolicy> {
    // The reader has said so if it is missing.
    let after = if table.has("after") { table.duration("after") } else { None };
    let max = table.count32("max");
    let cancel = table.flag("cancel");
    let share = table.has("share").then(|| table.ratio("share"));
    let burst = table.count32("burst");
    if table.has("burst") && share.is_none() {
        let message = "`burst` has no meaning without `share`";
        let help = "`share`: so many hedges per request; `burst`: how many of them can be saved up";
        table.report.push(Diagnostic::new(message, table.key_place("burst"), "").help(help));
        return None;
    }
    let budget = match share {
        Some(share) => Some(HedgeBudget { share: share?, burst: burst? }),
        None => None,
    };
    Some(HedgePolicy { after: after?, max: u16::try_from(max?).ok()?, cancel: cancel?, budget })
}
