//! Opening a store: the end of the log, the tables, the index, the threads.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, RwLock};
use std::thread;

use tokio::sync::mpsc;

use super::{IndexUse, LOG, LogStore, OpenOptions, Running, Vouch};
use crate::feed::{Feed, GROUP, IndexRow};
use crate::files::{FileLock, Files, LogFile};
use crate::index::{Directories, Index, IndexError, Reader, read_ahead};
use crate::log::{Appender, Log, RESERVE, Segment, TailCut, file_error, judge_tail, segments};
use crate::state::{SharedState, State};
use crate::writer::Writer;
use crate::{IndexReport, OpenReport, OpenStep, Progress, Standing, StoreError};

pub(super) fn open(dir: &Path, options: OpenOptions) -> Result<(LogStore, OpenReport), StoreError> {
    let files = Arc::clone(&options.files);
    let log_dir = dir.join(LOG);
    // Before the lock, which would make a file where no log is.
    let segments = segments(&*files, &log_dir)?;
    let lock = lock(&*files, &log_dir)?;
    let directories = Directories::list(&*files, dir)?;
    let log_id = segments.first().map(|segment| segment.header.log_id);
    let index = directories.newest().zip(log_id);
    thread::scope(|scope| {
        let reader = index
            .filter(|_index| options.index == IndexUse::IfSound)
            .map(|(index, log_id)| {
                read_ahead(index.clone());
                Reader::begin(scope, index, log_id)
            });
        let recovered = recover(&files, &log_dir)?;
        open_recovered(recovered, (directories, reader), lock, options)
    })
}

/// Opens a log whose end is in order, with the index that is read meanwhile.
fn open_recovered(
    recovered: Recovered,
    (mut directories, reader): (Directories, Option<Reader<'_>>),
    lock: Box<dyn FileLock>,
    mut options: OpenOptions,
) -> Result<(LogStore, OpenReport), StoreError> {
    let Recovered {
        log,
        segment,
        file,
        tail,
    } = recovered;
    let mut filling = Filling {
        log: &log,
        segment: &segment,
        tail: &tail,
        progress: &mut options.progress,
    };
    let (state, index, index_report) =
        filling.fill(&mut directories, reader, &mut *options.vouch)?;
    let report = OpenReport {
        log_id: log.id(),
        leaves: tail.leaves,
        torn: tail.torn.clone(),
        index: index_report,
    };
    let log = Arc::new(log);
    let mut appender = Appender::new(
        Arc::clone(&log),
        (segment, file),
        (tail.leaves, tail.end),
        (options.segment_octets, options.reserve_octets),
    )?;
    let state = SharedState::new(state);
    if let Err(error) = appender.keep_reserve() {
        tracing::warn!(%error, "no room is kept for revocations: the disk is full");
        state.set_standing(Standing::Full(error.to_string()));
    }
    let store = start(log, state, appender, index, lock)?;
    Ok((store, report))
}

/// A log that ends with a sound record.
pub(super) struct Recovered {
    pub(super) log: Log,
    /// The last segment.
    pub(super) segment: Segment,
    pub(super) file: Arc<dyn LogFile>,
    pub(super) tail: TailCut,
}

/// Reads the end of a log, cuts off what a crash tore, and makes sure that the rest is durable.
pub(super) fn recover(files: &Arc<dyn Files>, log_dir: &Path) -> Result<Recovered, StoreError> {
    let segments = segments(&**files, log_dir)?;
    let (Some(segment), Some(log)) = (
        segments.last().cloned(),
        Log::new(Arc::clone(files), log_dir.to_owned(), segments),
    ) else {
        return Err(file_error(log_dir, "open the log")(
            io::ErrorKind::NotFound.into(),
        ));
    };
    let file = files
        .open_writable(&segment.path)
        .map_err(segment.cannot("open the segment"))?;
    let mut tail = judge_tail(&*file, &segment)?;
    let mut secure = || {
        tail.cut(&**files, log_dir, &*file)?;
        tail.settle(&**files, log_dir, (&segment, &*file))
    };
    let secured = secure();
    if secured.as_ref().is_err_and(StoreError::is_full) {
        // Room was kept for such a time; what is cut off is kept aside in it, and the next leaf needs it anyhow.
        drop(files.remove(&log_dir.join(RESERVE)));
        secure()?;
    } else {
        secured?;
    }
    Ok(Recovered {
        log,
        segment,
        file,
        tail,
    })
}

fn lock(files: &dyn Files, log_dir: &Path) -> Result<Box<dyn FileLock>, StoreError> {
    let path = log_dir.join("lock");
    match files.lock(&path) {
        Ok(lock) => Ok(lock),
        Err(source) if source.kind() == io::ErrorKind::WouldBlock => {
            Err(StoreError::InUse(log_dir.to_owned()))
        }
        Err(source) => Err(file_error(&path, "lock the log")(source)),
    }
}

/// What it takes to fill tables and index.
pub(super) struct Filling<'o> {
    pub(super) log: &'o Log,
    pub(super) segment: &'o Segment,
    pub(super) tail: &'o TailCut,
    pub(super) progress: &'o mut (dyn FnMut(Progress) + Send),
}

impl Filling<'_> {
    fn fill(
        &mut self,
        directories: &mut Directories,
        reader: Option<Reader<'_>>,
        vouch: &mut Vouch,
    ) -> Result<(State, Option<Index>, IndexReport), StoreError> {
        let reason = match (directories.newest(), reader) {
            (Some(_), None) => "it was asked for".to_owned(),
            (None, _) => "there was none".to_owned(),
            (Some(path), Some(reader)) => match self.load(reader, vouch)? {
                Ok((index, mut state)) => {
                    let replayed = self.tail.leaves - index.applied();
                    let index = self.replay(Ok(index), &mut state, OpenStep::Replaying)?;
                    directories.remove_old();
                    return Ok((state, index, IndexReport::Used { replayed }));
                }
                Err(IndexError::InUse) => return Err(StoreError::InUse(path)),
                Err(IndexError::Unusable(reason)) => {
                    tracing::warn!(path = %path.display(), reason, "the index is built anew");
                    reason
                }
            },
        };
        self.log.forget_places();
        let path = directories.next();
        let mut state = State::new();
        let index = Index::create(&path, self.log.id());
        let index = self.replay(index, &mut state, OpenStep::Rebuilding)?;
        directories.remove_old();
        Ok((state, index, IndexReport::Rebuilt { reason }))
    }

    /// Fails only when it cannot be told whether the index is vouched for.
    fn load(
        &mut self,
        reader: Reader<'_>,
        vouch: &mut Vouch,
    ) -> Result<Result<(Index, State), IndexError>, StoreError> {
        let tail = (self.segment.header.first_leaf, self.tail.offsets.as_slice());
        let (index, state) = match Index::load(reader, self.log, tail, &mut *self.progress) {
            Ok(loaded) => loaded,
            Err(error) => return Ok(Err(error)),
        };
        if vouch(index.seal())? {
            return Ok(Ok((index, state)));
        }
        let reason = "nobody vouches for its rows".to_owned();
        Ok(Err(IndexError::Unusable(reason)))
    }

    /// Applies the leaves that the tables have not seen, to them and to the index.
    ///
    /// An index that fails is given up: the store works without, and the next start sees to it.
    pub(super) fn replay(
        &mut self,
        mut index: Result<Index, IndexError>,
        state: &mut State,
        step: OpenStep,
    ) -> Result<Option<Index>, StoreError> {
        let (first, total) = (state.frontier.size(), self.tail.leaves);
        let mut rows = Vec::with_capacity(GROUP);
        let (log, progress) = (self.log, &mut *self.progress);
        log.replay_in_lanes(first, total, IndexRow::read, &mut |found, read| {
            if found.leaf == found.segment.header.first_leaf {
                found.segment.follows(&state.frontier)?;
            }
            let (row, index_row) = read?;
            state
                .apply_indexed(&row, &index_row.octets, index_row.leaf_hash)
                .map_err(|source| found.damaged(source.to_string()))?;
            log.publish([found.offset]);
            rows.push(index_row);
            if rows.len() == GROUP {
                apply(&mut index, &mut rows);
            }
            let done = found.leaf + 1 - first;
            if done % 10_000 == 0 {
                progress(Progress {
                    step,
                    done,
                    total: total - first,
                });
            }
            Ok(())
        })?;
        apply(&mut index, &mut rows);
        let index = index.and_then(Index::settle);
        if let Err(error) = &index {
            tracing::error!(
                ?error,
                "the index does not take leaves; the next start will be slow"
            );
        }
        Ok(index.ok())
    }
}

fn apply(index: &mut Result<Index, IndexError>, rows: &mut Vec<IndexRow>) {
    if let Ok(open) = index
        && let Err(error) = open.apply(rows)
    {
        *index = Err(error);
    }
    rows.clear();
}

fn start(
    log: Arc<Log>,
    state: SharedState,
    appender: Appender,
    index: Option<Index>,
    lock: Box<dyn FileLock>,
) -> Result<LogStore, StoreError> {
    let state = Arc::new(state);
    let feed = Arc::new(Feed::new());
    let (queue, submissions) = mpsc::channel(QUEUE);
    let writer = Writer {
        appender,
        log: Arc::clone(&log),
        state: Arc::clone(&state),
        feed: Arc::clone(&feed),
    };
    let cannot = |source| StoreError::Stopped(format!("no thread for the log: {source}"));
    let indexer = thread::Builder::new()
        .name("index".to_owned())
        .spawn({
            let (log, feed) = (Arc::clone(&log), Arc::clone(&feed));
            move || {
                let followed = index.map(|index| index.follow(&log, &feed));
                if let Some(Err(error)) = followed {
                    tracing::error!(
                        ?error,
                        "the index does not take leaves; the next start will be slow"
                    );
                }
                feed.ignore();
            }
        })
        .map_err(cannot)?;
    let writer = thread::Builder::new()
        .name("log-writer".to_owned())
        .spawn(move || writer.run(submissions))
        .map_err(cannot)?;
    Ok(LogStore {
        log,
        state,
        queue: RwLock::new(Some(queue)),
        feed,
        running: Mutex::new(Some(Running {
            writer,
            indexer,
            lock,
        })),
    })
}

/// How many entries wait for the writer at the most; further callers wait for room.
const QUEUE: usize = 1024;
