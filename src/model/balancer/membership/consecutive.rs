//! `consecutive`: so many failures in a row put a member out for a fixed time.

use super::policy::Ejection;
use super::rule::{EjectionRule, TryEnd, Verdict};
use crate::engine::random::Stream;
use crate::engine::time::{Span, Time};
use crate::model::balancer::{Parameter, ParameterKind};

#[derive(Clone)]
struct Consecutive {
    failures: u32,
    period: Span,
    members: Vec<(u32, Option<Time>)>,
}

impl EjectionRule for Consecutive {
    fn try_over(&mut self, member: usize, end: &TryEnd, _: &mut Stream) -> Option<Verdict> {
        let (failed, out_until) = &mut self.members[member];
        if end.outcome.is_ok() {
            *failed = 0;
            return None;
        }
        *failed += 1;
        if *failed >= self.failures {
            *failed = 0;
            *out_until = Some(end.now + self.period);
        }
        None
    }

    fn is_out(&self, member: usize, now: Time) -> bool {
        self.members[member].1.is_some_and(|until| now < until)
    }

    fn changes_at(&self, member: usize, now: Time) -> Option<Time> {
        self.members[member].1.filter(|&until| until > now)
    }

    fn boxed_clone(&self) -> Box<dyn EjectionRule> {
        Box::new(self.clone())
    }
}

/// The entry in the table.
pub(super) const EJECTION: Ejection = Ejection {
    name: "consecutive",
    summary: "a member that fails so many tries in a row is out for a fixed time",
    fails: "one client's bad requests, or a fault that all members share, put everybody out",
    vendors: "akin to Linkerd's failure accrual and Finagle's, whose penalties grow",
    parameters: &[
        Parameter {
            name: "failures",
            kind: ParameterKind::Count,
            default: 5.0,
            range: (1.0, 1e6),
            doc: "failed tries in a row that put a member out",
        },
        Parameter {
            name: "period",
            kind: ParameterKind::Duration,
            default: 10.0,
            range: (1e-3, 1e6),
            doc: "how long it is out",
        },
    ],
    build: |arguments, members| {
        Box::new(Consecutive {
            failures: arguments[0] as u32,
            period: Span::from_ns_f64(arguments[1] * 1e9),
            members: vec![(0, None); members],
        })
    },
};
