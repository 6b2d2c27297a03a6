//! Sweeps that cannot be.

use super::{VARY, sweep};
use crate::cli::{SMALL, Scratch};
use std::sync::atomic::{AtomicU32, Ordering};

/// Asserts that a sweep with these axes is refused with these words.
fn refused(axes: &[&str], said: &[&str]) {
    // Several tests of this file run at the same time.
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let scratch = Scratch::with(&format!("refused-{number}"), SMALL);
    let vary: Vec<&str> = axes.iter().flat_map(|axis| ["--vary", axis]).collect();
    scratch.run(&sweep(&vary)).ended(2).says(said);
    assert_eq!(scratch.names(), ["s.toml"], "nothing is written");
}

#[test]
fn axes_that_lead_nowhere_name_the_nearest() {
    refused(&["laod=1,2"], &["there is no key `laod`", "--vary:1:1", "did you mean `load`?"]);
    refused(&["clients.wbe.rate=1/s,2/s"], &["there is no `wbe`", "did you mean `web`?"]);
    refused(&["backends.api-9.workers=1,2"], &["there is no `api-9` in `backends`"]);
    refused(&["load.more=1,2"], &["`load` has no parts"]);
    refused(&["balancer.algorithm=1..3:3"], &["`balancer.algorithm` is not a quantity"]);
    refused(&["balancer=1,2"], &["[balancer] must be a table", "point 1 of 2, balancer=1"]);
}

#[test]
fn values_that_cannot_be_are_refused() {
    refused(&["load=50%..50%:3"], &["is one value", "^"]);
    refused(&["load=150%..50%:3"], &["is empty: the smaller end comes first"]);
    refused(&["load=50%..150%:0"], &["at least two values, not 0"]);
    refused(&["load=50%..150%:1"], &["at least two values, not 1"]);
    refused(&["load=50%..150%"], &["how many values?", "write 50%..150%:11"]);
    refused(&["load=50%..2/s:3"], &["50% is a share, 2/s is a rate"]);
    refused(&["load=1,2", "load=3,4"], &["`load` is varied twice"]);
    let twice = ["backends.*.workers=1,2", "backends.api-1.workers=3,4"];
    refused(&twice, &["`backends.api-1.workers` is varied twice"]);
    refused(&["backends.*.workers=1..4:3"], &["is a whole number", "2.5 would be one of them"]);
    refused(&["load=1,999"], &["`load` must be at most", "point 2 of 2, load=999"]);
    refused(&["clients.web.rate=1/s,fast"], &["`rate` must be", "point 2 of 2"]);
    refused(&["balancer.algorithm=random,rond-robin"], &["did you mean `round-robin`?"]);
    refused(&["expect.x.at-most=1,2"], &["there is no `x` in `expect`"]);
}

#[test]
fn what_takes_for_ever_says_how_long_and_asks() {
    refused(&["load=1%..100%:1000000"], &["1000000 points", "which takes about", "say --yes"]);
    let huge = ["load=0..1:9999999", "duration=1s..2s:9999999"];
    refused(&huge, &["more than 100000000 points"]);
    let scratch = Scratch::with("one-too-much", SMALL);
    let long = ["--vary", "duration=1s,365d", "--replications", "1"];
    scratch.run(&sweep(&long)).ended(2).says(&["say --yes"]);
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    let scratch = Scratch::with("options", SMALL);
    let refused = |arguments: &[&str], said: &[&str]| {
        let all = [&VARY[..], arguments].concat();
        scratch.run(&sweep(&all)).ended(2).says(said);
    };
    refused(&["--shard", "0/3"], &["parts are counted from 1"]);
    refused(&["--shard", "4/3"], &["there are only 3 parts"]);
    refused(&["--shard", "1"], &["write i/n"]);
    refused(&["--shard", "1/2", "--no-files"], &["--no-files"]);
    refused(&["--resume", "--no-files"], &["--no-files"]);
    refused(&["--resume", "--restart"], &["--restart"]);
    refused(&["--points", "5"], &["--points is of --design latin-hypercube"]);
    refused(&["--design", "grid", "--points", "5"], &["a grid has every combination"]);
    refused(&["--design", "latin-hypercube"], &["a Latin hypercube needs --points"]);
    scratch.run(&["sweep", "s.toml"]).ended(2).says(&["nothing is varied", "[sweep] table"]);
    scratch.run(&["merge"]).ended(2).says(&["PART"]);
    assert_eq!(scratch.names(), ["s.toml"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_exit_code_4() {
    let scratch = Scratch::with("unwritable-sweep", SMALL);
    scratch.write("file", "");
    let ran = scratch.run(&sweep(&[&VARY[..], &["--out", "file"]].concat()));
    ran.ended(4).says(&["cannot write `file`"]);
}

#[test]
fn tables_that_cannot_be_point_at_the_file() {
    let said = |table: &str, words: &[&str]| {
        let scratch = Scratch::with("sweep-tables", &format!("{SMALL}[sweep]\n{table}\n"));
        scratch.run(&sweep(&[])).ended(2).says(words).says(&["s.toml:"]);
    };
    said("", &["[sweep] needs `vary`"]);
    said("vary = {}", &["nothing is varied"]);
    said("vary = { laod = \"1,2\" }", &["there is no key `laod`", "did you mean `load`?"]);
    said("vary = { load = \"1..2\" }", &["how many values?", "^^^^"]);
    said("vary = { load = [] }", &["an axis needs values"]);
    said("vary = { load = \"1,2\" }\ndesign = \"gird\"", &["did you mean `grid`?"]);
    said("vary = { load = \"1,2\" }\npoints = 5", &["`points` is of a Latin hypercube"]);
    said("vary = { load = \"1,2\" }\ndesign = \"latin-hypercube\"", &["needs `points`"]);
    said("vary = { load = \"1,2\" }\nreplications = 0", &["`replications` must be at least 1"]);
    said("vary = { load = \"1,2\" }\nreplications = 5\nprecision = \"2%\"", &["either"]);
    let twice = "vary = { \"backends.*.workers\" = \"1,2\", \"backends.api-1.workers\" = 3 }";
    said(twice, &["varied twice", "the first time"]);
}
