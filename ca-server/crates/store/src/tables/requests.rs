//! Which leaf answered which request.

use std::hash::BuildHasher;

use ca_types::{Days, RequestId, UnixTime};
use hashbrown::{DefaultHashBuilder, HashTable};

use crate::leaf_row::{LeafRow, RowChange};

/// The answered requests, remembered as long as what they made is valid, and at least 30 days.
#[derive(Debug)]
pub(crate) struct Requests {
    answers: HashTable<Answer>,
    hasher: DefaultHashBuilder,
    /// The number of answers at which the outdated ones are swept out.
    sweep_at: usize,
}

#[derive(Debug, Clone, Copy)]
struct Answer {
    id: [u8; 16],
    leaf: u64,
    until: UnixTime,
}

/// How long a request is remembered that made nothing with an end.
const LEAST: Days = Days(30);
const FIRST_SWEEP: usize = 4096;

impl Requests {
    pub(super) fn new() -> Self {
        Self {
            answers: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            sweep_at: FIRST_SWEEP,
        }
    }

    pub(super) fn find(&self, id: RequestId) -> Option<u64> {
        let id = id.octets();
        self.answers
            .find(self.hasher.hash_one(id), |answer| answer.id == id)
            .map(|answer| answer.leaf)
    }

    pub(super) fn remember(&mut self, id: RequestId, leaf: u64, row: &LeafRow) {
        let least = row.time.plus(LEAST.seconds()).unwrap_or(UnixTime::MAX);
        let until = row
            .changes
            .iter()
            .filter_map(RowChange::certificate)
            .map(|issued| issued.validity.not_after())
            .fold(least, UnixTime::max);
        let answer = Answer {
            id: id.octets(),
            leaf,
            until,
        };
        let Self {
            answers, hasher, ..
        } = self;
        let hash = hasher.hash_one(answer.id);
        // An id that was swept out of the memory of a shorter-lived answer may come again.
        match answers.find_mut(hash, |old| old.id == answer.id) {
            Some(old) => *old = answer,
            None => {
                answers.insert_unique(hash, answer, |answer| hasher.hash_one(answer.id));
            }
        }
        if answers.len() >= self.sweep_at {
            answers.retain(|answer| row.time <= answer.until);
            // Twice what is left, so that a sweep costs nothing on average.
            self.sweep_at = answers.len().saturating_mul(2).max(FIRST_SWEEP);
        }
    }
}
