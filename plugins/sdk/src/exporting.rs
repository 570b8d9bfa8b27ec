//! From the contract's traits to the component's exports. The wrappers only pass on what they get:
//! what a plugin sees is what the host sent.

use crate::bindings;
use crate::bindings::taking::exports::hookswitch::taking::whole;
use crate::{
    Answer, Answering, Callback, Confirmation, Confirming, Content, Context, Decline, Event,
    Explaining, Fact, Head, Header, Manifest, Outcome, ParseFault, Protocol, Reason, Registering,
    Reply, Request, Simulating, Verdict,
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

/// What else would be three calls, and three copies of the callback, in one.
impl<P: Protocol> whole::Guest for P {
    fn take(
        texts: String,
        ends: Vec<u32>,
        params: u32,
        received_at_ms: u64,
        body: Vec<u8>,
    ) -> whole::Taken {
        let head = unpacked(&texts, &ends, params as usize, received_at_ms);
        let call = Callback { head, body };
        let verdict = <P as Protocol>::verify(&call);
        let genuine = matches!(verdict, Verdict::Genuine(_));
        let content = genuine.then(|| <P as Protocol>::parse(&call));
        let notifies = matches!(content, Some(Ok(Content::Notification(_))));
        let accepted = notifies.then(|| <P as Protocol>::respond(&call.head, Outcome::Accepted));
        whole::Taken { verdict, content, accepted }
    }
}

/// The head whose texts these are. The host packs them; what isn't in its form traps.
fn unpacked(texts: &str, ends: &[u32], params: usize, received_at_ms: u64) -> Head {
    let mut start = 0;
    let mut all = ends.iter().map(|end| {
        let end = *end as usize;
        let text = &texts[start..end];
        start = end;
        text.to_owned()
    });
    let mut next = || all.next().unwrap_or_default();
    let (id, method, url, peer) = (next(), next(), next(), next());
    let headers = (ends.len().saturating_sub(4) / 2).saturating_sub(params);
    let params = (0..params).map(|_| (next(), next())).collect();
    let headers = (0..headers).map(|_| Header { name: next(), value: next() }).collect();
    Head { id, method, url, params, headers, peer, received_at_ms }
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

#[cfg(test)]
mod tests {
    use super::unpacked;
    use crate::{Head, Header};

    /// `core/plugin/abi/v0_1_0/packed.rs` has the same head, the other way round.
    #[test]
    fn texts_become_a_head() {
        let texts = "clb_1POSThttps://h/é192.0.2.1callquoteaab";
        let ends = [5, 9, 21, 30, 34, 39, 40, 40, 41, 42];
        let header = |name: &str, value: &str| Header { name: name.into(), value: value.into() };
        let head = Head {
            id: "clb_1".into(),
            method: "POST".into(),
            url: "https://h/é".into(),
            params: vec![("call".into(), "quote".into())],
            headers: vec![header("a", ""), header("a", "b")],
            peer: "192.0.2.1".into(),
            received_at_ms: 7,
        };
        assert_eq!(unpacked(texts, &ends, 1, 7), head);
    }
}
