//! Do the variates follow the law?

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand_distr::Distribution as _;

use super::*;

/// Members besides the examples, so that each way of sampling is met.
fn members() -> Vec<Distribution> {
    let lists = |family: &str, name: &'static str, times: &[f64], weights: Option<&[f64]>| {
        let mut given = Parameters::new().with(name, times.to_vec());
        if let Some(weights) = weights {
            given.push("weights", weights.to_vec());
        }
        build(family, &given).unwrap()
    };
    let mut members: Vec<Distribution> = FAMILIES.iter().map(example).collect();
    members.extend([
        law("erlang", &[("stages", 1.0), ("p99", 3e6)]),
        law("erlang", &[("stages", 16.0), ("mean", 3e6)]),
        law("erlang", &[("stages", 40.0), ("p50", 3e6)]),
        law("gamma", &[("shape", 0.3), ("mean", 8e6)]),
        law("gamma", &[("shape", 1.0), ("mean", 8e6)]),
        law("gamma", &[("shape", 60.0), ("mean", 8e6)]),
        law("hyperexponential", &[("mean", 8e6), ("scv", 1.0)]),
        lists("hyperexponential", "means", &[9e6, 1e6, 60e6], Some(&[3.0, 6.0, 0.1])),
        lists("empirical", "values", &[5e6, 0.0, 2e6, 2e6, 9e6, 1e6, 7e6], None),
        lists("empirical", "values", &[5e6, 4e6, 1e6], Some(&[1e308, 0.0, 1.5e308])),
        law("lognormal", &[("sigma", 1.5), ("p50", 8e6)]),
        law("pareto", &[("shape", 4.5), ("min", 8e6)]),
        law("weibull", &[("shape", 0.6), ("mean", 8e6)]),
        law("weibull", &[("shape", 7.0), ("mean", 8e6)]),
        law("uniform", &[("min", 0.0), ("max", 8e6)]),
        law("uniform", &[("min", 8e6), ("max", 8e6)]),
        law("bimodal", &[("fast", 1e6), ("slow", 9e6), ("slow-share", 0.0)]),
        law("bimodal", &[("fast", 1e6), ("slow", 9e6), ("slow-share", 1.0)]),
        law("bimodal", &[("fast", 1e6), ("slow", 9e6), ("slow-share", 0.3)]),
    ]);
    members
}

/// Each bound is missed by chance in 1 of 15,000 cases; the seed is fixed.
#[test]
fn mean_and_quantiles_of_samples_are_the_laws() {
    const COUNT: u64 = 400_000;
    let n = COUNT as f64;
    for (index, law) in members().iter().enumerate() {
        let sample: Vec<f64> =
            marks(100 + index as u64, COUNT).map(|mark| law.at(mark).as_ns() as f64).collect();
        let mean = sample.iter().sum::<f64>() / n;
        let error = law.mean_ns() * (law.scv() / n).sqrt();
        let off = (mean - law.mean_ns()).abs();
        // Half a nanosecond is what rounding may do.
        assert!(off <= 4.0 * error + 0.5, "{law:?}: mean {mean}, not {}", law.mean_ns());
        for q in [0.01, 0.5, 0.9, 0.99, 0.999] {
            let quantile = law.quantile_ns(q);
            let below = sample.iter().filter(|&&ns| ns < quantile - 0.5).count() as f64;
            let within = sample.iter().filter(|&&ns| ns <= quantile + 0.5).count() as f64;
            let slack = 4.0 * (n * q * (1.0 - q)).sqrt();
            assert!(below <= n * q + slack, "{law:?}: {below} below its quantile {q}");
            assert!(within >= n * q - slack, "{law:?}: {within} within its quantile {q}");
        }
    }
}

/// Two-sample Kolmogorov-Smirnov statistic.
fn distance(ours: &mut [f64], theirs: &mut [f64]) -> f64 {
    ours.sort_by(f64::total_cmp);
    theirs.sort_by(f64::total_cmp);
    let share_within = |sample: &[f64], ns: f64| {
        sample.partition_point(|&value| value <= ns) as f64 / sample.len() as f64
    };
    ours.iter()
        .chain(theirs.iter())
        .map(|&ns| (share_within(ours, ns) - share_within(theirs, ns)).abs())
        .fold(0.0, f64::max)
}

type Draw = Box<dyn Fn(&mut Xoshiro256PlusPlus) -> f64>;

/// A law and its oracle.
fn pair<D>(law: Distribution, oracle: D) -> (Distribution, Draw)
where
    D: rand_distr::Distribution<f64> + 'static,
{
    (law, Box::new(move |rng| oracle.sample(rng)))
}

/// At level 1e-4 for each family; the seeds are fixed.
#[test]
fn samples_are_told_from_rand_distr_by_no_test() {
    const COUNT: usize = 100_000;
    // sqrt(-ln(1e-4 / 2) / 2) * sqrt((n + m) / (n m)), the asymptotic critical value.
    let critical = 2.225 * (2.0 / COUNT as f64).sqrt();
    let exponential = |mean: f64| rand_distr::Exp::new(1.0 / mean).unwrap();
    let gamma = |shape, scale| rand_distr::Gamma::new(shape, scale).unwrap();
    let uniform = rand_distr::Uniform::new(2e6, 9e6).unwrap();
    let lognormal = rand_distr::LogNormal::new(libm::log(4e6), 1.2).unwrap();
    let pareto = rand_distr::Pareto::new(3e6, 1.3).unwrap();
    let is_first = rand_distr::Bernoulli::new(0.9).unwrap();
    let mixture = Parameters::new().with("means", vec![70e6, 3e6]).with("weights", vec![1.0, 9.0]);
    let weibull = |shape: f64| {
        let p50 = 5e6 * libm::pow(libm::log(2.0), 1.0 / shape);
        law("weibull", &[("p50", p50), ("shape", shape)])
    };
    let pairs = [
        pair(law("uniform", &[("min", 2e6), ("max", 9e6)]), uniform),
        pair(law("exponential", &[("mean", 5e6)]), exponential(5e6)),
        pair(law("erlang", &[("stages", 3.0), ("mean", 6e6)]), gamma(3.0, 2e6)),
        pair(law("erlang", &[("stages", 30.0), ("mean", 6e6)]), gamma(30.0, 2e5)),
        pair(law("gamma", &[("shape", 2.5), ("mean", 5e6)]), gamma(2.5, 2e6)),
        pair(law("gamma", &[("shape", 0.4), ("mean", 5e6)]), gamma(0.4, 12.5e6)),
        pair(law("lognormal", &[("p50", 4e6), ("sigma", 1.2)]), lognormal),
        pair(law("pareto", &[("min", 3e6), ("shape", 1.3)]), pareto),
        pair(weibull(0.6), rand_distr::Weibull::new(5e6, 0.6).unwrap()),
        pair(weibull(3.0), rand_distr::Weibull::new(5e6, 3.0).unwrap()),
        (
            build("hyperexponential", &mixture).unwrap(),
            Box::new(move |r: &mut Xoshiro256PlusPlus| {
                let mean = if is_first.sample(r) { 3e6 } else { 70e6 };
                exponential(mean).sample(r)
            }),
        ),
    ];
    for (index, (law, theirs)) in pairs.into_iter().enumerate() {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(index as u64);
        let mut expected: Vec<f64> = (0..COUNT).map(|_| theirs(&mut rng)).collect();
        let mut found: Vec<f64> =
            marks(index as u64, COUNT as u64).map(|mark| law.at(mark).as_ns() as f64).collect();
        let d = distance(&mut found, &mut expected);
        assert!(d < critical, "{law:?}: distance {d}, critical {critical}");
    }
}

/// Of 64 bits of mark, the first decide the branch: the rest must still reach far into the tail.
#[test]
fn a_rare_branch_has_a_full_tail() {
    let given =
        Parameters::new().with("means", vec![1e3, 1e9]).with("weights", vec![1e6 - 1.0, 1.0]);
    let law = build("hyperexponential", &given).unwrap();
    assert!(law.at(u64::MAX).as_ns() as f64 > 25.0 * 1e9, "{}", law.at(u64::MAX));
}

#[test]
fn inverted_laws_grow_with_the_mark() {
    let erratic = ["erlang", "gamma", "hyperexponential"];
    for law in members().iter().filter(|law| !erratic.contains(&law.family())) {
        let mut last = Span::ZERO;
        for step in 0..=10_000_u64 {
            let mark = (u64::MAX / 10_000) * step;
            assert!(law.at(mark) >= last, "{law:?} at {mark}");
            last = law.at(mark);
        }
        assert!(law.at(u64::MAX) >= last);
    }
}

#[test]
fn the_lowest_and_the_highest_mark_give_a_time() {
    for law in members() {
        let zero_is_a_value = law.family() == "empirical";
        for mark in [0, 1, (1 << 11) - 1, 1 << 11, u64::MAX - (1 << 11), u64::MAX - 1, u64::MAX] {
            let span = law.at(mark);
            assert!(zero_is_a_value || span >= Span::from_ns(1), "{law:?} at {mark}: {span}");
            // One mark in 2^53 has a Pareto law at 2^(53 / 2.5) times its least value.
            assert!(span < Span::from_secs(7 * 86_400), "{law:?} at {mark}: {span}");
        }
    }
}

#[test]
fn a_tiny_mean_is_never_rounded_to_nothing() {
    for law in [
        law("exponential", &[("mean", 0.01)]),
        law("constant", &[("value", 0.01)]),
        law("uniform", &[("min", 0.0), ("max", 0.2)]),
        law("bimodal", &[("fast", 0.1), ("slow", 0.1), ("slow-share", 0.5)]),
        law("gamma", &[("mean", 0.01), ("scv", 30.0)]),
    ] {
        assert!(marks(7, 1_000).all(|mark| law.at(mark) >= Span::from_ns(1)), "{law:?}");
    }
}

#[test]
fn the_work_is_rounded_half_up() {
    let law = law("uniform", &[("min", 0.0), ("max", 1024.0)]);
    let mark_of = |u: f64| (u * 18_446_744_073_709_551_616.0) as u64;
    assert_eq!(law.at(mark_of(10.25 / 1024.0)).as_ns(), 10);
    assert_eq!(law.at(mark_of(10.5 / 1024.0)).as_ns(), 11);
    assert_eq!(law.at(mark_of(10.75 / 1024.0)).as_ns(), 11);
}
