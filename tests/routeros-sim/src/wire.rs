//! The TCP connection of a client, which may end with a reset.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::router::{Door, Router};

/// A connection of a door.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    router: Arc<Router>,
    door: Door,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, router: Arc<Router>, door: Door) -> Self {
        Self {
            stream,
            router,
            door,
        }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.router.resets(self.door)
            && let Err(error) = self.stream.set_zero_linger()
        {
            eprintln!("routeros-sim: {}: no reset: {error}", self.door.name);
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
