//! A sweep that is killed, interrupted or disturbed, and goes on.

use super::{VARY, same, sweep};
use crate::cli::{SMALL, Scratch};
use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Runs long enough to be killed in the middle: eighteen runs of a hundred thousand requests.
const LONG: [&str; 4] = ["--set", "clients.web.rate=900/s", "--set", "backends.*.service=2ms"];
const STORE: &str = "output/small/sweep/samples.jsonl";

fn start(scratch: &Scratch, arguments: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_misroute"));
    command.args(arguments).current_dir(&scratch.0);
    command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits until the store has this many lines; no longer than a minute.
#[expect(clippy::disallowed_methods, reason = "waits for another process")]
fn wait_for_lines(scratch: &Scratch, lines: usize) {
    for _ in 0..6_000 {
        let text = fs::read_to_string(scratch.0.join(STORE)).unwrap_or_default();
        if text.matches('\n').count() >= lines {
            return;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    panic!("the store has no {lines} lines after a minute");
}

fn lines(scratch: &Scratch) -> Vec<String> {
    let text = fs::read_to_string(scratch.0.join(STORE)).unwrap();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_sweep_that_was_killed_resumes_and_ends_with_the_same_bytes() {
    let scratch = Scratch::with("killed", SMALL);
    let asked = [&VARY[..], &LONG].concat();
    scratch.run(&sweep(&[&asked[..], &["--out", "whole"]].concat())).ended(0);
    let mut killed = 0;
    let mut there = 1;
    // Killed again and again, each time a little later.
    for _ in 0..3 {
        let mut child = start(&scratch, &sweep(&[&asked[..], &["--resume", "-j", "2"]].concat()));
        wait_for_lines(&scratch, there + 2);
        child.kill().unwrap();
        let status = child.wait().unwrap();
        killed += usize::from(!status.success());
        there = lines(&scratch).len();
    }
    assert!(killed > 0, "it was over before it could be killed");
    assert!(there >= 3, "what was finished is kept");
    if !lines(&scratch)[0].contains("\"finished\":true") {
        scratch.run(&sweep(&asked)).ended(2).says(&["an unfinished sweep is there", "--resume"]);
    }
    let mut resume = sweep(&[&asked[..], &["--resume"]].concat());
    resume.retain(|argument| *argument != "--quiet");
    scratch
        .run(&resume)
        .ended(0)
        .says(&["replications are there already", "wrote output/small/sweep"]);
    same(&scratch, "whole", "output");
}

#[test]
fn an_interrupt_keeps_what_is_finished_and_says_how_to_go_on() {
    for signal in ["-INT", "-TERM"] {
        let scratch = Scratch::with(&format!("interrupted{signal}"), SMALL);
        let asked = [&VARY[..], &LONG].concat();
        let child = start(&scratch, &sweep(&[&asked[..], &["-j", "1"]].concat()));
        wait_for_lines(&scratch, 3);
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130), "{said}");
        assert!(said.contains("the same command with --resume goes on"), "{said}");
        assert!(said.contains(STORE), "{said}");
        let kept = lines(&scratch);
        assert!(kept.len() >= 3);
        assert!(kept.iter().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
    }
}

#[test]
fn nothing_that_is_there_is_run_again() {
    let scratch = Scratch::with("recalled", SMALL);
    scratch.run(&sweep(&VARY)).ended(0);
    // A figure that no run has would come out again only if it was read.
    let kept = lines(&scratch);
    let marked = kept[1].replacen("\"digest\":\"", "\"digest\":\"marked-", 1);
    let header = kept[0].replace("\"finished\":true", "\"finished\":false");
    // The last line was being written when the power failed.
    scratch.write(STORE, format!("{header}\n{marked}\n{}\n{{\"point\":2,\"samp", kept[2]));
    scratch.run(&sweep(&VARY)).ended(2).says(&["an unfinished sweep is there"]);
    scratch.run(&sweep(&[&VARY[..], &["--resume"]].concat())).ended(0);
    let again = lines(&scratch);
    assert_eq!(again.len(), kept.len());
    assert_eq!(again[1], marked);
    // All but the mark, and the fingerprint of its point.
    for (index, (after, before)) in again.iter().zip(&kept).enumerate() {
        assert!(index == 1 || index == 4 || after == before, "line {index}");
    }
    scratch.run(&sweep(&[&VARY[..], &["--restart"]].concat())).ended(0);
    assert_eq!(lines(&scratch), kept);
    // Of a finished sweep nothing is run again either.
    let finished = format!("{}\n{marked}\n{}\n", kept[0], kept[2..].join("\n"));
    scratch.write(STORE, &finished);
    scratch.run(&sweep(&[&VARY[..], &["--resume"]].concat())).ended(0);
    assert_eq!(lines(&scratch)[1], marked);
}

#[test]
fn a_store_that_is_cut_anywhere_is_completed() {
    let scratch = Scratch::with("cut", SMALL);
    let asked = ["--vary", "load=50%,100%", "--replications", "3"];
    scratch.run(&sweep(&[&asked[..], &["--out", "whole"]].concat())).ended(0);
    scratch.run(&sweep(&asked)).ended(0);
    let whole = fs::read(scratch.0.join(STORE)).unwrap();
    let text = String::from_utf8(whole).unwrap().replace("\"finished\":true", "\"finished\":false");
    let header = text.find('\n').unwrap() + 1;
    // At the ends of lines, beside them, and here and there.
    let ends = text.match_indices('\n').flat_map(|(at, _)| [at, at + 1, at + 2]);
    let spread = (1..8).map(|part| header + (text.len() - header) * part / 8);
    for cut in ends.chain(spread).filter(|cut| (header..text.len()).contains(cut)) {
        scratch.write(STORE, &text[..cut]);
        scratch.run(&sweep(&[&asked[..], &["--resume"]].concat())).ended(0);
        same(&scratch, "whole", "output");
    }
}

#[test]
fn a_store_of_another_sweep_is_not_continued() {
    let scratch = Scratch::with("another", SMALL);
    scratch.run(&sweep(&VARY)).ended(0);
    let before = lines(&scratch);
    let resume = |more: &[&str], said: &[&str]| {
        let arguments = [&["--resume"], more].concat();
        scratch.run(&sweep(&arguments)).ended(2).says(&["this is another sweep: "]).says(said);
        assert_eq!(lines(&scratch), before, "nothing is lost");
    };
    let with = |more: &[&'static str]| [&VARY[..], more].concat();
    resume(&with(&["--seed", "5"]), &["seed 1 there, 5 here"]);
    resume(&with(&["--set", "duration=90s"]), &["the scenario's content"]);
    resume(
        &["--vary", "load=50%,100%", "--replications", "3"],
        &["axes load and balancer.algorithm there, load here"],
    );
    let other = ["--vary", "load=50%..150%:5", VARY[2], VARY[3], "--replications", "3"];
    resume(&other, &["values of load: 50%, 100%, 150% there, 50%, 75%, 100%, 125%, 150% here"]);
    let hypercube = with(&["--design", "latin-hypercube", "--points", "6"]);
    resume(&hypercube, &["values of load"]);
    scratch.write(STORE, "something else\n");
    scratch
        .run(&sweep(&[&VARY[..], &["--resume"]].concat()))
        .ended(2)
        .says(&["no sweep's samples"]);
    let damaged = format!("{}\n{}\nx\n{}\n", before[0], before[1], before[2]);
    scratch.write(STORE, damaged);
    scratch.run(&sweep(&[&VARY[..], &["--resume"]].concat())).ended(2).says(&["line 3 is damaged"]);
}
