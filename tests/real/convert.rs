//! From a measured case to a scenario: the workload and the servers; the balancer's own file is read
//! by the vendor's module.

use super::case::{Backend, Case, Workload, balancer_ms};
use super::{envoy, haproxy, nginx};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Why writing to a text cannot fail.
const TAKES_ALL: &str = "a string takes everything";

/// What a balancer's file says, as keys of a scenario.
#[derive(Debug, Default)]
pub(crate) struct Balancer {
    plain: BTreeMap<String, String>,
    tables: BTreeMap<String, BTreeMap<String, String>>,
    /// Keys of members, by address.
    members: Vec<(String, BTreeMap<String, String>)>,
}

impl Balancer {
    /// Sets a key of `[balancer]`, or `table.key`; `value` as TOML has it.
    pub(crate) fn set(&mut self, path: &str, value: impl Into<String>) {
        let value = value.into();
        match path.split_once('.') {
            Some((table, key)) => {
                self.tables.entry(table.to_owned()).or_default().insert(key.to_owned(), value)
            }
            None => self.plain.insert(path.to_owned(), value),
        };
    }

    /// What was said of a path.
    pub(crate) fn get(&self, path: &str) -> Option<&str> {
        let (table, key) = path.split_once('.')?;
        self.tables.get(table)?.get(key).map(String::as_str)
    }

    /// The keys of the member at an address.
    pub(crate) fn member(&mut self, address: &str) -> &mut BTreeMap<String, String> {
        if let Some(known) = self.members.iter().position(|(known, _)| known == address) {
            return &mut self.members[known].1;
        }
        self.members.push((address.to_owned(), BTreeMap::new()));
        let (_, keys) = self.members.last_mut().expect("pushed just now");
        keys
    }

    fn write(&self) -> String {
        let mut text = String::from("[balancer]\n");
        for (key, value) in &self.plain {
            writeln!(text, "{key} = {value}").expect(TAKES_ALL);
        }
        for (table, keys) in &self.tables {
            let keys: Vec<String> =
                keys.iter().map(|(key, value)| format!("{key} = {value}")).collect();
            writeln!(text, "{table} = {{ {} }}", keys.join(", ")).expect(TAKES_ALL);
        }
        text
    }
}

/// A text in quotes.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// The scenario of a case, as text. Requests are born for the length of the measurement; the run goes
/// on until the last of them is over.
///
/// # Panics
/// On anything that it does not know: nothing is left out silently.
pub(crate) fn scenario(case: &Case) -> String {
    let mut balancer = match case.kind.as_str() {
        "haproxy" => haproxy::read(&case.config),
        "nginx" => nginx::read(&case.config),
        "envoy" => envoy::read(&case.config),
        other => panic!("{}: unknown balancer {other}", case.name),
    };
    balancer.set("dialect", quoted(&case.kind));
    balancer.set("version", quoted(&case.version));
    let length = case.workload.duration_s;
    let drain = case.workload.client_timeout_ms.div_ceil(1000) + 5;
    let name = format!("case-{}", case.name.to_lowercase());
    let mut text = format!("schema = 1\nname = \"{name}\"\nduration = \"{}s\"\n", length + drain);
    text += &clients(&case.workload);
    text += &balancer.write();
    let checked = balancer.get("health.asks") == Some("\"life\"");
    let mut timeline: Vec<(u64, String)> = Vec::new();
    if case.workload.mode == "open" {
        timeline.push((length, "do = \"surge\"\nfactor = 0".to_owned()));
    }
    for backend in &case.backends {
        text += &server(backend, balancer.member(&backend.addr));
        timeline.extend(events(backend, checked, balancer_ms(&case.kind)));
    }
    for (at, command) in &case.commands {
        timeline.push((*at, command_entry(command)));
    }
    timeline.sort_by_key(|(at, _)| *at);
    for (number, (at, entry)) in timeline.iter().enumerate() {
        write!(text, "[[timeline]]\nname = \"e{number}\"\nat = \"{at}s\"\n{entry}\n")
            .expect(TAKES_ALL);
    }
    text
}

fn clients(workload: &Workload) -> String {
    let timeout = workload.client_timeout_ms;
    let mut text = format!("[[clients]]\nname = \"web\"\ntimeout = \"{timeout}ms\"\n");
    match (workload.mode.as_str(), workload.arrivals.as_str()) {
        ("open", "poisson") => {
            writeln!(text, "rate = \"{}/s\"", workload.rate_rps).expect(TAKES_ALL);
        }
        ("closed", "closed") => {
            let users = workload.users.expect("a closed loop has users");
            let think = workload.think_ms.expect("they think");
            write!(
                text,
                "arrivals = \"closed\"\nusers = {users}\n\
                 think = {{ exponential = {{ mean = \"{think}ms\" }} }}\n"
            )
            .expect(TAKES_ALL);
        }
        other => panic!("unknown workload {other:?}"),
    }
    if let Some(count) = workload.keys {
        let zipf = workload.zipf.unwrap_or(0.0);
        // Without addresses of their own all requests come from one machine.
        writeln!(text, "keys = {{ count = {count}, zipf = {zipf:?}, text = \"/obj/{{}}\" }}")
            .expect(TAKES_ALL);
    }
    if let Some(max) = workload.retries {
        let base = workload.backoff_ms.expect("retries wait");
        writeln!(
            text,
            "retries = {{ max = {max}, base = \"{base}ms\", cap = \"1h\", jitter = \"spread\" }}"
        )
        .expect(TAKES_ALL);
    }
    assert!(workload.bind_src.is_none_or(|bind| bind == 1), "unknown kind of client address");
    text
}

fn server(backend: &Backend, member: &BTreeMap<String, String>) -> String {
    let service = match backend.dist.as_str() {
        "exp" => format!("{{ exponential = {{ mean = \"{}ms\" }} }}", backend.mean),
        "det" => format!("\"{}ms\"", backend.mean),
        other => panic!("unknown service {other}"),
    };
    let abandoned = if backend.keep == 1 { "finish" } else { "cancel" };
    let mut text = format!(
        "[[backends]]\nname = \"{}\"\nworkers = {}\nqueue = {}\nservice = {service}\n\
         abandoned = \"{abandoned}\"\naddress = \"{}\"\n",
        backend.id, backend.c, backend.q, backend.addr
    );
    if backend.mode.as_deref() == Some("offline") {
        text += "up = false\n";
    }
    for (key, value) in member {
        writeln!(text, "{key} = {value}").expect(TAKES_ALL);
    }
    text
}

/// What happens to a server, and when.
///
/// `checked`: whether checks ask for a page, which a server that hangs does not send either. `way`:
/// milliseconds there and back.
fn events(backend: &Backend, checked: bool, way: f64) -> Vec<(u64, String)> {
    let verb = |word: &str| match word {
        "offline" => ("refuse", String::new()),
        "online" => ("accept", String::new()),
        "hang" if checked => ("hang", String::new()),
        "ok" if checked => ("resume", String::new()),
        // It takes requests in and never answers, not even once it is well: nothing piles up.
        "hang" => ("fail", "with = \"http_504\"\nafter = \"1h\"\n".to_owned()),
        "ok" => ("heal", String::new()),
        // At once, but for the way there and back.
        "fail" => ("fail", format!("after = \"{way}ms\"\n")),
        other => panic!("{}: unknown event {other}", backend.id),
    };
    let entry = |at: u64, word: &str| {
        let (verb, more) = verb(word);
        (at, format!("do = \"{verb}\"\ntargets = \"{}\"\n{more}", backend.id))
    };
    let mut found = Vec::new();
    match backend.mode.as_deref() {
        None | Some("offline") => {}
        Some(mode) => found.push(entry(0, mode)),
    }
    for event in backend.ev.iter().flat_map(|events| events.split(';')) {
        let (at, word) = event.split_once(':').expect("an event has a time");
        found.push(entry(at.parse().expect("a time in seconds"), word));
    }
    found
}

/// A runtime command as a timeline entry.
fn command_entry(command: &str) -> String {
    let words: Vec<&str> = command.split_whitespace().collect();
    match words[..] {
        ["set", "server", server, "weight", weight] => {
            let name = server.rsplit('/').next().expect("split gives at least one piece");
            format!("do = \"configure\"\nset = {{ \"backends.{name}.weight\" = {weight} }}")
        }
        _ => panic!("unknown command {command}"),
    }
}
