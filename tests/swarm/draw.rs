//! Values at random, by what the schema says may stand at a key: small ones, so that a scenario has
//! some thousand requests, and now and then the ends of the range.

use misroute::engine::random::{Purpose, Seed, Stream};
use misroute::scenario::fields::{Field, Presence};
use toml::Value;

/// Randomness of one scenario.
pub(super) struct Draw(Stream);

impl Draw {
    pub(super) fn new(seed: u64, index: u64) -> Self {
        Self(Stream::new(Seed::new(seed), Purpose::Test, index))
    }

    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.0.unit() < probability
    }

    pub(super) fn below(&mut self, n: usize) -> usize {
        self.0.below(n as u64) as usize
    }

    /// Low and high included.
    pub(super) fn between(&mut self, low: usize, high: usize) -> usize {
        low + self.below(high + 1 - low)
    }

    pub(super) fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    /// Log-uniform between two positive numbers.
    pub(super) fn scale(&mut self, low: f64, high: f64) -> f64 {
        low * libm::pow(high / low, self.0.unit())
    }

    /// Within the range of a key as far as that is within what is usual.
    fn sane(&mut self, range: Option<(f64, f64)>, usual: (f64, f64)) -> f64 {
        let (low, high) = range.unwrap_or((0.0, f64::INFINITY));
        // An end of the range, unless it is out of all proportion.
        let is_end = self.chance(0.15);
        for end in [low, high] {
            if is_end && end <= usual.1 && (end >= usual.0 || end <= 0.0) {
                return end;
            }
        }
        let (from, to) = (usual.0.max(low), usual.1.min(high));
        if from >= to { low.max(from.min(high)) } else { self.scale(from, to) }
    }

    pub(super) fn count(&mut self, field: &Field) -> i64 {
        let default = match field.presence {
            Presence::Number(number) => number,
            Presence::Default(text) => text.parse().unwrap_or(1.0),
            _ => 1.0,
        };
        let most = (2.0 * default).clamp(12.0, 400.0);
        self.sane(field.range, (1.0, most)).floor() as i64
    }

    pub(super) fn number(&mut self, field: &Field) -> f64 {
        let number = self.sane(field.range, (0.1, 10.0));
        // Two digits are enough, unless they leave the range.
        let short = (number * 100.0).round() / 100.0;
        let (low, high) = field.range.unwrap_or((0.0, f64::INFINITY));
        if (low..=high).contains(&short) { short } else { number }
    }

    pub(super) fn ratio(&mut self, range: Option<(f64, f64)>) -> String {
        let (low, high) = range.unwrap_or((0.0, 1.0));
        let most = if high > 1.0 { high.min(2.0) } else { high };
        let percent = (100.0 * (low + (most - low) * self.0.unit())).round();
        format!("{}%", percent.clamp((100.0 * low).ceil(), (100.0 * most).floor()))
    }

    pub(super) fn rate(&mut self, range: Option<(f64, f64)>) -> String {
        format!("{:.1}/s", self.sane(range, (0.5, 60.0)))
    }

    /// Seconds in the range, mostly between a millisecond and twenty seconds.
    pub(super) fn duration(&mut self, range: Option<(f64, f64)>) -> String {
        // What has a least length of a millisecond is done over and over: not quite so often.
        let least = range.map_or(1e-3, |(low, _)| if low > 1e-6 { 30.0 * low } else { 1e-3 });
        duration(self.sane(range, (least, 20.0)))
    }

    /// The values of a list.
    pub(super) fn list(&mut self, mut item: impl FnMut(&mut Self) -> Value) -> Value {
        let n = self.between(1, 4);
        Value::Array((0..n).map(|_| item(self)).collect())
    }
}

/// So many seconds, to the millisecond if they are as many.
pub(super) fn duration(seconds: f64) -> String {
    match seconds {
        s if s <= 0.0 => "0s".to_owned(),
        s if s >= 1e-3 => format!("{}ms", (s * 1e3).round()),
        s => format!("{}ns", (s * 1e9).ceil()),
    }
}
