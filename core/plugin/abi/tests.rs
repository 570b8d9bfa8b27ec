//! What a released version promises: its text stays as it is, and what was built for it works as
//! before when the host also speaks a version whose records have a field more.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use wasmtime::Store;
use wasmtime::component::{Component, HasSelf, Linker};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::{Exports, PACKAGE, WIT};
use crate::model::{Callback, Clock, Content, Fact, Head, Outcome, Proof, Verdict};
use crate::plugin::call::Call;
use crate::plugin::{Binding, Grant, Host, Limits, LoadFault, PoolLimits, Source, load};

#[allow(unsafe_code, missing_docs, unreachable_pub, dead_code, clippy::all, reason = "generated")]
mod trial {
    wasmtime::component::bindgen!({
        path: "tests/guests/trial-0.2.0.wit",
        world: "trial",
        imports: { default: trappable },
        exports: { default: async },
    });
}

use trial::exports::hookswitch::plugin::explaining;
use trial::hookswitch::plugin as trial_host;

impl trial_host::settings::Host for Call {
    fn get(&mut self) -> wasmtime::Result<String> {
        Ok(self.grant().settings.clone())
    }
}

/// Of plugins/wit/plugin.wit, version 0.1.0. Whoever comes to change it: a plugin that was built
/// for the old text would not load any more. Write a 0.2.0 beside it.
const FROZEN: &str = "2dc0ec74f2ca4f7881369513e1a61eda4300e6cdb6320d263c3f4a5ca4e9a0d6";

#[test]
fn a_released_version_stays_as_it_is() {
    assert!(
        WIT.contains("package hookswitch:plugin@0.1.0;") && WIT.contains("interface explaining")
    );
    assert_eq!(load::hash(WIT.as_bytes()), FROZEN, "0.1.0 is released: add a version, see `abi`");
}

/// The host as it is, and one that speaks the trial too.
fn hosts() -> [Arc<Host>; 2] {
    let start = || {
        let pool = PoolLimits { instances: 4, ..PoolLimits::default() };
        Host::start(pool, None, Clock::system()).expect("an engine")
    };
    let mut both = Arc::into_inner(start()).expect("nobody else has it");
    link_trial(&mut both.linker).expect("the names of two versions are two names");
    [start(), Arc::new(both)]
}

fn link_trial(linker: &mut Linker<Call>) -> wasmtime::Result<()> {
    trial_host::settings::add_to_linker::<Call, HasSelf<Call>>(linker, |call| call)
}

fn callback() -> Callback {
    let head = Head {
        id: "clb_1".into(),
        method: "POST".into(),
        url: "https://hooks.example.com/old".into(),
        params: vec![("a".into(), "b".into())],
        headers: Vec::new(),
        peer: "192.0.2.1".into(),
        received_at_ms: 7,
    };
    Callback { head, body: Bytes::from_static(b"body") }
}

/// Writes a guest's text as a module, where the host finds it.
fn file(folder: &tempfile::TempDir, text: &str) -> Source {
    let path = folder.path().join("guest.wasm");
    std::fs::write(&path, wat::parse_str(text).expect("the guest's text")).expect("a file");
    Source::File(path)
}

/// A core module: the host wraps it, with today's text of the contract.
const MODULE: &str = include_str!("../../../tests/guests/contract-0.1.0.wat");
/// A component as it was built then, with all that 0.1.0 has to import and to export, in its types.
const COMPONENT: &str = include_str!("../../../tests/guests/component-0.1.0.wat");

async fn old(host: &Arc<Host>, folder: &tempfile::TempDir, text: &str) -> Arc<Binding> {
    let source = file(folder, text);
    let plugin = host.load("old", &source, &patient()).await.expect("0.1.0 loads");
    assert_eq!(plugin.version(), "0.1.0");
    let settings = "{}".to_owned();
    host.bind(plugin, Grant { scope: "route old".into(), settings, ..Grant::default() })
}

fn patient() -> Limits {
    Limits { deadline: Duration::from_secs(20), ..Limits::default() }
}

#[tokio::test]
async fn what_was_built_for_0_1_0_works_beside_a_version_with_a_field_more() {
    let folder = tempfile::tempdir().expect("a folder");
    for host in hosts() {
        let binding = old(&host, &folder, MODULE).await;
        let mut instance = binding.open().await.expect("an instance");
        let verdict = instance.verify(&callback()).await;
        assert_eq!(verdict, Ok(Verdict::Genuine(Proof::default())));
        let parsed = instance.parse(&callback()).await;
        assert_eq!(parsed, Ok(Ok(Content::Notification(Vec::new()))));
        let worded = instance.respond(&callback().head, &Outcome::Accepted).await;
        assert_eq!(worded.map(|reply| reply.map(|reply| reply.status)), Ok(Ok(204)));
        let url = "https://hooks.example.com/old".into();
        let told = instance.explain(&callback()).await;
        assert_eq!(told, Ok(vec![Fact { name: "clb_1".into(), value: url }]));
    }
}

#[tokio::test]
async fn a_component_with_all_types_of_0_1_0_works_beside_a_version_with_a_field_more() {
    let folder = tempfile::tempdir().expect("a folder");
    for host in hosts() {
        let binding = old(&host, &folder, COMPONENT).await;
        let anatomy = binding.plugin().anatomy();
        let ours = |names: &[String]| names.iter().filter(|name| name.starts_with(PACKAGE)).count();
        assert!(!anatomy.wrapped);
        assert_eq!((ours(&anatomy.imports), ours(&anatomy.exports)), (8, 6), "`types` with all");
        assert!(binding.plugin().is_responder() && binding.plugin().confirms());

        let mut instance = binding.open().await.expect("an instance");
        let verdict = instance.verify(&callback()).await;
        assert_eq!(verdict, Ok(Verdict::Genuine(Proof::default())));
        let parsed = instance.parse(&callback()).await;
        let Ok(Ok(Content::Notification(events))) = parsed else { panic!("{parsed:?}") };
        let told: Vec<_> = events.iter().map(|event| (&*event.id, &*event.kind)).collect();
        assert_eq!(told, [("clb_1", "frozen.came")]);
        let worded = instance.respond(&callback().head, &Outcome::Accepted).await;
        let reply = worded.expect("no fault").expect("a reply");
        assert_eq!((reply.status, &reply.body[..]), (200, b"{}".as_slice()));
        let told = instance.explain(&callback()).await;
        assert_eq!(told, Ok(vec![Fact { name: "url".into(), value: callback().head.url }]));
        // An interface is loaded by all of its types, whatever its functions do.
        assert_eq!(instance.kinds().await, Ok(Vec::new()));
        assert_eq!(instance.register("https://hooks.example.com/old").await, Ok(Vec::new()));
    }
}

const TRIAL: &str = include_str!("../../../tests/guests/trial-0.2.0.wat");

#[tokio::test]
async fn a_version_with_a_field_more_is_served_beside_0_1_0() {
    let folder = tempfile::tempdir().expect("a folder");
    let [today, both] = hosts();
    let refused = today.load("new", &file(&folder, TRIAL), &patient()).await;
    assert!(matches!(refused, Err(LoadFault::Version { found }) if found == "0.2.0"));

    let component = Component::from_binary(&both.engine, &wrapped()).expect("it compiles");
    assert!(
        today.linker.instantiate_pre(&component).is_err(),
        "its imports have names of their own"
    );
    let pre = both.linker.instantiate_pre(&component).expect("it links");
    let indices = explaining::GuestIndices::new(&pre).expect("it explains, in 0.2.0");
    assert!(!Exports::of(&pre).is_adapter(), "nothing of it passes for 0.1.0");

    let binding = old(&both, &folder, MODULE).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    let mut store = Store::new(&both.engine, Call::new(&binding.use_of, deadline));
    store.set_epoch_deadline(1 << 40);
    let instance = pre.instantiate_async(&mut store).await.expect("an instance");
    let guest = indices.load(&mut store, &instance).expect("its types are the trial's");
    let facts = guest.call_explain(&mut store, &shown("old")).await.expect("facts");
    let [fact] = facts.as_slice() else { panic!("{facts:?}") };
    assert_eq!((fact.name.as_str(), fact.value.as_str()), ("clb_1", "old"));
}

/// A callback with the field that 0.1.0 doesn't have.
fn shown(route: &str) -> explaining::Callback {
    let head = callback().head;
    let head = trial_host::types::Head {
        id: head.id,
        method: head.method,
        url: head.url,
        params: head.params,
        headers: Vec::new(),
        peer: head.peer,
        received_at_ms: head.received_at_ms,
        route: route.to_owned(),
    };
    explaining::Callback { head, body: b"body".to_vec() }
}

/// The trial's plugin as a component of the trial's contract.
fn wrapped() -> Vec<u8> {
    let mut resolve = Resolve::default();
    let text = include_str!("../../../tests/guests/trial-0.2.0.wit");
    let package = resolve.push_str("trial.wit", text).expect("the trial's text");
    let world = resolve.select_world(&[package], Some("trial")).expect("its world");
    let mut module = wat::parse_str(TRIAL).expect("the guest's text");
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
        .expect("described");
    let made =
        ComponentEncoder::default().validate(true).module(&module).and_then(|made| made.encode());
    made.expect("a component")
}
