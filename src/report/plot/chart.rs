//! What all figures of a run share: axes, grid, markers, and what made the run.

use super::axis::{self, ValueAxis};
pub(super) use super::frame::Key;
use super::frame::{self, LABEL_SIZE, MARGIN};
use super::markers::{self, Marker};
use super::palette;
use super::picture::{self, Anchor, HEIGHT, Picture, Point, Rect, WIDTH};
use crate::observe::result::RunResult;
use crate::report::clock::{self, Clock};
use plotters::style::RGBColor;

const CURVE: f64 = 1.8;

/// A figure being drawn.
pub(super) struct Chart {
    picture: Picture,
    clock: Clock,
    plot: Rect,
    duration_s: f64,
    axis: ValueAxis,
    markers: Vec<Marker>,
}

/// Windows of equal length with a value each, absent where there is nothing to show.
pub(super) struct Steps<'a> {
    /// Length of a window, seconds.
    pub(super) window_s: f64,
    /// One per window.
    pub(super) values: &'a [Option<f64>],
}

impl Chart {
    /// Lays the figure out and draws what lies under its curves. One step of them is `window_s` long.
    pub(super) fn new(
        result: &RunResult,
        title: &str,
        keys: &[Key],
        axis: ValueAxis,
        window_s: f64,
    ) -> Self {
        let mut picture =
            Picture { title: format!("{title}: {}", result.scenario.name), ..Picture::default() };
        frame::draw_title(&mut picture, title, &result.scenario.name);
        let legend_bottom = frame::draw_legend(&mut picture, keys);
        let widest = axis
            .ticks
            .iter()
            .map(|tick| picture::width(&tick.label, LABEL_SIZE, false))
            .fold(0.0, f64::max);
        let (left, right) = (MARGIN + widest + 7.0, WIDTH - MARGIN - 4.0);
        let duration_s = result.duration_s.max(1e-9);
        let markers = markers::choose(result, duration_s / (right - left));
        let lane = if markers.is_empty() { 14.0 } else { markers::LANE };
        let plot = Rect {
            left,
            top: legend_bottom + lane,
            right,
            bottom: HEIGHT - 44.0 - markers::key_height(&markers),
        };
        let mut chart = Self { picture, clock: Clock::of(result), plot, duration_s, axis, markers };
        chart.axes();
        chart.provenance(result, window_s);
        chart
    }

    fn label(&mut self, at: Point, anchor: Anchor, text: String, size: f64, color: RGBColor) {
        self.picture.text(frame::label(at, anchor, text, size, color));
    }

    fn axes(&mut self) {
        let plot = self.plot;
        for tick in self.axis.ticks.clone() {
            let y = self.y(tick.at);
            self.picture.line(vec![(plot.left, y), (plot.right, y)], palette::GRID, 1.0);
            let at = (plot.left - 7.0, y + 0.365 * LABEL_SIZE);
            self.label(at, Anchor::End, tick.label, LABEL_SIZE, palette::MUTED);
        }
        for tick in axis::time_ticks(&self.clock, self.duration_s, 8) {
            let x = self.x(tick.at);
            self.picture.line(vec![(x, plot.top), (x, plot.bottom)], palette::GRID, 1.0);
            // A label in the corner stays inside the picture.
            let half = picture::width(&tick.label, LABEL_SIZE, false) / 2.0;
            let at = (x.min(WIDTH - 4.0 - half), plot.bottom + 17.0);
            self.label(at, Anchor::Middle, tick.label, LABEL_SIZE, palette::MUTED);
        }
    }

    /// The small print: what the clock and the windows are, and what reproduces the run.
    fn provenance(&mut self, result: &RunResult, window_s: f64) {
        let zero = match self.clock.date() {
            Some(date) => format!("{date} UTC"),
            None => "time since the start".into(),
        };
        let window = clock::plain_length(window_s);
        let left = format!("{zero} · windows of {window}");
        let right = format!("seed {} · digest {}", result.seed, result.digest);
        frame::draw_notes(&mut self.picture, &left, &right);
    }

    fn x(&self, at_s: f64) -> f64 {
        let fraction = (at_s / self.duration_s).clamp(0.0, 1.0);
        self.plot.left + fraction * (self.plot.right - self.plot.left)
    }

    fn y(&self, value: f64) -> f64 {
        self.plot.bottom - self.axis.fraction(value) * (self.plot.bottom - self.plot.top)
    }

    /// The runs of windows that have a value: for each, a path along their tops.
    fn paths(&self, steps: &Steps<'_>) -> Vec<Vec<Point>> {
        let mut paths = Vec::new();
        let mut path: Vec<Point> = Vec::new();
        for (index, value) in steps.values.iter().enumerate() {
            let Some(value) = value else {
                paths.push(std::mem::take(&mut path));
                continue;
            };
            let y = self.y(*value);
            let level = path.last().is_some_and(|last| (last.1 - y).abs() < 1e-9);
            if level {
                path.pop();
            } else {
                path.push((self.x(index as f64 * steps.window_s), y));
            }
            path.push((self.x((index + 1) as f64 * steps.window_s), y));
        }
        paths.push(path);
        paths.retain(|path| !path.is_empty());
        paths
    }

    /// Fills from the lower edge up to each window's value.
    pub(super) fn fill(&mut self, steps: &Steps<'_>, color: RGBColor) {
        for mut path in self.paths(steps) {
            let (first, last) = (path[0].0, path[path.len() - 1].0);
            path.push((last, self.plot.bottom));
            path.push((first, self.plot.bottom));
            self.picture.area(path, color);
        }
    }

    /// Strokes each window's value, with gaps where there is none; thinly if windows are narrow.
    pub(super) fn curve(&mut self, steps: &Steps<'_>, color: RGBColor) {
        let narrow = self.x(steps.window_s) - self.x(0.0) < 2.0;
        self.stroke(steps, color, if narrow { 1.3 } else { CURVE });
    }

    /// Strokes each window's value as thinly as a border.
    pub(super) fn border(&mut self, steps: &Steps<'_>, color: RGBColor) {
        self.stroke(steps, color, 0.5);
    }

    fn stroke(&mut self, steps: &Steps<'_>, color: RGBColor, width: f64) {
        for path in self.paths(steps) {
            self.picture.line(path, color, width);
        }
    }

    /// Says in the middle of the plot why there is nothing to see.
    pub(super) fn say(&mut self, text: &str) {
        frame::say(&mut self.picture, self.plot, text);
    }

    /// Draws what lies above the curves, and hands the picture over.
    pub(super) fn finish(mut self) -> Picture {
        let plot = self.plot;
        let base = vec![(plot.left, plot.bottom), (plot.right, plot.bottom)];
        self.picture.line(base, palette::MUTED, 1.0);
        let (duration_s, width) = (self.duration_s, plot.right - plot.left);
        let x = |at_s: f64| plot.left + (at_s / duration_s).clamp(0.0, 1.0) * width;
        markers::draw_lines(&mut self.picture, &self.markers, plot, x);
        markers::draw_key(&mut self.picture, &self.markers, &self.clock, plot.bottom + 22.0);
        self.picture
    }
}
