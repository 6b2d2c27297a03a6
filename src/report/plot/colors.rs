//! Values as colours: a scale with its ticks at the right edge, and what has no value.

use super::axis::{self, ValueAxis};
use super::frame::{self, LABEL_SIZE, MARGIN};
use super::palette;
use super::picture::{self, Anchor, Picture, Rect, WIDTH};
use super::shade;
use crate::observe::metric::Unit;

/// Where the plot and the scale begin.
pub(super) const TOP: f64 = 66.0;
/// Width of the scale, points.
const BAR: f64 = 16.0;
/// Size of the words above the plot.
const HEAD_SIZE: f64 = 11.5;

/// The scale of colours of a picture.
pub(super) struct Colors {
    axis: ValueAxis,
    /// Whether there is a place without a value.
    has_gaps: bool,
}

/// Whether a value has a colour.
pub(super) fn shows(logarithmic: bool, value: f64) -> bool {
    value.is_finite() && (!logarithmic || value > 0.0)
}

impl Colors {
    /// The scale from the least to the greatest of the values.
    pub(super) fn of(unit: Unit, logarithmic: bool, values: &[Option<f64>]) -> Self {
        let known: Vec<f64> =
            values.iter().flatten().copied().filter(|&value| shows(logarithmic, value)).collect();
        let low =
            known.iter().copied().reduce(f64::min).unwrap_or(if logarithmic { 1.0 } else { 0.0 });
        let high = known.iter().copied().reduce(f64::max).unwrap_or(low);
        // One value needs a scale with two ends.
        let high = if high > low { high } else { low + low.abs().max(1e-6) };
        let ticks = if logarithmic {
            axis::logarithmic_ticks(unit, low, high, 7)
        } else {
            axis::linear_ticks(unit, low, high, 7)
        };
        let axis = ValueAxis { low, high, logarithmic, ticks };
        Self { axis, has_gaps: known.len() < values.len() }
    }

    /// A value's place on the scale, 0 to 1.
    pub(super) fn share(&self, value: f64) -> f64 {
        self.axis.fraction(value)
    }

    /// The left edge of the scale.
    pub(super) fn left(&self) -> f64 {
        let labels = self.axis.ticks.iter().map(|tick| &tick.label);
        WIDTH - MARGIN - frame::widest(labels, LABEL_SIZE) - 7.0 - BAR
    }

    /// Above the plot: what its side and the colours are, and what no value looks like.
    pub(super) fn head(&self, picture: &mut Picture, side: &str, label: &str) {
        let baseline = 54.0;
        let mut write = |at: f64, anchor, words: String| {
            let text = frame::label((at, baseline), anchor, words, HEAD_SIZE, palette::MUTED);
            picture.text(text);
        };
        write(MARGIN, Anchor::Start, picture::shorten(side, HEAD_SIZE, false, 240.0));
        let scale = if self.axis.logarithmic { ", logarithmic" } else { "" };
        let words = picture::shorten(&format!("{label}{scale}"), HEAD_SIZE, false, 340.0);
        let width = picture::width(&words, HEAD_SIZE, false);
        write(WIDTH - MARGIN, Anchor::End, words);
        if self.has_gaps {
            let words = "nothing observed".to_owned();
            let left = WIDTH - MARGIN - width - 24.0 - picture::width(&words, HEAD_SIZE, false);
            write(left, Anchor::Start, words);
            hatch(picture, Rect { left: left - 19.0, top: 44.0, right: left - 6.0, bottom: 55.0 });
        }
    }

    /// The scale with its ticks, down to the plot's lower edge.
    pub(super) fn bar(&self, picture: &mut Picture, bottom: f64) {
        const STEPS: usize = 96;
        let left = self.left();
        let (right, height) = (left + BAR, bottom - TOP);
        for step in 0..STEPS {
            let edge = |step: usize| bottom - step as f64 / STEPS as f64 * height;
            let rect = Rect { left, right, top: edge(step + 1), bottom: edge(step) };
            picture.area(rect.corners(), shade::color((step as f64 + 0.5) / STEPS as f64));
        }
        for tick in &self.axis.ticks {
            let y = bottom - self.share(tick.at) * height;
            picture.line(vec![(right, y), (right + 3.0, y)], palette::MUTED, 1.0);
            let at = (right + 6.0, y + 0.365 * LABEL_SIZE);
            let words = tick.label.clone();
            picture.text(frame::label(at, Anchor::Start, words, LABEL_SIZE, palette::MUTED));
        }
    }
}

/// Grey with slanted lines: no value, which is not a low one.
pub(super) fn hatch(picture: &mut Picture, cell: Rect) {
    const STEP: f64 = 6.0;
    picture.area(cell.corners(), palette::BLANK);
    let (width, height) = (cell.right - cell.left, cell.bottom - cell.top);
    let mut at = STEP;
    while at < width + height {
        // From the left or lower edge up to the upper or right edge.
        let from = (cell.left + (at - height).max(0.0), cell.top + at.min(height));
        let to = (cell.left + at.min(width), cell.top + (at - width).max(0.0));
        picture.line(vec![from, to], palette::OTHERS[1], 1.0);
        at += STEP;
    }
}
