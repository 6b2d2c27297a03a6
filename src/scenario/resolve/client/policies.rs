//! What clients learn from failures.

use super::super::super::diagnostic::Diagnostic;
use super::super::super::reader::{Reported, TableReader};
use super::super::backend::distribution;
use super::super::outcomes;
use crate::model::outcome::{Outcome, OutcomeSet};
use crate::model::setup::{
    BreakerPolicy, BreakerRatio, ClientPolicies, GrpcThrottling, PatiencePolicy, RatioBudget,
    RetryBudgets, Scope, ThrottlePolicy, TokenBudget, TokenDeposit,
};

/// The tables of `[[clients]]`.
pub(super) fn policies(table: &TableReader<'_>) -> Result<ClientPolicies, Reported> {
    let breaker = table.part("breaker", breaker);
    let throttle = table.part("throttle", throttle);
    let patience = table.part("patience", patience);
    Ok(ClientPolicies { breaker: breaker?, throttle: throttle?, patience: patience? })
}

/// The tables of `retries`.
pub(super) fn budgets(table: &TableReader<'_>) -> Result<RetryBudgets, Reported> {
    let ratio = table.part("ratio-budget", ratio_budget);
    let tokens = table.part("token-budget", token_budget);
    let grpc = table.part("grpc-throttling", grpc_throttling);
    Ok(RetryBudgets { ratio: ratio?, tokens: tokens?, grpc: grpc? })
}

fn scope(table: &TableReader<'_>) -> Option<Scope> {
    let choice = table.choice("scope")?;
    Some(if choice == "user" { Scope::User } else { Scope::Population })
}

fn ratio_budget(table: &TableReader<'_>) -> Option<RatioBudget> {
    let (ratio, window) = (table.ratio("ratio"), table.duration("window"));
    let (minimum, scope) = (table.rate("minimum"), scope(table));
    Some(RatioBudget { ratio: ratio?, window: window?, minimum: minimum?, scope: scope? })
}

fn token_budget(table: &TableReader<'_>) -> Option<TokenBudget> {
    let millionths = |key| table.number(key).map(|tokens| (tokens * 1e6).round() as u64);
    let (capacity, deposit, cost) =
        (millionths("capacity"), millionths("deposit"), millionths("cost"));
    let per = table.choice("per");
    let scope = scope(table);
    Some(TokenBudget {
        capacity: capacity?,
        deposit: deposit?,
        per: if per? == "call" { TokenDeposit::Call } else { TokenDeposit::Success },
        cost: cost?,
        scope: scope?,
    })
}

fn grpc_throttling(table: &TableReader<'_>) -> Option<GrpcThrottling> {
    let thousandths = |key| table.number(key).map(|tokens| (tokens * 1e3).round() as u64);
    let (max_tokens, token_ratio) = (thousandths("max-tokens"), thousandths("token-ratio"));
    let scope = scope(table);
    Some(GrpcThrottling { max_tokens: max_tokens?, token_ratio: token_ratio?, scope: scope? })
}

fn breaker(table: &TableReader<'_>) -> Option<BreakerPolicy> {
    let has_ratio = table.has("failure-ratio");
    if !has_ratio && !table.has("consecutive") {
        let message = "a breaker needs `consecutive` or `failure-ratio`";
        let help = "for example consecutive = 5, or failure-ratio = \"50%\"";
        let missing = Diagnostic::new(message, table.place, "it would never open");
        table.report.push(missing.help(help));
        return None;
    }
    for key in ["window", "minimum"] {
        if table.has(key) && !has_ratio {
            let message = format!("`{key}` has no meaning without `failure-ratio`");
            let place = table.key_place(key);
            let help = "failures in a row are counted however long they take";
            table.report.push(Diagnostic::new(message, place, "remove it").help(help));
            return None;
        }
    }
    let consecutive = table.has("consecutive").then(|| table.count32("consecutive"));
    let ratio = has_ratio.then(|| {
        let (ratio, window) = (table.ratio("failure-ratio"), table.duration("window"));
        let minimum = table.count32("minimum");
        Some(BreakerRatio { ratio: ratio?, window: window?, minimum: minimum? })
    });
    let open_for = table.duration("open-for");
    let (probes, successes) = (table.count32("probes"), table.count32("successes"));
    let on = if table.has("on") { outcomes(table, "on") } else { Some(OutcomeSet::failures()) };
    let scope = scope(table);
    Some(BreakerPolicy {
        consecutive: match consecutive {
            Some(count) => Some(count?),
            None => None,
        },
        ratio: match ratio {
            Some(rule) => Some(rule?),
            None => None,
        },
        open_for: open_for?,
        probes: probes?,
        successes: successes?,
        on: on?,
        scope: scope?,
    })
}

fn throttle(table: &TableReader<'_>) -> Option<ThrottlePolicy> {
    let (k, window) = (table.number("k"), table.duration("window"));
    let rejects = if table.has("rejects") {
        outcomes(table, "rejects")
    } else {
        let answered = |outcome: &Outcome| *outcome != Outcome::Http500;
        let failures = |outcome: &Outcome| OutcomeSet::failures().contains(*outcome);
        Some(Outcome::ALL.into_iter().filter(failures).filter(answered).collect())
    };
    let scope = scope(table);
    Some(ThrottlePolicy { k: k?, window: window?, rejects: rejects?, scope: scope? })
}

fn patience(table: &TableReader<'_>) -> Option<PatiencePolicy> {
    let failures = table.count32("failures");
    let away = distribution(table, "away")?;
    if away.mean_ns() <= 0.0 {
        table.fail(
            "away",
            "users who leave for no time would ask for ever at one instant",
            "not zero",
        );
        return None;
    }
    let at_once = table.flag("at-once");
    Some(PatiencePolicy { failures: failures?, away, at_once: at_once? })
}
