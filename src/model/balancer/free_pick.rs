//! First tries where nothing but usability keeps a member from one: no limit, nobody barred, no line.

use super::Balancer;
use super::weighted::WeightTable;
use crate::engine::random::Stream;

/// Who picks for such tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Picker {
    /// There are none.
    Nobody,
    Algorithm,
    /// The table that the algorithm would draw from.
    Table,
}

/// How an instance picks for first tries that nothing but usability keeps from a member.
#[derive(Clone, Debug)]
pub(super) struct FreePick {
    picker: Picker,
    table: WeightTable,
}

impl FreePick {
    /// Of an instance that has none.
    pub(super) fn never() -> Self {
        Self { picker: Picker::Nobody, table: WeightTable::default() }
    }

    /// Of an instance whose algorithm this is, which knows its members; `is_free`: there are such tries.
    pub(super) fn of(is_free: bool, algorithm: &dyn Balancer) -> Self {
        match algorithm.table().filter(|table| table.total() > 0) {
            _ if !is_free => Self::never(),
            Some(table) => Self { picker: Picker::Table, table: table.clone() },
            None => Self { picker: Picker::Algorithm, ..Self::never() },
        }
    }

    /// A pick, by the algorithm if that is asked; `None`: nothing has been done.
    #[expect(clippy::inline_always, reason = "a call costs as much as a draw")]
    #[inline(always)]
    pub(super) fn pick(
        &self,
        stream: &mut Stream,
        algorithm: impl FnOnce(&mut Stream) -> Option<usize>,
    ) -> Option<usize> {
        match self.picker {
            Picker::Table => Some(self.table.draw_one(stream)),
            Picker::Algorithm => algorithm(stream),
            Picker::Nobody => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::random::{Purpose, Seed};
    use crate::model::balancer::random::ALGORITHM;
    use crate::model::balancer::{Build, MemberView, Pick, PickContext};

    /// From its table a member is picked as the algorithm itself would pick it.
    #[test]
    fn a_table_stands_for_its_algorithm() {
        for weights in [vec![1; 8], vec![3; 5], vec![1, 0, 250, 7], vec![0, 0]] {
            let members: Vec<_> =
                weights.iter().map(|&weight| MemberView::new("m", weight)).collect();
            let mut random = (ALGORITHM.build)(&Build {
                arguments: &[],
                version: (0, 0),
                instance: 0,
                thread: 0,
                seed: 0,
            });
            random.members_changed(&members);
            let free = FreePick::of(true, &*random);
            let mut stream = Stream::new(Seed::new(1), Purpose::Test, 0);
            let mut twin = stream.clone();
            for _ in 0..1_000 {
                let mut probes = Vec::new();
                let mut context = PickContext::plain(&members, 0, &mut twin, &mut probes);
                let expected = match random.pick(&mut context) {
                    Pick::Member(member) => Some(member),
                    _ => None,
                };
                assert_eq!(free.pick(&mut stream, |_| None), expected);
            }
            assert_eq!(stream.bits(), twin.bits());
            assert_eq!(FreePick::of(false, &*random).pick(&mut stream, |_| Some(1)), None);
        }
    }
}
