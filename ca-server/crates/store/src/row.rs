//! What the tables know of certificates, actors, issuers and CRLs.

use ca_types::{
    Actor, CertificateState, Fingerprint, GeneralName, IssuerClass, IssuerId, IssuerState, KeyId,
    ProfileName, RevocationReason, SerialNumber, TrustDomain, UnixTime, Validity,
};

/// A certificate as the tables know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRow {
    /// The leaf that holds its DER.
    pub leaf: u64,
    /// Its serial number.
    pub serial: SerialNumber,
    /// The CA that signed it.
    pub issuer: IssuerId,
    /// The profile it was issued under.
    pub profile: ProfileName,
    /// Its NAME.
    pub name: String,
    /// Its subject alternative names, in the order of the certificate.
    pub sans: Vec<GeneralName>,
    /// Its public key.
    pub key: KeyId,
    /// The SHA-256 of its DER.
    pub fingerprint: Fingerprint,
    /// When it is valid.
    pub validity: Validity,
    /// When and why it was revoked, if it was.
    pub revocation: Option<Revocation>,
}

impl CertificateRow {
    /// Returns what it is worth at `now`; revoked wins over expired.
    pub fn state(&self, now: UnixTime) -> CertificateState {
        if self.revocation.is_some() {
            CertificateState::Revoked
        } else if self.validity.not_after() < now {
            CertificateState::Expired
        } else {
            CertificateState::Valid
        }
    }

    /// Returns all its names; a certificate of an actor has none but its common name.
    pub fn names(&self) -> Vec<String> {
        if self.sans.is_empty() {
            return vec![self.name.clone()];
        }
        self.sans.iter().map(GeneralName::value).collect()
    }
}

/// When and why a certificate was revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// When.
    pub time: UnixTime,
    /// Why.
    pub reason: RevocationReason,
}

/// A revocation that a published CRL told of when a backup was put back, of a certificate that the backup has not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnseenRevocation {
    /// The serial number.
    pub serial: SerialNumber,
    /// When and why.
    pub revocation: Revocation,
}

/// An actor and since when it may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActorRow {
    /// The actor.
    pub actor: Actor,
    /// When it was added.
    pub added: UnixTime,
}

/// A key that is certified no more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockedKeyRow {
    /// The key.
    pub key: KeyId,
    /// Since when.
    pub since: UnixTime,
    /// Why, in the words of who blocked it.
    pub comment: String,
}

/// A CA.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerRow {
    /// Its identifier.
    pub id: IssuerId,
    /// What it issues for.
    pub class: IssuerClass,
    /// The trust domain it belongs to.
    pub trust_domain: TrustDomain,
    /// Its own certificate in DER.
    pub certificate: Vec<u8>,
    /// When it was added.
    pub added: UnixTime,
    /// Whether it issues.
    pub state: IssuerState,
}

/// A CA that was asked for at a ceremony.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerRequestRow {
    /// Its identifier.
    pub id: IssuerId,
    /// What it will issue for.
    pub class: IssuerClass,
    /// The trust domain it will belong to.
    pub trust_domain: TrustDomain,
    /// The request for the ceremony in DER.
    pub request: Vec<u8>,
    /// When it was asked for.
    pub requested: UnixTime,
    /// Nobody wants it any more.
    pub withdrawn: bool,
}

/// The last CRL of an issuer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CrlRow {
    /// Its cRLNumber.
    pub number: u64,
    /// Its thisUpdate.
    pub this_update: UnixTime,
    /// Its nextUpdate.
    pub next_update: UnixTime,
    /// The SHA-256 of its DER.
    pub sha256: [u8; 32],
    /// The leaf that records it; a revocation in a later leaf is not in it.
    pub leaf: u64,
}
