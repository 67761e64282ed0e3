//! Every change comes back as it was; what was altered does not.

use ca_types::IssuerState;

use super::*;

fn of_ceremonies() -> [Change; 3] {
    let digest = [7; 32];
    [
        Change::IssuerStateChanged(IssuerStateChanged {
            issuer: "router-2026-1".parse().unwrap(),
            state: IssuerState::Inactive,
        }),
        Change::CeremonyRecorded(CeremonyRecorded {
            root: "root-2026-1".parse().unwrap(),
            answer: digest,
            transcript: [8; 32],
        }),
        Change::IssuerRequested(IssuerRequested {
            id: "router-2026-2".parse().unwrap(),
            class: IssuerClass::Router,
            trust_domain: TrustDomain::default(),
            request: vec![0x30, 0],
        }),
    ]
}

fn of_the_log() -> [Change; 3] {
    [
        Change::LogKeyAdded(LogKeyAdded {
            statement: crate::log_key::tests::statement(),
        }),
        Change::ForkClaimed(ForkClaimed {
            first: crate::checkpoint::tests::note(7, 1),
            second: crate::checkpoint::tests::note(7, 2),
        }),
        Change::ClockConfirmed(ClockConfirmed {
            expected: UnixTime::EPOCH,
            confirmed: UnixTime::MAX,
        }),
    ]
}

fn of_keys_and_restores() -> [Change; 4] {
    let digest = [7; 32];
    [
        Change::KeyBlocked(KeyBlocked {
            key: digest.into(),
            comment: "on a stolen laptop".into(),
        }),
        Change::KeyUnblocked(digest.into()),
        Change::Restored(Restored {
            leaves: 7,
            root: digest,
            lost_since: Some(UnixTime::EPOCH),
            lists: vec![
                RestoredList {
                    issuer: "router-2026-1".parse().unwrap(),
                    number: 9,
                    crl: Some(CrlSigned {
                        issuer: "router-2026-1".parse().unwrap(),
                        number: 9,
                        this_update: UnixTime::EPOCH,
                        next_update: UnixTime::MAX,
                        sha256: digest,
                    }),
                    revoked: vec![Reapplied {
                        serial: [0x40; 16].into(),
                        time: UnixTime::EPOCH,
                        reason: RevocationReason::Superseded,
                    }],
                },
                RestoredList {
                    issuer: "root-2026-1".parse().unwrap(),
                    number: 1,
                    crl: None,
                    revoked: Vec::new(),
                },
            ],
            left_out: vec![CrlSigned {
                issuer: "router-2026-2".parse().unwrap(),
                number: 4,
                this_update: UnixTime::EPOCH,
                next_update: UnixTime::MAX,
                sha256: digest,
            }],
        }),
        Change::Recovered(Issued {
            issuer: "router-2026-1".parse().unwrap(),
            profile: "router".parse().unwrap(),
            name: "a.example.net".to_owned(),
            succeeds: None,
            certificate: vec![0x30, 0],
        }),
    ]
}

fn entry() -> Entry {
    let digest = [7; 32];
    Entry {
        time: UnixTime::from_seconds(1_795_000_000).unwrap(),
        origin: Origin {
            actor: Some(digest.into()),
            address: "192.0.2.7:4711".into(),
            request: Some(Request {
                id: [1; 16].into(),
                digest: digest.into(),
            }),
            settings: digest.into(),
        },
        changes: [
            Change::Revoked(Revoked {
                serial: [0x41; 16].into(),
                reason: RevocationReason::Superseded,
            }),
            Change::Issued(Issued {
                issuer: "router-2026-1".parse().unwrap(),
                profile: "router".parse().unwrap(),
                name: "berlin-01.example.net".into(),
                succeeds: Some([0x42; 16].into()),
                certificate: vec![0x30, 0],
            }),
            Change::ActorAdded(Actor {
                key: digest.into(),
                name: "anna".parse().unwrap(),
                role: Role::Operator,
                scope: Scope {
                    names: vec!["*.example.net".parse().unwrap()],
                    ..Scope::default()
                },
            }),
            Change::ActorRemoved(digest.into()),
            Change::IssuerAdded(IssuerAdded {
                id: "root-2026-1".parse().unwrap(),
                class: IssuerClass::Root,
                trust_domain: TrustDomain::default(),
                certificate: vec![0x30, 0],
            }),
            Change::CrlSigned(CrlSigned {
                issuer: "root-2026-1".parse().unwrap(),
                number: 1,
                this_update: UnixTime::EPOCH,
                next_update: UnixTime::MAX,
                sha256: digest,
            }),
            Change::SettingsChanged(SettingsChanged {
                old: digest.into(),
                new: [8; 32].into(),
                difference: "domains: [] -> [\"example.net\"]\n".into(),
            }),
        ]
        .into_iter()
        .chain(of_keys_and_restores())
        .chain(of_the_log())
        .chain(of_ceremonies())
        .collect(),
    }
}

#[test]
fn every_change_comes_back_as_it_was() {
    let octets = entry().to_der().unwrap();
    assert_eq!(Entry::from_der(&octets).unwrap(), entry());
    let mut sparse = entry();
    sparse.origin.actor = None;
    sparse.origin.request = None;
    assert_eq!(Entry::from_der(&sparse.to_der().unwrap()).unwrap(), sparse);
}

#[test]
fn a_leaf_over_the_limit_is_refused() {
    let mut long = entry();
    long.origin.address = "a".repeat(MAX_ENTRY_OCTETS);
    assert!(matches!(long.to_der(), Err(EntryError::TooLong { .. })));
}

#[test]
fn every_cut_and_every_flipped_octet_is_refused_or_reads_as_another_entry() {
    let octets = entry().to_der().unwrap();
    for end in 0..octets.len() {
        assert!(Entry::from_der(&octets[..end]).is_err(), "cut at {end}");
    }
    for at in 0..octets.len() {
        let mut flipped = octets.clone();
        flipped[at] ^= 0x20;
        assert_ne!(Entry::from_der(&flipped), Ok(entry()), "flipped at {at}");
    }
}

/// An entry for each kind of change, as every build of format 1 has written it.
const FORMAT_1: &str = include_str!("../../../../tests/vectors/entries/format-1.hex");

#[test]
fn entries_of_format_1_are_written_and_read_as_ever() {
    let whole = entry();
    let mut written = Vec::new();
    for change in &whole.changes {
        let one = Entry {
            changes: vec![change.clone()],
            ..whole.clone()
        };
        let octets = one.to_der().unwrap();
        assert_eq!(Entry::from_der(&octets), Ok(one));
        let digits = octets.iter().map(|octet| format!("{octet:02x}"));
        written.push(digits.collect::<String>());
    }
    assert_eq!(written.len(), 17);
    let kept: Vec<_> = FORMAT_1.lines().collect();
    for one in &written {
        assert!(kept.contains(&one.as_str()), "not kept yet: {one}");
    }
    for line in kept {
        let digits = line.as_bytes().chunks(2);
        let octets: Vec<u8> = digits
            .map(|two| u8::from_str_radix(str::from_utf8(two).unwrap(), 16).unwrap())
            .collect();
        let entry = Entry::from_der(&octets).unwrap();
        assert_eq!(entry.to_der().unwrap(), octets, "{line}");
    }
}

/// A newer build may write more fields and other kinds of changes: its format is told all the same.
#[test]
fn a_newer_format_is_told_whatever_else_is_in_it() {
    #[derive(Sequence)]
    struct Newer {
        format: u8,
        more: String,
    }
    let mut other = entry().to_der().unwrap();
    let place = other.windows(3).position(|octets| octets == [2, 1, 1]);
    other[place.unwrap() + 2] = 2;
    assert_eq!(Entry::from_der(&other), Err(EntryError::Format(2)));
    let newer = Newer {
        format: 3,
        more: "something".to_owned(),
    };
    let octets = newer.to_der().unwrap();
    assert_eq!(Entry::from_der(&octets), Err(EntryError::Format(3)));
    let unknown = Newer { format: 1, ..newer };
    let octets = unknown.to_der().unwrap();
    assert!(matches!(Entry::from_der(&octets), Err(EntryError::Der(_))));
}
