//! The seal of the index: the key of the log vouches for its rows, so that a start need not read all leaves to believe
//! them.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use ca_store::{IndexSeal, LogStore};
use tokio_util::sync::CancellationToken;

use crate::keystore::LogSigner;
use crate::tasks::Tasks;

/// How often the index is sealed while it grows: what stands behind the seal is compared with the log at a start.
const SEAL_EVERY: Duration = Duration::from_secs(10);

/// Seals the index of a store.
#[derive(Debug)]
pub struct IndexSealer {
    store: Arc<LogStore>,
    signer: Arc<LogSigner>,
}

impl IndexSealer {
    /// Seals with the key of the log what there is now, and goes on as long as the tasks run.
    pub async fn start(store: &Arc<LogStore>, signer: &Arc<LogSigner>, tasks: &Tasks) -> Arc<Self> {
        let sealer = Arc::new(Self {
            store: Arc::clone(store),
            signer: Arc::clone(signer),
        });
        let sealed = sealer.seal().await;
        tasks.spawn(Arc::clone(&sealer).run(sealed, tasks.stop()));
        sealer
    }

    /// Seals what the log has now; returns how many leaves that are.
    pub async fn seal(&self) -> u64 {
        seal_index(&self.store, &self.signer).await
    }

    async fn run(self: Arc<Self>, mut sealed: u64, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(SEAL_EVERY) => {}
            }
            if self.store.index_digest().leaves != sealed {
                sealed = self.seal().await;
            }
        }
    }
}

/// Seals the index of a store; returns, when the index has the seal, of how many leaves it is.
pub async fn seal_index(store: &LogStore, signer: &LogSigner) -> u64 {
    let digest = store.index_digest();
    let signature = signer.sign(&digest.message());
    store.seal_index(IndexSeal { digest, signature }).await;
    digest.leaves
}

/// Tells whether a seal is by the key of the log.
pub fn is_sealed_by(seal: &IndexSeal, log_key: &[u8; 32]) -> bool {
    UnparsedPublicKey::new(&ED25519, log_key)
        .verify(&seal.digest.message(), &seal.signature)
        .is_ok()
}

#[cfg(test)]
mod tests {
    use ca_store::{IndexUse, OpenOptions};

    use super::*;

    fn signer() -> LogSigner {
        LogSigner::new(&LogSigner::generate().unwrap()).unwrap()
    }

    #[tokio::test]
    async fn only_the_key_of_the_log_vouches_for_an_index() {
        let home = tempfile::tempdir().unwrap();
        LogStore::create(home.path(), [7; 16].into()).unwrap();
        let (own, foreign) = (signer(), signer());
        let found = |key: [u8; 32]| {
            let (mut seen, mut vouched) = (false, false);
            let (sender, receiver) = std::sync::mpsc::channel();
            let options = OpenOptions {
                index: IndexUse::IfSound,
                vouch: Box::new(move |seal| {
                    let answer = seal.is_some_and(|seal| is_sealed_by(seal, &key));
                    sender.send((seal.is_some(), answer)).unwrap();
                    Ok(true)
                }),
                ..OpenOptions::system()
            };
            let (store, _report) = LogStore::open(home.path(), options).unwrap();
            if let Ok(answer) = receiver.try_recv() {
                (seen, vouched) = answer;
            }
            (store, seen, vouched)
        };
        let (store, seen, _vouched) = found(own.public_key());
        assert!(!seen, "there is no seal before the first");
        seal_index(&store, &own).await;
        drop(store);
        let (store, seen, vouched) = found(own.public_key());
        assert!(seen && vouched);
        drop(store);
        let (_store, seen, vouched) = found(foreign.public_key());
        assert!(seen && !vouched);
    }
}
