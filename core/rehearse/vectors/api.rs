//! An API on loopback that answers from a vector's script, in place of the one that the plugin
//! would call. A call that isn't scripted gets 500, and is kept as a problem.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use hookswitch_vectors::{Answered, Exchange, Script, Sent};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// It lives as long as this, with all its connections.
pub(super) struct Api {
    pub(super) address: SocketAddr,
    script: Arc<Mutex<Script>>,
    _serving: JoinSet<()>,
}

impl Api {
    /// Starts one with these calls to come.
    pub(super) async fn start(exchanges: Vec<Exchange>) -> io::Result<Api> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let script = Arc::new(Mutex::new(Script::new(exchanges)));
        let mut serving = JoinSet::new();
        serving.spawn(serve(listener, Arc::clone(&script)));
        Ok(Api { address, script, _serving: serving })
    }

    /// Everything that wasn't as scripted.
    pub(super) fn problems(&self) -> Vec<String> {
        lock(&self.script).problems()
    }
}

async fn serve(listener: TcpListener, script: Arc<Mutex<Script>>) {
    // Ended with this one.
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let script = Arc::clone(&script);
        let service = service_fn(move |request| answer(Arc::clone(&script), request));
        let http = hyper::server::conn::http1::Builder::new();
        connections.spawn(http.serve_connection(TokioIo::new(stream), service));
    }
}

fn lock(script: &Mutex<Script>) -> MutexGuard<'_, Script> {
    // A script is whole after each of its steps, whoever panicked elsewhere.
    script.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An error ends the connection without a response.
async fn answer(
    script: Arc<Mutex<Script>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, &'static str> {
    let (head, body) = request.into_parts();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers = head.headers.iter();
    let sent = Sent {
        method: head.method.to_string(),
        path: head.uri.to_string(),
        headers: headers.map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect(),
        body: body.collect().await.map_err(|_| "no body")?.to_bytes().to_vec(),
    };
    let answer = lock(&script).take(&sent);
    // What isn't scripted is kept as a problem, so no plugin's reading of this 500 hides it.
    let problem = |problem: String| Answered::Reply { status: 500, body: problem.into_bytes() };
    match answer.unwrap_or_else(problem) {
        Answered::Reply { status, body } => {
            let response = Response::builder().status(status).body(Full::from(body));
            response.map_err(|_| "no such status")
        }
        Answered::Down => Err("down"),
    }
}
