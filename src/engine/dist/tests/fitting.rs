//! Does a law have what it was asked to have, and does each impossible wish get its answer?

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use statrs::distribution::ContinuousCDF;

use super::*;

/// A statistic of a law, by the name of the parameter that asks for it.
fn statistic(law: &Distribution, name: &str) -> f64 {
    match name {
        "mean" => law.mean_ns(),
        "sd" => law.mean_ns() * law.scv().sqrt(),
        "scv" => law.scv(),
        "min" => law.quantile_ns(0.0),
        "p50" => law.quantile_ns(0.5),
        "p90" => law.quantile_ns(0.9),
        "p95" => law.quantile_ns(0.95),
        "p99" => law.quantile_ns(0.99),
        "p999" => law.quantile_ns(0.999),
        other => panic!("{other} is no statistic"),
    }
}

const STATISTICS: [&str; 8] = ["mean", "sd", "scv", "p50", "p90", "p95", "p99", "p999"];

/// Asserts that a law built from some statistics has them, to 1e-6 of each.
fn assert_has(family: &str, asked: &[(&'static str, f64)]) {
    let law = law(family, asked);
    for &(name, value) in asked {
        if STATISTICS.contains(&name) || name == "min" {
            let found = statistic(&law, name);
            assert!((found / value - 1.0).abs() < 1e-6, "{family} {asked:?}: {name} is {found}");
        }
    }
}

#[test]
fn every_pair_of_statistics_comes_back() {
    let families: [(&str, &str, &[f64]); 4] = [
        ("lognormal", "sigma", &[0.001, 0.05, 0.5, 1.0, 1.7, 2.3, 3.0, 5.0]),
        ("gamma", "shape", &[5000.0, 40.0, 2.0, 1.0, 0.5, 0.1, 0.05]),
        ("weibull", "shape", &[3000.0, 40.0, 5.0, 1.0, 0.5, 0.2]),
        ("pareto", "shape", &[3000.0, 40.0, 5.0, 2.2, 1.5, 0.8, 0.2]),
    ];
    for (family, native, shapes) in families {
        for &shape in shapes {
            let origin = law(family, &[(native, shape), ("p90", 80e6)]);
            let mut names = STATISTICS.to_vec();
            if family == "pareto" {
                names.push("min");
            }
            // A gamma law of tiny shape has a median that no float relates to its mean.
            names.retain(|name| (1e-9..1e30).contains(&statistic(&origin, name)));
            for (index, first) in names.iter().enumerate() {
                let one = (*first, statistic(&origin, first));
                if *first != "scv" {
                    assert_has(family, &[one, (native, shape)]);
                }
                for second in &names[index + 1..] {
                    assert_has(family, &[one, (second, statistic(&origin, second))]);
                }
            }
        }
    }
}

#[test]
fn every_single_statistic_comes_back() {
    for name in ["mean", "p50", "p90", "p95", "p99", "p999"] {
        assert_has("exponential", &[(name, 80e6)]);
        for stages in [1.0, 4.0, 100.0, 10_000.0] {
            assert_has("erlang", &[("stages", stages), (name, 80e6)]);
        }
    }
}

#[test]
fn a_hyperexponential_law_has_its_mean_and_scv() {
    for scv in [1.0, 1.001, 4.0, 1e3, 1e6, 1e9] {
        assert_has("hyperexponential", &[("mean", 80e6), ("scv", scv)]);
    }
    // Balanced means, by hand: scv 3 has root sqrt(1/2).
    let law = law("hyperexponential", &[("mean", 80e6), ("scv", 3.0)]);
    let p = f64::midpoint(1.0, 0.5_f64.sqrt());
    let given = Parameters::new()
        .with("means", vec![40e6 / p, 40e6 / (1.0 - p)])
        .with("weights", vec![p, 1.0 - p]);
    let by_hand = build("hyperexponential", &given).unwrap();
    for q in [0.1, 0.5, 0.9, 0.99, 0.9999] {
        assert!((law.quantile_ns(q) / by_hand.quantile_ns(q) - 1.0).abs() < 1e-9);
    }
}

/// The branches' order is no part of the law.
#[test]
fn lists_mean_the_same_in_any_order() {
    for (family, name) in [("hyperexponential", "means"), ("empirical", "values")] {
        let one = Parameters::new().with(name, vec![1e6, 9e6]).with("weights", vec![3.0, 1.0]);
        let other = Parameters::new().with("weights", vec![1.0, 3.0]).with(name, vec![9e6, 1e6]);
        assert_eq!(build(family, &one), build(family, &other));
    }
}

#[test]
fn quantiles_match_statrs() {
    for q in [0.001, 0.1, 0.5, 0.9, 0.99, 0.9999] {
        for shape in [0.2, 0.7, 1.0, 3.5, 50.0] {
            let given = [("shape", shape), ("mean", 10.0 * shape)];
            let theirs = statrs::distribution::Gamma::new(shape, 0.1).unwrap();
            // Their quantile is rough; their distribution function is not.
            let back = theirs.cdf(law("gamma", &given).quantile_ns(q));
            assert!((back - q).abs() < 1e-9, "gamma {shape} at {q}: gives back {back}");

            let theirs = statrs::distribution::Weibull::new(shape, 7.0).unwrap();
            let p50 = 7.0 * libm::pow(libm::log(2.0), 1.0 / shape);
            let ours = law("weibull", &[("shape", shape), ("p50", p50)]);
            assert!((ours.quantile_ns(q) / theirs.inverse_cdf(q) - 1.0).abs() < 1e-9);
            let mean = statrs::statistics::Distribution::mean(&theirs).unwrap();
            assert!((ours.mean_ns() / mean - 1.0).abs() < 1e-9);
            let variance = statrs::statistics::Distribution::variance(&theirs).unwrap();
            assert!((ours.scv() / (variance / (mean * mean)) - 1.0).abs() < 1e-9);
        }
        for sigma in [0.1, 0.8, 2.0] {
            let theirs = statrs::distribution::LogNormal::new(libm::log(7.0), sigma).unwrap();
            let ours = law("lognormal", &[("sigma", sigma), ("p50", 7.0)]);
            assert!((ours.quantile_ns(q) / theirs.inverse_cdf(q) - 1.0).abs() < 1e-9);
        }
        for shape in [0.8, 2.5, 9.0] {
            let theirs = statrs::distribution::Pareto::new(7.0, shape).unwrap();
            let ours = law("pareto", &[("shape", shape), ("min", 7.0)]);
            assert!((ours.quantile_ns(q) / theirs.inverse_cdf(q) - 1.0).abs() < 1e-9);
        }
    }
}

#[test]
fn of_two_members_that_fit_the_lighter_is_taken() {
    // sigma² / 2 - 2.326 sigma + ln 5 = 0 at 0.846 and at 3.806; scv is e^(sigma²) - 1.
    let fitted = law("lognormal", &[("mean", 80e6), ("p99", 400e6)]);
    assert!((fitted.scv() - 1.046).abs() < 0.01, "scv {}", fitted.scv());
    // Just below the turning point, the lighter one has sigma just below 2.326.
    let fitted = law("lognormal", &[("mean", 80e6), ("p99", 14.96 * 80e6)]);
    assert!((150.0..224.0).contains(&fitted.scv()), "scv {}", fitted.scv());
    // A percentile below the mean is what heavy tails have.
    let fitted = law("lognormal", &[("mean", 80e6), ("p90", 70e6)]);
    assert!(fitted.scv() > 1000.0, "scv {}", fitted.scv());
}

#[test]
fn moments_that_do_not_exist_are_infinite() {
    let heavy = law("pareto", &[("shape", 1.0), ("min", 1e6)]);
    assert!(heavy.mean_ns().is_infinite() && heavy.scv().is_infinite());
    let heavy = law("pareto", &[("shape", 1.5), ("min", 1e6)]);
    assert!((heavy.mean_ns() - 3e6).abs() < 1.0 && heavy.scv().is_infinite());
}

#[test]
fn a_quantile_outside_its_range_is_the_nearer_end() {
    let law = law("uniform", &[("min", 1e6), ("max", 2e6)]);
    assert!((law.quantile_ns(-3.0) - 1e6).abs() < 1e-6);
    assert!((law.quantile_ns(f64::NAN) - 1e6).abs() < 1e-6);
    assert!((law.quantile_ns(7.0) - 2e6).abs() < 1e-6);
    assert!(Distribution::exponential(Span::from_ms(1)).quantile_ns(1.0).is_infinite());
}

/// One case: a family, values, the parameter at fault, the message.
type Case<'a> = (&'a str, &'a [(&'static str, f64)], Option<&'a str>, &'a str);

#[test]
fn each_pair_out_of_reach_is_explained() {
    let cases: &[Case<'_>] = &[
        (
            "lognormal",
            &[("mean", 80.0), ("p99", 1600.0)],
            Some("p99"),
            "p99 is 20 times mean, and in the lognormal family it is at most 14.97 times mean: \
             lower p99, or choose a family with a heavier tail",
        ),
        // By hand: 100 / (e ln 100).
        (
            "pareto",
            &[("p99", 1600.0), ("mean", 80.0)],
            Some("p99"),
            "p99 is 20 times mean, and in the pareto family it is at most 7.988 times mean: \
             lower p99, or choose a family with a heavier tail",
        ),
        (
            "lognormal",
            &[("mean", 80.0), ("p50", 120.0)],
            Some("p50"),
            "p50 is 1.5 times mean, and in the lognormal family it is at most 1 times mean: \
             lower p50, or choose another",
        ),
        (
            "gamma",
            &[("mean", 80.0), ("scv", 500.0)],
            Some("scv"),
            "scv is 500, and in the gamma family it is at most 100: lower scv, or choose a family \
             with a heavier tail",
        ),
        (
            "gamma",
            &[("p50", 80.0), ("p99", 60.0)],
            Some("p99"),
            "p99 is less than p50, and a higher percentile cannot be: swap or correct them",
        ),
        (
            "lognormal",
            &[("mean", 80.0), ("p99", 80.0)],
            Some("p99"),
            "p99 is 1 times mean, too close to a constant for a lognormal law: use constant, or \
             give more spread",
        ),
        (
            "gamma",
            &[("mean", 80.0), ("scv", 1e-5)],
            Some("scv"),
            "scv is 1e-5, too close to a constant for a gamma law: use constant, or give more \
             spread",
        ),
    ];
    assert_explained(cases);
}

#[test]
fn each_pair_that_is_none_is_explained() {
    let cases: &[Case<'_>] = &[
        ("lognormal", &[], None, "give two of mean, sd, scv, a percentile or sigma"),
        ("gamma", &[], None, "give two of mean, sd, scv, a percentile or shape"),
        (
            "lognormal",
            &[("mean", 8e7)],
            None,
            "mean alone leaves the spread or the scale open: give one more of mean, sd, scv, a \
             percentile or sigma",
        ),
        (
            "weibull",
            &[("mean", 8e7), ("p50", 7e7), ("p99", 9e7)],
            None,
            "two values determine a weibull law, and mean, p50 and p99 are 3: keep two",
        ),
        ("lognormal", &[("mean", 0.0), ("p99", 80.0)], Some("mean"), "mean must be more than zero"),
        ("lognormal", &[("mean", 80.0), ("scv", -1.0)], Some("scv"), "scv must be more than zero"),
        (
            "lognormal",
            &[("mean", 80.0), ("sigma", 50.0)],
            Some("sigma"),
            "sigma must be from 0.0001 to 10",
        ),
        (
            "pareto",
            &[("mean", 80.0), ("shape", 0.0)],
            Some("shape"),
            "shape must be from 0.1 to 10000",
        ),
        (
            "pareto",
            &[("mean", 80.0), ("shape", 0.8)],
            Some("mean"),
            "a pareto law with shape 0.8 has no finite mean: give a percentile instead",
        ),
        (
            "weibull",
            &[("scv", 2.0), ("shape", 0.8)],
            None,
            "scv and shape both set the shape: keep one of them and give mean or a percentile",
        ),
    ];
    assert_explained(cases);
}

#[test]
fn each_incomplete_or_contradictory_law_is_explained() {
    let cases: &[Case<'_>] = &[
        ("constant", &[], None, "value is missing: give it a value"),
        (
            "constant",
            &[("value", -1.0)],
            Some("value"),
            "value must be a time from zero to 584 years",
        ),
        ("uniform", &[("min", 1.0)], None, "max is missing: give it a value"),
        ("uniform", &[("min", 0.0), ("max", 0.0)], Some("max"), "max must be more than zero"),
        ("uniform", &[("min", 3.0), ("max", 2.0)], Some("max"), "max is less than min: swap them"),
        ("exponential", &[], None, "give mean or one percentile"),
        ("exponential", &[("mean", 0.0)], Some("mean"), "mean must be more than zero"),
        ("exponential", &[("p99", 0.0)], Some("p99"), "p99 must be more than zero"),
        (
            "exponential",
            &[("mean", 1.0), ("p99", 2.0)],
            None,
            "p99 and mean each determine the law: keep one of them",
        ),
        (
            "exponential",
            &[("scv", 1.0)],
            Some("scv"),
            "exponential has no parameter scv: it takes \
            mean, p50, p90, p95, p99 and p999",
        ),
        ("erlang", &[("mean", 1.0)], None, "stages is missing: give it a value"),
        ("erlang", &[("stages", 2.0)], None, "give mean or one percentile"),
        (
            "erlang",
            &[("stages", 2.5), ("mean", 1.0)],
            Some("stages"),
            "stages must be a whole number from 1 to 10000",
        ),
        ("hyperexponential", &[("mean", 1.0)], None, "give mean and scv, or means and weights"),
        (
            "hyperexponential",
            &[("mean", 1.0), ("scv", 0.5)],
            Some("scv"),
            "scv must be from 1 to 1e9: for less than 1 use erlang or gamma",
        ),
        (
            "bimodal",
            &[("fast", 2.0), ("slow", 1.0), ("slow-share", 0.5)],
            Some("slow"),
            "slow is less than fast: swap them",
        ),
        (
            "bimodal",
            &[("fast", 2.0), ("slow", 4.0)],
            None,
            "slow-share is missing: give it a value",
        ),
        ("empirical", &[], None, "values is missing: give it a value"),
    ];
    assert_explained(cases);
}

fn assert_explained(cases: &[Case<'_>]) {
    for &(family, values, parameter, message) in cases {
        let given = values.iter().fold(Parameters::new(), |given, &(name, v)| given.with(name, v));
        let error = build(family, &given).expect_err(message);
        assert_eq!((error.parameter, error.to_string().as_str()), (parameter, message));
    }
}

#[test]
fn lists_that_do_not_fit_together_are_explained() {
    let both = |name, times: &[f64], weights: &[f64]| {
        Parameters::new().with(name, times.to_vec()).with("weights", weights.to_vec())
    };
    let means = || Parameters::new().with("means", vec![1.0]);
    for (family, given, parameter, message) in [
        (
            "hyperexponential",
            both("means", &[1.0, 2.0], &[1.0]),
            Some("weights"),
            "weights has 1 numbers for 2 means",
        ),
        (
            "hyperexponential",
            both("means", &[1.0, 0.0], &[1.0, 1.0]),
            Some("means"),
            "each of means must be more than zero",
        ),
        (
            "hyperexponential",
            both("means", &[1.0], &[0.0]),
            Some("weights"),
            "weights are all zero: give one more than that",
        ),
        (
            "hyperexponential",
            both("means", &[1.0, 1.0], &[1.0, -1.0]),
            Some("weights"),
            "weights must not be negative",
        ),
        (
            "hyperexponential",
            both("means", &[1.0], &[1.0]).with("mean", 1.0),
            None,
            "give either mean and scv, or means and weights, not both",
        ),
        ("hyperexponential", means(), Some("means"), "means needs weights: one number for each"),
        (
            "hyperexponential",
            Parameters::new().with("weights", vec![1.0]),
            Some("weights"),
            "weights needs means: one time for each",
        ),
        (
            "empirical",
            both("values", &[1.0, 2.0], &[1.0]),
            Some("weights"),
            "weights has 1 numbers for 2 values",
        ),
        (
            "empirical",
            Parameters::new().with("values", vec![0.0, 0.0]),
            Some("values"),
            "values are all zero: give one that is more",
        ),
    ] {
        let error = build(family, &given).expect_err(message);
        assert_eq!((error.parameter, error.message.as_str()), (parameter, message));
    }
}

/// Anything a caller could hand over, of the right kind or not.
fn anything() -> impl Strategy<Value = ParameterValue> {
    prop_oneof![
        3 => number().prop_map(ParameterValue::One),
        1 => proptest::collection::vec(number(), 0..4).prop_map(ParameterValue::Many),
    ]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![proptest::num::f64::ANY, time(), -1.0..12.0, Just(0.0)]
}

/// Up to 300 years, the short ones as often as the long ones.
fn time() -> impl Strategy<Value = f64> {
    (-2.0..19.0).prop_map(|exponent| libm::pow(10.0, exponent))
}

/// What the parameter is for.
fn plausible(kind: ParameterKind) -> BoxedStrategy<ParameterValue> {
    let list = |number: BoxedStrategy<f64>| proptest::collection::vec(number, 1..4);
    match kind {
        ParameterKind::Time => {
            (6.0..9.0).prop_map(|exponent| ParameterValue::One(libm::pow(10.0, exponent))).boxed()
        }
        ParameterKind::Number => (0.05..8.0).prop_map(ParameterValue::One).boxed(),
        ParameterKind::Ratio => (0.0..=1.0).prop_map(ParameterValue::One).boxed(),
        ParameterKind::Count => {
            (1_u32..60).prop_map(|count| ParameterValue::One(f64::from(count))).boxed()
        }
        ParameterKind::Times => list(time().boxed()).prop_map(ParameterValue::Many).boxed(),
        ParameterKind::Numbers => list((0.0..9.0).boxed()).prop_map(ParameterValue::Many).boxed(),
    }
}

/// Up to three of a family's parameters, now and then one twice, unknown or absurd.
fn parameters(family: usize) -> impl Strategy<Value = Parameters> {
    let declared = FAMILIES[family].parameters;
    let count = declared.len();
    let names = proptest::sample::subsequence((0..count).collect::<Vec<_>>(), 0..=count.min(3));
    names.prop_flat_map(move |names| {
        let values: Vec<_> = names
            .into_iter()
            .map(|index| {
                let Parameter { name, kind, .. } = declared[index];
                prop_oneof![
                    15 => plausible(kind).prop_map(move |value| (name, value)),
                    3 => anything().prop_map(move |value| (name, value)),
                    1 => anything().prop_map(move |value| (declared[0].name, value)),
                    1 => anything().prop_map(|value| ("nonsense", value)),
                ]
            })
            .collect();
        values.prop_map(|values| {
            values.into_iter().fold(Parameters::new(), |given, (name, v)| given.with(name, v))
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4096,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn nothing_panics_and_what_builds_is_a_law(
        (family, given) in (0..FAMILIES.len()).prop_flat_map(|f| (Just(f), parameters(f))),
        mark: u64,
    ) {
        let Ok(law) = (FAMILIES[family].build)(&given) else { return Ok(()) };
        prop_assert_eq!(law.family(), FAMILIES[family].name);
        for mark in [mark, 0, u64::MAX] {
            // Every span is finite; that of a law without zeros is more than nothing.
            let span = law.at(mark);
            let may_be_zero = matches!(law.family(), "constant" | "empirical");
            prop_assert!(may_be_zero || !span.is_zero());
            prop_assert_eq!(span, law.at(mark));
        }
        prop_assert!(law.mean_ns() >= 0.0 && law.scv() >= -1e-9);
        let mut last = 0.0;
        for step in 0..=100_u32 {
            let quantile = law.quantile_ns(f64::from(step) / 100.0);
            prop_assert!(quantile >= last, "{:?}: {} after {}", law, quantile, last);
            last = quantile;
        }
        prop_assert!(law.quantile_ns(1.0 - 1e-15).is_finite());
    }
}

/// Else the test above would show little.
#[test]
fn arbitrary_parameters_build_laws_often_enough() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for (index, family) in FAMILIES.iter().enumerate() {
        let strategy = parameters(index);
        let built = (0..1_000)
            .filter(|_| {
                let given = strategy.new_tree(&mut runner).unwrap().current();
                (family.build)(&given).is_ok()
            })
            .count();
        assert!(built >= 30, "{}: {built} of 1000", family.name);
    }
}
