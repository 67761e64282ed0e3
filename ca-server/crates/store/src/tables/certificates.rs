//! Compact rows of certificates, found by serial number, key and NAME.

use std::collections::BTreeMap;
use std::hash::BuildHasher;
use std::hint::black_box;
use std::num::NonZeroU32;

use ca_types::{Fingerprint, GeneralName, KeyId, SerialNumber, SubjectName, UnixTime, Validity};
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

use super::rows::{ArchivedCertificate, Kept, KeyStart, Rows};
use super::texts::{Text, Texts};
use crate::Revocation;
use crate::chunks::Chunks;
use crate::leaf_row::{IssuedRow, is_written};

/// All certificates, in the order of issue.
#[derive(Debug)]
pub(crate) struct Certificates {
    rows: Rows,
    /// The revocations of archived certificates.
    archived_revocations: BTreeMap<Number, Revocation>,
    names: Chunks<Name>,
    texts: Texts,
    /// Row numbers only: the keys of the three tables stand in the rows.
    by_serial: HashTable<Number>,
    by_key: HashTable<Number>,
    by_name: HashTable<Number>,
    hasher: DefaultHashBuilder,
}

/// A row number; one less than a `u32` can hold, so that an absent one takes no more room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Number(NonZeroU32);

impl Number {
    pub(super) fn new(place: usize) -> Option<Self> {
        let successor = u32::try_from(place).ok()?.checked_add(1)?;
        NonZeroU32::new(successor).map(Self)
    }

    pub(super) fn place(self) -> usize {
        usize::try_from(self.0.get() - 1).unwrap_or(usize::MAX)
    }
}

#[derive(Debug)]
struct Name {
    text: Text,
    /// The newest certificate of the name that is not revoked; the older ones hang on it.
    newest: Option<Number>,
    /// The leaf that issued the newest revoked certificate of the name; 0, which issues to no device, when there is none.
    newest_revoked: u64,
}

/// A certificate as the tables hold it: about 160 octets.
#[derive(Debug)]
pub(crate) struct TableCertificate {
    pub(crate) leaf: u64,
    pub(crate) key: KeyId,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) validity: Validity,
    pub(crate) revocation: Option<Revocation>,
    /// Octets, since the number itself would align the row to 16.
    serial: [u8; 16],
    /// The names beyond the NAME's own.
    more_sans: Box<[GeneralName]>,
    name: Number,
    pub(super) issuer: u32,
    pub(super) profile: u32,
    predecessor: Option<Number>,
    /// The next older certificate of the name that is not revoked.
    older: Option<Number>,
    /// The first name is the NAME itself.
    own_name_first: bool,
    /// Its place in its piece of the rows.
    pub(super) place: u16,
}

impl TableCertificate {
    /// Returns the number of its NAME.
    pub(super) fn name(&self) -> Number {
        self.name
    }

    pub(super) fn key_start(&self) -> KeyStart {
        key_start(&self.key)
    }

    pub(crate) fn serial(&self) -> SerialNumber {
        self.serial.into()
    }

    /// Returns the place of its issuer in the list of issuers.
    pub(super) fn issuer(&self) -> usize {
        usize::try_from(self.issuer).unwrap_or(usize::MAX)
    }

    /// Returns the place of its profile in the list of profiles.
    pub(super) fn profile(&self) -> usize {
        usize::try_from(self.profile).unwrap_or(usize::MAX)
    }

    pub(super) fn predecessor(&self) -> Option<Number> {
        self.predecessor
    }

    /// Returns all names in the order of the certificate.
    pub(super) fn sans(&self, name: &str) -> Vec<GeneralName> {
        let own = self
            .own_name_first
            .then(|| name.parse::<SubjectName>().ok())
            .flatten();
        own.iter()
            .map(SubjectName::general_name)
            .chain(self.more_sans.iter().cloned())
            .collect()
    }

    /// Tells whether `san` is one of the names.
    pub(super) fn has_san(&self, name: &str, san: &GeneralName) -> bool {
        self.own_name_first && is_written(san, name) || self.more_sans.contains(san)
    }
}

impl Certificates {
    pub(super) fn new() -> Self {
        Self {
            rows: Rows::new(),
            archived_revocations: BTreeMap::new(),
            names: Chunks::new(),
            texts: Texts::new(),
            by_serial: HashTable::new(),
            by_key: HashTable::new(),
            by_name: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// Makes room for so many more, so that the tables need not be rebuilt on the way.
    pub(super) fn reserve(&mut self, count: usize) {
        let Self {
            rows,
            names,
            texts,
            by_serial,
            by_key,
            by_name,
            hasher,
            ..
        } = self;
        by_serial.reserve(count, |number| serial_hash(rows, hasher, *number));
        by_key.reserve(count, |number| key_hash(rows, hasher, *number));
        by_name.reserve(count, |number| {
            hasher.hash_one(text_in(names, texts, *number))
        });
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Brings near what [`Certificates::issue`] will look at.
    pub(super) fn fetch(&self, issued: &IssuedRow) {
        black_box(self.number(issued.serial));
        black_box(self.number_of_key(key_start(&issued.key)));
        black_box(self.name_number(&issued.name));
    }

    /// Finds a certificate that is not archived.
    pub(super) fn get(&self, number: Number) -> Option<&TableCertificate> {
        self.rows.whole(number.place())
    }

    pub(super) fn iter_from(&self, first: usize) -> impl Iterator<Item = (usize, Kept<'_>)> {
        self.rows.iter_from(first)
    }

    pub(super) fn text_of(&self, name: Number) -> Option<&str> {
        text_in(&self.names, &self.texts, name)
    }

    pub(super) fn name_of(&self, certificate: &TableCertificate) -> Option<&str> {
        self.text_of(certificate.name)
    }

    pub(super) fn find(&self, serial: SerialNumber) -> Option<&TableCertificate> {
        self.get(self.number(serial)?)
    }

    /// Tells whether there is such a certificate, archived or not.
    pub(super) fn has(&self, serial: SerialNumber) -> bool {
        self.number(serial).is_some()
    }

    /// Finds an archived certificate, with its revocation.
    pub(super) fn archived(
        &self,
        serial: SerialNumber,
    ) -> Option<(&ArchivedCertificate, Option<Revocation>)> {
        let number = self.number(serial)?;
        let row = self.archived_row(number)?;
        Some((row, self.archived_revocations.get(&number).copied()))
    }

    pub(super) fn archived_row(&self, number: Number) -> Option<&ArchivedCertificate> {
        match self.rows.get(number.place())? {
            Kept::Archived(row) => Some(row),
            Kept::Whole(_) => None,
        }
    }

    /// Returns the revocation of the certificate in a place, if it is archived.
    pub(super) fn archived_revocation(&self, place: usize) -> Option<Revocation> {
        self.archived_revocations.get(&Number::new(place)?).copied()
    }

    fn number(&self, serial: SerialNumber) -> Option<Number> {
        let serial = serial.octets();
        self.by_serial
            .find(self.hasher.hash_one(serial), |number| {
                let row = self.rows.get(number.place());
                row.is_some_and(|row| row.serial() == serial)
            })
            .copied()
    }

    pub(super) fn name_of_key(&self, key: &KeyId) -> Option<&str> {
        let number = self.number_of_key(key_start(key))?;
        self.text_of(self.rows.get(number.place())?.name())
    }

    fn number_of_key(&self, key: KeyStart) -> Option<Number> {
        self.by_key
            .find(self.hasher.hash_one(key), |number| {
                let row = self.rows.get(number.place());
                row.is_some_and(|row| row.key() == key)
            })
            .copied()
    }

    /// Archives what ended before `end`, where there is enough of it; tells whether there was.
    pub(super) fn archive(&mut self, end: UnixTime) -> bool {
        let due = self.rows.due(end);
        for place in &due {
            let Some((number, row)) = Number::new(*place).zip(self.rows.whole(*place)) else {
                continue;
            };
            let (name, revocation) = (row.name, row.revocation);
            match revocation {
                Some(revocation) => drop(self.archived_revocations.insert(number, revocation)),
                None => self.unlink(name, number),
            }
        }
        self.rows.archive(&due);
        !due.is_empty()
    }

    pub(super) fn holders(&self, name: &str) -> impl Iterator<Item = &TableCertificate> {
        let newest = self
            .name_number(name)
            .and_then(|number| self.names.get(number.place()))
            .and_then(|name| name.newest);
        std::iter::successors(newest.and_then(|number| self.get(number)), |row| {
            self.get(row.older?)
        })
    }

    /// Returns the leaf that issued the newest revoked certificate of a name; 0 when there is none.
    pub(super) fn newest_revoked(&self, name: &str) -> u64 {
        self.name_number(name)
            .and_then(|number| self.names.get(number.place()))
            .map_or(0, |name| name.newest_revoked)
    }

    fn name_number(&self, text: &str) -> Option<Number> {
        self.by_name
            .find(self.hasher.hash_one(Some(text)), |number| {
                self.text_of(*number) == Some(text)
            })
            .copied()
    }

    /// Adds a certificate; `None` when its serial number is there.
    pub(super) fn issue(
        &mut self,
        leaf: u64,
        issued: &IssuedRow,
        (issuer, profile): (usize, usize),
    ) -> Option<()> {
        let (issuer, profile) = (u32::try_from(issuer).ok()?, u32::try_from(profile).ok()?);
        let number = Number::new(self.rows.len())?;
        let name = self.intern(&issued.name)?;
        let predecessor = issued.succeeds.and_then(|serial| self.number(serial));
        if !self.index(number, issued.serial.octets(), key_start(&issued.key)) {
            return None;
        }
        let older = self.names.get_mut(name.place())?.newest.replace(number);
        self.rows.push(TableCertificate {
            leaf,
            key: issued.key,
            fingerprint: issued.fingerprint,
            validity: issued.validity,
            revocation: None,
            serial: issued.serial.octets(),
            more_sans: issued.more_sans.clone(),
            name,
            issuer,
            profile,
            predecessor,
            older,
            own_name_first: issued.own_name_first,
            place: 0,
        });
        Some(())
    }

    /// Makes the next row known by its serial number, unless that is taken, and by its key, unless an earlier one has it.
    fn index(&mut self, number: Number, serial: [u8; 16], key: KeyStart) -> bool {
        let Self {
            rows,
            by_serial,
            by_key,
            hasher,
            ..
        } = self;
        let same = |number: &Number| {
            let row = rows.get(number.place());
            row.is_some_and(|row| row.serial() == serial)
        };
        let hash = |number: &Number| serial_hash(rows, hasher, *number);
        match by_serial.entry(hasher.hash_one(serial), same, hash) {
            Entry::Occupied(_) => return false,
            Entry::Vacant(free) => drop(free.insert(number)),
        }
        let same = |number: &Number| {
            let row = rows.get(number.place());
            row.is_some_and(|row| row.key() == key)
        };
        let hash = |number: &Number| key_hash(rows, hasher, *number);
        by_key
            .entry(hasher.hash_one(key), same, hash)
            .or_insert(number);
        true
    }

    /// Revokes a certificate; returns its number and the place of its issuer.
    pub(super) fn revoke(
        &mut self,
        serial: SerialNumber,
        revocation: Revocation,
    ) -> Option<(Number, usize)> {
        let number = self.number(serial)?;
        let Some(row) = self.rows.whole_mut(number.place()) else {
            let issuer = self.rows.get(number.place())?.issuer();
            let before = self.archived_revocations.insert(number, revocation);
            return before.is_none().then_some((number, issuer));
        };
        if row.revocation.replace(revocation).is_some() {
            return None;
        }
        let (leaf, name, issuer) = (row.leaf, row.name, row.issuer());
        let name_entry = self.names.get_mut(name.place())?;
        name_entry.newest_revoked = name_entry.newest_revoked.max(leaf);
        self.unlink(name, number);
        Some((number, issuer))
    }

    fn intern(&mut self, text: &str) -> Option<Number> {
        let Self {
            names,
            texts,
            by_name,
            hasher,
            ..
        } = self;
        let text_of = |number: &Number| text_in(names, texts, *number);
        let entry = by_name.entry(
            hasher.hash_one(Some(text)),
            |number| text_of(number) == Some(text),
            |number| hasher.hash_one(text_of(number)),
        );
        let free = match entry {
            Entry::Occupied(known) => return Some(*known.get()),
            Entry::Vacant(free) => free,
        };
        let number = Number::new(names.len())?;
        free.insert(number);
        names.push(Name {
            text: texts.push(text)?,
            newest: None,
            newest_revoked: 0,
        });
        Some(number)
    }

    /// Takes a certificate out of the list of its name.
    fn unlink(&mut self, name: Number, revoked: Number) {
        let mut newer: Option<Number> = None;
        let mut next = self.names.get(name.place()).and_then(|name| name.newest);
        while let Some(number) = next
            && number != revoked
        {
            newer = next;
            next = self.get(number).and_then(|row| row.older);
        }
        let older = self
            .rows
            .whole_mut(revoked.place())
            .and_then(|row| row.older.take());
        let link = match newer {
            Some(newer) => self.rows.whole_mut(newer.place()).map(|row| &mut row.older),
            None => self
                .names
                .get_mut(name.place())
                .map(|name| &mut name.newest),
        };
        if let Some(link) = link {
            *link = older;
        }
    }
}

fn text_in<'t>(names: &Chunks<Name>, texts: &'t Texts, name: Number) -> Option<&'t str> {
    texts.get(names.get(name.place())?.text)
}

fn key_start(key: &KeyId) -> KeyStart {
    key.octets().first_chunk().copied().unwrap_or_default()
}

fn serial_hash(rows: &Rows, hasher: &DefaultHashBuilder, number: Number) -> u64 {
    let row = rows.get(number.place());
    row.map_or(0, |row| hasher.hash_one(row.serial()))
}

fn key_hash(rows: &Rows, hasher: &DefaultHashBuilder, number: Number) -> u64 {
    let row = rows.get(number.place());
    row.map_or(0, |row| hasher.hash_one(row.key()))
}
