//! `subset`: each instance uses only some of the members, so that it keeps few connections.

use super::{Division, Layer, LayerSpec, Seat};
use crate::model::balancer::{MemberView, PickContext};

/// How large each instance's part of the pool is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subset {
    /// Members that an instance uses at least, if there are as many. Positive.
    pub size: u32,
}

/// Finagle's deterministic aperture: instances and members lie evenly on a ring; an instance uses
/// the arc that begins at its own place, and what lies in it only partly, in part.
#[derive(Clone)]
struct Aperture {
    size: u32,
    instance: u64,
    instances: u64,
}

impl Layer for Aperture {
    fn divide(&mut self, members: &[MemberView]) -> Division {
        let present: Vec<usize> =
            (0..members.len()).filter(|&member| members[member].present).collect();
        let overlaps =
            overlaps(self.instance, self.instances, present.len() as u64, u64::from(self.size));
        let mut shares = vec![0; members.len()];
        for (member, (part, whole)) in present.into_iter().zip(overlaps) {
            let share = u64::from(MemberView::FULL) * part / whole;
            shares[member] = (share as u32).max(u32::from(part > 0));
        }
        Division { parts: vec![shares] }
    }

    fn choose(&mut self, _: &mut PickContext<'_>) -> usize {
        0
    }

    fn boxed_clone(&self) -> Box<dyn Layer> {
        Box::new(self.clone())
    }
}

/// Which fraction (part, whole) of each of `members` lies in the arc of one of `instances`.
///
/// The arc is ceil(size * instances / members) instance widths long, so that all arcs together
/// go round the ring a whole number of times and every member is used alike (Finagle,
/// `DeterministicAperture.dApertureWidth`).
pub fn overlaps(instance: u64, instances: u64, members: u64, size: u64) -> Vec<(u64, u64)> {
    if members == 0 {
        return Vec::new();
    }
    // In units of 1/(instances * members) of the ring: an instance is `members` wide.
    let ring = instances * members;
    let widths = (size.max(1) * instances).div_ceil(members).min(instances);
    let (begin, length) = (instance * members, widths * members);
    let overlap = |low: u64, high: u64| {
        let covered = |low: u64, high: u64| high.min(begin + length).saturating_sub(low.max(begin));
        covered(low, high) + covered(low + ring, high + ring)
    };
    let one = |member| (overlap(member * instances, (member + 1) * instances), instances);
    (0..members).map(one).collect()
}

/// The entry in the table.
pub(super) const LAYER: LayerSpec = LayerSpec {
    name: "subset",
    summary: "each instance uses an arc of the ring of members; all arcs together cover all alike",
    fails: "instances with unequal load, or few members left in an arc, overload what is in it",
    source: "Finagle: deterministic aperture; see also Beyer et al., SRE, chapter 20 (subsetting)",
    build: |config, Seat { instance, instances, .. }| {
        let (instance, instances) = (u64::from(instance), u64::from(instances));
        let aperture = |subset: Subset| Aperture { size: subset.size, instance, instances };
        config.layers.subset.map(|subset| Box::new(aperture(subset)) as Box<dyn Layer>)
    },
};
