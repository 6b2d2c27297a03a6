//! Pictures to files, through plotters: the only place that knows its backends.
//!
//! Both formats are drawn on one integer grid, four units to a point. The SVG keeps it as its view
//! box; the bitmap is drawn at that size and averaged down by two, because plotters steps slanted
//! edges and rounds letters to whole pixels.

use super::picture::{self, Anchor, FONT_HEIGHT, HEIGHT, Picture, Point, Shape, Text, WIDTH};
use crate::report::ReportError;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, DrawingAreaErrorKind, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon};
use plotters::prelude::{BitMapBackend, DrawingBackend, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, IntoFont, RGBColor, ShapeStyle, TextStyle};
use std::path::Path;

/// Grid units per point.
const UNITS: f64 = 4.0;
const GRID: (u32, u32) = ((WIDTH * UNITS) as u32, (HEIGHT * UNITS) as u32);
/// Size of a bitmap, pixels.
pub(super) const PIXELS: (u32, u32) = (GRID.0 / 2, GRID.1 / 2);

/// What differs between plotters' backends.
struct Dialect {
    /// Font size to ask for, per em.
    size: f64,
    /// From the position handed over to the baseline, per em.
    baseline: f64,
    /// Whether a stroke of many points can be drawn in one go.
    whole_strokes: bool,
}

/// plotters divides by 1.24 and shifts by 0.76 em.
const SVG: Dialect = Dialect { size: 1.24, baseline: 0.76, whole_strokes: true };
/// plotters scales the font's height, not its em, to the size, and puts the baseline at half of it;
/// it fills the outline of a stroke by the even-odd rule, which leaves holes where a curve is dense.
const BITMAP: Dialect =
    Dialect { size: FONT_HEIGHT, baseline: FONT_HEIGHT / 2.0, whole_strokes: false };

fn grid(value: f64) -> i32 {
    (value * UNITS).round() as i32
}

fn grid_points(points: &[Point]) -> Vec<(i32, i32)> {
    points.iter().map(|&(x, y)| (grid(x), grid(y))).collect()
}

fn stroke(color: RGBColor, width: f64) -> ShapeStyle {
    ShapeStyle::from(&color).stroke_width(grid(width).max(1) as u32)
}

/// A stroke that goes on for `by` points at both ends, so that corners of several are filled.
fn lengthened(from: Point, to: Point, by: f64) -> [Point; 2] {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = (dx * dx + dy * dy).sqrt().max(1e-9);
    let (x, y) = (dx / length * by, dy / length * by);
    [(from.0 - x, from.1 - y), (to.0 + x, to.1 + y)]
}

type Drawn<B> = Result<(), DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>>;

fn draw_text<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    text: &Text,
    dialect: &Dialect,
) -> Drawn<B> {
    let em = text.size * UNITS;
    let font = (picture::FAMILY, em * dialect.size, picture::font_style(text.bold)).into_font();
    let anchor = match text.anchor {
        Anchor::Start => HPos::Left,
        Anchor::Middle => HPos::Center,
        Anchor::End => HPos::Right,
    };
    let style = TextStyle::from(font).color(&text.color).pos(Pos::new(anchor, VPos::Top));
    let top = (text.at.1 * UNITS - em * dialect.baseline).round() as i32;
    area.draw_text(&text.words, &style, (grid(text.at.0), top))
}

fn draw<B: DrawingBackend>(picture: &Picture, backend: B, dialect: &Dialect) -> Drawn<B> {
    picture::register_fonts();
    let area = backend.into_drawing_area();
    area.fill(&RGBColor(255, 255, 255))?;
    for shape in &picture.shapes {
        match shape {
            Shape::Line { points, color, width } => {
                let style = stroke(*color, *width);
                if dialect.whole_strokes || points.len() == 2 {
                    area.draw(&PathElement::new(grid_points(points), style))?;
                } else {
                    for piece in points.windows(2) {
                        let ends = lengthened(piece[0], piece[1], width / 2.0);
                        area.draw(&PathElement::new(grid_points(&ends), style))?;
                    }
                }
            }
            Shape::Area { points, color, opacity } => {
                area.draw(&Polygon::new(grid_points(points), color.mix(*opacity).filled()))?;
            }
            Shape::Disc { center, radius, color } => {
                let center = (grid(center.0), grid(center.1));
                area.draw(&Circle::new(center, grid(*radius), color.filled()))?;
            }
            Shape::Text(text) => draw_text(&area, text, dialect)?,
        }
    }
    area.present()
}

/// The picture as an SVG document of 800 by 450 points.
pub(super) fn svg(picture: &Picture) -> String {
    let mut body = String::new();
    draw(picture, SVGBackend::with_string(&mut body, GRID), &SVG)
        .expect("drawing into a string does not fail");
    let root = format!("<svg width=\"{}\" height=\"{}\"", GRID.0, GRID.1);
    let rest = body.strip_prefix(&root).expect("plotters begins with the size");
    let (attributes, shapes) = rest.split_once('>').expect("the root element is closed");
    let title = escaped(&picture.title);
    format!(
        "<svg width=\"{WIDTH}\" height=\"{HEIGHT}\"{attributes} role=\"img\" \
         stroke-linejoin=\"round\">\n<title>{title}</title>{shapes}"
    )
}

fn escaped(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_control())
        .map(|c| match c {
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '&' => "&amp;".to_owned(),
            other => other.to_string(),
        })
        .collect()
}

/// The picture as rows of RGB pixels, [`PIXELS`] in size.
pub(super) fn pixels(picture: &Picture) -> Vec<u8> {
    let row = GRID.0 as usize * 3;
    let mut large = vec![0; row * GRID.1 as usize];
    draw(picture, BitMapBackend::with_buffer(&mut large, GRID), &BITMAP)
        .expect("drawing into memory does not fail");
    let mut small = Vec::with_capacity(large.len() / 4);
    for rows in large.chunks_exact(2 * row) {
        let (upper, lower) = rows.split_at(row);
        for (above, below) in upper.chunks_exact(6).zip(lower.chunks_exact(6)) {
            for channel in 0..3 {
                let sum = [above[channel], above[channel + 3], below[channel], below[channel + 3]]
                    .into_iter()
                    .map(u16::from)
                    .sum::<u16>();
                small.push(((sum + 2) / 4) as u8);
            }
        }
    }
    small
}

/// Writes the picture as a PNG. The path must end in `.png`, or plotters refuses it.
pub(super) fn write_png(picture: &Picture, path: &Path) -> Result<(), ReportError> {
    let pixels = pixels(picture);
    let mut backend = BitMapBackend::new(path, PIXELS);
    backend
        .blit_bitmap((0, 0), PIXELS, &pixels)
        .and_then(|()| backend.present())
        .map_err(|error| ReportError::new(path, error))
}
