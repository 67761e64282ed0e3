//! Accepts http connections within limits; a peer that stands still loses its place.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, Sleep};

use crate::connections::{Connections, Slot};
use crate::tasks::Tasks;

/// Bounds on what http peers may take.
#[derive(Debug, Clone, Copy)]
pub struct HttpLimits {
    /// Connections at once.
    pub connections: usize,
    /// Connections at once from one address.
    pub connections_per_peer: usize,
    /// How long a connection may stand still, or take for the head of a request.
    pub stall: Duration,
}

/// Serves a router on a listener until the tasks are stopped.
pub fn serve(listener: TcpListener, router: Router, limits: HttpLimits, tasks: &Tasks) {
    let connections = Connections::new(limits.connections, limits.connections_per_peer);
    let (stop, handlers) = (tasks.stop(), tasks.clone());
    tasks.spawn(async move {
        loop {
            let incoming = tokio::select! {
                () = stop.cancelled() => return,
                incoming = listener.accept() => incoming,
            };
            let (tcp, address) = match incoming {
                Ok(incoming) => incoming,
                Err(error) => {
                    tracing::warn!(%error, "http connection not accepted");
                    // Out of file descriptors is not mended by asking again at once.
                    tokio::time::sleep(PAUSE_AFTER_ERROR).await;
                    continue;
                }
            };
            let Some(slot) = connections.take_slot(address.ip()) else {
                metrics::counter!("ca_http_connections_refused_total").increment(1);
                tracing::debug!(%address, "too many http connections");
                continue;
            };
            handlers.spawn(converse(
                tcp,
                slot,
                router.clone(),
                limits.stall,
                handlers.clone(),
            ));
        }
    });
}

async fn converse(tcp: TcpStream, slot: Slot, router: Router, stall: Duration, tasks: Tasks) {
    let stop = tasks.stop();
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(stall)
        .max_headers(MOST_HEADERS)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(
            TokioIo::new(Moving::new(tcp, stall)),
            TowerToHyperService::new(router),
        );
    let mut connection = std::pin::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "http connection ended");
    }
    drop(slot);
}

/// A connection that fails when a write stands still for too long; hyper bounds reading by itself.
#[derive(Debug)]
struct Moving {
    tcp: TcpStream,
    stall: Duration,
    deadline: Pin<Box<Sleep>>,
    waiting: bool,
}

impl Moving {
    fn new(tcp: TcpStream, stall: Duration) -> Self {
        Self {
            tcp,
            stall,
            deadline: Box::pin(tokio::time::sleep(stall)),
            waiting: false,
        }
    }

    /// Passes on what a write came to, or fails when it has stood still for too long.
    fn watch<T>(
        &mut self,
        context: &mut Context<'_>,
        step: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if step.is_ready() {
            self.waiting = false;
            return step;
        }
        if !self.waiting {
            self.waiting = true;
            self.deadline.as_mut().reset(Instant::now() + self.stall);
        }
        ready!(self.deadline.as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Moving {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(context, buffer)
    }
}

impl AsyncWrite for Moving {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        let step = Pin::new(&mut self.tcp).poll_write(context, octets);
        self.watch(context, step)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let step = Pin::new(&mut self.tcp).poll_flush(context);
        self.watch(context, step)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let step = Pin::new(&mut self.tcp).poll_shutdown(context);
        self.watch(context, step)
    }
}

const MOST_HEADERS: usize = 64;
/// The least that hyper takes; no head of a plain GET comes near it.
const LONGEST_HEAD: usize = 8_192;
const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);
