//! What peers may take of the server, and what it keeps for bad times.

use std::ops::RangeInclusive;
use std::time::Duration;

use toml::Spanned;

use super::raw::RawLimits;
use super::{Proof, SettingsError};

/// Bounds on what peers may take, and on what they leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Connections to the API at once.
    pub connections: usize,
    /// Connections to the API at once from one address.
    pub connections_per_peer: usize,
    /// Calls at once on one connection.
    pub streams_per_connection: u32,
    /// The longest message of the API in octets.
    pub message_octets: usize,
    /// How long a TLS handshake may take.
    pub handshake: Duration,
    /// Connections to the published documents at once.
    pub http_connections: usize,
    /// Connections to the published documents at once from one address.
    pub http_connections_per_peer: usize,
    /// How long an http connection may stand still, or take for the head of a request.
    pub http_stall: Duration,
    /// How much room on the disk is kept for revocations and CRLs, in octets.
    pub reserve_octets: u64,
}

/// A limit: its key, its default, and what it may be.
pub(super) struct Bound {
    pub(super) key: &'static str,
    pub(super) default: u32,
    pub(super) range: RangeInclusive<u32>,
    pub(super) meaning: &'static str,
}

pub(super) const CONNECTIONS: Bound = Bound {
    key: "connections",
    default: 1_024,
    range: 1..=100_000,
    meaning: "Connections to the API at once.",
};
pub(super) const CONNECTIONS_PER_PEER: Bound = Bound {
    key: "connections_per_peer",
    default: 128,
    range: 1..=100_000,
    meaning: "Connections to the API at once from one IPv4 address or IPv6 /64 network.",
};
pub(super) const STREAMS_PER_CONNECTION: Bound = Bound {
    key: "streams_per_connection",
    default: 128,
    range: 1..=10_000,
    meaning: "Calls at once on one connection.",
};
pub(super) const MESSAGE_OCTETS: Bound = Bound {
    key: "message_octets",
    default: 65_536,
    range: 16_384..=1_048_576,
    meaning: "The longest message that the API takes, in octets.",
};
pub(super) const HANDSHAKE_SECONDS: Bound = Bound {
    key: "handshake_seconds",
    default: 10,
    range: 1..=300,
    meaning: "How long a TLS handshake may take.",
};
pub(super) const HTTP_CONNECTIONS: Bound = Bound {
    key: "http_connections",
    default: 1_024,
    range: 1..=100_000,
    meaning: "Connections to the published documents at once.",
};
pub(super) const HTTP_CONNECTIONS_PER_PEER: Bound = Bound {
    key: "http_connections_per_peer",
    default: 256,
    range: 1..=100_000,
    meaning: "Connections to the published documents at once from one IPv4 address or IPv6 /64 network; \
              behind a proxy or NAT all routers share one.",
};
pub(super) const HTTP_STALL_SECONDS: Bound = Bound {
    key: "http_stall_seconds",
    default: 20,
    range: 1..=300,
    meaning: "How long an http connection may stand still, or take for the head of a request.",
};

pub(super) const RESERVE_MEBIBYTES: Bound = Bound {
    key: "reserve_mebibytes",
    default: 64,
    range: 1..=65_536,
    meaning: "Room on the disk that is kept for revocations and CRLs when it is full, in MiB; 64 are some 100 000 \
              revocations, or the CRLs of a week.",
};

/// All limits, in the order of the documentation.
pub(super) const ALL: [&Bound; 9] = [
    &CONNECTIONS,
    &CONNECTIONS_PER_PEER,
    &STREAMS_PER_CONNECTION,
    &MESSAGE_OCTETS,
    &HANDSHAKE_SECONDS,
    &HTTP_CONNECTIONS,
    &HTTP_CONNECTIONS_PER_PEER,
    &HTTP_STALL_SECONDS,
    &RESERVE_MEBIBYTES,
];

impl Limits {
    pub(super) fn prove(raw: &RawLimits, proof: &Proof<'_>) -> Result<Self, SettingsError> {
        let number =
            |bound: &Bound, value: Option<&Spanned<i64>>| prove_number(bound, value, proof);
        let size = |bound: &Bound, value: Option<&Spanned<i64>>| {
            number(bound, value).map(|number| usize::try_from(number).unwrap_or(usize::MAX))
        };
        let seconds = |bound: &Bound, value: Option<&Spanned<i64>>| {
            number(bound, value).map(|number| Duration::from_secs(number.into()))
        };
        Ok(Self {
            connections: size(&CONNECTIONS, raw.connections.as_ref())?,
            connections_per_peer: size(&CONNECTIONS_PER_PEER, raw.connections_per_peer.as_ref())?,
            streams_per_connection: number(
                &STREAMS_PER_CONNECTION,
                raw.streams_per_connection.as_ref(),
            )?,
            message_octets: size(&MESSAGE_OCTETS, raw.message_octets.as_ref())?,
            handshake: seconds(&HANDSHAKE_SECONDS, raw.handshake_seconds.as_ref())?,
            http_connections: size(&HTTP_CONNECTIONS, raw.http_connections.as_ref())?,
            http_connections_per_peer: size(
                &HTTP_CONNECTIONS_PER_PEER,
                raw.http_connections_per_peer.as_ref(),
            )?,
            http_stall: seconds(&HTTP_STALL_SECONDS, raw.http_stall_seconds.as_ref())?,
            reserve_octets: u64::from(number(&RESERVE_MEBIBYTES, raw.reserve_mebibytes.as_ref())?)
                << 20,
        })
    }
}

fn prove_number(
    bound: &Bound,
    value: Option<&Spanned<i64>>,
    proof: &Proof<'_>,
) -> Result<u32, SettingsError> {
    let Some(value) = value else {
        return Ok(bound.default);
    };
    let number = u32::try_from(*value.get_ref())
        .ok()
        .filter(|number| bound.range.contains(number));
    number.ok_or_else(|| {
        let (least, most) = (bound.range.start(), bound.range.end());
        let came = value.get_ref();
        proof.refuse(
            &format!("limits.{}", bound.key),
            value,
            format_args!("{came}: wanted {least} to {most}"),
        )
    })
}
