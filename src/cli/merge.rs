//! `misroute merge`.

use super::failure::Failure;
use super::{Format, Out, input, sweep};
use crate::experiment::sweep::merge::Merged;
use crate::experiment::sweep::shard::Shard;
use crate::experiment::sweep::store;
use crate::report::{files, sweep as report};
use clap::Args;
use std::path::PathBuf;
use std::process::ExitCode;

/// Put the parts of a sweep together that `misroute sweep --shard` has run, perhaps on several
/// machines. The files are those of a sweep that was never divided, byte for byte.
#[derive(Args, Debug)]
pub(super) struct Merge {
    /// Files of parts, part-1-of-8.jsonl and so on
    #[arg(value_name = "PART", required = true)]
    parts: Vec<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// Say nothing but errors
    #[arg(long, short)]
    quiet: bool,
    #[command(flatten)]
    out: Out,
}

pub(super) fn execute(command: &Merge) -> Result<ExitCode, Failure> {
    if !command.out.no_files {
        files::check_root(&command.out.out)?;
    }
    let mut merged = Merged::read(&command.parts)?;
    let missing = merged.missing();
    if !missing.is_empty() {
        return Err(Failure::Incomplete(told(&missing)));
    }
    let result = merged.result();
    sweep::show(&result, command.format, command.quiet)?;
    if !command.out.no_files {
        let directory = sweep::directory(&command.out.out, merged.name());
        let samples = directory.join(sweep::SAMPLES);
        if store::header(&samples)?.is_some_and(|header| !header.finished) {
            return Err(Failure::Usage(format!(
                "an unfinished sweep is there: {}; finish it with misroute sweep --resume, or remove \
                 it, or choose another --out",
                samples.display()
            )));
        }
        report::write_sweep(&result, &directory, true)?;
        merged.write(&samples)?;
        input::tell_written(&directory, command.quiet);
    }
    Ok(ExitCode::SUCCESS)
}

/// Which parts are missing, and how to have them.
fn told(missing: &[Shard]) -> String {
    let of = missing.first().map_or(0, |shard| shard.of);
    let numbers: Vec<String> = missing.iter().map(|shard| shard.part.to_string()).collect();
    let listed = match numbers.as_slice() {
        [only] => format!("shard {only}"),
        [first @ .., last] => format!("shards {} and {last}", first.join(", ")),
        [] => String::new(),
    };
    let options: Vec<String> = missing.iter().take(3).map(|s| format!("--shard {s}")).collect();
    let more = if missing.len() > options.len() { ", ..." } else { "" };
    format!(
        "missing: {listed} of {of}, or not finished; misroute sweep with {}{more} (and --resume) \
         runs what is missing; nothing was written",
        options.join(", ")
    )
}
