//! What can go wrong, by the names of the catalogue: AWS's API (A), RDS's lifecycle (R), metrics (M), disk and process
//! (P), clock (L), operators (O).

use std::fmt;

/// One kind of fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "each has its words in `words`")]
pub enum Fault {
    A1Throttled,
    A2FailsBefore,
    A3FailsAfter,
    A4Garbage,
    A5Stale,
    A6StillAvailable,
    A7OnlyAnEvent,
    A8EndlessPages,
    A9OddAnswer,
    A10AccessDenied,
    A11ExpiredToken,
    A12ClockSkew,
    A13NoHost,
    A14RegionOut,
    A15OtherAccount,
    R1NoCapacity,
    R2Stuck,
    R3Broken,
    R4NotMade,
    R5TakenBack,
    R6CutFails,
    R7OldEndpoint,
    R8ForeignHands,
    R8Deployment,
    R9FailoverElsewhere,
    R10NoReader,
    R10Lags,
    R11Maintenance,
    M1Missing,
    M2Late,
    M3Impossible,
    M4SilentZero,
    M5Sawtooth,
    M6OtherMachine,
    M7Together,
    P1Crash,
    P2Stop,
    P7DiskFull,
    P7DiskError,
    P7SyncFails,
    P8PowerLoss,
    L5ClockStep,
    O1Disarm,
    O2Override,
    O3TwoOperators,
    I24HostileText,
}

impl Fault {
    /// Those that only a blue/green deployment can meet.
    pub const OF_DEPLOYMENTS: [Self; 6] =
        [Self::R4NotMade, Self::R5TakenBack, Self::R6CutFails, Self::R8Deployment, Self::R10Lags, Self::R7OldEndpoint];

    /// Those that only an Aurora cluster can meet, and the lag and the endpoint, which a copy knows too.
    pub const OF_CLUSTERS: [Self; 4] =
        [Self::R9FailoverElsewhere, Self::R10NoReader, Self::R10Lags, Self::R7OldEndpoint];

    /// Every other kind, in the order of the catalogue.
    pub const ALWAYS: [Self; 38] = [
        Self::A1Throttled,
        Self::A2FailsBefore,
        Self::A3FailsAfter,
        Self::A4Garbage,
        Self::A5Stale,
        Self::A6StillAvailable,
        Self::A7OnlyAnEvent,
        Self::A8EndlessPages,
        Self::A9OddAnswer,
        Self::A10AccessDenied,
        Self::A11ExpiredToken,
        Self::A12ClockSkew,
        Self::A13NoHost,
        Self::A14RegionOut,
        Self::A15OtherAccount,
        Self::R1NoCapacity,
        Self::R2Stuck,
        Self::R3Broken,
        Self::R8ForeignHands,
        Self::R11Maintenance,
        Self::M1Missing,
        Self::M2Late,
        Self::M3Impossible,
        Self::M4SilentZero,
        Self::M5Sawtooth,
        Self::M6OtherMachine,
        Self::M7Together,
        Self::P1Crash,
        Self::P2Stop,
        Self::P7DiskFull,
        Self::P7DiskError,
        Self::P7SyncFails,
        Self::P8PowerLoss,
        Self::L5ClockStep,
        Self::O1Disarm,
        Self::O2Override,
        Self::O3TwoOperators,
        Self::I24HostileText,
    ];

    /// Every kind.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::ALWAYS.into_iter().chain(Self::OF_DEPLOYMENTS).chain([Self::R9FailoverElsewhere, Self::R10NoReader])
    }

    /// The catalogue's number and a few words.
    pub fn words(self) -> &'static str {
        match self {
            Self::A1Throttled => "A1 throttled",
            Self::A2FailsBefore => "A2 fails before effect",
            Self::A3FailsAfter => "A3 fails after effect",
            Self::A4Garbage => "A4 garbage for an answer",
            Self::A5Stale => "A5 stale description",
            Self::A6StillAvailable => "A6 still available after the call",
            Self::A7OnlyAnEvent => "A7 fails with an event only",
            Self::A8EndlessPages => "A8 endless pages",
            Self::A9OddAnswer => "A9 missing or unknown values",
            Self::A10AccessDenied => "A10 access denied",
            Self::A11ExpiredToken => "A11 expired token",
            Self::A12ClockSkew => "A12 clock skew refused",
            Self::A13NoHost => "A13 host not found",
            Self::A14RegionOut => "A14 region out for hours",
            Self::A15OtherAccount => "A15 another account",
            Self::R1NoCapacity => "R1 no capacity",
            Self::R2Stuck => "R2 stuck modifying",
            Self::R3Broken => "R3 terminal status",
            Self::R4NotMade => "R4 the copy cannot be made, or hangs",
            Self::R5TakenBack => "R5 switchover taken back",
            Self::R6CutFails => "R6 switchover failed",
            Self::R7OldEndpoint => "R7 clients still come to the old machine",
            Self::R8ForeignHands => "R8 foreign hands",
            Self::R8Deployment => "R8 foreign hands on the deployment",
            Self::R9FailoverElsewhere => "R9 failover refused, or elsewhere",
            Self::R10NoReader => "R10 reader not made, or hangs",
            Self::R10Lags => "R10 copy or reader lags",
            Self::R11Maintenance => "R11 other change pending or under way",
            Self::M1Missing => "M1 missing datapoints",
            Self::M2Late => "M2 late datapoints",
            Self::M3Impossible => "M1-M3 impossible, doubled, partial",
            Self::M4SilentZero => "M4 zero from a broken source",
            Self::M5Sawtooth => "M5 sawtooth at the threshold",
            Self::M6OtherMachine => "M6 another machine under the name",
            Self::M7Together => "M7 all databases at once",
            Self::P1Crash => "P1 kill -9",
            Self::P2Stop => "P2 SIGTERM",
            Self::P7DiskFull => "P7 disk full",
            Self::P7DiskError => "P7 write error",
            Self::P7SyncFails => "P7 sync fails",
            Self::P8PowerLoss => "P8 power loss, unsynced bytes torn",
            Self::L5ClockStep => "L5 clock set forward or back",
            Self::O1Disarm => "O1 disarm",
            Self::O2Override => "O2 override",
            Self::O3TwoOperators => "O3 order on an old picture",
            Self::I24HostileText => "I24 hostile text",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.words())
    }
}
