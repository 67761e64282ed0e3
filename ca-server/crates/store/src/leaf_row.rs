//! What one leaf means to the tables: everything of an entry but the certificates.

mod codec;

use ca_types::{
    Actor, Fingerprint, GeneralName, IssuerId, KeyId, ProfileName, RequestId, SerialNumber,
    UnixTime, Validity,
};
use ca_verify::{
    CertificateError, CertificateOutline, Change, CrlSigned, Entry, Issued, IssuerAdded,
    IssuerRequested, IssuerStateChanged, KeyBlocked, LogKeyAdded, Restored, Revoked,
};

use crate::StoreError;
pub(crate) use codec::Usual;

/// The small row of one leaf; the index keeps it, the tables are built from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeafRow {
    pub(crate) time: UnixTime,
    /// The request's digest stays in the log: it is compared only when an id comes again.
    pub(crate) request: Option<RequestId>,
    pub(crate) changes: Vec<RowChange>,
}

/// One change of a leaf.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RowChange {
    Issued(IssuedRow),
    Revoked(Revoked),
    ActorAdded(Actor),
    ActorRemoved(KeyId),
    /// With its certificate: there are few, and every start needs them.
    IssuerAdded(IssuerAdded),
    CrlSigned(CrlSigned),
    /// What changed stays in the log: no table needs it.
    SettingsChanged,
    KeyBlocked(KeyBlocked),
    KeyUnblocked(KeyId),
    Restored(Restored),
    Recovered(IssuedRow),
    LogKeyAdded(LogKeyAdded),
    /// Nothing of it is asked for: the log has it.
    ForkClaimed,
    /// The times of the leaves before no longer bind.
    ClockConfirmed,
    IssuerStateChanged(IssuerStateChanged),
    /// With its request, which is asked for until it is answered.
    IssuerRequested(IssuerRequested),
}

/// What the tables keep of a new certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IssuedRow {
    pub(crate) issuer: IssuerId,
    pub(crate) profile: ProfileName,
    pub(crate) name: Box<str>,
    pub(crate) succeeds: Option<SerialNumber>,
    pub(crate) serial: SerialNumber,
    pub(crate) key: KeyId,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) validity: Validity,
    /// The first name is the NAME itself, and is not kept twice.
    pub(crate) own_name_first: bool,
    pub(crate) more_sans: Box<[GeneralName]>,
}

impl LeafRow {
    /// Reads what the tables need out of an entry, the certificates parsed.
    pub(crate) fn project(entry: &Entry) -> Result<Self, StoreError> {
        Ok(Self {
            time: entry.time,
            request: entry.origin.request.map(|request| request.id),
            changes: entry
                .changes
                .iter()
                .filter_map(|change| RowChange::project(change).transpose())
                .collect::<Result<_, _>>()?,
        })
    }

    /// Tells whether a full disk must not stop it: it takes trust away or publishes that.
    pub(crate) fn is_essential(&self) -> bool {
        self.changes.iter().all(|change| match change {
            RowChange::Revoked(_)
            | RowChange::ActorRemoved(_)
            | RowChange::CrlSigned(_)
            | RowChange::KeyBlocked(_)
            | RowChange::LogKeyAdded(_)
            | RowChange::ClockConfirmed
            | RowChange::IssuerStateChanged(_) => true,
            RowChange::Issued(_)
            | RowChange::ActorAdded(_)
            | RowChange::IssuerAdded(_)
            | RowChange::SettingsChanged
            | RowChange::KeyUnblocked(_)
            | RowChange::Restored(_)
            | RowChange::Recovered(_)
            | RowChange::ForkClaimed
            | RowChange::IssuerRequested(_) => false,
        })
    }
}

impl RowChange {
    /// Returns the certificate that it brings, whether it was issued now or handed in.
    pub(crate) fn certificate(&self) -> Option<&IssuedRow> {
        match self {
            Self::Issued(issued) | Self::Recovered(issued) => Some(issued),
            Self::Revoked(_)
            | Self::ActorAdded(_)
            | Self::ActorRemoved(_)
            | Self::IssuerAdded(_)
            | Self::CrlSigned(_)
            | Self::SettingsChanged
            | Self::KeyBlocked(_)
            | Self::KeyUnblocked(_)
            | Self::Restored(_)
            | Self::LogKeyAdded(_)
            | Self::ForkClaimed
            | Self::ClockConfirmed
            | Self::IssuerStateChanged(_)
            | Self::IssuerRequested(_) => None,
        }
    }

    /// Returns nothing for what only the log keeps.
    fn project(change: &Change) -> Result<Option<Self>, StoreError> {
        Ok(Some(match change {
            Change::Issued(issued) => Self::Issued(IssuedRow::project(issued)?),
            Change::Revoked(revoked) => Self::Revoked(revoked.clone()),
            Change::ActorAdded(actor) => Self::ActorAdded(actor.clone()),
            Change::ActorRemoved(key) => Self::ActorRemoved(*key),
            Change::IssuerAdded(issuer) => Self::IssuerAdded(issuer.clone()),
            Change::CrlSigned(crl) => Self::CrlSigned(crl.clone()),
            Change::SettingsChanged(_) => Self::SettingsChanged,
            Change::KeyBlocked(blocked) => Self::KeyBlocked(blocked.clone()),
            Change::KeyUnblocked(key) => Self::KeyUnblocked(*key),
            Change::Restored(restored) => Self::Restored(restored.clone()),
            Change::Recovered(issued) => Self::Recovered(IssuedRow::project(issued)?),
            Change::LogKeyAdded(added) => Self::LogKeyAdded(added.clone()),
            Change::ForkClaimed(_) => Self::ForkClaimed,
            Change::ClockConfirmed(_) => Self::ClockConfirmed,
            Change::IssuerStateChanged(changed) => Self::IssuerStateChanged(changed.clone()),
            Change::IssuerRequested(requested) => Self::IssuerRequested(requested.clone()),
            Change::CeremonyRecorded(_) => return Ok(None),
        }))
    }
}

impl IssuedRow {
    fn project(issued: &Issued) -> Result<Self, StoreError> {
        let certificate = CertificateOutline::from_der(&issued.certificate)?;
        let mut sans = certificate.sans().map_err(CertificateError::from)?;
        let own_name_first = sans
            .first()
            .is_some_and(|first| is_written(first, &issued.name));
        if own_name_first {
            sans.remove(0);
        }
        Ok(Self {
            issuer: issued.issuer.clone(),
            profile: issued.profile.clone(),
            name: issued.name.as_str().into(),
            succeeds: issued.succeeds,
            serial: certificate.serial()?,
            key: certificate.key_id(),
            fingerprint: certificate.fingerprint(),
            validity: certificate.validity(),
            own_name_first,
            more_sans: sans.into(),
        })
    }
}

/// Tells whether a name is written as `text`; the three forms share no text.
pub(crate) fn is_written(san: &GeneralName, text: &str) -> bool {
    match san {
        GeneralName::Dns(name) => name.as_str() == text,
        GeneralName::Email(address) => address.as_str() == text,
        GeneralName::Ip(address) => address.to_string() == text,
    }
}
