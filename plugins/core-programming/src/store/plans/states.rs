//! Where plans stand, what they are for, and what they do with sessions: each a word in the database.

use conman_sdk::prelude::*;

/// An enum that is stored as a word, and told to clients as the same in capitals.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$of])* $variant,)+
        }

        impl $name {
            /// As it is stored.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl ToValue for $name {
            fn to_value(&self) -> Value {
                self.as_str().to_value()
            }
        }

        impl FromValue for $name {
            const EXPECTED: &'static str = concat!("a word of `", stringify!($name), "`");

            fn from_value(value: Value) -> std::result::Result<Self, Value> {
                match &value {
                    $(Value::Text(word) if word == $word => Ok(Self::$variant),)+
                    _ => Err(value),
                }
            }
        }
    };
}

words! {
    /// Where a plan stands. From searching it goes to one of the others, where it stays.
    State {
        /// The search waits or runs.
        Searching = "searching",
        /// There is a proposal.
        Ready = "ready",
        /// There is none, and will be none.
        Failed = "failed",
    }
}

words! {
    /// What a plan is for.
    Purpose {
        /// The best timetable.
        Plan = "plan",
        /// As few moves as can be.
        Reschedule = "reschedule",
    }
}

words! {
    /// What a plan does with a session that it may move.
    Fate {
        /// That is not known yet.
        Asked = "asked",
        /// It stays.
        Kept = "kept",
        /// It gets another place, or one.
        Moved = "moved",
        /// There is none for it.
        Unplaced = "unplaced",
    }
}
