//! Special functions that `libm` lacks: the normal quantile and the incomplete gamma function.

/// The middle of the lowest cell of [`unit`](crate::engine::random::unit), which zero stands for
/// where a quantile function has no value at zero.
pub(super) const LOWEST_UNIT: f64 = 1.0 / 18_014_398_509_481_984.0;

/// Quotient of two polynomials of degree 7, by Horner's rule; coefficients from the constant up.
#[inline]
fn quotient(above: &[f64; 8], below: &[f64; 8], x: f64) -> f64 {
    let horner = |c: &[f64; 8]| c.iter().rev().fold(0.0, |sum, &coefficient| sum * x + coefficient);
    horner(above) / horner(below)
}

/// Standard normal quantile at `p` in (0, 1), to about 1e-16: Wichura, "Algorithm AS 241: The
/// Percentage Points of the Normal Distribution", Applied Statistics 37 (1988), routine PPND16.
/// Infinite at 0 and 1.
#[inline]
pub(super) fn normal_quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        return q * quotient(&CENTRE.0, &CENTRE.1, 0.180_625 - q * q);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    if tail <= 0.0 {
        return f64::INFINITY.copysign(q);
    }
    let r = (-libm::log(tail)).sqrt();
    let z = if r <= 5.0 {
        quotient(&MIDDLE.0, &MIDDLE.1, r - 1.6)
    } else {
        quotient(&TAIL.0, &TAIL.1, r - 5.0)
    };
    z.copysign(q)
}

type Coefficients = ([f64; 8], [f64; 8]);

#[expect(clippy::excessive_precision, clippy::unreadable_literal, reason = "as published")]
const CENTRE: Coefficients = (
    [
        3.3871328727963666080e0,
        1.3314166789178437745e+2,
        1.9715909503065514427e+3,
        1.3731693765509461125e+4,
        4.5921953931549871457e+4,
        6.7265770927008700853e+4,
        3.3430575583588128105e+4,
        2.5090809287301226727e+3,
    ],
    [
        1.0,
        4.2313330701600911252e+1,
        6.8718700749205790830e+2,
        5.3941960214247511077e+3,
        2.1213794301586595867e+4,
        3.9307895800092710610e+4,
        2.8729085735721942674e+4,
        5.2264952788528545610e+3,
    ],
);

#[expect(clippy::excessive_precision, clippy::unreadable_literal, reason = "as published")]
const MIDDLE: Coefficients = (
    [
        1.42343711074968357734e0,
        4.63033784615654529590e0,
        5.76949722146069140550e0,
        3.64784832476320460504e0,
        1.27045825245236838258e0,
        2.41780725177450611770e-1,
        2.27238449892691845833e-2,
        7.74545014278341407640e-4,
    ],
    [
        1.0,
        2.05319162663775882187e0,
        1.67638483018380384940e0,
        6.89767334985100004550e-1,
        1.48103976427480074590e-1,
        1.51986665636164571966e-2,
        5.47593808499534494600e-4,
        1.05075007164441684324e-9,
    ],
);

#[expect(clippy::excessive_precision, clippy::unreadable_literal, reason = "as published")]
const TAIL: Coefficients = (
    [
        6.65790464350110377720e0,
        5.46378491116411436990e0,
        1.78482653991729133580e0,
        2.96560571828504891230e-1,
        2.65321895265761230930e-2,
        1.24266094738807843860e-3,
        2.71155556874348757815e-5,
        2.01033439929228813265e-7,
    ],
    [
        1.0,
        5.99832206555887937690e-1,
        1.36929880922735805310e-1,
        1.48753612908506148525e-2,
        7.86869131145613259100e-4,
        1.84631831751005468180e-5,
        1.42151175831644588870e-7,
        2.04426310338993978564e-15,
    ],
);

/// More terms than any series or fraction below needs for a shape up to 10,000.
const TERMS: u32 = 10_000;

/// The regularized incomplete gamma functions P(a, x) and Q(a, x) = 1 - P(a, x), each accurate
/// where it is small, for `a` > 0 and `x` >= 0.
fn incomplete_gamma(a: f64, x: f64) -> (f64, f64) {
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    // x^a e^-x / Gamma(a), the factor before both.
    let front = libm::exp(a * libm::log(x) - x - libm::lgamma(a));
    if x < a + 1.0 {
        let lower = (front * lower_series(a, x)).clamp(0.0, 1.0);
        (lower, 1.0 - lower)
    } else {
        let upper = (front * upper_fraction(a, x)).clamp(0.0, 1.0);
        (1.0 - upper, upper)
    }
}

/// The series of the lower function over its factor: NIST DLMF (dlmf.nist.gov) 8.11.4.
fn lower_series(a: f64, x: f64) -> f64 {
    let mut term = 1.0 / a;
    let mut sum = term;
    for n in 1..TERMS {
        term *= x / (a + f64::from(n));
        sum += term;
        if term < sum * f64::EPSILON {
            break;
        }
    }
    sum
}

/// The continued fraction of the upper function over its factor: DLMF 8.9.2 in its even part,
/// evaluated by the modified Lentz method (Thompson & Barnett, J. Comput. Phys. 64, 1986).
fn upper_fraction(a: f64, x: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let nonzero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut partial = x + 1.0 - a;
    let mut above = 1.0 / TINY;
    let mut below = 1.0 / nonzero(partial);
    let mut fraction = below;
    for n in 1..TERMS {
        let numerator = f64::from(n) * (a - f64::from(n));
        partial += 2.0;
        below = 1.0 / nonzero(numerator * below + partial);
        above = nonzero(numerator / above + partial);
        fraction *= above * below;
        if (above * below - 1.0).abs() < f64::EPSILON {
            break;
        }
    }
    fraction
}

/// Quantile at `q` of the gamma law with this `shape` and scale 1: zero at `q` <= 0, infinite at
/// `q` >= 1, and to about 1e-12 of its value between. For set-up, not for sampling.
///
/// Newton's method on the logarithm, kept inside a bracket that halves when a step would leave it.
pub(super) fn gamma_quantile(shape: f64, q: f64) -> f64 {
    if q <= 0.0 {
        return 0.0;
    }
    if q >= 1.0 {
        return f64::INFINITY;
    }
    // How far the mass below e^y is above q; the smaller of both tails keeps its digits.
    let excess = |y: f64| {
        let (lower, upper) = incomplete_gamma(shape, libm::exp(y));
        if q < 0.5 { lower - q } else { (1.0 - q) - upper }
    };
    // P(a, x) <= x^a / Gamma(a + 1) makes this a lower bound.
    let mut low = (libm::log(q) + libm::lgamma(shape + 1.0)) / shape;
    let mut high = low.max(libm::log(shape + 1.0));
    // Each step doubles x; the tail decays faster than e^(-x/2) from there.
    for _ in 0..64 {
        if excess(high) >= 0.0 {
            break;
        }
        high += core::f64::consts::LN_2;
    }
    let log_gamma = libm::lgamma(shape);
    let mut y = f64::midpoint(low, high);
    for _ in 0..200 {
        let error = excess(y);
        if error < 0.0 {
            low = y;
        } else {
            high = y;
        }
        // d/dy P(a, e^y) = e^(a y - e^y) / Gamma(a)
        let slope = libm::exp(shape * y - libm::exp(y) - log_gamma);
        let newton = y - error / slope;
        let next = if newton > low && newton < high { newton } else { f64::midpoint(low, high) };
        if (next - y).abs() <= 1e-15 * y.abs().max(1.0) {
            return libm::exp(next);
        }
        y = next;
    }
    libm::exp(y)
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{ContinuousCDF, Gamma, Normal};

    use super::*;

    #[test]
    fn the_normal_quantile_inverts_the_distribution_function() {
        let normal = Normal::standard();
        for q in [1e-300, 1e-100, 1e-20, 1e-10, 1e-3, 0.07, 0.075, 0.3, 0.5, 0.9, 0.925, 0.999] {
            let z = normal_quantile(q);
            // The oracle of the oracle: libm's complementary error function.
            let back = 0.5 * libm::erfc(-z * std::f64::consts::FRAC_1_SQRT_2);
            assert!((back / q - 1.0).abs() < 1e-13 * (1.0 + z * z), "{q}: {z} gives back {back}");
            if q >= 1e-10 {
                let theirs = normal.inverse_cdf(q);
                assert!((z - theirs).abs() < 1e-9 * (1.0 + z.abs()), "{q}: {z}, not {theirs}");
            }
        }
    }

    /// The values Wichura publishes to check an implementation by.
    #[test]
    fn the_normal_quantile_has_the_published_values() {
        for (p, z) in [
            (0.25, -0.674_489_750_196_081_7),
            (0.001, -3.090_232_306_167_813_5),
            (1e-20, -9.262_340_089_798_408),
        ] {
            assert!((normal_quantile(p) - z).abs() < 1e-14, "{p}: {}", normal_quantile(p));
        }
    }

    #[test]
    fn the_normal_quantile_is_odd_monotone_and_defined_at_its_ends() {
        assert!(normal_quantile(0.5).abs() < 1e-300);
        assert!(normal_quantile(0.0) < -1e300 && normal_quantile(1.0) > 1e300);
        assert!(normal_quantile(LOWEST_UNIT) > -9.0);
        assert!(normal_quantile(1.0 - f64::EPSILON / 2.0) < 9.0);
        let mut last = f64::NEG_INFINITY;
        for step in 1..100_000 {
            let p = f64::from(step) / 100_000.0;
            let z = normal_quantile(p);
            assert!(z > last, "{p}");
            assert!((z + normal_quantile(1.0 - p)).abs() < 1e-10, "{p}");
            last = z;
        }
    }

    #[test]
    fn the_incomplete_gamma_function_matches_statrs() {
        for a in [0.01, 0.3, 1.0, 2.5, 17.0, 300.0, 10_000.0] {
            let law = Gamma::new(a, 1.0).unwrap();
            for factor in [0.01, 0.5, 0.9, 0.99, 1.0, 1.01, 1.1, 2.0, 10.0] {
                let (lower, upper) = incomplete_gamma(a, a * factor);
                assert!((lower + upper - 1.0).abs() < 1e-12);
                assert!((lower - law.cdf(a * factor)).abs() < 1e-9, "P({a}, {})", a * factor);
                assert!((upper - law.sf(a * factor)).abs() < 1e-9, "Q({a}, {})", a * factor);
            }
        }
    }

    #[test]
    fn the_gamma_quantile_inverts_it() {
        for a in [0.01, 0.05, 0.3, 1.0, 2.5, 17.0, 300.0, 10_000.0] {
            for q in [1e-9, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0 - 1e-12] {
                let x = gamma_quantile(a, q);
                if x < 1e-300 {
                    continue; // below what a float holds: the shape is tiny, and so is q
                }
                let (lower, upper) = incomplete_gamma(a, x);
                let error = if q < 0.5 { lower / q - 1.0 } else { upper / (1.0 - q) - 1.0 };
                assert!(error.abs() < 1e-8, "shape {a}, q {q}: {x} is off by {error:e}");
            }
        }
        // Exponential and chi-square with 2 degrees of freedom: closed forms.
        assert!((gamma_quantile(1.0, 0.5) - std::f64::consts::LN_2).abs() < 1e-14);
        assert!(gamma_quantile(2.0, 0.0) < 1e-300 && gamma_quantile(2.0, 1.0) > 1e300);
    }
}
