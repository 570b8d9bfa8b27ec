//! Plugins' own HTTP calls, through `wasi:http`: only in confirm and compute, only to hosts that
//! config lists, only to addresses that the guard lets through.

use std::sync::Arc;

use http_body_util::{BodyExt, Full};
use hyper::{Method, Request, Response};
use tokio::time::timeout;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use super::binding::UseOf;
use crate::observe::traces;
use crate::outbound::{OutboundFault, Reach, Target, exchange};

/// Sends what one instance asks to send.
pub(super) struct Fetch {
    binding: Arc<UseOf>,
    /// Whether the running phase may reach out at all.
    pub(super) open: bool,
    calls: usize,
}

impl Fetch {
    pub(super) fn new(binding: &Arc<UseOf>) -> Fetch {
        Fetch { binding: Arc::clone(binding), open: false, calls: 0 }
    }

    /// Another callback: its calls are counted from nothing.
    pub(super) fn begin_again(&mut self) {
        self.calls = 0;
    }

    fn admit(&mut self, request: &Request<WasiBody>) -> Result<(), Error> {
        self.calls += 1;
        if self.calls > self.binding.plugin.limits.http_calls {
            return Err(Error::ConnectionLimitReached);
        }
        let target = Target::of(request.uri()).ok_or(Error::HttpRequestUriInvalid)?;
        let rules = &self.binding.grant.allow_http;
        let listed = rules.iter().any(|rule| rule.covers(&target.host, target.port));
        if self.open && listed && request.method() != Method::CONNECT {
            return Ok(());
        }
        Err(Error::HttpRequestDenied)
    }
}

type Sent = (Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>);

impl WasiHttpHooks for Fetch {
    fn send_request(
        &mut self,
        request: Request<WasiBody>,
        _options: Option<RequestOptions>,
        _fault: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<dyn Future<Output = Result<Sent, Error>> + Send> {
        let admitted = self.admit(&request);
        let called = || traces::call("plugin call", self.binding.plugin.identity());
        let call = admitted.is_ok().then(called).flatten();
        let binding = Arc::clone(&self.binding);
        Box::new(async move {
            admitted?;
            let limits = &binding.plugin.limits;
            let reach = Reach::Public(&binding.grant.allow_networks);
            let mut request = request.map(|body| body.map_err(|error| error.to_string()));
            if let Some(value) = call.as_ref().and_then(|call| call.traceparent().parse().ok()) {
                // Ours, whatever the plugin wrote: it knows no trace that this is part of.
                request.headers_mut().insert("traceparent", value);
            }
            let exchange = exchange(request, &binding.grant.names, reach, limits.http_bytes);
            let response = timeout(limits.http_timeout, exchange).await;
            if let (Some(call), Ok(Ok(response))) = (call, &response) {
                call.answered(response.status().as_u16());
            }
            let response = response.map_err(|_| Error::HttpResponseTimeout)?.map_err(said)?;
            let response = response.map(|body| Full::new(body).map_err(Error::from).boxed_unsync());
            Ok((response, Box::new(async { Ok(()) }) as _))
        })
    }
}

/// The fault in the words of `wasi:http`.
fn said(fault: OutboundFault) -> Error {
    match fault {
        OutboundFault::BadUrl => Error::HttpRequestUriInvalid,
        OutboundFault::Unresolved(_) => Error::DnsError { rcode: None, info_code: None },
        OutboundFault::Private => Error::DestinationIpProhibited,
        OutboundFault::Refused(error) => Error::Connect(error),
        OutboundFault::Tls(error) => Error::Tls(error),
        OutboundFault::Broken(error) => Error::Hyper(error),
        OutboundFault::Lost(_) => Error::ConnectionTerminated,
        OutboundFault::Body => Error::HttpResponseBodySize(None),
    }
}

#[cfg(test)]
mod tests;
