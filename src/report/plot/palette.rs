//! Colours that colour-blind readers can tell apart (Okabe & Ito 2008), and greys.

use crate::model::outcome::Outcome;
use plotters::style::RGBColor;

pub(super) const INK: RGBColor = RGBColor(0x22, 0x22, 0x22);
pub(super) const MUTED: RGBColor = RGBColor(0x66, 0x66, 0x66);
pub(super) const GRID: RGBColor = RGBColor(0xE6, 0xE6, 0xE6);
pub(super) const BLANK: RGBColor = RGBColor(0xEC, 0xEC, 0xEC);
pub(super) const WHITE: RGBColor = RGBColor(0xFF, 0xFF, 0xFF);

pub(super) const ORANGE: RGBColor = RGBColor(0xE6, 0x9F, 0x00);
pub(super) const SKY: RGBColor = RGBColor(0x56, 0xB4, 0xE9);
pub(super) const GREEN: RGBColor = RGBColor(0x00, 0x9E, 0x73);
pub(super) const YELLOW: RGBColor = RGBColor(0xF0, 0xE4, 0x42);
pub(super) const BLUE: RGBColor = RGBColor(0x00, 0x72, 0xB2);
pub(super) const VERMILLION: RGBColor = RGBColor(0xD5, 0x5E, 0x00);
pub(super) const PURPLE: RGBColor = RGBColor(0xCC, 0x79, 0xA7);

/// Alerts, which no curve may be confused with.
pub(super) const ALERT: RGBColor = RGBColor(0xB0, 0x1E, 0x2E);

/// Backends that deserve a colour of their own, most striking first.
pub(super) const BACKENDS: [RGBColor; 7] = [VERMILLION, BLUE, ORANGE, SKY, GREEN, PURPLE, YELLOW];

/// Curves, in order; all of them stand out from white, also in grey beside their neighbours.
pub(super) const CURVES: [RGBColor; 8] = [
    BLUE,
    VERMILLION,
    GREEN,
    PURPLE,
    ORANGE,
    SKY,
    RGBColor(0x55, 0x55, 0x55),
    RGBColor(0x8C, 0x56, 0x4B),
];

/// Two greys in turn for the rest, so that neighbours can be told apart.
pub(super) const OTHERS: [RGBColor; 2] = [RGBColor(0xD9, 0xD9, 0xD9), RGBColor(0xC9, 0xC9, 0xC9)];

/// The colour of an outcome, the same in every picture: what succeeded is cool, what failed warm.
pub(super) fn outcome(outcome: Outcome) -> RGBColor {
    match outcome {
        Outcome::Ok => SKY,
        Outcome::Http500 => PURPLE,
        Outcome::Http502 => YELLOW,
        Outcome::Http503 => VERMILLION,
        Outcome::Http504 => BLUE,
        Outcome::Refused => RGBColor(0x55, 0x55, 0x55),
        Outcome::Timeout => ORANGE,
        // What was never sent is pale.
        Outcome::BreakerOpen => RGBColor(0xE8, 0xC1, 0xD6),
        Outcome::Throttled => RGBColor(0xF3, 0xD6, 0xA0),
        Outcome::NoConnection => RGBColor(0xB9, 0xD9, 0xEE),
        Outcome::Withheld => RGBColor(0xC4, 0xC4, 0xC4),
    }
}
