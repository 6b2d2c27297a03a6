//! The probe of these tests: exact sums, and quantiles finer than any tolerance asked of them.

use misroute::engine::dist::Distribution;
use misroute::engine::random::{Purpose, Seed, key, keyed};
use misroute::engine::time::{Span, Time};
use misroute::model::outcome::Outcome;
use misroute::model::probe::{BackendGauge, FinishedRequest, Gauges, Probe};
use misroute::model::setup::PopulationId;
use std::collections::{BTreeMap, VecDeque};

const SUB_BITS: u32 = 9;

/// Counts by size, 512 buckets per power of two, interpolated: within 0.001% of the exact quantile
/// wherever the law is smooth, and exact at zero.
#[derive(Default)]
pub(super) struct Quantiles {
    buckets: Vec<u32>,
    count: u64,
}

impl Quantiles {
    #[inline]
    pub(super) fn record(&mut self, ns: u64) {
        let bucket = if ns < 1 << SUB_BITS {
            ns as usize
        } else {
            let shift = ns.ilog2() - SUB_BITS;
            ((shift as usize) << SUB_BITS) + (ns >> shift) as usize
        };
        if bucket >= self.buckets.len() {
            self.buckets.resize(bucket + 1, 0);
        }
        self.buckets[bucket] += 1;
        self.count += 1;
    }

    fn lower_bound(bucket: usize) -> f64 {
        let sub = 1 << SUB_BITS;
        if bucket < 2 * sub {
            return bucket as f64;
        }
        let shift = (bucket >> SUB_BITS) - 1;
        (((bucket & (sub - 1)) + sub) << shift) as f64
    }

    /// The value that a share `q` stays within, in nanoseconds.
    pub(super) fn at(&self, q: f64) -> f64 {
        let rank = q * self.count as f64;
        let mut below = 0.0;
        for (bucket, &n) in self.buckets.iter().enumerate() {
            let n = f64::from(n);
            if n > 0.0 && below + n >= rank {
                let (low, high) = (Self::lower_bound(bucket), Self::lower_bound(bucket + 1));
                // A bucket of width one holds one value.
                let width = if high - low > 1.0 { high - low } else { 0.0 };
                return low + width * (rank - below) / n;
            }
            below += n;
        }
        f64::NAN
    }
}

/// Sums over requests.
#[derive(Default)]
pub(super) struct Moments {
    pub(super) count: u64,
    sum_ns: u128,
    sum_squares: f64,
    pub(super) quantiles: Option<Quantiles>,
}

impl Moments {
    #[inline]
    fn record(&mut self, ns: u64) {
        self.count += 1;
        self.sum_ns += u128::from(ns);
        self.sum_squares += ns as f64 * ns as f64;
        if let Some(quantiles) = &mut self.quantiles {
            quantiles.record(ns);
        }
    }

    /// Mean, nanoseconds.
    pub(super) fn mean(&self) -> f64 {
        self.sum_ns as f64 / self.count as f64
    }

    /// Mean square, square nanoseconds.
    pub(super) fn second(&self) -> f64 {
        self.sum_squares / self.count as f64
    }
}

/// How much sooner than after its service somebody may be done, where shares of workers are rounded.
const ROUNDING: Span = Span::from_ns(1_000);

/// Knows what each request's service took: waits are sojourns less that.
struct Services {
    key: u64,
    law: Distribution,
    /// Births of the requests from `first` on, and whether each is over.
    open: VecDeque<(Time, bool)>,
    first: u64,
}

impl Services {
    /// The service time of the request born then, which took `sojourn`. Of several born in one
    /// nanosecond it is the one with the longest service that fits, give or take the rounding of
    /// shared workers.
    fn of(&mut self, born: Time, sojourn: Span) -> Span {
        let from = self.open.partition_point(|&(other, _)| other < born);
        let mut found: Option<(usize, Span)> = None;
        for at in from..self.open.len() {
            let (other, over) = self.open[at];
            if other != born {
                break;
            }
            let service = self.law.at(keyed(self.key, self.first + at as u64));
            let better = found.is_none_or(|(_, best)| best < service);
            if !over && service <= sojourn + ROUNDING && better {
                found = Some((at, service));
            }
        }
        let (at, service) = found.expect("nobody is served in less than the service time");
        self.close(at);
        service
    }

    /// The request born then is over without service.
    fn forget(&mut self, born: Time) {
        let from = self.open.partition_point(|&(other, _)| other < born);
        let open = self.open.iter().skip(from).position(|&(_, over)| !over);
        self.close(from + open.expect("what ends was born"));
    }

    fn close(&mut self, at: usize) {
        self.open[at].1 = true;
        while self.open.front().is_some_and(|&(_, over)| over) {
            self.open.pop_front();
            self.first += 1;
        }
    }
}

/// What one replication showed of the requests born from `from` on.
pub(super) struct Tally {
    from: Time,
    /// Requests born from then on are not looked at.
    pub(super) until: Time,
    services: Option<Services>,
    pub(super) sojourn: Moments,
    pub(super) wait: Moments,
    pub(super) waited: u64,
    /// Of each service time: how many, and the sum of their sojourns in nanoseconds.
    pub(super) sizes: Option<BTreeMap<u64, (u64, u128)>>,
    pub(super) outcomes: [u64; Outcome::COUNT],
    pub(super) attempts: u64,
    pub(super) before: Vec<BackendGauge>,
    pub(super) after: Vec<BackendGauge>,
    /// Requests in flight at every sample.
    pub(super) in_flight: Vec<u64>,
    /// From `from` to the last sample.
    pub(super) span: Span,
    /// Workers of each backend.
    pub(super) workers: u32,
}

impl Tally {
    /// `service`: the law of the one population's services, if waits are wanted.
    pub(super) fn new(
        from: Time,
        seed: Seed,
        service: Option<&Distribution>,
        quantiles: bool,
    ) -> Self {
        let moments =
            || Moments { quantiles: quantiles.then(Quantiles::default), ..Moments::default() };
        Self {
            from,
            until: Time::FOREVER,
            services: service.map(|law| Services {
                key: key(seed, Purpose::ServiceMark, 0),
                law: law.clone(),
                open: VecDeque::new(),
                first: 0,
            }),
            sojourn: moments(),
            wait: moments(),
            waited: 0,
            sizes: None,
            outcomes: [0; Outcome::COUNT],
            attempts: 0,
            before: Vec::new(),
            after: Vec::new(),
            in_flight: Vec::new(),
            span: Span::ZERO,
            workers: 1,
        }
    }

    /// Requests with this outcome.
    pub(super) fn ended(&self, outcome: Outcome) -> f64 {
        self.outcomes[outcome.index()] as f64
    }

    /// Requests with any outcome.
    pub(super) fn finished(&self) -> f64 {
        self.outcomes.iter().sum::<u64>() as f64
    }

    /// The growth of a count or integral over all backends.
    pub(super) fn grown(&self, part: impl Fn(&BackendGauge) -> f64) -> f64 {
        self.after.iter().map(&part).sum::<f64>() - self.before.iter().map(&part).sum::<f64>()
    }
}

impl Probe for Tally {
    #[inline]
    fn request_born(&mut self, now: Time, _: PopulationId, _: u32) {
        if let Some(services) = &mut self.services {
            services.open.push_back((now, false));
        }
    }

    #[inline]
    fn request_finished(&mut self, now: Time, request: &FinishedRequest) {
        let sojourn = now.since(request.born);
        let served = request.outcome == Outcome::Ok;
        let service = self.services.as_mut().and_then(|services| {
            if served {
                return Some(services.of(request.born, sojourn));
            }
            services.forget(request.born);
            None
        });
        if request.born < self.from || request.born >= self.until {
            return;
        }
        self.outcomes[request.outcome.index()] += 1;
        self.attempts += u64::from(request.attempts);
        if !served {
            return;
        }
        let sojourn = sojourn.as_ns();
        self.sojourn.record(sojourn);
        if let Some(service) = service {
            let wait = sojourn.saturating_sub(service.as_ns());
            self.wait.record(wait);
            self.waited += u64::from(wait > 0);
            if let Some(sizes) = &mut self.sizes {
                let (count, sum_ns) = sizes.entry(service.as_ns()).or_default();
                (*count, *sum_ns) = (*count + 1, *sum_ns + u128::from(sojourn));
            }
        }
    }

    fn sample(&mut self, now: Time, gauges: &Gauges<'_>) {
        self.in_flight.push(gauges.in_flight);
        if now == self.from {
            self.before = gauges.backends.to_vec();
        }
        self.after.clear();
        self.after.extend_from_slice(gauges.backends);
        self.span = now.since(self.from);
    }
}
