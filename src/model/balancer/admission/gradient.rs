//! `gradient`: a limit on what is in flight that follows the latency.

use super::{Admission, AdmissionSpec};
use crate::engine::random::Stream;
use crate::engine::time::{Span, Time};
use crate::model::balancer::{Parameter, ParameterKind};
use crate::model::outcome::Outcome;

/// After so many updates in a row at the least limit the ideal latency is measured anew.
const STUCK: u32 = 5;

/// The parameters.
#[derive(Clone, Copy, Debug)]
pub struct Gradient {
    /// Which quantile of a sample stands for it, from 0 to 1.
    pub percentile: f64,
    /// Between updates of the limit.
    pub update_interval: Span,
    /// Between measurements of the ideal latency.
    pub min_rtt_interval: Span,
    /// Attempts that one measurement takes. At least 1.
    pub min_rtt_requests: usize,
    /// The limit during it, and at all times the least. At least 1.
    pub min_rtt_concurrency: u32,
    /// The time between measurements is longer by up to this share.
    pub jitter: f64,
    /// How much worse than ideal, as a share of it, is still fine.
    pub buffer: f64,
    /// The highest limit.
    pub max_limit: u32,
}

impl Gradient {
    /// The limit after one of `limit`: L' = L g + sqrt(L g), g = ideal (1 + buffer) / sample, from
    /// 0.5 to 2 (`GradientController::calculateNewLimit`).
    pub fn next_limit(&self, limit: u32, ideal: Span, sample: Span) -> u32 {
        let ideal = ideal.as_ns() as f64 * (1.0 + self.buffer);
        let gradient = (ideal / sample.as_ns().max(1) as f64).clamp(0.5, 2.0);
        let limit = f64::from(limit) * gradient;
        let limit = (limit + libm::sqrt(limit)) as u32;
        limit.min(self.max_limit).max(self.min_rtt_concurrency)
    }
}

/// Envoy's controller. Its timers are carried out when somebody next looks.
#[derive(Clone)]
struct Controller {
    policy: Gradient,
    stream: Stream,
    limit: u32,
    /// Latencies of this sample, in nanoseconds.
    sample: Vec<u64>,
    ideal: Span,
    /// The limit that holds again once the ideal latency is measured; `None`: it is not being.
    deferred: Option<u32>,
    /// When the last measurement began: what came before does not count.
    epoch: Time,
    /// When the next measurement begins.
    measure_at: Time,
    /// When the limit is next updated.
    update_at: Time,
    stuck: u32,
}

impl Controller {
    fn new(policy: Gradient, stream: Stream) -> Self {
        let limit = policy.min_rtt_concurrency;
        Self {
            policy,
            stream,
            limit,
            sample: Vec::new(),
            ideal: Span::ZERO,
            deferred: Some(limit),
            epoch: Time::ZERO,
            measure_at: Time::ZERO,
            update_at: Time::ZERO,
            stuck: 0,
        }
    }

    /// Carries out what was due until now.
    fn catch_up(&mut self, now: Time) {
        while self.deferred.is_none() {
            if self.measure_at <= self.update_at.min(now) {
                self.begin_measurement(self.measure_at);
            } else if self.update_at <= now {
                let due = self.update_at;
                if self.sample.is_empty() {
                    // Nothing will happen at any of the updates that were due.
                    let interval = self.policy.update_interval.as_ns();
                    let missed = now.min(self.measure_at).since(due).as_ns() / interval;
                    self.update_at = due + Span::from_ns(interval * (missed + 1));
                } else {
                    self.update_at = due + self.policy.update_interval;
                    self.update(due);
                }
            } else {
                break;
            }
        }
    }

    fn begin_measurement(&mut self, at: Time) {
        self.deferred = Some(self.limit);
        self.limit = self.policy.min_rtt_concurrency;
        self.stuck = 0;
        self.sample.clear();
        self.epoch = at;
    }

    fn end_measurement(&mut self, now: Time) {
        self.ideal = self.quantile();
        self.limit = self.deferred.take().expect("it is being measured");
        let interval = self.policy.min_rtt_interval;
        // Jitter is in whole milliseconds.
        let range = libm::ceil(interval.as_ms_f64() * self.policy.jitter) as u64;
        let jitter = if range == 0 { 0 } else { self.stream.below(range) };
        self.measure_at = now + interval + Span::from_ms(jitter);
        self.update_at = now + self.policy.update_interval;
    }

    fn update(&mut self, now: Time) {
        let sample = self.quantile();
        let limit = self.policy.next_limit(self.limit, self.ideal, sample);
        let least = self.policy.min_rtt_concurrency;
        self.stuck = if self.limit == least && limit == least { self.stuck + 1 } else { 0 };
        self.limit = limit;
        if self.stuck >= STUCK {
            self.measure_at = now;
        }
    }

    /// The quantile of the sample by nearest rank; the sample is over.
    fn quantile(&mut self) -> Span {
        let last = self.sample.len() - 1;
        let rank = libm::ceil(self.policy.percentile * self.sample.len() as f64) as usize;
        let (_, &mut found, _) = self.sample.select_nth_unstable(rank.saturating_sub(1).min(last));
        self.sample.clear();
        Span::from_ns(found)
    }
}

impl Admission for Controller {
    fn admits(&mut self, held: u32, now: Time) -> bool {
        self.catch_up(now);
        held < self.limit
    }

    fn over(&mut self, outcome: Option<Outcome>, sent: Time, now: Time) {
        self.catch_up(now);
        // Whose client has left has no latency; and what began before the measurement is not its.
        if outcome.is_none() || sent < self.epoch {
            return;
        }
        self.sample.push(now.since(sent).as_ns());
        if self.deferred.is_some() && self.sample.len() >= self.policy.min_rtt_requests {
            self.end_measurement(now);
        }
    }

    fn boxed_clone(&self) -> Box<dyn Admission> {
        Box::new(self.clone())
    }
}

/// The entry in the table.
pub(super) const ADMISSION: AdmissionSpec = AdmissionSpec {
    name: "gradient",
    summary: "a limit on attempts in flight that shrinks as latency rises above the least measured",
    fails: "a least latency measured under load is too high; while measuring it turns away most",
    source: "Envoy: adaptive_concurrency filter (gradient_controller.cc)",
    parameters: &[
        Parameter {
            name: "percentile",
            kind: ParameterKind::Ratio,
            default: 0.5,
            range: (0.0, 1.0),
            doc: "rule gradient: which quantile of the latencies of a sample stands for it",
        },
        Parameter {
            name: "update-interval",
            kind: ParameterKind::Duration,
            default: 0.1,
            range: (1e-3, 3_600.0),
            doc: "rule gradient: between updates of the limit, from the sample since the last",
        },
        Parameter {
            name: "min-rtt-interval",
            kind: ParameterKind::Duration,
            default: 60.0,
            range: (1e-3, 86_400.0),
            doc: "rule gradient: between measurements of the least latency",
        },
        Parameter {
            name: "min-rtt-requests",
            kind: ParameterKind::Count,
            default: 50.0,
            range: (1.0, 1e6),
            doc: "rule gradient: attempts that one measurement takes",
        },
        Parameter {
            name: "min-rtt-concurrency",
            kind: ParameterKind::Count,
            default: 3.0,
            range: (1.0, 1e6),
            doc: "rule gradient: the limit during a measurement, and never a lower one",
        },
        Parameter {
            name: "jitter",
            kind: ParameterKind::Ratio,
            default: 0.15,
            range: (0.0, 1.0),
            doc: "rule gradient: measurements are further apart by up to this share, at random",
        },
        Parameter {
            name: "buffer",
            kind: ParameterKind::Ratio,
            default: 0.25,
            range: (0.0, 100.0),
            doc: "rule gradient: latencies above the least one by this share are fine",
        },
        Parameter {
            name: "max-limit",
            kind: ParameterKind::Count,
            default: 1_000.0,
            range: (1.0, 1e9),
            doc: "rule gradient: the highest limit",
        },
    ],
    build: |arguments, stream| {
        let policy = Gradient {
            percentile: arguments[0],
            update_interval: Span::from_secs_f64(arguments[1]),
            min_rtt_interval: Span::from_secs_f64(arguments[2]),
            min_rtt_requests: arguments[3] as usize,
            min_rtt_concurrency: arguments[4] as u32,
            jitter: arguments[5],
            buffer: arguments[6],
            max_limit: arguments[7] as u32,
        };
        Box::new(Controller::new(policy, stream))
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed};

    fn policy() -> Gradient {
        Gradient {
            percentile: 0.5,
            update_interval: Span::from_ms(100),
            min_rtt_interval: Span::from_secs(10),
            min_rtt_requests: 5,
            min_rtt_concurrency: 3,
            jitter: 0.0,
            buffer: 0.25,
            max_limit: 1_000,
        }
    }

    fn controller(policy: Gradient) -> Controller {
        Controller::new(policy, Stream::new(Seed::new(1), Purpose::Test, 0))
    }

    fn at(ms: u64) -> Time {
        Time::from_ns(ms * 1_000_000)
    }

    /// An attempt of so long that ends then.
    fn end(controller: &mut Controller, ms: u64, took: u64) {
        controller.over(Some(Outcome::Ok), at(ms - took), at(ms));
    }

    /// How many are let in at once.
    fn limit(controller: &mut Controller, ms: u64) -> u32 {
        (0..2_000).find(|&held| !controller.admits(held, at(ms))).unwrap()
    }

    #[test]
    fn limits_by_hand() {
        let ms = Span::from_ms;
        // 10 ms and a quarter against 25 ms: 0.5; 100 * 0.5 = 50, and the root of it: 57.07.
        assert_eq!(policy().next_limit(100, ms(10), ms(25)), 57);
        // Against 12.5 ms: 1; 100 + 10.
        assert_eq!(
            policy().next_limit(100, Span::from_ns(10_000_000), Span::from_ns(12_500_000)),
            110
        );
        // The gradient stays within 0.5 and 2, the limit within its own bounds.
        assert_eq!(policy().next_limit(100, ms(10), ms(1_000)), 57);
        assert_eq!(policy().next_limit(100, ms(10), ms(1)), 214);
        assert_eq!(policy().next_limit(900, ms(10), ms(10)), 1_000);
        assert_eq!(policy().next_limit(1, ms(10), ms(1_000)), 3);
    }

    #[test]
    fn the_least_latency_is_measured_and_the_limit_follows() {
        let mut it = controller(policy());
        assert_eq!(limit(&mut it, 0), 3, "it begins with a measurement");
        for ms in [20, 21, 22, 23] {
            end(&mut it, ms, 10);
        }
        assert_eq!(limit(&mut it, 500), 3, "until it has five");
        end(&mut it, 510, 10);
        assert_eq!(it.ideal, Span::from_ms(10));
        // The same latency: gradient 1.25; 3.75 + 1.93 = 5.68 after a tenth of a second.
        end(&mut it, 550, 10);
        assert_eq!((limit(&mut it, 609), limit(&mut it, 610)), (3, 5));
        // 5 * 1.25 = 6.25, and 2.5: 8.75. Half of the sample decides.
        for (ms, took) in [(620, 10), (630, 10), (640, 90)] {
            end(&mut it, ms, took);
        }
        assert_eq!(limit(&mut it, 710), 8);
        // Without a sample it stays.
        assert_eq!(limit(&mut it, 9_000), 8);
        // Slow: 8 * 0.5 = 4, and 2.
        end(&mut it, 9_050, 900);
        assert_eq!(limit(&mut it, 9_200), 6);
        // Ten seconds after the last measurement the next begins; what was sent before it does not
        // count, and the limit comes back afterwards.
        assert_eq!((limit(&mut it, 10_509), limit(&mut it, 10_510)), (6, 3));
        (0..9).for_each(|_| end(&mut it, 10_600, 95));
        assert_eq!(limit(&mut it, 10_600), 3);
        (0..5).for_each(|_| end(&mut it, 10_700, 20));
        assert_eq!((it.ideal, limit(&mut it, 10_700)), (Span::from_ms(20), 6));
    }

    #[test]
    fn stuck_at_the_least_limit_it_measures_anew() {
        let mut it = controller(policy());
        (0..5).for_each(|_| end(&mut it, 10, 10));
        for tick in 1..=5 {
            assert!(it.deferred.is_none(), "{tick}");
            end(&mut it, 10 + 100 * tick - 1, 100);
            it.catch_up(at(10 + 100 * tick));
        }
        // 3 * 0.5 = 1.5, and 1.2: at least 3, five times.
        assert!(it.deferred.is_some());
    }

    #[test]
    fn a_client_that_leaves_is_no_sample_and_jitter_spreads_measurements() {
        let mut it = controller(Gradient { jitter: 0.5, min_rtt_requests: 1, ..policy() });
        it.over(None, at(0), at(5));
        assert!(it.deferred.is_some() && it.sample.is_empty());
        end(&mut it, 10, 10);
        assert!((at(10_010)..at(15_010)).contains(&it.measure_at), "{:?}", it.measure_at);
    }
}
