//! `misroute list`.

use super::failure::Failure;
use super::output;
use crate::engine::dist::FAMILIES;
use crate::model::balancer::ALGORITHMS;
use crate::observe::metric::METRICS;
use crate::scenario::actions::ACTIONS;
use crate::scenario::incidents::INCIDENTS;
use clap::{Args, ValueEnum};
use comfy_table::{ContentArrangement, Table, presets};
use std::process::ExitCode;

/// What there is, from the tables that the program itself reads.
#[derive(Args, Debug)]
pub(super) struct List {
    /// Of what
    #[arg(value_enum)]
    of: Of,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Of {
    /// Scenarios that come with the program.
    Incidents,
    /// Rules by which a balancer picks.
    Algorithms,
    /// Laws of service times.
    Distributions,
    /// What a timeline can do.
    Actions,
    /// Figures that an expectation can ask for.
    Metrics,
}

pub(super) fn execute(command: &List) -> Result<ExitCode, Failure> {
    let table = match command.of {
        Of::Incidents => incidents(),
        Of::Algorithms => algorithms(),
        Of::Distributions => distributions(),
        Of::Actions => actions(),
        Of::Metrics => metrics(),
    };
    output::result(&format!("{}\n", table.trim_fmt()))?;
    Ok(ExitCode::SUCCESS)
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(100);
    table.set_header(header);
    table
}

fn incidents() -> Table {
    let mut table = table(&["incident", "what happened"]);
    for incident in INCIDENTS {
        table.add_row([incident.name, incident.summary]);
    }
    table
}

fn algorithms() -> Table {
    let mut table = table(&["algorithm", "what it does", "when it fails", "per pick", "known as"]);
    for algorithm in ALGORITHMS {
        let parameters =
            algorithm.parameters.iter().map(|p| format!("\n  {} = {}", p.name, p.default));
        let name = algorithm.name.to_owned() + &parameters.collect::<String>();
        table.add_row([
            &name,
            algorithm.summary,
            algorithm.fails,
            algorithm.cost,
            algorithm.vendors,
        ]);
    }
    table
}

fn distributions() -> Table {
    let mut table = table(&["distribution", "what it is", "parameters", "example"]);
    for family in FAMILIES {
        let parameters: Vec<&str> = family.parameters.iter().map(|p| p.name).collect();
        table.add_row([family.name, family.summary, &parameters.join(", "), family.example]);
    }
    table
}

fn actions() -> Table {
    let mut table = table(&["action", "what it does", "taken back by"]);
    for action in ACTIONS {
        table.add_row([action.name, action.summary, action.reverse.unwrap_or("")]);
    }
    table
}

fn metrics() -> Table {
    let mut table = table(&["metric", "unit", "what it is"]);
    for metric in METRICS {
        table.add_row([metric.name, metric.unit.name(), metric.doc]);
    }
    table
}
