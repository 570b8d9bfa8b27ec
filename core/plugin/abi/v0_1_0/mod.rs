//! Version 0.1.0 of the contract: bindings generated from `plugins/wit/plugin.wit`, which of its
//! interfaces a component exports, and what is linked to its imports.

mod convert;
mod crypto;
mod imports;
mod shown;
mod packed;
mod calls;

use wasmtime::Store;
use wasmtime::component::{HasSelf, Instance, InstancePre, Linker};

use self::bindings::exports::hookswitch::plugin as exports;
use self::bindings::exports::hookswitch::taking::whole;
use self::bindings::hookswitch::plugin as host;
use self::shown::Shown;
use crate::plugin::call::Call;

#[allow(
    unsafe_code,
    missing_docs,
    unreachable_pub,
    clippy::all,
    clippy::too_many_lines,
    reason = "generated; its only unsafe calls skip type checks that it made when it was loaded"
)]
mod bindings {
    wasmtime::component::bindgen!({
        inline: "
            package hookswitch:host;
            world every {
                import hookswitch:plugin/settings@0.1.0;
                import hookswitch:plugin/crypto@0.1.0;
                import hookswitch:plugin/signing@0.1.0;
                import hookswitch:plugin/secrets@0.1.0;
                import hookswitch:plugin/state@0.1.0;
                import hookswitch:plugin/text@0.1.0;
                import hookswitch:plugin/log@0.1.0;
                export hookswitch:plugin/protocol@0.1.0;
                export hookswitch:plugin/confirming@0.1.0;
                export hookswitch:plugin/simulating@0.1.0;
                export hookswitch:plugin/explaining@0.1.0;
                export hookswitch:plugin/registering@0.1.0;
                export hookswitch:plugin/answering@0.1.0;
                export hookswitch:taking/whole@0.1.0;
            }
        ",
        path: ["plugins/wit", "plugins/wit/taking"],
        imports: { default: trappable },
        exports: { default: async },
    });
}

/// Which interfaces a component exports, looked up once.
#[derive(Clone)]
pub(in crate::plugin) struct Exports {
    protocol: Option<exports::protocol::GuestIndices>,
    whole: Option<whole::GuestIndices>,
    confirming: Option<exports::confirming::GuestIndices>,
    simulating: Option<exports::simulating::GuestIndices>,
    explaining: Option<exports::explaining::GuestIndices>,
    registering: Option<exports::registering::GuestIndices>,
    answering: Option<exports::answering::GuestIndices>,
}

impl Exports {
    /// Looks up what there is.
    pub(in crate::plugin) fn of(pre: &InstancePre<Call>) -> Exports {
        Exports {
            protocol: exports::protocol::GuestIndices::new(pre).ok(),
            whole: whole::GuestIndices::new(pre).ok(),
            confirming: exports::confirming::GuestIndices::new(pre).ok(),
            simulating: exports::simulating::GuestIndices::new(pre).ok(),
            explaining: exports::explaining::GuestIndices::new(pre).ok(),
            registering: exports::registering::GuestIndices::new(pre).ok(),
            answering: exports::answering::GuestIndices::new(pre).ok(),
        }
    }

    /// Can it serve a route?
    pub(in crate::plugin) fn is_adapter(&self) -> bool {
        self.protocol.is_some()
    }

    /// Does it take a callback in one call?
    pub(in crate::plugin) fn takes_whole(&self) -> bool {
        self.whole.is_some()
    }

    /// Can it compute answers?
    pub(in crate::plugin) fn is_responder(&self) -> bool {
        self.answering.is_some()
    }

    /// Does it ask the provider before its events are delivered?
    pub(in crate::plugin) fn confirms(&self) -> bool {
        self.confirming.is_some()
    }
}

/// One instance of a component, as its plugin's calls need it.
pub(in crate::plugin) struct Guest {
    pub(in crate::plugin) store: Store<Call>,
    instance: Instance,
    /// Loading an interface checks all its types against the component's: once for an instance.
    protocol: Option<exports::protocol::Guest>,
    whole: Option<whole::Guest>,
    shown: Shown,
}

impl Guest {
    pub(in crate::plugin) fn new(store: Store<Call>, instance: Instance) -> Guest {
        Guest { store, instance, protocol: None, whole: None, shown: Shown::default() }
    }

    /// Forgets what it was shown.
    pub(in crate::plugin) fn begin_again(&mut self) {
        self.shown = Shown::default();
    }
}

/// Links this version's imports.
pub(in crate::plugin) fn link(linker: &mut Linker<Call>) -> wasmtime::Result<()> {
    host::settings::add_to_linker::<Call, HasSelf<Call>>(linker, |call| call)?;
    crypto::link(linker)?;
    host::signing::add_to_linker::<Call, HasSelf<Call>>(linker, |call| call)?;
    host::secrets::add_to_linker::<Call, HasSelf<Call>>(linker, |call| call)?;
    host::state::add_to_linker::<Call, HasSelf<Call>>(linker, |call| call)?;
    host::text::add_to_linker::<Call, HasSelf<Call>>(linker, |call| call)?;
    host::log::add_to_linker::<Call, HasSelf<Call>>(linker, |call| call)?;
    host::types::add_to_linker::<Call, HasSelf<Call>>(linker, |call| call)
}
