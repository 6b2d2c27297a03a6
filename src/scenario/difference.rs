//! What distinguishes one scenario from another, key by key, with lists matched by names.

use super::Scenario;
use super::fields::{Kind, SCENARIO};
use super::tree::{Entry, Node, Table};
use crate::model::setup::{Arrivals, Population, Setup};
use std::collections::BTreeSet;

/// What is said about a scenario, and changes no run.
const SAID: [&str; 10] = [
    "schema",
    "name",
    "title",
    "description",
    "references",
    "expect",
    "assumption",
    "measure",
    "twin",
    "start",
];
/// Keys of `[[clients]]` that decide which requests there are.
const DEMAND: [&str; 13] = [
    "users", "arrivals", "rate", "spread", "burst", "batch", "trace", "profile", "session",
    "think", "classes", "keys", "patience",
];
/// Verbs of the timeline that change demand.
const SURGES: [&str; 3] = ["surge", "flash-crowd", "calm"];
/// More names than this are counted.
const NAMED: usize = 4;
/// No value is shown longer, in characters.
const SHOWN: usize = 60;

/// One thing in which two scenarios differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Where, as `--set` takes it.
    pub path: String,
    /// The value before, as it was written; `None`: absent.
    pub before: Option<String>,
    /// The value after.
    pub after: Option<String>,
    /// Whether it decides which requests there are.
    pub is_demand: bool,
    /// Elements of a list that differ in the same way.
    names: Vec<String>,
}

/// Everything in which two scenarios differ that a run depends on, in the order of the text.
pub fn differences(before: &Scenario, after: &Scenario) -> Vec<Difference> {
    let mut found = Vec::new();
    if let (Some(a), Some(b)) = (before.tree.as_table(), after.tree.as_table()) {
        tables("", a, b, &mut found);
    }
    for (name, text) in before.files.iter() {
        if after.files.get(name).is_some_and(|other| other.text != text.text) {
            let other = &after.files[name];
            let size = |text: &str| Some(format!("{} bytes", text.len()));
            // What a scenario reads from files is a trace, a profile, or keys: demand, all of it.
            found.push(Difference {
                path: format!("file {name}"),
                before: size(&text.text),
                after: size(&other.text),
                is_demand: true,
                names: Vec::new(),
            });
        }
    }
    let mut joined = join(found, &before.tree, &after.tree);
    if is_same_demand(&before.setup, &after.setup) {
        for difference in &mut joined {
            difference.is_demand &= !difference.path.starts_with("clients");
            difference.is_demand &= difference.path != "load";
        }
    }
    joined
}

/// Whether populations of the same names send the same requests: written in other words, perhaps.
fn is_same_demand(before: &Setup, after: &Setup) -> bool {
    let same = |a: &Population, b: &Population| {
        let closed = matches!(a.arrivals, Arrivals::Closed { .. });
        a.name == b.name
            && a.users == b.users
            && a.arrivals == b.arrivals
            && (closed || a.rate.to_bits() == b.rate.to_bits())
            && a.profile == b.profile
            && a.session == b.session
            && a.classes == b.classes
            && a.keys == b.keys
            && a.policies.patience.is_none()
            && b.policies.patience.is_none()
    };
    before.populations.len() == after.populations.len()
        && before.populations.iter().all(|a| after.populations.iter().any(|b| same(a, b)))
}

fn tables(prefix: &str, before: &Table, after: &Table, found: &mut Vec<Difference>) {
    let path =
        |key: &str| if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") };
    let top = prefix.is_empty();
    let keep = |entry: &&Entry| !(top && SAID.contains(&entry.key.as_str()));
    for entry in before.entries.iter().filter(keep) {
        values(&path(&entry.key), Some(&entry.node), after.get(&entry.key), found);
    }
    for entry in after.entries.iter().filter(keep) {
        if before.get(&entry.key).is_none() {
            values(&path(&entry.key), None, Some(&entry.node), found);
        }
    }
}

fn values(path: &str, before: Option<&Node>, after: Option<&Node>, found: &mut Vec<Difference>) {
    match (before, after) {
        (Some(a), Some(b)) => match (a.as_table(), b.as_table(), named(a), named(b)) {
            (Some(a), Some(b), _, _) => tables(path, a, b, found),
            (_, _, Some(a), Some(b)) => lists(path, &a, &b, found),
            _ if a.written() != b.written() => push(path, before, after, found),
            _ => {}
        },
        (Some(node), None) | (None, Some(node)) => match named(node) {
            // A list that is not there is one of no elements.
            Some(items) if before.is_some() => lists(path, &items, &[], found),
            Some(items) => lists(path, &[], &items, found),
            None => push(path, before, after, found),
        },
        (None, None) => {}
    }
}

/// The elements of a list with their names, if all have one.
fn named(node: &Node) -> Option<Vec<(&str, &Node)>> {
    let items = node.as_array()?;
    let named = items.iter().map(|item| item.text("name").map(|name| (name, item)));
    named.collect::<Option<Vec<_>>>().filter(|items| !items.is_empty())
}

fn lists(
    path: &str,
    before: &[(&str, &Node)],
    after: &[(&str, &Node)],
    found: &mut Vec<Difference>,
) {
    fn find<'a>(list: &[(&str, &'a Node)], name: &str) -> Option<&'a Node> {
        list.iter().find(|(other, _)| *other == name).map(|(_, node)| *node)
    }
    let element = |name: &str| {
        if name.contains(['.', ' ']) {
            format!("{path}.\"{name}\"")
        } else {
            format!("{path}.{name}")
        }
    };
    for (name, node) in before {
        let other = find(after, name);
        values(&element(name), Some(node), other, found);
    }
    for (name, node) in after {
        if find(before, name).is_none() {
            values(&element(name), None, Some(node), found);
        }
    }
    let order = |list: &[(&str, &Node)], others: &[(&str, &Node)]| -> Vec<String> {
        let common = list.iter().filter(|(name, _)| find(others, name).is_some());
        common.map(|(name, _)| (*name).to_owned()).collect()
    };
    let (first, second) = (order(before, after), order(after, before));
    if first != second {
        found.push(Difference {
            path: format!("order of {path}"),
            before: Some(clip(&first.join(", "))),
            after: Some(clip(&second.join(", "))),
            is_demand: false,
            names: Vec::new(),
        });
    }
}

fn push(path: &str, before: Option<&Node>, after: Option<&Node>, found: &mut Vec<Difference>) {
    let shown = |node: Option<&Node>| node.map(|node| clip(&node.written()));
    found.push(Difference {
        path: path.to_owned(),
        before: shown(before),
        after: shown(after),
        is_demand: is_demand(path, [before, after]),
        names: Vec::new(),
    });
}

fn is_demand(path: &str, nodes: [Option<&Node>; 2]) -> bool {
    let mut parts = path.split('.');
    match parts.next() {
        Some("load") => true,
        Some("clients") => parts.nth(1).is_none_or(|key| DEMAND.contains(&key)),
        Some("timeline") => {
            let verb = |node: &Node| node.text("do").is_some_and(|verb| SURGES.contains(&verb));
            nodes.into_iter().flatten().any(verb)
        }
        _ => false,
    }
}

fn clip(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= SHOWN {
        return text;
    }
    let kept: String = text.chars().take(SHOWN - 1).collect();
    format!("{}…", kept.trim_end())
}

/// What all or many elements of a list have in common becomes one difference.
fn join(found: Vec<Difference>, before: &Node, after: &Node) -> Vec<Difference> {
    let mut joined: Vec<Difference> = Vec::new();
    for difference in found {
        let Some((list, name, rest)) = parted(&difference.path) else {
            joined.push(difference);
            continue;
        };
        let same = joined.iter_mut().find(|other| {
            !other.names.is_empty()
                && other.path == format!("{list}.*{rest}")
                && (&other.before, &other.after) == (&difference.before, &difference.after)
        });
        match same {
            Some(other) => other.names.push(name.to_owned()),
            None => joined.push(Difference {
                names: vec![name.to_owned()],
                path: format!("{list}.*{rest}"),
                ..difference
            }),
        }
    }
    for difference in joined.iter_mut().filter(|difference| !difference.names.is_empty()) {
        let list = difference.path.split('.').next().unwrap_or_default();
        let of = |root: &Node| -> BTreeSet<String> {
            root.items(list)
                .iter()
                .filter_map(|item| item.text("name"))
                .map(str::to_owned)
                .collect()
        };
        let all: BTreeSet<String> = of(before).into_iter().chain(of(after)).collect();
        let names = std::mem::take(&mut difference.names);
        let shown = match names.as_slice() {
            [only] => only.clone(),
            names if names.len() == all.len() => continue,
            names if names.len() <= NAMED => format!("{{{}}}", names.join(",")),
            names => format!("{{{},… {} in all}}", names[..NAMED - 1].join(","), names.len()),
        };
        difference.path = difference.path.replacen('*', &shown, 1);
    }
    joined
}

/// `backends.api-1.workers` is `backends`, `api-1` and `.workers`.
fn parted(path: &str) -> Option<(&str, &str, &str)> {
    let (list, rest) = path.split_once('.')?;
    let is_list = |key: &str| {
        let field = SCENARIO.fields.iter().find(|field| field.key == key);
        field.is_some_and(|field| matches!(field.kind, Kind::List(_)))
    };
    if !is_list(list) || rest.starts_with('"') {
        return None;
    }
    let end = rest.find('.').unwrap_or(rest.len());
    Some((list, &rest[..end], &rest[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::{Override, Source, load};

    const BASE: &str = r#"schema = 1
name = "base"
duration = "1m"
[[clients]]
name = "web"
rate = "400/s"
[[clients]]
name = "app"
rate = "10/s"
[[backends]]
name = "api-{1..6}"
service = "10ms"
"#;

    fn lines(text: &str, overrides: &[&str]) -> Vec<String> {
        let before = load(&Source::from_text("before", BASE), &[]).unwrap();
        let overrides: Vec<Override> =
            overrides.iter().map(|text| Override::parse(text).unwrap()).collect();
        let after = load(&Source::from_text("after", text), &overrides).unwrap();
        let show = |value: Option<String>| value.unwrap_or_else(|| "-".to_owned());
        let line = |d: Difference| {
            let demand = if d.is_demand { " (demand)" } else { "" };
            format!("{}: {} -> {}{demand}", d.path, show(d.before), show(d.after))
        };
        differences(&before, &after).into_iter().map(line).collect()
    }

    #[test]
    fn what_is_said_about_a_scenario_is_no_difference() {
        let text = BASE.replace("name = \"base\"", "name = \"other\"\ntitle = \"Other\"");
        assert_eq!(lines(&text, &[]), Vec::<String>::new());
    }

    #[test]
    fn elements_are_matched_by_name_and_joined_by_what_they_share() {
        let changes = [
            "clients.web.rate=450/s",
            "backends.*.workers=2",
            "backends.api-{1..2}.queue=5",
            "backends.api-{1..5}.service=20ms",
            "balancer.algorithm=random",
        ];
        assert_eq!(
            lines(BASE, &changes),
            [
                "clients.web.rate: 400/s -> 450/s (demand)",
                "backends.{api-1,api-2,api-3,… 5 in all}.service: 10ms -> 20ms",
                "backends.*.workers: - -> 2",
                "backends.{api-1,api-2}.queue: - -> 5",
                "balancer: - -> { algorithm = \"random\" }",
            ]
        );
    }

    #[test]
    fn an_equal_rate_in_other_words_is_no_other_demand() {
        let change = ["clients.web.rate=24000/m"];
        assert_eq!(lines(BASE, &change), ["clients.web.rate: 400/s -> 24000/m"]);
    }

    #[test]
    fn order_and_surges_are_seen() {
        let web = "[[clients]]\nname = \"web\"\nrate = \"400/s\"\n";
        let text = BASE.replace(web, "").replace("[[backends]]", &format!("{web}[[backends]]"));
        let surge = "[[timeline]]\nname = \"news\"\nat = \"10s\"\ndo = \"surge\"\nfactor = 2\n";
        let found = lines(&format!("{text}{surge}"), &[]);
        assert_eq!(found[0], "order of clients: web, app -> app, web");
        assert!(found[1].starts_with("timeline.news: - -> {") && found[1].ends_with("(demand)"));
    }
}
