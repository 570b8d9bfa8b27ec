//! What a Hookswitch plugin is made with: the contract's types, a trait for each interface that a
//! plugin may export, and the host's imports as modules.
//!
//! A plugin implements [`Protocol`] (an adapter) or [`Answering`] (a responder), whichever other
//! traits it wants, and names them in [`export!`]. On wasm32 the modules below call the host;
//! natively they call the stand-in of [`native`], so that an adapter's tests need no wasm.
//!
//! The one invariant: what a plugin sees natively has the same types and the same meaning as in the
//! router. A plugin holds no key, and reads no clock.

#[doc(hidden)]
pub mod bindings;
mod contract;
mod exporting;
mod head;
mod plain;
mod codec;
mod imports;
pub mod http;
pub mod time;
#[cfg(target_arch = "wasm32")]
mod heap;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;

pub use bindings::host::hookswitch::plugin::types::{
    Answer, Confirmation, Content, Context, Decline, DeclineStatus, Event, Fact, Header, Manifest,
    Outcome, ParseFault, Proof, Reason, Reply, Request, SecretRole, Setting, Verdict,
};
pub use codec::text;
pub use contract::{Answering, Confirming, Explaining, Protocol, Registering, Simulating};
pub use head::{Callback, Head};
pub use imports::{crypto, log, secrets, settings, signing, state};
