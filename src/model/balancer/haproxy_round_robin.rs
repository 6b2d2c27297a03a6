//! `haproxy-round-robin`: HAProxy's `roundrobin`, position by position.

use super::{Algorithm, Balancer, Dialect, MemberView, Pick, PickContext};
use std::collections::BTreeSet;

/// HAProxy's weights are multiplied by this, so that slow start can use sixteenths.
const WEIGHT_SCALE: u32 = 16;
/// The largest effective weight.
const WEIGHT_MAX: u32 = 256 * WEIGHT_SCALE;

/// HAProxy's effective weight of a member: its weight in sixteenths, lowered by slow start.
pub(super) fn effective_weight(member: &MemberView) -> u32 {
    let sixteenths = (member.ramp * WEIGHT_SCALE).div_ceil(MemberView::FULL);
    member.weight * sixteenths.clamp(1, WEIGHT_SCALE)
}

/// Where a server waits for its turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// Nowhere: it is down.
    Out,
    /// In the present turn, by position.
    Turn(u32, u64),
    /// In one of the two lists that have lost their positions, by weight.
    Waiting(usize, u32, u64),
}

#[derive(Clone, Copy, Debug)]
struct Server {
    /// Effective weight; 0 when down.
    weight: u32,
    /// Position of its next turn.
    next: u32,
    /// Position of its last turn.
    last: u32,
    /// What the division of the turn by its weight has left over so far.
    remainder: u32,
    place: Place,
}

/// Servers stand on a line of positions; each use moves one ahead by (total weight / own weight).
/// Positions are 32-bit and wrap, as in the original.
#[derive(Clone, Default)]
struct HaproxyRoundRobin {
    servers: Vec<Server>,
    /// The present turn: (position, sequence, server).
    turn: BTreeSet<(u32, u64, usize)>,
    /// Servers by weight, heavy first: those to start with, and those of the turn after.
    waiting: [BTreeSet<(u32, u64, usize)>; 2],
    /// Which of `waiting` the present turn starts from.
    start: usize,
    position: u32,
    /// Total weight of the present turn.
    turn_weight: u32,
    /// Total weight as it is now: that of the next turn.
    next_weight: u32,
    sequence: u64,
    /// Servers passed over during one pick; kept to allocate nothing.
    skipped: Vec<usize>,
    has_picked: bool,
}

impl HaproxyRoundRobin {
    fn take_out(&mut self, index: usize) {
        match self.servers[index].place {
            Place::Out => {}
            Place::Turn(key, sequence) => {
                self.turn.remove(&(key, sequence, index));
            }
            Place::Waiting(list, key, sequence) => {
                self.waiting[list].remove(&(key, sequence, index));
            }
        }
        self.servers[index].place = Place::Out;
    }

    fn wait(&mut self, list: usize, index: usize) {
        self.sequence += 1;
        let key = WEIGHT_MAX.wrapping_sub(self.servers[index].weight);
        self.waiting[list].insert((key, self.sequence, index));
        self.servers[index].place = Place::Waiting(list, key, self.sequence);
    }

    /// Puts a server where its next position belongs: in this turn, or in the next.
    fn put(&mut self, index: usize) {
        let server = self.servers[index];
        let beyond = (2 * self.turn_weight).min(self.turn_weight + self.next_weight);
        if server.next >= beyond {
            self.servers[index].next = server.next.wrapping_sub(self.turn_weight);
            self.wait(1 - self.start, index);
        } else {
            self.sequence += 1;
            let fine = WEIGHT_MAX.wrapping_add(server.remainder).wrapping_sub(server.weight);
            let key = server.next.wrapping_mul(256).wrapping_add(fine / WEIGHT_SCALE);
            self.turn.insert((key, self.sequence, index));
            self.servers[index].place = Place::Turn(key, self.sequence);
        }
    }

    /// Who is due: the first of this turn, if its position is reached; else one that waits to
    /// start; else the first of this turn, early.
    fn due(&mut self) -> Option<usize> {
        let first = self.turn.first().map(|&(_, _, index)| index);
        if let Some(index) = first
            && self.servers[index].next <= self.position
        {
            return first;
        }
        let Some(&(_, _, fresh)) = self.waiting[self.start].first() else { return first };
        self.servers[fresh].next = 0;
        self.servers[fresh].remainder = 0;
        Some(fresh)
    }

    /// A server uses its turn.
    fn advance(&mut self, index: usize) {
        let (position, total) = (self.position, self.next_weight);
        let server = &mut self.servers[index];
        if server.next == 0 {
            server.next = position;
        }
        server.last = server.next;
        server.next = server.next.wrapping_add(total / server.weight);
        server.remainder += total % server.weight;
        if server.remainder >= server.weight {
            server.remainder -= server.weight;
            server.next = server.next.wrapping_add(1);
        }
        self.take_out(index);
        self.position += 1;
    }

    fn choose(&mut self, context: &PickContext<'_>) -> Option<usize> {
        if self.next_weight == 0 {
            return None;
        }
        self.has_picked = true;
        if self.turn_weight == 0 {
            self.turn_weight = self.next_weight;
            self.position = self.next_weight;
        }
        let mut switched = false;
        let picked = loop {
            if let Some(index) = self.due() {
                self.advance(index);
                if context.is_eligible(index) {
                    self.put(index);
                    break Some(index);
                }
                self.skipped.push(index);
            } else if switched {
                break None;
            } else {
                switched = true;
                self.start = 1 - self.start;
                self.turn_weight = self.next_weight;
                self.position = self.next_weight;
            }
        };
        // Those passed over, the last one first. If the turn ended meanwhile, their places are lost.
        while let Some(index) = self.skipped.pop() {
            if switched {
                self.wait(self.start, index);
            } else {
                self.put(index);
            }
        }
        picked
    }

    fn come_up(&mut self, index: usize, weight: u32) {
        self.next_weight += weight;
        let ahead = self.next_weight.wrapping_add(self.turn_weight).wrapping_sub(self.position);
        let position = self.position;
        let server = &mut self.servers[index];
        server.weight = weight;
        server.next = position.wrapping_add(ahead / weight);
        self.put(index);
    }

    fn go_down(&mut self, index: usize) {
        self.next_weight -= self.servers[index].weight;
        self.take_out(index);
        self.servers[index].weight = 0;
    }

    fn change_weight(&mut self, index: usize, weight: u32) {
        self.next_weight = self.next_weight - self.servers[index].weight + weight;
        let place = self.servers[index].place;
        self.take_out(index);
        self.servers[index].weight = weight;
        if let Place::Waiting(list, ..) = place {
            if list == self.start {
                self.wait(list, index);
                return;
            }
            let server = &mut self.servers[index];
            server.next = server.next.wrapping_add(self.turn_weight);
        }
        let step = self.next_weight / weight;
        let position = self.position;
        let server = &mut self.servers[index];
        server.next = server.last.wrapping_add(step).min(server.next);
        server.remainder = 0;
        if server.next < position + 2 {
            server.next = position + step;
        }
        self.put(index);
    }

    /// As at a start: everybody by weight, heavy ones first.
    fn restart(&mut self, weights: &[u32]) {
        let fresh = |&weight| Server { weight, next: 0, last: 0, remainder: 0, place: Place::Out };
        *self = Self { servers: weights.iter().map(fresh).collect(), ..Self::default() };
        for (index, &weight) in weights.iter().enumerate() {
            self.next_weight += weight;
            if weight > 0 {
                self.wait(0, index);
            }
        }
        self.turn_weight = self.next_weight;
        self.position = self.next_weight;
    }
}

impl Balancer for HaproxyRoundRobin {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        let weight = |member: &MemberView| if member.usable { effective_weight(member) } else { 0 };
        let weights: Vec<u32> = members.iter().map(weight).collect();
        if !self.has_picked {
            self.restart(&weights);
            return;
        }
        for (index, &weight) in weights.iter().enumerate() {
            match (self.servers[index].weight, weight) {
                (before, now) if before == now => {}
                (0, _) => self.come_up(index, weight),
                (_, 0) => self.go_down(index),
                _ => self.change_weight(index, weight),
            }
        }
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: HAProxy 2.6 `lb_fwrr.c`, held to recordings in tests/orders.rs.
/// A server that comes up or changes weight is placed up to a turn ahead; one that is full, or that
/// has failed the attempt, loses that turn only.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "haproxy-round-robin",
    dialect: (Dialect::Haproxy, &["roundrobin", "round-robin"]),
    summary: "turns on a line of positions, total weight / own weight apart, heavy members first",
    fails: "a slow or dead member keeps its share; every instance starts at the same member",
    cost: "O(log n), and as much for each full member passed over",
    vendors: "HAProxy: roundrobin",
    weighted: true,
    waits_behind_queue: true,
    build: |_| Box::new(HaproxyRoundRobin::default()),
    ..Algorithm::PLAIN
};
