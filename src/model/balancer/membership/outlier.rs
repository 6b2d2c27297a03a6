//! `outlier`: Envoy's outlier detection.

use super::policy::Ejection;
use super::rule::{EjectionRule, TryEnd, Verdict};
use crate::engine::random::Stream;
use crate::engine::time::{Span, Time};
use crate::model::balancer::{Parameter, ParameterKind};
use crate::model::outcome::Outcome;

/// What is known of a host.
#[derive(Clone, Copy, Default)]
struct Host {
    /// Errors in a row: of any kind, and of the gateway's.
    errors: u32,
    gateway_errors: u32,
    /// In the current interval.
    successes: u32,
    total: u32,
    ejected_at: Option<Time>,
    /// How many times the base time the next ejection lasts, less one.
    backoff: u32,
    unejected_at: Option<Time>,
}

#[derive(Clone)]
struct Outlier {
    consecutive_5xx: u32,
    consecutive_gateway: u32,
    enforce_gateway: f64,
    interval: Span,
    base: Span,
    longest: Span,
    max_percent: f64,
    always_one: bool,
    /// Before 1.28 one host could always be ejected.
    is_strict: bool,
    success_rate: SuccessRate,
    failure_percentage: FailurePercentage,
    hosts: Vec<Host>,
}

#[derive(Clone)]
struct SuccessRate {
    enforce: f64,
    hosts: usize,
    volume: u32,
    deviations: f64,
}

#[derive(Clone)]
struct FailurePercentage {
    enforce: f64,
    threshold: f64,
    hosts: usize,
    volume: u32,
}

impl Outlier {
    fn ejected(&self) -> usize {
        self.hosts.iter().filter(|host| host.ejected_at.is_some()).count()
    }

    /// `DetectorImpl::ejectHost`, but for the runtime overrides.
    fn eject(&mut self, member: usize, now: Time, enforce: f64, stream: &mut Stream) {
        let (active, hosts) = (self.ejected(), self.hosts.len() as f64);
        if self.hosts[member].ejected_at.is_some() {
            return;
        }
        let may = if self.is_strict {
            (active + 1) as f64 / hosts <= self.max_percent + 1e-9
        } else {
            active == 0 || (active as f64) / hosts < self.max_percent
        };
        let may = may || (self.always_one && active == 0);
        if may && (enforce >= 1.0 || stream.unit() < enforce) {
            let host = &mut self.hosts[member];
            host.ejected_at = Some(now);
            host.backoff += 1;
        }
    }

    fn uneject(&mut self, member: usize, now: Time) {
        let host = &mut self.hosts[member];
        host.ejected_at = None;
        host.unejected_at = Some(now);
        host.errors = 0;
        host.gateway_errors = 0;
    }

    /// Hosts with enough requests, if there are enough of them, with their success ratios.
    fn rated(&self, hosts: usize, volume: u32) -> Vec<(usize, f64)> {
        let rated: Vec<(usize, f64)> = self
            .hosts
            .iter()
            .enumerate()
            .filter(|(_, host)| host.total >= volume.max(1) && host.ejected_at.is_none())
            .map(|(member, host)| (member, f64::from(host.successes) / f64::from(host.total)))
            .collect();
        if rated.len() >= hosts { rated } else { Vec::new() }
    }

    fn sweep_success_rates(&mut self, now: Time, stream: &mut Stream) {
        let rated = self.rated(self.success_rate.hosts, self.success_rate.volume);
        if rated.is_empty() {
            return;
        }
        let n = rated.len() as f64;
        let mean = rated.iter().map(|&(_, rate)| rate).sum::<f64>() / n;
        let variance = rated.iter().map(|&(_, r)| (r - mean) * (r - mean)).sum::<f64>() / n;
        let threshold = mean - self.success_rate.deviations * libm::sqrt(variance);
        let enforce = self.success_rate.enforce;
        for (member, rate) in rated {
            if rate < threshold && enforce > 0.0 {
                self.eject(member, now, enforce, stream);
            }
        }
    }

    fn sweep_failures(&mut self, now: Time, stream: &mut Stream) {
        let rule = self.failure_percentage.clone();
        for (member, rate) in self.rated(rule.hosts, rule.volume) {
            if 1.0 - rate >= rule.threshold && rule.enforce > 0.0 {
                self.eject(member, now, rule.enforce, stream);
            }
        }
    }
}

impl EjectionRule for Outlier {
    fn try_over(&mut self, member: usize, end: &TryEnd, stream: &mut Stream) -> Option<Verdict> {
        let host = &mut self.hosts[member];
        host.total += 1;
        if end.outcome.is_ok() {
            host.successes += 1;
            host.errors = 0;
            host.gateway_errors = 0;
            return None;
        }
        host.errors += 1;
        // 502, 503, 504, and connections that were not made; a plain 500 breaks the row.
        host.gateway_errors =
            if end.outcome == Outcome::Http500 { 0 } else { host.gateway_errors + 1 };
        let (errors, gateway) = (host.errors, host.gateway_errors);
        if gateway == self.consecutive_gateway && self.enforce_gateway > 0.0 {
            self.eject(member, end.now, self.enforce_gateway, stream);
        }
        if errors == self.consecutive_5xx {
            self.hosts[member].errors = 0;
            self.eject(member, end.now, 1.0, stream);
        }
        None
    }

    fn is_out(&self, member: usize, _: Time) -> bool {
        self.hosts[member].ejected_at.is_some()
    }

    fn sweeps_every(&self) -> Option<Span> {
        Some(self.interval)
    }

    /// `DetectorImpl::onIntervalTimer`.
    fn sweep(&mut self, now: Time, stream: &mut Stream) {
        for member in 0..self.hosts.len() {
            let host = self.hosts[member];
            if let Some(at) = host.ejected_at {
                let served = self.base.as_ns().saturating_mul(u64::from(host.backoff));
                if now >= at + Span::from_ns(served).min(self.longest) {
                    self.uneject(member, now);
                }
            } else if host.backoff > 0
                && host.unejected_at.is_none_or(|at| now >= at + self.interval)
            {
                self.hosts[member].backoff -= 1;
            }
        }
        self.sweep_success_rates(now, stream);
        self.sweep_failures(now, stream);
        for host in &mut self.hosts {
            host.successes = 0;
            host.total = 0;
        }
    }

    /// `successful_active_health_check_uneject_host`, true by default.
    fn check_passed(&mut self, member: usize, now: Time) {
        if self.hosts[member].ejected_at.is_some() {
            self.uneject(member, now);
        }
    }

    fn boxed_clone(&self) -> Box<dyn EjectionRule> {
        Box::new(self.clone())
    }
}

const fn count(name: &'static str, default: f64, least: f64, doc: &'static str) -> Parameter {
    Parameter { name, kind: ParameterKind::Count, default, range: (least, 1e6), doc }
}

const fn time(name: &'static str, default: f64, doc: &'static str) -> Parameter {
    Parameter { name, kind: ParameterKind::Duration, default, range: (1e-3, 1e6), doc }
}

const fn ratio(name: &'static str, default: f64, doc: &'static str) -> Parameter {
    Parameter { name, kind: ParameterKind::Ratio, default, range: (0.0, 1.0), doc }
}

/// The entry in the table. Source: Envoy, `outlier_detection.proto` and
/// `common/upstream/outlier_detection_impl.cc`.
pub(super) const EJECTION: Ejection = Ejection {
    name: "outlier",
    summary: "errors in a row, or a success rate far below the others', put a member out for a growing time",
    fails: "with max-percent 10% a pool of fewer than ten never ejects anybody; a dead member is let in again and again",
    vendors: "Envoy: outlier_detection",
    parameters: &[
        count("consecutive-5xx", 5.0, 1.0, "errors in a row that put a member out"),
        count("consecutive-gateway", 5.0, 1.0, "the same of 502, 503, 504 and lost connections"),
        ratio("enforce-gateway", 0.0, "probability that the latter has consequences"),
        time("interval", 10.0, "how often members are looked at and let in again"),
        time("base-time", 30.0, "how long a member is out, times how often it was"),
        time("max-time", 300.0, "no ejection is longer"),
        ratio("max-percent", 0.1, "share of the members that may be out at once"),
        count("always-one", 0.0, 0.0, "1: one member may always be put out"),
        count(
            "strict",
            1.0,
            0.0,
            "0: max-percent as before Envoy 1.28, when one member could always go",
        ),
        ratio("enforce-success-rate", 1.0, "probability that a low success rate has consequences"),
        count("success-rate-hosts", 5.0, 1.0, "fewest members to be compared"),
        count(
            "success-rate-volume",
            100.0,
            1.0,
            "fewest tries in an interval for a member to be compared",
        ),
        Parameter {
            name: "success-rate-deviations",
            kind: ParameterKind::Number,
            default: 1.9,
            range: (0.0, 100.0),
            doc: "standard deviations below the mean success rate that put a member out",
        },
        ratio("enforce-failures", 0.0, "probability that a high failure ratio has consequences"),
        ratio("failure-threshold", 0.85, "failure ratio that puts a member out"),
        count("failure-hosts", 5.0, 1.0, "fewest members for that"),
        count("failure-volume", 50.0, 1.0, "fewest tries in an interval for that"),
    ],
    build: |a, members| {
        let span = |seconds: f64| Span::from_ns_f64(seconds * 1e9);
        Box::new(Outlier {
            consecutive_5xx: a[0] as u32,
            consecutive_gateway: a[1] as u32,
            enforce_gateway: a[2],
            interval: span(a[3]),
            base: span(a[4]),
            longest: span(a[5].max(a[4])),
            max_percent: a[6],
            always_one: a[7] > 0.5,
            is_strict: a[8] > 0.5,
            success_rate: SuccessRate {
                enforce: a[9],
                hosts: a[10] as usize,
                volume: a[11] as u32,
                deviations: a[12],
            },
            failure_percentage: FailurePercentage {
                enforce: a[13],
                threshold: a[14],
                hosts: a[15] as usize,
                volume: a[16] as u32,
            },
            hosts: vec![Host::default(); members],
        })
    },
};
