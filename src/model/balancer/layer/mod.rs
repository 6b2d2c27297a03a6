//! Layers: what narrows the pool down before an algorithm picks. One file each, and one line in
//! [`LAYERS`].
//!
//! A layer divides the members into parts. Each part has an inner state of its own, which sees the
//! members of the others as absent; for every pick the layer says which part is asked. They are
//! nested in one order, whatever the file says: canary, subset, priority, zones, algorithm. If
//! nobody of the chosen part can take an attempt, the others are asked, so that an attempt is turned
//! away only if nobody in reach is eligible.

use super::config::AlgorithmConfig;
use super::{Answer, Balancer, Build, MemberView, Pick, PickContext, ProbeReply};
use crate::engine::random::keyed;
use std::sync::Arc;

pub mod canary;
pub mod priority;
pub mod subset;
pub mod zone;

pub use canary::{Canary, CanaryBy};
pub use priority::Priorities;
pub use subset::Subset;
pub use zone::Zones;

/// An entry of the table.
#[derive(Debug)]
pub struct LayerSpec {
    /// Key below `[balancer]`.
    pub name: &'static str,
    /// One line: what it does.
    pub summary: &'static str,
    /// One line: when it fails.
    pub fails: &'static str,
    /// Where it is described.
    pub source: &'static str,
    /// The layer itself, if the configuration has it.
    build: fn(&AlgorithmConfig, Seat) -> Option<Box<dyn Layer>>,
}

/// Every layer, from the outside in.
pub const LAYERS: &[&LayerSpec] = &[&canary::LAYER, &subset::LAYER, &priority::LAYER, &zone::LAYER];

/// The layers of a balancer's configuration.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Layers {
    /// A share of the requests for a named group.
    pub canary: Option<Canary>,
    /// Each instance sees only some members.
    pub subset: Option<Subset>,
    /// Members of lower priorities wait until those above fail.
    pub priority: Option<Priorities>,
    /// Each instance prefers its own zone.
    pub zones: Option<Zones>,
}

/// Which state is built: that of one thread of one instance.
#[derive(Clone, Copy, Debug)]
pub struct Seat {
    /// Number of the instance, from 0.
    pub instance: u16,
    /// How many instances there are.
    pub instances: u16,
    /// Which of the instance's threads, from 0.
    pub thread: u16,
    /// Random bits of this instance.
    pub seed: u64,
}

/// How the members are divided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Division {
    /// Per part and member: how much of the member's weight the part sees, of [`MemberView::FULL`].
    pub(super) parts: Vec<Vec<u32>>,
}

impl Division {
    /// Parts of whole members: `is_in(part, member)`.
    fn of(
        parts: usize,
        members: &[MemberView],
        is_in: impl Fn(usize, &MemberView) -> bool,
    ) -> Self {
        let share = |part, view: &MemberView| u32::from(is_in(part, view)) * MemberView::FULL;
        let part = |part| members.iter().map(|view| share(part, view)).collect();
        Self { parts: (0..parts).map(part).collect() }
    }
}

/// A rule that divides the members, and says which part an attempt goes to.
pub(super) trait Layer: Send + Sync {
    /// Divides the members anew: usability, weights or what they belong to has changed.
    fn divide(&mut self, members: &[MemberView]) -> Division;

    /// The part that the next attempt goes to.
    fn choose(&mut self, context: &mut PickContext<'_>) -> usize;

    /// A copy with the same state.
    fn boxed_clone(&self) -> Box<dyn Layer>;
}

/// A part of the members, and the state that picks among them.
struct Part {
    /// How much of each member's weight it sees.
    shares: Vec<u32>,
    /// Who is not in it, or not in that of a layer further out.
    barred: Vec<bool>,
    /// The members as it sees them, if it sees some only in part.
    views: Option<Vec<MemberView>>,
    inner: Box<dyn Balancer>,
}

impl Clone for Part {
    fn clone(&self) -> Self {
        Self {
            shares: self.shares.clone(),
            barred: self.barred.clone(),
            views: self.views.clone(),
            inner: self.inner.boxed_clone(),
        }
    }
}

impl Part {
    fn members_changed(&mut self, members: &[MemberView], shares: Vec<u32>) {
        let seen = |(view, &share): (&MemberView, &u32)| match share {
            0 => MemberView {
                weight: 0,
                usable: false,
                healthy: false,
                present: false,
                ..view.clone()
            },
            share => MemberView { ramp: scaled(view.ramp, share), ..view.clone() },
        };
        let views: Vec<MemberView> = members.iter().zip(&shares).map(seen).collect();
        self.inner.members_changed(&views);
        // Those that a layer further out keeps away look absent already.
        self.barred = views.iter().map(|view| !view.usable).collect();
        let is_partial = |&share: &u32| share != 0 && share != MemberView::FULL;
        self.views = shares.iter().any(is_partial).then_some(views);
        self.shares = shares;
    }

    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        if let Some(views) = &mut self.views {
            for (view, member) in views.iter_mut().zip(context.members) {
                view.in_flight = member.in_flight;
                view.queued = member.queued;
                view.max_connections = member.max_connections;
            }
        }
        self.inner.pick(&mut PickContext {
            members: self.views.as_deref().unwrap_or(context.members),
            key: context.key,
            tried: context.tried,
            barred: &self.barred,
            queues: context.queues,
            backlog: context.backlog,
            stream: context.stream,
            now: context.now,
            probes: context.probes,
        })
    }

    fn has(&self, member: usize) -> bool {
        self.shares.get(member).is_some_and(|&share| share > 0)
    }
}

/// A share of a ramp; something is left of what is in part there.
fn scaled(ramp: u32, share: u32) -> u32 {
    if share == MemberView::FULL { ramp } else { (ramp * share / MemberView::FULL).max(1) }
}

/// An algorithm, or another layer, inside a layer.
struct Layered {
    layer: Box<dyn Layer>,
    parts: Vec<Part>,
    config: Arc<AlgorithmConfig>,
    /// The layers from here on inwards.
    inside: &'static [&'static LayerSpec],
    seat: Seat,
}

impl Clone for Layered {
    fn clone(&self) -> Self {
        Self {
            layer: self.layer.boxed_clone(),
            parts: self.parts.clone(),
            config: self.config.clone(),
            inside: self.inside,
            seat: self.seat,
        }
    }
}

/// A fresh state of the algorithm within its layers.
pub(super) fn build(config: &Arc<AlgorithmConfig>, seat: Seat) -> Box<dyn Balancer> {
    inside(config, LAYERS, seat)
}

fn inside(
    config: &Arc<AlgorithmConfig>,
    mut layers: &'static [&'static LayerSpec],
    seat: Seat,
) -> Box<dyn Balancer> {
    while let [first, rest @ ..] = layers {
        if let Some(layer) = (first.build)(config, seat) {
            let (parts, config) = (Vec::new(), config.clone());
            return Box::new(Layered { layer, parts, config, inside: rest, seat });
        }
        layers = rest;
    }
    (config.algorithm.build)(&Build {
        arguments: &config.arguments,
        version: config.version,
        instance: seat.instance,
        thread: seat.thread,
        seed: seat.seed,
    })
}

impl Layered {
    fn add_part(&mut self) {
        // What starts at random starts elsewhere in each part, but the first is as without layers.
        let number = self.parts.len() as u64;
        let seed = if number == 0 { self.seat.seed } else { keyed(self.seat.seed, number) };
        let inner = inside(&self.config, self.inside, Seat { seed, ..self.seat });
        let (shares, barred, views) = (Vec::new(), Vec::new(), None);
        self.parts.push(Part { shares, barred, views, inner });
    }
}

impl Balancer for Layered {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        let chosen = self.layer.choose(context);
        let mut pick = self.parts[chosen].pick(context);
        for other in (0..self.parts.len()).filter(|&other| other != chosen) {
            if pick != Pick::Nobody {
                break;
            }
            pick = self.parts[other].pick(context);
        }
        pick
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        let division = self.layer.divide(members);
        while self.parts.len() < division.parts.len() {
            self.add_part();
        }
        // A part that is gone may come back; until then nobody is in it.
        let none = vec![0; members.len()];
        let shares = division.parts.into_iter().chain(std::iter::repeat(none));
        for (part, shares) in self.parts.iter_mut().zip(shares) {
            part.members_changed(members, shares);
        }
    }

    fn load_changed(&mut self, member: usize, members: &[MemberView]) {
        for part in self.parts.iter_mut().filter(|part| part.has(member)) {
            let Some(views) = &mut part.views else {
                part.inner.load_changed(member, members);
                continue;
            };
            views[member].in_flight = members[member].in_flight;
            views[member].queued = members[member].queued;
            part.inner.load_changed(member, views);
        }
    }

    fn answered(&mut self, member: usize, answer: Answer) {
        for part in self.parts.iter_mut().filter(|part| part.has(member)) {
            part.inner.answered(member, answer);
        }
    }

    fn probed(&mut self, member: usize, reply: ProbeReply) {
        for part in self.parts.iter_mut().filter(|part| part.has(member)) {
            part.inner.probed(member, reply);
        }
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}
