//! The parts that all figures share: title, legend, axes, grid, markers, and what made the run.

use super::axis::{self, ValueAxis};
use super::markers::{self, Marker};
use super::palette;
use super::picture::{self, Anchor, HEIGHT, Picture, Point, Rect, Text, WIDTH};
use crate::observe::result::RunResult;
use crate::report::clock::{self, Clock};
use plotters::style::RGBColor;

const MARGIN: f64 = 16.0;
const TITLE_SIZE: f64 = 17.0;
const LABEL_SIZE: f64 = 12.5;
const SMALL_SIZE: f64 = 9.5;
const LEGEND_ROW: f64 = 19.0;
const CURVE: f64 = 1.8;

/// How a legend shows its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sample {
    /// A filled square.
    Area,
    /// A stroke.
    Line,
}

/// An entry of the legend.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// What it stands for.
    pub(super) name: String,
    /// In which colour.
    pub(super) color: RGBColor,
    /// Drawn how.
    pub(super) sample: Sample,
}

impl Key {
    /// An area's entry.
    pub(super) fn area(name: impl Into<String>, color: RGBColor) -> Self {
        Self { name: name.into(), color, sample: Sample::Area }
    }

    /// A curve's entry.
    pub(super) fn line(name: impl Into<String>, color: RGBColor) -> Self {
        Self { name: name.into(), color, sample: Sample::Line }
    }
}

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

/// Where each entry of the legend goes: its left edge and its row.
fn legend_places(keys: &[Key]) -> Vec<(f64, usize)> {
    let (mut at, mut row) = (MARGIN, 0);
    keys.iter()
        .map(|key| {
            let width = 20.0 + picture::width(&key.name, LABEL_SIZE, false);
            if at > MARGIN && at + width > WIDTH - MARGIN {
                (at, row) = (MARGIN, row + 1);
            }
            let place = (at, row);
            at += width + 18.0;
            place
        })
        .collect()
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
        let places = legend_places(keys);
        let rows = places.last().map_or(0, |&(_, row)| row + 1);
        let legend_bottom = 34.0 + rows as f64 * LEGEND_ROW;
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
        let picture =
            Picture { title: format!("{title}: {}", result.scenario.name), ..Picture::default() };
        let mut chart = Self { picture, clock: Clock::of(result), plot, duration_s, axis, markers };
        chart.title(title, &result.scenario.name);
        chart.legend(keys, &places);
        chart.axes();
        chart.provenance(result, window_s);
        chart
    }

    fn label(&mut self, at: Point, anchor: Anchor, text: String, size: f64, color: RGBColor) {
        self.picture.text(Text { at, anchor, words: text, size, bold: false, color });
    }

    fn title(&mut self, title: &str, scenario: &str) {
        let at = (MARGIN, 26.0);
        self.picture.text(Text {
            at,
            anchor: Anchor::Start,
            words: title.into(),
            size: TITLE_SIZE,
            bold: true,
            color: palette::INK,
        });
        let size = 14.0;
        let room = WIDTH - 2.0 * MARGIN - 24.0 - picture::width(title, TITLE_SIZE, true);
        let scenario = picture::shorten(scenario, size, false, room);
        self.label((WIDTH - MARGIN, 26.0), Anchor::End, scenario, size, palette::MUTED);
    }

    fn legend(&mut self, keys: &[Key], places: &[(f64, usize)]) {
        for (key, &(left, row)) in keys.iter().zip(places) {
            let middle = 34.0 + row as f64 * LEGEND_ROW + LEGEND_ROW / 2.0;
            match key.sample {
                Sample::Area => {
                    let (top, bottom) = (middle - 5.5, middle + 5.5);
                    let square = Rect { left, top, right: left + 13.0, bottom };
                    self.picture.area(square.corners(), key.color);
                }
                Sample::Line => {
                    let points = vec![(left - 1.0, middle), (left + 14.0, middle)];
                    self.picture.line(points, key.color, 2.5);
                }
            }
            let at = (left + 19.0, middle + 0.365 * LABEL_SIZE);
            self.label(at, Anchor::Start, key.name.clone(), LABEL_SIZE, palette::INK);
        }
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
        let baseline = HEIGHT - 8.0;
        let zero = match self.clock.date() {
            Some(date) => format!("{date} UTC"),
            None => "time since the start".into(),
        };
        let window = clock::plain_length(window_s);
        let left = format!("{zero} · windows of {window}");
        self.label((MARGIN, baseline), Anchor::Start, left, SMALL_SIZE, palette::MUTED);
        let right = format!("seed {} · digest {}", result.seed, result.digest);
        let right = picture::shorten(&right, SMALL_SIZE, false, WIDTH / 2.0);
        self.label((WIDTH - MARGIN, baseline), Anchor::End, right, SMALL_SIZE, palette::MUTED);
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
        let at = (
            f64::midpoint(self.plot.left, self.plot.right),
            f64::midpoint(self.plot.top, self.plot.bottom) - 6.0,
        );
        let half = picture::width(text, 15.0, false) / 2.0 + 10.0;
        let (left, right) = (at.0 - half, at.0 + half);
        let ground = Rect { left, top: at.1 - 20.0, right, bottom: at.1 + 10.0 };
        self.picture.area(ground.corners(), palette::WHITE);
        self.label(at, Anchor::Middle, text.into(), 15.0, palette::INK);
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
