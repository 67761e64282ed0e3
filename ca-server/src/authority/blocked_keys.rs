//! Keys that are certified no more, and those that never are.

use ca_store::BlockedKeyRow;
use ca_types::KeyId;
use ca_verify::{Change, Entry, KeyBlocked, PublicKey, Request};

use super::{Authority, AuthorityError};
use crate::authz::Permit;

/// What is asked for.
#[derive(Debug)]
pub struct BlockKeyOrder {
    /// The request id, and what its answer depends on.
    pub request: Request,
    /// The key.
    pub key: KeyId,
    /// Why, in the words of the caller.
    pub comment: String,
}

impl Authority {
    /// Blocks a key; repeating it gives the same answer.
    ///
    /// # Errors
    /// Fails when the store cannot do it.
    pub async fn block_key(
        &self,
        permit: Permit,
        order: BlockKeyOrder,
    ) -> Result<BlockedKeyRow, AuthorityError> {
        let entry = match self.answered(order.request).await? {
            Some(entry) => entry,
            None => {
                if let Some(row) = self.store.blocked_key(&order.key).await? {
                    return Ok(row);
                }
                let blocked = KeyBlocked {
                    key: order.key,
                    comment: order.comment,
                };
                tracing::info!(key = %order.key, "key blocked");
                self.commit(Entry {
                    time: self.clock.now(),
                    origin: self.origin(&permit, order.request),
                    changes: vec![Change::KeyBlocked(blocked)],
                })
                .await?
            }
        };
        let row_of = |change: &Change| {
            if let Change::KeyBlocked(blocked) = change {
                Some(BlockedKeyRow {
                    key: blocked.key,
                    since: entry.time,
                    comment: blocked.comment.clone(),
                })
            } else {
                None
            }
        };
        let row = entry.changes.iter().find_map(row_of);
        row.ok_or(AuthorityError::Interrupted)
    }

    /// Takes a key off the block list.
    ///
    /// # Errors
    /// Refuses a key that is not on it.
    pub async fn unblock_key(
        &self,
        permit: Permit,
        request: Request,
        key: KeyId,
    ) -> Result<(), AuthorityError> {
        if self.answered(request).await?.is_some() {
            return Ok(());
        }
        self.commit(Entry {
            time: self.clock.now(),
            origin: self.origin(&permit, request),
            changes: vec![Change::KeyUnblocked(key)],
        })
        .await?;
        tracing::info!(%key, "key unblocked");
        Ok(())
    }

    /// Lists up to `limit` blocked keys behind `after`, in the order of their ids.
    ///
    /// # Errors
    /// Fails when the store cannot be read.
    pub async fn blocked_keys(
        &self,
        _permit: &Permit,
        after: Option<KeyId>,
        limit: usize,
    ) -> Result<Vec<BlockedKeyRow>, AuthorityError> {
        Ok(self.store.blocked_keys(after, limit).await?)
    }

    /// Refuses a key that is blocked or the one of a CA, before any work is done for it.
    ///
    /// Of the block list the writer has the last word, so that an issue that races with a block does not win.
    pub(super) async fn refuse_key(&self, key: &PublicKey) -> Result<(), AuthorityError> {
        let cas = self.hierarchy.cas();
        let of_a_ca = cas
            .values()
            .find(|ca| ca.issuer.certificate.public_key() == key);
        if let Some(ca) = of_a_ca {
            return Err(AuthorityError::KeyOfACa(ca.issuer.id.clone()));
        }
        match self.store.blocked_key(&key.key_id()).await? {
            Some(row) => Err(ca_store::StoreError::KeyBlocked(row.key).into()),
            None => Ok(()),
        }
    }
}
