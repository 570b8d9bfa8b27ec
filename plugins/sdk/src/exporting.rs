//! From the contract's traits to the component's exports. The wrappers only pass on what they get:
//! what a plugin sees is what the host sent.

use crate::bindings;
use crate::{
    Answer, Answering, Callback, Confirmation, Confirming, Content, Context, Decline, Event,
    Explaining, Fact, Head, Manifest, Outcome, ParseFault, Protocol, Reason, Registering, Reply,
    Request, Simulating, Verdict,
};

impl<P: Protocol> bindings::protocol::exports::hookswitch::plugin::protocol::Guest for P {
    fn describe() -> Manifest {
        <P as Protocol>::describe()
    }
    fn configure() -> Vec<Reason> {
        <P as Protocol>::configure()
    }
    fn verify(call: Callback) -> Verdict {
        <P as Protocol>::verify(&call)
    }
    fn parse(call: Callback) -> Result<Content, ParseFault> {
        <P as Protocol>::parse(&call)
    }
    fn respond(head: Head, outcome: Outcome) -> Result<Reply, Reason> {
        <P as Protocol>::respond(&head, outcome)
    }
}

impl<P: Confirming> bindings::confirming::exports::hookswitch::plugin::confirming::Guest for P {
    fn confirm(event: Event, context: Context) -> Confirmation {
        <P as Confirming>::confirm(event, context)
    }
}

impl<P: Simulating> bindings::simulating::exports::hookswitch::plugin::simulating::Guest for P {
    fn kinds() -> Vec<String> {
        <P as Simulating>::kinds()
    }
    fn simulate(kind: String, options: String, now: u64, seed: u64) -> Result<Callback, Reason> {
        <P as Simulating>::simulate(&kind, &options, now, seed)
    }
}

impl<P: Explaining> bindings::explaining::exports::hookswitch::plugin::explaining::Guest for P {
    fn explain(call: Callback) -> Vec<Fact> {
        <P as Explaining>::explain(&call)
    }
}

impl<P: Registering> bindings::registering::exports::hookswitch::plugin::registering::Guest for P {
    fn register(url: String) -> Vec<Fact> {
        <P as Registering>::register(&url)
    }
}

impl<P: Answering> bindings::answering::exports::hookswitch::plugin::answering::Guest for P {
    fn compute(request: Request, context: Context) -> Result<Answer, Decline> {
        <P as Answering>::compute(request, context)
    }
}

/// Exports a plugin's interfaces from the component: `export!(Brz: protocol, simulating);`.
///
/// The words are `protocol`, `confirming`, `simulating`, `explaining`, `registering` and
/// `answering`; the type has to implement the trait of each. Natively nothing is exported, only
/// the traits are checked, so that tests link.
#[macro_export]
macro_rules! export {
    ($plugin:ident : $($interface:ident),+ $(,)?) => {
        $($crate::__export_one!($plugin $interface);)+
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __export_one {
    ($plugin:ident protocol) => {
        $crate::__export_one!($plugin, Protocol, protocol, export_protocol);
    };
    ($plugin:ident confirming) => {
        $crate::__export_one!($plugin, Confirming, confirming, export_confirming);
    };
    ($plugin:ident simulating) => {
        $crate::__export_one!($plugin, Simulating, simulating, export_simulating);
    };
    ($plugin:ident explaining) => {
        $crate::__export_one!($plugin, Explaining, explaining, export_explaining);
    };
    ($plugin:ident registering) => {
        $crate::__export_one!($plugin, Registering, registering, export_registering);
    };
    ($plugin:ident answering) => {
        $crate::__export_one!($plugin, Answering, answering, export_answering);
    };
    ($plugin:ident $other:ident) => {
        compile_error!(concat!(
            "`",
            stringify!($other),
            "` is no interface of a plugin: there are protocol, ",
            "confirming, simulating, explaining, registering and answering"
        ));
    };
    ($plugin:ident, $trait_name:ident, $module:ident, $macro_name:ident) => {
        const _: fn() = || {
            fn implemented<P: $crate::$trait_name>() {}
            implemented::<$plugin>();
        };
        #[cfg(target_arch = "wasm32")]
        #[allow(unsafe_code, reason = "names of exports are unsafe; the code is generated")]
        const _: () = {
            $crate::bindings::$module::$macro_name!(
                $plugin with_types_in $crate::bindings::$module
            );
        };
    };
}
