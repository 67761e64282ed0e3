//! The archive beside a plain list of everything that was ever issued.

use ca_types::{RevocationReason, Validity};
use proptest::prelude::*;

use super::*;
use crate::fixture::{DAY, founding, now, router_ca, serial};

/// What happens next to a CA.
#[derive(Debug, Clone)]
enum Event {
    /// So many certificates, each valid for so many days, one on each minute.
    Issue(u64, u64),
    /// Revokes one of those before.
    Revoke(prop::sample::Index),
    /// Signs a CRL on each of so many days.
    Days(u64),
    /// The clock jumps ahead by so many days, and goes on from there.
    Jump(u64),
    /// Somebody confirms that the clock was wrong by so many days.
    Confirm(u64),
}

#[derive(Debug, Clone, Copy)]
struct Plain {
    number: u64,
    not_after: UnixTime,
    revocation: Option<Revocation>,
}

/// The tables and the plain list, filled by the same rows.
#[derive(Debug)]
struct Both {
    rows: Vec<LeafRow>,
    tables: Tables,
    plain: Vec<Plain>,
    time: UnixTime,
}

impl Both {
    fn new() -> Self {
        let founding = LeafRow::project(&founding()).unwrap();
        let mut both = Self {
            rows: Vec::new(),
            tables: Tables::new(),
            plain: Vec::new(),
            time: now(),
        };
        both.apply(founding.changes);
        both
    }

    fn apply(&mut self, changes: Vec<RowChange>) {
        let row = LeafRow {
            time: self.time,
            request: None,
            changes,
        };
        let leaf = u64::try_from(self.rows.len()).unwrap();
        self.tables.apply(leaf, &row).unwrap();
        self.rows.push(row);
    }

    fn happen(&mut self, event: &Event) {
        match event {
            Event::Issue(count, days) => {
                for _certificate in 0..*count {
                    self.time = self.time.plus(60).unwrap();
                    self.issue(*days);
                }
            }
            Event::Revoke(index) => self.revoke(*index),
            Event::Days(days) => {
                for _day in 0..*days {
                    self.time = self.time.plus(DAY).unwrap();
                    self.apply(vec![RowChange::SettingsChanged]);
                }
            }
            Event::Jump(days) => self.time = self.time.plus(days * DAY).unwrap(),
            Event::Confirm(days) => {
                self.time = self.time.minus(days * DAY);
                self.apply(vec![RowChange::ClockConfirmed]);
            }
        }
    }

    fn issue(&mut self, days: u64) {
        let number = u64::try_from(self.plain.len()).unwrap() + 1;
        let not_after = self.time.plus(days * DAY).unwrap();
        self.apply(vec![RowChange::Issued(IssuedRow {
            issuer: router_ca(),
            profile: "router".parse().unwrap(),
            name: name(number).into(),
            succeeds: None,
            serial: serial(number),
            key: key(number),
            fingerprint: [0; 32].into(),
            validity: Validity::new(self.time, not_after).unwrap(),
            own_name_first: true,
            more_sans: Box::new([]),
        })]);
        self.plain.push(Plain {
            number,
            not_after,
            revocation: None,
        });
    }

    fn revoke(&mut self, index: prop::sample::Index) {
        if self.plain.is_empty() {
            return;
        }
        let place = index.index(self.plain.len());
        let revocation = Revocation {
            time: self.time,
            reason: RevocationReason::KeyCompromise,
        };
        if self.plain[place].revocation.is_none() {
            self.plain[place].revocation = Some(revocation);
            self.apply(vec![RowChange::Revoked(Revoked {
                serial: serial(self.plain[place].number),
                reason: revocation.reason,
            })]);
        }
    }

    fn archived(tables: &Tables, plain: &Plain) -> bool {
        tables.archived(serial(plain.number)).is_some()
    }

    /// Compares both, and returns how many certificates are archived.
    fn check(&self) -> usize {
        let revoked = self.tables.revoked(&router_ca()).len();
        let mut expected = 0..=0;
        let mut count = 0;
        let latest = self.rows.iter().map(|row| row.time).max().unwrap();
        for plain in &self.plain {
            let is_archived = Self::archived(&self.tables, plain);
            let revocation = match self.tables.certificate(serial(plain.number)) {
                Some(Known::Row(row)) => row.revocation,
                Some(Known::Archived(archived)) => archived.revocation,
                None => panic!("certificate {} is lost", plain.number),
            };
            assert_eq!(revocation, plain.revocation);
            assert_eq!(
                self.tables.name_of_key(&key(plain.number)),
                Some(&*name(plain.number))
            );
            let holds = self.tables.holders(&name(plain.number)).count();
            let is_held = plain.revocation.is_none() && !is_archived;
            assert_eq!(holds, usize::from(is_held));
            if is_archived {
                count += 1;
                assert!(latest.since(plain.not_after) > 365 * DAY, "{plain:?}");
            }
            if plain.revocation.is_some() {
                let least = expected.start() + usize::from(!is_archived);
                expected = least..=expected.end() + 1;
            }
        }
        assert!(expected.contains(&revoked), "{revoked} of {expected:?}");
        count
    }
}

fn name(number: u64) -> String {
    format!("router-{number}.example.net")
}

fn key(number: u64) -> KeyId {
    let mut octets = [0; 32];
    octets[..8].copy_from_slice(&number.to_be_bytes());
    octets.into()
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1_u64..900, 1_u64..400).prop_map(|(count, days)| Event::Issue(count, days)),
        4 => any::<prop::sample::Index>().prop_map(Event::Revoke),
        4 => (1_u64..500).prop_map(Event::Days),
        1 => (1_u64..2000).prop_map(Event::Jump),
        1 => (1_u64..2000).prop_map(Event::Confirm),
    ]
}

/// Enough of the first certificates to be archived, when the later ones come.
fn two_generations(between: &[Event]) -> Both {
    let mut both = Both::new();
    both.happen(&Event::Issue(1500, 90));
    for event in between {
        both.happen(event);
    }
    both.happen(&Event::Issue(1500, 90));
    both
}

#[test]
fn what_expired_a_year_ago_is_archived_and_still_found() {
    let both = two_generations(&[Event::Days(90 + 400)]);
    assert_eq!(both.check(), 1500);
    let listed = both
        .tables
        .list(&crate::fixture::everything(), &mut |archived| {
            Err(crate::StoreError::UnknownCertificate(archived.serial))
        });
    // The list asks the log for the first of them.
    let asked = listed.unwrap_err().to_string();
    assert_eq!(
        asked,
        format!("no certificate has serial number {}", serial(1))
    );
}

#[test]
fn what_can_still_be_succeeded_is_not_archived() {
    assert_eq!(two_generations(&[Event::Days(90 + 363)]).check(), 0);
}

#[test]
fn a_clock_that_jumped_archives_nothing() {
    // Not at once, and not when it was set right.
    assert_eq!(two_generations(&[Event::Jump(2000)]).check(), 0);
    let days = Event::Days(29);
    assert_eq!(two_generations(&[Event::Jump(2000), days]).check(), 0);
    let back = [Event::Jump(2000), Event::Days(20), Event::Confirm(2000)];
    assert_eq!(two_generations(&back).check(), 0);
}

#[test]
fn a_live_certificate_beside_long_expired_ones_stays() {
    let mut both = Both::new();
    both.happen(&Event::Issue(700, 30));
    both.happen(&Event::Issue(1, 3000));
    both.happen(&Event::Issue(800, 30));
    both.happen(&Event::Days(600));
    both.happen(&Event::Issue(1500, 30));
    assert_eq!(both.check(), 1500);
    assert!(!Both::archived(&both.tables, &both.plain[700]));
}

#[test]
fn revoking_reaches_the_archive() {
    let mut both = two_generations(&[Event::Days(90 + 400)]);
    assert!(both.tables.revoked(&router_ca()).is_empty());
    both.apply(vec![RowChange::Revoked(Revoked {
        serial: serial(1),
        reason: RevocationReason::KeyCompromise,
    })]);
    assert!(
        both.tables
            .archived(serial(1))
            .unwrap()
            .revocation
            .is_some()
    );
    assert_eq!(both.tables.revoked(&router_ca()).len(), 1);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn nothing_live_is_ever_archived(events in prop::collection::vec(event(), 1..24)) {
        let mut both = Both::new();
        for event in &events {
            both.happen(event);
        }
        both.check();
        // The same leaves make the same tables.
        let mut again = Tables::new();
        for (leaf, row) in (0..).zip(&both.rows) {
            again.apply(leaf, row).unwrap();
        }
        for plain in &both.plain {
            prop_assert_eq!(
                Both::archived(&again, plain),
                Both::archived(&both.tables, plain)
            );
        }
    }
}
