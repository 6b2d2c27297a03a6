//! Quantities as exact decimals, so that 50%..150% in eleven steps has a 60% and no 60.00000001%.

use super::super::units::{RATE_UNITS, SIZE_UNITS, TIME_UNITS, digits, duration};
use std::fmt;

/// What a quantity is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dimension {
    Number,
    Share,
    Rate,
    Time,
    Memory,
}

impl Dimension {
    /// For "50% is a share".
    fn name(self) -> &'static str {
        match self {
            Self::Number => "a plain number",
            Self::Share => "a share",
            Self::Rate => "a rate",
            Self::Time => "a length of time",
            Self::Memory => "an amount of memory",
        }
    }
}

/// A unit as it is written behind a number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Unit {
    name: &'static str,
    per: &'static str,
    pub(super) dimension: Dimension,
    /// In the smallest unit of the dimension.
    length: u64,
}

impl Unit {
    const PLAIN: Self = Self { name: "", per: "", dimension: Dimension::Number, length: 1 };

    fn find(text: &str) -> Option<Self> {
        let unit = |name, dimension, length| Self { name, per: "", dimension, length };
        match text {
            "" => return Some(Self::PLAIN),
            "%" => return Some(unit("%", Dimension::Share, 1)),
            _ => {}
        }
        if let Some(per) = text.strip_prefix('/') {
            let found = RATE_UNITS.iter().find(|(name, _)| *name == per)?;
            // So many in an hour.
            let length = (3_600.0 / found.1) as u64;
            return Some(Self { name: "/", per: found.0, dimension: Dimension::Rate, length });
        }
        let named = |units: &'static [(&'static str, u64)]| {
            units.iter().find(|(name, _)| *name == text).copied()
        };
        let time = named(&TIME_UNITS).map(|(name, length)| unit(name, Dimension::Time, length));
        time.or_else(|| named(&SIZE_UNITS).map(|(name, size)| unit(name, Dimension::Memory, size)))
    }

    /// The most decimals that make sense: there is nothing below a nanosecond.
    pub(super) fn decimals_most(self) -> u32 {
        match self.dimension {
            Dimension::Time => {
                let whole = |decimals: &u32| self.length.is_multiple_of(10_u64.pow(*decimals));
                (0..19).take_while(whole).last().unwrap_or(0)
            }
            _ => 18,
        }
    }

    /// What one of it is as a number of a sweep's result: a fraction, so many per second,
    /// milliseconds, bytes.
    fn as_number(self) -> f64 {
        match self.dimension {
            Dimension::Number => 1.0,
            Dimension::Share => 0.01,
            Dimension::Rate => self.length as f64 / 3_600.0,
            Dimension::Time => self.length as f64 / 1e6,
            Dimension::Memory => self.length as f64,
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, self.per)
    }
}

/// `digits` / 10^`scale`, exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) digits: i128,
    pub(super) scale: u32,
}

impl Decimal {
    /// Digits that a number may have.
    const MOST: usize = 15;

    fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let fraction = fraction.trim_end_matches('0');
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let fits = whole.len() + fraction.len() <= Self::MOST;
        if whole.is_empty() || !plain(whole) || !plain(fraction) || !fits {
            return None;
        }
        let digits = format!("{whole}{fraction}").parse().ok()?;
        Some(Self { digits, scale: fraction.len() as u32 })
    }

    /// The same with so many decimals, no fewer than it has.
    pub(super) fn at_scale(self, scale: u32) -> Option<i128> {
        self.digits.checked_mul(10_i128.checked_pow(scale - self.scale)?)
    }

    fn plus(self, other: Self) -> Option<Self> {
        let scale = self.scale.max(other.scale);
        let digits = self.at_scale(scale)?.checked_add(other.at_scale(scale)?)?;
        Some(Self { digits, scale })
    }

    fn times(self, factor: u64) -> Option<Self> {
        Some(Self { digits: self.digits.checked_mul(i128::from(factor))?, ..self })
    }

    pub(super) fn as_f64(self) -> f64 {
        // Read as a text is read: correctly rounded.
        self.to_string().parse().unwrap_or(f64::NAN)
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.digits < 0 { "-" } else { "" };
        let scale = self.scale as usize;
        let digits = format!("{:0>width$}", self.digits.unsigned_abs(), width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction}")
    }
}

/// A number with its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Quantity {
    pub(super) number: Decimal,
    pub(super) unit: Unit,
}

impl Quantity {
    /// Reads `50%`, `450/s`, `1m30s`, `512MiB`, `-0.5`; `None` if it is none of these.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Some(positive) = text.strip_prefix('-') {
            let Self { number, unit } = Self::parse(positive)?;
            let number = Decimal { digits: -number.digits, ..number };
            return (unit == Unit::PLAIN).then_some(Self { number, unit });
        }
        let number = digits(text);
        if let Some(unit) = Unit::find(&text[number.len()..]) {
            return Some(Self { number: Decimal::parse(number)?, unit });
        }
        // Several units, longest first.
        duration(text).ok()?;
        let mut rest = text;
        let mut sum: Option<Self> = None;
        while !rest.is_empty() {
            let number = digits(rest);
            let after = &rest[number.len()..];
            let end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
            let unit = Unit::find(&after[..end])?;
            let part = Self { number: Decimal::parse(number)?, unit };
            sum = Some(match sum {
                None => part,
                Some(sum) => Self { number: sum.in_unit(unit)?.number.plus(part.number)?, unit },
            });
            rest = &after[end..];
        }
        sum
    }

    /// The same in a smaller unit, if that divides its own.
    pub(super) fn in_unit(self, unit: Unit) -> Option<Self> {
        let fits =
            self.unit.dimension == unit.dimension && self.unit.length.is_multiple_of(unit.length);
        let factor = fits.then(|| self.unit.length / unit.length)?;
        Some(Self { number: self.number.times(factor)?, unit })
    }

    /// Both in the smaller of their units, or why that cannot be.
    pub(super) fn in_common(self, other: Self) -> Result<(Self, Self), String> {
        let (a, b) = (self.unit, other.unit);
        let unit = if a.length <= b.length { a } else { b };
        match (self.in_unit(unit), other.in_unit(unit)) {
            (Some(a), Some(b)) => Ok((a, b)),
            _ if a.dimension == b.dimension => Err(format!("{a} and {b} do not divide each other")),
            _ => {
                let (a, b) = (a.dimension.name(), b.dimension.name());
                Err(format!("{self} is {a}, {other} is {b}"))
            }
        }
    }

    /// As a sweep's result has it: a fraction, so many per second, milliseconds, bytes.
    pub(super) fn as_number(self) -> f64 {
        match self.unit.dimension {
            // Not multiplied by 0.01, which would round a second time.
            Dimension::Share => {
                let number = self.number;
                Decimal { scale: number.scale + 2, ..number }.as_f64()
            }
            _ => self.number.as_f64() * self.unit.as_number(),
        }
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.number, self.unit)
    }
}
