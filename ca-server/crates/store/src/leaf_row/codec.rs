//! The octets of a [`LeafRow`] in the index.

use std::net::IpAddr;
use std::str::FromStr;

use ca_types::{
    Actor, GeneralName, IssuerId, ProfileName, RevocationReason, Scope, SerialNumber, UnixTime,
    Validity,
};
use ca_verify::{
    CrlSigned, IssuerAdded, IssuerRequested, IssuerStateChanged, KeyBlocked, LogKeyAdded,
    Reapplied, Restored, RestoredList, Revoked,
};

use super::{IssuedRow, LeafRow, RowChange};

/// Octets that are no row of this build; the index is rebuilt then.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RowError {
    #[error("row of format {0}, this build knows format {FORMAT}")]
    Format(u8),
    #[error("row with a wrong checksum")]
    Checksum,
    #[error("row that ends too early or too late, or with an impossible value")]
    Malformed,
}

impl LeafRow {
    /// Encodes the row: format, fields, CRC-32C.
    pub(crate) fn to_octets(&self) -> Vec<u8> {
        let mut out = Writer(Vec::with_capacity(256));
        out.octets(&[FORMAT]);
        out.time(self.time);
        out.optional(self.request.as_ref(), |out, id| out.octets(&id.octets()));
        out.list(&self.changes, Writer::change);
        let checksum = crc32c::crc32c(&out.0);
        out.octets(&checksum.to_be_bytes());
        out.0
    }

    /// Decodes what [`LeafRow::to_octets`] wrote.
    pub(crate) fn from_octets(octets: &[u8], usual: &mut Usual) -> Result<Self, RowError> {
        let (content, checksum) = octets.split_last_chunk::<4>().ok_or(RowError::Malformed)?;
        let mut reader = Reader {
            rest: content,
            usual,
        };
        let format = reader.octet().ok_or(RowError::Malformed)?;
        if format != FORMAT {
            return Err(RowError::Format(format));
        }
        if crc32c::crc32c(content) != u32::from_be_bytes(*checksum) {
            return Err(RowError::Checksum);
        }
        let row = reader.row().ok_or(RowError::Malformed)?;
        if !reader.rest.is_empty() {
            return Err(RowError::Malformed);
        }
        Ok(row)
    }
}

const FORMAT: u8 = 2;

struct Writer(Vec<u8>);

impl Writer {
    fn octets(&mut self, octets: &[u8]) {
        self.0.extend_from_slice(octets);
    }

    fn time(&mut self, time: UnixTime) {
        self.octets(&time.seconds().to_be_bytes());
    }

    /// Writes a length of 32 bits: every part of an entry is shorter than the entry.
    fn length(&mut self, length: usize) {
        self.octets(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.length(text.len());
        self.octets(text.as_bytes());
    }

    fn list<T>(&mut self, items: &[T], each: impl Fn(&mut Self, &T)) {
        self.length(items.len());
        for item in items {
            each(self, item);
        }
    }

    fn optional<T>(&mut self, value: Option<&T>, write: impl Fn(&mut Self, &T)) {
        match value {
            None => self.octets(&[0]),
            Some(value) => {
                self.octets(&[1]);
                write(self, value);
            }
        }
    }

    fn change(&mut self, change: &RowChange) {
        match change {
            RowChange::Issued(issued) => {
                self.octets(&[0]);
                self.issued(issued);
            }
            RowChange::Revoked(revoked) => {
                self.octets(&[1]);
                self.octets(&revoked.serial.octets());
                self.octets(&[revoked.reason.number()]);
            }
            RowChange::ActorAdded(actor) => {
                self.octets(&[2]);
                self.octets(actor.key.octets());
                self.text(actor.name.as_str());
                self.text(actor.role.as_str());
                self.list(&actor.scope.issuers, |out, id| out.text(id.as_str()));
                self.list(&actor.scope.profiles, |out, name| out.text(name.as_str()));
                self.list(&actor.scope.names, |out, name| out.text(name.as_str()));
            }
            RowChange::ActorRemoved(key) => {
                self.octets(&[3]);
                self.octets(key.octets());
            }
            RowChange::IssuerAdded(issuer) => {
                self.octets(&[4]);
                self.text(issuer.id.as_str());
                self.text(issuer.class.as_str());
                self.text(issuer.trust_domain.as_str());
                self.length(issuer.certificate.len());
                self.octets(&issuer.certificate);
            }
            RowChange::CrlSigned(crl) => {
                self.octets(&[5]);
                self.crl(crl);
            }
            RowChange::Restored(restored) => {
                self.octets(&[14]);
                self.restored(restored);
            }
            RowChange::Recovered(issued) => {
                self.octets(&[15]);
                self.issued(issued);
            }
            RowChange::SettingsChanged => self.octets(&[6]),
            RowChange::KeyBlocked(blocked) => {
                self.octets(&[7]);
                self.octets(blocked.key.octets());
                self.text(&blocked.comment);
            }
            RowChange::KeyUnblocked(key) => {
                self.octets(&[8]);
                self.octets(key.octets());
            }
            RowChange::LogKeyAdded(added) => {
                self.octets(&[11]);
                self.text(&added.statement);
            }
            RowChange::ForkClaimed => self.octets(&[12]),
            RowChange::ClockConfirmed => self.octets(&[13]),
            RowChange::IssuerStateChanged(changed) => {
                self.octets(&[9]);
                self.text(changed.issuer.as_str());
                self.text(changed.state.as_str());
            }
            RowChange::IssuerRequested(requested) => {
                self.octets(&[16]);
                self.text(requested.id.as_str());
                self.text(requested.class.as_str());
                self.text(requested.trust_domain.as_str());
                self.length(requested.request.len());
                self.octets(&requested.request);
            }
        }
    }

    fn crl(&mut self, crl: &CrlSigned) {
        self.text(crl.issuer.as_str());
        self.octets(&crl.number.to_be_bytes());
        self.time(crl.this_update);
        self.time(crl.next_update);
        self.octets(&crl.sha256);
    }

    fn restored(&mut self, restored: &Restored) {
        self.octets(&restored.leaves.to_be_bytes());
        self.octets(&restored.root);
        self.optional(restored.lost_since.as_ref(), |out, time| out.time(*time));
        self.list(&restored.lists, |out, list| {
            out.text(list.issuer.as_str());
            out.octets(&list.number.to_be_bytes());
            out.optional(list.crl.as_ref(), Self::crl);
            out.list(&list.revoked, |out, revoked| {
                out.octets(&revoked.serial.octets());
                out.time(revoked.time);
                out.octets(&[revoked.reason.number()]);
            });
        });
        self.list(&restored.left_out, Self::crl);
    }

    fn issued(&mut self, issued: &IssuedRow) {
        self.text(issued.issuer.as_str());
        self.text(issued.profile.as_str());
        self.text(&issued.name);
        self.optional(issued.succeeds.as_ref(), |out, serial| {
            out.octets(&serial.octets());
        });
        self.octets(&issued.serial.octets());
        self.octets(issued.key.octets());
        self.octets(issued.fingerprint.octets());
        self.time(issued.validity.not_before());
        self.time(issued.validity.not_after());
        self.octets(&[u8::from(issued.own_name_first)]);
        self.list(&issued.more_sans, |out, san| match san {
            GeneralName::Dns(name) => {
                out.octets(&[0]);
                out.text(name.as_str());
            }
            GeneralName::Email(address) => {
                out.octets(&[1]);
                out.text(address.as_str());
            }
            GeneralName::Ip(IpAddr::V4(address)) => {
                out.octets(&[4]);
                out.octets(&address.octets());
            }
            GeneralName::Ip(IpAddr::V6(address)) => {
                out.octets(&[6]);
                out.octets(&address.octets());
            }
        });
    }
}

/// Names that nearly every row has: they are checked and copied once.
#[derive(Debug, Default)]
pub(crate) struct Usual {
    issuers: Vec<IssuerId>,
    profiles: Vec<ProfileName>,
}

/// More would be looked through for longer than it takes to make one.
const MOST_USUAL: usize = 32;

fn usual<T: Clone + FromStr>(known: &mut Vec<T>, text: &str, as_str: fn(&T) -> &str) -> Option<T> {
    if let Some(found) = known.iter().find(|one| as_str(one) == text) {
        return Some(found.clone());
    }
    let new: T = text.parse().ok()?;
    if known.len() < MOST_USUAL {
        known.push(new.clone());
    }
    Some(new)
}

struct Reader<'a, 'u> {
    rest: &'a [u8],
    usual: &'u mut Usual,
}

impl<'a> Reader<'a, '_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*taken)
    }

    fn octet(&mut self) -> Option<u8> {
        self.take::<1>().map(|[octet]| octet)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.octet()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    fn time(&mut self) -> Option<UnixTime> {
        UnixTime::from_seconds(i64::from_be_bytes(self.take()?)).ok()
    }

    fn length(&mut self) -> Option<usize> {
        usize::try_from(u32::from_be_bytes(self.take()?)).ok()
    }

    fn octets(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }

    fn text(&mut self) -> Option<&'a str> {
        std::str::from_utf8(self.octets()?).ok()
    }

    fn parsed<T: FromStr>(&mut self) -> Option<T> {
        self.text()?.parse().ok()
    }

    fn list<T>(&mut self, each: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let count = self.length()?;
        // Every item has at least one octet: a count beyond that would only reserve memory.
        if count > self.rest.len() {
            return None;
        }
        // Collecting would make room for four, and most lists have one item or none.
        let mut items = Vec::with_capacity(count);
        for _item in 0..count {
            items.push(each(self)?);
        }
        Some(items)
    }

    fn optional<T>(&mut self, read: impl Fn(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.flag()? {
            read(self).map(Some)
        } else {
            Some(None)
        }
    }

    fn serial(&mut self) -> Option<SerialNumber> {
        self.take::<16>().map(Into::into)
    }

    fn row(&mut self) -> Option<LeafRow> {
        Some(LeafRow {
            time: self.time()?,
            request: self.optional(|reader| reader.take::<16>().map(Into::into))?,
            changes: self.list(Self::change)?,
        })
    }

    fn change(&mut self) -> Option<RowChange> {
        Some(match self.octet()? {
            0 => RowChange::Issued(self.issued()?),
            1 => RowChange::Revoked(Revoked {
                serial: self.serial()?,
                reason: RevocationReason::from_number(self.octet()?)?,
            }),
            2 => RowChange::ActorAdded(Actor {
                key: self.take::<32>()?.into(),
                name: self.parsed()?,
                role: self.parsed()?,
                scope: Scope {
                    issuers: self.list(Self::parsed::<IssuerId>)?,
                    profiles: self.list(Self::parsed::<ProfileName>)?,
                    names: self.list(Self::parsed)?,
                },
            }),
            3 => RowChange::ActorRemoved(self.take::<32>()?.into()),
            4 => RowChange::IssuerAdded(IssuerAdded {
                id: self.parsed()?,
                class: self.parsed()?,
                trust_domain: self.parsed()?,
                certificate: self.octets()?.to_vec(),
            }),
            5 => RowChange::CrlSigned(self.crl()?),
            14 => RowChange::Restored(Restored {
                leaves: u64::from_be_bytes(self.take()?),
                root: self.take()?,
                lost_since: self.optional(Self::time)?,
                lists: self.list(Self::restored_list)?,
                left_out: self.list(Self::crl)?,
            }),
            6 => RowChange::SettingsChanged,
            7 => RowChange::KeyBlocked(KeyBlocked {
                key: self.take::<32>()?.into(),
                comment: self.text()?.to_owned(),
            }),
            8 => RowChange::KeyUnblocked(self.take::<32>()?.into()),
            15 => RowChange::Recovered(self.issued()?),
            11 => RowChange::LogKeyAdded(LogKeyAdded {
                statement: self.text()?.to_owned(),
            }),
            12 => RowChange::ForkClaimed,
            13 => RowChange::ClockConfirmed,
            9 => RowChange::IssuerStateChanged(IssuerStateChanged {
                issuer: self.parsed()?,
                state: self.parsed()?,
            }),
            16 => RowChange::IssuerRequested(IssuerRequested {
                id: self.parsed()?,
                class: self.parsed()?,
                trust_domain: self.parsed()?,
                request: self.octets()?.to_vec(),
            }),
            _ => return None,
        })
    }

    fn crl(&mut self) -> Option<CrlSigned> {
        Some(CrlSigned {
            issuer: self.parsed()?,
            number: u64::from_be_bytes(self.take()?),
            this_update: self.time()?,
            next_update: self.time()?,
            sha256: self.take()?,
        })
    }

    fn restored_list(&mut self) -> Option<RestoredList> {
        Some(RestoredList {
            issuer: self.parsed()?,
            number: u64::from_be_bytes(self.take()?),
            crl: self.optional(Self::crl)?,
            revoked: self.list(|reader| {
                Some(Reapplied {
                    serial: reader.serial()?,
                    time: reader.time()?,
                    reason: RevocationReason::from_number(reader.octet()?)?,
                })
            })?,
        })
    }

    fn issued(&mut self) -> Option<IssuedRow> {
        let issuer = self.text()?;
        let profile = self.text()?;
        Some(IssuedRow {
            issuer: usual(&mut self.usual.issuers, issuer, IssuerId::as_str)?,
            profile: usual(&mut self.usual.profiles, profile, ProfileName::as_str)?,
            name: self.text()?.into(),
            succeeds: self.optional(Self::serial)?,
            serial: self.serial()?,
            key: self.take::<32>()?.into(),
            fingerprint: self.take::<32>()?.into(),
            validity: Validity::new(self.time()?, self.time()?).ok()?,
            own_name_first: self.flag()?,
            more_sans: self.list(Self::san)?.into(),
        })
    }

    fn san(&mut self) -> Option<GeneralName> {
        Some(match self.octet()? {
            0 => GeneralName::Dns(self.parsed()?),
            1 => GeneralName::Email(self.parsed()?),
            4 => GeneralName::Ip(IpAddr::from(self.take::<4>()?)),
            6 => GeneralName::Ip(IpAddr::from(self.take::<16>()?)),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> LeafRow {
        let time = |seconds| UnixTime::from_seconds(seconds).unwrap();
        let mut row = LeafRow {
            time: time(1_795_000_000),
            request: Some([1; 16].into()),
            changes: vec![
                RowChange::Issued(IssuedRow {
                    issuer: "router-2026-1".parse().unwrap(),
                    profile: "router".parse().unwrap(),
                    name: "berlin-01.example.net".into(),
                    succeeds: Some([3; 16].into()),
                    serial: [4; 16].into(),
                    key: [5; 32].into(),
                    fingerprint: [6; 32].into(),
                    validity: Validity::new(time(1), time(2)).unwrap(),
                    own_name_first: true,
                    more_sans: [
                        "dns:a.example",
                        "email:a@b.example",
                        "ip:192.0.2.1",
                        "ip:2001:db8::1",
                    ]
                    .map(|san| san.parse().unwrap())
                    .into(),
                }),
                RowChange::Revoked(Revoked {
                    serial: [7; 16].into(),
                    reason: RevocationReason::PrivilegeWithdrawn,
                }),
                RowChange::ActorAdded(Actor {
                    key: [8; 32].into(),
                    name: "anna".parse().unwrap(),
                    role: ca_types::Role::Agent,
                    scope: Scope {
                        issuers: vec!["router-2026-1".parse().unwrap()],
                        profiles: vec!["router".parse().unwrap()],
                        names: vec!["*.example.net".parse().unwrap()],
                    },
                }),
                RowChange::ActorRemoved([9; 32].into()),
                RowChange::IssuerAdded(IssuerAdded {
                    id: "root-2026-1".parse().unwrap(),
                    class: ca_types::IssuerClass::Root,
                    trust_domain: ca_types::TrustDomain::default(),
                    certificate: vec![0x30, 0],
                }),
                RowChange::CrlSigned(CrlSigned {
                    issuer: "root-2026-1".parse().unwrap(),
                    number: 7,
                    this_update: time(3),
                    next_update: time(4),
                    sha256: [10; 32],
                }),
            ],
        };
        row.changes.extend(later_changes());
        row
    }

    /// The changes that came after the first six.
    fn later_changes() -> Vec<RowChange> {
        let time = |seconds| UnixTime::from_seconds(seconds).unwrap();
        vec![
            RowChange::SettingsChanged,
            RowChange::KeyBlocked(KeyBlocked {
                key: [11; 32].into(),
                comment: "on a stolen laptop".to_owned(),
            }),
            RowChange::KeyUnblocked([12; 32].into()),
            RowChange::Restored(Restored {
                leaves: 5,
                root: [11; 32],
                lost_since: Some(time(6)),
                lists: vec![RestoredList {
                    issuer: "router-2026-1".parse().unwrap(),
                    number: 8,
                    crl: None,
                    revoked: vec![Reapplied {
                        serial: [12; 16].into(),
                        time: time(7),
                        reason: RevocationReason::Superseded,
                    }],
                }],
                left_out: vec![CrlSigned {
                    issuer: "router-2026-2".parse().unwrap(),
                    number: 4,
                    this_update: time(8),
                    next_update: time(9),
                    sha256: [13; 32],
                }],
            }),
            RowChange::LogKeyAdded(LogKeyAdded {
                statement: "statement".to_owned(),
            }),
            RowChange::ForkClaimed,
            RowChange::ClockConfirmed,
            RowChange::IssuerStateChanged(IssuerStateChanged {
                issuer: "router-2026-1".parse().unwrap(),
                state: ca_types::IssuerState::Retired,
            }),
            RowChange::IssuerRequested(IssuerRequested {
                id: "router-2026-2".parse().unwrap(),
                class: ca_types::IssuerClass::Router,
                trust_domain: ca_types::TrustDomain::default(),
                request: vec![0x30, 0],
            }),
        ]
    }

    fn read(octets: &[u8]) -> Result<LeafRow, RowError> {
        LeafRow::from_octets(octets, &mut Usual::default())
    }

    #[test]
    fn every_change_comes_back_as_it_was() {
        let octets = row().to_octets();
        let mut usual = Usual::default();
        for _time in 0..2 {
            assert_eq!(LeafRow::from_octets(&octets, &mut usual), Ok(row()));
        }
    }

    #[test]
    fn every_cut_and_every_flipped_octet_is_refused() {
        let octets = row().to_octets();
        for end in 0..octets.len() {
            assert!(read(&octets[..end]).is_err(), "cut at {end}");
        }
        for at in 0..octets.len() {
            let mut flipped = octets.clone();
            flipped[at] ^= 0x10;
            assert!(read(&flipped).is_err(), "flipped at {at}");
        }
    }

    proptest::proptest! {
        #[test]
        fn octets_with_a_right_checksum_are_a_row_or_refused(content: Vec<u8>) {
            let mut octets = vec![FORMAT];
            octets.extend_from_slice(&content);
            let checksum = crc32c::crc32c(&octets);
            octets.extend_from_slice(&checksum.to_be_bytes());
            if let Ok(row) = read(&octets) {
                proptest::prop_assert_eq!(read(&row.to_octets()), Ok(row));
            }
        }
    }
}
