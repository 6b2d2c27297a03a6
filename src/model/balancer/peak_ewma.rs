//! `peak-ewma`: of two drawn, the one with the smaller latency, worst remembered, times its load.

use super::weighted::WeightTable;
use super::{Algorithm, Answer, Balancer, MemberView, Parameter, ParameterKind, Pick, PickContext};
use crate::engine::time::{Span, Time};

/// What a member without an answer costs while an attempt is out to it: more than any that has
/// answered (Finagle: a sixty-five-thousandth of the largest 64-bit number).
const PENALTY: f64 = (i64::MAX >> 16) as f64;

/// A latency that jumps up to any slower answer, and decays towards faster ones in time.
#[derive(Clone, Copy, Debug)]
struct Peak {
    /// Nanoseconds.
    cost: f64,
    at: Time,
}

impl Peak {
    fn observe(&mut self, latency: f64, now: Time, decay: Span) {
        let elapsed = now.since(self.at).as_ns() as f64;
        self.at = now;
        if latency > self.cost {
            self.cost = latency;
        } else {
            let kept = libm::exp(-elapsed / decay.as_ns() as f64);
            self.cost = self.cost * kept + latency * (1.0 - kept);
        }
    }
}

#[derive(Clone)]
struct PeakEwma {
    decay: Span,
    start: f64,
    peaks: Vec<Peak>,
    table: WeightTable,
}

impl PeakEwma {
    fn choose(&mut self, context: &mut PickContext<'_>) -> Option<usize> {
        let (field, stream) = context.draws();
        let first = self.table.draw(stream, |member| field.is_eligible(member))?;
        let second = if self.table.len() > 1 {
            self.table.draw(stream, |member| field.is_eligible(member) && member != first)
        } else {
            None
        };
        let Some(second) = second else { return Some(first) };
        let costs =
            [first, second].map(|member| self.cost(&context.members[member], member, context.now));
        Some(if costs[1] < costs[0] { second } else { first })
    }

    /// What one more attempt would cost there. Time that passes without an answer lowers it, so
    /// that a member once slow is tried again.
    fn cost(&mut self, view: &MemberView, member: usize, now: Time) -> f64 {
        let pending = f64::from(view.load());
        let peak = &mut self.peaks[member];
        peak.observe(0.0, now, self.decay);
        let cost = if peak.cost < 1.0 && pending > 0.0 && self.start < 1.0 {
            PENALTY + pending
        } else {
            peak.cost * (pending + 1.0)
        };
        cost / view.effective_weight() as f64
    }
}

impl Balancer for PeakEwma {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.table = WeightTable::new(members, MemberView::effective_weight);
        self.peaks.resize(members.len(), Peak { cost: self.start, at: Time::ZERO });
    }

    fn answered(&mut self, member: usize, answer: Answer) {
        self.peaks[member].observe(answer.latency.as_ns() as f64, answer.now, self.decay);
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Sources: Finagle's `PeakEwma` and Linkerd's proxy, which starts at
/// 30 ms; both decay over 10 s. Every end counts: errors too, and clients that
/// leave (the meter stops when the handle is dropped). The first of a tie wins.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "peak-ewma",
    summary: "of two drawn, the lower peak latency, decaying in time, * (1 + attempts in flight)",
    fails: "errors that come fast look like speed (sinkhole); one slow answer bars a member for long",
    cost: "O(log n), O(n) if most members are full",
    vendors: "Finagle: p2cPeakEwma; Linkerd: ewma",
    parameters: &[
        Parameter {
            name: "decay",
            kind: ParameterKind::Duration,
            default: 10.0,
            range: (0.001, 86_400.0),
            doc: "time in which a peak falls to 1/e",
        },
        Parameter {
            name: "start",
            kind: ParameterKind::Duration,
            default: 0.0,
            range: (0.0, 3_600.0),
            doc: "latency assumed before the first answer; 0: none, and a penalty while one is due",
        },
    ],
    hears_answers: true,
    build: |build| {
        Box::new(PeakEwma {
            decay: Span::from_secs_f64(build.arguments[0]),
            start: Span::from_secs_f64(build.arguments[1]).as_ns() as f64,
            peaks: Vec::new(),
            table: WeightTable::default(),
        })
    },
    ..Algorithm::PLAIN
};

#[cfg(test)]
mod tests {
    use super::*;

    /// After one decay time, a peak of 100 ms has fallen to 1/e of the way to a 10 ms answer.
    #[test]
    fn peaks_jump_up_and_decay_down() {
        let (decay, ms) = (Span::from_secs(10), 1e6);
        let mut peak = Peak { cost: 10.0 * ms, at: Time::ZERO };
        peak.observe(100.0 * ms, Time::ZERO, decay);
        assert!((peak.cost - 100.0 * ms).abs() < 1.0);
        peak.observe(10.0 * ms, Span::from_secs(10).after_start(), decay);
        let expected = 10.0 + 90.0 * 0.367_879_441;
        assert!((peak.cost / ms - expected).abs() < 1e-6, "{} not {expected}", peak.cost / ms);
    }
}
