//! The writer: the one thread that decides what becomes a leaf.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use ca_verify::{Entry, leaf_hash};
use tokio::sync::{mpsc, oneshot};

use crate::draft::{Draft, Verdict};
use crate::feed::{Feed, IndexRow};
use crate::leaf_row::LeafRow;
use crate::log::{AppendError, Appender, Log};
use crate::state::SharedState;
use crate::{SeenHolders, Standing, StoreError};

/// An entry on its way to the writer, with all the work done that needs no decision.
#[derive(Debug)]
pub(crate) struct Submission {
    octets: Vec<u8>,
    leaf_hash: [u8; 32],
    row: LeafRow,
    row_octets: Vec<u8>,
    seen: Option<SeenHolders>,
    reply: oneshot::Sender<Result<Outcome, StoreError>>,
}

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is this leaf, and durable.
    New(u64),
    /// Its request was answered by this leaf, which is durable.
    Answered(u64),
}

impl Submission {
    pub(crate) fn new(
        entry: &Entry,
        seen: Option<SeenHolders>,
    ) -> Result<(Self, oneshot::Receiver<Result<Outcome, StoreError>>), StoreError> {
        let octets = entry.to_der()?;
        let row = LeafRow::project(entry)?;
        let (reply, answer) = oneshot::channel();
        let submission = Self {
            leaf_hash: leaf_hash(&octets),
            octets,
            row_octets: row.to_octets(),
            row,
            seen,
            reply,
        };
        Ok((submission, answer))
    }

    fn answer(self, outcome: Result<Outcome, StoreError>) {
        // A caller that went away has asked for no answer; the leaf stays.
        drop(self.reply.send(outcome));
    }
}

/// Takes what is queued in groups: one decision each, one sync for all.
#[derive(Debug)]
pub(crate) struct Writer {
    pub(crate) appender: Appender,
    pub(crate) log: Arc<Log>,
    pub(crate) state: Arc<SharedState>,
    pub(crate) feed: Arc<Feed>,
}

impl Writer {
    /// Works until every sender is gone and the queue is empty.
    ///
    /// With many at work the next group may grow for as long as the last one took: a sync costs more of the processor
    /// than an issue waits for it.
    pub(crate) fn run(mut self, mut queue: mpsc::Receiver<Submission>) {
        while let Some(first) = queue.blocking_recv() {
            let mut size = GroupSize::default();
            size.add(&first);
            let mut group = vec![first];
            while !size.is_reached()
                && let Ok(next) = queue.try_recv()
            {
                size.add(&next);
                group.push(next);
            }
            let (begun, entries) = (Instant::now(), group.len());
            self.commit(group);
            if !queue.is_empty() && entries + queue.len() >= MANY {
                thread::park_timeout(begun.elapsed().min(LONGEST_WAIT));
            }
        }
    }

    fn commit(&mut self, group: Vec<Submission>) {
        let Some(group) = self.refuse_what_must_not_be_written(group) else {
            return;
        };
        let (first, root, verdicts) = self.decide(&group);
        let accepted = || {
            group
                .iter()
                .zip(&verdicts)
                .filter(|(_submission, verdict)| matches!(verdict, Ok(Verdict::New)))
                .map(|(submission, _verdict)| submission)
        };
        let leaves: Vec<&[u8]> = accepted().map(|new| new.octets.as_slice()).collect();
        if !leaves.is_empty() {
            match self.appender.append(&leaves, root) {
                Ok(offsets) => {
                    self.publish(first, &offsets, accepted());
                }
                Err(AppendError::Full(error)) => return self.use_reserve(group, &error),
                Err(AppendError::Broken(error)) => return self.stop(group, &error),
            }
        }
        let mut next = first..;
        for (submission, verdict) in group.into_iter().zip(verdicts) {
            submission.answer(verdict.map(|verdict| match verdict {
                Verdict::New => Outcome::New(next.next().unwrap_or(u64::MAX)),
                Verdict::Answered(leaf) => Outcome::Answered(leaf),
            }));
        }
    }

    /// Refuses everything after a failure, and what gives trust when no room is left.
    fn refuse_what_must_not_be_written(
        &mut self,
        group: Vec<Submission>,
    ) -> Option<Vec<Submission>> {
        let standing = self.state.standing();
        if let Standing::Stopped(why) = &standing {
            for submission in group {
                submission.answer(Err(StoreError::Stopped(why.clone())));
            }
            return None;
        }
        if group.iter().all(|submission| submission.row.is_essential()) {
            return Some(group);
        }
        match self.appender.keep_reserve() {
            Ok(()) => {
                if standing != Standing::Open {
                    tracing::info!("there is room for the log again: issuing goes on");
                    self.state.set_standing(Standing::Open);
                }
                Some(group)
            }
            Err(error) => {
                self.state.set_standing(Standing::Full(source_text(&error)));
                Some(refuse_the_inessential(group, &error))
            }
        }
    }

    /// Decides for each entry, the earlier ones of the group taken for written.
    fn decide(&self, group: &[Submission]) -> (u64, [u8; 32], Vec<Result<Verdict, StoreError>>) {
        let state = self.state.read();
        let first = state.frontier.size();
        let mut draft = Draft::new(&state.tables);
        let mut next = first;
        let verdicts = group
            .iter()
            .map(|submission| {
                let verdict = draft.decide(next, &submission.row, submission.seen.as_ref())?;
                if verdict == Verdict::New {
                    next += 1;
                }
                Ok(verdict)
            })
            .collect();
        (first, state.frontier.root(), verdicts)
    }

    /// Shows durable leaves to the readers and the index.
    fn publish<'g>(
        &mut self,
        first: u64,
        offsets: &[u32],
        accepted: impl Iterator<Item = &'g Submission> + Clone,
    ) {
        // Before the tables: whoever finds a row there must be able to read its leaf.
        self.log.publish(offsets.iter().copied());
        let mut state = self.state.write();
        for submission in accepted.clone() {
            let (row, octets) = (&submission.row, &submission.row_octets);
            if let Err(contradiction) = state.apply_indexed(row, octets, submission.leaf_hash) {
                tracing::error!(%contradiction, "a durable leaf does not fit the tables");
                self.state
                    .set_standing(Standing::Stopped(contradiction.to_string()));
            }
        }
        drop(state);
        let rows = (first..).zip(offsets).zip(accepted);
        self.feed
            .push(rows.map(|((leaf, offset), submission)| IndexRow {
                leaf,
                offset: *offset,
                leaf_hash: submission.leaf_hash,
                octets: submission.row_octets.clone(),
            }));
    }

    /// Gives the kept room to what takes trust away, and refuses the rest.
    fn use_reserve(&mut self, group: Vec<Submission>, error: &StoreError) {
        tracing::error!(error = %source_text(error), "no room for the log: issuing stops, revoking goes on");
        self.state.set_standing(Standing::Full(source_text(error)));
        let essential = refuse_the_inessential(group, error);
        if self.appender.give_reserve() && !essential.is_empty() {
            return self.commit(essential);
        }
        refuse(essential, error);
    }

    fn stop(&mut self, group: Vec<Submission>, error: &StoreError) {
        tracing::error!(error = %source_text(error), "the log cannot be written: nothing more is accepted");
        let why = source_text(error);
        self.state.set_standing(Standing::Stopped(why.clone()));
        refuse(group, &StoreError::Stopped(why));
    }
}

fn refuse_the_inessential(group: Vec<Submission>, error: &StoreError) -> Vec<Submission> {
    let (essential, other) = group
        .into_iter()
        .partition(|submission: &Submission| submission.row.is_essential());
    refuse(other, error);
    essential
}

fn refuse(group: Vec<Submission>, error: &StoreError) {
    for submission in group {
        submission.answer(Err(error.copy()));
    }
}

fn source_text(error: &StoreError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// From so many at work on there is somebody to wait for.
const MANY: usize = 3;
/// However slow the disk is.
const LONGEST_WAIT: Duration = Duration::from_millis(1);

/// How much a group holds; bounded, so that the first in it does not wait for ever.
#[derive(Debug, Default)]
struct GroupSize {
    entries: usize,
    changes: usize,
    octets: usize,
}

impl GroupSize {
    fn add(&mut self, submission: &Submission) {
        self.entries += 1;
        self.changes += submission.row.changes.len();
        self.octets += submission.octets.len();
    }

    fn is_reached(&self) -> bool {
        self.entries >= 256 || self.changes >= 1024 || self.octets >= 1 << 20
    }
}
