//! The autoscaler at work: it looks, decides, and backends come and go.
//!
//! Who serves is a matter of registration, as with service discovery, and beside the balancers'
//! configuration: a member gets attempts if the version that an instance runs has it in its pool *and*
//! it is registered. No rollout or rollback registers anybody.

use super::event::{Event, TIMERS};
use super::probe::{Probe, WorldChange};
use super::setup::{Autoscale, BackendId, InstanceId, ScaleMetric, Setup};
use super::world::World;
use crate::engine::time::{Span, Time};
use std::collections::VecDeque;
use std::sync::Arc;

/// A step of the autoscaler. Those of a member are dropped if it has been turned round since.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScaleStep {
    /// It looks at its members.
    Look,
    /// A new member's process starts.
    Boot { place: u16, turn: u16 },
    /// A new member is registered.
    Register { place: u16, turn: u16 },
    /// An old member's process ends.
    Stop { place: u16, turn: u16 },
}

/// Where a target is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Out,
    Ordered,
    Booting,
    In,
    Leaving,
}

/// A target; `turn` counts how often it was turned round.
#[derive(Clone, Copy, Debug)]
struct Member {
    standing: Standing,
    turn: u16,
}

/// What the autoscaler knows.
#[derive(Clone, Debug)]
pub(super) struct Scaler {
    members: Vec<Member>,
    /// Integrals of the metric per target at earlier looks, oldest first.
    looks: VecDeque<(Time, Vec<f64>)>,
    /// What was desired at earlier looks, oldest first.
    desired: VecDeque<(Time, u32)>,
    /// How many members more or fewer there were after earlier decisions, oldest first.
    changes: VecDeque<(Time, i64)>,
}

impl Scaler {
    pub(super) fn new(autoscale: &Autoscale, setup: &Setup) -> Self {
        let member = |id: &BackendId| {
            let is_up = setup.backends[id.index()].up_at_start;
            Member { standing: if is_up { Standing::In } else { Standing::Out }, turn: 0 }
        };
        let members: Vec<Member> = autoscale.targets.iter().map(member).collect();
        let current = members.iter().filter(|m| m.standing == Standing::In).count() as u32;
        let nothing = vec![0.0; members.len()];
        Self {
            members,
            looks: VecDeque::from([(Time::ZERO, nothing)]),
            desired: VecDeque::from([(Time::ZERO, current)]),
            changes: VecDeque::new(),
        }
    }

    fn places(&self, standings: &[Standing]) -> Vec<usize> {
        let is = |&place: &usize| standings.contains(&self.members[place].standing);
        (0..self.members.len()).filter(is).collect()
    }

    /// Sends a target another way; steps of its old way are void. Returns the number of this one.
    fn turn(&mut self, place: usize, standing: Standing) -> u16 {
        let member = &mut self.members[place];
        *member = Member { standing, turn: member.turn.wrapping_add(1) };
        member.turn
    }

    /// Remembers what is desired, and returns what all looks of late agree on.
    fn settle(&mut self, autoscale: &Autoscale, current: u32, desired: u32, now: Time) -> u32 {
        self.desired.push_back((now, desired));
        let longest = autoscale.up_stabilization.max(autoscale.down_stabilization);
        while self.desired.front().is_some_and(|&(at, _)| now.since(at) > longest) {
            self.desired.pop_front();
        }
        let of_late = |window| {
            self.desired.iter().filter(move |&&(at, _)| now.since(at) <= window).map(|&(_, n)| n)
        };
        let up = of_late(autoscale.up_stabilization).min().unwrap_or(current);
        let down = of_late(autoscale.down_stabilization).max().unwrap_or(current);
        let settled = if current < up {
            up.min(autoscale.most_after(current, self.changed_within(autoscale.up_period, now)))
        } else {
            current.min(down)
        };
        if settled != current {
            self.changes.push_back((now, i64::from(settled) - i64::from(current)));
        }
        settled
    }

    /// How many members were added of late, less those removed.
    fn changed_within(&mut self, period: Span, now: Time) -> i64 {
        while self.changes.front().is_some_and(|&(at, _)| now.since(at) >= period) {
            self.changes.pop_front();
        }
        self.changes.iter().map(|&(_, change)| change).sum()
    }
}

impl World {
    /// The autoscaler takes its first look after one period; who is out is registered nowhere.
    pub(super) fn start_autoscaler(&mut self) {
        if self.scaler.is_some() {
            self.register_members();
            self.expect_look();
        }
    }

    fn expect_look(&mut self) {
        if let Some(autoscale) = &self.setup.autoscale {
            let at = self.now + autoscale.sync;
            self.queue.push(at, TIMERS, Event::Scale(ScaleStep::Look));
        }
    }

    pub(super) fn on_scale(&mut self, step: ScaleStep, probe: &mut impl Probe) {
        let setup = Arc::clone(&self.setup);
        let Some(autoscale) = &setup.autoscale else { return };
        let is_current = |world: &Self, place: u16, turn: u16| {
            let scaler = world.scaler.as_ref();
            scaler.is_some_and(|scaler| scaler.members[usize::from(place)].turn == turn)
        };
        match step {
            ScaleStep::Look => {
                self.look(autoscale, probe);
                self.expect_look();
            }
            ScaleStep::Boot { place, turn } if is_current(self, place, turn) => {
                let id = autoscale.targets[usize::from(place)];
                self.restart(id, probe);
                self.stand(place, Standing::Booting);
                let ready = setup.backends[id.index()].start_time + autoscale.register;
                let event = Event::Scale(ScaleStep::Register { place, turn });
                self.queue.push(self.now + ready, TIMERS, event);
            }
            ScaleStep::Register { place, turn } if is_current(self, place, turn) => {
                self.stand(place, Standing::In);
                self.registration_changed(probe);
            }
            ScaleStep::Stop { place, turn } if is_current(self, place, turn) => {
                self.stand(place, Standing::Out);
                self.stand_down(autoscale.targets[usize::from(place)], probe);
            }
            _ => {}
        }
    }

    fn stand(&mut self, place: u16, standing: Standing) {
        if let Some(scaler) = &mut self.scaler {
            scaler.members[usize::from(place)].standing = standing;
        }
    }

    fn look(&mut self, autoscale: &Autoscale, probe: &mut impl Probe) {
        let now = self.now;
        let Some(mut scaler) = self.scaler.take() else { return };
        let totals: Vec<f64> =
            autoscale.targets.iter().map(|&id| self.integral(autoscale.metric, id)).collect();
        // The look that lies one window back, or the next after it.
        while scaler.looks.len() > 1
            && scaler.looks.get(1).is_some_and(|(at, _)| now.since(*at) >= autoscale.window)
        {
            scaler.looks.pop_front();
        }
        let (since, before) = scaler.looks.front().expect("the last look is always there");
        let elapsed = now.since(*since).as_ns().max(1) as f64;
        let (mut sum, mut ready) = (0.0, 0);
        for place in scaler.places(&[Standing::In]) {
            if !self.backends[autoscale.targets[place].index()].condition.refuses {
                sum += (totals[place] - before[place]) / elapsed;
                ready += 1;
            }
        }
        let all = [Standing::Ordered, Standing::Booting, Standing::In];
        let current = scaler.places(&all).len() as u32;
        let desired = autoscale.desired(sum, ready, current - ready);
        scaler.looks.push_back((now, totals));
        let settled = scaler.settle(autoscale, current, desired, now);
        self.scaler = Some(scaler);
        if settled != current {
            self.scale_to(autoscale, current, settled, probe);
        }
    }

    /// What the metric adds up to since the start, per nanosecond.
    fn integral(&mut self, metric: ScaleMetric, id: BackendId) -> f64 {
        let workers = f64::from(self.setup.backends[id.index()].workers);
        let occupancy = self.backends[id.index()].station.occupancy(self.now);
        match metric {
            ScaleMetric::Utilization => occupancy.busy_ns as f64 / workers,
            ScaleMetric::InFlight => {
                (occupancy.busy_ns + occupancy.waiting_ns + occupancy.elsewhere_ns) as f64
            }
            ScaleMetric::Waiting => occupancy.waiting_ns as f64,
        }
    }

    fn scale_to(&mut self, autoscale: &Autoscale, from: u32, to: u32, probe: &mut impl Probe) {
        self.note_change(WorldChange::Scaled { from, to }, probe);
        let scaler = self.scaler.as_ref().expect("it has just decided");
        if to > from {
            let free = scaler.places(&[Standing::Out]);
            for place in free.into_iter().take((to - from) as usize) {
                let scaler = self.scaler.as_mut().expect("it has just decided");
                let turn = scaler.turn(place, Standing::Ordered);
                let event = Event::Scale(ScaleStep::Boot { place: place as u16, turn });
                self.queue.push(self.now + autoscale.provision, TIMERS, event);
            }
            return;
        }
        // Whoever does not serve yet goes first, the last one first.
        let mut going = scaler.places(&[Standing::In]);
        going.extend(scaler.places(&[Standing::Ordered, Standing::Booting]));
        for place in going.into_iter().rev().take((from - to) as usize) {
            self.take_out(autoscale, place, probe);
        }
        self.registration_changed(probe);
    }

    fn take_out(&mut self, autoscale: &Autoscale, place: usize, probe: &mut impl Probe) {
        let scaler = self.scaler.as_mut().expect("it has just decided");
        match scaler.members[place].standing {
            Standing::In => {
                let turn = scaler.turn(place, Standing::Leaving);
                let event = Event::Scale(ScaleStep::Stop { place: place as u16, turn });
                self.queue.push(self.now + autoscale.drain, TIMERS, event);
            }
            Standing::Booting => {
                scaler.turn(place, Standing::Out);
                self.stand_down(autoscale.targets[place], probe);
            }
            Standing::Ordered | Standing::Out | Standing::Leaving => {
                scaler.turn(place, Standing::Out);
            }
        }
    }

    /// A process ends on purpose; what is still in it is lost.
    fn stand_down(&mut self, id: BackendId, probe: &mut impl Probe) {
        self.backends[id.index()].stand_down();
        self.lose_work(id, probe);
        self.refold(id, probe);
    }

    /// Works out anew who is registered.
    fn register_members(&mut self) {
        let (Some(scaler), Some(autoscale)) = (&self.scaler, &self.setup.autoscale) else { return };
        self.absent = vec![false; self.backends.len()];
        for (member, id) in scaler.members.iter().zip(&autoscale.targets) {
            self.absent[id.index()] = member.standing != Standing::In;
        }
        let draining = &self.draining;
        for instance in &mut self.instances {
            instance.absent.clone_from(&self.absent);
            instance.update_members(self.now, |id| draining[id.index()]);
        }
    }

    fn registration_changed(&mut self, probe: &mut impl Probe) {
        self.register_members();
        for process in 0..self.instances.len() {
            self.refill_after_change(InstanceId(process as u16), probe);
        }
    }
}
