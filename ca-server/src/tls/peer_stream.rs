//! A served connection that can be cut from outside.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Sleep;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};
use tonic::transport::server::Connected;

use super::Peer;
use crate::connections::Slot;

/// A TLS connection with its peer; it ends when its actor is removed, and soon when it has none.
#[derive(Debug)]
pub struct PeerStream {
    tls: TlsStream<TcpStream>,
    peer: Peer,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    /// When a connection without an actor ends: it may hold no place for long.
    end: Option<Pin<Box<Sleep>>>,
    _slot: Slot,
}

impl PeerStream {
    pub(super) fn new(
        tls: TlsStream<TcpStream>,
        peer: Peer,
        slot: Slot,
        cut: CancellationToken,
    ) -> Self {
        let is_anonymous = peer.credential.is_none();
        let end = is_anonymous.then(|| Box::pin(tokio::time::sleep(ANONYMOUS)));
        Self {
            tls,
            peer,
            cut: Box::pin(cut.cancelled_owned()),
            end,
            _slot: slot,
        }
    }

    fn is_cut(&mut self, context: &mut Context<'_>) -> bool {
        let is_over = |end: &mut Pin<Box<Sleep>>| end.as_mut().poll(context).is_ready();
        self.end.as_mut().is_some_and(is_over) || self.cut.as_mut().poll(context).is_ready()
    }
}

/// A renewal by a holder takes less than a second.
const ANONYMOUS: Duration = Duration::from_secs(60);

impl Connected for PeerStream {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for PeerStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_cut(context) {
            return Poll::Ready(Err(cut()));
        }
        Pin::new(&mut self.tls).poll_read(context, buffer)
    }
}

impl AsyncWrite for PeerStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tls).poll_write(context, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tls).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.tls.is_write_vectored()
    }
}

fn cut() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the actor was removed")
}
