//! `[network]`, `[[link]]`, and the faults of links.

use super::super::diagnostic::Diagnostic;
use super::super::fields::{BALANCER, ZONES};
use super::super::reader::{Reported, TableReader};
use super::super::suggest;
use super::super::tree::{Node, Value};
use super::super::values::{self, Read};
use super::Context;
use super::backend::distribution;
use crate::engine::dist::Distribution;
use crate::engine::time::Span;
use crate::model::setup::{
    BackendId, Balancers, Direction, InstanceId, Link, LinkEffect, LinkEnds, LinkFault,
    NetworkSetup, PopulationId,
};

/// Names of all zones, whoever is in them. Number 0 is none.
pub(super) struct ZoneNames(Vec<String>);

impl ZoneNames {
    pub(super) fn new(root: &Node) -> Self {
        let mut names = vec![String::new()];
        let mut add = |name: &str| {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        };
        let listed = ["clients", "backends"].into_iter().flat_map(|list| root.items(list));
        listed.filter_map(|item| item.text("zone")).for_each(&mut add);
        let texts = [zones_at(root, "network", "balancer-zones"), local(root)];
        for node in texts.into_iter().flatten().flat_map(|node| node.as_array().unwrap_or(&[])) {
            node.as_str().into_iter().for_each(&mut add);
        }
        Self(names)
    }

    fn of(&self, name: &str) -> u16 {
        self.0.iter().position(|known| known == name).unwrap_or(0) as u16
    }

    fn read(&self, node: &Node, text: &str) -> Read<u16> {
        let found = self.0.iter().position(|known| known == text).filter(|_| !text.is_empty());
        found.map(|number| number as u16).ok_or_else(|| {
            let names = self.0.iter().skip(1).map(String::as_str);
            let help = suggest::help(text, names, "zones of clients, balancers and backends");
            values::unknown(&node.place, "zone", text).help(help)
        })
    }

    /// Two zones.
    fn pair(&self, table: &TableReader<'_>, key: &str) -> Option<(u16, u16)> {
        table.get(key, |node, field| {
            let items = values::list(node, field, "two zones")?;
            let zones: Vec<u16> = items
                .iter()
                .map(|item| self.read(item, values::text(item, field)?))
                .collect::<Read<_>>()?;
            match zones[..] {
                [first, second] => Ok((first, second)),
                _ => Err(Diagnostic::new(
                    format!("`{key}` must be two zones"),
                    &node.place,
                    format!("these are {}", zones.len()),
                )
                .help("to name what is within a zone, write it twice")),
            }
        })
    }
}

fn zones_at<'a>(root: &'a Node, table: &str, key: &str) -> Option<&'a Node> {
    root.as_table()?.get(table)?.as_table()?.get(key)
}

/// `balancer.zones.local`.
fn local(root: &Node) -> Option<&Node> {
    debug_assert!(BALANCER.fields.iter().any(|field| field.key == "zones"));
    debug_assert!(ZONES.fields.iter().any(|field| field.key == "local"));
    zones_at(root, "balancer", "zones")?.as_table()?.get("local")
}

/// The network, if the scenario says anything that needs one.
pub(super) fn network(
    context: &Context<'_>,
    top: &TableReader<'_>,
    instances: Option<u16>,
) -> Result<Option<NetworkSetup>, Reported> {
    let cuts_zones = |entry: &Node| entry.as_table().is_some_and(|t| t.get("zones").is_some());
    let entries = context.root.items("timeline");
    if !top.has("network") && !top.has("link") && !entries.iter().any(cuts_zones) {
        return Ok(None);
    }
    let zones = ZoneNames::new(context.root);
    let defaults = top.part_or_defaults("network", |table| Defaults::read(context, table, &zones));
    let links: Vec<Option<Between>> =
        top.tables("link").iter().map(|table| Between::read(table, &zones)).collect();
    let links: Option<Vec<Between>> = links.into_iter().collect();
    let (defaults, links) = (defaults.ok_or(Reported)?, links.ok_or(Reported)?);
    check_pairs(top, &links)?;
    let instances = usize::from(instances.ok_or(Reported)?);
    let items = |list| {
        let zone = |item: &Node| zones.of(item.text("zone").unwrap_or_default());
        context.root.items(list).iter().map(zone).collect()
    };
    let homes = &defaults.homes;
    let home = |instance: usize| if homes.is_empty() { 0 } else { homes[instance % homes.len()] };
    let mut setup = NetworkSetup {
        links: Vec::new(),
        population_zones: items("clients"),
        instance_zones: (0..instances).map(home).collect(),
        backend_zones: items("backends"),
        client_links: Vec::new(),
        backend_links: Vec::new(),
        ..defaults.setup.clone()
    };
    let all = zones.0.len() as u16;
    for (for_clients, first) in
        [true, false].into_iter().flat_map(|c| (0..all).map(move |z| (c, z)))
    {
        let row = (0..all).map(|second| {
            let link = defaults.link(for_clients, first, second);
            let own = links.iter().find(|own| own.is_between(first, second));
            position(&mut setup.links, own.map_or(link.clone(), |own| own.over(link)))
        });
        let row: Vec<u16> = row.collect();
        let rows = if for_clients { &mut setup.client_links } else { &mut setup.backend_links };
        rows.push(row);
    }
    Ok(Some(setup))
}

/// Where a link stands in the list, at its end if it is new.
fn position(links: &mut Vec<Link>, link: Link) -> u16 {
    let known = links.iter().position(|known| *known == link);
    known.unwrap_or_else(|| {
        links.push(link);
        links.len() - 1
    }) as u16
}

/// What `[network]` says.
struct Defaults {
    latency: Option<Distribution>,
    local: Option<Distribution>,
    client: Option<Distribution>,
    loss: f64,
    client_loss: Option<f64>,
    homes: Vec<u16>,
    setup: NetworkSetup,
}

impl Defaults {
    fn read(context: &Context<'_>, table: &TableReader<'_>, zones: &ZoneNames) -> Option<Self> {
        let latency = optional_law(table, "latency");
        let local = optional_law(table, "local-latency");
        let client = optional_law(table, "client-latency");
        let loss = table.ratio("loss");
        let client_loss = table.has("client-loss").then(|| table.ratio("client-loss"));
        let small = |key| table.count(key).and_then(|count| u8::try_from(count).ok());
        let (round_trips, client_round_trips) = (small("round-trips"), small("client-round-trips"));
        let idle_connections = table.limit("idle-connections");
        let (resend, resend_opening) = (table.duration("resend"), table.duration("resend-opening"));
        let homes = homes(context, table, zones);
        Some(Self {
            latency: latency.ok()?,
            local: local.ok()?,
            client: client.ok()?,
            loss: loss?,
            client_loss: match client_loss {
                None => None,
                Some(read) => Some(read?),
            },
            homes: homes?,
            setup: NetworkSetup {
                round_trips: round_trips?,
                client_round_trips: client_round_trips?,
                idle_connections: idle_connections.ok()?,
                resend: resend?,
                resend_opening: resend_opening?,
                ..NetworkSetup::plain(0, 0, 0)
            },
        })
    }

    /// What messages meet between two zones without a `[[link]]`.
    fn link(&self, for_clients: bool, first: u16, second: u16) -> Link {
        let local = self.local.as_ref().filter(|_| first == second && first > 0);
        let client = self.client.as_ref().filter(|_| for_clients);
        let latency = client.or(local).or(self.latency.as_ref()).cloned();
        Link {
            latency: latency.unwrap_or(Distribution::constant(Span::ZERO)),
            loss: self.client_loss.filter(|_| for_clients).unwrap_or(self.loss),
        }
    }
}

/// The zone of each balancer instance, repeated if there are more.
fn homes(context: &Context<'_>, table: &TableReader<'_>, zones: &ZoneNames) -> Option<Vec<u16>> {
    let texts = |node: &Node| -> Vec<String> {
        let items = node.as_array().unwrap_or(&[]).iter();
        items.filter_map(Node::as_str).map(str::to_owned).collect()
    };
    let elsewhere = local(context.root);
    if !table.has("balancer-zones") {
        let names = elsewhere.map(texts).unwrap_or_default();
        return Some(names.iter().map(|name| zones.of(name)).collect());
    }
    let own = table.get("balancer-zones", |node, field| {
        let items = values::list(node, field, "names of zones")?;
        if items.is_empty() {
            return Err(Diagnostic::new("`balancer-zones` is empty", &node.place, "")
                .help("one zone per instance"));
        }
        items.into_iter().map(|item| values::text(item, field).map(str::to_owned)).collect()
    });
    let own: Vec<String> = own?;
    if let Some(elsewhere) = elsewhere
        && texts(elsewhere) != own
    {
        let node = table.node("balancer-zones")?;
        table.report.push(
            Diagnostic::new(
                "the balancer's instances are in two different places",
                &node.place,
                "here",
            )
            .and(&elsewhere.place, "and here")
            .help("remove `balancer-zones`: balancer.zones.local says where they are"),
        );
        return None;
    }
    Some(own.iter().map(|name| zones.of(name)).collect())
}

/// A `[[link]]`.
struct Between {
    zones: (u16, u16),
    latency: Option<Distribution>,
    loss: Option<f64>,
}

impl Between {
    fn read(table: &TableReader<'_>, zones: &ZoneNames) -> Option<Self> {
        let pair = table.has("between").then(|| zones.pair(table, "between"));
        let latency = optional_law(table, "latency");
        let loss = table.has("loss").then(|| table.ratio("loss"));
        if !table.has("latency") && loss.is_none() {
            table.report.push(
                Diagnostic::new("this link changes nothing", table.place, "")
                    .help("add `latency` or `loss`"),
            );
            return None;
        }
        let loss = match loss {
            None => None,
            Some(read) => Some(read?),
        };
        Some(Self { zones: pair??, latency: latency.ok()?, loss })
    }

    fn is_between(&self, first: u16, second: u16) -> bool {
        self.zones == (first, second) || self.zones == (second, first)
    }

    fn over(&self, link: Link) -> Link {
        Link {
            latency: self.latency.clone().unwrap_or(link.latency),
            loss: self.loss.unwrap_or(link.loss),
        }
    }
}

/// No two links are between the same zones.
fn check_pairs(top: &TableReader<'_>, links: &[Between]) -> Result<(), Reported> {
    let tables = top.tables("link");
    for (index, link) in links.iter().enumerate() {
        let other = links[..index].iter().position(|o| o.is_between(link.zones.0, link.zones.1));
        if let Some(other) = other {
            let place = |table: &TableReader<'_>| table.key_place("between").clone();
            top.report.push(
                Diagnostic::new(
                    "there are two links between these zones",
                    &place(&tables[index]),
                    "the second",
                )
                .and(&place(&tables[other]), "the first")
                .help("remove one of them: a link holds for both directions"),
            );
            return Err(Reported);
        }
    }
    Ok(())
}

fn optional_law(table: &TableReader<'_>, key: &str) -> Result<Option<Distribution>, Reported> {
    if !table.has(key) {
        return Ok(None);
    }
    distribution(table, key).map(Some).ok_or(Reported)
}

/// Between whom a fault of links is: `clients`, `zones`, or else the given backends.
fn ends(
    context: &Context<'_>,
    table: &TableReader<'_>,
    instances: Option<u16>,
    targets: Option<Vec<BackendId>>,
    population: impl FnOnce() -> Option<Option<PopulationId>>,
) -> Option<LinkEnds> {
    let keys = ["targets", "clients", "zones"];
    let given: Vec<&str> = keys.into_iter().filter(|key| table.has(key)).collect();
    let [key] = given[..] else {
        let message = "a link has backends, clients or zones at its end";
        let place = given.get(1).map_or(table.place, |key| table.key_place(key));
        table.report.push(
            Diagnostic::new(message, place, if given.is_empty() { "" } else { "a second one" })
                .help("write exactly one of `targets`, `clients` and `zones`"),
        );
        return None;
    };
    if key == "zones" {
        if table.has("balancers") {
            let place = table.key_place("balancers");
            let message = "`balancers` has no meaning between zones";
            table.report.push(Diagnostic::new(message, place, "remove it"));
            return None;
        }
        let (first, second) = ZoneNames::new(context.root).pair(table, "zones")?;
        return Some(LinkEnds::Zones(first, second));
    }
    let balancers = balancers(table, instances);
    if key == "clients" {
        return Some(LinkEnds::Clients(population()?, balancers?));
    }
    Some(LinkEnds::Backends(targets?, balancers?))
}

/// Instances by number; empty for all of them.
fn balancers(table: &TableReader<'_>, instances: Option<u16>) -> Option<Balancers> {
    if !table.has("balancers") {
        return Some(Vec::new());
    }
    table.get("balancers", |node, field| {
        let items = values::list(node, field, "numbers of balancer instances, from 0")?;
        if items.is_empty() {
            return Err(Diagnostic::new("`balancers` is empty", &node.place, "")
                .help("name at least one instance by its number, or leave the key out"));
        }
        let number = |item: &Node| match item.value {
            Value::Integer(number)
                if (0..i64::from(instances.unwrap_or(u16::MAX))).contains(&number) =>
            {
                Ok(InstanceId(number as u16))
            }
            Value::Integer(_) => {
                let most = instances.unwrap_or(u16::MAX);
                let message = format!("there are {most} balancer instances, counted from 0");
                Err(Diagnostic::new(message, &item.place, "none of them"))
            }
            _ => Err(values::wrong_kind(item, field, "whole numbers")),
        };
        items.into_iter().map(number).collect()
    })
}

/// What a `partition` with a direction, or a `slow-link`, does to which links.
pub(super) fn link_fault(
    context: &Context<'_>,
    table: &TableReader<'_>,
    instances: Option<u16>,
    targets: Option<Vec<BackendId>>,
    population: impl FnOnce() -> Option<Option<PopulationId>>,
    is_slow: bool,
) -> Option<LinkFault> {
    let ends = ends(context, table, instances, targets, population);
    let direction = match if table.has("direction") { table.choice("direction")? } else { "both" } {
        "to" => Direction::To,
        "from" => Direction::From,
        _ => Direction::Both,
    };
    let effect = if is_slow { LinkEffect::Slow(extra(table)?) } else { LinkEffect::Cut };
    Some(LinkFault { ends: ends?, direction, effect })
}

/// What a `slow-link` adds.
fn extra(table: &TableReader<'_>) -> Option<Link> {
    let latency = optional_law(table, "latency");
    let loss = table.ratio("loss");
    if !table.has("latency") && !table.has("loss") {
        table.report.push(
            Diagnostic::new("this changes nothing", table.place, "")
                .help("add `latency` or `loss`"),
        );
        return None;
    }
    let latency = latency.ok()?.unwrap_or(Distribution::constant(Span::ZERO));
    Some(Link { latency, loss: loss? })
}
