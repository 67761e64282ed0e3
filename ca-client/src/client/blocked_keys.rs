//! The calls of `BlockedKeys`.

use ca_proto::v1;
use ca_proto::v1::blocked_keys_client::BlockedKeysClient;
use ca_types::{KeyId, RequestId, UnixTime};
use tonic::transport::Channel;

use super::certificate_record::{parsed, time};
use super::{Client, ClientError};

/// A key that is certified no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedKeyRecord {
    /// The key.
    pub key: KeyId,
    /// Since when.
    pub since: UnixTime,
    /// Why, in the words of who blocked it.
    pub comment: String,
}

/// Which key to block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BlockTarget {
    /// The key with this identity.
    Key(KeyId),
    /// The key of a certificate in DER.
    Certificate(Vec<u8>),
    /// The key of a certification request in DER.
    Request(Vec<u8>),
}

impl Client {
    /// Blocks a key.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn block_key(
        &self,
        request_id: RequestId,
        target: BlockTarget,
        comment: &str,
    ) -> Result<BlockedKeyRecord, ClientError> {
        use v1::block_key_request::Target;
        let target = match target {
            BlockTarget::Key(key) => Target::KeyId(key.to_string()),
            BlockTarget::Certificate(der) => Target::Certificate(der),
            BlockTarget::Request(der) => Target::CertificationRequest(der),
        };
        let request = v1::BlockKeyRequest {
            request_id: request_id.to_string(),
            target: Some(target),
            comment: comment.to_owned(),
        };
        let answer = self.read(self.blocked_key_calls().block_key(request).await)?;
        let key = answer.key.ok_or_else(|| ClientError::absent("key"))?;
        key.try_into()
    }

    /// Takes a key off the block list.
    ///
    /// # Errors
    /// Fails when the server refuses, or is not reached.
    pub async fn unblock_key(&self, request_id: RequestId, key: KeyId) -> Result<(), ClientError> {
        let request = v1::UnblockKeyRequest {
            request_id: request_id.to_string(),
            key_id: key.to_string(),
        };
        self.read(self.blocked_key_calls().unblock_key(request).await)?;
        Ok(())
    }

    /// Lists all blocked keys in the order of their ids, page by page.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn blocked_keys(&self) -> Result<Vec<BlockedKeyRecord>, ClientError> {
        let mut client = self.blocked_key_calls();
        let mut keys = Vec::new();
        let mut after = String::new();
        loop {
            let request = v1::ListBlockedKeysRequest {
                page_size: 1000,
                after,
            };
            let page = self.read(client.list_blocked_keys(request).await)?;
            for key in page.keys {
                keys.push(BlockedKeyRecord::try_from(key)?);
            }
            if page.next.is_empty() {
                return Ok(keys);
            }
            after = page.next;
        }
    }

    fn blocked_key_calls(&self) -> BlockedKeysClient<Channel> {
        BlockedKeysClient::new(self.channel.clone())
    }
}

impl TryFrom<v1::BlockedKey> for BlockedKeyRecord {
    type Error = ClientError;

    fn try_from(wire: v1::BlockedKey) -> Result<Self, ClientError> {
        Ok(Self {
            key: parsed("key_id", &wire.key_id)?,
            since: time("since", wire.since)?,
            comment: wire.comment,
        })
    }
}
