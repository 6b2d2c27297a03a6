//! `summary.json`: one document per run, whose keys are stable.

use super::{AssumptionLine, Judgement, Report};
use crate::experiment::steady::Steady;
use crate::observe::result::RunResult;
use schemars::{JsonSchema, schema_for};
use serde::Serialize;

/// What one run showed, and what was judged about it.
#[derive(Serialize, JsonSchema)]
#[schemars(title = "misroute result")]
struct Document<'a> {
    #[serde(flatten)]
    result: &'a RunResult,
    /// The scenario's expectations, in order.
    expect: &'a [Judgement],
    /// Whether service was good over the whole run, as the scenario defines it.
    objective: &'a [Judgement],
    /// The steady state, by batch means, where nothing changes with time but by chance.
    #[serde(skip_serializing_if = "Option::is_none")]
    steady_state: Option<&'a Steady>,
    /// What the scenario assumes because no one wrote it down.
    assumptions: &'a [AssumptionLine],
    /// The command that reproduces the run.
    command: String,
}

/// The document, indented, with a line break at its end.
pub fn summary(report: &Report<'_>) -> String {
    let document = Document {
        result: report.result,
        expect: report.expect,
        objective: report.objective,
        steady_state: report.steady,
        assumptions: report.assumptions,
        command: report.command(),
    };
    let text = serde_json::to_string_pretty(&document).expect("the keys of every map are texts");
    text + "\n"
}

/// The JSON Schema of the document.
pub fn result_schema() -> serde_json::Value {
    schema_for!(Document<'static>).to_value()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;
    use serde_json::Value;

    fn document(result: &RunResult) -> Value {
        serde_json::from_str(&summary(&sample::report(result))).unwrap()
    }

    /// Asserts that an object has these keys.
    fn has(value: &Value, keys: &[&str]) {
        for key in keys {
            assert!(value.get(key).is_some(), "`{key}` in {value}");
        }
    }

    #[test]
    fn the_stable_core_is_there() {
        let document = document(&sample::outage());
        has(&document, &["schema", "seed", "digest", "version", "phases", "recovery"]);
        has(&document["scenario"], &["name", "digest"]);
        for figures in [&document, &document["phases"][1]] {
            let totals = ["requests", "succeeded", "failed", "attempts", "amplification"];
            has(&figures["totals"], &totals);
            has(&figures["totals"], &["goodput_rps", "offered_rps", "outcomes"]);
            has(&figures["totals"]["outcomes"], &["ok", "http_503", "refused", "timeout"]);
            let latency = ["mean", "p50", "p90", "p95", "p99", "p999", "max", "count"];
            has(&figures["latency_ms"], &latency);
            has(&figures["users"], &["active", "affected", "unable", "affected_ratio"]);
            has(&figures["users"], &["unable_ratio", "affected_minutes"]);
            has(&figures["backends"][0], &["name", "requests", "share", "succeeded"]);
            has(&figures["backends"][0], &["utilization", "queue_max", "state_changes"]);
            has(&figures["balance"], &["jain", "max_over_mean", "cv"]);
        }
        has(&document["phases"][0], &["from_s", "to_s", "label"]);
        has(&document["alerts"][0], &["name", "fired_at", "resolved_at"]);
        has(&document["recovery"], &["verdict", "after_s"]);
        has(&document["expect"][0], &["name", "status", "observed", "bounds"]);
        assert_eq!(document["expect"][2]["status"], "no-data");
        has(&document["assumptions"][0], &["path", "value", "range", "reason"]);
        assert_eq!(document["command"], "misroute run 2024-08-10-two-of-five --seed 7");
    }

    #[test]
    fn what_rests_on_nothing_is_null_and_the_order_is_stable() {
        let dead = sample::dead();
        let document = document(&dead);
        assert!(document["latency_ms"]["p99"].is_null());
        let text = summary(&sample::report(&dead));
        assert!(!text.contains("NaN") && !text.contains("inf\n"), "{text}");
        let order = ["\"schema\"", "\"scenario\"", "\"totals\"", "\"phases\"", "\"expect\""];
        let places: Vec<usize> = order.iter().map(|key| text.find(key).unwrap()).collect();
        assert!(places.is_sorted(), "{places:?}");
        assert_eq!(text, summary(&sample::report(&dead)));
    }

    #[test]
    fn the_schema_lists_every_key_of_a_document() {
        let schema = result_schema();
        let document = document(&sample::outage());
        for key in document.as_object().unwrap().keys() {
            assert!(schema["properties"].get(key).is_some(), "`{key}` in the schema");
        }
    }
}
