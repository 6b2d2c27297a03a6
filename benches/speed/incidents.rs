//! W4: the five incidents that come with the program, judged as the command judges them.

use crate::measure::{median, timed};
use crate::table::Table;
use misroute::experiment::run::run;
use misroute::scenario::incidents::INCIDENTS;
use misroute::scenario::load;

const RUNS: u64 = 3;

pub(crate) fn table() -> Table {
    let mut table = Table::new(&["incident", "requests", "seconds", "million requests/s"]);
    for incident in INCIDENTS {
        let scenario = load(&incident.source(), &[]).expect("it is bundled");
        let mut requests = 0;
        let seconds = median((1..=RUNS).map(|seed| {
            let (seconds, run) = timed(|| run(&scenario, seed, |_| {}));
            requests = run.result.figures.totals.requests;
            seconds
        }));
        table.row([
            incident.name.to_owned(),
            requests.to_string(),
            format!("{seconds:.3}"),
            format!("{:.2}", requests as f64 / seconds / 1e6),
        ]);
    }
    table
}
