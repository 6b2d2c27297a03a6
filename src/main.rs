//! The `misroute` command: an exit code and nothing else.

fn main() {}
