//! A picture as a list of shapes, in points, before any file format.
//!
//! Figures draw into this instead of onto a backend, so that one drawing serves SVG and PNG, and so
//! that a test can ask where the texts lie.

use plotters::style::{FontStyle, IntoFont, RGBColor, register_font};
use std::sync::Once;

/// Width of every picture, points.
pub(super) const WIDTH: f64 = 800.0;
/// Height of every picture, points.
pub(super) const HEIGHT: f64 = 450.0;
/// The family under which the embedded fonts are registered: also what CSS understands.
pub(super) const FAMILY: &str = "sans-serif";
/// Ascent plus descent of the embedded fonts over their em: plotters sizes bitmap text by this.
pub(super) const FONT_HEIGHT: f64 = 2384.0 / 2048.0;

/// A position in points, from the upper left corner.
pub(super) type Point = (f64, f64);

/// On which side of its position a text lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// It begins there.
    Start,
    /// It is centred there.
    Middle,
    /// It ends there.
    End,
}

/// One line of text.
#[derive(Clone, Debug)]
pub(super) struct Text {
    /// Where the baseline is.
    pub(super) at: Point,
    /// Which part of it.
    pub(super) anchor: Anchor,
    /// What it says.
    pub(super) words: String,
    /// Size of an em, points.
    pub(super) size: f64,
    /// Weight.
    pub(super) bold: bool,
    /// Colour.
    pub(super) color: RGBColor,
}

/// What a picture is made of, later shapes above earlier ones.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// A stroke.
    Line { points: Vec<Point>, color: RGBColor, width: f64 },
    /// A filled polygon; of opacity below 1, what lies under it shows through.
    Area { points: Vec<Point>, color: RGBColor, opacity: f64 },
    /// A filled circle.
    Disc { center: Point, radius: f64, color: RGBColor },
    /// A text.
    Text(Text),
}

/// Shapes on white.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    /// In drawing order.
    pub(super) shapes: Vec<Shape>,
    /// What it shows, for readers who cannot see it.
    pub(super) title: String,
}

/// A rectangle, points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Rect {
    /// Its corners.
    pub(super) fn corners(&self) -> Vec<Point> {
        vec![
            (self.left, self.top),
            (self.right, self.top),
            (self.right, self.bottom),
            (self.left, self.bottom),
        ]
    }

    /// Whether the other one lies inside.
    #[cfg(test)]
    pub(super) fn contains(&self, other: &Self) -> bool {
        self.left <= other.left
            && self.top <= other.top
            && self.right >= other.right
            && self.bottom >= other.bottom
    }

    /// Whether the insides share a point.
    #[cfg(test)]
    pub(super) fn overlaps(&self, other: &Self) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }
}

impl Picture {
    /// Adds a stroke.
    pub(super) fn line(&mut self, points: Vec<Point>, color: RGBColor, width: f64) {
        self.shapes.push(Shape::Line { points, color, width });
    }

    /// Adds a straight stroke of dashes.
    pub(super) fn dashed(&mut self, from: Point, to: Point, color: RGBColor, width: f64) {
        const DASH: f64 = 4.0;
        const GAP: f64 = 3.0;
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = (dx * dx + dy * dy).sqrt();
        let mut at = 0.0;
        while at < length {
            let (a, b) = (at / length, (at + DASH).min(length) / length);
            let points =
                vec![(from.0 + dx * a, from.1 + dy * a), (from.0 + dx * b, from.1 + dy * b)];
            self.line(points, color, width);
            at += DASH + GAP;
        }
    }

    /// Adds a filled polygon.
    pub(super) fn area(&mut self, points: Vec<Point>, color: RGBColor) {
        self.shapes.push(Shape::Area { points, color, opacity: 1.0 });
    }

    /// Adds a polygon through which the grid and other veils can be seen.
    pub(super) fn veil(&mut self, points: Vec<Point>, color: RGBColor, opacity: f64) {
        self.shapes.push(Shape::Area { points, color, opacity });
    }

    /// Adds a filled circle.
    pub(super) fn disc(&mut self, center: Point, radius: f64, color: RGBColor) {
        self.shapes.push(Shape::Disc { center, radius, color });
    }

    /// Adds a text, without characters that no file format can hold.
    pub(super) fn text(&mut self, mut text: Text) {
        text.words.retain(|c| !c.is_control());
        if !text.words.is_empty() {
            self.shapes.push(Shape::Text(text));
        }
    }

    /// Its texts.
    #[cfg(test)]
    pub(super) fn texts(&self) -> impl Iterator<Item = &Text> {
        self.shapes.iter().filter_map(|shape| match shape {
            Shape::Text(text) => Some(text),
            _ => None,
        })
    }
}

impl Shape {
    /// The corners of a stroke or a polygon.
    #[cfg(test)]
    pub(super) fn points(&self) -> Option<&[Point]> {
        match self {
            Self::Line { points, .. } | Self::Area { points, .. } => Some(points),
            _ => None,
        }
    }
}

impl Text {
    /// The box that its capitals and digits fill.
    #[cfg(test)]
    pub(super) fn bounds(&self) -> Rect {
        let width = width(&self.words, self.size, self.bold);
        let left = match self.anchor {
            Anchor::Start => self.at.0,
            Anchor::Middle => self.at.0 - width / 2.0,
            Anchor::End => self.at.0 - width,
        };
        Rect {
            left,
            top: self.at.1 - 0.73 * self.size,
            right: left + width,
            bottom: self.at.1 + 0.2 * self.size,
        }
    }
}

/// Makes the embedded fonts known to plotters; an unknown family would be an error, not a fallback.
pub(super) fn register_fonts() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let regular = include_bytes!("../fonts/dejavu-400.ttf");
        let bold = include_bytes!("../fonts/dejavu-700.ttf");
        let known = register_font(FAMILY, FontStyle::Normal, regular).is_ok()
            && register_font(FAMILY, FontStyle::Bold, bold).is_ok();
        assert!(known, "the embedded fonts are valid");
    });
}

/// Weight of a text.
pub(super) fn font_style(bold: bool) -> FontStyle {
    if bold { FontStyle::Bold } else { FontStyle::Normal }
}

/// How wide a text is, points, when its em has `size` points.
pub(super) fn width(text: &str, size: f64, bold: bool) -> f64 {
    // Measured large, because plotters truncates to whole pixels.
    const EM: f64 = 1000.0;
    register_fonts();
    let font = (FAMILY, EM * FONT_HEIGHT, font_style(bold)).into_font();
    let (measured, _) = font.box_size(text).expect("the fonts are registered above");
    f64::from(measured) * size / EM
}

/// The text, or as much of it as fits into `room` points with an ellipsis.
pub(super) fn shorten(text: &str, size: f64, bold: bool, room: f64) -> String {
    if width(text, size, bold) <= room {
        return text.to_owned();
    }
    let characters: Vec<char> = text.chars().collect();
    (0..characters.len())
        .rev()
        .map(|n| {
            let kept: String = characters[..n].iter().collect();
            format!("{}…", kept.trim_end_matches([' ', ',', '+', ':', '-']))
        })
        .find(|short| width(short, size, bold) <= room)
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shortened_text_fits_and_says_so() {
        let long = "a very long name of a timeline entry";
        let short = shorten(long, 12.0, false, 100.0);
        assert!(short.ends_with('…') && width(&short, 12.0, false) <= 100.0, "{short}");
        assert_eq!(shorten("short", 12.0, false, 100.0), "short");
        assert_eq!(shorten(long, 12.0, false, 1.0), "");
    }

    #[test]
    fn bold_is_its_own_font() {
        assert!(width("Goodput", 12.0, true) > width("Goodput", 12.0, false) * 1.05);
    }
}
