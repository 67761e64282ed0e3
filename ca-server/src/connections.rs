//! The open connections: how many, from where, and whose.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ca_types::KeyId;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::tasks::Tasks;
use crate::tls::peer_group;

/// Counts connections per peer and cuts those of a removed actor.
#[derive(Debug)]
pub struct Connections {
    total: usize,
    per_peer: usize,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    total: usize,
    per_peer: HashMap<IpAddr, usize>,
    cuts: HashMap<KeyId, HashMap<u64, CancellationToken>>,
    next: u64,
}

impl Connections {
    /// Allows `total` connections at once, `per_peer` of them from one address.
    pub fn new(total: usize, per_peer: usize) -> Arc<Self> {
        Arc::new(Self {
            total,
            per_peer,
            open: Mutex::new(Open::default()),
        })
    }

    /// Takes the place of one connection, unless all are taken.
    pub fn take_slot(self: &Arc<Self>, address: IpAddr) -> Option<Slot> {
        let peer = peer_group(address);
        let mut open = self.lock();
        let of_peer = open.per_peer.get(&peer).copied().unwrap_or(0);
        if open.total >= self.total || of_peer >= self.per_peer {
            return None;
        }
        open.total += 1;
        open.per_peer.insert(peer, of_peer + 1);
        Some(Slot {
            connections: Arc::clone(self),
            peer,
            holder: None,
        })
    }

    /// Ends every open connection of a key.
    pub fn cut(&self, key: &KeyId) {
        for token in self
            .lock()
            .cuts
            .remove(key)
            .into_iter()
            .flat_map(HashMap::into_values)
        {
            token.cancel();
        }
    }

    /// Returns how many connections are open.
    pub fn open(&self) -> usize {
        self.lock().total
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one connection, given back when dropped.
#[derive(Debug)]
pub struct Slot {
    connections: Arc<Connections>,
    peer: IpAddr,
    holder: Option<(KeyId, u64)>,
}

impl Slot {
    /// Notes whose connection it is, so that it can be cut.
    pub(crate) fn held_by(mut self, key: Option<KeyId>, cut: CancellationToken) -> Self {
        if let Some(key) = key {
            let mut open = self.connections.lock();
            let number = open.next;
            open.next += 1;
            open.cuts.entry(key).or_default().insert(number, cut);
            drop(open);
            self.holder = Some((key, number));
        }
        self
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut open = self.connections.lock();
        open.total = open.total.saturating_sub(1);
        if let Some(of_peer) = open.per_peer.get_mut(&self.peer) {
            *of_peer = of_peer.saturating_sub(1);
            if *of_peer == 0 {
                open.per_peer.remove(&self.peer);
            }
        }
        if let Some((key, number)) = self.holder
            && let Some(tokens) = open.cuts.get_mut(&key)
        {
            tokens.remove(&number);
            if tokens.is_empty() {
                open.cuts.remove(&key);
            }
        }
    }
}

/// A connection that has its place.
#[derive(Debug)]
pub(crate) struct Accepted {
    pub(crate) tcp: TcpStream,
    pub(crate) address: SocketAddr,
    pub(crate) slot: Slot,
}

/// Accepts connections until the tasks are stopped, and spawns what serves each.
///
/// One over the limit is closed at once and counted under the metric `refused`.
pub(crate) fn accept<F>(
    listener: TcpListener,
    connections: Arc<Connections>,
    refused: &'static str,
    tasks: &Tasks,
    serve: impl Fn(Accepted) -> F + Send + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
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
                    tracing::warn!(%error, "connection not accepted");
                    // Out of file descriptors is not mended by asking again at once.
                    tokio::time::sleep(PAUSE_AFTER_ERROR).await;
                    continue;
                }
            };
            let Some(slot) = connections.take_slot(address.ip()) else {
                metrics::counter!(refused).increment(1);
                tracing::debug!(%address, "too many connections");
                continue;
            };
            handlers.spawn(serve(Accepted { tcp, address, slot }));
        }
    });
}

const PAUSE_AFTER_ERROR: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_bounded_per_peer_and_in_total_and_come_back() {
        let connections = Connections::new(3, 2);
        let (here, there): (IpAddr, IpAddr) =
            ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let first = connections.take_slot(here).unwrap();
        let _second = connections.take_slot(here).unwrap();
        assert!(connections.take_slot(here).is_none(), "a third of one peer");
        let _third = connections.take_slot(there).unwrap();
        assert!(connections.take_slot(there).is_none(), "a fourth in total");
        drop(first);
        assert!(connections.take_slot(here).is_some());
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_peer() {
        let connections = Connections::new(9, 1);
        let _first = connections
            .take_slot("2001:db8::1".parse().unwrap())
            .unwrap();
        assert!(
            connections
                .take_slot("2001:db8::2".parse().unwrap())
                .is_none()
        );
        assert!(
            connections
                .take_slot("2001:db8:0:1::1".parse().unwrap())
                .is_some()
        );
    }

    #[test]
    fn cutting_a_key_cancels_its_connections_only() {
        let connections = Connections::new(9, 9);
        let address = "192.0.2.1".parse().unwrap();
        let (mine, other) = (CancellationToken::new(), CancellationToken::new());
        let _a = connections
            .take_slot(address)
            .unwrap()
            .held_by(Some([1; 32].into()), mine.clone());
        let _b = connections
            .take_slot(address)
            .unwrap()
            .held_by(Some([2; 32].into()), other.clone());
        connections.cut(&[1; 32].into());
        assert!(mine.is_cancelled() && !other.is_cancelled());
    }
}
