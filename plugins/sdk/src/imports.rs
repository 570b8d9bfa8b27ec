//! The host's imports, one module for each interface. On wasm32 they are real; natively the
//! stand-in host of `native` answers, with the same signatures.

#[cfg(not(target_arch = "wasm32"))]
use crate::native::stand_in as host;

/// Checks with keys that stay in the host. A check says which version of the secret matched, by
/// name; `None` = no version did, or there is no such secret.
pub mod crypto {
    pub use crate::bindings::host::hookswitch::plugin::crypto::{KeyForm, Mac, Scheme};
    #[cfg(target_arch = "wasm32")]
    pub use crate::bindings::host::hookswitch::plugin::crypto::{
        equal, sha256, verify_mac, verify_signature,
    };

    #[cfg(not(target_arch = "wasm32"))]
    pub use super::host::crypto::{equal, sha256, verify_mac, verify_signature};
}

/// Signs with keys that stay in the host: only while simulating. Elsewhere it traps.
pub mod signing {
    #[cfg(target_arch = "wasm32")]
    pub use crate::bindings::host::hookswitch::plugin::signing::{sign_mac, sign_rsa_sha256};

    #[cfg(not(target_arch = "wasm32"))]
    pub use super::host::signing::{sign_mac, sign_rsa_sha256};
}

/// The route's (or the responder's own) `settings` table.
pub mod settings {
    use std::sync::{Arc, OnceLock};

    use serde::de::DeserializeOwned;

    use crate::Reason;

    #[cfg(not(target_arch = "wasm32"))]
    use super::host::settings as host;
    #[cfg(target_arch = "wasm32")]
    use crate::bindings::host::hookswitch::plugin::settings as host;

    /// The settings in a shape of the plugin's own. What doesn't fit it is a reason with the code
    /// `settings_invalid`; give the shape `deny_unknown_fields`, so that misspelt keys are found.
    pub fn get<T: DeserializeOwned>() -> Result<T, Reason> {
        // The error says what should be there; settings are no secrets. Its line and column are of
        // JSON that nobody has seen.
        serde_json::from_str(&host::get()).map_err(|error| {
            let said = error.to_string();
            let said = said.split(" at line ").next().unwrap_or_default();
            Reason::new("settings_invalid", format!("settings: {said}"))
        })
    }

    /// What a plugin made of its settings, as a static of its own: read once in an instance that
    /// takes many callbacks, since they don't change while it lives. Natively they are another
    /// test's each time, and nothing is kept.
    #[derive(Debug)]
    pub struct Kept<T>(OnceLock<Arc<T>>);

    impl<T> Kept<T> {
        /// Not read yet.
        #[expect(clippy::new_without_default, reason = "a static is no default")]
        pub const fn new() -> Kept<T> {
            Kept(OnceLock::new())
        }

        /// The settings, by `read` where they aren't kept; an error isn't.
        pub fn or_read<E>(&self, read: impl FnOnce() -> Result<T, E>) -> Result<Arc<T>, E> {
            match self.0.get() {
                Some(kept) => Ok(Arc::clone(kept)),
                None if cfg!(target_arch = "wasm32") => {
                    let made = Arc::new(read()?);
                    Ok(Arc::clone(self.0.get_or_init(|| made)))
                }
                None => read().map(Arc::new),
            }
        }
    }
}

/// A secret in plain: only in `confirm` and `compute`, only what the config lists under `reveal`.
pub mod secrets {
    #[cfg(target_arch = "wasm32")]
    pub use crate::bindings::host::hookswitch::plugin::secrets::reveal;

    #[cfg(not(target_arch = "wasm32"))]
    pub use super::host::secrets::reveal;
}

/// Small values that outlive a call, scoped to the route.
pub mod state {
    #[cfg(target_arch = "wasm32")]
    pub use crate::bindings::host::hookswitch::plugin::state::{compare_and_put, get, put, remove};

    #[cfg(not(target_arch = "wasm32"))]
    pub use super::host::state::{compare_and_put, get, put, remove};
}

/// Lines for the router's log; how many a call may write is bounded. Never a secret, a body or
/// anything personal.
pub mod log {
    use crate::bindings::host::hookswitch::plugin::log::Level;

    #[cfg(target_arch = "wasm32")]
    use crate::bindings::host::hookswitch::plugin::log::write;

    #[cfg(not(target_arch = "wasm32"))]
    use super::host::log::write;

    /// For whoever develops the plugin.
    pub fn debug(message: &str) {
        write(Level::Debug, message);
    }

    /// Worth knowing, and nothing is wrong.
    pub fn info(message: &str) {
        write(Level::Info, message);
    }

    /// Something is odd, and the plugin went on.
    pub fn warn(message: &str) {
        write(Level::Warn, message);
    }

    /// Something failed.
    pub fn error(message: &str) {
        write(Level::Error, message);
    }
}
