//! `maglev`: consistent hashing by a table that every member fills in an order of its own.

use super::{Algorithm, Balancer, MemberView, Parameter, ParameterKind, Pick, PickContext};
use crate::engine::random::mix;

const VACANT: u32 = u32::MAX;

#[derive(Clone)]
struct Maglev {
    size: u64,
    table: Vec<u32>,
    /// The weights it was made for, 0 of members that are not usable.
    known: Vec<u32>,
}

/// A member's order of the table's places, which it claims one after the other.
struct Claims {
    member: u32,
    place: u64,
    skip: u64,
    weight: u64,
    target: u64,
}

impl Maglev {
    /// A table of the smallest prime size that is at least `size`.
    fn new(size: u64) -> Self {
        let is_prime = |n: u64| (2..n).take_while(|d| d * d <= n).all(|d| !n.is_multiple_of(d));
        let mut size = size.max(2);
        while !is_prime(size) {
            size += 1;
        }
        Self { size, table: Vec::new(), known: Vec::new() }
    }

    /// Members claim places in turn, as often per round as their share of the largest weight.
    fn fill(&mut self, members: &[MemberView]) {
        self.table.clear();
        let usable = || (0_u32..).zip(members).filter(|(_, member)| member.usable);
        let Some(most) = usable().map(|(_, member)| u64::from(member.weight)).max() else { return };
        self.table.resize(self.size as usize, VACANT);
        let claims = |(index, member): (u32, &MemberView)| Claims {
            member: index,
            place: mix(member.name_hash) % self.size,
            skip: mix(member.name_hash ^ 0x5851_F42D_4C95_7F2D) % (self.size - 1) + 1,
            weight: u64::from(member.weight),
            target: 0,
        };
        let mut all: Vec<Claims> = usable().map(claims).collect();
        let mut vacant = self.size;
        for round in 1_u64.. {
            for claims in &mut all {
                if round * claims.weight < claims.target {
                    continue;
                }
                claims.target += most;
                // The size is prime: the steps come by every place.
                while self.table[claims.place as usize] != VACANT {
                    claims.place = (claims.place + claims.skip) % self.size;
                }
                self.table[claims.place as usize] = claims.member;
                vacant -= 1;
                if vacant == 0 {
                    return;
                }
            }
        }
    }

    fn choose(&self, context: &PickContext<'_>) -> Option<usize> {
        let start = (context.key.hash % self.size) as usize;
        let after = self.table.get(start..)?;
        let clockwise = after.iter().chain(&self.table[..start]).map(|&member| member as usize);
        // A run of one member is asked once.
        let mut asked = None;
        clockwise
            .filter(|&member| asked.replace(member) != Some(member))
            .find(|&member| context.is_eligible(member))
            // One of little weight may have no place at all.
            .or_else(|| context.eligible().next())
    }
}

impl Balancer for Maglev {
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        self.choose(context).into()
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        let weight = |member: &MemberView| if member.usable { member.weight } else { 0 };
        if !self.known.iter().copied().eq(members.iter().map(weight)) {
            self.known = members.iter().map(weight).collect();
            self.fill(members);
        }
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. Source: Eisenbud et al., "Maglev", NSDI 2016, section 3.4; weights as in
/// Envoy's. Past a member that is full the next place counts. A member without a place gets
/// only what nobody else can take.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "maglev",
    summary: "the same client always gets the same member, by a table with nearly equal shares",
    fails: "a change of membership moves more clients than a ring does; one big client loads one member",
    cost: "O(1), O(n) past members that are full; O(table) per change",
    vendors: "akin to Envoy: MAGLEV, whose hashes differ",
    weighted: true,
    hashes: true,
    parameters: &[Parameter {
        name: "table-size",
        kind: ParameterKind::Count,
        default: 65_537.0,
        range: (2.0, 5_000_011.0),
        doc: "places of the table, raised to the next prime; a hundred per member are few",
    }],
    build: |build| Box::new(Maglev::new(build.arguments[0] as u64)),
    ..Algorithm::PLAIN
};

#[cfg(test)]
mod tests {
    use super::*;

    fn members(weights: &[u32]) -> Vec<MemberView> {
        (0..).zip(weights).map(|(n, &weight)| MemberView::new(&format!("b{n}"), weight)).collect()
    }

    /// The paper's claim: with 100 members and 65,537 places, shares differ by 1% or so; here by
    /// construction of at most one place between members of equal weight.
    #[test]
    fn equal_members_differ_by_one_place() {
        let mut maglev = Maglev::new(65_537);
        maglev.members_changed(&members(&[1; 100]));
        let mut counts = [0_u32; 100];
        for &member in &maglev.table {
            counts[member as usize] += 1;
        }
        assert!(counts.iter().all(|&n| n == 655 || n == 656), "{counts:?}");
    }

    /// Leaving moves a member's own places, and few of the others (the paper: some percent).
    #[test]
    fn a_member_that_leaves_moves_few_others() {
        let mut maglev = Maglev::new(65_537);
        let mut all = members(&[1; 20]);
        maglev.members_changed(&all);
        let before = maglev.table.clone();
        all[7].usable = false;
        maglev.members_changed(&all);
        assert!(maglev.table.iter().all(|&member| member != 7));
        let pairs = before.iter().zip(&maglev.table);
        let moved = pairs.filter(|(before, after)| **before != 7 && before != after).count();
        assert!(moved < 65_537 / 10, "{moved} places moved");
    }
}
