//! Entries of the log: the content of one leaf, in DER.

use ca_types::{
    Actor, ActorName, IssuerClass, IssuerId, KeyId, NamePattern, ProfileName, RequestDigest,
    RequestId, RevocationReason, Role, Scope, SerialNumber, SettingsDigest, TrustDomain, UnixTime,
};
use der::asn1::{AnyRef, OctetString};
use der::{Choice, Decode, Encode, Sequence, SliceReader, Tag, Tagged as _};

use crate::{Checkpoint, LogKeyStatement};

mod issuers;
mod restored;

pub use issuers::{CeremonyRecorded, IssuerRequested, IssuerStateChanged};
use restored::RestoredDer;
pub use restored::{Reapplied, Restored, RestoredList};

/// The longest leaf: 65 535 octets.
pub const MAX_ENTRY_OCTETS: usize = 65_535;

/// One leaf of the log: who changed what, when, on which request. All changes happen, or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When the server decided it.
    pub time: UnixTime,
    /// Who asked for it, and from where.
    pub origin: Origin,
    /// What changed, in the order in which it is applied.
    pub changes: Vec<Change>,
}

/// Who asked for a change, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The key of the actor, or of the certificate holder; none for the console and the server itself.
    pub actor: Option<KeyId>,
    /// The peer's address, or one of the words of [`Console`].
    pub address: String,
    /// The request that is answered by this entry.
    pub request: Option<Request>,
    /// The settings in force.
    pub settings: SettingsDigest,
}

/// Origins that are no network address.
#[derive(Debug, Clone, Copy)]
pub struct Console;

impl Console {
    /// A command typed on the server.
    pub const TYPED: &'static str = "console";
    /// A task of the server itself.
    pub const TASK: &'static str = "server";
}

/// A changing request: its id, and the digest of what it asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// The caller's identifier.
    pub id: RequestId,
    /// What decides the answer, the caller's key included.
    pub digest: RequestDigest,
}

/// One change of state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A certificate was issued.
    Issued(Issued),
    /// A certificate was revoked.
    Revoked(Revoked),
    /// An actor may call the API from now on.
    ActorAdded(Actor),
    /// An actor may no longer call the API.
    ActorRemoved(KeyId),
    /// A CA came into being.
    IssuerAdded(IssuerAdded),
    /// A CRL was signed.
    CrlSigned(CrlSigned),
    /// Other settings are in force from now on.
    SettingsChanged(SettingsChanged),
    /// A key is certified no more.
    KeyBlocked(KeyBlocked),
    /// A key may be certified again.
    KeyUnblocked(KeyId),
    /// A backup was put back.
    Restored(Restored),
    /// A certificate of ours that a restored log lacked was handed in.
    Recovered(Issued),
    /// The log has a key that signs its checkpoints from now on.
    LogKeyAdded(LogKeyAdded),
    /// Somebody holds two checkpoints of this log of which at most one can be true.
    ForkClaimed(ForkClaimed),
    /// An admin vouches for the clock, which looked wrong.
    ClockConfirmed(ClockConfirmed),
    /// A CA began or ceased to issue.
    IssuerStateChanged(IssuerStateChanged),
    /// The answer of a ceremony was taken in.
    CeremonyRecorded(CeremonyRecorded),
    /// The key of a future CA was made, and the root is asked for its certificate.
    IssuerRequested(IssuerRequested),
}

impl Change {
    /// Returns the certificate that the change brings into the log, if it does.
    pub fn issued(&self) -> Option<&Issued> {
        match self {
            Self::Issued(issued) | Self::Recovered(issued) => Some(issued),
            Self::Revoked(_)
            | Self::ActorAdded(_)
            | Self::ActorRemoved(_)
            | Self::IssuerAdded(_)
            | Self::CrlSigned(_)
            | Self::SettingsChanged(_)
            | Self::KeyBlocked(_)
            | Self::KeyUnblocked(_)
            | Self::LogKeyAdded(_)
            | Self::ForkClaimed(_)
            | Self::ClockConfirmed(_)
            | Self::IssuerStateChanged(_)
            | Self::CeremonyRecorded(_)
            | Self::IssuerRequested(_)
            | Self::Restored(_) => None,
        }
    }
}

/// A certificate and what is not in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issued {
    /// The CA that signed.
    pub issuer: IssuerId,
    /// The profile it was issued under.
    pub profile: ProfileName,
    /// The NAME: its common name.
    pub name: String,
    /// The certificate that it renews or rekeys, and beside which it may be valid.
    pub succeeds: Option<SerialNumber>,
    /// The certificate in DER.
    pub certificate: Vec<u8>,
}

/// A revocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoked {
    /// The certificate.
    pub serial: SerialNumber,
    /// Why.
    pub reason: RevocationReason,
}

/// A new CA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerAdded {
    /// Its identifier, never used before.
    pub id: IssuerId,
    /// What it issues for.
    pub class: IssuerClass,
    /// The trust domain it belongs to.
    pub trust_domain: TrustDomain,
    /// Its own certificate in DER.
    pub certificate: Vec<u8>,
}

/// A signed CRL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlSigned {
    /// The CA that signed.
    pub issuer: IssuerId,
    /// Its cRLNumber, higher than every one before.
    pub number: u64,
    /// Its thisUpdate.
    pub this_update: UnixTime,
    /// Its nextUpdate.
    pub next_update: UnixTime,
    /// The SHA-256 of its DER.
    pub sha256: [u8; 32],
}

/// Other settings, taken while the server ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsChanged {
    /// The settings in force until now.
    pub old: SettingsDigest,
    /// The settings in force from now on.
    pub new: SettingsDigest,
    /// What differs, one line each; cut when it is too long for a leaf.
    pub difference: String,
}

/// A key that is certified no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyBlocked {
    /// The key.
    pub key: KeyId,
    /// Why, in the words of who blocked it.
    pub comment: String,
}

/// A new key of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKeyAdded {
    /// The statement by which a control CA vouches for it: the note of a [`LogKeyStatement`].
    pub statement: String,
}

/// Two signed checkpoints that contradict, or one that this log never had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkClaimed {
    /// The note of the checkpoint that was seen first.
    pub first: String,
    /// The note of the checkpoint that does not follow it.
    pub second: String,
}

/// A clock that was confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockConfirmed {
    /// What the server took for the time.
    pub expected: UnixTime,
    /// What the clock said.
    pub confirmed: UnixTime,
}

/// Why octets are no entry, or an entry has no octets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Not the DER of an entry.
    #[error("log entry is not DER of the known form")]
    Der(#[from] der::Error),
    /// A format that this build does not know.
    #[error("log entry has format {0}, this build knows format {FORMAT}")]
    Format(u8),
    /// A field with a value that cannot stand there.
    #[error("log entry has an impossible {0}")]
    Field(&'static str),
    /// A value that would be written in another way.
    #[error("log entry is not in its one canonical form")]
    NotCanonical,
    /// Longer than a leaf may be.
    #[error("log entry has {octets} octets, the limit is {MAX_ENTRY_OCTETS}")]
    TooLong {
        /// How many octets it has.
        octets: usize,
    },
}

impl Entry {
    /// Encodes the entry.
    ///
    /// # Errors
    /// Fails when the entry is longer than a leaf may be.
    pub fn to_der(&self) -> Result<Vec<u8>, EntryError> {
        let octets = EntryDer::try_from(self)?.to_der()?;
        if octets.len() > MAX_ENTRY_OCTETS {
            return Err(EntryError::TooLong {
                octets: octets.len(),
            });
        }
        Ok(octets)
    }

    /// Decodes an entry; what does not encode to the same octets again is refused.
    ///
    /// # Errors
    /// Fails on anything that [`Entry::to_der`] does not write.
    pub fn from_der(octets: &[u8]) -> Result<Self, EntryError> {
        if octets.len() > MAX_ENTRY_OCTETS {
            return Err(EntryError::TooLong {
                octets: octets.len(),
            });
        }
        let known = EntryDer::from_der(octets).map_err(|error| match format_of(octets) {
            Some(format) if format != FORMAT => EntryError::Format(format),
            Some(_) | None => EntryError::Der(error),
        })?;
        let entry = Self::try_from(known)?;
        if entry.to_der()? != octets {
            return Err(EntryError::NotCanonical);
        }
        Ok(entry)
    }
}

/// Reads the format alone: in an entry of a newer one nothing else need be of a known form.
fn format_of(octets: &[u8]) -> Option<u8> {
    let whole = AnyRef::from_der(octets).ok()?;
    if whole.tag() != Tag::Sequence {
        return None;
    }
    u8::decode(&mut SliceReader::new(whole.value()).ok()?).ok()
}

/// The only format so far.
const FORMAT: u8 = 1;

#[derive(Sequence)]
struct EntryDer {
    format: u8,
    time: i64,
    origin: OriginDer,
    changes: Vec<ChangeDer>,
}

#[derive(Sequence)]
struct OriginDer {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    actor: Option<OctetString>,
    address: String,
    #[asn1(
        context_specific = "1",
        tag_mode = "IMPLICIT",
        constructed = "true",
        optional = "true"
    )]
    request: Option<RequestDer>,
    settings: OctetString,
}

#[derive(Sequence)]
struct RequestDer {
    id: OctetString,
    digest: OctetString,
}

#[derive(Choice)]
enum ChangeDer {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", constructed = "true")]
    Issued(IssuedDer),
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true")]
    Revoked(RevokedDer),
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", constructed = "true")]
    ActorAdded(ActorDer),
    #[asn1(context_specific = "3", tag_mode = "IMPLICIT", constructed = "true")]
    ActorRemoved(KeyDer),
    #[asn1(context_specific = "4", tag_mode = "IMPLICIT", constructed = "true")]
    IssuerAdded(IssuerDer),
    #[asn1(context_specific = "5", tag_mode = "IMPLICIT", constructed = "true")]
    CrlSigned(CrlDer),
    #[asn1(context_specific = "6", tag_mode = "IMPLICIT", constructed = "true")]
    SettingsChanged(SettingsDer),
    #[asn1(context_specific = "7", tag_mode = "IMPLICIT", constructed = "true")]
    KeyBlocked(BlockedDer),
    #[asn1(context_specific = "8", tag_mode = "IMPLICIT", constructed = "true")]
    KeyUnblocked(KeyDer),
    #[asn1(context_specific = "14", tag_mode = "IMPLICIT", constructed = "true")]
    Restored(RestoredDer),
    #[asn1(context_specific = "15", tag_mode = "IMPLICIT", constructed = "true")]
    Recovered(IssuedDer),
    #[asn1(context_specific = "11", tag_mode = "IMPLICIT", constructed = "true")]
    LogKeyAdded(LogKeyDer),
    #[asn1(context_specific = "12", tag_mode = "IMPLICIT", constructed = "true")]
    ForkClaimed(ForkDer),
    #[asn1(context_specific = "13", tag_mode = "IMPLICIT", constructed = "true")]
    ClockConfirmed(ClockDer),
    #[asn1(context_specific = "9", tag_mode = "IMPLICIT", constructed = "true")]
    IssuerStateChanged(IssuerStateDer),
    #[asn1(context_specific = "10", tag_mode = "IMPLICIT", constructed = "true")]
    CeremonyRecorded(CeremonyDer),
    #[asn1(context_specific = "16", tag_mode = "IMPLICIT", constructed = "true")]
    IssuerRequested(IssuerRequestDer),
}

#[derive(Sequence)]
struct IssuedDer {
    issuer: String,
    profile: String,
    name: String,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT", optional = "true")]
    succeeds: Option<OctetString>,
    certificate: OctetString,
}

#[derive(Sequence)]
struct RevokedDer {
    serial: OctetString,
    reason: u8,
}

#[derive(Sequence)]
struct ActorDer {
    key: OctetString,
    name: String,
    role: String,
    issuers: Vec<String>,
    profiles: Vec<String>,
    names: Vec<String>,
}

#[derive(Sequence)]
struct KeyDer {
    key: OctetString,
}

#[derive(Sequence)]
struct IssuerDer {
    id: String,
    class: String,
    trust_domain: String,
    certificate: OctetString,
}

#[derive(Sequence)]
struct CrlDer {
    issuer: String,
    number: u64,
    this_update: i64,
    next_update: i64,
    sha256: OctetString,
}

#[derive(Sequence)]
struct SettingsDer {
    old: OctetString,
    new: OctetString,
    difference: String,
}

#[derive(Sequence)]
struct BlockedDer {
    key: OctetString,
    comment: String,
}

#[derive(Sequence)]
struct LogKeyDer {
    statement: String,
}

#[derive(Sequence)]
struct ForkDer {
    first: String,
    second: String,
}

#[derive(Sequence)]
struct ClockDer {
    expected: i64,
    confirmed: i64,
}

#[derive(Sequence)]
struct IssuerStateDer {
    issuer: String,
    state: String,
}

#[derive(Sequence)]
struct CeremonyDer {
    root: String,
    answer: OctetString,
    transcript: OctetString,
}

#[derive(Sequence)]
struct IssuerRequestDer {
    id: String,
    class: String,
    trust_domain: String,
    request: OctetString,
}

impl TryFrom<&Entry> for EntryDer {
    type Error = EntryError;

    fn try_from(entry: &Entry) -> Result<Self, EntryError> {
        Ok(Self {
            format: FORMAT,
            time: entry.time.seconds(),
            origin: OriginDer {
                actor: entry
                    .origin
                    .actor
                    .map(|key| octets(key.octets()))
                    .transpose()?,
                address: entry.origin.address.clone(),
                request: entry.origin.request.map(RequestDer::try_from).transpose()?,
                settings: octets(entry.origin.settings.octets())?,
            },
            changes: entry
                .changes
                .iter()
                .map(ChangeDer::try_from)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl TryFrom<Request> for RequestDer {
    type Error = EntryError;

    fn try_from(request: Request) -> Result<Self, EntryError> {
        Ok(Self {
            id: octets(&request.id.octets())?,
            digest: octets(request.digest.octets())?,
        })
    }
}

impl TryFrom<&Change> for ChangeDer {
    type Error = EntryError;

    fn try_from(change: &Change) -> Result<Self, EntryError> {
        Ok(match change {
            Change::Issued(issued) => Self::Issued(IssuedDer::try_from(issued)?),
            Change::Revoked(revoked) => Self::Revoked(RevokedDer {
                serial: octets(&revoked.serial.octets())?,
                reason: revoked.reason.number(),
            }),
            Change::ActorAdded(actor) => Self::ActorAdded(ActorDer {
                key: octets(actor.key.octets())?,
                name: actor.name.to_string(),
                role: actor.role.to_string(),
                issuers: actor
                    .scope
                    .issuers
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
                profiles: actor
                    .scope
                    .profiles
                    .iter()
                    .map(ToString::to_string)
                    .collect(),
                names: actor.scope.names.iter().map(ToString::to_string).collect(),
            }),
            Change::ActorRemoved(key) => Self::ActorRemoved(KeyDer {
                key: octets(key.octets())?,
            }),
            Change::IssuerAdded(issuer) => Self::IssuerAdded(IssuerDer {
                id: issuer.id.to_string(),
                class: issuer.class.to_string(),
                trust_domain: issuer.trust_domain.to_string(),
                certificate: octets(&issuer.certificate)?,
            }),
            Change::CrlSigned(crl) => Self::CrlSigned(CrlDer::try_from(crl)?),
            Change::SettingsChanged(changed) => Self::SettingsChanged(SettingsDer {
                old: octets(changed.old.octets())?,
                new: octets(changed.new.octets())?,
                difference: changed.difference.clone(),
            }),
            Change::KeyBlocked(blocked) => Self::KeyBlocked(BlockedDer {
                key: octets(blocked.key.octets())?,
                comment: blocked.comment.clone(),
            }),
            Change::KeyUnblocked(key) => Self::KeyUnblocked(KeyDer {
                key: octets(key.octets())?,
            }),
            Change::Restored(restored) => Self::Restored(RestoredDer::try_from(restored)?),
            Change::Recovered(issued) => Self::Recovered(IssuedDer::try_from(issued)?),
            Change::LogKeyAdded(added) => Self::LogKeyAdded(LogKeyDer {
                statement: added.statement.clone(),
            }),
            Change::ForkClaimed(claimed) => Self::ForkClaimed(ForkDer {
                first: claimed.first.clone(),
                second: claimed.second.clone(),
            }),
            Change::ClockConfirmed(clock) => Self::ClockConfirmed(ClockDer {
                expected: clock.expected.seconds(),
                confirmed: clock.confirmed.seconds(),
            }),
            Change::IssuerStateChanged(changed) => Self::IssuerStateChanged(IssuerStateDer {
                issuer: changed.issuer.to_string(),
                state: changed.state.to_string(),
            }),
            Change::CeremonyRecorded(ceremony) => Self::CeremonyRecorded(CeremonyDer {
                root: ceremony.root.to_string(),
                answer: octets(&ceremony.answer)?,
                transcript: octets(&ceremony.transcript)?,
            }),
            Change::IssuerRequested(requested) => Self::IssuerRequested(IssuerRequestDer {
                id: requested.id.to_string(),
                class: requested.class.to_string(),
                trust_domain: requested.trust_domain.to_string(),
                request: octets(&requested.request)?,
            }),
        })
    }
}

impl TryFrom<EntryDer> for Entry {
    type Error = EntryError;

    fn try_from(entry: EntryDer) -> Result<Self, EntryError> {
        if entry.format != FORMAT {
            return Err(EntryError::Format(entry.format));
        }
        Ok(Self {
            time: time(entry.time)?,
            origin: Origin {
                actor: entry.origin.actor.map(|key| key_id(&key)).transpose()?,
                address: entry.origin.address,
                request: entry.origin.request.map(Request::try_from).transpose()?,
                settings: settings_digest(&entry.origin.settings)?,
            },
            changes: entry
                .changes
                .into_iter()
                .map(Change::try_from)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl TryFrom<RequestDer> for Request {
    type Error = EntryError;

    fn try_from(request: RequestDer) -> Result<Self, EntryError> {
        let id: [u8; 16] = field("request id", request.id.as_bytes().try_into())?;
        Ok(Self {
            id: id.into(),
            digest: field("request digest", request.digest.as_bytes().try_into())?,
        })
    }
}

impl TryFrom<ChangeDer> for Change {
    type Error = EntryError;

    fn try_from(change: ChangeDer) -> Result<Self, EntryError> {
        Ok(match change {
            ChangeDer::Issued(issued) => Self::Issued(Issued::try_from(issued)?),
            ChangeDer::Revoked(revoked) => Self::Revoked(Revoked {
                serial: serial(&revoked.serial)?,
                reason: RevocationReason::from_number(revoked.reason)
                    .ok_or(EntryError::Field("revocation reason"))?,
            }),
            ChangeDer::ActorAdded(actor) => Self::ActorAdded(Actor {
                key: key_id(&actor.key)?,
                name: field("actor name", actor.name.parse::<ActorName>())?,
                role: field("role", actor.role.parse::<Role>())?,
                scope: Scope {
                    issuers: all("issuer id", &actor.issuers)?,
                    profiles: all("profile name", &actor.profiles)?,
                    names: all::<NamePattern>("name pattern", &actor.names)?,
                },
            }),
            ChangeDer::ActorRemoved(removed) => Self::ActorRemoved(key_id(&removed.key)?),
            ChangeDer::IssuerAdded(issuer) => Self::IssuerAdded(IssuerAdded {
                id: field("issuer id", issuer.id.parse())?,
                class: field("issuer class", issuer.class.parse())?,
                trust_domain: field("trust domain", issuer.trust_domain.parse())?,
                certificate: issuer.certificate.into_bytes().into(),
            }),
            ChangeDer::CrlSigned(crl) => Self::CrlSigned(CrlSigned::try_from(crl)?),
            ChangeDer::SettingsChanged(changed) => Self::SettingsChanged(SettingsChanged {
                old: settings_digest(&changed.old)?,
                new: settings_digest(&changed.new)?,
                difference: changed.difference,
            }),
            ChangeDer::KeyBlocked(blocked) => Self::KeyBlocked(KeyBlocked {
                key: key_id(&blocked.key)?,
                comment: blocked.comment,
            }),
            ChangeDer::KeyUnblocked(unblocked) => Self::KeyUnblocked(key_id(&unblocked.key)?),
            ChangeDer::Restored(restored) => Self::Restored(Restored::try_from(restored)?),
            ChangeDer::Recovered(issued) => Self::Recovered(Issued::try_from(issued)?),
            ChangeDer::LogKeyAdded(added) => {
                field("log key", LogKeyStatement::from_note(&added.statement))?;
                Self::LogKeyAdded(LogKeyAdded {
                    statement: added.statement,
                })
            }
            ChangeDer::ForkClaimed(claimed) => {
                for note in [&claimed.first, &claimed.second] {
                    field("checkpoint", Checkpoint::from_note(note))?;
                }
                Self::ForkClaimed(ForkClaimed {
                    first: claimed.first,
                    second: claimed.second,
                })
            }
            ChangeDer::ClockConfirmed(clock) => Self::ClockConfirmed(ClockConfirmed {
                expected: time(clock.expected)?,
                confirmed: time(clock.confirmed)?,
            }),
            ChangeDer::IssuerStateChanged(changed) => {
                Self::IssuerStateChanged(IssuerStateChanged {
                    issuer: field("issuer id", changed.issuer.parse())?,
                    state: field("issuer state", changed.state.parse())?,
                })
            }
            ChangeDer::CeremonyRecorded(ceremony) => Self::CeremonyRecorded(CeremonyRecorded {
                root: field("issuer id", ceremony.root.parse())?,
                answer: field("answer digest", ceremony.answer.as_bytes().try_into())?,
                transcript: field(
                    "transcript digest",
                    ceremony.transcript.as_bytes().try_into(),
                )?,
            }),
            ChangeDer::IssuerRequested(requested) => Self::IssuerRequested(IssuerRequested {
                id: field("issuer id", requested.id.parse())?,
                class: field("issuer class", requested.class.parse())?,
                trust_domain: field("trust domain", requested.trust_domain.parse())?,
                request: requested.request.into_bytes().into(),
            }),
        })
    }
}

impl TryFrom<&Issued> for IssuedDer {
    type Error = EntryError;

    fn try_from(issued: &Issued) -> Result<Self, EntryError> {
        Ok(Self {
            issuer: issued.issuer.to_string(),
            profile: issued.profile.to_string(),
            name: issued.name.clone(),
            succeeds: issued
                .succeeds
                .map(|serial| octets(&serial.octets()))
                .transpose()?,
            certificate: octets(&issued.certificate)?,
        })
    }
}

impl TryFrom<IssuedDer> for Issued {
    type Error = EntryError;

    fn try_from(issued: IssuedDer) -> Result<Self, EntryError> {
        Ok(Self {
            issuer: field("issuer id", issued.issuer.parse())?,
            profile: field("profile name", issued.profile.parse())?,
            name: issued.name,
            succeeds: issued.succeeds.map(|octets| serial(&octets)).transpose()?,
            certificate: issued.certificate.into_bytes().into(),
        })
    }
}

impl TryFrom<&CrlSigned> for CrlDer {
    type Error = EntryError;

    fn try_from(crl: &CrlSigned) -> Result<Self, EntryError> {
        Ok(Self {
            issuer: crl.issuer.to_string(),
            number: crl.number,
            this_update: crl.this_update.seconds(),
            next_update: crl.next_update.seconds(),
            sha256: octets(&crl.sha256)?,
        })
    }
}

impl TryFrom<CrlDer> for CrlSigned {
    type Error = EntryError;

    fn try_from(crl: CrlDer) -> Result<Self, EntryError> {
        Ok(Self {
            issuer: field("issuer id", crl.issuer.parse())?,
            number: crl.number,
            this_update: time(crl.this_update)?,
            next_update: time(crl.next_update)?,
            sha256: field("CRL digest", crl.sha256.as_bytes().try_into())?,
        })
    }
}

fn octets(octets: &[u8]) -> Result<OctetString, EntryError> {
    Ok(OctetString::new(octets)?)
}

fn key_id(octets: &OctetString) -> Result<KeyId, EntryError> {
    field("key id", octets.as_bytes().try_into())
}

fn settings_digest(octets: &OctetString) -> Result<SettingsDigest, EntryError> {
    field("settings digest", octets.as_bytes().try_into())
}

fn serial(octets: &OctetString) -> Result<SerialNumber, EntryError> {
    let octets: [u8; 16] = field("serial number", octets.as_bytes().try_into())?;
    Ok(octets.into())
}

fn time(seconds: i64) -> Result<UnixTime, EntryError> {
    field("time", UnixTime::from_seconds(seconds))
}

fn all<T: std::str::FromStr>(name: &'static str, texts: &[String]) -> Result<Vec<T>, EntryError> {
    texts.iter().map(|text| field(name, text.parse())).collect()
}

fn field<T, E>(name: &'static str, value: Result<T, E>) -> Result<T, EntryError> {
    value.map_err(|_source| EntryError::Field(name))
}

#[cfg(test)]
mod tests;
