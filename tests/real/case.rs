//! What was measured, as tests/data/real/*.json have it.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

/// One configuration of one balancer under one workload, measured several times.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    #[serde(rename = "case")]
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) kind: String,
    pub(crate) version: String,
    pub(crate) config: String,
    pub(crate) workload: Workload,
    pub(crate) backends: Vec<Backend>,
    /// Runtime commands, at whole seconds.
    pub(crate) commands: Vec<(u64, String)>,
    /// Windows besides the whole run, seconds.
    pub(crate) windows: BTreeMap<String, (u64, u64)>,
    pub(crate) reps: Vec<Repetition>,
}

/// Who sent what.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Workload {
    pub(crate) mode: String,
    pub(crate) rate_rps: f64,
    pub(crate) duration_s: u64,
    pub(crate) client_timeout_ms: u64,
    pub(crate) arrivals: String,
    pub(crate) users: Option<u32>,
    pub(crate) think_ms: Option<f64>,
    pub(crate) keys: Option<u32>,
    pub(crate) zipf: Option<f64>,
    /// 1 if every key is a client address, too.
    pub(crate) bind_src: Option<u8>,
    /// Attempts after the first.
    pub(crate) retries: Option<u32>,
    /// The first wait before one; it doubles, and is spread from half to one and a half.
    pub(crate) backoff_ms: Option<f64>,
}

/// A server that waits instead of working.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Backend {
    pub(crate) id: String,
    /// Slots.
    pub(crate) c: u32,
    /// Places in its queue.
    pub(crate) q: u32,
    pub(crate) dist: String,
    /// Mean service time, milliseconds.
    pub(crate) mean: f64,
    /// Whether it goes on working for a closed connection.
    pub(crate) keep: u8,
    pub(crate) mode: Option<String>,
    /// Events, such as `20:offline;50:online`.
    pub(crate) ev: Option<String>,
    pub(crate) addr: String,
}

/// Figures of a window, by name.
pub(crate) type Figures = BTreeMap<String, f64>;

/// One run of it: figures by window, quantiles of the measuring's own delays, and arrivals per
/// second at the servers that something happens to.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Repetition {
    #[serde(flatten)]
    parts: BTreeMap<String, serde_json::Value>,
}

impl Repetition {
    fn part(&self, name: &str) -> Option<Figures> {
        serde_json::from_value(self.parts.get(name)?.clone()).ok()
    }

    /// A figure of a window; outcomes that did not occur are 0.
    pub(crate) fn figure(&self, window: &str, name: &str) -> Option<f64> {
        let figures = self.part(window)?;
        let absent = (name.starts_with("pct_") || name.starts_with("share_")).then_some(0.0);
        figures.get(name).copied().or(absent)
    }

    /// Names of the figures of a window.
    pub(crate) fn names(&self, window: &str) -> Vec<String> {
        self.part(window).unwrap_or_default().into_keys().collect()
    }

    /// The median of a delay that is not the model's business, in the file's unit.
    fn median(&self, name: &str) -> Option<f64> {
        self.part(name)?.get("p50").copied()
    }

    /// Arrivals per second at a server.
    pub(crate) fn arrivals(&self, backend: &str) -> Option<Vec<u32>> {
        serde_json::from_value(self.parts.get("arrivals_1s")?.get(backend)?.clone()).ok()
    }
}

/// What a balancer itself adds to a request, milliseconds: the least median of its cases, as in
/// some of them requests wait for a free server there.
pub(crate) fn balancer_ms(kind: &str) -> f64 {
    let of_kind = CASES.iter().filter(|case| case.kind == kind).flat_map(|case| &case.reps);
    of_kind.filter_map(|rep| rep.median("lb_time_ms")).fold(f64::INFINITY, f64::min)
}

/// How much longer than drawn a service took, milliseconds: the median of the case.
pub(crate) fn timer_ms(case: &Case) -> f64 {
    let medians: Vec<f64> = case.reps.iter().filter_map(|rep| rep.median("svc_err_us")).collect();
    medians.iter().sum::<f64>() / medians.len() as f64 / 1000.0
}

/// Every case, by name.
pub(crate) static CASES: LazyLock<Vec<Case>> = LazyLock::new(all);

fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/real");
    let files = std::fs::read_dir(&folder).expect("the measurements are beside the tests");
    let mut cases: Vec<Case> = files
        .map(|file| file.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("the file can be read");
            serde_json::from_str(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        })
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}
