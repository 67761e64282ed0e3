//! The index: sled behind the log, so that a start need not read all leaves.
//!
//! Nothing in it is believed that contradicts the log, and nothing waits for it.

mod directory;
mod inspection;
mod quiet;

use std::panic::AssertUnwindSafe;
use std::path::Path;

use ca_verify::{Frontier, TILE_LEVEL, leaf_hash};

use crate::chunks::Chunks;
use crate::feed::{Feed, GROUP, IndexRow, Work};
use crate::files::{Files as _, SystemFiles};
use crate::leaf_row::LeafRow;
use crate::log::Log;
use crate::state::State;
use crate::{LogId, OpenStep, Progress, StoreError};
pub(crate) use directory::Directories;
pub use inspection::{IndexStanding, inspect_index};

/// An open index.
#[derive(Debug)]
pub(crate) struct Index {
    db: sled::Db,
    log_id: LogId,
    frontier: Frontier,
    unflushed: usize,
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
struct Head {
    log_id: LogId,
    last_hash: [u8; 32],
    frontier: Frontier,
}

const HEAD_KEY: &[u8] = b"head";
/// The second format has tiles.
const FORMAT: u8 = 2;
/// What the keys of tiles begin with; that of a leaf is its index.
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
            db: guarded(|| config(path).open())?,
            log_id,
            frontier: Frontier::new(),
            unflushed: 0,
        })
    }

    /// Opens the index in `path`, and fills the state and the places of the log from it.
    pub(crate) fn load(
        path: &Path,
        log: &Log,
        tail: (u64, &[u32]),
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Self, State), IndexError> {
        guarded(|| Self::read(path, log, tail, progress))
    }

    fn read(
        path: &Path,
        log: &Log,
        (tail_first, tail_offsets): (u64, &[u32]),
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Self, State), IndexError> {
        let unusable = |what: &str| IndexError::Unusable(what.to_owned());
        let db = config(path).open()?;
        let head = db
            .get(HEAD_KEY)?
            .and_then(|octets| Head::from_octets(&octets))
            .ok_or_else(|| unusable("it has no head of the known form"))?;
        if head.log_id != log.id() {
            return Err(unusable("it belongs to another log"));
        }
        let applied = head.frontier.size();
        let leaves = tail_first + u64::try_from(tail_offsets.len()).unwrap_or(u64::MAX);
        if applied > leaves {
            return Err(unusable("it is newer than the log"));
        }
        let mut state = State::new();
        state
            .tables
            .reserve(usize::try_from(applied).unwrap_or(usize::MAX));
        let mut offsets = Vec::with_capacity(PROGRESS_EVERY);
        for (next, pair) in (0_u64..).zip(db.range(..applied.to_be_bytes())) {
            let (key, value) = pair?;
            if *key != next.to_be_bytes() {
                return Err(unusable("a row is missing"));
            }
            let (offset, row) = value
                .split_first_chunk::<4>()
                .ok_or_else(|| unusable("a row is too short"))?;
            let row = LeafRow::from_octets(row)
                .map_err(|source| IndexError::Unusable(source.to_string()))?;
            let offset = u32::from_be_bytes(*offset);
            let in_tail = next
                .checked_sub(tail_first)
                .and_then(|place| tail_offsets.get(usize::try_from(place).ok()?));
            if in_tail.is_some_and(|found| *found != offset) {
                return Err(unusable("a leaf stands elsewhere in the log"));
            }
            state
                .tables
                .apply(next, &row)
                .map_err(|source| IndexError::Unusable(source.to_string()))?;
            offsets.push(offset);
            if offsets.len() == PROGRESS_EVERY {
                log.publish(offsets.drain(..));
                progress(Progress {
                    step: OpenStep::Reading,
                    done: next + 1,
                    total: applied,
                });
            }
        }
        log.publish(offsets);
        if log.leaves() != applied {
            return Err(unusable("rows are missing at its end"));
        }
        let last = applied.checked_sub(1).map(|last| log.read(last));
        match last {
            None => {}
            Some(Ok(Some(octets))) if leaf_hash(&octets) == head.last_hash => {}
            Some(_) => return Err(unusable("its last leaf is another one in the log")),
        }
        state.tiles = tiles(&db, &head.frontier)?;
        state.frontier = head.frontier.clone();
        let index = Self {
            db,
            log_id: head.log_id,
            frontier: head.frontier,
            unflushed: 0,
        };
        Ok((index, state))
    }

    /// Returns the number of leaves that it has.
    pub(crate) fn applied(&self) -> u64 {
        self.frontier.size()
    }

    /// Adds the next rows, all or none; at most [`GROUP`] at a time.
    pub(crate) fn apply(&mut self, rows: &[IndexRow]) -> Result<(), IndexError> {
        let mut batch = sled::Batch::default();
        let mut frontier = self.frontier.clone();
        let Some(last) = rows.last() else {
            return Ok(());
        };
        for row in rows {
            let mut value = row.offset.to_be_bytes().to_vec();
            value.extend_from_slice(&row.octets);
            batch.insert(&row.leaf.to_be_bytes(), value);
            if let Some(tile) = frontier.push(row.leaf_hash) {
                batch.insert(tile_key(row.leaf >> TILE_LEVEL), &tile);
            }
        }
        let head = Head {
            log_id: self.log_id,
            last_hash: last.leaf_hash,
            frontier,
        };
        batch.insert(HEAD_KEY, head.to_octets());
        guarded(|| self.db.apply_batch(batch))?;
        self.frontier = head.frontier;
        self.unflushed += rows.len();
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
                Work::End => return self.flush(),
            }
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

/// Reads the hashes over every 256 leaves, which must be those below the frontier.
fn tiles(db: &sled::Db, frontier: &Frontier) -> Result<Chunks<[u8; 32]>, IndexError> {
    let unusable = |what: &str| IndexError::Unusable(what.to_owned());
    let mut tiles = Chunks::new();
    let mut above = Frontier::new();
    for (next, pair) in (0_u64..).zip(db.scan_prefix(TILE_KEY)) {
        let (key, value) = pair?;
        let tile = <[u8; 32]>::try_from(value.as_ref())
            .ok()
            .filter(|_tile| *key == tile_key(next))
            .ok_or_else(|| unusable("a tile is missing or malformed"))?;
        tiles.push(tile);
        above.push(tile);
    }
    if !frontier.stands_on(&above, TILE_LEVEL) {
        return Err(unusable("its tiles are of another tree"));
    }
    Ok(tiles)
}

/// Runs what calls sled: with flipped bytes, 0.34 may panic where it should fail.
fn guarded<T, E: Into<IndexError>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, IndexError> {
    match quiet::catch(AssertUnwindSafe(work)) {
        Some(result) => result.map_err(Into::into),
        None => Err(IndexError::Unusable("sled panicked".to_owned())),
    }
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
const PROGRESS_EVERY: usize = 10_000;
/// What a killed process has to replay at the most: a fraction of a second.
const FLUSH_EVERY: usize = 5_000;
