//! The service `BlockedKeys`.

use std::sync::Arc;

use ca_proto::{ConvertError, v1};
use ca_store::BlockedKeyRow;
use ca_types::KeyId;
use ca_verify::Certificate;
use tonic::{Request, Response, Status};

use super::{caller_of, csr_of, refuse, refuse_field, request_of};
use crate::authority::{Authority, BlockKeyOrder};

/// Keeps the list of keys that are certified no more.
#[derive(Debug)]
pub struct BlockedKeysService(Arc<Authority>);

impl BlockedKeysService {
    /// Serves this authority.
    pub fn new(authority: Arc<Authority>) -> Self {
        Self(authority)
    }
}

#[tonic::async_trait]
impl v1::blocked_keys_server::BlockedKeys for BlockedKeysService {
    async fn block_key(
        &self,
        request: Request<v1::BlockKeyRequest>,
    ) -> Result<Response<v1::BlockKeyResponse>, Status> {
        let caller = caller_of(&request)?;
        let permit = caller.permit().map_err(|e| refuse(&e.into()))?;
        let mut wire = request.into_inner();
        let id = std::mem::take(&mut wire.request_id);
        let request = request_of(&id, &caller, Some(permit.key()), &wire, None)?;
        let target = wire.target.ok_or_else(|| {
            let message = "wanted a key id, a certificate or a certification request";
            refuse_field(&ConvertError::new("target", message))
        })?;
        let order = BlockKeyOrder {
            request,
            key: target_of(target)?,
            comment: comment_of(wire.comment)?,
        };
        let row = self
            .0
            .block_key(permit, order)
            .await
            .map_err(|e| refuse(&e))?;
        Ok(Response::new(v1::BlockKeyResponse {
            key: Some(to_wire(row)),
        }))
    }

    async fn unblock_key(
        &self,
        request: Request<v1::UnblockKeyRequest>,
    ) -> Result<Response<v1::UnblockKeyResponse>, Status> {
        let caller = caller_of(&request)?;
        let permit = caller.permit().map_err(|e| refuse(&e.into()))?;
        let mut wire = request.into_inner();
        let id = std::mem::take(&mut wire.request_id);
        let request = request_of(&id, &caller, Some(permit.key()), &wire, None)?;
        let key = key_id_of("key_id", &wire.key_id)?;
        self.0
            .unblock_key(permit, request, key)
            .await
            .map_err(|e| refuse(&e))?;
        Ok(Response::new(v1::UnblockKeyResponse {}))
    }

    async fn list_blocked_keys(
        &self,
        request: Request<v1::ListBlockedKeysRequest>,
    ) -> Result<Response<v1::ListBlockedKeysResponse>, Status> {
        let permit = caller_of(&request)?
            .permit()
            .map_err(|e| refuse(&e.into()))?;
        let wire = request.into_inner();
        let limit = match wire.page_size {
            0 => 100,
            size @ 1..=1000 => usize::try_from(size).unwrap_or(1000),
            size => {
                let message = format!("{size} is over the limit of 1000");
                return Err(refuse_field(&ConvertError::new("page_size", message)));
            }
        };
        let after = match wire.after.as_str() {
            "" => None,
            text => Some(key_id_of("after", text)?),
        };
        let keys = self
            .0
            .blocked_keys(&permit, after, limit)
            .await
            .map_err(|e| refuse(&e))?;
        let is_full = keys.len() == limit;
        let last = keys.last().filter(|_| is_full);
        let next = last.map(|row| row.key.to_string()).unwrap_or_default();
        Ok(Response::new(v1::ListBlockedKeysResponse {
            keys: keys.into_iter().map(to_wire).collect(),
            next,
        }))
    }
}

fn target_of(target: v1::block_key_request::Target) -> Result<KeyId, Status> {
    use v1::block_key_request::Target;
    match target {
        Target::KeyId(text) => key_id_of("key_id", &text),
        Target::Certificate(der) => Certificate::from_der(&der)
            .map(|certificate| certificate.public_key().key_id())
            .map_err(|e| refuse_field(&ConvertError::new("certificate", e))),
        Target::CertificationRequest(der) => Ok(csr_of(&der)?.public_key().key_id()),
    }
}

fn key_id_of(field: &'static str, text: &str) -> Result<KeyId, Status> {
    text.parse()
        .map_err(|e| refuse_field(&ConvertError::new(field, e)))
}

const MAX_COMMENT: usize = 200;

fn comment_of(text: String) -> Result<String, Status> {
    if text.chars().count() > MAX_COMMENT || text.chars().any(char::is_control) {
        let message =
            format!("wanted at most {MAX_COMMENT} characters, none of them a control character");
        return Err(refuse_field(&ConvertError::new("comment", message)));
    }
    Ok(text)
}

fn to_wire(row: BlockedKeyRow) -> v1::BlockedKey {
    v1::BlockedKey {
        key_id: row.key.to_string(),
        since: row.since.seconds(),
        comment: row.comment,
    }
}
