//! A scale of colours for values: from dark violet over green to light yellow.
//!
//! Lightness grows evenly from end to end (CIELAB L* = 20 to 92), so equal differences of the value
//! look equal, also in grey and to colour-blind readers; the hue turns by the way. The idea is that of
//! viridis (van der Walt & Smith 2015); the path is our own.

use plotters::style::RGBColor;

/// L* at the lower and upper end.
const LIGHTNESS: (f64, f64) = (20.0, 92.0);
/// Hue at the lower and upper end, degrees.
const HUE: (f64, f64) = (310.0, 100.0);
/// Where the scale is palest, its chroma there, and how fast that grows to both sides: a little below
/// what screens can show, so that nothing is cut off, which would be seen as an edge.
const PALEST: (f64, f64, f64) = (0.42, 27.5, 101.0);
/// The white of sRGB, D65.
const WHITE: [f64; 3] = [0.950_47, 1.0, 1.088_83];

/// CIELAB to linear sRGB (IEC 61966-2-1), which may lie outside 0 to 1.
fn linear_rgb(lightness: f64, green_red: f64, blue_yellow: f64) -> [f64; 3] {
    const EPSILON: f64 = 6.0 / 29.0;
    let inverse = |t: f64| {
        if t > EPSILON { t * t * t } else { 3.0 * EPSILON * EPSILON * (t - 4.0 / 29.0) }
    };
    let middle = (lightness + 16.0) / 116.0;
    let xyz = [middle + green_red / 500.0, middle, middle - blue_yellow / 200.0];
    let [x, y, z] = [0, 1, 2].map(|index| inverse(xyz[index]) * WHITE[index]);
    [
        3.240_97 * x - 1.537_383 * y - 0.498_611 * z,
        -0.969_244 * x + 1.875_968 * y + 0.041_555 * z,
        0.055_63 * x - 0.203_977 * y + 1.056_972 * z,
    ]
}

fn gamma(linear: f64) -> f64 {
    if linear <= 0.003_130_8 {
        12.92 * linear
    } else {
        1.055 * libm::pow(linear, 1.0 / 2.4) - 0.055
    }
}

/// L* of a share of the scale, 0 to 1.
pub(super) fn lightness(share: f64) -> f64 {
    LIGHTNESS.0 + share.clamp(0.0, 1.0) * (LIGHTNESS.1 - LIGHTNESS.0)
}

/// The colour of a share of the scale, 0 to 1.
pub(super) fn color(share: f64) -> RGBColor {
    let share = share.clamp(0.0, 1.0);
    let hue = (HUE.0 + share * (HUE.1 - HUE.0)).to_radians();
    let (cos, sin) = (libm::cos(hue), libm::sin(hue));
    let lightness = lightness(share);
    let (palest, chroma, growth) = PALEST;
    let chroma = chroma + growth * (share - palest) * (share - palest);
    let byte = |linear: f64| (gamma(linear.clamp(0.0, 1.0)) * 255.0).round() as u8;
    let [red, green, blue] = linear_rgb(lightness, chroma * cos, chroma * sin).map(byte);
    RGBColor(red, green, blue)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// L* of a colour as CIE 15 has it, from its relative luminance (IEC 61966-2-1).
    fn seen_lightness(color: RGBColor) -> f64 {
        let linear = |byte: u8| {
            let value = f64::from(byte) / 255.0;
            if value <= 0.040_45 { value / 12.92 } else { libm::pow((value + 0.055) / 1.055, 2.4) }
        };
        let luminance =
            0.212_639 * linear(color.0) + 0.715_169 * linear(color.1) + 0.072_192 * linear(color.2);
        116.0 * libm::cbrt(luminance) - 16.0
    }

    #[test]
    fn equal_steps_are_equally_light_steps() {
        for n in 0..=100 {
            let share = f64::from(n) / 100.0;
            let seen = seen_lightness(color(share));
            // A byte more or less, and nothing cut off.
            assert!((seen - lightness(share)).abs() < 0.6, "{seen} at {share}");
        }
    }

    #[test]
    fn the_scale_has_no_edges() {
        let bytes = |n: u32| {
            let RGBColor(red, green, blue) = color(f64::from(n) / 200.0);
            [red, green, blue].map(i32::from)
        };
        let step = |n: u32| {
            let (a, b) = (bytes(n), bytes(n + 1));
            (0..3).map(|channel| (a[channel] - b[channel]).abs()).max().unwrap()
        };
        assert!((0..200).all(|n| step(n) <= 4), "{:?}", (0..200).map(step).max());
    }

    #[test]
    fn the_ends_are_violet_and_yellow() {
        let (low, middle, high) = (color(0.0), color(0.5), color(1.0));
        assert!(low.2 > low.0 && low.0 > low.1, "{low:?}");
        assert!(middle.0 < middle.1 && middle.0 < middle.2, "blue and green: {middle:?}");
        assert!(high.0 > high.2 && high.1 > high.2, "{high:?}");
    }
}
