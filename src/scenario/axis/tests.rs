use super::*;
use proptest::prelude::*;

fn values(text: &str) -> Vec<String> {
    let axis = Axis::parse(&format!("x={text}")).unwrap();
    (0..axis.count()).map(|index| axis.value(index)).collect()
}

fn wrong(text: &str) -> String {
    Axis::parse(text).unwrap_err().to_string()
}

#[test]
fn linear_ranges_are_exact_decimals_with_both_ends() {
    assert_eq!(
        values("50%..150%:11").join(" "),
        "50% 60% 70% 80% 90% 100% 110% 120% 130% 140% 150%"
    );
    assert_eq!(values("0.1..0.5:5"), ["0.1", "0.2", "0.3", "0.4", "0.5"]);
    assert_eq!(values("-1..1:3"), ["-1", "0", "1"]);
    assert_eq!(values("100/s..200/s:5"), ["100/s", "125/s", "150/s", "175/s", "200/s"]);
    // A third has no end.
    assert_eq!(values("0..1:4"), ["0", "0.333333", "0.666667", "1"]);
    assert_eq!(values("1000000..1000001:4")[1], "1000000.333333");
    // An eighth of a tenth of a percent has: it stays whole.
    assert_eq!(values("0%..0.1%:9")[1], "0.0125%");
    assert_eq!(values("1us..2us:4"), ["1us", "1.333us", "1.667us", "2us"], "no picoseconds");
    assert_eq!(values("0..1000000:1000001")[999_999], "999999");
}

#[test]
fn units_of_one_kind_are_brought_together() {
    assert_eq!(values("500ms..2s:4"), ["500ms", "1000ms", "1500ms", "2s"]);
    assert_eq!(values("1m30s..2m:4"), ["1m30s", "100s", "110s", "2m"]);
    assert_eq!(values("512MiB..2GiB:4"), ["512MiB", "1024MiB", "1536MiB", "2GiB"]);
    assert_eq!(values("1/s..120/m:3"), ["1/s", "90/m", "120/m"]);
    for (text, reason) in [
        ("50%..2/s:3", "50% is a share, 2/s is a rate"),
        ("0.5..150%:3", "0.5 is a plain number, 150% is a share"),
        ("1MB..1GiB:3", "MB and GiB do not divide each other"),
    ] {
        let wrong = wrong(&format!("x={text}"));
        assert!(wrong.contains(reason), "{wrong}");
    }
}

#[test]
fn logarithmic_ranges_grow_by_a_factor() {
    // Factor 100^(1/4) = 3.162278.
    assert_eq!(values("10ms..1s:log:5"), ["10ms", "31.6228ms", "100ms", "316.228ms", "1s"]);
    assert_eq!(values("1..1000:log:4"), ["1", "10", "100", "1000"]);
    assert!(wrong("x=0..1:log:4").contains("begin above zero"));
}

#[test]
fn lists_split_at_commas_outside_of_brackets() {
    assert_eq!(values("a,b , c"), ["a", "b", "c"]);
    assert_eq!(
        values("[1, 2],{ a = 1, b = 2 },\"x,y\""),
        ["[1, 2]", "{ a = 1, b = 2 }", "\"x,y\""]
    );
    assert_eq!(values("api-{1..2},api-3"), ["api-{1..2}", "api-3"]);
    assert_eq!(values("../a.csv"), ["../a.csv"]);
    assert_eq!(values("unlimited"), ["unlimited"]);
}

#[test]
fn values_are_numbers_in_one_unit() {
    let numbers = |text: &str| numbers(&values(text));
    assert_eq!(numbers("50%,60%,1.5"), Some(vec![0.5, 0.6, 1.5]));
    assert_eq!(numbers("10ms..1s:3"), Some(vec![10.0, 505.0, 1_000.0]));
    assert_eq!(numbers("60/m,2/s"), Some(vec![1.0, 2.0]));
    assert_eq!(numbers("1KiB,2KiB"), Some(vec![1_024.0, 2_048.0]));
    assert_eq!(numbers("1h30m,2h"), Some(vec![5_400_000.0, 7_200_000.0]));
    assert_eq!(numbers("round-robin,random"), None);
    assert_eq!(numbers("50%,2s"), None);
}

#[test]
fn mistakes_point_at_their_words() {
    for (text, message, caret) in [
        ("load", "an axis needs `=`", "load"),
        ("=1,2", "an axis needs a path", "=1,2"),
        ("load= ", "an axis needs values", "load="),
        ("load=1,,2", "a value is missing", ",,"),
        ("load=1,2,", "a value is missing", ","),
        ("load=1,1", "`1` is there twice", "1"),
        ("load=50%..150%", "how many values?", "50%..150%"),
        ("load=50%..150%:0", "at least two values, not 0", "0"),
        ("load=50%..150%:1", "at least two values, not 1", "1"),
        ("load=50%..150%:x", "must be a whole number", "x"),
        ("load=50%..150%:99999999999", "too many values", "99999999999"),
        ("load=50%..150%:lin:3", "FROM..TO:N or FROM..TO:log:N", "lin"),
        ("load=50%..50%:3", "is one value", "50%..50%"),
        ("load=150%..50%:3", "is empty: the smaller end comes first", "150%..50%"),
        ("load=50%..tea:3", "`tea` is not a quantity", "tea"),
        ("load=1,2..3:4", "a range stands alone", "2..3:4"),
        ("a..b=1", "a path cannot have an empty part", ""),
    ] {
        let wrong = Axis::parse(text).unwrap_err();
        let first = wrong.iter().next().unwrap();
        assert!(first.message.contains(message), "{text}: {}", first.message);
        assert_eq!(first.place().unwrap().text().trim(), caret, "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_an_axis_or_refused(
        text in "\\PC{0,20}|[a-z.]{0,6}=[-0-9.]{0,18}(%|ms|s|/s|MiB)?\\.\\.[-0-9.]{0,18}(%|ms|s|d|/h|TiB)?:(log:)?[0-9]{0,8}"
    ) {
        if let Ok(axis) = Axis::parse(&text) {
            prop_assert!(axis.count() >= 1);
            for index in [0, axis.count() / 2, axis.count() - 1] {
                prop_assert!(!axis.value(index).is_empty());
            }
            let _ = (axis.at(0.0), axis.at(0.5), axis.at(1.0 - 1e-12));
        }
    }

    #[test]
    fn ranges_rise_and_read_back(from in 0_u32..100_000, width in 1_u32..100_000, count in 2_u32..200, log: bool) {
        let log = if log { "log:" } else { "" };
        let (from, to) = (f64::from(from + 1) / 100.0, f64::from(from + 1 + width) / 100.0);
        let values = values(&format!("{from}%..{to}%:{log}{count}"));
        prop_assert_eq!(values.len(), count as usize);
        let read = numbers(&values).unwrap();
        prop_assert!(read.is_sorted(), "{:?}", values);
        let ends = [read[0], read[read.len() - 1]];
        prop_assert!((ends[0] - from / 100.0).abs() < 1e-12 && (ends[1] - to / 100.0).abs() < 1e-12);
    }
}
