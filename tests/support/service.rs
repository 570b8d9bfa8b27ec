//! A user's HTTP service on loopback that answers by script, and remembers what it was asked.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{HeaderMap, Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::sync::watch;

/// What comes at all comes within this.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is said to one request.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Say {
    /// This status and body, at once.
    Now(u16, &'static str),
    /// The same, once the service is told to go on.
    Held(u16, &'static str),
    /// The same after a while, now a short one and now a long one, up to so many milliseconds.
    Within(u64, u16, &'static str),
    /// Nothing: the connection ends.
    HangUp,
}

/// One request that came.
#[derive(Debug, Clone)]
pub(crate) struct Came {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Came {
    /// The header's value; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

/// A running service; it ends with the runtime that it was started in.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    /// What is said next; the last of it again and again.
    script: Arc<Mutex<VecDeque<Say>>>,
    came: watch::Sender<Vec<Came>>,
    go_on: watch::Sender<bool>,
}

impl Service {
    pub(crate) async fn start(script: &[Say]) -> Service {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address");
        let service = Service {
            address,
            script: Arc::new(Mutex::new(script.iter().copied().collect())),
            came: watch::Sender::new(Vec::new()),
            go_on: watch::Sender::new(false),
        };
        let serving = service.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let service = serving.clone();
                let answer = service_fn(move |request| service.clone().answer(request));
                let http = hyper::server::conn::http1::Builder::new();
                tokio::spawn(http.serve_connection(TokioIo::new(stream), answer));
            }
        });
        service
    }

    /// Where it is asked.
    pub(crate) fn url(&self) -> String {
        format!("http://{}/answers?k=v", self.address)
    }

    /// All that came until now.
    pub(crate) fn came(&self) -> Vec<Came> {
        self.came.borrow().clone()
    }

    /// Waits until so many came; all of them.
    pub(crate) async fn wait_for(&self, count: usize) -> Vec<Came> {
        let mut came = self.came.subscribe();
        let enough = came.wait_for(|came| came.len() >= count);
        let enough = tokio::time::timeout(PATIENCE, enough).await;
        enough.expect("they come").expect("it serves").clone()
    }

    /// Answers what it held back, and holds nothing back any more.
    pub(crate) fn go_on(&self) {
        self.go_on.send_replace(true);
    }

    /// An error ends the connection without a response.
    async fn answer(
        self,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, &'static str> {
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| "half a request")?.to_bytes();
        let say = {
            let mut script = self.script.lock().expect("no panic");
            let last = script.len() == 1;
            let front = script.front().copied().expect("a script");
            if !last {
                script.pop_front();
            }
            front
        };
        self.came.send_modify(|came| came.push(Came { headers: head.headers, body }));
        let (status, body) = match say {
            Say::Now(status, body) => (status, body),
            Say::Within(most_ms, status, body) => {
                let number = self.came.borrow().len() as u64;
                tokio::time::sleep(Duration::from_millis(number * 7919 % most_ms)).await;
                (status, body)
            }
            Say::HangUp => return Err("it hangs up"),
            Say::Held(status, body) => {
                let mut told = self.go_on.subscribe();
                told.wait_for(|go_on| *go_on).await.map_err(|_| "the test ended")?;
                (status, body)
            }
        };
        let response = Response::builder().status(status).body(Full::from(body));
        response.map_err(|_| "no such status")
    }
}
