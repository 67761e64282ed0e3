//! The calls of `Audit`.

use ca_proto::v1;
use ca_proto::v1::audit_client::AuditClient;
use ca_types::UnixTime;
use tonic::transport::Channel;

use super::certificate_record::time;
use super::{Client, ClientError, LARGEST_MESSAGE};

/// One leaf of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its index, counted from zero.
    pub leaf: u64,
    /// When the server decided it.
    pub time: UnixTime,
    /// The key of the actor or certificate holder in hexadecimal; empty for the console and the server.
    pub actor_key_id: String,
    /// The actor's name while it exists, else empty.
    pub actor: String,
    /// The peer's address, or `console`, or `server`.
    pub address: String,
    /// The request that was answered; empty when there was none.
    pub request_id: String,
    /// What changed, one line each.
    pub changes: Vec<String>,
    /// The octets of the leaf.
    pub octets: Vec<u8>,
}

/// One page of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPage {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// How many leaves the log has.
    pub size: u64,
    /// The leaf to go on from.
    pub next: u64,
}

/// Which entries to list; an absent filter does not limit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Only what this actor did: its name while it exists, or its key.
    pub actor: Option<String>,
    /// Only what is about a certificate or actor with a matching name.
    pub name: Option<String>,
    /// Only what is about the certificate with this serial number.
    pub serial: Option<String>,
    /// Only entries of this time or later.
    pub since: Option<UnixTime>,
    /// Only entries of this time or earlier.
    pub until: Option<UnixTime>,
}

/// The Merkle tree over all leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeHead {
    /// How many leaves it has.
    pub size: u64,
    /// Its root hash in hexadecimal.
    pub root: String,
}

impl Client {
    /// Lists at most `rows` entries of the log that pass a filter, from leaf `first`.
    ///
    /// # Errors
    /// Fails when the server refuses, is not reached, or its answer cannot be read.
    pub async fn audit_entries(
        &self,
        first: u64,
        rows: u32,
        filter: &EntryFilter,
    ) -> Result<AuditPage, ClientError> {
        let seconds = |time: Option<UnixTime>| time.map_or(0, UnixTime::seconds);
        let request = v1::ListEntriesRequest {
            first,
            page_size: rows,
            actor: filter.actor.clone().unwrap_or_default(),
            name: filter.name.clone().unwrap_or_default(),
            serial: filter.serial.clone().unwrap_or_default(),
            since: seconds(filter.since),
            until: seconds(filter.until),
        };
        let answer = self.read(self.audit_calls().list_entries(request).await)?;
        Ok(AuditPage {
            entries: answer
                .entries
                .into_iter()
                .map(AuditEntry::try_from)
                .collect::<Result<_, _>>()?,
            size: answer.size,
            next: answer.next,
        })
    }

    /// Returns the size and root hash of the log.
    ///
    /// # Errors
    /// Fails when the server refuses or is not reached.
    pub async fn tree_head(&self) -> Result<TreeHead, ClientError> {
        let mut client = self.audit_calls();
        let answer = self.read(client.get_tree_head(v1::GetTreeHeadRequest {}).await)?;
        Ok(TreeHead {
            size: answer.size,
            root: answer.root,
        })
    }

    pub(super) fn audit_calls(&self) -> AuditClient<Channel> {
        AuditClient::new(self.channel.clone()).max_decoding_message_size(LARGEST_MESSAGE)
    }
}

impl TryFrom<v1::LogEntry> for AuditEntry {
    type Error = ClientError;

    fn try_from(wire: v1::LogEntry) -> Result<Self, ClientError> {
        Ok(Self {
            leaf: wire.leaf,
            time: time("time", wire.time)?,
            actor_key_id: wire.actor_key_id,
            actor: wire.actor,
            address: wire.address,
            request_id: wire.request_id,
            changes: wire.changes,
            octets: wire.octets,
        })
    }
}
