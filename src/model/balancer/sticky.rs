//! `sticky`: a table remembers which member each key went to; new keys go by round robin.

use super::round_robin::RoundRobin;
use super::{Algorithm, Balancer, MemberView, Parameter, ParameterKind, Pick, PickContext};
use crate::engine::time::{Span, Time};
use std::collections::BTreeMap;

/// Where a key went last.
#[derive(Clone, Copy)]
struct Entry {
    member: usize,
    used: u64,
    expires: Time,
}

#[derive(Clone)]
struct Sticky {
    most: usize,
    expire: Span,
    entries: BTreeMap<u64, Entry>,
    /// Keys by when they were used last, the oldest first.
    by_use: BTreeMap<u64, u64>,
    uses: u64,
    turns: RoundRobin,
}

impl Sticky {
    /// The member of a key that is not forgotten.
    fn home(&self, key: u64, now: Time) -> Option<usize> {
        let entry = self.entries.get(&key)?;
        (self.expire.is_zero() || now < entry.expires).then_some(entry.member)
    }

    fn remember(&mut self, key: u64, member: usize, now: Time) {
        self.uses += 1;
        let entry = Entry { member, used: self.uses, expires: now + self.expire };
        if let Some(before) = self.entries.insert(key, entry) {
            self.by_use.remove(&before.used);
        }
        self.by_use.insert(self.uses, key);
        if self.entries.len() > self.most
            && let Some((_, oldest)) = self.by_use.pop_first()
        {
            self.entries.remove(&oldest);
        }
    }
}

impl Balancer for Sticky {
    /// Where attempts may wait, they wait for their own member, as HAProxy's do.
    fn pick(&mut self, context: &mut PickContext<'_>) -> Pick {
        let (key, now) = (context.key.hash, context.now);
        let home = self.home(key, now).filter(|&member| context.is_usable(member));
        let pick = match home {
            Some(member) if context.is_eligible(member) => Pick::Member(member),
            Some(member) if context.queues => Pick::QueueAt(member),
            _ => self.turns.pick(context),
        };
        if let Pick::Member(member) = pick {
            self.remember(key, member, now);
        }
        pick
    }

    fn members_changed(&mut self, members: &[MemberView]) {
        self.turns.members_changed(members);
    }

    fn boxed_clone(&self) -> Box<dyn Balancer> {
        Box::new(self.clone())
    }
}

/// The entry in the table. A key whose member cannot be picked gets another one for good, as with
/// HAProxy's `option redispatch`; the table forgets whose use was longest ago.
pub(super) const ALGORITHM: Algorithm = Algorithm {
    name: "sticky",
    summary: "a key keeps its member while that can be used; new keys take turns by weight",
    fails: "clients stay where they are after a change: an empty member fills slowly, a full table forgets",
    cost: "O(log entries + log n)",
    vendors: "akin to HAProxy: stick-table, cookie; NGINX Plus: sticky learn",
    weighted: true,
    hashes: true,
    parameters: &[
        Parameter {
            name: "entries",
            kind: ParameterKind::Count,
            default: 65_536.0,
            range: (1.0, 16_777_216.0),
            doc: "keys the table of one instance holds; beyond it the least recently used goes",
        },
        Parameter {
            name: "expire",
            kind: ParameterKind::Duration,
            default: 0.0,
            range: (0.0, 31_536_000.0),
            doc: "a key unused for so long is new again; 0: never",
        },
    ],
    build: |build| {
        Box::new(Sticky {
            most: build.arguments[0] as usize,
            expire: Span::from_secs_f64(build.arguments[1]),
            entries: BTreeMap::new(),
            by_use: BTreeMap::new(),
            uses: 0,
            turns: RoundRobin::default(),
        })
    },
    ..Algorithm::PLAIN
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed, Stream};

    /// A table of two keys: the third makes it forget the one used longest ago.
    #[test]
    fn keys_stay_until_they_are_forgotten() {
        let members: Vec<_> = ["a", "b", "c"].map(|name| MemberView::new(name, 1)).into();
        let mut algorithm = (ALGORITHM.build)(&crate::model::balancer::Build {
            instance: 0,
            arguments: &[2.0, 10.0],
            version: (0, 0),
            thread: 0,
            seed: 0,
        });
        algorithm.members_changed(&members);
        let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
        let picks =
            [(1, 0), (2, 0), (1, 1), (3, 2), (2, 3), (3, 12), (3, 21), (3, 31)].map(|(key, at)| {
                let mut probes = Vec::new();
                let mut context = PickContext::plain(&members, key, &mut stream, &mut probes);
                context.now = Span::from_secs(at).after_start();
                algorithm.pick(&mut context)
            });
        // 3 displaces 2, which displaces 1; 3 is used before its ten seconds are over, then not.
        assert_eq!(picks, [0, 1, 0, 2, 0, 1, 1, 2].map(Pick::Member));
    }
}
