//! The entries of when requests are born, and what they ask for.

use super::table::knob;
use super::{Happens, Knob};

const JITTERED: &str = "clients.web.arrivals=jittered";
const BURSTY: &str = "clients.web.arrivals=bursty";
const BATCHES: &str = "clients.web.arrivals=batches";
const TRACED: &str = "clients.t={arrivals=\"trace\", trace={file=\"times.csv\"}}";
const POINTS: &str = "clients.web.profile={at=[\"10s\", \"40s\"], factors=[0.5, 1.5]}";
const RECORDED: &str = "clients.web.profile={file=\"factors.csv\"}";
const SINE: &str = "clients.web.profile={shape=\"sine\", period=\"1m\"}";
const SESSIONS: &str = "clients.web.session={mean=3, think=\"200ms\"}";
const PAGE: &str = "clients.web.classes.page={share=3}";
const REPORT: &str = "clients.web.classes.report={work=2, priority=1}";
const HASHED: &str = "balancer.algorithm=source-hash";
const KEYED: &str = "clients.web.keys={file=\"keys.csv\"}";
const CROWD: &str = "timeline.d={at=\"25s\", do=\"flash-crowd\", factor=2}";

pub(super) const ARRIVALS: &[Knob] = &[
    knob("clients.spread", &[JITTERED], "clients.web.spread=20%", Happens),
    knob("clients.burst.factor", &[BURSTY], "clients.web.burst.factor=8", Happens),
    knob("clients.burst.length", &[BURSTY], "clients.web.burst.length=1s", Happens),
    knob("clients.burst.every", &[BURSTY], "clients.web.burst.every=11s", Happens),
    knob("clients.batch.law", &[BATCHES], "clients.web.batch.law=constant", Happens),
    knob("clients.batch.mean", &[BATCHES], "clients.web.batch.mean=3", Happens),
    knob("clients.trace.file", &[TRACED], "clients.t.trace.file=people.csv", Happens),
    knob("clients.trace.shift", &[TRACED, "load=150%"], "clients.t.trace.shift=3s", Happens),
    knob("clients.profile.shape", &[POINTS], "clients.web.profile.shape=steps", Happens),
    knob("clients.profile.at", &[POINTS], "clients.web.profile.at=[\"10s\", \"41s\"]", Happens),
    knob("clients.profile.factors", &[POINTS], "clients.web.profile.factors=[0.5, 1.4]", Happens),
    knob("clients.profile.file", &[], RECORDED, Happens),
    knob("clients.profile.repeat", &[POINTS], "clients.web.profile.repeat=45s", Happens),
    knob("clients.profile.low", &[SINE], "clients.web.profile.low=20%", Happens),
    knob("clients.profile.high", &[SINE], "clients.web.profile.high=120%", Happens),
    knob("clients.profile.peak", &[SINE], "clients.web.profile.peak=00:00:20", Happens),
    knob("clients.profile.period", &[SINE], "clients.web.profile.period=30s", Happens),
    knob("clients.session.law", &[SESSIONS], "clients.web.session.law=constant", Happens),
    knob("clients.session.mean", &[SESSIONS], "clients.web.session.mean=4", Happens),
    knob("clients.session.think", &[SESSIONS], "clients.web.session.think=300ms", Happens),
    knob("clients.classes.share", &[PAGE, REPORT], "clients.web.classes.page.share=2", Happens),
    knob("clients.classes.work", &[PAGE, REPORT], "clients.web.classes.report.work=3", Happens),
    knob(
        "clients.classes.priority",
        &[PAGE, REPORT, "backends.*.discipline=priority"],
        "clients.web.classes.report.priority=0",
        Happens,
    ),
    knob("clients.keys.file", &[HASHED, KEYED], "clients.web.keys.file=plain-keys.csv", Happens),
    knob("timeline.flash-crowd", &["timeline.d={at=\"25s\", do=\"note\"}"], CROWD, Happens),
    knob("timeline.flash-crowd.clients", &[CROWD], "timeline.d.clients=batch", Happens),
    knob("timeline.flash-crowd.factor", &[CROWD], "timeline.d.factor=1.5", Happens),
    knob("timeline.flash-crowd.rise", &[CROWD], "timeline.d.rise=5s", Happens),
    knob("timeline.flash-crowd.hold", &[CROWD], "timeline.d.hold=5s", Happens),
    knob(
        "timeline.flash-crowd.decay",
        &[CROWD, "timeline.d.rise=5s", "timeline.d.hold=1s"],
        "timeline.d.decay=5s",
        Happens,
    ),
];
