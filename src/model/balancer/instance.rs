//! A balancer process: its configuration version, its algorithm's state, its own bookkeeping.

use super::admission::Gate;
use super::config::Member;
use super::free_pick::FreePick;
use super::layer::{Seat, priority};
use super::lines::Lines;
use super::membership::Membership;
use super::membership::rule::TryEnd;
use super::policy::{Avoid, ClientLeaves, MovingLimit};
use super::{Answer, Balancer, Key, MemberView, Pick, PickContext, ProbeReply, Tried};
use crate::engine::random::Stream;
use crate::engine::time::{Span, Time};
use crate::model::outcome::Outcome;
use crate::model::setup::{BackendId, BalancerConfig, InstanceId};
use std::ops::Range;

/// One of several independent processes: an instance of the balancer, or a worker of it that
/// shares nothing with the others.
pub(in crate::model) struct Instance {
    /// Which configuration version it runs.
    pub(in crate::model) version: u32,
    pub(in crate::model) config: BalancerConfig,
    members: Vec<MemberView>,
    /// One state per thread: what threads share is in `members`.
    threads: Vec<Box<dyn Balancer>>,
    gate: Gate,
    /// Where its first thread sits.
    seat: Seat,
    stream: Stream,
    probes: Vec<usize>,
    /// Who is healthy, in its view.
    pub(in crate::model) membership: Membership,
    /// Attempts that wait here for a free slot.
    pub(in crate::model) lines: Lines,
    /// Tries in flight, all members together.
    serving: u32,
    /// Attempts that are being tried again now.
    pub(in crate::model) retrying: u32,
    /// Attempts it holds, whatever it does with them.
    pub(in crate::model) held: u32,
    /// Connections that clients keep to it.
    pub(in crate::model) connections: u32,
    /// How many of them carry no attempt.
    pub(in crate::model) idle_clients: u32,
    /// It is putting waiting attempts into free slots: what ends meanwhile must not begin again.
    pub(in crate::model) refilling: bool,
    /// Members whose free slots are being filled.
    pub(in crate::model) freed: Vec<BackendId>,
    /// Who is not registered, whatever the configuration says; may be empty.
    pub(in crate::model) absent: Vec<bool>,
    /// Healthy backups that wait for the primaries to fail.
    held_back: Vec<usize>,
    /// The same of connections in its backlog.
    pub(in crate::model) accepting: bool,
    /// Whether its configuration bounds nothing, turns nobody away and judges nobody.
    usual: bool,
    /// What its algorithm wants to be told.
    tracks_load: bool,
    hears_answers: bool,
    free_pick: FreePick,
    /// Loads at which limits that follow the load stay what they are.
    limits_hold: Range<u32>,
}

impl Clone for Instance {
    fn clone(&self) -> Self {
        Self {
            version: self.version,
            config: self.config.clone(),
            members: self.members.clone(),
            threads: self.threads.iter().map(|thread| thread.boxed_clone()).collect(),
            gate: self.gate.clone(),
            seat: self.seat,
            stream: self.stream.clone(),
            probes: self.probes.clone(),
            membership: self.membership.clone(),
            lines: self.lines.clone(),
            serving: self.serving,
            retrying: self.retrying,
            held: self.held,
            connections: self.connections,
            idle_clients: self.idle_clients,
            refilling: self.refilling,
            freed: self.freed.clone(),
            absent: self.absent.clone(),
            held_back: self.held_back.clone(),
            accepting: self.accepting,
            usual: self.usual,
            tracks_load: self.tracks_load,
            hears_answers: self.hears_answers,
            free_pick: self.free_pick.clone(),
            limits_hold: self.limits_hold.clone(),
        }
    }
}

impl std::fmt::Debug for Instance {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Instance")
            .field("version", &self.version)
            .field("members", &self.members)
            .finish_non_exhaustive()
    }
}

/// Whether a configuration bounds nothing, turns nobody away and judges nobody.
fn is_usual(config: &BalancerConfig) -> bool {
    let limits = &config.limits;
    limits.accepted.is_none()
        && limits.requests.is_none()
        && limits.connections.is_none()
        && config.admission.is_none()
        && config.ejection.is_none()
        && config.queue.full_load.is_none()
        && !config.algorithm.algorithm.oracle
}

impl Instance {
    /// `threads` at least 1; `seat` is that of the first one.
    pub(in crate::model) fn new(
        config: &BalancerConfig,
        threads: u16,
        seat: Seat,
        stream: Stream,
    ) -> Self {
        let members: Vec<MemberView> = config
            .members
            .iter()
            .map(|member| MemberView {
                usable: false,
                max_connections: member.max_connections,
                zone: member.zone,
                group: member.group,
                name_hash: member.name_hash,
                address: member.address.clone(),
                ..MemberView::new("", member.weight)
            })
            .collect();
        let lines = Lines::new(members.len());
        let mut instance = Self {
            version: 0,
            config: config.clone(),
            members,
            threads: (0..threads)
                .map(|thread| config.algorithm.build_at(Seat { thread, ..seat }))
                .collect(),
            gate: Gate::new(config.admission.as_ref(), seat.seed, Time::ZERO),
            seat,
            stream,
            probes: Vec::new(),
            membership: Membership::new(config),
            lines,
            serving: 0,
            retrying: 0,
            held: 0,
            connections: 0,
            idle_clients: 0,
            refilling: false,
            freed: Vec::new(),
            absent: Vec::new(),
            held_back: Vec::new(),
            accepting: false,
            usual: is_usual(config),
            tracks_load: config.algorithm.algorithm.tracks_load,
            hears_answers: config.algorithm.algorithm.hears_answers,
            free_pick: FreePick::never(),
            limits_hold: 0..0,
        };
        instance.update_members(Time::ZERO, |_| false);
        instance
    }

    /// Which of the balancer's instances it belongs to.
    pub(in crate::model) fn location(&self) -> InstanceId {
        InstanceId(self.seat.instance)
    }

    /// Takes up a configuration. In-flight counts go on; the algorithm starts anew only if it is
    /// another one.
    pub(in crate::model) fn adopt(
        &mut self,
        version: u32,
        config: &BalancerConfig,
        now: Time,
        is_draining: impl Fn(BackendId) -> bool,
    ) {
        self.version = version;
        self.membership.adopt(&self.config, config, now);
        if config.algorithm != self.config.algorithm {
            for (thread, state) in (0..).zip(&mut self.threads) {
                *state = config.algorithm.build_at(Seat { thread, ..self.seat });
            }
        }
        if config.admission != self.config.admission {
            self.gate = Gate::new(config.admission.as_ref(), self.seat.seed, now);
        }
        self.config = config.clone();
        self.usual = is_usual(config);
        self.tracks_load = config.algorithm.algorithm.tracks_load;
        self.hears_answers = config.algorithm.algorithm.hears_answers;
        self.update_members(now, is_draining);
    }

    /// Works out anew who is usable.
    pub(in crate::model) fn update_members(
        &mut self,
        now: Time,
        is_draining: impl Fn(BackendId) -> bool,
    ) {
        let absent = std::mem::take(&mut self.absent);
        let is_listed = |index: usize, member: &Member| {
            member.in_pool && member.weight > 0 && !absent.get(index).copied().unwrap_or(false)
        };
        let takes = |index: usize, member: &Member| {
            is_listed(index, member) && !is_draining(BackendId(index as u16))
        };
        for (index, (view, member)) in self.members.iter_mut().zip(&self.config.members).enumerate()
        {
            view.weight = member.weight;
            view.max_connections = member.max_connections;
            view.priority = member.priority;
            view.present = is_listed(index, member);
            view.healthy = takes(index, member) && self.membership.is_up(index, now);
            view.usable = view.healthy;
            self.membership.ramp(index, view, now);
        }
        self.hold_back_backups();
        self.fail_open(takes);
        self.absent = absent;
        self.limits_hold = 0..0;
        self.update_limits();
        for thread in &mut self.threads {
            thread.members_changed(&self.members);
        }
        let is_free = self.members.iter().all(|member| member.max_connections.is_none())
            && !self.waits_behind_queue();
        self.free_pick = FreePick::of(is_free, &*self.threads[0]);
    }

    /// If too few members are healthy, all are used: of the primaries, or of the backups if those stand
    /// in.
    fn fail_open(&mut self, takes: impl Fn(usize, &Member) -> bool) {
        if let Some(policy) = self.config.algorithm.layers.priority {
            // Each priority for itself.
            let panics = priority::panics(&priority::levels(&self.members), policy);
            for (index, member) in self.config.members.iter().enumerate() {
                let is_held_back = self.held_back.contains(&index);
                if panics[usize::from(member.priority)] && !is_held_back {
                    self.members[index].usable = takes(index, member);
                }
            }
            return;
        }
        let reserves = self.config.reserves;
        let Some(threshold) = reserves.panic else { return };
        // Of the two, primaries and backups, those whose turn it is.
        let members = || self.members.iter().zip(&self.config.members).enumerate();
        let listed = |backup: bool| {
            let of_these = members().filter(|(_, (_, member))| member.backup == backup);
            of_these.filter(|(index, (_, member))| takes(*index, member)).count()
        };
        let stand_in = members().any(|(_, (view, member))| view.usable && member.backup);
        let stand_in = stand_in || listed(false) == 0;
        let (usable, listed) = (self.usable(), listed(stand_in));
        let is_enough = usable * reserves.overprovisioning as usize >= 100 * listed;
        let one_alone = stand_in && !reserves.all_backups;
        let is_short = (usable as f64) < threshold * listed as f64 && !is_enough;
        if !is_short || (one_alone && usable > 0) {
            return;
        }
        for (index, member) in self.config.members.iter().enumerate() {
            if member.backup == stand_in && takes(index, member) {
                self.members[index].usable = true;
                if one_alone {
                    return;
                }
            }
        }
    }

    /// Backups are used only when nobody else can be.
    fn hold_back_backups(&mut self) {
        let pairs = || self.members.iter().zip(&self.config.members);
        let has_primary = pairs().any(|(view, member)| view.usable && !member.backup);
        let mut stands_in = false;
        self.held_back.clear();
        for (index, (view, member)) in self.members.iter_mut().zip(&self.config.members).enumerate()
        {
            if member.backup && view.usable {
                if has_primary {
                    self.held_back.push(index);
                }
                let is_one_too_many = stands_in && !self.config.reserves.all_backups;
                view.usable = !has_primary && !is_one_too_many;
                // Layers do not count on those that are held back.
                view.present = view.usable;
                view.healthy &= view.usable;
                stands_in = true;
            }
        }
    }

    /// Passive ejection judges the end of a try.
    pub(in crate::model) fn judge_try(&mut self, member: usize, end: &TryEnd) -> bool {
        self.membership.try_over(member, end, &mut self.stream)
    }

    /// Passive ejection looks at all members.
    pub(in crate::model) fn sweep(&mut self, now: Time) {
        self.membership.sweep(now, &mut self.stream);
    }

    /// Sets limits that follow the load, if that has moved far enough to move one.
    pub(in crate::model) fn update_limits(&mut self) {
        let Some(full) = self.config.queue.full_load else { return };
        let load = self.held;
        if self.limits_hold.contains(&load) {
            return;
        }
        self.limits_hold = 0..u32::MAX;
        for (view, member) in self.members.iter_mut().zip(&self.config.members) {
            if let (Some(max), Some(min)) = (member.max_connections, member.min_connections) {
                let moving = MovingLimit { min, max, full };
                let holds = moving.holds(load);
                view.max_connections = Some(moving.at(load));
                self.limits_hold.start = self.limits_hold.start.max(holds.start);
                self.limits_hold.end = self.limits_hold.end.min(holds.end);
            }
        }
    }

    /// Whether limits follow the load.
    pub(in crate::model) fn has_moving_limits(&self) -> bool {
        self.config.queue.full_load.is_some()
    }

    /// How many members could serve something.
    pub(in crate::model) fn usable(&self) -> usize {
        self.members.iter().filter(|member| member.usable).count()
    }

    /// What it knows of a member.
    pub(in crate::model) fn member(&self, member: BackendId) -> &MemberView {
        &self.members[member.index()]
    }

    /// Tries in flight, all members together.
    pub(in crate::model) fn serving(&self) -> u32 {
        self.serving
    }

    /// Whether nothing but its algorithm decides where an attempt goes, and nobody judges how it ends.
    #[inline]
    pub(in crate::model) fn is_usual(&self) -> bool {
        self.usual
    }

    /// Whether that is so, no attempt is bounded by a timer of its own, its clients' connections end with
    /// them, and its algorithm asks backends nothing.
    pub(in crate::model) fn is_express(&self) -> bool {
        let algorithm = self.config.algorithm.algorithm;
        self.is_usual()
            && self.config.timeout.is_none()
            && self.config.server_timeout.is_none()
            && self.config.client_leaves == ClientLeaves::Close
            && !algorithm.probes
            && !algorithm.hears_idle
    }

    /// Whether its algorithm wants members probed.
    #[inline]
    pub(in crate::model) fn wants_probes(&self) -> bool {
        !self.probes.is_empty()
    }

    /// Whether it takes on one more attempt.
    #[inline]
    pub(in crate::model) fn admits(&mut self, now: Time) -> bool {
        self.gate.admits(self.held, now)
    }

    /// An attempt that it had taken on is over; `None`: its client has left.
    #[inline]
    pub(in crate::model) fn attempt_over(
        &mut self,
        outcome: Option<Outcome>,
        sent: Time,
        now: Time,
    ) {
        self.gate.over(outcome, sent, now);
    }

    /// Where an attempt goes; counts it as in flight if it goes to a member.
    #[inline]
    pub(in crate::model) fn pick(
        &mut self,
        thread: u16,
        key: Key<'_>,
        tried: Tried,
        backlog: &[u32],
        now: Time,
    ) -> Pick {
        if tried.is_empty()
            && let Some(member) = self.pick_freely(thread)
        {
            return Pick::Member(member);
        }
        self.pick_among(thread, key, tried, backlog, now)
    }

    /// The same for a first try, without a look at the request, if nobody has a limit and the algorithm
    /// can; `None`: nothing has been done.
    #[expect(clippy::inline_always, reason = "a call costs as much as a draw")]
    #[inline(always)]
    pub(in crate::model) fn pick_freely(&mut self, thread: u16) -> Option<usize> {
        let (threads, members) = (&mut self.threads, &self.members);
        let ask = |stream: &mut Stream| threads[usize::from(thread)].pick_freely(members, stream);
        let member = self.free_pick.pick(&mut self.stream, ask)?;
        self.members[member].in_flight += 1;
        self.serving += 1;
        if self.tracks_load && self.threads.len() > 1 {
            self.tell_others(thread, member);
        }
        Some(member)
    }

    /// Whether an attempt goes behind those that wait in the pool's line, whoever is free.
    fn waits_behind_queue(&self) -> bool {
        self.config.queue.waits && self.config.algorithm.algorithm.waits_behind_queue
    }

    fn pick_among(
        &mut self,
        thread: u16,
        key: Key<'_>,
        tried: Tried,
        backlog: &[u32],
        now: Time,
    ) -> Pick {
        if self.waits_behind_queue() && self.serving > 0 && self.lines.pool_len() > 0 {
            return Pick::QueueInPool;
        }
        let mut pick = self.ask(thread, key, tried, backlog, now);
        if pick == Pick::Nobody && self.config.connect.avoid == Avoid::Last && !tried.is_empty() {
            // A member that is merely to be avoided is better than none.
            pick = self.ask(thread, key, Tried::default(), backlog, now);
        }
        if pick == Pick::Nobody
            && let Some(backup) = self.backup_after(tried)
        {
            pick = Pick::Member(backup);
        }
        match pick {
            Pick::Member(member) => self.pick_member(member),
            Pick::Nobody if self.config.queue.waits && self.may_free_up(tried) => {
                pick = Pick::QueueInPool;
            }
            _ => {}
        }
        pick
    }

    fn ask(&mut self, thread: u16, key: Key<'_>, tried: Tried, backlog: &[u32], now: Time) -> Pick {
        self.threads[usize::from(thread)].pick(&mut PickContext {
            members: &self.members,
            key,
            tried,
            barred: &[],
            queues: self.config.queue.waits,
            backlog,
            stream: &mut self.stream,
            now,
            probes: &mut self.probes,
        })
    }

    /// A backup for an attempt that no primary can take, where each is tried once: nginx goes on to its
    /// backups then, whether the primaries are full or have failed it
    /// (`ngx_http_upstream_get_round_robin_peer`), here in their order.
    fn backup_after(&self, tried: Tried) -> Option<usize> {
        if self.config.connect.avoid != Avoid::All {
            return None;
        }
        let mut backups = self.held_back.iter().copied();
        backups.find(|&member| !tried.contains(member) && self.members[member].has_slot())
    }

    /// Whether some member could serve this attempt once it has a free slot.
    fn may_free_up(&self, tried: Tried) -> bool {
        let known = self.config.connect.avoid == Avoid::All;
        let mut members = self.members.iter().enumerate();
        members.any(|(index, member)| member.usable && !(known && tried.contains(index)))
    }

    /// Counts a try as in flight at a member.
    #[inline]
    pub(in crate::model) fn pick_member(&mut self, member: usize) {
        self.members[member].in_flight += 1;
        self.serving += 1;
        self.tell_load(member);
    }

    /// Whether it accepts one more connection: not past those that wait for that already.
    pub(in crate::model) fn accepts_at_once(&self) -> bool {
        self.accepts() && !self.lines.has_backlog()
    }

    /// Whether it accepts one more connection.
    pub(in crate::model) fn accepts(&self) -> bool {
        self.config.limits.accepted.is_none_or(|most| self.held + self.idle_clients < most)
    }

    /// A try it had sent to a member is over, as far as it knows.
    #[inline]
    pub(in crate::model) fn release(&mut self, member: usize) {
        self.members[member].in_flight -= 1;
        self.serving -= 1;
        self.tell_load(member);
    }

    /// Notes how many attempts wait for a member.
    pub(in crate::model) fn note_queued(&mut self, member: BackendId) {
        self.members[member.index()].queued = self.lines.member_len(member);
        self.tell_load(member.index());
    }

    #[inline]
    fn tell_load(&mut self, member: usize) {
        if !self.tracks_load {
            return;
        }
        if let [only] = &mut self.threads[..] {
            only.load_changed(member, &self.members);
            return;
        }
        for thread in &mut self.threads {
            thread.load_changed(member, &self.members);
        }
    }

    /// Tells the algorithm's other states of a load, but not whoever has picked.
    fn tell_others(&mut self, picker: u16, member: usize) {
        for (_, thread) in (0..).zip(&mut self.threads).filter(|&(number, _)| number != picker) {
            thread.load_changed(member, &self.members);
        }
    }

    /// Tells the algorithm how a try ended.
    #[inline]
    pub(in crate::model) fn answered(&mut self, thread: u16, member: BackendId, answer: Answer) {
        if self.hears_answers {
            self.threads[usize::from(thread)].answered(member.index(), answer);
        }
    }

    /// An attempt that it held has come back from a member with success: all that follows of that here.
    #[expect(clippy::inline_always, reason = "a call costs more than what it does")]
    #[inline(always)]
    pub(in crate::model) fn succeeded(
        &mut self,
        thread: u16,
        member: usize,
        latency: Span,
        now: Time,
    ) {
        if self.hears_answers {
            let answer = Answer { outcome: Outcome::Ok, is_failure: false, latency, now };
            self.threads[usize::from(thread)].answered(member, answer);
        }
        self.release(member);
        self.held -= 1;
    }

    /// The members that its algorithm wants probed, once.
    pub(in crate::model) fn take_probes(&mut self) -> std::vec::Drain<'_, usize> {
        self.probes.drain(..)
    }

    /// Tells the algorithm what a backend says of itself.
    pub(in crate::model) fn probed(&mut self, thread: u16, member: BackendId, reply: ProbeReply) {
        self.threads[usize::from(thread)].probed(member.index(), reply);
    }

    /// A wait drawn uniformly from [0, `most`).
    pub(in crate::model) fn draw_wait(&mut self, most: Span) -> Span {
        most.scaled(self.stream.unit())
    }

    /// Attempts that wait in its lines.
    pub(in crate::model) fn waiting(&self) -> u32 {
        self.lines.waiting() as u32
    }

    /// Tries in flight at one member.
    pub(in crate::model) fn tries_at(&self, member: BackendId) -> u32 {
        self.members[member.index()].in_flight
    }
}
