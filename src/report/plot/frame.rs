//! What every picture has around its plot: title, legend, small print.

use super::axis::Tick;
use super::palette;
use super::picture::{self, Anchor, HEIGHT, Picture, Point, Rect, Text, WIDTH};
use plotters::style::RGBColor;

pub(super) const MARGIN: f64 = 16.0;
pub(super) const LABEL_SIZE: f64 = 12.5;
const TITLE_SIZE: f64 = 17.0;
const SUBTITLE_SIZE: f64 = 14.0;
const SMALL_SIZE: f64 = 9.5;
const LEGEND_TOP: f64 = 34.0;
const LEGEND_ROW: f64 = 19.0;
/// From the left edge of an entry to its name.
const INDENT: f64 = 20.0;
/// Between an entry and the next.
const GAP: f64 = 18.0;
/// More rows of the legend than this leave too little for the plot: names are shortened.
const MOST_ROWS: usize = 4;

/// How a legend shows its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sample {
    /// A filled square.
    Area,
    /// A stroke.
    Line,
    /// A stroke with the symbol of a curve's points.
    Dotted(Symbol),
    /// A thin stroke of dashes.
    Dashed,
}

/// How the points of a curve look, so that curves differ in more than colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Symbol {
    Disc,
    Square,
    Diamond,
    Triangle,
}

impl Symbol {
    /// In the order in which curves take them.
    pub(super) const ALL: [Self; 4] = [Self::Disc, Self::Square, Self::Diamond, Self::Triangle];

    /// Draws it, as large as a disc of this radius looks.
    pub(super) fn draw(self, picture: &mut Picture, at: Point, radius: f64, color: RGBColor) {
        let polygon = |corners: &[Point]| -> Vec<Point> {
            corners.iter().map(|&(x, y)| (at.0 + x * radius, at.1 + y * radius)).collect()
        };
        let corners: &[Point] = match self {
            Self::Disc => return picture.disc(at, radius, color),
            Self::Square => &[(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
            Self::Diamond => &[(0.0, -1.3), (1.3, 0.0), (0.0, 1.3), (-1.3, 0.0)],
            Self::Triangle => &[(0.0, -1.3), (1.2, 0.9), (-1.2, 0.9)],
        };
        picture.area(polygon(corners), color);
    }
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

/// Names of the entries, and where each goes: its left edge and its row.
fn legend_places(keys: &[Key], room: f64) -> Vec<(String, f64, usize)> {
    let (mut at, mut row) = (MARGIN, 0);
    keys.iter()
        .map(|key| {
            let name = picture::shorten(&key.name, LABEL_SIZE, false, room - INDENT);
            let width = INDENT + picture::width(&name, LABEL_SIZE, false);
            if at > MARGIN && at + width > WIDTH - MARGIN {
                (at, row) = (MARGIN, row + 1);
            }
            let place = (name, at, row);
            at += width + GAP;
            place
        })
        .collect()
}

/// Draws the legend below the title; answers where it ends.
pub(super) fn draw_legend(picture: &mut Picture, keys: &[Key]) -> f64 {
    // As wide as one, two, three or four columns.
    let room = |columns: f64| (WIDTH - 2.0 * MARGIN + GAP) / columns - GAP - 0.1;
    let rows = |places: &[(String, f64, usize)]| places.last().map_or(0, |&(_, _, row)| row + 1);
    let places = [1.0, 2.0, 3.0, 4.0]
        .map(|columns| legend_places(keys, room(columns)))
        .into_iter()
        .reduce(|wide, narrow| if rows(&wide) <= MOST_ROWS { wide } else { narrow })
        .unwrap_or_default();
    for (key, (name, left, row)) in keys.iter().zip(&places) {
        let left = *left;
        let middle = LEGEND_TOP + *row as f64 * LEGEND_ROW + LEGEND_ROW / 2.0;
        let (from, to) = ((left - 1.0, middle), (left + 14.0, middle));
        match key.sample {
            Sample::Area => {
                let (top, bottom) = (middle - 5.5, middle + 5.5);
                let square = Rect { left, top, right: left + 13.0, bottom };
                picture.area(square.corners(), key.color);
            }
            Sample::Line => picture.line(vec![from, to], key.color, 2.5),
            Sample::Dotted(symbol) => {
                picture.line(vec![from, to], key.color, 1.8);
                symbol.draw(picture, (left + 6.5, middle), 3.2, key.color);
            }
            Sample::Dashed => picture.dashed(from, to, key.color, 1.2),
        }
        let at = (left + INDENT - 1.0, middle + 0.365 * LABEL_SIZE);
        picture.text(label(at, Anchor::Start, name.clone(), LABEL_SIZE, palette::INK));
    }
    LEGEND_TOP + rows(&places) as f64 * LEGEND_ROW
}

/// A text of normal weight.
pub(super) fn label(at: Point, anchor: Anchor, words: String, size: f64, color: RGBColor) -> Text {
    Text { at, anchor, words, size, bold: false, color }
}

/// The title on the left, what it is of on the right.
pub(super) fn draw_title(picture: &mut Picture, title: &str, subtitle: &str) {
    let baseline = 26.0;
    let words = picture::shorten(title, TITLE_SIZE, true, WIDTH - 2.0 * MARGIN);
    let room = WIDTH - 2.0 * MARGIN - 24.0 - picture::width(&words, TITLE_SIZE, true);
    let at = (MARGIN, baseline);
    let (size, color) = (TITLE_SIZE, palette::INK);
    picture.text(Text { at, anchor: Anchor::Start, words, size, bold: true, color });
    let subtitle = picture::shorten(subtitle, SUBTITLE_SIZE, false, room);
    let at = (WIDTH - MARGIN, baseline);
    picture.text(label(at, Anchor::End, subtitle, SUBTITLE_SIZE, palette::MUTED));
}

/// The small print at the lower edge.
pub(super) fn draw_notes(picture: &mut Picture, left: &str, right: &str) {
    let baseline = HEIGHT - 8.0;
    let room = WIDTH - 2.0 * MARGIN - 16.0;
    let right = picture::shorten(right, SMALL_SIZE, false, room / 2.0);
    let left_room = room - picture::width(&right, SMALL_SIZE, false);
    let left = picture::shorten(left, SMALL_SIZE, false, left_room);
    let at = (MARGIN, baseline);
    picture.text(label(at, Anchor::Start, left, SMALL_SIZE, palette::MUTED));
    let at = (WIDTH - MARGIN, baseline);
    picture.text(label(at, Anchor::End, right, SMALL_SIZE, palette::MUTED));
}

/// Says in the middle of a plot why there is nothing to see.
pub(super) fn say(picture: &mut Picture, plot: Rect, text: &str) {
    let at = (f64::midpoint(plot.left, plot.right), f64::midpoint(plot.top, plot.bottom) - 6.0);
    let half = picture::width(text, 15.0, false) / 2.0 + 10.0;
    let (left, right) = (at.0 - half, at.0 + half);
    let ground = Rect { left, top: at.1 - 20.0, right, bottom: at.1 + 10.0 };
    picture.area(ground.corners(), palette::WHITE);
    picture.text(label(at, Anchor::Middle, text.into(), 15.0, palette::INK));
}

/// Width of the widest text.
pub(super) fn widest<'a>(texts: impl Iterator<Item = &'a String>, size: f64) -> f64 {
    texts.map(|text| picture::width(text, size, false)).fold(0.0, f64::max)
}

/// Width of a tick's label.
pub(super) fn label_width(tick: &Tick) -> f64 {
    picture::width(&tick.label, LABEL_SIZE, false)
}

/// Where a label centred at `x` goes so that it stays inside the picture.
pub(super) fn kept_inside(x: f64, width: f64) -> f64 {
    x.min(WIDTH - 4.0 - width / 2.0).max(4.0 + width / 2.0)
}

/// As many ticks along a horizontal axis as have room for their labels. `make` is told how many are
/// wanted at most, `place` says where a value lies.
pub(super) fn fitting(make: impl Fn(usize) -> Vec<Tick>, place: impl Fn(f64) -> f64) -> Vec<Tick> {
    let ends = |tick: &Tick| {
        let width = label_width(tick);
        let middle = kept_inside(place(tick.at), width);
        (middle - width / 2.0, middle + width / 2.0)
    };
    let are_apart = |ticks: &Vec<Tick>| {
        ticks.windows(2).all(|pair| ends(&pair[0]).1 + 12.0 <= ends(&pair[1]).0)
    };
    (1..=8).rev().map(make).find(are_apart).unwrap_or_default()
}
