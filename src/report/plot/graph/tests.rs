use super::*;
use crate::report::plot::inspect::texts_are_apart;
use crate::report::plot::picture::Shape;
use crate::report::sample;
use proptest::prelude::*;

fn estimate(mean: f64, half: f64) -> Estimate {
    Estimate { mean, low: Some(mean - half), high: Some(mean + half), n: 10 }
}

/// Goodput of two algorithms that follow the load up to 100% and 110%.
fn degradation() -> Graph {
    let loads = || (0..=10).map(|n| 0.5 + 0.1 * f64::from(n));
    let curve = |name: &str, knee: f64| Curve {
        name: name.into(),
        points: loads()
            .map(|load| {
                let goodput = 500.0 * if load < knee { load } else { knee - (load - knee) };
                Dot::estimated(load, Some(&estimate(goodput, 5.0 + 40.0 * (load - 0.5))))
            })
            .collect(),
        dashed: false,
    };
    let offered = loads().map(|load| Dot::new(load, 500.0 * load)).collect();
    Graph {
        title: "Goodput against load".into(),
        subtitle: "two-of-five".into(),
        x: Scale::linear("load", Unit::Ratio),
        y: Scale::linear("goodput", Unit::Rate),
        curves: vec![
            Curve { name: "all of it".into(), points: offered, dashed: true },
            curve("round-robin", 1.0),
            curve("least-connections", 1.1),
        ],
        marks: vec![Mark { between: Some((0.97, 1.02)), ..Mark::at(1.0, "knee 100%") }],
        left_note: "means with 95% intervals · 10 replications".into(),
        right_note: "seed 1".into(),
    }
}

/// Strokes of a colour, in drawing order.
fn lines(picture: &Picture, wanted: RGBColor) -> Vec<&[Point]> {
    let points = |shape: &'_ Shape| matches!(shape, Shape::Line { color, .. } if *color == wanted);
    let found = picture.shapes.iter().filter(|shape| points(shape));
    found.filter_map(Shape::points).collect()
}

/// Polygons of a colour through which one can see.
fn bands(picture: &Picture, wanted: RGBColor) -> Vec<&[Point]> {
    let is_band = |shape: &'_ Shape| matches!(shape, Shape::Area { color, opacity, .. } if *color == wanted && *opacity < 1.0);
    let found = picture.shapes.iter().filter(|shape| is_band(shape));
    found.filter_map(Shape::points).collect()
}

/// Where a tick label's value lies on the page, by its words.
fn tick(picture: &Picture, words: &str) -> Point {
    let text = picture.texts().find(|text| text.words == words);
    let at = text.unwrap_or_else(|| panic!("no tick {words}")).at;
    (at.0, at.1 - 0.365 * LABEL_SIZE)
}

#[test]
fn points_lie_where_the_ticks_say() {
    let picture = draw(&degradation());
    let curve = lines(&picture, palette::CURVES[0])[1];
    assert_eq!(curve.len(), 11, "the first stroke is the legend's");
    let y = |words| tick(&picture, words).1;
    let unit = (y("200/s") - y("400/s")) / 200.0;
    // 250/s at 50%, 300/s at 60%.
    assert!((curve[1].0 - tick(&picture, "60%").0).abs() < 1e-6);
    assert!((curve[1].1 - (y("200/s") - 100.0 * unit)).abs() < 1e-6);
    assert!((curve[0].1 - (y("200/s") - 50.0 * unit)).abs() < 1e-6);
    // At 100% the interval is 500 +- 25.
    let band = bands(&picture, palette::CURVES[0])[0];
    assert!((band[5].1 - (y("400/s") - 125.0 * unit)).abs() < 1e-6);
    assert!((band[21 - 5].1 - (y("400/s") - 75.0 * unit)).abs() < 1e-6);
    // The mark, and its interval from 97% to 102%.
    let shade = bands(&picture, palette::INK)[0];
    let hundred = tick(&picture, "100%").0;
    let percent = (tick(&picture, "120%").0 - hundred) / 20.0;
    assert!((shade[0].0 - (hundred - 3.0 * percent)).abs() < 1e-6);
    assert!((shade[1].0 - (hundred + 2.0 * percent)).abs() < 1e-6);
}

#[test]
fn equal_factors_are_equal_distances_on_a_logarithmic_scale() {
    let mut graph = degradation();
    graph.y = Scale::logarithmic("p99", Unit::Milliseconds);
    graph.curves.truncate(1);
    graph.curves[0].points = [10.0, 100.0, 1_000.0].iter().map(|&ms| Dot::new(ms, ms)).collect();
    let picture = draw(&graph);
    let y = |words| tick(&picture, words).1;
    assert!((y("10 ms") - y("100 ms") - (y("100 ms") - y("1 s"))).abs() < 1e-6);
    graph.curves[0].points.push(Dot::new(2_000.0, 0.0));
    let with_zero = draw(&graph);
    assert_eq!(tick(&with_zero, "10 ms").1.to_bits(), y("10 ms").to_bits(), "no place for zero");
}

#[test]
fn what_is_unknown_interrupts_a_curve_and_a_lonely_interval_is_a_whisker() {
    let mut graph = degradation();
    graph.curves.remove(0);
    graph.curves[0].points[1].y = None;
    let picture = draw(&graph);
    let strokes = lines(&picture, palette::CURVES[0]);
    // Legend, a whisker of three strokes for the first point, then the rest in one.
    assert_eq!(strokes.iter().map(|path| path.len()).collect::<Vec<_>>(), [2, 2, 2, 2, 9]);
    assert_eq!(bands(&picture, palette::CURVES[0])[0].len(), 18);
}

#[test]
fn curves_over_time_have_ticks_of_the_clock() {
    let outage = sample::outage();
    let mut graph = degradation();
    graph.x = Scale::time("UTC", Clock::of(&outage));
    graph.marks.clear();
    let points = (0..840).map(|n| Dot::new(f64::from(n) * 10.0, f64::from(n % 100)));
    graph.curves = vec![Curve { name: "after".into(), points: points.collect(), dashed: false }];
    let picture = draw(&graph);
    // The outage begins at 13:50 and lasts 8,400 s.
    let (two, three) = (tick(&picture, "14:00").0, tick(&picture, "15:00").0);
    let curve = lines(&picture, palette::CURVES[0])[1];
    assert!((curve[60].0 - two).abs() < 1e-6 && (curve[420].0 - three).abs() < 1e-6);
    texts_are_apart(&picture).unwrap();
}

#[test]
fn a_graph_of_nothing_says_so() {
    let mut graph = degradation();
    graph.curves.iter_mut().for_each(|curve| curve.points.clear());
    graph.marks.clear();
    let picture = draw(&graph);
    assert!(picture.texts().any(|text| text.words == "nothing was observed"));
    texts_are_apart(&picture).unwrap();
}

fn scales() -> impl Strategy<Value = Scale> {
    let units = [Unit::Ratio, Unit::Milliseconds, Unit::Rate, Unit::Count, Unit::Number];
    let unit = prop::sample::select(units.to_vec());
    ("[a-z. ]{0,50}", any::<bool>(), unit).prop_map(|(label, logarithmic, unit)| Scale {
        label,
        logarithmic,
        unit: Numbers::Of(unit),
    })
}

fn curves() -> impl Strategy<Value = Vec<Curve>> {
    let number = prop_oneof![-1e3..1e6, 0.0..1e-3, Just(0.0), 0.999..1.0];
    let dot =
        (number.clone(), prop::option::of(number.clone()), 0.0..1e4).prop_map(|(x, y, half)| {
            let end = |sign: f64| y.map(|y| y + sign * half);
            Dot { x, y, low: end(-1.0), high: end(1.0) }
        });
    let points = prop::collection::vec(dot, 0..6);
    let curve = ("[a-zA-Z0-9, .%]{0,60}", points, any::<bool>())
        .prop_map(|(name, points, dashed)| Curve { name, points, dashed });
    prop::collection::vec(curve, 0..10)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn texts_of_random_graphs_are_apart(
        (x, y) in (scales(), scales()),
        curves in curves(),
        marks in prop::collection::vec((-1e3..1e6, "[a-z %]{0,60}"), 0..6),
        (title, subtitle) in ("[a-z ]{0,90}", "[a-z]{0,60}"),
    ) {
        let marks = marks.into_iter().map(|(x, label)| Mark::at(x, label)).collect();
        let (left_note, right_note) = (title.repeat(3), subtitle.repeat(3));
        let graph = Graph { title, subtitle, x, y, curves, marks, left_note, right_note };
        let apart = texts_are_apart(&draw(&graph));
        prop_assert!(apart.is_ok(), "{:?}", apart);
    }
}
