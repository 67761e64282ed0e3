//! The service `Audit`.

use std::collections::HashMap;
use std::sync::Arc;

use ca_proto::{ConvertError, v1};
use ca_types::KeyId;
use ca_verify::{Change, Entry, Issued};
use tonic::{Request, Response, Status};

use super::{caller_of, refuse, refuse_field};
use crate::authority::Authority;

/// Shows the log.
#[derive(Debug)]
pub struct AuditService(Arc<Authority>);

impl AuditService {
    /// Serves this authority.
    pub fn new(authority: Arc<Authority>) -> Self {
        Self(authority)
    }
}

#[tonic::async_trait]
impl v1::audit_server::Audit for AuditService {
    async fn list_entries(
        &self,
        request: Request<v1::ListEntriesRequest>,
    ) -> Result<Response<v1::ListEntriesResponse>, Status> {
        let permit = caller_of(&request)?
            .permit()
            .map_err(|e| refuse(&e.into()))?;
        let wire = request.into_inner();
        let limit = match wire.page_size {
            0 => 100,
            size @ 1..=1000 => size,
            size => {
                let message = format!("{size} is over the limit of 1000");
                return Err(refuse_field(&ConvertError::new("page_size", message)));
            }
        };
        let limit = usize::try_from(limit).unwrap_or(100);
        let (leaves, size) = self
            .0
            .leaves(&permit, wire.first, limit)
            .await
            .map_err(|e| refuse(&e))?;
        let actors = self.0.actors(&permit).await.map_err(|e| refuse(&e))?;
        let names: HashMap<KeyId, String> = actors
            .into_iter()
            .map(|row| (row.actor.key, row.actor.name.to_string()))
            .collect();
        let entries = leaves
            .into_iter()
            .map(|(leaf, octets)| to_wire(leaf, octets, &names))
            .collect();
        Ok(Response::new(v1::ListEntriesResponse { entries, size }))
    }

    async fn get_tree_head(
        &self,
        request: Request<v1::GetTreeHeadRequest>,
    ) -> Result<Response<v1::GetTreeHeadResponse>, Status> {
        let permit = caller_of(&request)?
            .permit()
            .map_err(|e| refuse(&e.into()))?;
        let head = self.0.tree_head(&permit).await.map_err(|e| refuse(&e))?;
        let root = ca_types::Fingerprint::from(head.root).to_string();
        Ok(Response::new(v1::GetTreeHeadResponse {
            size: head.size,
            root,
        }))
    }
}

/// Writes an entry; one that this build cannot read still shows its octets.
fn to_wire(leaf: u64, octets: Vec<u8>, names: &HashMap<KeyId, String>) -> v1::LogEntry {
    let Ok(entry) = Entry::from_der(&octets) else {
        return v1::LogEntry {
            leaf,
            octets,
            ..v1::LogEntry::default()
        };
    };
    v1::LogEntry {
        leaf,
        time: entry.time.seconds(),
        actor_key_id: entry
            .origin
            .actor
            .map(|key| key.to_string())
            .unwrap_or_default(),
        actor: entry
            .origin
            .actor
            .and_then(|key| names.get(&key).cloned())
            .unwrap_or_default(),
        address: entry.origin.address,
        request_id: entry
            .origin
            .request
            .map(|request| request.id.to_string())
            .unwrap_or_default(),
        changes: entry.changes.iter().map(describe).collect(),
        octets,
    }
}

fn describe(change: &Change) -> String {
    match change {
        Change::Issued(issued) => describe_issued("issued", issued),
        Change::Recovered(issued) => describe_issued("recovered", issued),
        Change::Restored(restored) => {
            let lists = restored.lists.iter().map(|list| {
                let (issuer, number, revoked) = (&list.issuer, list.number, list.revoked.len());
                format!(" {issuer} CRL {number} revoked {revoked}")
            });
            let lost = restored
                .lost_since
                .map(|time| format!(" lost since {time}"))
                .unwrap_or_default();
            format!(
                "restored {} leaves{}{lost}",
                restored.leaves,
                lists.collect::<String>()
            )
        }
        Change::Revoked(revoked) => format!("revoked {} {}", revoked.serial, revoked.reason),
        Change::ActorAdded(actor) => {
            format!("actor-added {} {} {}", actor.name, actor.role, actor.key)
        }
        Change::ActorRemoved(key) => format!("actor-removed {key}"),
        Change::IssuerAdded(issuer) => format!("issuer-added {} {}", issuer.id, issuer.class),
        Change::CrlSigned(crl) => format!("crl-signed {} {}", crl.issuer, crl.number),
        Change::KeyBlocked(blocked) => format!("key-blocked {} {}", blocked.key, blocked.comment),
        Change::KeyUnblocked(key) => format!("key-unblocked {key}"),
    }
}

fn describe_issued(what: &str, issued: &Issued) -> String {
    let serial = ca_verify::Certificate::from_der(&issued.certificate)
        .ok()
        .and_then(|certificate| certificate.serial().ok())
        .map(|serial| serial.to_string())
        .unwrap_or_default();
    format!(
        "{what} {serial} {} {} by {}",
        issued.profile, issued.name, issued.issuer
    )
}
