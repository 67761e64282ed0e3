//! Listening for the services, plain and over TLS.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};

use crate::router::{Door, Router};
use crate::wire::Wire;
use crate::{api, rest, ssh, sstp, tls};

/// The doors of a router.
pub const REST: Door = Door {
    name: "rest",
    service: "www-ssl",
};
/// REST without TLS.
pub const REST_HTTP: Door = Door {
    name: "rest-http",
    service: "www",
};
/// The binary API.
pub const API: Door = Door {
    name: "api",
    service: "api",
};
/// The binary API over TLS.
pub const API_SSL: Door = Door {
    name: "api-ssl",
    service: "api-ssl",
};

/// SSH.
pub const SSH: Door = Door {
    name: "ssh",
    service: "ssh",
};

/// SSTP, which is on while `/interface/sstp-server/server` is.
pub const SSTP: Door = Door {
    name: "sstp",
    service: "sstp",
};

/// Opens a door when the version has its service, as an upgrade may bring it, and accepts connections for ever.
pub async fn open_in_time(router: Arc<Router>, door: Door, address: SocketAddr) {
    router.has_rest().await;
    match TcpListener::bind(address).await {
        Ok(listener) => serve(router, door, listener).await,
        Err(error) => eprintln!("routeros-sim: {}: {address}: {error}", door.name),
    }
}

/// Accepts connections of a door for ever.
pub async fn serve(router: Arc<Router>, door: Door, listener: TcpListener) {
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let router = Arc::clone(&router);
        tokio::spawn(async move {
            if let Err(error) = connection(router, door, stream).await {
                eprintln!("routeros-sim: {}: {error}", door.name);
            }
        });
    }
}

async fn connection(router: Arc<Router>, door: Door, stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    if door.name == "sstp" {
        // Changes of its settings count from the next call on.
        return sstp::speak(router, stream).await;
    }
    let (local, remote) = (stream.local_addr()?, stream.peer_addr()?);
    let Some(mut connected) = router.connect(door.service, local, remote) else {
        return Ok(());
    };
    let stream = Wire::new(stream, Arc::clone(&router), door);
    let talk: std::pin::Pin<Box<dyn Future<Output = io::Result<()>> + Send>> = match door.name {
        "rest" | "api-ssl" => Box::pin(async move {
            match tls::accept(&router, door.service, stream).await? {
                Some(stream) => speak(router, door, stream).await,
                None => Ok(()),
            }
        }),
        "ssh" => Box::pin(ssh::speak(router, door, stream)),
        _ => Box::pin(speak(router, door, stream)),
    };
    tokio::select! {
        biased;
        () = connected.cut() => Ok(()),
        ended = talk => ended,
    }
}

/// Talks with a client of REST or the API over a stream that is open, until it leaves.
pub async fn speak<S>(router: Arc<Router>, door: Door, stream: S) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    match door.service {
        "api" | "api-ssl" => api::speak(router, door, stream).await,
        _ => rest::speak(router, door, stream).await,
    }
}
