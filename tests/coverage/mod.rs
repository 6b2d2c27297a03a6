//! What 95% means: how often intervals contain the truth, where the truth is known.
//!
//! Experiments on M/M/1 and M/M/c, each of ten replications on a seed of its own, through scenario
//! files and with the warm-up found out, as users have it. Of 400 experiments with intervals of exactly
//! 95%, the share that contains the truth has a standard deviation of 1.1%.

mod models;
mod page;
mod study;

pub(crate) use page::page;
pub(crate) use study::EXPERIMENTS;

#[cfg(test)]
mod tests {
    use super::models::{HALF, MANY};
    use super::study::{self, Study};
    use super::{EXPERIMENTS, page};

    /// The study takes minutes; with `MISROUTE_SLOW=1` only.
    fn is_slow() -> bool {
        std::env::var_os("MISROUTE_SLOW").is_some_and(|value| value == "1")
    }

    /// Of 100 intervals of 95%, 95 +- 2.2 contain the truth: 88 to 100 leave out 3 standard deviations.
    #[test]
    fn a_hundred_intervals_contain_the_truth_about_as_often_as_they_say() {
        for row in study::replicated(&HALF, 100).into_iter().chain(study::replicated(&MANY, 100)) {
            assert!((88..=100).contains(&row.contained), "{row:?}");
            assert_eq!(row.intervals, 100);
        }
    }

    #[test]
    fn nominal_95_percent_are_95_percent() {
        if !is_slow() {
            return;
        }
        let study = Study::run(EXPERIMENTS);
        for row in study.replicated.iter().chain(&study.paired) {
            let share = row.share();
            assert!((0.92..=0.975).contains(&share), "{share}: {row:?}");
        }
        // One run is worth less than ten, but no interval may be a fiction.
        for row in &study.batched {
            assert!(row.share() >= 0.88 && row.intervals * 4 >= row.experiments * 3, "{row:?}");
        }
    }

    /// Round robin with and without one member 10% slower, at 80% load.
    #[test]
    fn pairing_pays() {
        let paired = study::slower_member();
        let gain = paired.gain().expect("the pairs differ");
        assert!(gain >= 2.5, "only {gain:.2} times narrower");
        assert!(paired.is_real());
    }

    #[test]
    fn the_page_tells_every_model_and_figure() {
        let page = page(2);
        assert_eq!(page.lines().filter(|line| line.contains(" of 2 | ")).count(), 12, "{page}");
        assert!(!page.contains("NaN of"), "{page}");
    }
}
