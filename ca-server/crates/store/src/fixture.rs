//! Entries with real certificates, for tests.

use ca_types::{
    Actor, IssuerClass, IssuerId, KeyId, RequestId, RevocationReason, Role, Scope, SerialNumber,
    TrustDomain, UnixTime,
};
use ca_verify::{
    Certificate, Change, Console, CrlSigned, Entry, Issued, IssuerAdded, KeyBlocked, Origin,
    Request, Revoked,
};
use rcgen::{CertificateParams, DnType, KeyPair, PKCS_ECDSA_P256_SHA256, SanType};

use crate::{CaStore, CertificateQuery};

/// The time of most entries.
pub(crate) fn now() -> UnixTime {
    UnixTime::from_seconds(1_795_000_000).unwrap()
}

pub(crate) const DAY: u64 = 86_400;

pub(crate) fn router_ca() -> IssuerId {
    "router-2026-1".parse().unwrap()
}

/// A certificate to be issued: valid from now for 90 days unless changed.
pub(crate) struct Leaf {
    pub(crate) name: &'static str,
    pub(crate) serial: SerialNumber,
    pub(crate) key: KeyPair,
    pub(crate) not_after: UnixTime,
    pub(crate) more_sans: Vec<SanType>,
    pub(crate) profile: &'static str,
    pub(crate) issuer: IssuerId,
    pub(crate) succeeds: Option<SerialNumber>,
}

impl Leaf {
    /// A router certificate; the serial number is made of `number`.
    pub(crate) fn new(name: &'static str, number: u64) -> Self {
        Self {
            name,
            serial: serial(number),
            key: KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap(),
            not_after: now().plus(90 * DAY).unwrap(),
            more_sans: Vec::new(),
            profile: "router",
            issuer: router_ca(),
            succeeds: None,
        }
    }

    pub(crate) fn der(&self) -> Vec<u8> {
        let epoch = rcgen::date_time_ymd(1970, 1, 1);
        let at =
            |time: UnixTime| epoch + std::time::Duration::from_secs(time.since(UnixTime::EPOCH));
        let mut params = CertificateParams::default();
        params.serial_number = Some(self.serial.octets().to_vec().into());
        params.not_before = at(now());
        params.not_after = at(self.not_after);
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(DnType::CommonName, self.name);
        params.subject_alt_names = vec![SanType::DnsName(self.name.try_into().unwrap())];
        params.subject_alt_names.extend(self.more_sans.clone());
        params.self_signed(&self.key).unwrap().der().to_vec()
    }

    pub(crate) fn change(&self) -> Change {
        Change::Issued(Issued {
            issuer: self.issuer.clone(),
            profile: self.profile.parse().unwrap(),
            name: self.name.to_owned(),
            succeeds: self.succeeds,
            certificate: self.der(),
        })
    }

    pub(crate) fn entry(&self) -> Entry {
        entry([self.change()])
    }

    pub(crate) fn key_id(&self) -> KeyId {
        Certificate::from_der(&self.der())
            .unwrap()
            .public_key()
            .key_id()
    }

    pub(crate) fn succeeding(self, number: u64) -> Self {
        Self {
            succeeds: Some(serial(number)),
            ..self
        }
    }
}

pub(crate) fn serial(number: u64) -> SerialNumber {
    let octets = (0x40_u128 << 120 | u128::from(number)).to_be_bytes();
    octets.into()
}

pub(crate) fn entry(changes: impl IntoIterator<Item = Change>) -> Entry {
    Entry {
        time: now(),
        origin: Origin {
            actor: None,
            address: Console::TASK.to_owned(),
            request: None,
            settings: [0; 32].into(),
        },
        changes: changes.into_iter().collect(),
    }
}

/// Makes the entry the answer to a request.
pub(crate) fn asked(entry: Entry, id: u8, digest: u8) -> Entry {
    let mut entry = entry;
    entry.origin.request = Some(Request {
        id: request_id(id),
        digest: [digest; 32].into(),
    });
    entry
}

pub(crate) fn request_id(id: u8) -> RequestId {
    [id; 16].into()
}

pub(crate) fn at(entry: Entry, time: UnixTime) -> Entry {
    Entry { time, ..entry }
}

pub(crate) fn revoked(number: u64) -> Change {
    Change::Revoked(Revoked {
        serial: serial(number),
        reason: RevocationReason::KeyCompromise,
    })
}

pub(crate) fn issuer(id: &str, domain: &str) -> Change {
    Change::IssuerAdded(IssuerAdded {
        id: id.parse().unwrap(),
        class: IssuerClass::Router,
        trust_domain: domain.parse::<TrustDomain>().unwrap(),
        certificate: vec![0x30, 0],
    })
}

pub(crate) fn blocked(key: KeyId) -> Change {
    Change::KeyBlocked(KeyBlocked {
        key,
        comment: "on a stolen laptop".to_owned(),
    })
}

pub(crate) fn actor(key: u8, name: &str, role: Role) -> Change {
    Change::ActorAdded(Actor {
        key: [key; 32].into(),
        name: name.parse().unwrap(),
        role,
        scope: Scope::default(),
    })
}

pub(crate) fn crl(number: u64) -> Change {
    Change::CrlSigned(CrlSigned {
        issuer: router_ca(),
        number,
        this_update: now(),
        next_update: now().plus(7 * DAY).unwrap(),
        sha256: [3; 32],
    })
}

/// The first leaf of every test: a CA and an admin.
pub(crate) fn founding() -> Entry {
    entry([
        issuer("router-2026-1", "main"),
        actor(1, "anna", Role::Admin),
    ])
}

pub(crate) fn everything() -> CertificateQuery {
    CertificateQuery {
        now: now(),
        name: None,
        san: None,
        profile: None,
        issuer: None,
        state: None,
        expires_by: None,
        scope: Scope::default(),
        after: None,
        limit: 1000,
    }
}

/// All that a store answers, in a form to compare; every certificate read from the log too.
pub(crate) async fn answers(store: &dyn CaStore) -> String {
    let rows = store.list(&everything()).await.unwrap().rows;
    let mut text = format!(
        "{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n{:?}\n",
        store.tree_head().await.unwrap(),
        store.issuers().await.unwrap(),
        store.actors().await.unwrap(),
        store.blocked_keys(None, 1000).await.unwrap(),
        store.last_crl(&router_ca()).await.unwrap(),
        store.revoked(&router_ca()).await.unwrap(),
        store.leaves(0, 1000).await.unwrap(),
    );
    text += &format!("{:?}\n", store.latest_time().await.unwrap());
    text += &format!("{:?}\n", store.root_at(1).await.unwrap());
    for (row, der) in rows
        .iter()
        .zip(store.certificates_der(&rows).await.unwrap())
    {
        text += &format!("{row:?} {der:?}\n");
        let found = store.certificate(row.serial).await.unwrap();
        assert_eq!(found.as_ref(), Some(row));
        let valid = store.valid_for_name(&row.name, None, now()).await.unwrap();
        text += &format!("{valid:?}\n");
    }
    for id in 0..8 {
        text += &format!("{:?}\n", store.answered(request_id(id)).await.unwrap());
    }
    text
}
