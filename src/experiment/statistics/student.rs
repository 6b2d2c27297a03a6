//! Quantiles of the normal and of Student's distribution, over `libm`.

/// The normal quantile: `p` in (0, 1). Error below 1e-12.
///
/// Newton's method on the complementary error function, from the rational approximation of
/// Abramowitz & Stegun 26.2.23.
///
/// # Panics
/// If `p` is not strictly between 0 and 1.
pub fn normal_quantile(p: f64) -> f64 {
    assert!(p > 0.0 && p < 1.0, "a quantile of {p}");
    if p < 0.5 {
        return -upper_normal_quantile(p);
    }
    upper_normal_quantile(1.0 - p)
}

/// The value that a normal variate exceeds with probability `q`, at most one half.
fn upper_normal_quantile(q: f64) -> f64 {
    let t = libm::sqrt(-2.0 * libm::log(q));
    let numerator = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let denominator = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    let mut x = t - numerator / denominator;
    for _ in 0..4 {
        let above = 0.5 * libm::erfc(x / std::f64::consts::SQRT_2);
        let density = libm::exp(-0.5 * x * x) / libm::sqrt(2.0 * std::f64::consts::PI);
        if density > 0.0 {
            x += (above - q) / density;
        }
    }
    x
}

/// Student's quantile with `freedom` degrees of freedom, at least 1: `p` in (0, 1).
///
/// Bisection on the distribution function, which is a regularized incomplete beta function
/// (Abramowitz & Stegun 26.7.1), to the last bits.
///
/// # Panics
/// If `p` is not strictly between 0 and 1, or there is no degree of freedom.
pub fn student_quantile(p: f64, freedom: u32) -> f64 {
    assert!(p > 0.0 && p < 1.0, "a quantile of {p}");
    assert!(freedom > 0, "Student's distribution needs a degree of freedom");
    if p < 0.5 {
        return -student_quantile(1.0 - p, freedom);
    }
    let freedom = f64::from(freedom);
    let (mut low, mut high) = (0.0_f64, 1.0_f64);
    while student_above(high, freedom) > 1.0 - p {
        high *= 2.0;
    }
    loop {
        let middle = f64::midpoint(low, high);
        if middle <= low || middle >= high {
            return middle;
        }
        if student_above(middle, freedom) > 1.0 - p {
            low = middle;
        } else {
            high = middle;
        }
    }
}

/// The probability that Student's variate exceeds `t`, which is not negative.
pub fn student_above(t: f64, freedom: f64) -> f64 {
    0.5 * incomplete_beta(freedom / 2.0, 0.5, freedom / (freedom + t * t))
}

/// The regularized incomplete beta function I_x(a, b), `x` in [0, 1].
fn incomplete_beta(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return if x <= 0.0 { 0.0 } else { 1.0 };
    }
    let log_front = libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b)
        + a * libm::log(x)
        + b * libm::log1p(-x);
    let front = libm::exp(log_front);
    // The continued fraction converges fast on one side of the mean.
    if x < (a + 1.0) / (a + b + 2.0) {
        front * beta_fraction(a, b, x) / a
    } else {
        1.0 - front * beta_fraction(b, a, 1.0 - x) / b
    }
}

/// The continued fraction of the incomplete beta function (Abramowitz & Stegun 26.5.8), evaluated by
/// Lentz's method.
#[expect(clippy::many_single_char_names, reason = "as the formula has them")]
fn beta_fraction(a: f64, b: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for m in 1..500 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let before = fraction;
        for term in [even, odd] {
            d = 1.0 / away(1.0 + term * d);
            c = away(1.0 + term / c);
            fraction *= c * d;
        }
        if (fraction - before).abs() <= 1e-16 * fraction.abs() {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

    const LEVELS: [f64; 7] = [0.005, 0.1, 0.5, 0.9, 0.975, 0.995, 0.9995];

    #[test]
    fn tabled_values() {
        // NIST/SEMATECH e-Handbook, table 1.3.6.7.2.
        for (freedom, expected) in [(1, 12.706), (2, 4.303), (9, 2.262), (19, 2.093), (100, 1.984)]
        {
            assert!((student_quantile(0.975, freedom) - expected).abs() < 6e-4, "{freedom}");
        }
        assert!((normal_quantile(0.975) - 1.959_963_984_540_054).abs() < 1e-12);
    }

    #[test]
    fn another_library_agrees() {
        let normal = Normal::new(0.0, 1.0).unwrap();
        for p in LEVELS {
            assert!((normal_quantile(p) - normal.inverse_cdf(p)).abs() < 1e-8, "normal {p}");
            for freedom in [1, 2, 3, 7, 19, 39, 120, 5_000] {
                let theirs = StudentsT::new(0.0, 1.0, f64::from(freedom)).unwrap().inverse_cdf(p);
                let ours = student_quantile(p, freedom);
                assert!(
                    (ours - theirs).abs() < 1e-6 * (1.0 + theirs.abs()),
                    "{freedom} {p}: {ours}"
                );
            }
        }
    }

    #[test]
    fn the_quantile_inverts_the_distribution() {
        for freedom in [1_u32, 4, 30, 1_000] {
            for p in [0.6, 0.9, 0.99, 0.999_9] {
                let t = student_quantile(p, freedom);
                assert!((student_above(t, f64::from(freedom)) - (1.0 - p)).abs() < 1e-12);
            }
        }
    }
}
