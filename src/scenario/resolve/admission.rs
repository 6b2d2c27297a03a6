//! `admission` of the balancer.

use super::super::diagnostic::Diagnostic;
use super::super::reader::TableReader;
use super::all;
use super::balancer::argument;
use crate::model::balancer::admission::{ADMISSIONS, AdmissionConfig};

pub(super) fn admission(table: &TableReader<'_>) -> Option<AdmissionConfig> {
    if !table.has("rule") {
        return None;
    }
    let name = table.choice("rule")?;
    let rule = *ADMISSIONS.iter().find(|rule| rule.name == name)?;
    for other in ADMISSIONS.iter().filter(|other| other.name != name) {
        for parameter in other.parameters.iter().filter(|parameter| table.has(parameter.name)) {
            let message = format!("`{}` belongs to rule \"{}\"", parameter.name, other.name);
            let keys: Vec<&str> = rule.parameters.iter().map(|known| known.name).collect();
            let help = format!("rule \"{name}\" has {}", keys.join(", "));
            let place = table.key_place(parameter.name);
            table.report.push(Diagnostic::new(message, place, "").help(help));
        }
    }
    let arguments = all(rule.parameters.iter().map(|parameter| argument(table, parameter)));
    Some(AdmissionConfig { rule, arguments: arguments? })
}
