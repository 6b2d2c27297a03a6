//! HAProxy's file, as far as the cases use it.

use super::convert::{Balancer, quoted};

/// Words of a line that change nothing here.
const WITHOUT_EFFECT: &[&str] = &[
    "global",
    "defaults",
    "frontend",
    "backend",
    "mode",
    "bind",
    "default_backend",
    "log",
    "stats",
];

/// Reads a file.
///
/// # Panics
/// On anything unknown.
pub(super) fn read(config: &str) -> Balancer {
    let mut balancer = Balancer::default();
    let (mut consistent, mut algorithm) = (false, String::from("roundrobin"));
    for line in config.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            []
            | ["timeout", "client" | "http-request" | "http-keep-alive", _]
            | ["option", "httplog"] => {}
            ["maxconn", most] => balancer.set("limits.accepted", most),
            ["nbthread", threads] => balancer.set("workers", threads),
            ["timeout", what, time] => {
                let key = match what {
                    "connect" => "connect.timeout",
                    "server" => "server-timeout",
                    "queue" => "queue.timeout",
                    "check" => "health.timeout",
                    _ => panic!("unknown line {line}"),
                };
                balancer.set(key, quoted(time));
            }
            ["retries", most] => balancer.set("connect.retries", most),
            ["option", "redispatch", ref every @ ..] => {
                balancer.set("connect.redispatch", "true");
                if let [every] = every {
                    balancer.set("connect.redispatch-every", *every);
                }
            }
            ["option", "httpchk", ..] => balancer.set("health.asks", quoted("life")),
            ["option", "abortonclose"] => balancer.set("client-leaves", quoted("close")),
            ["option", "allbackups"] => balancer.set("backups", quoted("all")),
            ["balance", rule] => rule.clone_into(&mut algorithm),
            ["hash-type", "consistent"] => consistent = true,
            ["hash-type", "map-based"] => consistent = false,
            ["server", _, address, ref options @ ..] => server(&mut balancer, address, options),
            [first, ..] if WITHOUT_EFFECT.contains(&first) => {}
            _ => panic!("unknown line {line}"),
        }
    }
    if balancer.get("health.rise").is_some() && balancer.get("health.asks").is_none() {
        balancer.set("health.asks", quoted("connection"));
    }
    set_algorithm(&mut balancer, &algorithm, consistent);
    balancer
}

fn set_algorithm(balancer: &mut Balancer, rule: &str, consistent: bool) {
    let (name, draws) = match rule.trim_end_matches(')').split_once('(') {
        Some((name, draws)) => (name, Some(draws)),
        None => (rule, None),
    };
    balancer.set("algorithm", quoted(name));
    if let Some(draws) = draws {
        assert_eq!(name, "random", "unknown rule {rule}");
        balancer.set("haproxy-random.draws", draws);
    }
    if consistent {
        balancer.set(&format!("haproxy-{name}.consistent"), "1");
    }
}

fn server(balancer: &mut Balancer, address: &str, options: &[&str]) {
    let mut options = options.iter().copied();
    while let Some(option) = options.next() {
        if option == "check" {
            // These hold unless the file says otherwise.
            for (key, value) in [("interval", "\"2s\""), ("rise", "2"), ("fall", "3")] {
                let path = format!("health.{key}");
                if balancer.get(&path).is_none() {
                    balancer.set(&path, value);
                }
            }
            continue;
        }
        if option == "backup" {
            balancer.member(address).insert("backup".into(), "true".into());
            continue;
        }
        let value = options.next().unwrap_or_else(|| panic!("{option} without a value"));
        let member_key = match option {
            "weight" => Some("weight"),
            "maxconn" => Some("max-connections"),
            "minconn" => Some("min-connections"),
            _ => None,
        };
        if let Some(key) = member_key {
            balancer.member(address).insert(key.into(), value.into());
            continue;
        }
        match option {
            "maxqueue" => balancer.set("queue.member", value),
            "inter" => balancer.set("health.interval", quoted(value)),
            "fastinter" => balancer.set("health.fast-interval", quoted(value)),
            "downinter" => balancer.set("health.down-interval", quoted(value)),
            "fall" => balancer.set("health.fall", value),
            "rise" => balancer.set("health.rise", value),
            "slowstart" => {
                balancer.set("slow-start.period", quoted(value));
                balancer.set("slow-start.curve", quoted("sixteenths"));
            }
            "observe" => {
                balancer.set("ejection.rule", quoted("observe"));
                let layer = match value {
                    "layer4" => "connection",
                    "layer7" => "answer",
                    _ => panic!("unknown layer {value}"),
                };
                balancer.set("ejection.layer", quoted(layer));
            }
            "error-limit" => balancer.set("ejection.error-limit", value),
            "on-error" => {
                let reaction = if value == "fastinter" { "check-sooner" } else { value };
                balancer.set("ejection.on-error", quoted(reaction));
            }
            _ => panic!("unknown option {option} {value}"),
        }
    }
}
