//! A stream, TCP or TLS over it, that gives itself up when its pulse says so, and that closes
//! without taking back the response: bytes nobody wants are read for a while before the socket
//! goes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::Limits;
use super::pulse::{FOREVER, Pulse};

/// The stream of one connection.
#[derive(Debug)]
pub(super) struct Stream<T> {
    transport: T,
    pulse: Arc<Pulse>,
    alarm: Pin<Box<Sleep>>,
    linger_bytes: usize,
    linger_timeout: Duration,
    lingering: bool,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Stream<T> {
    pub(super) fn new(transport: T, pulse: Arc<Pulse>, limits: &Limits) -> Stream<T> {
        let alarm = Box::pin(sleep_until(pulse.due(Instant::now())));
        let (linger_bytes, linger_timeout) =
            (limits.linger_bytes, limits.linger_timeout.min(FOREVER));
        Stream { transport, pulse, alarm, linger_bytes, linger_timeout, lingering: false }
    }

    /// Called when nothing moves: an error once it is time to give up, else the task is woken then.
    ///
    /// The alarm is left alone while bytes move and only set anew where it would ring too late or
    /// has rung too early, so a busy connection pays nothing for it.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        loop {
            let now = Instant::now();
            let due = self.pulse.due(now);
            if due <= now {
                self.pulse.give_up();
                return Err(io::ErrorKind::TimedOut.into());
            }
            if self.alarm.deadline() > due || self.alarm.is_elapsed() {
                self.alarm.as_mut().reset(due);
            }
            if self.alarm.as_mut().poll(cx).is_pending() {
                return Ok(());
            }
        }
    }

    /// Passes on what an operation gave; one that moved nothing is a question of patience.
    fn waited<M>(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<M>>,
    ) -> Poll<io::Result<M>> {
        if polled.is_pending() {
            self.poll_patience(cx)?;
        }
        polled
    }

    fn written(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        if let Poll::Ready(Ok(1..)) = polled {
            self.pulse.wrote();
        }
        self.waited(cx, polled)
    }

    /// Reads and forgets until the sender is done, or has had enough time or bytes. A socket that
    /// is closed over unread bytes resets the connection, and the sender may lose the response.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut scrap = [0; 8 << 10];
        while self.linger_bytes > 0 {
            let mut scrap = ReadBuf::new(&mut scrap);
            match Pin::new(&mut self.transport).poll_read(cx, &mut scrap) {
                Poll::Pending => return self.alarm.as_mut().poll(cx),
                Poll::Ready(Ok(())) if !scrap.filled().is_empty() => {
                    self.linger_bytes = self.linger_bytes.saturating_sub(scrap.filled().len());
                }
                Poll::Ready(_) => break,
            }
        }
        Poll::Ready(())
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncRead for Stream<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = bytes.filled().len();
        let polled = Pin::new(&mut self.transport).poll_read(cx, bytes);
        if bytes.filled().len() > before {
            self.pulse.read();
        }
        self.waited(cx, polled)
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Stream<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.transport).poll_write(cx, bytes);
        self.written(cx, polled)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.transport).poll_write_vectored(cx, slices);
        self.written(cx, polled)
    }

    fn is_write_vectored(&self) -> bool {
        self.transport.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.transport).poll_flush(cx)
    }

    /// Ends what is sent; where the sender was cut short, then hears it out.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.lingering {
            // Over TLS there is a last word, which the other side may not take.
            let polled = Pin::new(&mut self.transport).poll_shutdown(cx);
            ready!(self.waited(cx, polled))?;
            if !self.pulse.is_cut_short() {
                return Poll::Ready(Ok(()));
            }
            self.lingering = true;
            let until = Instant::now() + self.linger_timeout;
            self.alarm.as_mut().reset(until);
        }
        self.poll_linger(cx).map(Ok)
    }
}
