//! The calls of version 0.1.0, one function each: model types in, model types out.

use wasmtime::Store;
use wasmtime::component::Instance;

use super::Exports;
use super::convert;
use crate::model;
use crate::plugin::call::Call;
use crate::plugin::fault::{Fault, Refusal};

type Made<T> = wasmtime::Result<T>;

fn missing(interface: &'static str) -> wasmtime::Error {
    Refusal(Fault::Missing(interface)).into()
}

/// Loads one exported interface of the instance, or says that it isn't there.
macro_rules! guest {
    ($self:ident.$interface:ident, $store:ident, $instance:ident) => {
        $self
            .$interface
            .as_ref()
            .ok_or_else(|| missing(stringify!($interface)))?
            .load(&mut *$store, $instance)?
    };
}

impl Exports {
    pub(in crate::plugin) async fn describe(
        &self,
        store: &mut Store<Call>,
        instance: &Instance,
    ) -> Made<model::Manifest> {
        let guest = guest!(self.protocol, store, instance);
        Ok(convert::manifest(guest.call_describe(store).await?))
    }

    pub(in crate::plugin) async fn configure(
        &self,
        store: &mut Store<Call>,
        instance: &Instance,
    ) -> Made<Vec<model::Reason>> {
        let guest = guest!(self.protocol, store, instance);
        Ok(guest.call_configure(store).await?.into_iter().map(convert::reason).collect())
    }

    pub(in crate::plugin) async fn verify(
        &self,
        store: &mut Store<Call>,
        instance: &Instance,
        callback: &model::Callback,
    ) -> Made<model::Verdict> {
        let guest = guest!(self.protocol, store, instance);
        let lowered = convert::to_callback(callback);
        Ok(convert::verdict(guest.call_verify(store, &lowered).await?))
    }

    pub(in crate::plugin) async fn parse(
        &self,
        store: &mut Store<Call>,
        instance: &Instance,
        callback: &model::Callback,
    ) -> Made<Result<model::Content, model::ParseFault>> {
        let guest = guest!(self.protocol, store, instance);
        let lowered = convert::to_callback(callback);
        let parsed = guest.call_parse(store, &lowered).await?;
        Ok(parsed.map(convert::content).map_err(convert::parse_fault))
    }

    pub(in crate::plugin) async fn respond(
        &self,
        store: &mut Store<Call>,
        instance: &Instance,
        (head, outcome): (&model::Head, &model::Outcome),
    ) -> Made<Result<model::Reply, model::Reason>> {
        let guest = guest!(self.protocol, store, instance);
        let (head, outcome) = (convert::to_head(head), convert::to_outcome(outcome));
        let worded = guest.call_respond(store, &head, &outcome).await?;
        Ok(worded.map(convert::reply).map_err(convert::reason))
    }

    pub(in crate::plugin) async fn confirm(
        &self,
        store: &mut Store<Call>,
        instance: &Instance,
        (event, context): (&model::Event, &model::Context),
    ) -> Made<model::Confirmation> {
        let guest = guest!(self.confirming, store, instance);
        let (event, context) = (convert::to_event(event), convert::to_context(context));
        Ok(convert::confirmation(guest.call_confirm(store, &event, &context).await?))
    }

    pub(in crate::plugin) async fn kinds(
        &self,
        store: &mut Store<Call>,
        instance: &Instance,
    ) -> Made<Vec<String>> {
        let guest = guest!(self.simulating, store, instance);
        guest.call_kinds(store).await
    }

    pub(in crate::plugin) async fn simulate(
        &self,
        store: &mut Store<Call>,
        instance: &Instance,
        wanted: &crate::plugin::Simulation,
    ) -> Made<Result<model::Callback, model::Reason>> {
        let guest = guest!(self.simulating, store, instance);
        let made = guest
            .call_simulate(store, &wanted.kind, &wanted.options, wanted.now_ms, wanted.seed)
            .await?;
        Ok(made.map(convert::callback).map_err(convert::reason))
    }

    pub(in crate::plugin) async fn explain(
        &self,
        store: &mut Store<Call>,
        instance: &Instance,
        callback: &model::Callback,
    ) -> Made<Vec<model::Fact>> {
        let guest = guest!(self.explaining, store, instance);
        let lowered = convert::to_callback(callback);
        Ok(guest.call_explain(store, &lowered).await?.into_iter().map(convert::fact).collect())
    }

    pub(in crate::plugin) async fn register(
        &self,
        store: &mut Store<Call>,
        instance: &Instance,
        url: &str,
    ) -> Made<Vec<model::Fact>> {
        let guest = guest!(self.registering, store, instance);
        Ok(guest.call_register(store, url).await?.into_iter().map(convert::fact).collect())
    }

    pub(in crate::plugin) async fn compute(
        &self,
        store: &mut Store<Call>,
        instance: &Instance,
        (request, context): (&model::Request, &model::Context),
    ) -> Made<Result<model::Answer, model::Decline>> {
        let guest = guest!(self.answering, store, instance);
        let (request, context) = (convert::to_request(request), convert::to_context(context));
        let computed = guest.call_compute(store, &request, &context).await?;
        Ok(computed.map(convert::answer).map_err(convert::decline))
    }
}
