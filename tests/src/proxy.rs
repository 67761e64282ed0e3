//! A slow wire in front of a server.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, Shutdown, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// Passes octets on, and lets those that come from the server wait.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    delay: Arc<AtomicU64>,
}

impl Proxy {
    /// Listens on a free port for connections to `server`.
    ///
    /// # Panics
    /// When there is no free port.
    pub fn start(server: u16) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let delay = Arc::new(AtomicU64::new(0));
        let shared_delay = Arc::clone(&delay);
        // Ends with the process: it holds nothing but sockets.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let Ok(server) = TcpStream::connect((Ipv4Addr::LOCALHOST, server)) else {
                    continue;
                };
                connect(client, server, &shared_delay);
            }
        });
        Self { port, delay }
    }

    /// Returns the port that it listens on.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Lets every piece that comes from the server wait so long.
    pub fn delay_answers(&self, delay: Duration) {
        let millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.delay.store(millis, Ordering::SeqCst);
    }
}

fn connect(client: TcpStream, server: TcpStream, delay: &Arc<AtomicU64>) {
    let (Ok(to_client), Ok(to_server)) = (client.try_clone(), server.try_clone()) else {
        return;
    };
    let delay = Arc::clone(delay);
    thread::spawn(move || pass(client, to_server, &AtomicU64::new(0)));
    thread::spawn(move || pass(server, to_client, &delay));
}

fn pass(mut from: TcpStream, mut to: TcpStream, delay: &AtomicU64) {
    let mut octets = [0; 16_384];
    while let Ok(length) = from.read(&mut octets) {
        if length == 0 {
            break;
        }
        thread::sleep(Duration::from_millis(delay.load(Ordering::SeqCst)));
        if to.write_all(&octets[..length]).is_err() {
            break;
        }
    }
    // Either side may be gone already.
    drop(to.shutdown(Shutdown::Both));
}
