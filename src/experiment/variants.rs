//! Twins and measures: the same scenario with a few changes.
//!
//! A *twin* lacks the mechanism that is said to carry a figure, so the figure must be missed: that is
//! what tells a replay from a painting. A *measure* is what was asked for afterwards, priced in
//! user-minutes on the same demand.

use super::run::{Run, run};
use crate::scenario::{Diagnostics, Scenario, Variant};
use rayon::prelude::*;

/// A variant, run.
#[derive(Clone, Debug)]
pub struct VariantRun {
    /// Its name.
    pub name: String,
    /// What it changes, in words.
    pub doc: Option<String>,
    /// Expectations that a twin must miss.
    pub misses: Vec<String>,
    /// Expectations that a twin must still meet.
    pub keeps: Vec<String>,
    /// What it showed.
    pub run: Run,
}

impl VariantRun {
    /// Expectations that the twin should miss and does not.
    pub fn wrongly_met(&self) -> Vec<&str> {
        self.misses.iter().map(String::as_str).filter(|name| self.meets(name)).collect()
    }

    /// Expectations that the twin should meet and does not.
    pub fn wrongly_missed(&self) -> Vec<&str> {
        self.keeps.iter().map(String::as_str).filter(|name| !self.meets(name)).collect()
    }

    fn meets(&self, name: &str) -> bool {
        self.run.judgements.iter().any(|judgement| judgement.name == name && judgement.holds())
    }
}

/// Runs variants of a scenario in parallel; the answers are in order.
///
/// # Errors
/// If a variant makes no valid scenario.
pub fn run_all(
    scenario: &Scenario,
    variants: &[Variant],
    seed: u64,
) -> Result<Vec<VariantRun>, Diagnostics> {
    let scenarios: Vec<Scenario> =
        variants.iter().map(|variant| scenario.variant(variant)).collect::<Result<_, _>>()?;
    let runs: Vec<Run> = scenarios.par_iter().map(|variant| run(variant, seed, |_| {})).collect();
    let of = |(variant, run): (&Variant, Run)| VariantRun {
        name: variant.name.clone(),
        doc: variant.doc.clone(),
        misses: variant.misses.clone(),
        keeps: variant.keeps.clone(),
        run,
    };
    Ok(variants.iter().zip(runs).map(of).collect())
}
