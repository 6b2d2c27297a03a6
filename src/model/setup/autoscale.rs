//! An autoscaler: how many backends serve, as their load asks for.

use super::BackendId;
use crate::engine::time::Span;

/// Takes backends into service and out of it, by the rule of Kubernetes' horizontal pod autoscaler
/// (Kubernetes documentation, "Horizontal Pod Autoscaling"; `pkg/controller/podautoscaler`).
#[derive(Clone, Debug, PartialEq)]
pub struct Autoscale {
    /// Who may serve; taken in in this order, and out in the reverse. Those that are up when the
    /// scenario begins serve from the start.
    pub targets: Vec<BackendId>,
    /// What it looks at.
    pub metric: ScaleMetric,
    /// What each member's metric should be; above 0.
    pub target: f64,
    /// Least and most members. At least 1, at most the targets.
    pub min: u32,
    /// See `min`.
    pub max: u32,
    /// How far the ratio of metric and target may be from 1 without anything being done.
    pub tolerance: f64,
    /// From one look to the next.
    pub sync: Span,
    /// Over how long the metric is averaged.
    pub window: Span,
    /// It takes in only what all looks of so long agree on,
    pub up_stabilization: Span,
    /// and takes out only what all looks of so long agree on.
    pub down_stabilization: Span,
    /// Most members it adds within `up_period`: so many, or
    pub up_pods: u32,
    /// this share of those at its beginning, whichever is more.
    pub up_percent: f64,
    /// See `up_pods`.
    pub up_period: Span,
    /// From a decision to the start of the new process, which takes its `start_time` on top.
    pub provision: Span,
    /// From an open port to the balancers' pools.
    pub register: Span,
    /// From being taken out of the pools to the end of the process.
    pub drain: Span,
}

/// What an autoscaler looks at, per member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScaleMetric {
    /// Share of its workers that are occupied.
    Utilization,
    /// Attempts inside, waiting or in service.
    InFlight,
    /// Attempts waiting for a worker.
    Waiting,
}

impl Autoscale {
    /// How many members there should be: the ceiling of `ready` times the ratio of the mean metric
    /// (`sum` over the ready ones) and the target; as many as there are, if the ratio is within the
    /// tolerance of 1. Before more are taken in, those that are `starting` count as idle; if the ratio
    /// is no longer above 1 then, there are enough.
    pub fn desired(&self, sum: f64, ready: u32, starting: u32) -> u32 {
        let current = ready + starting;
        let is_off = |ratio: f64| (ratio - 1.0).abs() > self.tolerance;
        // 3 times 0.1 over 0.1 are 3, whatever the last bit says.
        let needed = (sum / self.target - 1e-9).ceil().max(0.0) as u32;
        let ratio = sum / (f64::from(ready) * self.target);
        let desired = if ready == 0 || !is_off(ratio) {
            current
        } else if ratio > 1.0 && starting > 0 {
            let ratio = sum / (f64::from(current) * self.target);
            if ratio > 1.0 && is_off(ratio) { needed } else { current }
        } else {
            needed
        };
        desired.clamp(self.min, self.max)
    }

    /// How many members there may be now, if `changed` of `current` were added within the last
    /// `up_period` (`calculateScaleUpLimitWithScalingRules`, of whose policies the default takes the
    /// larger one; "Default Behavior" in the documentation).
    pub fn most_after(&self, current: u32, changed: i64) -> u32 {
        let before = (i64::from(current) - changed).max(0) as u32;
        let share = (f64::from(before) * (1.0 + self.up_percent) - 1e-9).ceil() as u32;
        before.saturating_add(self.up_pods).max(share).max(current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scaler() -> Autoscale {
        Autoscale {
            targets: Vec::new(),
            metric: ScaleMetric::Utilization,
            target: 0.5,
            min: 1,
            max: 10,
            tolerance: 0.1,
            sync: Span::from_secs(15),
            window: Span::from_secs(15),
            up_stabilization: Span::ZERO,
            down_stabilization: Span::from_secs(300),
            up_pods: 4,
            up_percent: 1.0,
            up_period: Span::from_secs(15),
            provision: Span::ZERO,
            register: Span::ZERO,
            drain: Span::ZERO,
        }
    }

    /// The documentation's examples: a metric of 200m where 100m are wanted doubles, 50m halves.
    #[test]
    fn the_ratio_is_kubernetes() {
        let scaler = scaler();
        assert_eq!(scaler.desired(4.0 * 1.0, 4, 0), 8);
        assert_eq!(scaler.desired(4.0 * 0.25, 4, 0), 2);
        // Within 10% nothing is done.
        assert_eq!(scaler.desired(4.0 * 0.549, 4, 0), 4);
        assert_eq!(scaler.desired(4.0 * 0.451, 4, 0), 4);
        assert_eq!(scaler.desired(4.0 * 0.56, 4, 0), 5);
        assert_eq!(scaler.desired(4.0 * 0.44, 4, 0), 4, "rounded up");
        // Two that start are counted as idle: 4 at 1.0 would be 8, 6 at 0.67 are 8 as well.
        assert_eq!(scaler.desired(4.0, 4, 2), 8);
        // Three at 0.6 would be 4; with one that starts, 4 at 0.45 are enough.
        assert_eq!(scaler.desired(1.8, 3, 1), 4);
        assert_eq!((scaler.desired(99.0, 3, 0), scaler.desired(0.0, 3, 0)), (10, 1));
        assert_eq!(scaler.desired(0.0, 0, 3), 3, "nobody to ask");
    }

    /// Four more or twice as many in 15 s: 1, 5, 10, 20, 40; and of what was added just now, no more.
    #[test]
    fn it_adds_four_or_doubles() {
        let scaler = scaler();
        assert_eq!([1, 5, 10, 20].map(|n| scaler.most_after(n, 0)), [5, 10, 20, 40]);
        // There were 5, and 3 of the 5 that may come have; there were 5, and all have.
        assert_eq!((scaler.most_after(8, 3), scaler.most_after(10, 5)), (10, 10));
        // One that went within the period may be replaced on top.
        assert_eq!(scaler.most_after(9, -1), 20);
    }
}
