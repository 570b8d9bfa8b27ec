//! A call's body, still on the wire. It is read whole, once, under a size and a deadline, or not at
//! all.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use thiserror::Error;
use tokio::time::timeout;

use super::pulse::Pulse;

/// How much memory an announced length is worth before any of it has come.
const TRUSTED_BYTES: usize = 16 << 10;

/// The body of one call. Over HTTP/1.1, dropping it before its end closes the connection once the
/// response is out, with time for a sender that is still sending to read that response.
pub struct Body {
    incoming: Incoming,
    /// Told when this is dropped before its end; `None` over HTTP/2, where that ends one stream.
    pulse: Option<Arc<Pulse>>,
    ended: bool,
}

/// Why there is no whole body. All three are the sender's doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum BodyFault {
    /// More bytes than allowed, sent or announced.
    #[error("the body is too large")]
    TooLarge,
    /// It didn't come to its end in time.
    #[error("the body took too long")]
    TimedOut,
    /// The connection ended before it, or its framing is wrong.
    #[error("the body broke off")]
    Broken,
}

impl Body {
    pub(super) fn new(incoming: Incoming, pulse: Option<Arc<Pulse>>) -> Body {
        let ended = incoming.is_end_stream();
        Body { incoming, pulse, ended }
    }

    /// Reads all of it: at most `bytes_max` bytes, in at most `deadline`. A length announced beyond
    /// that is refused before a byte is read, and before a sender that asked is told to continue.
    pub async fn read(mut self, bytes_max: usize, deadline: Duration) -> Result<Bytes, BodyFault> {
        let announced = self.incoming.size_hint().lower();
        if usize::try_from(announced).map_or(true, |bytes| bytes > bytes_max) {
            return Err(BodyFault::TooLarge);
        }
        timeout(deadline, self.collect(bytes_max)).await.unwrap_or(Err(BodyFault::TimedOut))
    }

    async fn collect(&mut self, bytes_max: usize) -> Result<Bytes, BodyFault> {
        let announced = usize::try_from(self.incoming.size_hint().lower()).unwrap_or(usize::MAX);
        let mut bytes = BytesMut::with_capacity(announced.min(TRUSTED_BYTES));
        while let Some(frame) = self.incoming.frame().await {
            // Trailers are no part of a callback: let go.
            let Ok(data) = frame.map_err(|_| BodyFault::Broken)?.into_data() else { continue };
            if data.len() > bytes_max - bytes.len() {
                return Err(BodyFault::TooLarge);
            }
            bytes.extend_from_slice(&data);
        }
        self.ended = true;
        Ok(bytes.freeze())
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some(pulse) = &self.pulse
            && !self.ended
        {
            pulse.left_unread();
        }
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("ended", &self.ended).finish_non_exhaustive()
    }
}
