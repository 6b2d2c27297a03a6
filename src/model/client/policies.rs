//! What clients do besides trying again: budgets, breakers, throttles, users who leave.

use super::PopulationState;
use super::breaker::Breakers;
use super::budget::Budgets;
use super::throttle::Throttles;
use crate::engine::random::Seed;
use crate::engine::slab::Handle;
use crate::engine::time::Time;
use crate::model::event::{ARRIVALS, Event};
use crate::model::outcome::Outcome;
use crate::model::probe::Probe;
use crate::model::request::{Attempt, Request};
use crate::model::setup::{Arrivals, Population, PopulationId, Scope};
use crate::model::world::World;

impl Scope {
    /// How many independent states there are.
    pub(super) fn slots(self, users: u32) -> usize {
        match self {
            Self::User => users as usize,
            Self::Population => 1,
        }
    }

    /// Which of them is a user's.
    #[inline]
    pub(super) fn slot(self, user: u32) -> usize {
        match self {
            Self::User => user as usize,
            Self::Population => 0,
        }
    }
}

/// What the clients of a population have learned about their attempts.
#[derive(Clone, Debug)]
pub(super) struct Policies {
    budgets: Option<Budgets>,
    breakers: Option<Breakers>,
    throttles: Option<Throttles>,
}

impl Policies {
    /// Nothing, of a population that learns nothing.
    pub(super) fn new(setup: &Population, seed: Seed, population: u64) -> Option<Box<Self>> {
        let budgets = Budgets::new(&setup.retries, setup.users);
        let breakers = setup.policies.breaker.map(|policy| Breakers::new(policy, setup.users));
        let throttle = setup.policies.throttle;
        let throttles =
            throttle.map(|policy| Throttles::new(policy, setup.users, seed, population));
        let some = budgets.is_some() || breakers.is_some() || throttles.is_some();
        some.then(|| Box::new(Self { budgets, breakers, throttles }))
    }

    /// Why an attempt of this user is not sent; if it is, that is counted.
    fn refuses(&mut self, request: &Request, now: Time) -> Option<Outcome> {
        let user = request.user;
        if self.breakers.as_ref().is_some_and(|breakers| !breakers.lets_through(user, now)) {
            return Some(Outcome::BreakerOpen);
        }
        if self.throttles.as_mut().is_some_and(|throttles| throttles.holds_back(user, now)) {
            return Some(Outcome::Throttled);
        }
        if let Some(breakers) = &mut self.breakers {
            breakers.sent(user, now);
        }
        None
    }

    /// An attempt that was let through at `allowed` was not sent, or nobody will learn how it ends: as
    /// if it had never been.
    fn forget(&mut self, user: u32, allowed: Time) {
        if let Some(breakers) = &mut self.breakers {
            breakers.forget(user, allowed);
        }
        if let Some(throttles) = &mut self.throttles {
            throttles.forget(user, allowed);
        }
    }

    fn attempt_over(&mut self, user: u32, allowed: Time, outcome: Outcome, now: Time) {
        if let Some(budgets) = &mut self.budgets {
            budgets.attempt_over(user, outcome);
        }
        if let Some(breakers) = &mut self.breakers {
            breakers.attempt_over(user, allowed, outcome, now);
        }
        if let Some(throttles) = &mut self.throttles {
            throttles.attempt_over(user, outcome, now);
        }
    }
}

impl PopulationState {
    /// Why an attempt of this request is not sent; if it is, that is counted.
    pub(super) fn refuses(&mut self, request: &Request, now: Time) -> Option<Outcome> {
        self.policies.as_mut().and_then(|policies| policies.refuses(request, now))
    }

    /// Whether a hedge of this request may be sent; if it is, that is counted. One that is held back is
    /// no request that was.
    pub(super) fn may_hedge(&mut self, request: &Request, now: Time) -> bool {
        let budgets = self.policies.as_ref().and_then(|policies| policies.budgets.as_ref());
        if budgets.is_some_and(|budgets| !budgets.is_confident(request.user)) {
            return false;
        }
        let refused = self.refuses(request, now);
        let throttles = self.policies.as_mut().and_then(|policies| policies.throttles.as_mut());
        if let Some(throttles) = throttles
            && refused == Some(Outcome::Throttled)
        {
            throttles.forget(request.user, now);
        }
        refused.is_none()
    }

    /// A client learns from how an attempt has ended.
    #[inline]
    pub(super) fn learn(&mut self, attempt: &Attempt, outcome: Outcome, now: Time) {
        if let Some(policies) = &mut self.policies {
            policies.attempt_over(attempt.user, attempt.allowed, outcome, now);
        }
    }

    /// A client has no use any more for an attempt in flight, and will not know how it ends.
    pub(super) fn forget(&mut self, attempt: &Attempt) {
        if let Some(policies) = &mut self.policies {
            policies.forget(attempt.user, attempt.allowed);
        }
    }

    /// A request's first attempt is sent.
    #[inline]
    pub(in super::super) fn first_sent(&mut self, user: u32, now: Time) {
        let budgets = self.policies.as_mut().and_then(|policies| policies.budgets.as_mut());
        if let Some(budgets) = budgets {
            budgets.request_sent(user, now);
        }
    }

    /// Whether the budgets allow a retry, which is then taken from them.
    pub(super) fn may_retry(&mut self, user: u32, now: Time) -> bool {
        let budgets = self.policies.as_mut().and_then(|policies| policies.budgets.as_mut());
        budgets.is_none_or(|budgets| budgets.take(user, now))
    }
}

impl World {
    /// A request is to be sent, for the first time or again: by a client that may have learned better.
    /// What is held back is over, and is not tried again.
    pub(in super::super) fn send_unless_refused(&mut self, handle: Handle, probe: &mut impl Probe) {
        let request = self.requests.get(handle).expect("it is to be sent");
        match self.populations[request.population.index()].refuses(request, self.now) {
            Some(outcome) => self.finish_request(handle, outcome, probe),
            None => self.send_attempt(handle, probe),
        }
    }

    /// An attempt has ended for its client, which learns from it.
    #[inline]
    pub(in super::super) fn note_for_policies(&mut self, attempt: &Attempt, outcome: Outcome) {
        self.populations[attempt.population.index()].learn(attempt, outcome, self.now);
    }

    /// A request that was let through at `allowed` found no connection.
    pub(super) fn note_unsent(&mut self, request: &Request, allowed: Time) {
        if let Some(policies) = &mut self.populations[request.population.index()].policies {
            policies.forget(request.user, allowed);
        }
    }

    /// Whether a user has given up and is not back.
    pub(super) fn is_away(&self, id: PopulationId, user: u32) -> bool {
        let patience = &self.populations[id.index()].patience;
        patience.as_ref().is_some_and(|patience| patience.is_away(user, self.now))
    }

    /// A request has ended, which may be too much for its user. Returns whether it was: then what the
    /// user does next is up to this.
    pub(super) fn loses_patience(&mut self, request: &Request, outcome: Outcome) -> bool {
        let (id, user) = (request.population, request.user);
        let population = &mut self.populations[id.index()];
        let Some(patience) = &mut population.patience else { return false };
        let Some(back) = patience.request_over(user, request.index, outcome, self.now) else {
            return false;
        };
        let at_once = patience.asks_at_once();
        if matches!(self.setup.populations[id.index()].arrivals, Arrivals::Closed { .. }) {
            self.go_on_from(back, !at_once, id, request.index);
        } else if at_once {
            self.queue.push(back, ARRIVALS, Event::Returned { population: id, user });
        }
        true
    }

    /// A user is back, and asks again for what failed last.
    pub(in super::super) fn on_returned(
        &mut self,
        id: PopulationId,
        user: u32,
        probe: &mut impl Probe,
    ) {
        let patience = self.populations[id.index()].patience.as_ref();
        let index = patience.expect("whoever lost it is back").wanted(user);
        self.give_birth(id, user, index, probe);
    }
}
