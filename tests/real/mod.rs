//! Real balancers, measured, against the model with the same configuration files.

mod case;
mod convert;
mod envoy;
mod haproxy;
mod judge;
mod known;
mod nginx;
mod observe;
mod page;

use case::{CASES, Case};
use judge::Row;
#[cfg(test)]
use misroute::scenario::Override;
use misroute::scenario::{Scenario, Source, load};

/// Runs of the model per case.
pub(crate) const RUNS: u32 = 30;

/// The scenario of a case.
fn scenario(case: &Case) -> Scenario {
    let text = convert::scenario(case);
    let source = Source::from_text(format!("{}.toml", case.name), &text);
    load(&source, &[]).unwrap_or_else(|wrong| panic!("{}\n{text}\n{wrong}", case.name))
}

/// Every case with its rows; only those whose names begin so, if any are given.
pub(crate) fn compare(runs: u32, names: &[String]) -> Vec<(&'static Case, Vec<Row>)> {
    let wanted = |case: &&Case| names.is_empty() || names.contains(&case.name);
    let cases = CASES.iter().filter(wanted);
    cases.map(|case| (case, judge::rows(case, &scenario(case).setup, runs))).collect()
}

/// docs/validation.md.
#[cfg_attr(test, expect(dead_code, reason = "the example writes the page"))]
pub(crate) fn page(runs: u32, names: &[String]) -> String {
    page::write(&compare(runs, names))
}

/// The scenario of one case, as text.
#[cfg_attr(test, expect(dead_code, reason = "the example shows it"))]
pub(crate) fn text(name: &str) -> Option<String> {
    CASES.iter().find(|case| case.name == name).map(convert::scenario)
}

#[cfg(test)]
#[test]
fn real_balancers_do_what_the_model_predicts() {
    let mut wrong = Vec::new();
    for (case, rows) in compare(RUNS, &[]) {
        for row in rows {
            let name = row.name();
            if row.holds() == known::contains(&case.name, &name) {
                wrong.push(format!("{} {name}: {row:?}", case.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

/// What would go unnoticed if the bands were too wide: the same cases without what explains them.
#[cfg(test)]
const WRONG: &[(&str, &str)] = &[
    ("A", "balancer.algorithm=random"),
    ("A4", "clients.web.think.exponential.mean=400ms"),
    ("B", "balancer.algorithm=random"),
    ("C", "balancer.algorithm=roundrobin"),
    ("D1", "balancer.haproxy-random.draws=2"),
    ("E", "balancer.algorithm=round-robin"),
    ("G3b", "balancer.client-leaves=close"),
    ("G4", "balancer.client-leaves=ignore"),
    ("G4", "backends.*.abandoned=finish"),
    ("H", "backends.b1.weight=30"),
    ("J", "balancer.connect.redispatch=true"),
    ("J3", "balancer.health.fall=6"),
    ("J6", "balancer.connect.delay=1ms"),
    ("K3", "balancer.health.asks=work"),
    ("L4", "balancer.queue.refills-on-change=true"),
    ("M", "clients.web.keys.zipf=0"),
    ("M3", "balancer.haproxy-uri.consistent=0"),
    ("M4", "clients.web.keys.text=/{}"),
    ("N", "balancer.algorithm=roundrobin"),
    ("O", "balancer.algorithm=roundrobin"),
    ("O4", "balancer.ejection.error-limit=1000000"),
    ("P3", "backends.b3.up=true"),
    ("P4", "balancer.ejection.consecutive-5xx=1000000"),
    ("Q1", "backends.*.max-connections=unlimited"),
    ("S3", "balancer.haproxy-random.draws=1"),
];

#[cfg(test)]
#[test]
fn wrong_predictions_are_noticed() {
    let unnoticed = WRONG.iter().filter(|(name, change)| {
        let case = CASES.iter().find(|case| case.name == *name).unwrap();
        let wrong = scenario(case).with(&[Override::parse(change).unwrap()]).unwrap();
        judge::rows(case, &wrong.setup, 10).iter().all(Row::holds)
    });
    let unnoticed: Vec<_> = unnoticed.collect();
    assert!(unnoticed.is_empty(), "all rows hold all the same: {unnoticed:#?}");
}
