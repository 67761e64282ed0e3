//! Free TCP ports.

use std::{
    net::{Ipv4Addr, TcpStream},
    sync::atomic::{AtomicU16, Ordering},
};

/// The ports of one server, all on 127.0.0.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ports {
    /// The gRPC listener.
    pub grpc: u16,
    /// The publishing listener.
    pub http: u16,
    /// The operations listener.
    pub operations: u16,
}

impl Ports {
    /// Takes three free ports.
    pub fn free() -> Self {
        Self {
            grpc: free_port(),
            http: free_port(),
            operations: free_port(),
        }
    }
}

/// Returns a port that nobody listens on, never the same twice.
///
/// They lie below the range from which the kernel takes ports for outgoing connections.
///
/// # Panics
/// When all are taken.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let first = u16::try_from(std::process::id() % 97).expect("below 97") * 120;
    for _ in 0..SPAN {
        let offset = first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed)) % SPAN;
        let port = BEGIN + offset;
        // Binding it would leave a copy to any child that another thread is just beginning.
        if TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            return port;
        }
    }
    panic!("no free port from {BEGIN} on");
}

const BEGIN: u16 = 20_000;
const SPAN: u16 = 12_000;
