//! `rate`: a token bucket.

use super::{Admission, AdmissionSpec};
use crate::engine::time::Time;
use crate::model::balancer::{Parameter, ParameterKind};

/// Parts of a nanosecond in which tokens are counted, so that no rate is rounded noticeably.
const PARTS: f64 = 1_048_576.0;

/// The bucket, as the generic cell rate algorithm keeps it: the instant at which it is full again.
#[derive(Clone, Debug)]
pub struct Bucket {
    /// How long one token takes to fall in, in parts.
    token: u128,
    /// How long the whole bucket takes.
    all: u128,
    /// When it is full, in parts from the start.
    full_at: u128,
}

impl Bucket {
    /// `rate` tokens per second, positive; room for `burst` of them, at least 1. Full at first.
    pub fn new(rate: f64, burst: u64) -> Self {
        let token = (1e9 * PARTS / rate) as u128;
        Self { token, all: token * u128::from(burst), full_at: 0 }
    }

    /// Takes a token, if there is one.
    pub fn take(&mut self, now: Time) -> bool {
        let now = u128::from(now.as_ns()) << 20;
        let full_at = self.full_at.max(now) + self.token;
        let fits = full_at - now <= self.all;
        if fits {
            self.full_at = full_at;
        }
        fits
    }
}

impl Admission for Bucket {
    fn admits(&mut self, _: u32, now: Time) -> bool {
        self.take(now)
    }

    fn boxed_clone(&self) -> Box<dyn Admission> {
        Box::new(self.clone())
    }
}

/// The entry in the table.
pub(super) const ADMISSION: AdmissionSpec = AdmissionSpec {
    name: "rate",
    summary: "a token bucket: so many attempts per second, and a burst",
    fails: "the rate is set for the capacity of yesterday; it turns away while backends are idle",
    source: "Envoy: local_ratelimit; nginx: limit_req nodelay; HAProxy: rate-limit sessions",
    parameters: &[
        Parameter {
            name: "rate",
            kind: ParameterKind::Rate,
            default: 1_000.0,
            range: (1e-6, 1e9),
            doc: "rule rate: attempts that each instance takes on in the long run",
        },
        Parameter {
            name: "burst",
            kind: ParameterKind::Count,
            default: 1.0,
            range: (1.0, 1e9),
            doc: "rule rate: attempts that it takes on at once after a pause",
        },
    ],
    build: |arguments, _| Box::new(Bucket::new(arguments[0], arguments[1] as u64)),
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_the_rate() {
        let mut bucket = Bucket::new(10.0, 3);
        let mut taken = |ms: u64| bucket.take(Time::from_ns(ms * 1_000_000));
        // Three at once; then one for each tenth of a second.
        assert_eq!([0, 0, 0, 0, 99].map(&mut taken), [true, true, true, false, false]);
        assert_eq!([100, 100, 199, 200].map(&mut taken), [true, false, false, true]);
        // After a long pause three again, and no more.
        assert_eq!([9_000, 9_000, 9_000, 9_000].map(&mut taken), [true, true, true, false]);
    }

    #[test]
    fn an_odd_rate_is_kept() {
        let mut bucket = Bucket::new(333.3, 1);
        let taken = (0..30_000_000).step_by(7);
        let taken = taken.filter(|&us| bucket.take(Time::from_ns(us * 1_000))).count();
        // Each token waits for the next look, 3.5 us on average.
        assert!((9_980..=10_000).contains(&taken), "{taken}");
    }
}
