//! Vendors' defaults: what holds in a scenario of a dialect where the file says nothing.

use super::diagnostic::Place;
use super::source::Source;
use super::tree::{self, Node, Table, Value};
use crate::model::balancer::{Dialect, Version};
use std::sync::Arc;

/// A dialect by the word that stands for it in a scenario.
#[derive(Debug)]
pub struct DialectSpec {
    /// The word.
    pub name: &'static str,
    /// The dialect.
    pub dialect: Dialect,
    /// The version that is meant if none is given.
    pub version: Version,
    /// In one line: whose rules.
    pub summary: &'static str,
    /// Defaults, as a scenario's `[balancer]` would say them, with the version since which they
    /// hold; later ones win. Those below `if` hold for tables that the file has.
    pub defaults: &'static [(Version, &'static str)],
}

/// Every dialect.
pub static DIALECTS: &[DialectSpec] = &[
    DialectSpec {
        name: "generic",
        dialect: Dialect::Generic,
        version: (0, 0),
        summary: "nobody's in particular: no retries, no queue, no checks unless they are asked for",
        defaults: &[],
    },
    DialectSpec {
        name: "haproxy",
        dialect: Dialect::Haproxy,
        version: (3, 2),
        summary: "HAProxy: one process; goes on when a client leaves; queues at max-connections",
        // Configuration manual 4.2: `retries`, `timeout queue`, `option redispatch`, `balance`.
        defaults: &[
            (
                (0, 0),
                r#"
algorithm = "round-robin"
client-leaves = "ignore"
nobody-as = "http_503"
backups = "first"
connect = { retries = 3, delay = "1s", redispatch-every = "last", avoid = "last", refused-as = "http_503", timed-out-as = "http_503" }
queue = { waits = true, refills-on-change = false }
[if.health]
asks = "connection"
[if.slow-start]
curve = "sixteenths"
"#,
            ),
            ((3, 3), "algorithm = \"random\"\n"),
        ],
    },
    DialectSpec {
        name: "nginx",
        dialect: Dialect::Nginx,
        version: (1, 28),
        summary: "nginx: each worker for itself unless they share a zone; tries every peer once",
        // ngx_http_proxy_module: proxy_next_upstream error timeout; the timeouts are 60s.
        defaults: &[(
            (0, 0),
            r#"
algorithm = "round-robin"
client-leaves = "close"
nobody-as = "http_502"
server-timeout = "60s"
connect = { timeout = "60s", retries = "every-member", redispatch = true, avoid = "all", refused-as = "http_502", timed-out-as = "http_504" }
retry = { on = ["http_502", "http_504"], max = "every-member" }
ejection = { rule = "max-fails" }
"#,
        )],
    },
    DialectSpec {
        name: "envoy",
        dialect: Dialect::Envoy,
        version: (1, 34),
        summary: "Envoy: threads share all but their turn; one timeout over all tries; breakers",
        // Route timeout 15s, cluster connect_timeout 5s, circuit_breaker.proto, retry back-off 25ms to
        // 250ms, max_retries 3.
        defaults: &[(
            (0, 0),
            r#"
algorithm = "round-robin"
client-leaves = "close"
nobody-as = "http_503"
timeout = "15s"
connect = { timeout = "5s", redispatch = true, avoid = "none", refused-as = "http_503", timed-out-as = "http_503" }
retry = { max = 1, wait = "25ms", wait-cap = "250ms", at-once = 3 }
limits = { requests = 1024, connections = 1024, pending = 1024 }
panic = "50%"
[if.health]
initial = "down"
errors-are-final = true
first = "at-once"
"#,
        )],
    },
];

/// The dialect of that name.
pub(super) fn find(name: &str) -> Option<&'static DialectSpec> {
    DIALECTS.iter().find(|spec| spec.name == name)
}

/// `balancer` with everything that the dialect's defaults add to it.
pub(super) fn completed(balancer: &Node, spec: &DialectSpec, version: Version) -> Node {
    let mut completed = balancer.clone();
    let mut defaults = Node::table(&balancer.place);
    for (_, text) in spec.defaults.iter().filter(|(since, _)| *since <= version) {
        let source = Arc::new(Source::from_text(spec.name, *text));
        let (tree, mistakes) = tree::parse(&source);
        debug_assert!(mistakes.is_empty(), "the defaults of {} are TOML", spec.name);
        lay_over(&mut defaults, &tree);
    }
    let conditional = defaults.as_table_mut().and_then(|table| {
        let conditional = table.get("if").cloned();
        table.remove("if");
        conditional
    });
    let asked_for = conditional.as_ref().and_then(Node::as_table);
    for entry in asked_for.iter().flat_map(|table| &table.entries) {
        let written = completed.as_table_mut().and_then(|table| table.get_mut(&entry.key));
        if let Some(written) = written {
            complete(written, &entry.node, &balancer.place);
        }
    }
    complete(&mut completed, &defaults, &balancer.place);
    completed
}

/// What `new` says replaces what was said.
fn lay_over(old: &mut Node, new: &Node) {
    let Some(entries) = new.as_table().map(|table| &table.entries) else { return };
    let Value::Table(table) = &mut old.value else { return };
    for entry in entries {
        match table.get_mut(&entry.key) {
            Some(known) if known.as_table().is_some() && entry.node.as_table().is_some() => {
                lay_over(known, &entry.node);
            }
            _ => table.set(&entry.key, &entry.key_place, entry.node.clone()),
        }
    }
}

/// Adds what is missing, as if it were written where the balancer is.
fn complete(node: &mut Node, defaults: &Node, place: &Place) {
    let (Some(table), Some(Table { entries })) = (node.as_table_mut(), defaults.as_table()) else {
        return;
    };
    for entry in entries {
        if let Some(known) = table.get_mut(&entry.key) {
            complete(known, &entry.node, place);
        } else {
            let mut node = entry.node.clone();
            node.place = place.clone();
            table.set(&entry.key, place, node);
        }
    }
}

/// Reads "2.6" or "3".
pub(super) fn version(text: &str) -> Option<Version> {
    let mut parts = text.split('.');
    let major = parts.next()?.parse().ok()?;
    let minor = parts.next().map_or(Some(0), |minor| minor.parse().ok())?;
    // A patch level changes nothing here.
    (parts.all(|part| part.parse::<u32>().is_ok())).then_some((major, minor))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_fill_gaps_and_nothing_else() {
        let source = Arc::new(Source::from_text("t", "connect = { retries = 1 }\n"));
        let (node, _) = tree::parse(&source);
        let spec = find("haproxy").unwrap();
        let old = completed(&node, spec, (2, 6));
        let connect = old.as_table().unwrap().get("connect").unwrap();
        assert_eq!(connect.as_table().unwrap().get("retries").unwrap().written(), "1");
        assert_eq!(connect.text("avoid"), Some("last"));
        assert_eq!(old.text("algorithm"), Some("round-robin"));
        assert_eq!(completed(&node, spec, (3, 3)).text("algorithm"), Some("random"));
        assert!(old.as_table().unwrap().get("health").is_none(), "only if it is asked for");
        let source = Arc::new(Source::from_text("t", "health = { rise = 1 }\n"));
        let checked = completed(&tree::parse(&source).0, spec, (2, 6));
        let health = checked.as_table().unwrap().get("health").unwrap();
        assert_eq!(health.text("asks"), Some("connection"));
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(version("2.6"), Some((2, 6)));
        assert_eq!(version("2.6.12"), Some((2, 6)));
        assert_eq!(version("3"), Some((3, 0)));
        assert_eq!(version("x"), None);
        assert_eq!(version("2.x"), None);
    }
}
