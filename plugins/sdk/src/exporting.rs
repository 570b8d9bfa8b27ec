//! From the contract's traits to the component's exports. The wrappers only pass on what they get:
//! what a plugin sees is what the host sent.

use crate::bindings;
use crate::bindings::host::hookswitch::plugin::types;
use crate::bindings::taking::exports::hookswitch::taking::whole;
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
    fn verify(call: types::Callback) -> Verdict {
        <P as Protocol>::verify(&call.into())
    }
    fn parse(call: types::Callback) -> Result<Content, ParseFault> {
        <P as Protocol>::parse(&call.into())
    }
    fn respond(head: types::Head, outcome: Outcome) -> Result<Reply, Reason> {
        <P as Protocol>::respond(&head.into(), outcome)
    }
}

/// What else would be three calls, and three copies of the callback, in one.
impl<P: Protocol> whole::Guest for P {
    fn take(
        texts: String,
        ends: Vec<u32>,
        params: u32,
        received_at_ms: u64,
        body: Vec<u8>,
    ) -> whole::Taken {
        let head = Head::packed(texts, ends, params as usize, received_at_ms);
        let call = Callback { head, body };
        let verdict = <P as Protocol>::verify(&call);
        let genuine = matches!(verdict, Verdict::Genuine(_));
        let content = genuine.then(|| <P as Protocol>::parse(&call));
        let notifies = matches!(content, Some(Ok(Content::Notification(_))));
        let accepted = notifies.then(|| <P as Protocol>::respond(&call.head, Outcome::Accepted));
        whole::Taken { verdict, content, accepted }
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
    fn simulate(
        kind: String,
        options: String,
        now: u64,
        seed: u64,
    ) -> Result<types::Callback, Reason> {
        <P as Simulating>::simulate(&kind, &options, now, seed).map(Into::into)
    }
}

impl<P: Explaining> bindings::explaining::exports::hookswitch::plugin::explaining::Guest for P {
    fn explain(call: types::Callback) -> Vec<Fact> {
        <P as Explaining>::explain(&call.into())
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
        $crate::__export_one!($plugin, Protocol, taking, export_taking);
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
