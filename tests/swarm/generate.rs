//! Scenarios at random, along the tables from which scenario files are read: a key, verb, law,
//! algorithm or signal that is added there is drawn here without further ado.
//!
//! Each scenario has only some of the features (swarm testing: Groce, Zhang, Eide, Chen & Regehr,
//! ISSTA 2012): what suppresses another feature's effect is absent from many of them.

use super::agree::{agree, file};
use super::document::{Table, Value};
use super::draw::{Draw, duration};
use super::laws::law;
use misroute::engine::digest::Digest;
use misroute::model::balancer::admission::ADMISSIONS;
use misroute::model::balancer::membership::rule::EJECTIONS;
use misroute::model::balancer::{ALGORITHMS, Parameter, ParameterKind};
use misroute::model::outcome::Outcome;
use misroute::model::station::discipline::DISCIPLINES;
use misroute::observe::metric::{METRICS, Unit, VERDICTS};
use misroute::scenario::actions::{self, ACTIONS};
use misroute::scenario::fields::{BALANCER, Field, Kind, More, Presence, SCENARIO, TableSpec};
use misroute::scenario::{SIGNALS, units};

/// Draws one scenario.
pub(super) struct Generator {
    pub(super) draw: Draw,
    /// How many of the optional keys this scenario knows at all.
    density: f64,
    salt: u64,
    pub(super) seconds: f64,
    backends: Vec<String>,
    /// The names in each list, and the verbs of the entries among them.
    names: Vec<(&'static str, String)>,
}

impl Generator {
    pub(super) fn new(seed: u64, index: u64) -> Self {
        let mut draw = Draw::new(seed, index);
        let density = draw.one_of(&[0.1, 0.3, 0.5, 0.7]);
        let salt = seed ^ (index << 32);
        let seconds = draw.scale(2.0, 30.0);
        Self { draw, density, salt, seconds, backends: Vec::new(), names: Vec::new() }
    }

    /// A whole scenario, not necessarily a sound one.
    pub(super) fn scenario(&mut self) -> Table {
        let mut document = Table::new();
        document.insert("duration".to_owned(), duration(self.seconds).into());
        // Names come before what refers to them.
        for key in ["backends", "clients", "alert"] {
            let field = SCENARIO.fields.iter().find(|field| field.key == key).unwrap();
            self.put(field, "", &mut document);
        }
        for field in SCENARIO.fields {
            if !document.contains_key(field.key) {
                self.put(field, "", &mut document);
            }
        }
        if document.contains_key("link") {
            // Somebody is at either end.
            for (list, zone) in [("clients", "a"), ("backends", "b")] {
                let first = document.get_mut(list).and_then(Value::as_array_mut);
                for item in first.into_iter().flatten().filter_map(Value::as_table_mut) {
                    item.insert("zone".to_owned(), zone.into());
                }
            }
        }
        document
    }

    fn put(&mut self, field: &Field, prefix: &str, into: &mut Table) {
        let id = format!("{prefix}{}", field.key);
        let wanted = field.presence == Presence::Required || self.knows(&id);
        if wanted && let Some(value) = self.value(field, prefix) {
            into.insert(field.key.to_owned(), value);
        }
    }

    /// Whether this scenario has a feature; if so, most of the places for it have it.
    fn knows(&mut self, id: &str) -> bool {
        let mut digest = Digest::default();
        digest.word(self.salt);
        digest.text(id);
        let share = (digest.value() >> 11) as f64 / (1_u64 << 53) as f64;
        share < self.density && self.draw.chance(0.8)
    }

    /// A table with the keys that this scenario knows; `None` if one that it needs is beyond us.
    fn table(&mut self, spec: &'static TableSpec, prefix: &str) -> Option<Table> {
        let mut table = Table::new();
        for field in spec.fields {
            self.put(field, prefix, &mut table);
            if field.presence == Presence::Required && !table.contains_key(field.key) {
                return None;
            }
        }
        let named = |table: &Table, key: &str| {
            table.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        match spec.more {
            More::Algorithms => {
                let chosen = named(&table, "algorithm");
                for algorithm in ALGORITHMS.iter().filter(|algorithm| algorithm.name == chosen) {
                    let parameters = self.parameters(algorithm.parameters, 0.5);
                    if !parameters.is_empty() {
                        table.insert(chosen.clone(), parameters.into());
                    }
                }
            }
            More::Disciplines => {
                let chosen = named(&table, "discipline");
                for discipline in DISCIPLINES.iter().filter(|discipline| discipline.name == chosen)
                {
                    let parameters = self.parameters(discipline.parameters, 0.5);
                    if !parameters.is_empty() {
                        table.insert(chosen.clone(), parameters.into());
                    }
                }
            }
            More::Admissions => {
                let rule = ADMISSIONS.iter().find(|rule| rule.name == named(&table, "rule"));
                table.extend(self.parameters(rule?.parameters, 0.5));
            }
            More::EjectionParameters => {
                let rule = EJECTIONS.iter().find(|rule| rule.name == named(&table, "rule"));
                table.extend(self.parameters(rule?.parameters, 0.5));
            }
            More::Actions => {
                let action = actions::find(&named(&table, "do"))?;
                let prefix = format!("{prefix}{}.", action.name);
                for field in action.all_fields() {
                    self.put(&field, &prefix, &mut table);
                    if field.presence == Presence::Required && !table.contains_key(field.key) {
                        return None;
                    }
                }
            }
            More::Nothing => {}
        }
        Some(table)
    }

    fn parameters(&mut self, parameters: &'static [Parameter], share: f64) -> Table {
        let mut table = Table::new();
        for parameter in parameters {
            if self.draw.chance(share) {
                let value = self.parameter(parameter);
                table.insert(parameter.name.to_owned(), value);
            }
        }
        table
    }

    fn parameter(&mut self, parameter: &'static Parameter) -> Value {
        let field = Field {
            key: parameter.name,
            kind: Kind::Number,
            presence: Presence::Number(parameter.default),
            range: Some(parameter.range),
            doc: "",
        };
        match parameter.kind {
            ParameterKind::Count => self.draw.count(&field).into(),
            ParameterKind::Number => self.draw.number(&field).into(),
            ParameterKind::Ratio => self.draw.ratio(field.range).into(),
            ParameterKind::Duration => self.draw.duration(field.range).into(),
            ParameterKind::Rate => self.draw.rate(field.range).into(),
            ParameterKind::Choice(words) => self.draw.one_of(words).into(),
        }
    }

    /// The elements of a list of tables.
    fn list(&mut self, key: &'static str, spec: &'static TableSpec, prefix: &str) -> Option<Value> {
        let most = match key {
            "timeline" => 7,
            "backends" => 5,
            _ => 3,
        };
        let mut items = Vec::new();
        for n in 1..=self.draw.between(1, most) {
            let Some(mut table) = self.table(spec, prefix) else { continue };
            let name = format!("{}-{n}", &key[..1]);
            if table.contains_key("name") {
                table.insert("name".to_owned(), name.clone().into());
            }
            if key == "timeline" {
                // At least one way to happen, and only one.
                if table.contains_key("on-alert") {
                    table.remove("at");
                } else {
                    table.remove("delay");
                    let at = self.moment();
                    table.insert("at".to_owned(), at.into());
                }
                let verb = table["do"].as_str().unwrap().to_owned();
                let verb = ACTIONS.iter().find(|action| action.name == verb)?.name;
                self.names.push((verb, name.clone()));
            } else if key == "backends" {
                self.backends.push(name.clone());
            }
            self.names.push((key, name));
            items.push(Value::Table(table));
        }
        if key == "timeline" {
            items.sort_by_key(|item| {
                let at = item.get("at").and_then(Value::as_str);
                at.map_or(0, |at| units::duration(at).unwrap().as_ns())
            });
        }
        (!items.is_empty()).then_some(Value::Array(items))
    }

    fn moment(&mut self) -> String {
        let share = self.draw.scale(0.01, 1.0);
        duration(if self.draw.chance(0.1) { 0.0 } else { (share - 0.01) * self.seconds })
    }

    /// The name of something of a kind, if there is one.
    fn name_of(&mut self, list: &str) -> Option<String> {
        let of = self.names.iter().filter(|(key, _)| *key == list);
        let names: Vec<String> = of.map(|(_, name)| name.clone()).collect();
        (!names.is_empty()).then(|| names[self.draw.below(names.len())].clone())
    }

    /// A value for a key; `None` if it is of a kind that is not drawn.
    pub(super) fn value(&mut self, field: &Field, prefix: &str) -> Option<Value> {
        let inner = format!("{prefix}{}.", field.key);
        let draw = &mut self.draw;
        Some(match field.kind {
            Kind::Schema => 1.into(),
            Kind::Flag => draw.chance(0.5).into(),
            Kind::CountOr(word) if draw.chance(0.2) => word.into(),
            Kind::Count | Kind::CountOr(_) => draw.count(field).into(),
            Kind::Number => draw.number(field).into(),
            // Instances by number.
            Kind::Numbers if field.key == "balancers" => vec![0].into(),
            Kind::Numbers => draw.list(|draw| draw.number(field).into()),
            Kind::Ratio => draw.ratio(field.range).into(),
            Kind::Rate => draw.rate(field.range).into(),
            Kind::DurationOr(word) if draw.chance(0.2) => word.into(),
            Kind::Duration | Kind::DurationOr(_) => draw.duration(field.range).into(),
            Kind::Durations(word) => draw.list(|draw| match word {
                Some(word) if draw.chance(0.2) => word.into(),
                _ => draw.duration(field.range).into(),
            }),
            Kind::Choice(words) => draw.one_of(words).into(),
            Kind::Choices(words) => draw.list(|draw| draw.one_of(words).into()),
            Kind::Text if field.key == "file" => {
                let table = prefix.split_inclusive('.').next_back().unwrap_or_default();
                file(self, table).into()
            }
            Kind::Text => draw.one_of(&["2.6", "127.0.0.1", "{}"]).into(),
            Kind::Name => draw.one_of(&["a", "b"]).into(),
            // The two ends of a link.
            Kind::Texts if matches!(field.key, "between" | "zones") => {
                vec![draw.one_of(&["a", "b"]), draw.one_of(&["a", "b"])].into()
            }
            Kind::Texts => draw.list(|draw| draw.one_of(&["a", "b"]).into()),
            // Named by the list they are in.
            Kind::KebabName | Kind::Identifier | Kind::NamePattern => "swarm".into(),
            Kind::Start => "2024-01-01T00:00:00Z".into(),
            Kind::Algorithm => draw.one_of(ALGORITHMS).name.into(),
            Kind::EjectionRule => draw.one_of(EJECTIONS).name.into(),
            Kind::Verb => draw.one_of(&ACTIONS.iter().collect::<Vec<_>>()).name.into(),
            Kind::OverloadCondition => format!("queue >= {}", draw.between(1, 20)).into(),
            Kind::Size => format!("{}MiB", draw.between(1, 200)).into(),
            Kind::Distribution => law(&mut self.draw),
            Kind::Table(spec) => {
                let mut table = self.table(spec, &inner)?;
                agree(self, field.key, &mut table);
                table.into()
            }
            Kind::List(spec) => self.list(field.key, spec, &inner)?,
            Kind::Moment => self.moment().into(),
            Kind::Interval => self.interval(),
            Kind::Edits => self.edits()?.into(),
            Kind::Targets => self.targets(),
            Kind::Reference(what) => self.reference(what)?.into(),
            Kind::References(what) => vec![self.reference(what)?].into(),
            Kind::AlertCondition => self.condition()?.into(),
            Kind::Metric => {
                let metric = self.draw.one_of(&METRICS.iter().collect::<Vec<_>>()).name;
                self.fill(metric)?.into()
            }
            _ => return None,
        })
    }

    fn interval(&mut self) -> Value {
        let (from, length) = (self.draw.scale(0.01, 0.9), self.draw.scale(0.01, 1.0));
        let to = from + (1.0 - from) * length;
        let moment = |share: f64| Value::from(duration(share * self.seconds));
        vec![moment(from), moment(to)].into()
    }

    fn targets(&mut self) -> Value {
        match self.draw.below(8) {
            0 => "all".into(),
            1 => "database".into(),
            2 => "b-*".into(),
            _ if self.backends.is_empty() => "all".into(),
            n => {
                let names: Vec<&str> = self.backends.iter().map(String::as_str).collect();
                let chosen = self.draw.one_of(&names);
                if n < 5 { chosen.into() } else { vec![chosen, self.draw.one_of(&names)].into() }
            }
        }
    }

    fn reference(&mut self, what: &str) -> Option<String> {
        match what {
            "population" if self.draw.chance(0.5) => Some("all".to_owned()),
            "population" => self.name_of("clients"),
            "expectation" => self.name_of("expect"),
            _ => self.name_of(what.strip_suffix(" entry").unwrap_or(what)),
        }
    }

    /// Paths of the balancer's configuration with new values.
    fn edits(&mut self) -> Option<Table> {
        let mut edits = Table::new();
        for _ in 0..self.draw.between(1, 3) {
            let member = self.draw.one_of(&["weight", "in-pool", "max-connections"]);
            let backends = SCENARIO.fields.iter().find(|field| field.key == "backends")?;
            let (path, field, prefix) = match backends.kind {
                Kind::List(spec) if self.draw.chance(0.5) => {
                    let name = self.draw.below(self.backends.len());
                    let field = spec.fields.iter().find(|field| field.key == member)?;
                    (format!("backends.{}.{member}", self.backends[name]), *field, "backends.")
                }
                _ => {
                    let field = self.draw.one_of(BALANCER.fields);
                    (format!("balancer.{}", field.key), field, "balancer.")
                }
            };
            let value = self.value(&field, prefix)?;
            edits.insert(path, value);
        }
        Some(edits)
    }

    /// A signal or metric with names in place of its NAME and NN.
    fn fill(&mut self, name: &str) -> Option<String> {
        if !name.contains("NAME") {
            return Some(name.replace("NN", self.draw.one_of(&["50", "95", "999"])));
        }
        let filler = match name.split('.').next()? {
            "outcomes" | "failures" => {
                let failures: Vec<Outcome> =
                    Outcome::ALL.iter().copied().filter(|outcome| !outcome.is_ok()).collect();
                self.draw.one_of(&failures).name().to_owned()
            }
            "alerts" => self.name_of("alert")?,
            _ => self.name_of("backends")?,
        };
        Some(name.replace("NAME", &filler))
    }

    fn condition(&mut self) -> Option<String> {
        let signal = self.draw.one_of(&SIGNALS.iter().collect::<Vec<_>>());
        let (name, sign) = (self.fill(signal.name)?, self.draw.one_of(&['>', '<']));
        let threshold = match format!("{:?}", signal.threshold).as_str() {
            "Ratio" => self.draw.ratio(None),
            "Duration" => self.draw.duration(None),
            "Rate" => self.draw.rate(None),
            _ => format!("{:.1}", self.draw.scale(0.1, 10.0)),
        };
        let hold = if self.draw.chance(0.5) { " for 1s" } else { "" };
        Some(format!("{name} {sign} {threshold}{hold}"))
    }

    /// Gives each expectation one bound, in the unit of its metric.
    pub(super) fn bound(&mut self, document: &mut Table) {
        let expects = document.get_mut("expect").and_then(Value::as_array_mut);
        for expect in expects.into_iter().flatten().filter_map(Value::as_table_mut) {
            let name = expect["metric"].as_str().unwrap_or_default().to_owned();
            let whole = METRICS.iter().find(|metric| {
                let (head, tail) = metric.name.split_once("NAME").unwrap_or((metric.name, ""));
                let head = head.split("NN").next().unwrap_or(head);
                name.starts_with(head) && name.ends_with(tail)
            });
            let Some(metric) = whole else { continue };
            let (key, value): (_, Value) = match metric.unit {
                Unit::Text => ("is", self.draw.one_of(&VERDICTS).into()),
                Unit::Ratio => ("at-most", self.draw.ratio(None).into()),
                Unit::Milliseconds => ("at-most", self.draw.duration(None).into()),
                Unit::Rate => ("at-least", self.draw.rate(None).into()),
                Unit::Instant => ("at-most", self.moment().into()),
                _ => {
                    ("at-least", self.draw.between(0, 9).to_string().parse::<i64>().unwrap().into())
                }
            };
            for bound in ["within", "at-least", "at-most", "is"] {
                expect.remove(bound);
            }
            if metric.whole_run {
                expect.remove("between");
                expect.remove("baseline");
            }
            expect.insert(key.to_owned(), value);
        }
    }
}
