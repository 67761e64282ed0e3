//! The index: sled behind the log, so that a start need not read all leaves.
//!
//! Nothing in it is believed that contradicts the log, and nothing waits for it.

mod directory;
mod inspection;
mod pages;
mod quiet;
mod read_ahead;
mod reader;

use std::fs::File;
use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};

use ca_verify::{Frontier, TILE_LEVEL, leaf_hash};

use crate::feed::{Feed, GROUP, IndexRow, Work};
use crate::files::{Files as _, SystemFiles};
use crate::leaf_row::LeafRow;
use crate::log::Log;
use crate::seal::Rows;
use crate::state::State;
use crate::{IndexSeal, LogId, OpenStep, Progress, StoreError};
pub(crate) use directory::Directories;
pub use inspection::{IndexInspection, IndexStanding, IndexedLeaf, inspect_index};
use pages::Page;
pub(crate) use read_ahead::read_ahead;
pub(crate) use reader::Reader;

/// An open index.
#[derive(Debug)]
pub(crate) struct Index {
    path: PathBuf,
    db: sled::Db,
    log_id: LogId,
    frontier: Frontier,
    last_hash: [u8; 32],
    /// The rows that fill no page yet.
    page: Page,
    /// The seal that is in it.
    seal: Option<IndexSeal>,
    /// How many octets of rows sled may not have written yet.
    unflushed: usize,
    /// How many rows were added since it was opened.
    added: usize,
}

/// Why an index cannot be used.
#[derive(Debug)]
pub(crate) enum IndexError {
    /// Another process has it open.
    InUse,
    /// It is damaged or does not fit the log; it can be built anew.
    Unusable(String),
}

impl From<sled::Error> for IndexError {
    fn from(error: sled::Error) -> Self {
        let text = error.to_string();
        // sled has no kind of its own for this.
        if text.contains("could not acquire lock") {
            Self::InUse
        } else {
            Self::Unusable(text)
        }
    }
}

/// What the head of the index says: how far it is, and of which log.
#[derive(Debug)]
struct Head {
    log_id: LogId,
    last_hash: [u8; 32],
    frontier: Frontier,
}

const HEAD_KEY: &[u8] = b"head";
const SEAL_KEY: &[u8] = b"seal";
/// The second format has tiles, the third has pages.
const FORMAT: u8 = 3;
/// What the keys of tiles begin with.
const TILE_KEY: &[u8] = b"tile";

fn tile_key(tile: u64) -> Vec<u8> {
    [TILE_KEY, &tile.to_be_bytes()].concat()
}

impl Head {
    fn to_octets(&self) -> Vec<u8> {
        let mut octets = vec![FORMAT];
        octets.extend_from_slice(self.log_id.octets());
        octets.extend_from_slice(&self.last_hash);
        octets.extend_from_slice(&self.frontier.to_octets());
        octets
    }

    fn from_octets(octets: &[u8]) -> Option<Self> {
        let (format, rest) = octets.split_first()?;
        let (log_id, rest) = rest.split_first_chunk::<16>()?;
        let (last_hash, frontier) = rest.split_first_chunk::<32>()?;
        (*format == FORMAT).then_some(Self {
            log_id: (*log_id).into(),
            last_hash: *last_hash,
            frontier: Frontier::from_octets(frontier)?,
        })
    }
}

impl Index {
    /// Makes an empty index in the directory `path`, which must not exist.
    pub(crate) fn create(path: &Path, log_id: LogId) -> Result<Self, IndexError> {
        SystemFiles
            .create_dir(path)
            .map_err(|source| IndexError::Unusable(source.to_string()))?;
        Ok(Self {
            path: path.to_owned(),
            db: guarded(|| config(path).open())?,
            log_id,
            frontier: Frontier::new(),
            last_hash: [0; 32],
            page: Page::default(),
            seal: None,
            unflushed: 0,
            added: 0,
        })
    }

    /// Fills the state and the places of the log from an index that is read.
    pub(crate) fn load(
        reader: Reader<'_>,
        log: &Log,
        (tail_first, tail_offsets): (u64, &[u32]),
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Self, State), IndexError> {
        let leaves = tail_first + u64::try_from(tail_offsets.len()).unwrap_or(u64::MAX);
        let mut state = State::new();
        state
            .tables
            .reserve(usize::try_from(leaves).unwrap_or(usize::MAX));
        let read = reader.hand_over(&mut |batch| {
            for (leaf, offset) in (batch.first..).zip(&batch.offsets) {
                if leaf >= leaves {
                    return Err(unusable("it is newer than the log"));
                }
                let in_tail = leaf
                    .checked_sub(tail_first)
                    .and_then(|place| tail_offsets.get(usize::try_from(place).ok()?));
                if in_tail.is_some_and(|found| found != offset) {
                    return Err(unusable("a leaf stands elsewhere in the log"));
                }
            }
            let applied = state.tables.apply_all(batch.first, &batch.rows);
            applied.map_err(|source| IndexError::Unusable(source.to_string()))?;
            log.publish(batch.offsets.iter().copied());
            progress(Progress {
                step: OpenStep::Reading,
                done: log.leaves(),
                total: leaves,
            });
            Ok(())
        })?;
        let head = read.head;
        let last = head.frontier.size().checked_sub(1);
        match last.map(|last| log.read(last)) {
            None => {}
            Some(Ok(Some(octets))) if leaf_hash(&octets) == head.last_hash => {}
            Some(_) => return Err(unusable("its last leaf is another one in the log")),
        }
        if let Some(seal) = &read.seal {
            let sealed = read.pages.sealed_rows.digest(log.id());
            if sealed != seal.digest || !is_of_log(&read.pages.rows_behind, log, sealed.leaves)? {
                return Err(unusable("its rows are not those of the leaves"));
            }
        }
        state.tiles = read.tiles;
        state.frontier = head.frontier.clone();
        state.rows = read.pages.rows;
        let index = Self {
            path: read.path,
            db: read.db,
            log_id: head.log_id,
            frontier: head.frontier,
            last_hash: head.last_hash,
            page: read.pages.page,
            seal: read.seal,
            unflushed: 0,
            added: 0,
        };
        Ok((index, state))
    }

    /// Returns the seal that is in it.
    pub(crate) fn seal(&self) -> Option<&IndexSeal> {
        self.seal.as_ref()
    }

    /// Returns the number of leaves that it has.
    pub(crate) fn applied(&self) -> u64 {
        self.frontier.size()
    }

    /// Adds the next rows; those of a page that is not full wait for more.
    pub(crate) fn apply(&mut self, rows: &[IndexRow]) -> Result<(), IndexError> {
        let mut batch = sled::Batch::default();
        let mut head = None;
        for row in rows {
            self.page.push(row);
            self.last_hash = row.leaf_hash;
            if let Some(tile) = self.frontier.push(row.leaf_hash) {
                batch.insert(tile_key(row.leaf >> TILE_LEVEL), &tile);
            }
            if pages::is_full(self.applied()) {
                batch.insert(pages::key(row.leaf), self.page.octets());
                self.page = Page::default();
                head = Some(self.head());
            }
        }
        if let Some(head) = head {
            batch.insert(HEAD_KEY, head);
            guarded(|| self.db.apply_batch(batch))?;
        }
        self.added += rows.len();
        self.unflushed += rows.iter().map(|row| row.octets.len()).sum::<usize>();
        if self.unflushed >= FLUSH_EVERY {
            self.flush()?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), IndexError> {
        guarded(|| self.db.flush())?;
        self.unflushed = 0;
        Ok(())
    }

    /// Opens it again when it has grown a lot: only then sled notes where everything stands, and what stands behind
    /// that note the next start reads from end to end.
    pub(crate) fn settle(self) -> Result<Self, IndexError> {
        if self.added < SETTLE_EVERY {
            return Ok(self);
        }
        self.reopen()
    }

    pub(crate) fn reopen(mut self) -> Result<Self, IndexError> {
        self.flush()?;
        let Self { db, path, .. } = self;
        let db = guarded(|| {
            release(db, &path)?;
            config(&path).open()
        })?;
        Ok(Self {
            db,
            path,
            added: 0,
            ..self
        })
    }

    /// Writes what waits; whoever opens it then finds it free.
    fn close(mut self) -> Result<(), IndexError> {
        self.write()?;
        let Self { db, path, .. } = self;
        guarded(|| release(db, &path))
    }

    fn head(&self) -> Vec<u8> {
        let head = Head {
            log_id: self.log_id,
            last_hash: self.last_hash,
            frontier: self.frontier.clone(),
        };
        head.to_octets()
    }

    /// Writes what waits, and the seal behind it.
    pub(crate) fn write(&mut self) -> Result<(), IndexError> {
        let mut batch = sled::Batch::default();
        batch.insert(HEAD_KEY, self.head());
        let last = self.applied().checked_sub(1);
        if let Some(last) = last.filter(|_last| !self.page.octets().is_empty()) {
            batch.insert(pages::key(last), self.page.octets());
        }
        if let Some(seal) = &self.seal {
            batch.insert(SEAL_KEY, seal.to_octets());
        }
        guarded(|| self.db.apply_batch(batch))?;
        self.flush()
    }

    fn take_seal(&mut self, seal: &IndexSeal) -> Result<(), IndexError> {
        if self.seal.as_ref() == Some(seal) {
            return Ok(());
        }
        self.seal = Some(seal.clone());
        self.write()
    }

    /// Follows the log until the feed ends.
    pub(crate) fn follow(mut self, log: &Log, feed: &Feed) -> Result<(), IndexError> {
        loop {
            match feed.next(self.applied()) {
                Work::Rows(mut rows) => {
                    // Rows that were read from the log meanwhile are not needed again.
                    rows.retain(|row| row.leaf >= self.applied());
                    for run in rows.chunk_by(|row, next| row.leaf + 1 == next.leaf) {
                        if let Some(first) = run.first() {
                            self.catch_up(log, first.leaf)?;
                        }
                        self.apply(run)?;
                    }
                }
                Work::CatchUp(leaves) => self.catch_up(log, leaves)?,
                Work::Seal(sealing) => {
                    self.take_seal(&sealing.seal)?;
                    sealing.tell();
                }
                Work::End => return self.close(),
            }
            self = self.settle()?;
        }
    }

    fn catch_up(&mut self, log: &Log, leaves: u64) -> Result<(), IndexError> {
        let mut rows = Vec::with_capacity(GROUP);
        let mut failed = None;
        let read = log.replay(self.applied(), leaves, &mut |found| {
            let (_row, row) = IndexRow::read(&found)?;
            rows.push(row);
            if rows.len() == GROUP && failed.is_none() {
                failed = self.apply(&rows).err();
                rows.clear();
            }
            Ok(())
        });
        match (read, failed) {
            (Ok(()), None) => self.apply(&rows),
            (_, Some(error)) => Err(error),
            (Err(source), None) => Err(IndexError::Unusable(source.to_string())),
        }
    }
}

impl IndexRow {
    /// Reads a leaf of the log into its row.
    pub(crate) fn read(found: &crate::log::Found<'_>) -> Result<(LeafRow, Self), StoreError> {
        let row = LeafRow::project(&found.entry()?)
            .map_err(|source| found.damaged(source.to_string()))?;
        let index_row = Self {
            leaf: found.leaf,
            offset: found.offset,
            leaf_hash: leaf_hash(found.octets),
            octets: row.to_octets(),
        };
        Ok((row, index_row))
    }
}

fn head(db: &sled::Db) -> Result<Head, IndexError> {
    db.get(HEAD_KEY)?
        .and_then(|octets| Head::from_octets(&octets))
        .ok_or_else(|| unusable("it has no head of the known form"))
}

fn seal(db: &sled::Db, log_id: LogId) -> Result<Option<IndexSeal>, IndexError> {
    let octets = db.get(SEAL_KEY)?;
    Ok(octets.and_then(|octets| IndexSeal::from_octets(log_id, &octets)))
}

/// Compares rows with the leaves from number `first` on.
fn is_of_log(rows: &Rows, log: &Log, first: u64) -> Result<bool, IndexError> {
    let mut of_log = Rows::default();
    let end = first + rows.leaves();
    let read = log.replay_in_lanes(first, end, IndexRow::read, &mut |_found, read| {
        let (_row, row) = read?;
        of_log.push(&row.octets);
        Ok(())
    });
    read.map_err(|source| IndexError::Unusable(source.to_string()))?;
    Ok(of_log.digest(log.id()) == rows.digest(log.id()))
}

fn unusable(what: &str) -> IndexError {
    IndexError::Unusable(what.to_owned())
}

/// Runs what calls sled: with flipped bytes, 0.34 may panic where it should fail.
fn guarded<T, E: Into<IndexError>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, IndexError> {
    match quiet::catch(AssertUnwindSafe(work)) {
        Some(result) => result.map_err(Into::into),
        None => Err(IndexError::Unusable("sled panicked".to_owned())),
    }
}

/// Closes sled, which syncs once more and panics when that fails.
fn release(db: sled::Db, path: &Path) -> Result<(), sled::Error> {
    drop(db);
    // A thread of its own may still hold the file for a moment.
    let file = File::open(path.join("db"))?;
    file.lock()?;
    Ok(file.unlock()?)
}

/// sled flushes by itself only when told: losing the end of the index costs a short replay.
fn config(path: &Path) -> sled::Config {
    sled::Config::new()
        .path(path)
        .cache_capacity(CACHE_OCTETS)
        .flush_every_ms(None)
}

/// Little: all access is in the order of the leaves.
const CACHE_OCTETS: u64 = 16 << 20;
/// In octets of rows. sled writes each half megabyte in one of its seven threads, and when all of them wait for it while it
/// shortens its file, it stands still for ever.
const FLUSH_EVERY: usize = 1 << 18;
/// Some ten megabytes, which a start reads in a fraction of a second.
const SETTLE_EVERY: usize = 200_000;

/// Gives an index the number of another format.
#[cfg(test)]
pub(crate) fn set_format(path: &Path, format: u8) {
    let db = config(path).open().unwrap();
    let mut head = db.get(HEAD_KEY).unwrap().unwrap();
    assert_eq!(head[0], FORMAT);
    head[0] = format;
    db.insert(HEAD_KEY, head).unwrap();
    db.flush().unwrap();
    release(db, path).unwrap();
}

/// Gives a leaf the row of another change; its checksum is right.
#[cfg(test)]
pub(crate) fn change_row(path: &Path, leaf: u64) {
    let db = config(path).open().unwrap();
    let key = pages::key(leaf);
    let octets = db.get(&key).unwrap().unwrap();
    let mut page = Page::default();
    let mut usual = crate::leaf_row::Usual::default();
    let first = leaf >> pages::LEVEL << pages::LEVEL;
    for (next, (offset, row)) in (first..).zip(pages::rows(&octets)) {
        let mut changed = LeafRow::from_octets(row, &mut usual).unwrap();
        if next == leaf {
            changed.changes = vec![crate::leaf_row::RowChange::ForkClaimed];
        }
        page.push(&IndexRow {
            leaf: next,
            offset,
            leaf_hash: [0; 32],
            octets: changed.to_octets(),
        });
    }
    db.insert(key, page.octets()).unwrap();
    db.flush().unwrap();
    release(db, path).unwrap();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_of_sled_makes_the_index_unusable() {
        let found = guarded(|| -> Result<(), sled::Error> { panic!("a flipped octet") });
        assert!(
            matches!(&found, Err(IndexError::Unusable(why)) if why == "sled panicked"),
            "{found:?}"
        );
        assert!(matches!(guarded(|| Ok::<_, sled::Error>(7)), Ok(7)));
    }
}
