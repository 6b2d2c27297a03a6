//! A sweep in parts.

use super::{VARY, same, sweep};
use crate::cli::{SMALL, Scratch};
use std::fs;

/// Runs the parts of a sweep into a folder.
fn parts(scratch: &Scratch, shards: &[&str], out: &str, more: &[&str]) {
    for shard in shards {
        let arguments = [&VARY[..], &["--shard", shard, "--out", out], more].concat();
        scratch.run(&sweep(&arguments)).ended(0);
    }
}

#[test]
fn parts_together_are_the_sweep_that_was_never_divided() {
    let scratch = Scratch::with("shards", SMALL);
    scratch.run(&sweep(&[&VARY[..], &["--out", "whole"]].concat())).ended(0);
    parts(&scratch, &["2/3", "3/3", "1/3"], "parts", &["-j", "1"]);
    let part = |i| format!("parts/small/sweep/part-{i}-of-3.jsonl");
    // A part given twice, and in another order.
    let merge =
        ["merge", &part(3), &part(1), &part(2), &part(1), "--out", "merged", "--format", "json"];
    let merged = scratch.run(&merge).ended(0).says(&["wrote merged/small/sweep"]);
    same(&scratch, "whole", "merged");
    let file = fs::read_to_string(scratch.0.join("whole/small/sweep/sweep.json")).unwrap();
    assert_eq!(merged.out, file);
}

#[test]
fn parts_that_stop_at_a_precision_are_the_whole_too() {
    let scratch = Scratch::with("shards-precision", SMALL);
    let asked = ["--vary", "load=20%..100%:4", "--precision", "20%", "--max-replications", "20"];
    scratch.run(&sweep(&[&asked[..], &["--out", "whole"]].concat())).ended(0);
    for shard in ["1/2", "2/2"] {
        let part = [&asked[..], &["--out", "parts", "--shard", shard]].concat();
        scratch.run(&sweep(&part)).ended(0);
    }
    let part = |i| format!("parts/small/sweep/part-{i}-of-2.jsonl");
    scratch.run(&["merge", &part(1), &part(2), "--out", "merged", "--quiet"]).ended(0);
    same(&scratch, "whole", "merged");
}

#[test]
fn what_is_missing_is_said_and_nothing_is_written() {
    let scratch = Scratch::with("shards-missing", SMALL);
    parts(&scratch, &["1/8", "2/8", "4/8", "5/8"], "parts", &[]);
    let part = |i| format!("parts/small/sweep/part-{i}-of-8.jsonl");
    let (one, two, four, five) = (part(1), part(2), part(4), part(5));
    let merge = ["merge", &one, &two, &four, &five, "--out", "merged"];
    // Six points: parts 7 and 8 have none, so they are not missed.
    scratch
        .run(&merge)
        .ended(3)
        .says(&["missing: shards 3 and 6 of 8", "--shard 3/8, --shard 6/8"]);
    assert!(!scratch.0.join("merged").exists());
    parts(&scratch, &["3/8", "6/8"], "parts", &[]);
    let (three, six) = (part(3), part(6));
    let whole = [&merge[..], &[&three, &six]].concat();
    scratch.run(&whole).ended(0);
}

#[test]
fn a_part_that_was_not_finished_is_missing() {
    let scratch = Scratch::with("shards-unfinished", SMALL);
    parts(&scratch, &["1/2", "2/2"], "parts", &[]);
    let path = scratch.0.join("parts/small/sweep/part-2-of-2.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let kept: Vec<&str> = text.lines().take(3).collect();
    fs::write(&path, kept.join("\n") + "\n{\"point\":3,\"sam").unwrap();
    let part = |i| format!("parts/small/sweep/part-{i}-of-2.jsonl");
    let merge = ["merge", &part(1), &part(2), "--out", "merged"];
    scratch.run(&merge).ended(3).says(&["missing: shard 2 of 2, or not finished"]);
    parts(&scratch, &["2/2"], "parts", &["--resume"]);
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    scratch.run(&merge).ended(0);
}

#[test]
fn parts_that_do_not_belong_together_are_refused() {
    let scratch = Scratch::with("shards-foreign", SMALL);
    parts(&scratch, &["1/2", "2/2"], "a", &[]);
    let mut number = 0;
    let mut refused = |shard: &str, set: &[&str], said: &[&str]| {
        number += 1;
        let out = format!("b{number}");
        let arguments = [&["--shard", shard, "--out", &out], set].concat();
        scratch.run(&sweep(&arguments)).ended(0);
        let mine = "a/small/sweep/part-1-of-2.jsonl";
        let name = format!("part-{}.jsonl", shard.replace('/', "-of-"));
        let theirs = format!("{out}/small/sweep/{name}");
        let ran = scratch.run(&["merge", mine, &theirs, "--out", "merged"]).ended(2);
        ran.says(said).says(&[&theirs, &format!("does not go with {mine}")]);
    };
    let with = |more: &[&'static str]| [&VARY[..], more].concat();
    refused("2/2", &with(&["--seed", "2"]), &["seed 1 there, 2 here"]);
    refused("2/3", &with(&[]), &["2 parts there, 3 parts here"]);
    refused("2/2", &with(&["--set", "duration=1m"]), &["the scenario's content"]);
    refused("2/2", &with(&["--warm-up", "5s"]), &["warm-up auto there, 5s here"]);
    refused("2/2", &with(&["--metric", "latency.p90"]), &["figures requests.offered_rps"]);
    refused(
        "2/2",
        &["--vary", "load=50%..150%:6", "--replications", "3"],
        &["axes load and balancer.algorithm there, load here"],
    );
    let fewer = [&VARY[..4], &["--replications", "2"]].concat();
    refused("2/2", &fewer, &["3 replications there, 2 replications here"]);
    assert!(!scratch.0.join("merged").exists());
}

#[test]
fn parts_that_contradict_each_other_or_are_damaged_are_refused() {
    let scratch = Scratch::with("shards-contradiction", SMALL);
    parts(&scratch, &["1/2", "2/2"], "a", &[]);
    let part = |i| format!("a/small/sweep/part-{i}-of-2.jsonl");
    let text = fs::read_to_string(scratch.0.join(part(2))).unwrap();
    let merge = |content: &str, code, said: &[&str]| {
        scratch.write("other.jsonl", content);
        let arguments = ["merge", &part(1), &part(2), "other.jsonl", "--out", "merged"];
        scratch.run(&arguments).ended(code).says(said);
        assert_eq!(scratch.0.join("merged").exists(), code == 0);
    };
    let second = text.lines().nth(2).unwrap();
    let changed = second.replacen("\"successes\":", "\"successes\":1", 1);
    assert_ne!(second, changed);
    let contradiction = ["contradicts a/small/sweep/part-2-of-2.jsonl in replication 2 of point 2"];
    merge(&text.replacen(second, &changed, 1), 2, &contradiction);
    merge(&text.replacen(second, "{\"point\":1,", 1), 2, &["line 3 is damaged"]);
    merge("schema = 1\n", 2, &["other.jsonl: this is no sweep's samples"]);
    merge(
        &text.replacen("misroute-sweep-2", "misroute-sweep-0", 1),
        2,
        &["keeps samples otherwise"],
    );
    merge(&text.replacen("\"version\":\"", "\"version\":\"9.", 1), 2, &["misroute 9."]);
    let missing = ["merge", "nowhere.jsonl"];
    scratch.run(&missing).ended(2).says(&["nowhere.jsonl: "]);
    merge(&text, 0, &[]);
}
