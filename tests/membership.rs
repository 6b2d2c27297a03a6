//! What a process knows of its members survives, or does not survive, a change of its configuration.

use misroute::engine::random::Seed;
use misroute::engine::time::Time;
use misroute::model::probe::{Gauges, Probe, WorldChange};
use misroute::model::run::simulate;
use misroute::model::setup::{BackendId, InstanceId};
use misroute::scenario::{Source, load};
use std::sync::Arc;

/// What was told of members, and the attempts that each backend has got, second by second.
#[derive(Default)]
struct Watch {
    changes: Vec<(f64, u16, u16, bool)>,
    reached: Vec<Vec<u64>>,
}

impl Probe for Watch {
    fn changed(&mut self, now: Time, change: WorldChange) {
        if let WorldChange::Member(InstanceId(process), BackendId(member), up) = change {
            self.changes.push((now.as_secs_f64(), process, member, up));
        }
    }

    fn sample(&mut self, _: Time, gauges: &Gauges<'_>) {
        self.reached.push(gauges.backends.iter().map(|backend| backend.reached).collect());
    }
}

impl Watch {
    /// Attempts that a backend got from one second to another; the first sample is of second 1.
    fn share(&self, member: usize, from: usize, to: usize) -> u64 {
        self.reached[to - 1][member] - self.reached[from - 1][member]
    }
}

fn watch(balancer: &str, more: &str) -> Watch {
    let text = format!(
        "schema = 1\nname = \"membership\"\nduration = \"30s\"\nwindow = \"1s\"\n\
         [[clients]]\nname = \"one\"\narrivals = \"constant\"\nrate = \"50/s\"\n\
         [balancer]\n{balancer}\n\
         [[backends]]\nname = \"b{{1..3}}\"\nworkers = 3\nservice = \"5ms\"\n{more}"
    );
    let scenario = load(&Source::from_text("membership.toml", text), &[]);
    let scenario = scenario.unwrap_or_else(|wrong| panic!("{wrong}"));
    let mut watch = Watch::default();
    simulate(&Arc::new(scenario.setup), Seed::new(1), &mut watch);
    watch
}

fn configure(at: &str, set: &str) -> String {
    format!(
        "[[timeline]]\nname = \"change at {at}\"\nat = \"{at}\"\ndo = \"configure\"\nset = {{ {set} }}\n"
    )
}

/// Checks that begin in the middle of a run, with members that begin down, bring them up.
#[test]
fn checks_that_are_switched_on_bring_members_up() {
    for initial in ["down", "fully-down"] {
        let health = format!(
            "balancer.health = {{ interval = \"1s\", initial = \"{initial}\", asks = \"life\" }}"
        );
        let seen = watch("algorithm = \"round-robin\"", &configure("10s", &health));
        for member in 0..3 {
            assert!(seen.share(member, 15, 25) > 100, "{initial}: {:?}", seen.reached[25]);
        }
        // Every member is told down by the change, and up by its checks.
        let told: Vec<bool> = seen.changes.iter().filter(|c| c.2 == 1).map(|c| c.3).collect();
        assert_eq!(told, [false, true], "{initial}: {:?}", seen.changes);
    }
}

/// A member that is taken out and put in again begins down, and its checks bring it up.
#[test]
fn a_member_that_is_put_in_again_comes_up() {
    for initial in ["down", "fully-down"] {
        let health =
            format!("health = {{ interval = \"1s\", initial = \"{initial}\", asks = \"life\" }}");
        let out = configure("10s", "backends.b2.in-pool = false");
        let again = configure("15s", "backends.b2.in-pool = true");
        let seen = watch(&health, &(out + &again));
        assert_eq!(seen.share(1, 11, 15), 0);
        assert!(seen.share(1, 20, 28) > 100, "{initial}: {:?}", seen.reached[28]);
    }
}

/// An ejection ends when it should, whatever else is configured meanwhile.
#[test]
fn an_ejection_outlasts_no_change_of_configuration() {
    let fault =
        "[[timeline]]\nname = \"f\"\nat = \"5s\"\ndo = \"fail\"\ntargets = \"b2\"\nfor = \"2s\"\n";
    for balancer in [
        "ejection = { rule = \"consecutive\", failures = 3, period = \"6s\" }",
        "ejection = { rule = \"max-fails\", max-fails = 3, fail-timeout = \"5s\" }\nretry = { on = [\"http_500\"], max = 1 }",
    ] {
        let plain = watch(balancer, fault);
        assert!(plain.share(1, 8, 10) < 5, "{balancer} ejects: {:?}", plain.reached);
        assert!(plain.share(1, 16, 26) > 100, "{balancer} lets it in again");
        // b3 is taken out while b2 is ejected: that concerns b2 not at all.
        let other = configure("8s", "backends.b3.in-pool = false");
        let seen = watch(balancer, &(fault.to_owned() + &other));
        assert!(seen.share(1, 16, 26) > 100, "{balancer}: {:?}", seen.reached[26]);
        let ends = |watch: &Watch| {
            let up = |c: &&(f64, u16, u16, bool)| c.2 == 1 && c.3;
            watch.changes.iter().filter(up).map(|c| c.0).collect::<Vec<_>>()
        };
        assert_eq!(ends(&seen), ends(&plain), "{balancer}");
    }
}

/// A process that a reload has replaced checks nobody any more, even if a check was under way then.
#[test]
fn replaced_processes_check_nobody() {
    // Checks are work that takes 400 ms, with 600 ms between them: one is under way at some of these
    // reloads. What happens long afterwards is then noticed by one process alone.
    let balancer = "health = { interval = \"600ms\", first = \"at-once\", timeout = \"500ms\" }";
    let slow = "[[timeline]]\nname = \"slow\"\nat = \"1s\"\ndo = \"slow\"\ntargets = \"b2\"\nfactor = 80\n";
    for reload in ["10s", "10.2s", "10.4s", "10.6s", "10.8s"] {
        let reload = format!("[[timeline]]\nname = \"r\"\nat = \"{reload}\"\ndo = \"reload\"\n");
        let crash =
            "[[timeline]]\nname = \"crash\"\nat = \"20s\"\ndo = \"crash\"\ntargets = \"b2\"\n";
        let seen = watch(balancer, &(slow.to_owned() + &reload + crash));
        let after = seen.changes.iter().filter(|c| c.0 >= 11.5);
        let processes: Vec<u16> = after.map(|c| c.1).collect();
        assert!(processes.iter().all(|&p| p == 1), "{reload}: {:?}", seen.changes);
    }
}
