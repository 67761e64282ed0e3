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

use crate::connections::{Accepted, Connections};
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
    let handlers = tasks.clone();
    let serve = move |accepted| converse(accepted, router.clone(), limits.stall, handlers.clone());
    crate::connections::accept(
        listener,
        connections,
        "ca_http_connections_refused_total",
        tasks,
        serve,
    );
}

async fn converse(accepted: Accepted, router: Router, stall: Duration, tasks: Tasks) {
    let Accepted { tcp, slot, .. } = accepted;
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
    let ended = tokio::time::timeout(LONGEST_CONNECTION, async {
        tokio::select! {
            ended = connection.as_mut() => ended,
            () = stop.cancelled() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    });
    match ended.await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "http connection ended"),
        Err(_elapsed) => tracing::debug!("http connection took too long"),
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
/// Fifteen minutes: a CRL of a million entries comes through a modem line in less; a trickle does not stay for ever.
const LONGEST_CONNECTION: Duration = Duration::from_secs(900);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ca_types::FakeClock;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;
    use crate::http::publish_router;
    use crate::publication::{Document, Publication};

    const PATIENCE: Duration = Duration::from_secs(20);
    const SHORT: Duration = Duration::from_millis(50);

    /// Serves a document of `octets` octets as `/large` to one connection per peer.
    async fn serving(octets: usize, stall: Duration) -> (Tasks, std::net::SocketAddr) {
        let now = "2026-11-23T10:00:00Z".parse().unwrap();
        let publication = Publication::new();
        let document = Document {
            octets: vec![7; octets],
            media_type: "application/pkix-crl",
            last_modified: now,
            expires: None,
        };
        publication.publish("/large", document);
        let router = publish_router(Arc::new(publication), Arc::new(FakeClock::at(now)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let tasks = Tasks::default();
        let limits = HttpLimits {
            connections: 8,
            connections_per_peer: 1,
            stall,
        };
        serve(listener, router, limits, &tasks);
        (tasks, address)
    }

    async fn read_to_end(stream: &mut TcpStream) -> String {
        let mut octets = Vec::new();
        // A peer that closes while octets are under way resets; what came before counts.
        drop(
            tokio::time::timeout(PATIENCE, stream.read_to_end(&mut octets))
                .await
                .unwrap(),
        );
        String::from_utf8_lossy(&octets).into_owned()
    }

    #[tokio::test]
    async fn a_head_that_never_ends_costs_the_connection() {
        let (_tasks, address) = serving(1, SHORT).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream
            .write_all(b"GET /large HTTP/1.1\r\nHost: a\r\nX-Slow: ")
            .await
            .unwrap();
        assert!(!read_to_end(&mut stream).await.contains("200 OK"));
    }

    #[tokio::test]
    async fn an_idle_connection_does_not_keep_its_place() {
        let (_tasks, address) = serving(1, SHORT).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        first
            .write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        // The end comes although the client would go on.
        assert!(read_to_end(&mut first).await.contains("200 OK"));
    }

    #[tokio::test]
    async fn a_peer_that_does_not_read_does_not_hold_up_the_server() {
        let (tasks, address) = serving(64 << 20, SHORT).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream
            .write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        assert!(
            tasks.shut_down(PATIENCE).await,
            "the connection goes on for ever"
        );
    }

    #[tokio::test]
    async fn connections_over_the_limit_of_a_peer_are_closed() {
        let (_tasks, address) = serving(64 << 20, PATIENCE).await;
        let mut first = TcpStream::connect(address).await.unwrap();
        first
            .write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
            .await
            .unwrap();
        first.read_exact(&mut [0; 12]).await.unwrap();
        let mut second = TcpStream::connect(address).await.unwrap();
        // The reset may come before the request is out.
        drop(
            second
                .write_all(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n")
                .await,
        );
        assert_eq!(read_to_end(&mut second).await, "");
    }

    #[tokio::test]
    async fn a_long_head_is_refused() {
        let (_tasks, address) = serving(1, SHORT).await;
        let mut stream = TcpStream::connect(address).await.unwrap();
        let head = format!(
            "GET /large HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
            "a".repeat(20_000)
        );
        drop(stream.write_all(head.as_bytes()).await);
        assert!(!read_to_end(&mut stream).await.contains("200 OK"));
    }
}
