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
    /// How many of them are in the pool.
    listed: usize,
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
        let (active, hosts) = (self.ejected(), self.listed as f64);
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
            let next = self.base.as_ns().saturating_mul(u64::from(host.backoff));
            if next < self.longest.as_ns().saturating_add(self.base.as_ns()) {
                host.backoff += 1;
            }
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

    fn sweep_success_rates(&mut self, rated: Vec<(usize, f64)>, now: Time, stream: &mut Stream) {
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

    fn sweep_failures(&mut self, rated: Vec<(usize, f64)>, now: Time, stream: &mut Stream) {
        let (threshold, enforce) =
            (self.failure_percentage.threshold, self.failure_percentage.enforce);
        for (member, rate) in rated {
            if 1.0 - rate >= threshold && enforce > 0.0 {
                self.eject(member, now, enforce, stream);
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
        // A row that has been judged begins anew, whether it had consequences or not.
        if gateway == self.consecutive_gateway {
            self.hosts[member].gateway_errors = 0;
            if self.enforce_gateway > 0.0 {
                self.eject(member, end.now, self.enforce_gateway, stream);
            }
        }
        if errors == self.consecutive_5xx {
            self.hosts[member].errors = 0;
            self.eject(member, end.now, 1.0, stream);
        }
        None
    }

    fn list(&mut self, listed: &[bool]) {
        self.listed = listed.iter().filter(|listed| **listed).count();
        for (host, _) in self.hosts.iter_mut().zip(listed).filter(|(_, listed)| !**listed) {
            *host = Host::default();
        }
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
            }
        }
        let rates = self.rated(self.success_rate.hosts, self.success_rate.volume);
        let failures = self.rated(self.failure_percentage.hosts, self.failure_percentage.volume);
        self.sweep_success_rates(rates, now, stream);
        self.sweep_failures(failures, now, stream);
        for host in &mut self.hosts {
            // Only who is well after this sweep, and has been for an interval, is forgiven.
            if host.ejected_at.is_none()
                && host.unejected_at.is_some_and(|at| now >= at + self.interval)
            {
                host.backoff = host.backoff.saturating_sub(1);
            }
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
            listed: members,
        })
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed};

    fn at(seconds: u64) -> Time {
        Span::from_secs(seconds).after_start()
    }

    /// A rule for six hosts, any number of whom may be out, with these parameters unlike Envoy's.
    fn rule(set: &[(&str, f64)]) -> Box<dyn EjectionRule> {
        let value = |parameter: &Parameter| {
            let set = set.iter().find(|(name, _)| *name == parameter.name);
            set.map_or(parameter.default, |(_, value)| *value)
        };
        let arguments: Vec<f64> = EJECTION.parameters.iter().map(value).collect();
        (EJECTION.build)(&arguments, 6)
    }

    fn stream() -> Stream {
        Stream::new(Seed::new(1), Purpose::Test, 0)
    }

    fn over(rule: &mut dyn EjectionRule, member: usize, outcome: Outcome, now: Time, times: u32) {
        let end = TryEnd { outcome, is_retried: false, now };
        for _ in 0..times {
            rule.try_over(member, &end, &mut stream());
        }
    }

    /// How many seconds each of so many ejections lasts; `fail` brings them about.
    fn ejections(
        rule: &mut dyn EjectionRule,
        count: usize,
        fail: impl Fn(&mut dyn EjectionRule, Time),
    ) -> Vec<u64> {
        let (mut lasted, mut began) = (Vec::new(), None);
        for second in (10..).step_by(10) {
            fail(rule, at(second - 1));
            let was_out = rule.is_out(0, at(second));
            if was_out && began.is_none() {
                began = Some(second - 1);
            }
            rule.sweep(at(second), &mut stream());
            match (began, rule.is_out(0, at(second))) {
                (None, true) => began = Some(second),
                (Some(from), false) => {
                    lasted.push(second - from);
                    began = None;
                }
                _ => {}
            }
            if lasted.len() == count {
                break;
            }
        }
        lasted
    }

    /// `checkHostForUneject`: base time times the number of ejections, at the next sweep.
    #[test]
    fn ejections_for_errors_in_a_row_grow() {
        let mut rule = rule(&[("max-percent", 1.0)]);
        let fail = |rule: &mut dyn EjectionRule, now| over(rule, 0, Outcome::Http500, now, 5);
        assert_eq!(ejections(rule.as_mut(), 3, fail), [31, 61, 91]);
    }

    /// `onIntervalTimer` forgives after it has judged the rates: a host that fails in every interval
    /// is out for longer each time.
    #[test]
    fn ejections_for_low_success_rates_grow() {
        let mut rule = rule(&[("max-percent", 1.0), ("consecutive-5xx", 1e6)]);
        let fail = |rule: &mut dyn EjectionRule, now| {
            if rule.is_out(0, now) {
                return;
            }
            for member in 1..6 {
                over(rule, member, Outcome::Ok, now, 100);
            }
            over(rule, 0, Outcome::Http500, now, 100);
        };
        assert_eq!(ejections(rule.as_mut(), 3, fail), [30, 60, 90]);
    }

    /// `ejectHost` counts on until base * times is max + base: a host that has been bad for hours is
    /// forgiven in as many intervals as one that has been bad for minutes.
    #[test]
    fn what_is_to_be_forgiven_is_bounded() {
        let mut rule = rule(&[("max-percent", 1.0), ("base-time", 10.0), ("max-time", 20.0)]);
        let fail = |rule: &mut dyn EjectionRule, now| over(rule, 0, Outcome::Http500, now, 5);
        let lasted = ejections(rule.as_mut(), 10, fail);
        assert_eq!(lasted[..3], [11, 21, 21]);
        // Well for four intervals: three are forgiven, and the next ejection is a first one.
        for second in 10_000..10_004 {
            rule.sweep(at(10 * second), &mut stream());
        }
        over(rule.as_mut(), 0, Outcome::Http500, at(100_039), 5);
        rule.sweep(at(100_040), &mut stream());
        assert!(rule.is_out(0, at(100_040)));
        rule.sweep(at(100_050), &mut stream());
        assert!(!rule.is_out(0, at(100_050)));
    }

    /// `onConsecutiveErrorWorker` resets the row even if nobody may be ejected: what is not enforced
    /// with the first five errors may be with the next.
    #[test]
    fn rows_of_gateway_errors_begin_anew() {
        let parameters = [("max-percent", 0.2), ("enforce-gateway", 1.0), ("consecutive-5xx", 1e6)];
        let mut rule = rule(&parameters);
        over(rule.as_mut(), 1, Outcome::Http503, at(1), 5);
        over(rule.as_mut(), 0, Outcome::Http503, at(2), 5);
        assert!(rule.is_out(1, at(3)) && !rule.is_out(0, at(3)), "one of six at most");
        rule.check_passed(1, at(4));
        over(rule.as_mut(), 0, Outcome::Http503, at(5), 4);
        assert!(!rule.is_out(0, at(5)));
        over(rule.as_mut(), 0, Outcome::Http503, at(6), 1);
        assert!(rule.is_out(0, at(6)), "the tenth in a row is judged again");
    }
}
