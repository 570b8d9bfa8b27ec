//! The calls of version 0.1.0, one function each: model types in, model types out.

use super::packed::Packed;
use super::{Exports, Guest, convert};
use crate::model;
use crate::plugin::Simulation;
use crate::plugin::ahead::Taken;
use crate::plugin::fault::{Fault, Refusal};

type Made<T> = wasmtime::Result<T>;

fn missing(interface: &'static str) -> wasmtime::Error {
    Refusal(Fault::Missing(interface)).into()
}

/// Loads one exported interface of the instance, or says that it isn't there.
macro_rules! load {
    ($exports:ident.$interface:ident, $guest:ident) => {
        $exports
            .$interface
            .as_ref()
            .ok_or_else(|| missing(stringify!($interface)))?
            .load(&mut $guest.store, &$guest.instance)?
    };
}

/// As above, of those that an instance keeps once they are loaded.
macro_rules! loaded {
    ($exports:ident.$interface:ident, $guest:ident) => {
        match &$guest.$interface {
            Some(interface) => interface,
            None => {
                let interface = load!($exports.$interface, $guest);
                $guest.$interface.insert(interface)
            }
        }
    };
}

impl Exports {
    pub(in crate::plugin) async fn describe(&self, guest: &mut Guest) -> Made<model::Manifest> {
        let protocol = loaded!(self.protocol, guest);
        Ok(convert::manifest(protocol.call_describe(&mut guest.store).await?))
    }

    pub(in crate::plugin) async fn configure(&self, guest: &mut Guest) -> Made<Vec<model::Reason>> {
        let protocol = loaded!(self.protocol, guest);
        let reasons = protocol.call_configure(&mut guest.store).await?;
        Ok(reasons.into_iter().map(convert::reason).collect())
    }

    pub(in crate::plugin) async fn take(
        &self,
        guest: &mut Guest,
        callback: &model::Callback,
    ) -> Made<Taken> {
        let whole = loaded!(self.whole, guest);
        let (head, body) = (&callback.head, &callback.body);
        let Packed { texts, ends } = Packed::of(head)?;
        let params = u32::try_from(head.params.len())?;
        let at_ms = head.received_at_ms;
        let taken = whole.call_take(&mut guest.store, &texts, &ends, params, at_ms, body);
        Ok(convert::taken(taken.await?))
    }

    pub(in crate::plugin) async fn verify(
        &self,
        guest: &mut Guest,
        callback: &model::Callback,
    ) -> Made<model::Verdict> {
        let protocol = loaded!(self.protocol, guest);
        let callback = guest.shown.callback(callback);
        Ok(convert::verdict(protocol.call_verify(&mut guest.store, callback).await?))
    }

    pub(in crate::plugin) async fn parse(
        &self,
        guest: &mut Guest,
        callback: &model::Callback,
    ) -> Made<Result<model::Content, model::ParseFault>> {
        let protocol = loaded!(self.protocol, guest);
        let callback = guest.shown.callback(callback);
        let parsed = protocol.call_parse(&mut guest.store, callback).await?;
        Ok(parsed.map(convert::content).map_err(convert::parse_fault))
    }

    pub(in crate::plugin) async fn respond(
        &self,
        guest: &mut Guest,
        (head, outcome): (&model::Head, &model::Outcome),
    ) -> Made<Result<model::Reply, model::Reason>> {
        let protocol = loaded!(self.protocol, guest);
        let (head, outcome) = (guest.shown.head(head), convert::to_outcome(outcome));
        let worded = protocol.call_respond(&mut guest.store, head, &outcome).await?;
        Ok(worded.map(convert::reply).map_err(convert::reason))
    }

    pub(in crate::plugin) async fn confirm(
        &self,
        guest: &mut Guest,
        (event, context): (&model::Event, &model::Context),
    ) -> Made<model::Confirmation> {
        let confirming = load!(self.confirming, guest);
        let (event, context) = (convert::to_event(event), convert::to_context(context));
        let made = confirming.call_confirm(&mut guest.store, &event, &context).await?;
        Ok(convert::confirmation(made))
    }

    pub(in crate::plugin) async fn kinds(&self, guest: &mut Guest) -> Made<Vec<String>> {
        let simulating = load!(self.simulating, guest);
        simulating.call_kinds(&mut guest.store).await
    }

    pub(in crate::plugin) async fn simulate(
        &self,
        guest: &mut Guest,
        wanted: &Simulation,
    ) -> Made<Result<model::Callback, model::Reason>> {
        let simulating = load!(self.simulating, guest);
        let Simulation { kind, options, now_ms, seed } = wanted;
        let made = simulating.call_simulate(&mut guest.store, kind, options, *now_ms, *seed);
        Ok(made.await?.map(convert::callback).map_err(convert::reason))
    }

    pub(in crate::plugin) async fn explain(
        &self,
        guest: &mut Guest,
        callback: &model::Callback,
    ) -> Made<Vec<model::Fact>> {
        let explaining = load!(self.explaining, guest);
        let callback = guest.shown.callback(callback);
        let facts = explaining.call_explain(&mut guest.store, callback).await?;
        Ok(facts.into_iter().map(convert::fact).collect())
    }

    pub(in crate::plugin) async fn register(
        &self,
        guest: &mut Guest,
        url: &str,
    ) -> Made<Vec<model::Fact>> {
        let registering = load!(self.registering, guest);
        let facts = registering.call_register(&mut guest.store, url).await?;
        Ok(facts.into_iter().map(convert::fact).collect())
    }

    pub(in crate::plugin) async fn compute(
        &self,
        guest: &mut Guest,
        (request, context): (&model::Request, &model::Context),
    ) -> Made<Result<model::Answer, model::Decline>> {
        let answering = load!(self.answering, guest);
        let (request, context) = (convert::to_request(request), convert::to_context(context));
        let computed = answering.call_compute(&mut guest.store, &request, &context).await?;
        Ok(computed.map(convert::answer).map_err(convert::decline))
    }
}
