//! The calls of `Audit` that prove the log.

use ca_proto::v1;
use ca_types::{RequestId, SystemEntropy};

use super::{Client, ClientError};

/// A signed checkpoint of the log, and who vouches for its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProvedCheckpoint {
    /// The signed note of the checkpoint.
    pub checkpoint: String,
    /// The signed note of a control CA about the key of the log.
    pub statement: String,
}

impl Client {
    /// Fetches a checkpoint over all leaves; its signature is the caller's to verify.
    ///
    /// # Errors
    /// Fails when the server refuses or is not reached.
    pub async fn checkpoint(&self) -> Result<ProvedCheckpoint, ClientError> {
        let mut client = self.audit_calls();
        let answer = self.read(client.get_checkpoint(v1::GetCheckpointRequest {}).await)?;
        Ok(ProvedCheckpoint {
            checkpoint: answer.checkpoint,
            statement: answer.statement,
        })
    }

    /// Fetches the proof that the tree of `first` leaves is the beginning of that of `second`.
    ///
    /// # Errors
    /// Fails when the server refuses or is not reached, or a hash is none.
    pub async fn consistency_proof(
        &self,
        first: u64,
        second: u64,
    ) -> Result<Vec<[u8; 32]>, ClientError> {
        let request = v1::GetConsistencyProofRequest { first, second };
        let answer = self.read(self.audit_calls().get_consistency_proof(request).await)?;
        hashes(answer.hashes)
    }

    /// Fetches the proof that a leaf is in the tree of `size` leaves.
    ///
    /// # Errors
    /// Fails when the server refuses or is not reached, or a hash is none.
    pub async fn inclusion_proof(
        &self,
        leaf: u64,
        size: u64,
    ) -> Result<Vec<[u8; 32]>, ClientError> {
        let request = v1::GetInclusionProofRequest { leaf, size };
        let answer = self.read(self.audit_calls().get_inclusion_proof(request).await)?;
        hashes(answer.hashes)
    }

    /// Hands in two checkpoints that contradict.
    ///
    /// # Errors
    /// Fails when the server refuses or is not reached.
    pub async fn claim_fork(&self, first: &str, second: &str) -> Result<(), ClientError> {
        let request = v1::ClaimForkRequest {
            request_id: RequestId::generate(&mut SystemEntropy).to_string(),
            first: first.to_owned(),
            second: second.to_owned(),
        };
        self.read(self.audit_calls().claim_fork(request).await)?;
        Ok(())
    }

    /// Fetches the octets of at most `rows` leaves from leaf `first`.
    ///
    /// # Errors
    /// Fails when the server refuses or is not reached.
    pub async fn leaves(&self, first: u64, rows: u32) -> Result<Vec<Vec<u8>>, ClientError> {
        let request = v1::ListEntriesRequest {
            first,
            page_size: rows,
            ..v1::ListEntriesRequest::default()
        };
        let answer = self.read(self.audit_calls().list_entries(request).await)?;
        Ok(answer
            .entries
            .into_iter()
            .map(|entry| entry.octets)
            .collect())
    }
}

fn hashes(wire: Vec<Vec<u8>>) -> Result<Vec<[u8; 32]>, ClientError> {
    wire.into_iter()
        .map(|hash| {
            hash.try_into()
                .map_err(|_length| ClientError::answer("hashes", "wanted 32 octets each"))
        })
        .collect()
}
