//! Any figure of curves over a numeric axis, with the intervals that their points have.
//!
//! Intervals of neighbouring points make a pale band, one that stands alone a whisker. A point whose
//! value is unknown interrupts its curve: nothing is drawn across what was not observed.

use super::axis::{self, ValueAxis};
use super::frame::{self, Key, LABEL_SIZE, MARGIN, Sample, Symbol};
use super::palette;
use super::picture::{self, Anchor, HEIGHT, Picture, Point, Rect, WIDTH};
use crate::experiment::statistics::Estimate;
use crate::observe::metric::Unit;
use crate::report::clock::Clock;
use plotters::style::RGBColor;

/// A figure of curves.
#[derive(Clone, Debug)]
pub struct Graph {
    /// What it shows.
    pub title: String,
    /// Of what.
    pub subtitle: String,
    /// Along the lower edge.
    pub x: Scale,
    /// Along the left edge.
    pub y: Scale,
    /// In the order of the legend; later ones above earlier ones.
    pub curves: Vec<Curve>,
    /// Vertical lines.
    pub marks: Vec<Mark>,
    /// Small print: what the reader must know.
    pub left_note: String,
    /// Small print: what reproduces it.
    pub right_note: String,
}

/// What an axis measures. A linear vertical one begins at zero.
#[derive(Clone, Debug)]
pub struct Scale {
    /// What stands beside it.
    pub label: String,
    /// Whether equal distances are equal factors; then values of zero and below count as unknown.
    pub logarithmic: bool,
    /// How its numbers are written.
    pub unit: Numbers,
}

/// How the numbers of an axis are written.
#[derive(Clone, Copy, Debug)]
pub enum Numbers {
    /// As values of a metric; shares are fractions, times milliseconds.
    Of(Unit),
    /// Seconds since the start of a run, as times of its clock.
    Time(Clock),
}

/// Points joined by lines.
#[derive(Clone, Debug)]
pub struct Curve {
    /// Its entry in the legend; empty: none.
    pub name: String,
    /// From left to right.
    pub points: Vec<Dot>,
    /// Whether it is something to compare with instead of an observation: thin, grey and dashed.
    pub dashed: bool,
}

/// A point of a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dot {
    /// Where it is.
    pub x: f64,
    /// Its value; absent if nothing is known there.
    pub y: Option<f64>,
    /// Lower end of its interval.
    pub low: Option<f64>,
    /// Upper end of its interval.
    pub high: Option<f64>,
}

/// A vertical line with a label above the plot.
#[derive(Clone, Debug)]
pub struct Mark {
    /// Where it is.
    pub x: f64,
    /// What it says.
    pub label: String,
    /// The interval in which the true place lies, shaded.
    pub between: Option<(f64, f64)>,
}

impl Scale {
    /// A linear scale in a metric's unit.
    pub fn linear(label: impl Into<String>, unit: Unit) -> Self {
        Self { label: label.into(), logarithmic: false, unit: Numbers::Of(unit) }
    }

    /// A logarithmic scale in a metric's unit.
    pub fn logarithmic(label: impl Into<String>, unit: Unit) -> Self {
        Self { logarithmic: true, ..Self::linear(label, unit) }
    }

    /// Seconds since the start of a run.
    pub fn time(label: impl Into<String>, clock: Clock) -> Self {
        Self { label: label.into(), logarithmic: false, unit: Numbers::Time(clock) }
    }
}

impl Dot {
    /// A value without an interval.
    pub fn new(x: f64, y: f64) -> Self {
        Self { x, y: Some(y), low: None, high: None }
    }

    /// An estimate with its interval; nothing known if there is none.
    pub fn estimated(x: f64, estimate: Option<&Estimate>) -> Self {
        Self {
            x,
            y: estimate.map(|estimate| estimate.mean),
            low: estimate.and_then(|estimate| estimate.low),
            high: estimate.and_then(|estimate| estimate.high),
        }
    }
}

impl Mark {
    /// A line without an interval.
    pub fn at(x: f64, label: impl Into<String>) -> Self {
        Self { x, label: label.into(), between: None }
    }
}

const STROKE: f64 = 1.8;
const RADIUS: f64 = 3.2;
const VEIL: f64 = 0.2;
const MARK_SIZE: f64 = 11.5;
/// Between the legend and the labels above the plot, points.
const HEAD: f64 = 15.0;
/// Height of a row of the marks' labels, points.
const MARK_ROW: f64 = 16.0;
/// Rows of the marks' labels; one that fits into none of them is left out.
const MARK_ROWS: usize = 3;
/// A mark's label is at most so wide, points.
const MARK_ROOM: f64 = 300.0;
/// Curves of more points than this are drawn without symbols.
const MOST_SYMBOLS: usize = 40;

/// The least and the greatest of the numbers; `None` of none.
fn range(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.filter(|value| value.is_finite()).fold(None, |range, value| {
        let (low, high): (f64, f64) = range.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

impl Graph {
    fn points(&self) -> impl Iterator<Item = &Dot> {
        self.curves.iter().flat_map(|curve| &curve.points).filter(|dot| self.is_seen(dot))
    }

    /// Whether a point has a place in the plot.
    fn is_seen(&self, dot: &Dot) -> bool {
        let fits = |scale: &Scale, at: f64| at.is_finite() && (!scale.logarithmic || at > 0.0);
        fits(&self.x, dot.x) && dot.y.is_some_and(|y| fits(&self.y, y))
    }

    /// The whole width of the data, and a little more, so that no symbol is cut by the edge.
    fn x_axis(&self, most: usize) -> ValueAxis {
        const PAD: f64 = 0.02;
        let logarithmic = self.x.logarithmic;
        let marks = self.marks.iter().map(|mark| mark.x);
        let marks = marks.filter(|&x| !logarithmic || x > 0.0);
        let (low, high) = range(self.points().map(|dot| dot.x).chain(marks)).unwrap_or((1.0, 2.0));
        let unit = match self.x.unit {
            Numbers::Time(clock) => {
                let high = if high > low { high } else { low + 1.0 };
                let mut ticks = axis::time_ticks(&clock, high, most);
                ticks.retain(|tick| tick.at >= low);
                return ValueAxis { low, high, logarithmic: false, ticks };
            }
            Numbers::Of(unit) => unit,
        };
        axis::padded(unit, logarithmic, (low, high), PAD, most)
    }

    fn y_axis(&self, most: usize) -> ValueAxis {
        let Numbers::Of(unit) = self.y.unit else {
            return self.y_range(Unit::Instant, most);
        };
        self.y_range(unit, most)
    }

    fn y_range(&self, unit: Unit, most: usize) -> ValueAxis {
        let logarithmic = self.y.logarithmic;
        let ends = |dot: &Dot| {
            let y = dot.y.unwrap_or(0.0);
            // An interval that reaches zero must not make the scale endless.
            let low = dot.low.map_or(y, |low| if logarithmic { low.max(y / 5.0) } else { low });
            [y, low, dot.high.unwrap_or(y)]
        };
        let found = range(self.points().flat_map(ends));
        if logarithmic {
            let (low, high) = found.unwrap_or((10.0, 1_000.0));
            return axis::logarithmic_around(unit, low, high, most);
        }
        let (low, high) = found.unwrap_or((0.0, 1.0));
        let (low, high) = (low.min(0.0), high.max(0.0));
        let head = if high > low { (high - low) * 0.06 } else { 1.0 };
        let is_share = unit == Unit::Ratio && high <= 1.0 + 1e-9 && low >= 0.0;
        let high = if is_share { (high + head).min(1.0) } else { high + head };
        let low = if low < 0.0 { low - head } else { low };
        ValueAxis { low, high, logarithmic, ticks: axis::linear_ticks(unit, low, high, most) }
    }

    fn keys(&self) -> Vec<Key> {
        let keys = self.curves.iter().zip(self.styles()).map(|(curve, (color, symbol))| {
            let sample = if curve.dashed { Sample::Dashed } else { Sample::Dotted(symbol) };
            let sample = if symbols(curve) || curve.dashed { sample } else { Sample::Line };
            Key { name: curve.name.clone(), color, sample }
        });
        keys.filter(|key| !key.name.is_empty()).collect()
    }

    /// Colour and symbol of each curve.
    fn styles(&self) -> Vec<(RGBColor, Symbol)> {
        let mut taken = 0;
        self.curves
            .iter()
            .map(|curve| {
                if curve.dashed {
                    return (palette::MUTED, Symbol::Disc);
                }
                taken += 1;
                let color = palette::CURVES[(taken - 1) % palette::CURVES.len()];
                (color, Symbol::ALL[(taken - 1) % Symbol::ALL.len()])
            })
            .collect()
    }
}

/// Whether a curve's points are drawn.
fn symbols(curve: &Curve) -> bool {
    !curve.dashed && curve.points.len() <= MOST_SYMBOLS
}

/// Draws it.
pub fn draw(graph: &Graph) -> Picture {
    let mut picture =
        Picture { title: format!("{}: {}", graph.title, graph.subtitle), ..Picture::default() };
    frame::draw_title(&mut picture, &graph.title, &graph.subtitle);
    let legend_bottom = frame::draw_legend(&mut picture, &graph.keys());
    frame::draw_notes(&mut picture, &graph.left_note, &graph.right_note);
    let mut canvas = Canvas::lay_out(picture, graph, legend_bottom);
    canvas.axes(graph);
    canvas.marks(graph);
    let styles = graph.styles();
    for (curve, (color, _)) in graph.curves.iter().zip(&styles) {
        canvas.intervals(graph, curve, *color);
    }
    for (curve, (color, symbol)) in graph.curves.iter().zip(&styles) {
        canvas.curve(graph, curve, *color, *symbol);
    }
    if graph.points().next().is_none() {
        frame::say(&mut canvas.picture, canvas.plot, "nothing was observed");
    }
    canvas.picture
}

/// A picture whose axes are known.
struct Canvas {
    picture: Picture,
    plot: Rect,
    x: ValueAxis,
    y: ValueAxis,
    /// What stands above the plot, the vertical axis' label first: left edges, and rows upwards.
    labels: Vec<(String, f64, usize)>,
}

impl Canvas {
    fn lay_out(picture: Picture, graph: &Graph, legend_bottom: f64) -> Self {
        let rows = if graph.marks.is_empty() { 1 } else { MARK_ROWS };
        let top = legend_bottom + HEAD + rows as f64 * MARK_ROW;
        let bottom = HEIGHT - 62.0;
        let y =
            graph.y_axis(((bottom - top) / if graph.y.logarithmic { 27.0 } else { 45.0 }) as usize);
        let left = MARGIN + 7.0 + y.ticks.iter().map(frame::label_width).fold(0.0, f64::max);
        let plot = Rect { left, top, right: WIDTH - MARGIN - 4.0, bottom };
        let x = graph.x_axis(8);
        let mut canvas = Self { picture, plot, x, y, labels: Vec::new() };
        canvas.x.ticks = frame::fitting(|most| graph.x_axis(most).ticks, |at| canvas.place_x(at));
        canvas.place_marks(graph);
        let used = canvas.labels.iter().map(|&(_, _, row)| row + 1).max().unwrap_or(0);
        canvas.plot.top = legend_bottom + HEAD + used as f64 * MARK_ROW;
        canvas
    }

    /// The vertical axis' label, and those of the marks around it.
    fn place_marks(&mut self, graph: &Graph) {
        let scale = if graph.y.logarithmic { ", logarithmic" } else { "" };
        let label = format!("{}{scale}", graph.y.label);
        let label = picture::shorten(&label, MARK_SIZE, false, WIDTH / 2.0);
        let mut marks: Vec<&Mark> = graph.marks.iter().collect();
        marks.sort_by(|a, b| a.x.total_cmp(&b.x));
        let mut ends = [0.0_f64; MARK_ROWS];
        ends[0] = MARGIN + picture::width(&label, MARK_SIZE, false);
        self.labels.push((label, MARGIN, 0));
        for mark in marks {
            let words = picture::shorten(&mark.label, MARK_SIZE, false, MARK_ROOM);
            let width = picture::width(&words, MARK_SIZE, false);
            let left = frame::kept_inside(self.place_x(mark.x), width) - width / 2.0;
            if let Some(row) = ends.iter().position(|&end| end + 10.0 <= left) {
                ends[row] = left + width;
                self.labels.push((words, left, row));
            }
        }
    }

    fn place_x(&self, value: f64) -> f64 {
        self.plot.left + self.x.fraction(value) * (self.plot.right - self.plot.left)
    }

    fn place_y(&self, value: f64) -> f64 {
        self.plot.bottom - self.y.fraction(value) * (self.plot.bottom - self.plot.top)
    }

    fn axes(&mut self, graph: &Graph) {
        let plot = self.plot;
        for tick in self.x.ticks.clone() {
            let x = self.place_x(tick.at);
            self.picture.line(vec![(x, plot.top), (x, plot.bottom)], palette::GRID, 1.0);
            let at = (frame::kept_inside(x, frame::label_width(&tick)), plot.bottom + 17.0);
            self.label(at, Anchor::Middle, tick.label);
        }
        for tick in self.y.ticks.clone() {
            let y = self.place_y(tick.at);
            let color = if tick.at == 0.0 { palette::MUTED } else { palette::GRID };
            self.picture.line(vec![(plot.left, y), (plot.right, y)], color, 1.0);
            let at = (plot.left - 7.0, y + 0.365 * LABEL_SIZE);
            self.label(at, Anchor::End, tick.label);
        }
        let base = vec![(plot.left, plot.bottom), (plot.right, plot.bottom)];
        self.picture.line(base, palette::MUTED, 1.0);
        let room = WIDTH - 2.0 * MARGIN;
        let words = picture::shorten(&graph.x.label, LABEL_SIZE, false, room);
        let middle = f64::midpoint(plot.left, plot.right);
        let x = frame::kept_inside(middle, picture::width(&words, LABEL_SIZE, false));
        self.label((x, plot.bottom + 36.0), Anchor::Middle, words);
    }

    fn label(&mut self, at: Point, anchor: Anchor, words: String) {
        self.picture.text(frame::label(at, anchor, words, LABEL_SIZE, palette::MUTED));
    }

    fn marks(&mut self, graph: &Graph) {
        let plot = self.plot;
        for mark in &graph.marks {
            if let Some((low, high)) = mark.between {
                let (left, right) = (self.place_x(low), self.place_x(high));
                let shade = Rect { left, right, ..plot };
                self.picture.veil(shade.corners(), palette::INK, 0.1);
            }
            let x = self.place_x(mark.x);
            self.picture.dashed((x, plot.top - 7.0), (x, plot.bottom), palette::INK, 1.2);
        }
        for (index, (words, left, row)) in std::mem::take(&mut self.labels).into_iter().enumerate()
        {
            let at = (left, plot.top - 12.0 - row as f64 * MARK_ROW);
            let color = if index == 0 { palette::MUTED } else { palette::INK };
            self.picture.text(frame::label(at, Anchor::Start, words, MARK_SIZE, color));
        }
    }

    /// The stretches of a curve without a gap.
    fn stretches<'a>(graph: &'a Graph, curve: &'a Curve) -> impl Iterator<Item = &'a [Dot]> {
        curve.points.split(|dot| !graph.is_seen(dot)).filter(|stretch| !stretch.is_empty())
    }

    /// Bands, and whiskers of points that stand alone.
    fn intervals(&mut self, graph: &Graph, curve: &Curve, color: RGBColor) {
        for stretch in Self::stretches(graph, curve) {
            let ends: Vec<Option<(f64, f64, f64)>> = stretch
                .iter()
                .map(|dot| {
                    let (low, high) = (dot.low?, dot.high?);
                    Some((dot.x, low, high))
                })
                .collect();
            for band in ends.split(Option::is_none).filter(|band| !band.is_empty()) {
                let band: Vec<(f64, f64, f64)> = band.iter().flatten().copied().collect();
                if let [(x, low, high)] = band[..] {
                    self.whisker(x, low, high, color);
                } else {
                    let place = |x, value| (self.place_x(x), self.place_y(value));
                    let upper = band.iter().map(|&(x, _, high)| place(x, high));
                    let lower = band.iter().rev().map(|&(x, low, _)| place(x, low));
                    self.picture.veil(upper.chain(lower).collect(), color, VEIL);
                }
            }
        }
    }

    /// An interval of its own, with an end where it ends within the plot.
    fn whisker(&mut self, x: f64, low: f64, high: f64, color: RGBColor) {
        let x = self.place_x(x);
        let (bottom, top) = (self.place_y(low), self.place_y(high));
        self.picture.line(vec![(x, bottom), (x, top)], color, 1.3);
        for (value, y) in [(low, bottom), (high, top)] {
            if (self.y.low..=self.y.high).contains(&value) {
                self.picture.line(vec![(x - 4.0, y), (x + 4.0, y)], color, 1.3);
            }
        }
    }

    fn curve(&mut self, graph: &Graph, curve: &Curve, color: RGBColor, symbol: Symbol) {
        for stretch in Self::stretches(graph, curve) {
            let path: Vec<Point> = stretch
                .iter()
                .map(|dot| (self.place_x(dot.x), self.place_y(dot.y.unwrap_or_default())))
                .collect();
            if curve.dashed {
                for piece in path.windows(2) {
                    self.picture.dashed(piece[0], piece[1], color, 1.2);
                }
                continue;
            }
            if symbols(curve) {
                for &at in &path {
                    symbol.draw(&mut self.picture, at, RADIUS, color);
                }
            } else if let [at] = path[..] {
                self.picture.disc(at, STROKE, color);
            }
            if path.len() > 1 {
                self.picture.line(path, color, STROKE);
            }
        }
    }
}

#[cfg(test)]
mod tests;
