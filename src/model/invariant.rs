//! Conservation, checked at every sample: a run that loses a request must not print a number.

use super::outcome::Outcome;
use super::request::Sender;
use super::world::World;

impl World {
    /// Offered = succeeded + failed + in flight; every backend's attempts are accounted for; Little's
    /// law holds in every station, as an exact identity of integrals.
    ///
    /// # Panics
    /// If any of these fails: that is a bug in misroute.
    pub(super) fn assert_conservation(&mut self) {
        let finished: u64 = self.counts.finished.iter().sum();
        let in_flight = self.requests.len() as u64;
        assert_eq!(
            self.counts.requests,
            finished + in_flight,
            "requests born must be finished or in flight at {}",
            self.now
        );
        let now = self.now;
        let database = self.database.as_mut().map(|database| &mut database.station);
        let stations = self.backends.iter_mut().map(|backend| &mut backend.station);
        for station in stations.chain(database) {
            let occupancy = station.occupancy(now);
            let inside = u64::from(station.busy()) + u64::from(station.waiting());
            assert_eq!(occupancy.entered, occupancy.left + inside, "a station lost an attempt");
            assert!(occupancy.obeys_littles_law(now), "Little's law fails at {now}");
        }
        for backend in &self.backends {
            let gauge = backend.gauge;
            let accounted = gauge.succeeded + gauge.rejected + gauge.wasted;
            assert!(accounted <= gauge.reached, "a backend served more than reached it");
        }
    }

    /// What each balancer instance believes to be in flight is what is in flight. O(attempts).
    ///
    /// # Panics
    /// If not: that is a bug in misroute.
    pub fn assert_bookkeeping(&self) {
        let open = |attempt: &&super::request::Attempt| {
            attempt.sender == Sender::Client && attempt.held && attempt.backend.is_some()
        };
        let attempts = self.attempts.iter().map(|(_, attempt)| attempt);
        let believed: u64 =
            self.instances.iter().map(super::balancer::instance::Instance::in_flight).sum();
        assert_eq!(attempts.filter(open).count() as u64, believed, "in-flight counts drifted");
        let inside: u64 = self
            .backends
            .iter()
            .map(|b| u64::from(b.station.busy()) + u64::from(b.station.waiting()))
            .sum();
        let placed = self.attempts.iter().filter(|(_, attempt)| attempt.place.is_inside());
        assert_eq!(placed.count() as u64, inside, "attempts in stations drifted");
        let ok = self.counts.finished[Outcome::Ok.index()];
        let served: u64 = self.backends.iter().map(|b| b.gauge.succeeded).sum();
        assert_eq!(ok, served, "successes counted at clients and at backends differ");
    }
}
