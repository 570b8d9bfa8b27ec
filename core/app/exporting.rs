//! Sends spans to their collector, beside all else. What it doesn't take is lost and counted;
//! nobody waits for it.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Uri};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::config::{Router, Traces};
use crate::observe::{self, Level, Span, notice};
use crate::outbound::{Client, OwnedReach};

/// Spans that are sent together.
const BATCH_MOST: usize = 512;
/// How long the first of them waits for others.
const GATHER: Duration = Duration::from_secs(1);
/// From a batch to the collector's whole answer.
const SEND: Duration = Duration::from_secs(5);
/// Until a batch that wasn't taken is sent again, once.
const AGAIN: Duration = Duration::from_millis(200);
/// For what is left once told to stop.
const FLUSH: Duration = Duration::from_secs(2);
/// Bytes of the collector's answer that are read: only its status counts.
const ANSWER_BYTES: usize = 4 << 10;

/// What sends spans; nothing where config names no collector.
pub(super) struct Exporting {
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<()>>,
}

impl Exporting {
    /// Begins to keep traces, and to send them.
    pub(super) fn start(router: &Router) -> Exporting {
        let (stop, stopped) = watch::channel(false);
        let started = router.traces.as_ref().and_then(|traces| {
            let Traces { endpoint, sampling } = traces;
            // What config took for a URL is one.
            let endpoint = endpoint.parse().ok()?;
            let spans = observe::start_traces(*sampling)?;
            let client = Client::new(OwnedReach::Anywhere, router.names.clone());
            Some(Exporter { spans, client, endpoint, failing: false })
        });
        let task = started.map(|exporter| tokio::spawn(exporter.run(stopped)));
        Exporting { stop, task }
    }

    /// Sends what is left, in `FLUSH` at the latest.
    pub(super) async fn stop(self) {
        let Some(mut task) = self.task else { return };
        self.stop.send_replace(true);
        if timeout(FLUSH, &mut task).await.is_err() {
            task.abort();
        }
    }
}

struct Exporter {
    spans: mpsc::Receiver<Span>,
    client: Client,
    endpoint: Uri,
    /// The last batch wasn't taken.
    failing: bool,
}

impl Exporter {
    async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let mut batch = Vec::with_capacity(BATCH_MOST);
        let mut stops = false;
        while !stops {
            tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => stops = true,
                () = gather(&mut self.spans, &mut batch) => {}
            }
            self.export(&mut batch).await;
        }
        while let Ok(span) = self.spans.try_recv() {
            batch.push(span);
            if batch.len() == BATCH_MOST || self.spans.is_empty() {
                self.export(&mut batch).await;
            }
        }
    }

    /// Sends these, at most twice; then they are gone.
    async fn export(&mut self, batch: &mut Vec<Span>) {
        if batch.is_empty() {
            return;
        }
        let body = Bytes::from(observe::otlp(batch));
        let mut sent = self.send(&body).await;
        if matches!(sent, Err(Refused { again: true, .. })) {
            sleep(AGAIN).await;
            sent = self.send(&body).await;
        }
        match &sent {
            Ok(()) => observe::exported(batch.len()),
            Err(_) => observe::dropped(batch.len()),
        }
        batch.clear();
        self.tell(sent);
    }

    /// Says when the collector begins, or ends, to fail.
    fn tell(&mut self, sent: Result<(), Refused>) {
        let failed = sent.is_err();
        match sent {
            Err(Refused { why, .. }) if !self.failing => {
                notice(Level::Warn, &format!("spans are lost: {why}"));
            }
            Ok(()) if self.failing => notice(Level::Info, "spans are taken again"),
            _ => {}
        }
        self.failing = failed;
    }

    async fn send(&self, body: &Bytes) -> Result<(), Refused> {
        let mut request = Request::new(Full::new(body.clone()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.endpoint.clone();
        let json = HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        let refused = |why| Refused { why, again: true };
        let sent = timeout(SEND, self.client.send(request, ANSWER_BYTES)).await;
        let sent = sent.map_err(|_| refused("the collector took too long".to_owned()))?;
        let brought = sent.map_err(|fault| refused(fault.to_string()))?;
        let status = brought.response.status();
        // The statuses after which the protocol has it sent again.
        let again = matches!(status.as_u16(), 429 | 502 | 503 | 504);
        let why = || format!("the collector answered {}", status.as_u16());
        status.is_success().then_some(()).ok_or_else(|| Refused { why: why(), again })
    }
}

/// A batch wasn't taken.
struct Refused {
    why: String,
    /// Whether it may be the next time.
    again: bool,
}

/// Waits for a span, and a little for others. What was gathered stays where this is dropped.
async fn gather(spans: &mut mpsc::Receiver<Span>, batch: &mut Vec<Span>) {
    if spans.recv_many(batch, BATCH_MOST).await == 0 {
        // It never closes; were it to, there would be nothing to wait for.
        std::future::pending::<()>().await;
    }
    let until = Instant::now() + GATHER;
    while batch.len() < BATCH_MOST {
        let room = BATCH_MOST - batch.len();
        match timeout_at(until, spans.recv_many(batch, room)).await {
            Ok(count) if count > 0 => {}
            Ok(_) | Err(_) => return,
        }
    }
}
