//! What the CA knows of a certificate.

use ca_proto::v1;
use ca_types::{
    CertificateState, Fingerprint, IssuerId, KeyId, ProfileName, RevocationReason, SerialNumber,
    UnixTime, Validity,
};

use super::ClientError;

/// A certificate of an end entity, and what the CA knows of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateRecord {
    /// The serial number.
    pub serial: SerialNumber,
    /// The CA that signed it.
    pub issuer_id: IssuerId,
    /// The profile it was issued under.
    pub profile: ProfileName,
    /// Its only common name.
    pub name: String,
    /// The subject alternative names in the order of the certificate, each with its form in front.
    pub sans: Vec<String>,
    /// When it is valid.
    pub validity: Validity,
    /// What it is worth now.
    pub state: CertificateState,
    /// When and why it was revoked.
    pub revocation: Option<Revocation>,
    /// The SHA-256 of its DER.
    pub fingerprint: Fingerprint,
    /// The SHA-256 of its public key.
    pub key_id: KeyId,
    /// The certificate in DER; empty in lists.
    pub der: Vec<u8>,
    /// The index of its leaf in the log.
    pub leaf: u64,
}

/// A revocation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revocation {
    /// When.
    pub time: UnixTime,
    /// Why.
    pub reason: RevocationReason,
}

impl TryFrom<v1::Certificate> for CertificateRecord {
    type Error = ClientError;

    fn try_from(wire: v1::Certificate) -> Result<Self, ClientError> {
        Ok(Self {
            serial: parsed("serial", &wire.serial)?,
            issuer_id: parsed("issuer_id", &wire.issuer_id)?,
            profile: parsed("profile", &wire.profile)?,
            name: wire.name,
            sans: wire.sans,
            validity: validity(wire.not_before, wire.not_after)?,
            state: ca_proto::certificate_state(wire.state)
                .map_err(|error| ClientError::answer("state", error))?
                .ok_or_else(|| ClientError::absent("state"))?,
            revocation: wire.revocation.map(Revocation::try_from).transpose()?,
            fingerprint: parsed("fingerprint", &wire.fingerprint)?,
            key_id: parsed("key_id", &wire.key_id)?,
            der: wire.der,
            leaf: wire.leaf,
        })
    }
}

impl TryFrom<v1::Revocation> for Revocation {
    type Error = ClientError;

    fn try_from(wire: v1::Revocation) -> Result<Self, ClientError> {
        Ok(Self {
            time: time("revocation.time", wire.time)?,
            reason: ca_proto::revocation_reason(wire.reason)
                .map_err(|error| ClientError::answer("revocation.reason", error))?,
        })
    }
}

pub(super) fn parsed<T>(field: &'static str, text: &str) -> Result<T, ClientError>
where
    T: std::str::FromStr<Err: std::fmt::Display>,
{
    text.parse()
        .map_err(|error| ClientError::answer(field, error))
}

pub(super) fn time(field: &'static str, seconds: i64) -> Result<UnixTime, ClientError> {
    UnixTime::from_seconds(seconds).map_err(|error| ClientError::answer(field, error))
}

pub(super) fn validity(not_before: i64, not_after: i64) -> Result<Validity, ClientError> {
    Validity::new(
        time("not_before", not_before)?,
        time("not_after", not_after)?,
    )
    .map_err(|error| ClientError::answer("validity", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wire() -> v1::Certificate {
        v1::Certificate {
            serial: "4a".repeat(16),
            issuer_id: "router-2026-1".to_owned(),
            profile: "router".to_owned(),
            name: "r1.example".to_owned(),
            sans: vec!["dns:r1.example".to_owned()],
            not_before: 10,
            not_after: 20,
            state: v1::CertificateState::Valid.into(),
            revocation: None,
            fingerprint: "00".repeat(32),
            key_id: "11".repeat(32),
            der: vec![],
            leaf: 7,
        }
    }

    #[track_caller]
    fn check(change: impl FnOnce(&mut v1::Certificate), expect: &str) {
        let mut wire = wire();
        change(&mut wire);
        let error = CertificateRecord::try_from(wire).unwrap_err();
        let ClientError::Answer { field, .. } = error else {
            panic!("{error}");
        };
        assert_eq!(field, expect);
    }

    #[test]
    fn an_answer_that_cannot_be_read_names_its_field() {
        assert_eq!(CertificateRecord::try_from(wire()).unwrap().leaf, 7);
        check(|wire| wire.serial = "zz".to_owned(), "serial");
        check(|wire| wire.not_after = 9, "validity");
        check(|wire| wire.not_before = -1, "not_before");
        check(|wire| wire.state = 0, "state");
        check(|wire| wire.key_id.clear(), "key_id");
        check(
            |wire| {
                wire.revocation = Some(v1::Revocation {
                    time: 1,
                    reason: 99,
                });
            },
            "revocation.reason",
        );
    }
}
