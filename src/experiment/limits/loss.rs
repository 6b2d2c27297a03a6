//! Which members are lost, so that it is as bad as it can be.
//!
//! Lost means crashed at the start of the run: the balancers find out by themselves, with whatever
//! checks, retries and ejection they have, and without any of these a part of the requests fails for
//! good. Members that differ in nothing but their names count as one choice; of several choices the
//! one that serves least at the load that the rest should just bear is taken, two members one after
//! the other.

use super::Inquiry;
use super::trial::{SERVED, Trial, mean};
use crate::experiment::replicate::LEAST;
use crate::model::setup::{BackendId, BackendSetup};
use crate::scenario::Diagnostics;
use std::collections::BTreeMap;

/// What is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Nothing.
    Nobody,
    /// So many members.
    Members(usize),
    /// All members of one zone.
    Zone,
}

/// Attempts per second that a backend can serve.
pub(super) fn capacity(backend: &BackendSetup) -> f64 {
    f64::from(backend.workers) / backend.service.mean_ns() * 1e9
}

impl Loss {
    /// The choice that is worst around a load; a reason if there is nothing to lose.
    pub(super) fn worst(
        self,
        inquiry: &Inquiry<'_>,
        load: f64,
    ) -> Result<Result<Vec<BackendId>, String>, Diagnostics> {
        let mut lost = Vec::new();
        match self {
            Self::Nobody => {}
            Self::Members(count) => {
                let members = members(inquiry).len();
                if members <= count {
                    return Ok(Err(format!("with {members} of them in the pool, nobody is left")));
                }
                for _ in 0..count {
                    let choices = choices(inquiry, &lost);
                    lost = pick(inquiry, load, &choices)?;
                }
            }
            Self::Zone => {
                let zones = zones(inquiry);
                if zones.len() < 2 {
                    return Ok(Err("the members are in one zone, or in none".to_owned()));
                }
                lost = pick(inquiry, load, &zones)?;
            }
        }
        Ok(Ok(lost))
    }
}

/// The share of the pool's capacity that is left.
pub(super) fn left(inquiry: &Inquiry<'_>, lost: &[BackendId]) -> f64 {
    let backends = &inquiry.scenario.setup.backends;
    let of =
        |ids: &[BackendId]| -> f64 { ids.iter().map(|id| capacity(&backends[id.index()])).sum() };
    (1.0 - of(lost) / of(&members(inquiry))).max(0.01)
}

fn pick(
    inquiry: &Inquiry<'_>,
    load: f64,
    choices: &[Vec<BackendId>],
) -> Result<Vec<BackendId>, Diagnostics> {
    if let [only] = choices {
        return Ok(only.clone());
    }
    let mut worst: Option<(f64, &Vec<BackendId>)> = None;
    for choice in choices {
        let load = load * left(inquiry, choice);
        let (columns, replicated) = Trial::at(inquiry, load, choice)?.runs(inquiry.terms, LEAST);
        // Of the load before the loss, not of that at which this choice is looked at.
        let served = mean(&columns, &replicated, SERVED).map_or(0.0, |served| served.mean) * load;
        if worst.is_none_or(|(least, _)| served < least) {
            worst = Some((served, choice));
        }
    }
    Ok(worst.map(|(_, choice)| choice.clone()).unwrap_or_default())
}

/// The pool's members, backups aside.
pub(super) fn members(inquiry: &Inquiry<'_>) -> Vec<BackendId> {
    let setup = &inquiry.scenario.setup;
    let members = (0_u16..).zip(&setup.balancer.config.members).zip(&setup.backends);
    members
        .filter(|((_, member), backend)| {
            member.in_pool && !member.backup && member.weight > 0 && backend.up_at_start
        })
        .map(|((id, _), _)| BackendId(id))
        .collect()
}

/// Those already lost with one more: one of each kind.
fn choices(inquiry: &Inquiry<'_>, lost: &[BackendId]) -> Vec<Vec<BackendId>> {
    let setup = &inquiry.scenario.setup;
    let mut kinds: BTreeMap<String, BackendId> = BTreeMap::new();
    for id in members(inquiry).into_iter().filter(|id| !lost.contains(id)) {
        let backend = BackendSetup { name: String::new(), ..setup.backends[id.index()].clone() };
        let mut member = setup.balancer.config.members[id.index()].clone();
        (member.name_hash, member.address) = (0, "".into());
        kinds.entry(format!("{backend:?} {member:?}")).or_insert(id);
    }
    let mut choices: Vec<BackendId> = kinds.into_values().collect();
    choices.sort_unstable();
    choices.into_iter().map(|id| [lost, &[id]].concat()).collect()
}

/// The members of each zone.
fn zones(inquiry: &Inquiry<'_>) -> Vec<Vec<BackendId>> {
    let config = &inquiry.scenario.setup.balancer.config;
    let mut zones: BTreeMap<u16, Vec<BackendId>> = BTreeMap::new();
    for id in members(inquiry) {
        zones.entry(config.members[id.index()].zone).or_default().push(id);
    }
    zones.into_values().collect()
}
