//! The index: sled behind the log, so that a start need not read all leaves.
//!
//! Nothing in it is believed that contradicts the log, and nothing waits for it.

mod directory;
mod inspection;
mod pages;
mod quiet;
mod read_ahead;

use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

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
use pages::Page;
pub(crate) use read_ahead::read_ahead;

/// An open index.
#[derive(Debug)]
pub(crate) struct Index {
    db: sled::Db,
    log_id: LogId,
    frontier: Frontier,
    last_hash: [u8; 32],
    /// The rows that fill no page yet.
    page: Page,
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
            db: guarded(|| config(path).open())?,
            log_id,
            frontier: Frontier::new(),
            last_hash: [0; 32],
            page: Page::default(),
            unflushed: 0,
        })
    }

    /// Reads the index in `path`, and fills the state and the places of the log from it.
    pub(crate) fn load(
        path: &Path,
        log: &Log,
        (tail_first, tail_offsets): (u64, &[u32]),
        progress: &mut dyn FnMut(Progress),
    ) -> Result<(Self, State), IndexError> {
        let leaves = tail_first + u64::try_from(tail_offsets.len()).unwrap_or(u64::MAX);
        let mut state = State::new();
        state
            .tables
            .reserve(usize::try_from(leaves).unwrap_or(usize::MAX));
        let mut reading = pages::Reading::default();
        let mut apply = |(place, octets): Pair| {
            let mut offsets = Vec::new();
            reading.page(&place, &octets, &mut |leaf, offset, row| {
                let in_tail = leaf
                    .checked_sub(tail_first)
                    .and_then(|place| tail_offsets.get(usize::try_from(place).ok()?));
                if in_tail.is_some_and(|found| *found != offset) {
                    return Err(unusable("a leaf stands elsewhere in the log"));
                }
                offsets.push(offset);
                let applied = state.tables.apply(leaf, row);
                applied.map_err(|source| IndexError::Unusable(source.to_string()))
            })?;
            log.publish(offsets);
            progress(Progress {
                step: OpenStep::Reading,
                done: log.leaves(),
                total: leaves,
            });
            Ok(())
        };
        let (db, head, tiles) = read_aside(path, (log.id(), leaves), &mut apply)?;
        let page = reading.end(head.frontier.size())?;
        let last = head.frontier.size().checked_sub(1);
        match last.map(|last| log.read(last)) {
            None => {}
            Some(Ok(Some(octets))) if leaf_hash(&octets) == head.last_hash => {}
            Some(_) => return Err(unusable("its last leaf is another one in the log")),
        }
        state.tiles = tiles;
        state.frontier = head.frontier.clone();
        let index = Self {
            db,
            log_id: head.log_id,
            frontier: head.frontier,
            last_hash: head.last_hash,
            page,
            unflushed: 0,
        };
        Ok((index, state))
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
        self.unflushed += rows.len();
        if self.unflushed >= FLUSH_EVERY {
            guarded(|| self.db.flush())?;
            self.unflushed = 0;
        }
        Ok(())
    }

    fn head(&self) -> Vec<u8> {
        let head = Head {
            log_id: self.log_id,
            last_hash: self.last_hash,
            frontier: self.frontier.clone(),
        };
        head.to_octets()
    }

    /// Writes what waits, at the end.
    fn close(self) -> Result<(), IndexError> {
        let last = self.applied().checked_sub(1);
        if let Some(last) = last.filter(|_last| !self.page.octets().is_empty()) {
            let mut batch = sled::Batch::default();
            batch.insert(pages::key(last), self.page.octets());
            batch.insert(HEAD_KEY, self.head());
            guarded(|| self.db.apply_batch(batch))?;
        }
        guarded(|| self.db.flush())?;
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
                Work::End => return self.close(),
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

/// A key of sled, and what stands under it.
type Pair = (sled::IVec, sled::IVec);
/// The hashes over every 256 leaves.
type Tiles = Chunks<[u8; 32]>;

/// How often a page is asked for again. What a reading has touched once stays in memory for ever: the cache of sled
/// throws out what it has too much of only after 64 accesses to each 256th of its nodes, and closing it frees nothing.
const TOUCHES: usize = 3;
/// How many pages wait for the tables.
const WAITING: usize = 64;

/// Reads an index in a thread of its own, and hands its pages over in this one.
fn read_aside(
    path: &Path,
    log: (LogId, u64),
    apply: &mut dyn FnMut(Pair) -> Result<(), IndexError>,
) -> Result<(sled::Db, Head, Tiles), IndexError> {
    let (pages, waiting) = sync_channel(WAITING);
    thread::scope(|scope| {
        let reading = scope.spawn(move || guarded(|| read(path, log, &pages)));
        for page in waiting {
            apply(page)?;
        }
        reading
            .join()
            .unwrap_or_else(|_panic| Err(unusable("sled panicked")))
    })
}

fn read(
    path: &Path,
    (log_id, leaves): (LogId, u64),
    pages: &SyncSender<Pair>,
) -> Result<(sled::Db, Head, Tiles), IndexError> {
    let db = config(path).open()?;
    let head = head(&db)?;
    if head.log_id != log_id {
        return Err(unusable("it belongs to another log"));
    }
    if head.frontier.size() > leaves {
        return Err(unusable("it is newer than the log"));
    }
    for page in pages::scan(&db) {
        let page = page?;
        for _touch in 0..TOUCHES {
            db.get(&page.0)?;
        }
        // Nobody listens any more when the tables refused a row, which is told there.
        let ended = |_page| unusable("the tables refused a row");
        pages.send(page).map_err(ended)?;
    }
    let tiles = tiles(&db, &head.frontier)?;
    Ok((db, head, tiles))
}

fn head(db: &sled::Db) -> Result<Head, IndexError> {
    db.get(HEAD_KEY)?
        .and_then(|octets| Head::from_octets(&octets))
        .ok_or_else(|| unusable("it has no head of the known form"))
}

/// Reads the hashes over every 256 leaves, which must be those below the frontier.
fn tiles(db: &sled::Db, frontier: &Frontier) -> Result<Tiles, IndexError> {
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

/// sled flushes by itself only when told: losing the end of the index costs a short replay.
fn config(path: &Path) -> sled::Config {
    sled::Config::new()
        .path(path)
        .cache_capacity(CACHE_OCTETS)
        .flush_every_ms(None)
}

/// Little: all access is in the order of the leaves.
const CACHE_OCTETS: u64 = 16 << 20;
/// What a killed process has to replay at the most: a fraction of a second.
const FLUSH_EVERY: usize = 5_000;

/// Gives an index the number of another format.
#[cfg(test)]
pub(crate) fn set_format(path: &Path, format: u8) {
    let db = config(path).open().unwrap();
    let mut head = db.get(HEAD_KEY).unwrap().unwrap();
    assert_eq!(head[0], FORMAT);
    head[0] = format;
    db.insert(HEAD_KEY, head).unwrap();
    db.flush().unwrap();
}
