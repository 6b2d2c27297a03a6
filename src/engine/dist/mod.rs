//! Distributions of positive times: service demands, think times, delays.
//!
//! A law is *read at a mark*: 64 uniformly random bits that travel with a request from its birth.
//! The same mark gives the same work, whoever asks and in whatever order, so a change of the
//! balancer leaves the demand as it was. Wherever a quantile function is cheap the mark is
//! inverted, one mark to one variate, and a higher mark means more work; where none is (Erlang,
//! gamma), the mark seeds a small generator.
//!
//! **Results depend on the last bit of every formula here**: transcendental functions come from
//! [`libm`] alone, or have its bits ([`log`](super::log)), and the golden values in the tests fail when
//! a bit changes. Sampling does not allocate; what can be computed once is computed when the law is
//! built.
//!
//! [`FAMILIES`] is the one table: a family is one file and one line in it. Families of a scale and
//! a shape can be given by any two statistics; `solve` says which member that is.

mod bimodal;
mod constant;
mod empirical;
mod erlang;
mod exponential;
mod gamma;
mod hyperexponential;
mod lognormal;
mod parameter;
mod pareto;
mod solve;
mod special;
#[cfg(test)]
mod tests;
mod uniform;
mod weibull;

pub use bimodal::Bimodal;
pub use constant::Constant;
pub use empirical::Empirical;
pub use erlang::Erlang;
pub use exponential::Exponential;
pub use gamma::Gamma;
pub use hyperexponential::Hyperexponential;
pub use lognormal::Lognormal;
pub use parameter::{Parameter, ParameterError, ParameterKind, ParameterValue, Parameters};
pub use pareto::Pareto;
pub use uniform::Uniform;
pub use weibull::Weibull;

use super::time::Span;

/// A law of positive times, read at a mark.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// Always the same.
    Constant(Constant),
    /// Equally likely anywhere between two bounds.
    Uniform(Uniform),
    /// Without memory.
    Exponential(Exponential),
    /// A sum of exponential stages.
    Erlang(Erlang),
    /// A mixture of exponential laws.
    Hyperexponential(Hyperexponential),
    /// The exponential of a normal law.
    Lognormal(Lognormal),
    /// The Erlang law with a shape that need not be whole.
    Gamma(Gamma),
    /// A power tail from a least value on.
    Pareto(Pareto),
    /// A stretched or compressed exponential tail.
    Weibull(Weibull),
    /// Fast, and with some probability slow.
    Bimodal(Bimodal),
    /// Recorded values.
    Empirical(Empirical),
}

/// What each law knows about itself.
trait Law {
    /// The family it belongs to.
    fn family(&self) -> &'static Family;
    /// The variate that `mark` stands for.
    fn at(&self, mark: u64) -> Span;
    /// Mean in nanoseconds, perhaps infinite.
    fn mean_ns(&self) -> f64;
    /// Squared coefficient of variation, perhaps infinite.
    fn scv(&self) -> f64;
    /// Quantile in nanoseconds at `q` in [0, 1], perhaps infinite at 1.
    fn quantile_ns(&self, q: f64) -> f64;
}

/// Evaluates an expression over the law inside a distribution, whichever it is.
macro_rules! each {
    ($distribution:expr, $law:ident => $result:expr) => {
        match $distribution {
            Distribution::Constant($law) => $result,
            Distribution::Uniform($law) => $result,
            Distribution::Exponential($law) => $result,
            Distribution::Erlang($law) => $result,
            Distribution::Hyperexponential($law) => $result,
            Distribution::Lognormal($law) => $result,
            Distribution::Gamma($law) => $result,
            Distribution::Pareto($law) => $result,
            Distribution::Weibull($law) => $result,
            Distribution::Bimodal($law) => $result,
            Distribution::Empirical($law) => $result,
        }
    };
}

impl Distribution {
    /// Always `span`, which may be zero.
    pub fn constant(span: Span) -> Self {
        Self::Constant(Constant::new(span))
    }

    /// Exponential with a `mean`; of mean zero, the constant zero.
    pub fn exponential(mean: Span) -> Self {
        if mean.is_zero() {
            return Self::constant(mean);
        }
        Self::Exponential(Exponential::new(mean.as_ns() as f64))
    }

    /// The work a request with this mark asks for: deterministic in the mark, rounded once, half
    /// up, never below 1 ns for a positive mean, at most 584 years.
    ///
    /// `mark` is 64 uniformly random bits. O(1), or logarithmic in the number of recorded values.
    #[inline]
    pub fn at(&self, mark: u64) -> Span {
        match self {
            // The usual one is worked out where it is asked for.
            Self::Exponential(law) => law.at(mark),
            _ => self.other_at(mark),
        }
    }

    /// The law, if it is an exponential one.
    pub fn as_exponential(&self) -> Option<&Exponential> {
        match self {
            Self::Exponential(law) => Some(law),
            _ => None,
        }
    }

    /// As [`at`](Self::at), of whichever law it is.
    #[inline(never)]
    fn other_at(&self, mark: u64) -> Span {
        each!(self, law => law.at(mark))
    }

    /// Mean in nanoseconds; infinite for a Pareto law of shape 1 or less.
    ///
    /// Of the law before it is rounded to whole nanoseconds.
    pub fn mean_ns(&self) -> f64 {
        each!(self, law => law.mean_ns())
    }

    /// Squared coefficient of variation, variance over squared mean: 0 of a constant, 1 of an
    /// exponential law, infinite for a Pareto law of shape 2 or less.
    pub fn scv(&self) -> f64 {
        each!(self, law => law.scv())
    }

    /// The time in nanoseconds that a share `q` of requests stays within. `q` outside [0, 1] counts
    /// as the nearer end, and NaN as 0; at 1, a law without a greatest value gives infinity.
    ///
    /// For set-up and tests: of some families it is solved for numerically.
    pub fn quantile_ns(&self, q: f64) -> f64 {
        let q = if q.is_nan() { 0.0 } else { q.clamp(0.0, 1.0) };
        each!(self, law => law.quantile_ns(q))
    }

    /// The name of its family in [`FAMILIES`].
    pub fn family(&self) -> &'static str {
        each!(self, law => law.family()).name
    }
}

/// A kind of law: what it is called, what it can be told, and how it is built.
#[derive(Clone, Copy, Debug)]
pub struct Family {
    /// The key in a scenario file.
    pub name: &'static str,
    /// What it is and what it is good for, in one line.
    pub summary: &'static str,
    /// Everything it can be told. Which of them go together, `build` says.
    pub parameters: &'static [Parameter],
    /// A TOML inline table, as a scenario file writes it.
    pub example: &'static str,
    /// The law with these values, or what is wrong with them.
    pub build: fn(&Parameters) -> Result<Distribution, ParameterError>,
}

/// Every family, alphabetically.
pub const FAMILIES: &[Family] = &[
    bimodal::FAMILY,
    constant::FAMILY,
    empirical::FAMILY,
    erlang::FAMILY,
    exponential::FAMILY,
    gamma::FAMILY,
    hyperexponential::FAMILY,
    lognormal::FAMILY,
    pareto::FAMILY,
    uniform::FAMILY,
    weibull::FAMILY,
];

impl Family {
    /// The family of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FAMILIES.iter().find(|family| family.name == name)
    }
}

/// Whole nanoseconds of a law with a positive mean.
#[inline]
fn work(ns: f64) -> Span {
    Span::from_ns_f64(ns).max(Span::from_ns(1))
}

/// The highest mark below the share `q` of all marks: where a law that a mark looks up in a table
/// has its quantile.
fn mark_below(q: f64) -> u64 {
    // `as` saturates, so 1 gives the highest mark of all.
    ((q * 18_446_744_073_709_551_616.0) as u64).saturating_sub(u64::from(q < 1.0))
}

/// Cuts all marks into consecutive pieces in proportion to `weights`, and gives the last mark of
/// each piece with the weight's index, leaving out pieces too small to hold a mark.
///
/// The weights are finite and not negative, and one is positive.
fn cut(weights: &[f64]) -> Vec<(usize, u64)> {
    // Divided first, so that no sum of finite weights overflows.
    let largest = weights.iter().fold(0.0_f64, |largest, &weight| largest.max(weight));
    let total: f64 = weights.iter().map(|weight| weight / largest).sum();
    let mut pieces: Vec<(usize, u64)> = Vec::with_capacity(weights.len());
    let (mut sum, mut next) = (0.0, 0_u64);
    for (index, weight) in weights.iter().enumerate() {
        sum += weight / largest;
        let end = (sum / total * 18_446_744_073_709_551_616.0) as u64;
        if end > next && *weight > 0.0 {
            pieces.push((index, end - 1));
            next = end;
        }
    }
    if let Some(last) = pieces.last_mut() {
        last.1 = u64::MAX;
    }
    pieces
}
