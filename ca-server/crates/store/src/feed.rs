//! The queue between the writer and the index.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::IndexSeal;

/// A durable leaf for the index.
#[derive(Debug)]
pub(crate) struct IndexRow {
    pub(crate) leaf: u64,
    /// Where its record stands in its segment.
    pub(crate) offset: u32,
    pub(crate) leaf_hash: [u8; 32],
    /// The encoded row.
    pub(crate) octets: Vec<u8>,
}

/// A bounded queue that never makes the writer wait: what does not fit is read from the log later.
#[derive(Debug)]
pub(crate) struct Feed {
    queue: Mutex<Queue>,
    wake: Condvar,
}

#[derive(Debug)]
struct Queue {
    rows: VecDeque<IndexRow>,
    /// How many rows wait at the most.
    room: usize,
    /// The number of durable leaves.
    leaves: u64,
    /// The newest seal, which comes behind its rows.
    sealing: Option<Sealing>,
    is_closed: bool,
}

/// A seal on its way into the index.
#[derive(Debug)]
pub(crate) struct Sealing {
    pub(crate) seal: IndexSeal,
    done: oneshot::Sender<()>,
}

impl Sealing {
    /// Tells whoever waits that the index has it.
    pub(crate) fn tell(self) {
        // Nobody need wait any more.
        let _whoever_waited = self.done.send(());
    }
}

/// What the index does next.
#[derive(Debug)]
pub(crate) enum Work {
    /// Applies these rows, in order; there may be gaps.
    Rows(Vec<IndexRow>),
    /// Reads the log up to this leaf: rows did not fit the queue.
    CatchUp(u64),
    /// Takes in a seal over leaves that it has.
    Seal(Sealing),
    /// Ends.
    End,
}

impl Feed {
    pub(crate) fn new() -> Self {
        Self {
            queue: Mutex::new(Queue {
                rows: VecDeque::new(),
                room: ROOM,
                leaves: 0,
                sealing: None,
                is_closed: false,
            }),
            wake: Condvar::new(),
        }
    }

    /// Adds rows as far as they fit.
    pub(crate) fn push(&self, rows: impl Iterator<Item = IndexRow>) {
        let mut queue = self.queue();
        let was_empty = queue.rows.is_empty();
        for row in rows {
            queue.leaves = row.leaf + 1;
            if queue.rows.len() < queue.room {
                queue.rows.push_back(row);
            }
        }
        // In between, the index gathers: to wake it for every group of leaves would cost more than to apply them.
        if was_empty || queue.rows.len() >= GROUP {
            self.wake.notify_one();
        }
    }

    /// Lets the index take in a seal behind its rows; whoever awaits the answer hears when it has, or that it never will.
    pub(crate) fn seal(&self, seal: IndexSeal) -> oneshot::Receiver<()> {
        let (done, answer) = oneshot::channel();
        let mut queue = self.queue();
        if !queue.is_ignored() {
            queue.sealing = Some(Sealing { seal, done });
            self.wake.notify_one();
        }
        answer
    }

    /// Takes no more rows: nobody wants them.
    pub(crate) fn ignore(&self) {
        let mut queue = self.queue();
        queue.sealing = None;
        queue.rows = VecDeque::new();
        queue.room = 0;
    }

    /// Lets the index end when it has applied everything.
    pub(crate) fn close(&self) {
        self.queue().is_closed = true;
        self.wake.notify_one();
    }

    /// Waits for something to do, for an index that has `applied` leaves.
    ///
    /// Rows that are no whole group wait for more of them, for a moment: nobody waits for the index.
    pub(crate) fn next(&self, applied: u64) -> Work {
        let mut queue = self.queue();
        let mut has_waited = false;
        loop {
            if !queue.rows.is_empty() {
                if queue.rows.len() < GROUP && !queue.is_closed && !has_waited {
                    let gathering =
                        |queue: &mut Queue| queue.rows.len() < GROUP && !queue.is_closed;
                    (queue, _) = self
                        .wake
                        .wait_timeout_while(queue, GATHER, gathering)
                        .unwrap_or_else(PoisonError::into_inner);
                    has_waited = true;
                    continue;
                }
                let count = queue.rows.len().min(GROUP);
                return Work::Rows(queue.rows.drain(..count).collect());
            }
            if queue.leaves > applied {
                return Work::CatchUp(queue.leaves);
            }
            if let Some(sealing) = queue.sealing.take() {
                return Work::Seal(sealing);
            }
            if queue.is_closed {
                return Work::End;
            }
            queue = self
                .wake
                .wait(queue)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Queue {
    fn is_ignored(&self) -> bool {
        self.room == 0
    }
}

/// Some megabytes of rows.
const ROOM: usize = 8192;
/// How long rows wait for others.
const GATHER: Duration = Duration::from_millis(100);
/// How many keys sled takes at once: with more its garbage grows without bound.
pub(crate) const GROUP: usize = 100;
