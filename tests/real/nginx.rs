//! nginx's file, as far as the cases use it.

use super::convert::{Balancer, quoted};

/// Directives that change nothing here: logs, names of files, sizes, and blocks that hold others.
const WITHOUT_EFFECT: &[&str] = &[
    "events",
    "http",
    "server",
    "location",
    "listen",
    "proxy_pass",
    "worker_connections",
    "pid",
    "proxy_http_version",
    "error_log",
    "access_log",
    "log_format",
    "client_body_temp_path",
    "proxy_temp_path",
    "fastcgi_temp_path",
    "uwsgi_temp_path",
    "scgi_temp_path",
    "proxy_set_header",
];

/// Reads a file.
///
/// # Panics
/// On anything unknown.
pub(super) fn read(config: &str) -> Balancer {
    let mut balancer = Balancer::default();
    let mut algorithm = "round-robin".to_owned();
    let mut in_upstream = false;
    // What nginx does unless the file says otherwise.
    balancer.set("ejection.rule", quoted("max-fails"));
    for statement in config.split_inclusive([';', '{', '}']) {
        let statement = statement.trim();
        let words: Vec<&str> =
            statement.trim_end_matches([';', '{', '}']).split_whitespace().collect();
        match words[..] {
            [] => in_upstream &= !statement.ends_with('}'),
            ["upstream", _] => in_upstream = true,
            ["server", address, ref options @ ..] if in_upstream => {
                server(&mut balancer, address, options);
            }
            ["worker_processes", count] => balancer.set("workers", count),
            ["zone", ..] => balancer.set("zone", "true"),
            ["least_conn" | "ip_hash"] => words[0].clone_into(&mut algorithm),
            ["hash", _] => "hash".clone_into(&mut algorithm),
            ["hash", _, "consistent"] => "hash_consistent".clone_into(&mut algorithm),
            ["random"] => "random".clone_into(&mut algorithm),
            ["random", "two", ..] => "random_two".clone_into(&mut algorithm),
            ["proxy_connect_timeout", time] => balancer.set("connect.timeout", quoted(time)),
            ["proxy_read_timeout", time] => balancer.set("server-timeout", quoted(time)),
            ["proxy_send_timeout", _] | ["proxy_ignore_client_abort", "off"] => {}
            ["proxy_ignore_client_abort", "on"] => balancer.set("client-leaves", quoted("ignore")),
            ["proxy_next_upstream_tries", tries] => {
                let tries: u32 = tries.parse().expect("a number of tries");
                if tries > 0 {
                    balancer.set("connect.retries", (tries - 1).to_string());
                    balancer.set("retry.max", (tries - 1).to_string());
                }
            }
            ["proxy_next_upstream_timeout", time] => balancer.set("retry.within", quoted(time)),
            ["proxy_next_upstream", ref ends @ ..] => next_upstream(&mut balancer, ends),
            [first, ..] if WITHOUT_EFFECT.contains(&first) => {}
            _ => panic!("unknown directive {statement}"),
        }
    }
    balancer.set("algorithm", quoted(&algorithm));
    balancer
}

fn next_upstream(balancer: &mut Balancer, ends: &[&str]) {
    let mut on = Vec::new();
    let mut refused = false;
    for end in ends {
        match *end {
            "error" => (refused, ()) = (true, on.push("\"http_502\"")),
            "timeout" | "http_504" => on.push("\"http_504\""),
            "http_500" => on.push("\"http_500\""),
            "http_502" => on.push("\"http_502\""),
            "http_503" => on.push("\"http_503\""),
            "off" | "non_idempotent" => {}
            _ => panic!("unknown end of a try {end}"),
        }
    }
    if !refused {
        balancer.set("connect.retries", "0");
    }
    on.sort_unstable();
    on.dedup();
    balancer.set("retry.on", format!("[{}]", on.join(", ")));
}

fn server(balancer: &mut Balancer, address: &str, options: &[&str]) {
    for option in options {
        let (key, value) = option.split_once('=').unwrap_or((option, ""));
        let member = match key {
            "weight" => ("weight", value),
            "max_conns" => ("max-connections", value),
            "down" => ("in-pool", "false"),
            "backup" => ("backup", "true"),
            "max_fails" => {
                balancer.set("ejection.max-fails", value);
                continue;
            }
            "fail_timeout" => {
                balancer.set("ejection.fail-timeout", quoted(value));
                continue;
            }
            _ => panic!("unknown option {option}"),
        };
        balancer.member(address).insert(member.0.into(), member.1.into());
    }
}
