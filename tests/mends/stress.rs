//! Clients and backends under stress that once did what neither does: each against arithmetic.

use super::{constant, entry, figures};

/// A twentieth of 50/s take 1 s instead of 10 ms until the query times out: (0.95 x 10 ms + 0.05 x 1 s)
/// x 50/s are 3 of ten connections, whatever becomes of the attempts. Only the twentieth fails.
#[test]
fn a_query_times_out_even_if_nobody_waits_for_it() {
    let slow = "query = { bimodal = { fast = \"10ms\", slow = \"60s\", slow-share = \"5%\" } }";
    let database = format!("[database]\nconnections = 10\nquery-timeout = \"1s\"\n{slow}\n");
    let many = |more: &str| {
        format!("[[backends]]\nname = \"b\"\nworkers = 200\nservice = \"1ms\"\n{more}\n{database}")
    };
    let clients = constant("50/s") + "\ntimeout = \"500ms\"";
    for abandoned in ["cancel", "skip"] {
        let rest = many(&format!("abandoned = \"{abandoned}\""));
        let figures = figures("3m", &clients, "", &rest);
        // Of 9000 requests 450, standard error 21.
        assert!((350..550).contains(&figures.totals.failed), "{abandoned}: {:?}", figures.totals);
        let busy = figures.database.as_ref().unwrap().utilization;
        assert!((0.2..0.4).contains(&busy), "{abandoned}: {busy}");
    }
    // A process that dies leaves up to ten such queries behind: a second later they are over.
    let rest = many("") + &entry("20s", "do = \"restart\"\ntargets = [\"b\"]");
    let restarted = figures("30s", &constant("50/s"), "", &rest).totals;
    assert!(restarted.failed < 250, "{restarted:?}");
}
