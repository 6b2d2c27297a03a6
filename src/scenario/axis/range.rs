//! Values at equal distances or at equal factors.

use super::quantity::{Decimal, Quantity, Unit};

/// Significant digits of values that are no exact decimals.
const DIGITS: u32 = 6;

/// Values from one quantity to another, both included.
#[derive(Clone, Debug)]
pub(super) struct Range {
    /// Both ends as they were written.
    ends: [String; 2],
    from: Decimal,
    to: Decimal,
    unit: Unit,
    count: u32,
    pub(super) logarithmic: bool,
    /// Only whole numbers make sense.
    whole: bool,
}

impl Range {
    /// The most values that are worth counting.
    pub(super) const MOST: u32 = 10_000_000;

    /// A range of at least two values; the message says why there is none.
    pub(super) fn new(
        texts: [&str; 2],
        quantities: [Quantity; 2],
        count: u32,
        logarithmic: bool,
    ) -> Result<Self, String> {
        let [from, to] = texts;
        let (low, high) = quantities[0].in_common(quantities[1])?;
        let scale = low.number.scale.max(high.number.scale);
        // A sum over all values must fit, with the decimals that steps may add.
        let room = |number: Decimal| {
            let digits = number.at_scale(scale + DIGITS + 7)?;
            digits.checked_mul(2 * i128::from(Self::MOST)).map(|_| ())?;
            Some(Decimal { digits: number.at_scale(scale)?, scale })
        };
        let (Some(a), Some(b)) = (room(low.number), room(high.number)) else {
            return Err(format!("{from} and {to} have too many digits"));
        };
        if a.digits == b.digits {
            return Err(format!("{from} to {to} is one value: write it without a range"));
        }
        if a.digits > b.digits {
            return Err(format!("{from} to {to} is empty: the smaller end comes first"));
        }
        if logarithmic && a.digits <= 0 {
            return Err(format!("no factor leads from {from} to {to}: begin above zero"));
        }
        let ends = texts.map(str::to_owned);
        Ok(Self { ends, from: a, to: b, unit: low.unit, count, logarithmic, whole: false })
    }

    pub(super) fn len(&self) -> u32 {
        self.count
    }

    /// Its values are of things that are counted. Says which is not whole, if one is not.
    pub(super) fn count_things(&mut self) -> Result<(), String> {
        self.whole = true;
        if self.logarithmic {
            let twice = (1..self.count).find(|&i| self.value(i) == self.value(i - 1));
            return twice.map_or(Ok(()), |i| {
                Err(format!("{} would be there twice: take fewer values", self.value(i)))
            });
        }
        let part = (0..self.count).map(|i| self.value(i)).find(|value| value.contains('.'));
        part.map_or(Ok(()), |value| Err(format!("{value} would be one of them")))
    }

    /// The value at a position from 0, as `--set` takes it.
    pub(super) fn value(&self, index: u32) -> String {
        let last = self.count - 1;
        if index == 0 || index >= last {
            return self.ends[usize::from(index > 0)].clone();
        }
        if self.logarithmic {
            return self.at(f64::from(index) / f64::from(last));
        }
        let (n, i) = (i128::from(last), i128::from(index));
        let (a, b) = (self.from.digits, self.to.digits);
        let extra = self.decimals() - self.from.scale;
        let sum = (a * (n - i) + b * i) * 10_i128.pow(extra);
        // Half a digit rounds up.
        let digits = (2 * sum + n).div_euclid(2 * n);
        let number = Decimal { digits, scale: self.from.scale + extra };
        Quantity { number, unit: self.unit }.to_string()
    }

    /// Decimals that tell a step to a hundred-thousandth, as far as the unit has so many.
    fn decimals(&self) -> u32 {
        let most = self.unit.decimals_most().max(self.from.scale);
        let wanted = i128::from(self.count - 1) * 10_i128.pow(DIGITS - 1);
        let width = self.to.digits - self.from.digits;
        let enough = |extra: &u32| width * 10_i128.pow(*extra) >= wanted;
        let extra = (0..DIGITS + 7).find(enough).unwrap_or(DIGITS + 7);
        (self.from.scale + extra).min(most)
    }

    /// The value at a share of the way, from 0 to 1, to six digits.
    pub(super) fn at(&self, share: f64) -> String {
        let (from, to) = (self.from.as_f64(), self.to.as_f64());
        let value = match (self.logarithmic, self.whole) {
            (true, _) => from * libm::exp(libm::log(to / from) * share),
            // Each whole number has an equal part of the way.
            (false, true) => libm::floor(from + (to - from + 1.0) * share),
            (false, false) => from + (to - from) * share,
        };
        let width = if self.logarithmic { value } else { to - from };
        let magnitude = libm::floor(libm::log10(width)) as i32;
        let decimals = (DIGITS as i32 - 1 - magnitude).clamp(0, 18) as u32;
        let most = if self.whole { 0 } else { self.unit.decimals_most() };
        let rounded = format!("{:.*}", decimals.min(most) as usize, value);
        let rounded: f64 = rounded.parse().unwrap_or(value);
        format!("{}{}", rounded.clamp(from, to), self.unit)
    }
}
