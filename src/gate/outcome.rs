//! What a check can say: a closed list of outcomes, each with a name, a conclusion and a meaning.

/// How much an outcome matters. The exit status follows the gravest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Conclusion {
    /// As it should be.
    Pass,
    /// Worth knowing; never fails.
    Note,
    /// Should be looked at; fails under `--strict`.
    Warn,
    /// Beyond policy: exit 1.
    Fail,
    /// An engine of the lock, or an audit, is absent: exit 3.
    Absent,
    /// The audit says less than it should: exit 4.
    Incomplete,
}

impl Conclusion {
    /// The word in tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Note => "note",
            Self::Warn => "warn",
            Self::Fail => "FAIL",
            Self::Absent => "ABSENT",
            Self::Incomplete => "INCOMPLETE",
        }
    }

    /// The glyph in tables.
    #[must_use]
    pub fn glyph(self) -> &'static str {
        match self {
            Self::Pass => "✓",
            Self::Note => "·",
            Self::Warn => "!",
            Self::Fail | Self::Absent | Self::Incomplete => "✗",
        }
    }

    /// Whether the check fails.
    #[must_use]
    pub fn fails(self) -> bool {
        self >= Self::Fail
    }
}

macro_rules! outcomes {
    ($($variant:ident $name:literal $conclusion:ident $adjustable:literal $meaning:literal,)*) => {
        /// See the module.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Outcome {
            $(#[doc = $meaning] $variant,)*
        }

        impl Outcome {
            /// All of them, in the order in which they are documented.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The name in policies, tables and files.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The conclusion unless a policy's `[outcomes]` sets another.
            #[must_use]
            pub fn conclusion(self) -> Conclusion {
                match self { $(Self::$variant => Conclusion::$conclusion,)* }
            }

            /// Whether `[outcomes]` may set another. Changed bits are excused by rules, which ask for a reason; and an
            /// audit that says too little by nothing.
            #[must_use]
            pub fn is_adjustable(self) -> bool {
                match self { $(Self::$variant => $adjustable,)* }
            }

            /// What it means, in one sentence.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning,)* }
            }
        }
    };
}

outcomes! {
    Incomplete "incomplete" Incomplete false
        "An engine or a case failed, or the record is unfinished.",
    ControlMissed "control-missed" Incomplete false
        "A planted difference was not caught, or none was planted: the audit proves nothing.",
    FewerRepeats "fewer-repeats" Incomplete false
        "The record has fewer runs of each case than the lock was made with.",
    NothingJudged "nothing-judged" Incomplete false
        "No result was compared with anything.",
    MissingLeg "missing-leg" Absent false
        "A merged record expects an audit of which it has no record.",
    EngineAbsent "engine-absent" Absent true
        "The lock has an engine that no record has.",
    DigestChanged "digest-changed" Fail false
        "The bits are not those of the lock.",
    NoLongerRepeatable "no-longer-repeatable" Fail false
        "The lock has one result, and now the runs differ among themselves.",
    DataRace "data-race" Fail true
        "The shader has a data race: no result of it can be promised, on any engine. Fix the shader.",
    StatusChanged "status-changed" Fail false
        "The bits are those of the lock and are judged otherwise, or a result that varies became a worse one.",
    BeyondRule "beyond-rule" Fail false
        "A rule of the policy demands what the result does not meet, or what cannot be shown of it.",
    DeviationChanged "deviation-changed" Fail false
        "A known deviation deviates in another way than its rule expects.",
    CaseChanged "case-changed" Fail false
        "The id is the same and the case is not: its shader, its inputs, its reference or its shape changed.",
    OtherSettings "other-settings" Fail false
        "The record is of another profile or seed than the lock.",
    MissingCase "missing-case" Fail true
        "A case of the lock was not run.",
    NowSkipped "now-skipped" Fail true
        "A case that ran when the lock was made is skipped now.",
    DeviationVanished "deviation-vanished" Warn true
        "A deviation that a rule expects is not there any more.",
    NewCase "new-case" Warn true
        "A case that the lock does not have.",
    NewEngine "new-engine" Warn true
        "An engine that the lock does not have.",
    NowRuns "now-runs" Warn true
        "A case that was skipped when the lock was made runs now.",
    UnmatchedRule "unmatched-rule" Warn true
        "A rule of the policy matches no result.",
    ShadowedRule "shadowed-rule" Warn true
        "All results that a rule of the policy matches are taken by earlier rules.",
    DriverChanged "driver-changed" Note true
        "The engine is the lock's with another version or build of its driver, or another driver.",
    VariablesChanged "variables-changed" Note true
        "The engine is the lock's with other values of variables that its driver reads.",
    NowRepeatable "now-repeatable" Note true
        "The lock has a result that varies, and all runs agree now, which a few runs can do by chance.",
    OtherTool "other-tool" Note true
        "The record was made by another version of this program than the lock.",
    NoDriver "no-driver" Note true
        "The lock has no engine with a driver: this checks the interpreter and the CPU only.",
    KnownDeviation "known-deviation" Pass false
        "The deviation that a rule expects, with its reason.",
    WithinRule "within-rule" Pass false
        "The rule's demand is met.",
    SkippedAsLocked "skipped-as-locked" Pass false
        "Skipped, as when the lock was made.",
    Same "same" Pass false
        "The lock's bits, judged as they were; or a result of which none are promised, no worse than it was.",
}

impl Outcome {
    /// The outcome of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|o| o.name() == name)
    }
}
