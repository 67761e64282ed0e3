//! Reading an index in a thread of its own, while another looks at the log and fills the tables.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread::{Scope, ScopedJoinHandle};

use ca_verify::{Frontier, TILE_LEVEL};

use super::pages;
use super::{Head, IndexError, TILE_KEY, config, guarded, head, seal, tile_key, unusable};
use crate::chunks::Chunks;
use crate::leaf_row::LeafRow;
use crate::{IndexSeal, LogId};

/// An index that is being read.
#[derive(Debug)]
pub(crate) struct Reader<'s> {
    batches: Receiver<Batch>,
    /// Batches that were looked at: who made them frees them, at a fraction of what it costs another thread.
    used: Sender<Batch>,
    thread: ScopedJoinHandle<'s, Result<Read, IndexError>>,
}

/// The rows of leaves that follow one another.
#[derive(Debug)]
pub(super) struct Batch {
    /// The number of the first leaf.
    pub(super) first: u64,
    /// Where their records stand.
    pub(super) offsets: Vec<u32>,
    pub(super) rows: Vec<LeafRow>,
}

/// What else there is of an index.
#[derive(Debug)]
pub(super) struct Read {
    pub(super) path: PathBuf,
    pub(super) db: sled::Db,
    pub(super) head: Head,
    pub(super) seal: Option<IndexSeal>,
    pub(super) pages: pages::All,
    /// The hashes over every 256 leaves.
    pub(super) tiles: Chunks<[u8; 32]>,
}

impl<'s> Reader<'s> {
    /// Begins to read the index of a log.
    pub(crate) fn begin(scope: &'s Scope<'s, '_>, path: PathBuf, log_id: LogId) -> Self {
        let (sender, batches) = sync_channel(WAITING);
        let (used, returned) = channel();
        Self {
            batches,
            used,
            thread: scope.spawn(move || guarded(|| read(&path, log_id, &sender, &returned))),
        }
    }

    /// Shows all rows in this thread, and ends.
    pub(super) fn hand_over(
        self,
        look: &mut dyn FnMut(&Batch) -> Result<(), IndexError>,
    ) -> Result<Read, IndexError> {
        let Self {
            batches,
            used,
            thread,
        } = self;
        let taken = batches.iter().try_for_each(|batch| {
            let looked = look(&batch);
            // Behind its last page the thread takes nothing back.
            let _kept = used.send(batch);
            looked
        });
        // Whoever still reads for nothing ends.
        drop(batches);
        let read = thread.join();
        taken?;
        read.unwrap_or_else(|_panic| Err(unusable("sled panicked")))
    }
}

impl Batch {
    fn new(first: u64) -> Self {
        Self {
            first,
            offsets: Vec::with_capacity(ENOUGH),
            rows: Vec::with_capacity(ENOUGH),
        }
    }

    /// Returns the number of the leaf behind the last one.
    fn end(&self) -> u64 {
        self.first + u64::try_from(self.rows.len()).unwrap_or(u64::MAX)
    }
}

/// How often a page is asked for again. What a reading has touched once stays in memory for ever: the cache of sled
/// throws out what it has too much of only after 64 accesses to each 256th of its nodes, and closing it frees nothing.
const TOUCHES: usize = 3;
/// How many batches wait for the tables.
const WAITING: usize = 4;
/// A batch has enough when it has so many rows.
const ENOUGH: usize = 256;

fn read(
    path: &Path,
    log_id: LogId,
    batches: &SyncSender<Batch>,
    used: &Receiver<Batch>,
) -> Result<Read, IndexError> {
    let db = config(path).open()?;
    let head = head(&db)?;
    if head.log_id != log_id {
        return Err(unusable("it belongs to another log"));
    }
    // Nobody listens any more when the tables refused a row, which is told there.
    let ended = |_batch| unusable("the tables refused a row");
    let seal = seal(&db, log_id)?;
    let sealed = seal.as_ref().map(|seal| seal.digest.leaves);
    let mut reading = pages::Reading::new(sealed);
    let mut batch = Batch::new(0);
    for page in pages::scan(&db) {
        let (key, octets) = page?;
        for _touch in 0..TOUCHES {
            db.get(&key)?;
        }
        reading.page(&key, &octets, &mut |offset, row| {
            batch.offsets.push(offset);
            batch.rows.push(row);
        })?;
        if batch.rows.len() >= ENOUGH {
            let next = Batch::new(batch.end());
            let full = std::mem::replace(&mut batch, next);
            batches.send(full).map_err(ended)?;
            used.try_iter().for_each(drop);
        }
    }
    batches.send(batch).map_err(ended)?;
    Ok(Read {
        path: path.to_owned(),
        seal,
        pages: reading.end(head.frontier.size())?,
        tiles: tiles(&db, &head.frontier)?,
        head,
        db,
    })
}

/// Reads the hashes over every 256 leaves, which must be those below the frontier.
fn tiles(db: &sled::Db, frontier: &Frontier) -> Result<Chunks<[u8; 32]>, IndexError> {
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
