//! `observe`: HAProxy's `observe`, `error-limit` and `on-error`.

use super::policy::Ejection;
use super::rule::{EjectionRule, TryEnd, Verdict};
use crate::engine::random::Stream;
use crate::engine::time::Time;
use crate::model::balancer::{Parameter, ParameterKind};
use crate::model::outcome::Outcome;

const LAYERS: &[&str] = &["connection", "answer"];
const REACTIONS: &[&str] = &["fail-check", "sudden-death", "mark-down", "check-sooner"];

#[derive(Clone)]
struct Observe {
    sees_answers: bool,
    limit: u32,
    reaction: Verdict,
    errors: Vec<u32>,
}

impl EjectionRule for Observe {
    fn try_over(&mut self, member: usize, end: &TryEnd, _: &mut Stream) -> Option<Verdict> {
        let is_connected = !matches!(end.outcome, Outcome::Refused | Outcome::Timeout);
        let is_good = if self.sees_answers { end.outcome.is_ok() } else { is_connected };
        let errors = &mut self.errors[member];
        *errors = if is_good { 0 } else { *errors + 1 };
        if *errors < self.limit {
            return None;
        }
        *errors = 0;
        Some(self.reaction)
    }

    /// It acts on the health counter alone: checks bring the member back.
    fn is_out(&self, _: usize, _: Time) -> bool {
        false
    }

    fn boxed_clone(&self) -> Box<dyn EjectionRule> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: HAProxy configuration manual 5.2, and `__health_adjust`.
pub(super) const EJECTION: Ejection = Ejection {
    name: "observe",
    summary: "so many errors in a row count as failed checks; the checks bring the member back",
    fails: "without checks nothing happens; if checks pass while work fails, the member flaps",
    vendors: "HAProxy: observe, error-limit, on-error",
    parameters: &[
        Parameter {
            name: "layer",
            kind: ParameterKind::Choice(LAYERS),
            default: 1.0,
            range: (0.0, 1.0),
            doc: "what counts: failed connections (layer4), or bad answers too (layer7)",
        },
        Parameter {
            name: "error-limit",
            kind: ParameterKind::Count,
            default: 10.0,
            range: (1.0, 1e6),
            doc: "errors in a row",
        },
        Parameter {
            name: "on-error",
            kind: ParameterKind::Choice(REACTIONS),
            default: 0.0,
            range: (0.0, 3.0),
            doc: "what they lead to; check-sooner is HAProxy's fastinter",
        },
    ],
    build: |arguments, members| {
        let reaction = match arguments[2] as usize {
            0 => Verdict::FailCheck,
            1 => Verdict::SuddenDeath,
            2 => Verdict::MarkDown,
            _ => Verdict::CheckSooner,
        };
        Box::new(Observe {
            sees_answers: arguments[0] > 0.5,
            limit: arguments[1] as u32,
            reaction,
            errors: vec![0; members],
        })
    },
};
