//! The service `Audit`.

use std::collections::HashMap;
use std::sync::Arc;

use ca_proto::{ConvertError, v1};
use ca_types::{KeyId, UnixTime};
use ca_verify::{Change, Checkpoint, Entry, ForkClaimed, Issued, LogKeyStatement};
use tonic::{Request, Response, Status};

use super::{caller_of, refuse, refuse_field, request_of};
use crate::authority::{Authority, AuthorityError, EntryFilter};
use crate::authz::Permit;

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
        let actors = self.0.actors(&permit).await.map_err(|e| refuse(&e))?;
        let names: HashMap<KeyId, String> = actors
            .into_iter()
            .map(|row| (row.actor.key, row.actor.name.to_string()))
            .collect();
        let filter = filter_of(&wire, &names)?;
        let found = self
            .0
            .entries(&permit, wire.first, limit, &filter)
            .await
            .map_err(|e| refuse(&e))?;
        let entries = found
            .entries
            .into_iter()
            .map(|(leaf, octets)| to_wire(leaf, octets, &names))
            .collect();
        Ok(Response::new(v1::ListEntriesResponse {
            entries,
            size: found.size,
            next: found.next,
        }))
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

    async fn get_checkpoint(
        &self,
        request: Request<v1::GetCheckpointRequest>,
    ) -> Result<Response<v1::GetCheckpointResponse>, Status> {
        let permit = permit_of(&request)?;
        let proved = self.0.checkpoint(&permit).await.map_err(|e| refuse(&e))?;
        Ok(Response::new(v1::GetCheckpointResponse {
            checkpoint: proved.note,
            statement: proved.statement,
            key: proved.key,
        }))
    }

    async fn get_inclusion_proof(
        &self,
        request: Request<v1::GetInclusionProofRequest>,
    ) -> Result<Response<v1::GetInclusionProofResponse>, Status> {
        let permit = permit_of(&request)?;
        let wire = request.into_inner();
        let proof = self.0.inclusion_proof(&permit, wire.leaf, wire.size).await;
        Ok(Response::new(v1::GetInclusionProofResponse {
            hashes: hashes(proof.map_err(|e| refuse(&e))?),
        }))
    }

    async fn get_consistency_proof(
        &self,
        request: Request<v1::GetConsistencyProofRequest>,
    ) -> Result<Response<v1::GetConsistencyProofResponse>, Status> {
        let permit = permit_of(&request)?;
        let wire = request.into_inner();
        let proof = self
            .0
            .consistency_proof(&permit, wire.first, wire.second)
            .await;
        Ok(Response::new(v1::GetConsistencyProofResponse {
            hashes: hashes(proof.map_err(|e| refuse(&e))?),
        }))
    }

    async fn claim_fork(
        &self,
        request: Request<v1::ClaimForkRequest>,
    ) -> Result<Response<v1::ClaimForkResponse>, Status> {
        let caller = caller_of(&request)?;
        let permit = caller.permit().map_err(|e| refuse(&e.into()))?;
        let mut wire = request.into_inner();
        let id = std::mem::take(&mut wire.request_id);
        let request = request_of(&id, &caller, Some(permit.key()), &wire, None)?;
        let claim = ForkClaimed {
            first: wire.first,
            second: wire.second,
        };
        self.0
            .claim_fork(permit, request, claim)
            .await
            .map_err(|e| refuse(&e))?;
        Ok(Response::new(v1::ClaimForkResponse {}))
    }
}

fn permit_of<T>(request: &Request<T>) -> Result<Permit, Status> {
    caller_of(request)?.permit().map_err(|e| refuse(&e.into()))
}

fn hashes(proof: Vec<[u8; 32]>) -> Vec<Vec<u8>> {
    proof.into_iter().map(Vec::from).collect()
}

/// Reads the filters of a call; an actor is known by its name while it exists, and by its key for ever.
fn filter_of(
    wire: &v1::ListEntriesRequest,
    names: &HashMap<KeyId, String>,
) -> Result<EntryFilter, Status> {
    fn given<T, E: ToString>(
        field: &'static str,
        text: &str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<Option<T>, Status> {
        if text.is_empty() {
            return Ok(None);
        }
        parse(text)
            .map(Some)
            .map_err(|e| refuse_field(&ConvertError::new(field, e)))
    }
    let time = |field, seconds| {
        given(field, if seconds == 0 { "" } else { "given" }, |_given| {
            UnixTime::from_seconds(seconds)
        })
    };
    let actor = match wire.actor.as_str() {
        "" => None,
        text => {
            let named = names.iter().find(|(_key, name)| *name == text);
            match (named, text.parse::<KeyId>()) {
                (Some((key, _name)), _) => Some(*key),
                (None, Ok(key)) => Some(key),
                (None, Err(_)) => {
                    return Err(refuse(&AuthorityError::UnknownActor(text.to_owned())));
                }
            }
        }
    };
    Ok(EntryFilter {
        actor,
        name: given("name", &wire.name, str::parse)?,
        serial: given("serial", &wire.serial, str::parse)?,
        since: time("since", wire.since)?,
        until: time("until", wire.until)?,
    })
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

/// Says what a change did, in one line.
pub(crate) fn describe(change: &Change) -> String {
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
            let left_out = restored
                .left_out
                .iter()
                .map(|crl| format!(" left out {} CRL {}", crl.issuer, crl.number));
            format!(
                "restored {} leaves{}{}{lost}",
                restored.leaves,
                lists.collect::<String>(),
                left_out.collect::<String>()
            )
        }
        Change::Revoked(revoked) => format!("revoked {} {}", revoked.serial, revoked.reason),
        Change::ActorAdded(actor) => {
            format!("actor-added {} {} {}", actor.name, actor.role, actor.key)
        }
        Change::ActorRemoved(key) => format!("actor-removed {key}"),
        Change::IssuerAdded(issuer) => format!("issuer-added {} {}", issuer.id, issuer.class),
        Change::CrlSigned(crl) => format!("crl-signed {} {}", crl.issuer, crl.number),
        Change::SettingsChanged(changed) => format!(
            "settings-changed {} -> {}: {}",
            changed.old,
            changed.new,
            changed.difference.trim_end().replace('\n', "; ")
        ),
        Change::KeyBlocked(blocked) => format!("key-blocked {} {}", blocked.key, blocked.comment),
        Change::KeyUnblocked(key) => format!("key-unblocked {key}"),
        Change::LogKeyAdded(added) => {
            let key = LogKeyStatement::from_note(&added.statement)
                .map(|statement| statement.key.to_string())
                .unwrap_or_default();
            format!("log-key-added {key}")
        }
        Change::ForkClaimed(claimed) => {
            let sizes = [&claimed.first, &claimed.second]
                .map(|note| Checkpoint::from_note(note).map_or(0, |checkpoint| checkpoint.size));
            format!(
                "fork-claimed between the checkpoints of {} and {} leaves",
                sizes[0], sizes[1]
            )
        }
        Change::ClockConfirmed(clock) => {
            format!(
                "clock-confirmed {} expected {}",
                clock.confirmed, clock.expected
            )
        }
        Change::IssuerStateChanged(changed) => {
            format!("issuer-state-changed {} {}", changed.issuer, changed.state)
        }
        Change::CeremonyRecorded(ceremony) => format!(
            "ceremony-recorded {} {}",
            ceremony.root,
            ca_types::Fingerprint::from(ceremony.transcript)
        ),
        Change::IssuerRequested(requested) => {
            format!("issuer-requested {} {}", requested.id, requested.class)
        }
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
