//! What clients learn from failures: to retry less, to send less, to send nothing, to go away.

use crate::engine::dist::Distribution;
use crate::engine::time::Span;
use crate::model::outcome::OutcomeSet;

/// Who shares what is learned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Nobody: each user is a client process of its own.
    User,
    /// The whole population, as the connections of one proxy or library instance do.
    Population,
}

/// What a population does besides trying again.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientPolicies {
    /// Sends nothing for a while after failures.
    pub breaker: Option<BreakerPolicy>,
    /// Sends only some of what is asked for.
    pub throttle: Option<ThrottlePolicy>,
    /// Users go away for a while after failures.
    pub patience: Option<PatiencePolicy>,
}

/// Limits on retries over all requests; each of those given must allow a retry.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RetryBudgets {
    /// A share of the requests.
    pub ratio: Option<RatioBudget>,
    /// A bucket that calls fill and retries empty.
    pub tokens: Option<TokenBudget>,
    /// A bucket that successes fill and failures empty.
    pub grpc: Option<GrpcThrottling>,
}

/// Retries may be at most a share of the requests whose first attempt was sent within a sliding
/// window, plus a minimum (Google, *Site Reliability Engineering*, ch. 21: 10% per client; Finagle's
/// and Linkerd's `RetryBudget`: 20%, 10 s, 10 per second). The window moves in tenths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatioBudget {
    /// Retries per request, at least 0.
    pub ratio: f64,
    /// Length of the window; positive, at most an hour.
    pub window: Span,
    /// Retries per second that are allowed whatever the requests, at least 0.
    pub minimum: f64,
    /// Who shares it.
    pub scope: Scope,
}

/// A bucket of tokens, full at the start, from which each retry takes some (Brooker, "Fixing retries
/// with token buckets and circuit breakers", 2022: size 5, 0.1 per call, 1 per retry; the AWS SDKs:
/// 500, 1 per success, 5 per retry, and a retry that succeeds gets its tokens back, which is not
/// modelled). Counted in millionths of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenBudget {
    /// Most tokens, in millionths.
    pub capacity: u64,
    /// Tokens per deposit, in millionths.
    pub deposit: u64,
    /// What a deposit is made for.
    pub per: TokenDeposit,
    /// Tokens per retry, in millionths.
    pub cost: u64,
    /// Who shares it.
    pub scope: Scope,
}

/// What brings tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenDeposit {
    /// The first attempt of a request, when it is sent.
    Call,
    /// Any attempt that succeeds.
    Success,
}

/// gRPC's retry throttling (proposal A6): a counter starts at its maximum, falls by one with each
/// attempt that fails as one that would be tried again, rises by a ratio with each that succeeds; there
/// are no retries while it is at or below half of the maximum. Counted in thousandths, as gRPC does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GrpcThrottling {
    /// `maxTokens`, in thousandths; positive.
    pub max_tokens: u64,
    /// `tokenRatio`, in thousandths; positive.
    pub token_ratio: u64,
    /// Who shares it.
    pub scope: Scope,
}

/// A circuit breaker (Nygard, *Release It!*). Closed, it lets everything through and counts. Open, it
/// lets nothing through: requests end as `breaker_open`. After a while it is half-open and lets a
/// few probes through; one failure opens it again, enough successes close it.
///
/// Only attempts that were sent since its state began count in that state, as in gobreaker; resilience4j
/// also counts those of before, and judges its probes by their failure ratio. A probe without
/// outcome, at a client without timeout, keeps its place for ever.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakerPolicy {
    /// Opens after so many failures in a row; at least 1.
    pub consecutive: Option<u32>,
    /// Opens by the share of failures.
    pub ratio: Option<BreakerRatio>,
    /// How long it is open.
    pub open_for: Span,
    /// Most probes at once; at least 1.
    pub probes: u32,
    /// Successful probes that close it; at least 1.
    pub successes: u32,
    /// Which outcomes are failures; all others are successes.
    pub on: OutcomeSet,
    /// Who shares it.
    pub scope: Scope,
}

/// A breaker opens when at least a share of the attempts that ended within a sliding window, and of at
/// least so many, were failures (Hystrix: 50% of at least 20 within 10 s). The window moves in tenths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakerRatio {
    /// The share, in (0, 1].
    pub ratio: f64,
    /// Length of the window; positive, at most an hour.
    pub window: Span,
    /// With fewer attempts than these it does not open; at least 1.
    pub minimum: u32,
}

/// Adaptive throttling (Google, *Site Reliability Engineering*, ch. 21): an attempt is not sent, and its
/// request ends as `throttled`, with probability max(0, (requests - K accepts) / (requests + 1)).
/// Requests are attempts that were about to be sent, retries and those not sent included; accepts are
/// attempts that ended otherwise than rejected; both within a sliding window that moves in tenths.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ThrottlePolicy {
    /// K: how many attempts per accepted one are sent before any is held back. At least 1.
    pub k: f64,
    /// Length of the window; positive, at most an hour.
    pub window: Span,
    /// Outcomes that say the backend did not take the attempt.
    pub rejects: OutcomeSet,
    /// Who shares it.
    pub scope: Scope,
}

/// A user gives up after failed requests in a row, and comes back later.
///
/// In an open loop what an away user would have asked for is born and ends at once as `withheld`, so
/// the demand stays what it is; in a closed loop the user is away instead of thinking. A session ends
/// with the request that was too much, unless the user takes it up again by asking at once. Requests in
/// flight go on, but their outcomes no longer matter to a user who is away.
#[derive(Clone, Debug, PartialEq)]
pub struct PatiencePolicy {
    /// Failed requests in a row after which the user leaves; at least 1. Withheld ones do not count.
    pub failures: u32,
    /// How long the user stays away; of a positive mean.
    pub away: Distribution,
    /// Whether the user, once back, asks at once: in an open loop again for what failed last.
    pub at_once: bool,
}
