//! Hedging: an attempt beside one that is late.

use crate::engine::slab::Handle;
use crate::model::event::{Event, TIMERS};
use crate::model::probe::Probe;
use crate::model::setup::{HedgePolicy, PopulationId};
use crate::model::world::World;

/// A population's hedging at run time.
#[derive(Clone, Debug)]
pub(super) struct Hedging {
    policy: HedgePolicy,
    /// Where its timers wait.
    lane: usize,
    /// Hedges it may send, if they are limited.
    tokens: f64,
}

impl Hedging {
    pub(super) fn new(policy: HedgePolicy, lane: usize) -> Self {
        Self { policy, lane, tokens: 0.0 }
    }

    /// A request is born: it pays its share.
    pub(super) fn deposit(&mut self) {
        if let Some(budget) = self.policy.budget {
            self.tokens = (self.tokens + budget.share).min(f64::from(budget.burst));
        }
    }

    fn is_affordable(&self) -> bool {
        // Twenty times 5% are a little less than 1 in binary.
        self.policy.budget.is_none() || self.tokens >= 1.0 - 1e-9
    }

    /// Takes a hedge out of the budget, if there is one.
    fn withdraw(&mut self) {
        if self.policy.budget.is_some() {
            self.tokens -= 1.0;
        }
    }
}

impl World {
    /// Gives every population that hedges its state.
    pub(super) fn open_hedging(&mut self, id: PopulationId) {
        if let Some(policy) = self.setup.populations[id.index()].hedge {
            let lane = self.queue.add_lane();
            self.populations[id.index()].hedging = Some(Hedging::new(policy, lane));
        }
    }

    /// An attempt has been sent: it is hedged if it takes long.
    pub(in crate::model) fn hedge_later(&mut self, request: Handle, attempt: Handle) {
        if !self.flights.are_kept() {
            return;
        }
        self.flights.add(request, attempt);
        let Some(entry) = self.requests.get(request) else { return };
        if let Some(hedging) = &self.populations[entry.population.index()].hedging
            && entry.hedges < hedging.policy.max
        {
            let event = Event::HedgeDue { request, attempts: entry.attempts };
            let at = self.now + hedging.policy.after;
            self.queue.push_in_lane(hedging.lane, at, TIMERS, event);
        }
    }

    /// A request has gone unanswered for long since its newest attempt was sent, unless another was sent
    /// meanwhile, or none is in flight any more. If the newest has failed, an older one is what is late.
    pub(in crate::model) fn on_hedge_due(
        &mut self,
        handle: Handle,
        attempts: u32,
        probe: &mut impl Probe,
    ) {
        let Some(request) = self.requests.get(handle) else { return };
        let is_late = request.attempts == attempts && !self.flights.of(handle).is_empty();
        if !is_late || !self.has_line(request) {
            return;
        }
        let request = self.requests.get_mut(handle).expect("it is late");
        let population = &mut self.populations[request.population.index()];
        if population.hedging.as_ref().expect("only hedges are due").is_affordable()
            && population.may_hedge(request, self.now)
        {
            population.hedging.as_mut().expect("it was looked at").withdraw();
            request.hedges += 1;
            self.send_attempt(handle, probe);
        }
    }

    /// Whether a request that is done closes the connections of its other attempts.
    pub(super) fn cancels_losers(&self, id: PopulationId) -> bool {
        self.setup.populations[id.index()].hedge.is_none_or(|hedge| hedge.cancel)
    }
}
