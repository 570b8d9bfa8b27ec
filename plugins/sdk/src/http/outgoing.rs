//! One exchange through `wasi:http`, by hand: requests, streams and the response are handles of the
//! host's. Each is dropped before the one that it came from, as WASI demands.

use super::{Failure, RESPONSE_BYTES_MAX, Request, Response, Target};
use crate::Header;
use crate::bindings::http::wasi::http::outgoing_handler;
use crate::bindings::http::wasi::http::types::{
    ErrorCode, Fields, IncomingBody, IncomingResponse, Method, OutgoingBody, OutgoingRequest,
    Scheme,
};
use crate::bindings::http::wasi::io::streams::{OutputStream, StreamError};

/// What WASI lets a blocking write take at once.
const WRITE_BYTES: usize = 4096;
const READ_BYTES: u64 = 64 << 10;

pub(super) fn send(request: Request) -> Result<Response, Failure> {
    let outgoing = prepare(&request).ok_or(Failure::Url)?;
    let body = outgoing.body().map_err(|()| Failure::Failed)?;
    let coming = outgoing_handler::handle(outgoing, None).map_err(|code| failure(&code))?;
    // The host may refuse and close before all is written: what it says then is in `coming`.
    let written = write(&body, &request.body);
    if written.is_ok() {
        let _ = OutgoingBody::finish(body, None);
    } else {
        drop(body);
    }
    coming.subscribe().block();
    let response = coming.get().ok_or(Failure::Failed)?.map_err(|()| Failure::Failed)?;
    read(&response.map_err(|code| failure(&code))?)
}

/// None where a part has no form that can be sent.
fn prepare(request: &Request) -> Option<OutgoingRequest> {
    let target = Target::of(&request.url)?;
    let length = Header::new("content-length", request.body.len().to_string());
    let pair = |header: &Header| (header.name.clone(), header.value.clone().into_bytes());
    let entries: Vec<_> = request.headers.iter().chain([&length]).map(pair).collect();
    let outgoing = OutgoingRequest::new(Fields::from_list(&entries).ok()?);
    outgoing.set_method(&method(&request.method)).ok()?;
    outgoing.set_scheme(Some(&if target.https { Scheme::Https } else { Scheme::Http })).ok()?;
    outgoing.set_authority(Some(target.authority)).ok()?;
    outgoing.set_path_with_query(Some(target.path)).ok()?;
    Some(outgoing)
}

fn method(name: &str) -> Method {
    match name {
        "GET" => Method::Get,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "DELETE" => Method::Delete,
        "PATCH" => Method::Patch,
        "HEAD" => Method::Head,
        other => Method::Other(other.to_owned()),
    }
}

fn write(body: &OutgoingBody, bytes: &[u8]) -> Result<(), ()> {
    let stream: OutputStream = body.write()?;
    let mut parts = bytes.chunks(WRITE_BYTES);
    parts.try_for_each(|part| stream.blocking_write_and_flush(part)).map_err(|_| ())
}

fn read(response: &IncomingResponse) -> Result<Response, Failure> {
    let status = response.status();
    let header = |(name, value): (String, Vec<u8>)| {
        Some(Header { name: name.to_ascii_lowercase(), value: String::from_utf8(value).ok()? })
    };
    let headers = response.headers().entries().into_iter().filter_map(header).collect();
    let incoming = response.consume().map_err(|()| Failure::Failed)?;
    Ok(Response { status, headers, body: read_body(&incoming)? })
}

fn read_body(incoming: &IncomingBody) -> Result<Vec<u8>, Failure> {
    let stream = incoming.stream().map_err(|()| Failure::Failed)?;
    let mut body = Vec::new();
    loop {
        match stream.blocking_read(READ_BYTES) {
            Ok(part) => body.extend_from_slice(&part),
            Err(StreamError::Closed) => return Ok(body),
            Err(StreamError::LastOperationFailed(_)) => return Err(Failure::Failed),
        }
        if body.len() > RESPONSE_BYTES_MAX {
            return Err(Failure::TooLarge);
        }
    }
}

fn failure(code: &ErrorCode) -> Failure {
    match code {
        ErrorCode::HttpRequestDenied | ErrorCode::DestinationIpProhibited => Failure::Denied,
        ErrorCode::ConnectionTimeout
        | ErrorCode::ConnectionReadTimeout
        | ErrorCode::ConnectionWriteTimeout
        | ErrorCode::DnsTimeout
        | ErrorCode::HttpResponseTimeout => Failure::Timeout,
        ErrorCode::HttpResponseBodySize(_) => Failure::TooLarge,
        ErrorCode::HttpRequestUriInvalid | ErrorCode::HttpRequestMethodInvalid => Failure::Url,
        _ => Failure::Failed,
    }
}
