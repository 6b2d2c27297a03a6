//! How an attempt, and then a request, ended.

/// How an attempt ended, as its client sees it; a request ends as its last attempt did, unless the
/// client did not send that one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Outcome {
    /// Answered.
    Ok,
    /// An error of the application.
    Http500,
    /// The balancer lost the backend's connection.
    Http502,
    /// Nobody could take it: no eligible member, or a full queue.
    Http503,
    /// The balancer gave up waiting.
    Http504,
    /// The connection was refused and nobody hid that from the client.
    Refused,
    /// The client gave up waiting.
    Timeout,
    /// Never sent: the client's circuit breaker was open.
    BreakerOpen,
    /// Never sent: the client throttled itself.
    Throttled,
    /// Never sent: its user had given up and was away.
    Withheld,
    /// Never sent: all of its user's connections were busy.
    NoConnection,
}

impl Outcome {
    /// How many outcomes there are.
    pub const COUNT: usize = 11;

    /// Every outcome, in order.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Ok,
        Self::Http500,
        Self::Http502,
        Self::Http503,
        Self::Http504,
        Self::Refused,
        Self::Timeout,
        Self::BreakerOpen,
        Self::Throttled,
        Self::Withheld,
        Self::NoConnection,
    ];

    /// Position in [`Outcome::ALL`].
    #[inline]
    pub fn index(self) -> usize {
        self as usize
    }

    /// Name in files and reports.
    #[inline]
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Http500 => "http_500",
            Self::Http502 => "http_502",
            Self::Http503 => "http_503",
            Self::Http504 => "http_504",
            Self::Refused => "refused",
            Self::Timeout => "timeout",
            Self::BreakerOpen => "breaker_open",
            Self::Throttled => "throttled",
            Self::Withheld => "withheld",
            Self::NoConnection => "no_connection",
        }
    }

    /// The outcome of that name.
    #[inline]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    /// Whether the client got what it wanted.
    #[inline]
    pub fn is_ok(self) -> bool {
        self == Self::Ok
    }

    /// Whether the request, or the retry it needed, was never sent: no attempt ends so, and nobody
    /// but the user knows.
    #[inline]
    pub fn is_unsent(self) -> bool {
        matches!(self, Self::BreakerOpen | Self::Throttled | Self::Withheld | Self::NoConnection)
    }
}

/// A set of outcomes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutcomeSet(u16);

impl OutcomeSet {
    /// Every way in which an attempt fails.
    pub fn failures() -> Self {
        Outcome::ALL
            .into_iter()
            .filter(|outcome| !outcome.is_ok() && !outcome.is_unsent())
            .collect()
    }

    /// Whether the set has it.
    #[inline]
    pub fn contains(self, outcome: Outcome) -> bool {
        self.0 & (1 << outcome.index()) != 0
    }
}

impl FromIterator<Outcome> for OutcomeSet {
    #[inline]
    fn from_iter<I: IntoIterator<Item = Outcome>>(outcomes: I) -> Self {
        Self(outcomes.into_iter().fold(0, |set, outcome| set | (1 << outcome.index())))
    }
}
