//! Names for things that are counted or stored. Each id is a type of its own, so that one is never
//! taken for another.

use std::fmt;
use std::str::FromStr;

/// One id that is a UUIDv7: ids of one kind sort by the time at which they were made.
macro_rules! id {
    ($(#[$about:meta])* $name:ident) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(uuid::Uuid);

        impl $name {
            /// A new id for what was made at `now_ms` (Unix milliseconds).
            pub fn new(now_ms: u64) -> $name {
                $name(at(now_ms))
            }

            /// The 16 bytes of it.
            pub fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// From its 16 bytes.
            pub fn from_bytes(bytes: [u8; 16]) -> $name {
                $name(uuid::Uuid::from_bytes(bytes))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        /// From its text; an error where that is no UUID.
        impl FromStr for $name {
            type Err = NoId;

            fn from_str(text: &str) -> Result<$name, NoId> {
                text.parse().map($name).map_err(|_| NoId)
            }
        }
    };
}

id! {
    /// One inbound call, for ever.
    CallbackId
}
id! {
    /// One event, for ever: what destinations know it by.
    EventId
}
id! {
    /// One event owed to one destination, over all attempts.
    DeliveryId
}
id! {
    /// A destination that was registered over the API.
    WebhookId
}

/// A text that is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no id: ids are UUIDs")]
pub struct NoId;

fn at(now_ms: u64) -> uuid::Uuid {
    let nanos = u32::try_from(now_ms % 1000).unwrap_or(0) * 1_000_000;
    uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, now_ms / 1000, nanos))
}

/// Counts the snapshots of routes and plugins that ran in this process: 1, 2, 3, …
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GenerationId(pub u64);

impl fmt::Display for GenerationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
