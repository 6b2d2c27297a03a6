//! What happened, in order, without repeating itself.

use crate::observe::result::{Happening, HappeningKind};

/// Several happenings told as one: the same thing to several subjects within a short time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Told {
    /// The first, seconds since the start.
    pub(crate) from_s: f64,
    /// The last, seconds since the start.
    pub(crate) to_s: f64,
    /// What kind of thing.
    pub(crate) kind: HappeningKind,
    /// Who or which, each once, in order of time.
    pub(crate) subjects: Vec<String>,
    /// What, in a few words.
    pub(crate) what: String,
    /// How many happenings it stands for.
    pub(crate) count: usize,
}

impl Told {
    fn new(happening: &Happening) -> Self {
        Self {
            from_s: happening.at_s,
            to_s: happening.at_s,
            kind: happening.kind,
            subjects: vec![happening.subject.clone()],
            what: happening.what.clone(),
            count: 1,
        }
    }

    fn takes(&self, happening: &Happening, gap_s: f64) -> bool {
        let repeats = match self.kind {
            HappeningKind::Backend | HappeningKind::Adoption => true,
            // Two entries are two decisions, even if they do the same.
            _ => self.subjects.contains(&happening.subject),
        };
        repeats
            && self.kind == happening.kind
            && self.what == happening.what
            && happening.at_s - self.to_s <= gap_s
    }

    fn take(&mut self, happening: &Happening) {
        self.to_s = happening.at_s;
        self.count += 1;
        if !self.subjects.contains(&happening.subject) {
            self.subjects.push(happening.subject.clone());
        }
    }

    /// What a reader misses least comes last: what machines did by themselves, few at a time.
    fn weight(&self) -> (u8, usize) {
        let rank = match self.kind {
            HappeningKind::Action | HappeningKind::AlertFired => 3,
            HappeningKind::AlertResolved | HappeningKind::ActionEnded => 2,
            HappeningKind::Adoption => 1,
            HappeningKind::Backend => 0,
        };
        (rank, if rank == 3 { 0 } else { self.subjects.len() })
    }
}

/// Tells what happened in a run of `duration_s` in at most `most` items, and how many happenings are
/// left out.
pub(crate) fn tell(happenings: &[Happening], duration_s: f64, most: usize) -> (Vec<Told>, usize) {
    let gap_s = (duration_s / 100.0).max(1.0);
    let mut told: Vec<Told> = Vec::new();
    for happening in happenings {
        match told.iter_mut().rev().find(|told| told.takes(happening, gap_s)) {
            Some(same) => same.take(happening),
            None => told.push(Told::new(happening)),
        }
    }
    if told.len() <= most {
        return (told, 0);
    }
    // Heaviest first, earlier ones before later ones of the same weight.
    let mut by_weight: Vec<usize> = (0..told.len()).collect();
    by_weight.sort_by_key(|&index| std::cmp::Reverse(told[index].weight()));
    let mut kept = by_weight[..most].to_vec();
    kept.sort_unstable();
    let left_out = by_weight[most..].iter().map(|&index| told[index].count).sum();
    (kept.into_iter().map(|index| told[index].clone()).collect(), left_out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::{happening, outage};
    use HappeningKind::{Action, AlertFired, Backend};

    #[test]
    fn ten_backends_restarting_are_one_item() {
        let outage = outage();
        let (told, left_out) = tell(&outage.happenings, outage.duration_s, 20);
        assert_eq!(left_out, 0);
        let restarts: Vec<&Told> = told.iter().filter(|told| told.what == "restarting").collect();
        assert_eq!(restarts.len(), 1);
        assert_eq!((restarts[0].count, restarts[0].subjects.len()), (10, 10));
        assert!(told.len() < 20 && told.is_sorted_by_key(|told| told.from_s));
    }

    #[test]
    fn flapping_never_crowds_out_what_people_did() {
        let mut all = vec![happening(0.0, Action, "change", "configure")];
        for n in 1..200 {
            let what = if n % 2 == 0 { "up" } else { "unresponsive" };
            all.push(happening(f64::from(n) * 10.0, Backend, "api-1", what));
        }
        all.push(happening(2_500.0, AlertFired, "latency", "fired"));
        let (told, left_out) = tell(&all, 100.0, 20);
        assert_eq!(told.len(), 20);
        assert_eq!(told.iter().map(|told| told.count).sum::<usize>() + left_out, all.len());
        assert_eq!((told[0].kind, told[19].kind), (Action, AlertFired));
    }
}
