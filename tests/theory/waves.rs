//! Queues whose arrivals come in waves.

use super::queueing::{UNIT_NS, algorithm, units, world};
use super::special::wide;
use super::tally::Tally;
use misroute::engine::dist::Distribution;
use misroute::engine::random::Seed;
use misroute::engine::time::{Span, Time};
use misroute::model::run::simulate;
use misroute::model::setup::Profile;
use std::f64::consts::{FRAC_PI_2, TAU};
use std::sync::Arc;

/// Looks per period.
const LOOKS: usize = 16;

/// M_t/M/inf at 10 + 5 sin(t) arrivals per unit: mean, amplitude and phase lag of the number in the
/// system, as Fourier coefficients over whole periods, the first two left out.
pub(super) fn sine(seed: Seed, requests: f64) -> Vec<f64> {
    let periods = (requests / (10.0 * TAU)).ceil();
    let service = Distribution::exponential(units(1.0));
    let duration = units(TAU * (periods + 2.0));
    let mut setup = world(algorithm("single", &[]), vec![wide(service)], 10.0, duration);
    let (peak, period) = (units(FRAC_PI_2), units(TAU));
    setup.populations[0].profile = Some(Profile::Sine { low: 0.5, high: 1.5, peak, period });
    setup.observation.window = Span::from_ns_f64(TAU * UNIT_NS / LOOKS as f64);
    let mut tally = Tally::new(Time::ZERO, seed, None, false);
    simulate(&Arc::new(setup), seed, &mut tally);
    let looks = periods as usize * LOOKS;
    let (mut mean, mut sine, mut cosine) = (0.0, 0.0, 0.0);
    // The sample at position n is that after n + 1 windows.
    for (n, &inside) in tally.in_flight.iter().enumerate().skip(2 * LOOKS).take(looks) {
        let angle = TAU * ((n + 1) % LOOKS) as f64 / LOOKS as f64;
        mean += inside as f64;
        sine += inside as f64 * libm::sin(angle);
        cosine += inside as f64 * libm::cos(angle);
    }
    let looks = looks as f64;
    let (sine, cosine) = (2.0 * sine / looks, 2.0 * cosine / looks);
    // A sin(t - lag) = A cos(lag) sin(t) - A sin(lag) cos(t).
    vec![mean / looks, libm::sqrt(sine * sine + cosine * cosine), libm::atan2(-cosine, sine)]
}
