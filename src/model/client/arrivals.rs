//! When a population's next requests are born: gaps of mean 1, read through the integral of the rate.
//!
//! While the rate is constant that is a division. Else the rate is a product of steps, lines and
//! sines; it is cut where any of them changes its shape, each piece is integrated by Gauss-Legendre
//! quadrature of five points, which is exact for up to nine lines at a time and to the last bits for
//! a sixteenth of a sine, and the end of the gap is found in its piece by Newton's method.

use super::bursts::Bursts;
use super::profile::{self, Piece};
use super::surge::Surge;
use super::trace::Replay;
use crate::engine::random::{Purpose, Seed, Stream};
use crate::engine::time::{Span, Time};
use crate::model::setup::{Arrivals, CountLaw, Population, Profile};

/// What gaps are drawn from, and who comes after one.
#[derive(Clone, Copy, Debug)]
enum Gaps {
    Exponential,
    Constant,
    Jittered { spread: f64 },
    Batches { law: CountLaw, mean: f64 },
    Recorded,
    Never,
}

impl Gaps {
    fn of(arrivals: &Arrivals) -> Self {
        match *arrivals {
            Arrivals::Poisson | Arrivals::Bursty { .. } => Self::Exponential,
            Arrivals::Constant => Self::Constant,
            Arrivals::Jittered { spread } => Self::Jittered { spread },
            Arrivals::Batches { law, mean } => Self::Batches { law, mean },
            Arrivals::Trace(_) => Self::Recorded,
            Arrivals::Closed { .. } => Self::Never,
        }
    }
}

/// Exponential gaps, drawn several at a time: in the order of their stream, from which nothing else is
/// drawn.
#[derive(Clone, Debug)]
struct Ahead {
    gaps: [f64; Self::MOST],
    /// How many of them are taken.
    taken: usize,
}

impl Ahead {
    const MOST: usize = 64;

    /// None yet: whose gaps are others draws none.
    const fn new() -> Self {
        Self { gaps: [0.0; Self::MOST], taken: Self::MOST }
    }

    /// The next one, if it is drawn.
    #[inline]
    fn take(&mut self) -> Option<f64> {
        let gap = *self.gaps.get(self.taken)?;
        self.taken += 1;
        Some(gap)
    }

    /// The next one.
    fn take_or_draw(&mut self, stream: &mut Stream) -> f64 {
        self.take().unwrap_or_else(|| {
            stream.exponentials(&mut self.gaps);
            self.taken = 1;
            self.gaps[0]
        })
    }
}

/// A population's arrival process at run time.
#[derive(Clone, Debug)]
pub(super) struct Arriving {
    stream: Stream,
    gaps: Gaps,
    ahead: Ahead,
    /// Whether gaps are exponential and the rate is a positive constant, as it is nearly always.
    is_plain: bool,
    /// Requests per second now, but for the profile, bursts and flash crowds.
    rate: f64,
    /// Arrival events of an earlier rate are dropped.
    pub(super) epoch: u32,
    /// When the next request is due, in nanoseconds with the fraction that rounding would lose.
    next_ns: f64,
    /// The current gap, in mean gaps, and when it began; while the rate is no constant.
    gap: f64,
    began_ns: f64,
    /// What is left of the current gap while the rate is zero.
    gap_left: f64,
    /// The end of the run: nobody asks what would come after it.
    end_ns: f64,
    profile: Option<Profile>,
    bursts: Option<Bursts>,
    /// Surges in force; factors multiply.
    surges: Vec<Surge>,
    /// Whether any of them is a flash crowd.
    has_ramps: bool,
    replay: Option<Replay>,
}

/// The rate from some time on, but for the constant part.
struct Stretch {
    piece: Option<Piece>,
    bursts: f64,
    until: f64,
    is_level: bool,
}

impl Arriving {
    pub(super) fn new(setup: &Population, index: u64, seed: Seed, duration: Span) -> Self {
        let mut arriving = Self {
            stream: Stream::new(seed, Purpose::Arrivals, index),
            gaps: Gaps::of(&setup.arrivals),
            ahead: Ahead::new(),
            is_plain: false,
            rate: setup.rate,
            epoch: 0,
            next_ns: 0.0,
            gap: 0.0,
            began_ns: 0.0,
            gap_left: 0.0,
            end_ns: duration.as_ns() as f64,
            profile: setup.profile.clone(),
            bursts: Bursts::new(&setup.arrivals, seed, index),
            surges: Vec::new(),
            has_ramps: false,
            replay: Replay::new(&setup.arrivals, seed, index),
        };
        arriving.is_plain = arriving.has_plain_gaps();
        arriving
    }

    fn has_plain_gaps(&self) -> bool {
        matches!(self.gaps, Gaps::Exponential) && self.rate > 0.0 && !self.is_varying()
    }

    /// Draws the next gap, and returns when it ends; `None` while nobody arrives.
    ///
    /// Not inlined, so that those who ask for it are.
    #[inline(never)]
    pub(super) fn draw(&mut self) -> Option<Time> {
        if self.is_plain
            && let Some(gap) = self.ahead.take()
        {
            self.pass_evenly(gap);
            return Some(self.due());
        }
        self.draw_otherwise()
    }

    #[inline(never)]
    fn draw_otherwise(&mut self) -> Option<Time> {
        let gap = match self.gaps {
            Gaps::Exponential => self.ahead.take_or_draw(&mut self.stream),
            Gaps::Constant => 1.0,
            Gaps::Jittered { spread } => 1.0 + spread * (2.0 * self.stream.unit() - 1.0),
            Gaps::Batches { mean, .. } => mean * self.stream.exponential(),
            Gaps::Recorded => return self.replay.as_mut().and_then(Replay::advance),
            Gaps::Never => return None,
        };
        self.arrive_after(gap)
    }

    /// Whether each comes alone, and is not a recorded one.
    #[inline]
    pub(super) fn is_one_by_one(&self) -> bool {
        matches!(self.gaps, Gaps::Exponential | Gaps::Constant | Gaps::Jittered { .. })
    }

    /// How many are born at the arrival that is due.
    pub(super) fn batch(&mut self) -> u32 {
        match self.gaps {
            Gaps::Batches { law, mean } => count(law, mean, || self.stream.unit()),
            _ => 1,
        }
    }

    /// The recorded request that is due: its identity.
    pub(super) fn recorded(&self) -> Option<u64> {
        self.replay.as_ref().map(Replay::due)
    }

    fn is_varying(&self) -> bool {
        self.profile.is_some() || self.bursts.is_some() || self.has_ramps
    }

    /// A gap at a constant rate.
    #[inline]
    fn pass_evenly(&mut self, gap: f64) {
        self.next_ns += gap * 1e9 / self.rate;
    }

    /// When the next request is due.
    #[inline]
    fn due(&self) -> Time {
        Span::from_ns_f64(self.next_ns).after_start()
    }

    fn arrive_after(&mut self, gap: f64) -> Option<Time> {
        if self.rate <= 0.0 {
            self.gap_left = gap;
            return None;
        }
        if self.is_varying() {
            (self.gap, self.began_ns) = (gap, self.next_ns);
            self.next_ns = self.end_of(self.next_ns, gap)?;
        } else {
            self.pass_evenly(gap);
        }
        Some(self.due())
    }

    /// What is left of the current gap, in mean gaps.
    fn left(&mut self, now_ns: f64) -> f64 {
        if self.rate <= 0.0 {
            self.gap_left
        } else if self.is_varying() {
            (self.gap - self.amount(self.began_ns, now_ns)).max(0.0)
        } else {
            (self.next_ns - now_ns).max(0.0) * self.rate / 1e9
        }
    }

    /// Changes the surges in force; `base` is the rate without any. Returns when the next request is
    /// due if that may have changed: what is left of the current gap is read at the new rate. For
    /// Poisson arrivals that is exact.
    pub(super) fn resurge(
        &mut self,
        now: Time,
        base: f64,
        change: impl Fn(&mut Vec<Surge>),
    ) -> Option<Time> {
        let now_ns = now.as_ns() as f64;
        let left = self.left(now_ns);
        let had_ramps = self.has_ramps;
        change(&mut self.surges);
        self.has_ramps = self.surges.iter().any(|surge| surge.ramp.is_some());
        let steady = self.surges.iter().filter(|surge| surge.ramp.is_none());
        let factor: f64 = steady.map(|surge| surge.factor).product();
        let rate = base * factor;
        if rate.to_bits() == self.rate.to_bits() && !had_ramps && !self.has_ramps {
            return None;
        }
        self.rate = rate;
        self.is_plain = self.has_plain_gaps();
        self.epoch = self.epoch.wrapping_add(1);
        self.next_ns = now_ns;
        self.arrive_after(left)
    }

    /// Whether a surge is in force.
    pub(super) fn is_surging(&self, now: Time) -> bool {
        self.surges.iter().any(|surge| !surge.is_over(now))
    }

    /// Flash crowds' factor; all others are in `rate`.
    fn ramps(&self, time: f64) -> f64 {
        let ramps = self.surges.iter().filter(|surge| surge.ramp.is_some());
        ramps.map(|surge| surge.at(time)).product()
    }

    /// The rate from `time` on, as far as it keeps its shape.
    fn stretch(&mut self, time: f64) -> Stretch {
        let piece = self.profile.as_ref().map(|profile| profile::piece(profile, time));
        let (mut until, mut is_level) =
            piece.map_or((f64::INFINITY, true), |piece| (piece.until, piece.is_level()));
        let (mut factor, mut changes) = (1.0, f64::INFINITY);
        if let Some(bursts) = &mut self.bursts {
            (factor, changes) = bursts.at(time);
        }
        until = until.min(changes);
        for surge in &self.surges {
            let (bends, steady) = surge.until(time);
            until = until.min(bends);
            is_level &= steady;
        }
        // Where rounding puts the end of a piece before its beginning, time must go on.
        Stretch { piece, bursts: factor, until: until.max(time + 1.0), is_level }
    }

    /// Arrivals per nanosecond at a time of the stretch.
    fn intensity(&self, stretch: &Stretch, time: f64) -> f64 {
        let profile = stretch.piece.map_or(1.0, |piece| piece.at(time));
        self.rate / 1e9 * profile * stretch.bursts * self.ramps(time)
    }

    /// Arrivals to be expected between two times of a stretch.
    fn integral(&self, stretch: &Stretch, from: f64, to: f64) -> f64 {
        if stretch.is_level {
            return self.intensity(stretch, from) * (to - from);
        }
        profile::quadrature(from, to, |time| self.intensity(stretch, time))
    }

    /// Arrivals to be expected between two times, in order.
    fn amount(&mut self, from: f64, to: f64) -> f64 {
        let (mut at, mut sum) = (from, 0.0);
        while at < to {
            let stretch = self.stretch(at);
            let until = stretch.until.min(to);
            sum += self.integral(&stretch, at, until);
            at = until;
        }
        sum
    }

    /// When a gap that begins at `from` ends; `None` if that is after the run.
    fn end_of(&mut self, from: f64, gap: f64) -> Option<f64> {
        if let Some(bursts) = &mut self.bursts {
            bursts.forget(from);
        }
        let (mut at, mut left) = self.skip_turns(from, gap);
        while at < self.end_ns {
            let stretch = self.stretch(at);
            let most = stretch.until.min(self.end_ns);
            let whole = self.integral(&stretch, at, most);
            if left <= whole {
                return Some(self.solve(&stretch, (at, most), (left, whole)));
            }
            left -= whole;
            at = most;
        }
        None
    }

    /// Whole turns of a profile at once, where a gap lasts for many.
    fn skip_turns(&mut self, from: f64, gap: f64) -> (f64, f64) {
        let turn = self.profile.as_ref().and_then(profile::turn);
        let Some(turn) = turn.filter(|_| self.bursts.is_none() && !self.has_ramps) else {
            return (from, gap);
        };
        if from + 2.0 * turn > self.end_ns {
            return (from, gap);
        }
        // Worked out only where the first turn is not enough: its height is bounded by that.
        let most = self.height() * self.rate / 1e9 * turn;
        if gap <= 2.0 * most {
            return (from, gap);
        }
        let each = self.amount(from, from + turn);
        let till_end = libm::floor((self.end_ns - from) / turn);
        let turns = if each > 0.0 { libm::floor(gap / each).min(till_end) } else { till_end };
        let turns = (turns - 1.0).max(0.0);
        (from + turns * turn, gap - turns * each)
    }

    /// The highest factor of the profile.
    fn height(&self) -> f64 {
        match &self.profile {
            None => 1.0,
            Some(Profile::Sine { high, .. }) => *high,
            Some(Profile::Points { points, .. }) => {
                points.iter().map(|&(_, factor)| factor).fold(0.0, f64::max)
            }
        }
    }

    /// The time in a stretch at which `left` of its `whole` is over.
    fn solve(&self, stretch: &Stretch, (from, to): (f64, f64), (left, whole): (f64, f64)) -> f64 {
        if stretch.is_level {
            return (from + left / self.intensity(stretch, from)).min(to);
        }
        let (mut low, mut high) = (from, to);
        let mut time = from + (to - from) * (left / whole).min(1.0);
        for _ in 0..64 {
            let excess = self.integral(stretch, from, time) - left;
            if excess > 0.0 {
                high = time;
            } else {
                low = time;
            }
            let next = time - excess / self.intensity(stretch, time);
            // Where the rate is next to nothing Newton's step leads astray: halve instead.
            let next = if next > low && next < high { next } else { f64::midpoint(low, high) };
            // A thousandth of a nanosecond, as far as the numbers are that fine.
            if (next - time).abs() < 1e-3 {
                return next;
            }
            time = next;
        }
        time
    }
}

/// A count of this law and mean.
pub(super) fn count(law: CountLaw, mean: f64, draw: impl FnOnce() -> f64) -> u32 {
    match law {
        CountLaw::Constant => mean.round() as u32,
        CountLaw::Geometric if mean > 1.0 => {
            let failures = libm::log(1.0 - draw()) / libm::log1p(-1.0 / mean);
            1_u32.saturating_add(failures as u32)
        }
        CountLaw::Geometric => 1,
    }
}
