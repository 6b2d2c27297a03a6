//! What was done and what alarms fired, as numbered vertical lines with a key.
//!
//! Names beside the lines would overlap as soon as an incident has more than a few entries. So each
//! line carries a numbered badge above the plot, badges move aside for each other, and the names
//! stand in columns below, with their times.

use super::palette;
use super::picture::{self, Anchor, Picture, Rect, Text, WIDTH};
use crate::observe::result::{Happening, HappeningKind, RunResult};
use crate::report::clock::Clock;
use plotters::style::RGBColor;

/// More lines than this hide the curves.
const MOST: usize = 15;
/// Entries of one style closer than this share a line, points.
const MERGE: f64 = 5.0;
/// Half the width of a badge, points.
const BADGE: f64 = 7.5;
/// Distance between the middles of neighbouring badges, points.
const SPACING: f64 = 2.0 * BADGE + 2.0;
/// Height of badges and of the lines that lead to them, points.
pub(super) const LANE: f64 = 30.0;
/// Height of a row of the key, points.
const KEY_ROW: f64 = 16.0;
const KEY_SIZE: f64 = 11.5;

/// A vertical line with a number and a name.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Marker {
    /// When, seconds since the start.
    pub(super) at_s: f64,
    /// Whether it is an alert; everything else is something that was done.
    pub(super) alert: bool,
    /// Dispensable when there are too many: the larger, the sooner.
    rank: u8,
    /// How many entries it stands for.
    count: usize,
    /// What it says in the key.
    pub(super) name: String,
}

fn marker(happening: &Happening) -> Option<Marker> {
    let Happening { at_s, kind, subject, what } = happening;
    let (rank, name) = match kind {
        HappeningKind::Action => (0, subject.clone()),
        HappeningKind::AlertFired => (0, format!("alert: {subject}")),
        HappeningKind::ActionEnded => (1, format!("{subject} ends")),
        HappeningKind::Adoption => (2, format!("{subject} {what}")),
        HappeningKind::Backend | HappeningKind::AlertResolved => return None,
    };
    let alert = *kind == HappeningKind::AlertFired;
    Some(Marker { at_s: *at_s, alert, rank, count: 1, name })
}

/// Joins `next` to `last`, which is of the same style and so close that one line must do for both.
fn absorb(last: &mut Marker, next: &Marker) {
    match (last.rank == 2, next.rank == 2) {
        // An adoption right after its action says nothing new.
        (false, true) => return,
        (true, false) => last.name.clone_from(&next.name),
        (true, true) => {
            last.name = format!("{} instances change over", last.count + next.count);
        }
        (false, false) if last.name == next.name => {}
        (false, false) => {
            let name = next.name.strip_prefix("alert: ").unwrap_or(&next.name);
            last.name = format!("{} + {name}", last.name);
        }
    }
    last.rank = last.rank.min(next.rank);
    last.count += next.count;
}

/// Markers no closer than `distance_s` to the one before them of the same style.
fn merged(all: &[Marker], distance_s: f64) -> Vec<Marker> {
    let mut kept: Vec<Marker> = Vec::new();
    for next in all {
        let close =
            |last: &&mut Marker| last.alert == next.alert && next.at_s - last.at_s < distance_s;
        // The last one of the style: one of the other style may lie between.
        match kept.iter_mut().rev().find(|last| last.alert == next.alert).filter(close) {
            Some(last) => absorb(last, next),
            None => kept.push(next.clone()),
        }
    }
    kept
}

/// The markers of a run whose plot shows `seconds_per_point`: few enough to read.
pub(super) fn choose(result: &RunResult, seconds_per_point: f64) -> Vec<Marker> {
    let mut all: Vec<Marker> = result.happenings.iter().filter_map(marker).collect();
    // An alert that flaps would crowd everything else out: its first firing says it.
    let mut fired: Vec<String> = Vec::new();
    all.retain(|marker| {
        let is_new = !marker.alert || !fired.contains(&marker.name);
        if marker.alert && is_new {
            fired.push(marker.name.clone());
        }
        is_new
    });
    all.sort_by(|a, b| a.at_s.total_cmp(&b.at_s));
    let mut distance = MERGE * seconds_per_point;
    for dispensable in [2, 1] {
        let kept = merged(&all, distance);
        if kept.len() <= MOST {
            return kept;
        }
        all.retain(|marker| marker.rank < dispensable);
    }
    loop {
        let kept = merged(&all, distance);
        if kept.len() <= MOST {
            return kept;
        }
        distance *= 1.15;
    }
}

/// Where the badges of lines at `wanted` (ascending) go: at least `spacing` apart, between `low` and
/// `high`, as near to their lines as least squares allows.
fn spread(wanted: &[f64], spacing: f64, low: f64, high: f64) -> Vec<f64> {
    // Without the spacing this is isotonic regression: pool neighbours that are out of order.
    let mut pools: Vec<(f64, usize)> = Vec::new();
    for (index, at) in wanted.iter().enumerate() {
        let mut pool = (at - index as f64 * spacing, 1);
        while let Some(&(before, count)) = pools.last() {
            if before <= pool.0 {
                break;
            }
            let total = count + pool.1;
            pool = ((before * count as f64 + pool.0 * pool.1 as f64) / total as f64, total);
            pools.pop();
        }
        pools.push(pool);
    }
    let last = wanted.len().saturating_sub(1) as f64 * spacing;
    pools
        .iter()
        .flat_map(|&(at, count)| std::iter::repeat_n(at, count))
        .enumerate()
        .map(|(index, at)| at.clamp(low, (high - last).max(low)) + index as f64 * spacing)
        .collect()
}

/// Columns of the key: as few as keep it low, so that names have room.
fn key_columns(markers: &[Marker]) -> usize {
    match markers.len() {
        0 | 1 => 1,
        2 | 4 => 2,
        _ => 3,
    }
}

/// Height of the key, points.
pub(super) fn key_height(markers: &[Marker]) -> f64 {
    let rows = markers.len().div_ceil(key_columns(markers));
    if rows == 0 { 0.0 } else { rows as f64 * KEY_ROW + 4.0 }
}

fn color(marker: &Marker) -> RGBColor {
    if marker.alert { palette::ALERT } else { palette::INK }
}

/// A number in a disc (something done) or in a square frame (an alert).
fn badge(picture: &mut Picture, marker: &Marker, number: usize, center: (f64, f64)) {
    let (x, y) = center;
    let square =
        |half: f64| Rect { left: x - half, top: y - half, right: x + half, bottom: y + half };
    let ink = if marker.alert {
        picture.area(square(BADGE).corners(), palette::ALERT);
        picture.area(square(BADGE - 1.3).corners(), palette::WHITE);
        palette::ALERT
    } else {
        picture.disc(center, BADGE, palette::INK);
        palette::WHITE
    };
    let size = if number > 9 { 8.5 } else { 10.5 };
    picture.text(Text {
        at: (x, y + 0.365 * size),
        anchor: Anchor::Middle,
        words: number.to_string(),
        size,
        bold: true,
        color: ink,
    });
}

/// Draws lines through the plot and badges above it.
pub(super) fn draw_lines(
    picture: &mut Picture,
    markers: &[Marker],
    plot: Rect,
    x: impl Fn(f64) -> f64,
) {
    let wanted: Vec<f64> = markers.iter().map(|marker| x(marker.at_s)).collect();
    let places = spread(&wanted, SPACING, plot.left + BADGE, plot.right - BADGE);
    let y = plot.top - LANE + BADGE + 2.0;
    let ends = |at: f64| ((at, plot.top - 3.0), (at, plot.bottom));
    // Dashes on an area of a similar colour need a ground; it must not hide a neighbour's line.
    for (_, &line) in markers.iter().zip(&wanted).filter(|(marker, _)| marker.alert) {
        let (top, bottom) = ends(line);
        picture.line(vec![top, bottom], palette::WHITE, 2.5);
    }
    for (index, ((marker, &line), &place)) in markers.iter().zip(&wanted).zip(&places).enumerate() {
        let color = color(marker);
        let (top, bottom) = ends(line);
        picture.line(vec![(place, y + BADGE), top], color, 1.0);
        if marker.alert {
            picture.dashed(top, bottom, color, 1.25);
        } else {
            picture.line(vec![top, bottom], color, 1.0);
        }
        badge(picture, marker, index + 1, (place, y));
    }
}

/// Draws the key with its upper edge at `top`: number, time and name, down one column after another.
pub(super) fn draw_key(picture: &mut Picture, markers: &[Marker], clock: &Clock, top: f64) {
    const LEFT: f64 = 16.0;
    let columns = key_columns(markers);
    let rows = markers.len().div_ceil(columns).max(1);
    let column_width = (WIDTH - 2.0 * LEFT) / columns as f64;
    for (index, marker) in markers.iter().enumerate() {
        let left = LEFT + (index / rows) as f64 * column_width;
        let middle = top + 4.0 + (index % rows) as f64 * KEY_ROW + KEY_ROW / 2.0;
        badge(picture, marker, index + 1, (left + BADGE, middle));
        let baseline = middle + 0.365 * KEY_SIZE;
        let time = clock.at(marker.at_s);
        let name_at = left + 2.0 * BADGE + 6.0 + picture::width(&time, KEY_SIZE, false) + 6.0;
        let room = left + column_width - 10.0 - name_at;
        let texts = [
            (left + 2.0 * BADGE + 6.0, time, palette::MUTED),
            (name_at, picture::shorten(&marker.name, KEY_SIZE, false, room), color(marker)),
        ];
        for (at, text, color) in texts {
            let at = (at, baseline);
            picture.text(Text {
                at,
                anchor: Anchor::Start,
                words: text,
                size: KEY_SIZE,
                bold: false,
                color,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{self, happening};
    use HappeningKind::{Action, Adoption, AlertFired, Backend};
    use proptest::prelude::*;

    fn named(happenings: Vec<Happening>) -> Vec<String> {
        let mut result = sample::outage();
        result.happenings = happenings;
        choose(&result, 12.0).into_iter().map(|marker| marker.name).collect()
    }

    #[test]
    fn entries_of_one_minute_share_a_line_and_alerts_keep_theirs() {
        let names = named(vec![
            happening(600.0, Action, "restart", ""),
            happening(601.0, Action, "correct", ""),
            happening(602.0, AlertFired, "latency", "fired"),
            happening(603.0, Backend, "api-1", "up"),
        ]);
        assert_eq!(names, ["restart + correct", "alert: latency"]);
    }

    #[test]
    fn adoptions_are_shown_only_when_they_come_later() {
        let adopts = |at_s, who: &str| happening(at_s, Adoption, who, "adopts");
        let names = named(vec![
            happening(600.0, Action, "fix", ""),
            adopts(600.0, "instance 1"),
            adopts(900.0, "instance 2"),
            adopts(1_500.0, "instance 3"),
            adopts(1_510.0, "instance 4"),
        ]);
        assert_eq!(names, ["fix", "instance 2 adopts", "2 instances change over"]);
    }

    #[test]
    fn badges_stay_at_their_lines_where_there_is_room() {
        assert_eq!(spread(&[10.0, 50.0, 90.0], 17.0, 0.0, 100.0), [10.0, 50.0, 90.0]);
        assert_eq!(spread(&[50.0, 50.0], 20.0, 0.0, 100.0), [40.0, 60.0]);
        assert_eq!(spread(&[0.0, 0.0], 20.0, 0.0, 100.0), [0.0, 20.0]);
        assert_eq!(spread(&[100.0, 100.0], 20.0, 0.0, 100.0), [80.0, 100.0]);
        assert_eq!(spread(&[], 20.0, 0.0, 100.0), Vec::<f64>::new());
    }

    proptest! {
        #[test]
        fn badges_never_touch_nor_leave_the_plot(
            mut wanted in prop::collection::vec(60.0..780.0, 0..=MOST),
        ) {
            wanted.sort_by(f64::total_cmp);
            let places = spread(&wanted, SPACING, 60.0, 780.0);
            prop_assert_eq!(places.len(), wanted.len());
            for pair in places.windows(2) {
                prop_assert!(pair[1] - pair[0] >= SPACING - 1e-9, "{:?}", places);
            }
            prop_assert!(places.iter().all(|place| (60.0..=780.0).contains(place)), "{:?}", places);
        }
    }
}
