//! Writes docs/validation.md: `cargo run --release --example validation > docs/validation.md`.
//!
//! With names of cases: only these. With `scenario` and a name: the scenario of that case.

#![expect(clippy::print_stdout, reason = "it prints a page")]

#[path = "../tests/coverage/mod.rs"]
mod coverage;
#[path = "../tests/real/mod.rs"]
mod real;

fn main() {
    let names: Vec<String> = std::env::args().skip(1).collect();
    if let [word, name] = &names[..]
        && word == "scenario"
    {
        println!("{}", real::text(name).unwrap_or_default());
        return;
    }
    print!("{}", real::page(real::RUNS, &names));
    if names.is_empty() {
        print!("{}", coverage::page(coverage::EXPERIMENTS));
    }
}
