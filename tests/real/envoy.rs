//! Envoy's file, as far as the cases use it: one listener, one cluster.

use super::convert::{Balancer, quoted};

/// Keys of the configuration that change nothing here.
const WITHOUT_EFFECT: &[&str] = &[
    "static_resources",
    "listeners",
    "name",
    "filter_chains",
    "filters",
    "typed_config",
    "@type",
    "stat_prefix",
    "access_log",
    "path",
    "route_config",
    "virtual_hosts",
    "domains",
    "routes",
    "match",
    "http_filters",
    "clusters",
    "type",
    "load_assignment",
    "cluster_name",
    "endpoints",
    "lb_endpoints",
    "endpoint",
    "address",
    "socket_address",
    "cluster",
    "prefix",
    "route",
    "admin",
    "codec_type",
];

/// Reads a file.
///
/// # Panics
/// On anything unknown.
pub(super) fn read(config: &str) -> Balancer {
    let mut balancer = Balancer::default();
    let (mut host, mut address, mut within) = (String::new(), String::new(), String::new());
    for (key, value) in pairs(config) {
        let path = match key.as_str() {
            // Blocks whose keys have no meaning without them.
            "outlier_detection" => {
                balancer.set("ejection.rule", quoted("outlier"));
                within = key;
                continue;
            }
            "retry_policy" | "circuit_breakers" => {
                within = key;
                continue;
            }
            "lb_policy" => {
                balancer.set("algorithm", quoted(&value));
                continue;
            }
            "address" if !value.is_empty() => {
                host = value;
                continue;
            }
            "port_value" => {
                address = format!("{host}:{value}");
                continue;
            }
            "load_balancing_weight" => {
                balancer.member(&address).insert("weight".into(), value);
                continue;
            }
            "thresholds" | "priority" => continue,
            "connect_timeout" => "connect.timeout",
            "timeout" => "timeout",
            "consecutive_5xx" => "ejection.consecutive-5xx",
            "interval" if within == "outlier_detection" => "ejection.interval",
            "base_ejection_time" => "ejection.base-time",
            "max_ejection_percent" => "ejection.max-percent",
            "max_connections" => "limits.connections",
            "max_pending_requests" => "limits.pending",
            "max_requests" => "limits.requests",
            "max_retries" => "retry.at-once",
            "num_retries" => "retry.max",
            "retry_on" => {
                balancer.set("retry.on", retry_on(&value));
                continue;
            }
            key if WITHOUT_EFFECT.contains(&key) => continue,
            _ => panic!("unknown key {key}: {value}"),
        };
        let value = match path {
            "ejection.max-percent" => quoted(&format!("{value}%")),
            _ if value.ends_with('s') => quoted(&value),
            _ => value,
        };
        balancer.set(path, value);
    }
    balancer
}

fn retry_on(conditions: &str) -> String {
    let mut on: Vec<&str> = Vec::new();
    for condition in conditions.split(',') {
        on.extend(match condition.trim() {
            "connect-failure" => &["\"refused\""][..],
            "5xx" => {
                &["\"refused\"", "\"http_500\"", "\"http_502\"", "\"http_503\"", "\"http_504\""]
            }
            "gateway-error" => &["\"http_502\"", "\"http_503\"", "\"http_504\""],
            "reset" => &["\"http_502\""],
            other => panic!("unknown retry_on {other}"),
        });
    }
    on.sort_unstable();
    on.dedup();
    format!("[{}]", on.join(", "))
}

/// Every `key: value` of the YAML, whatever the nesting; a key of a block has no value.
fn pairs(config: &str) -> Vec<(String, String)> {
    let flat = config.replace(['{', '}', '\n'], "\u{1}");
    let mut found = Vec::new();
    for piece in flat.split('\u{1}').flat_map(split_commas) {
        let piece = piece.trim().trim_start_matches("- ").trim();
        if piece.is_empty() {
            continue;
        }
        let (key, value) = piece.split_once(':').unwrap_or_else(|| panic!("what is {piece}?"));
        let unquoted = |text: &str| text.trim().trim_matches('"').to_owned();
        found.push((unquoted(key), unquoted(value)));
    }
    found
}

/// Splits at commas outside quotes and brackets.
fn split_commas(text: &str) -> Vec<&str> {
    let (mut parts, mut from, mut quoted, mut depth) = (Vec::new(), 0, false, 0_u32);
    for (at, character) in text.char_indices() {
        match character {
            '"' => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth -= 1,
            ',' if !quoted && depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts
}
