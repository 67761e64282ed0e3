//! Which leaf answered which request.

use std::hash::BuildHasher;
use std::hint::black_box;

use ca_types::{Days, RequestId, UnixTime};
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

use super::Number;
use crate::chunks::Chunks;
use crate::leaf_row::{LeafRow, RowChange};

/// The answered requests, remembered as long as what they made is valid, and at least 30 days.
#[derive(Debug)]
pub(crate) struct Requests {
    answers: Chunks<Answer>,
    by_id: HashTable<Number>,
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
            answers: Chunks::new(),
            by_id: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            sweep_at: FIRST_SWEEP,
        }
    }

    /// Makes room for so many more, so that the table need not be rebuilt on the way.
    pub(super) fn reserve(&mut self, count: usize) {
        let Self {
            answers,
            by_id,
            hasher,
            ..
        } = self;
        by_id.reserve(count, |number| {
            let answer = answers.get(number.place());
            answer.map_or(0, |answer| hasher.hash_one(answer.id))
        });
    }

    /// Brings near what [`Requests::remember`] will look at.
    pub(super) fn fetch(&self, id: Option<RequestId>) {
        black_box(id.and_then(|id| self.find(id)));
    }

    pub(super) fn find(&self, id: RequestId) -> Option<u64> {
        let id = id.octets();
        let answer = |number: &Number| self.answers.get(number.place());
        self.by_id
            .find(self.hasher.hash_one(id), |number| {
                answer(number).is_some_and(|answer| answer.id == id)
            })
            .and_then(answer)
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
        self.put(Answer {
            id: id.octets(),
            leaf,
            until,
        });
        if self.answers.len() >= self.sweep_at {
            self.sweep(row.time);
        }
    }

    fn put(&mut self, answer: Answer) {
        let Self {
            answers,
            by_id,
            hasher,
            ..
        } = self;
        let Some(number) = Number::new(answers.len()) else {
            return;
        };
        let id_of = |number: &Number| answers.get(number.place()).map(|answer| answer.id);
        let entry = by_id.entry(
            hasher.hash_one(answer.id),
            |number| id_of(number) == Some(answer.id),
            |number| id_of(number).map_or(0, |id| hasher.hash_one(id)),
        );
        match entry {
            // An id that was swept out of the memory of a shorter-lived answer may come again.
            Entry::Occupied(old) => {
                let place = old.get().place();
                if let Some(old) = answers.get_mut(place) {
                    *old = answer;
                }
            }
            Entry::Vacant(free) => {
                free.insert(number);
                answers.push(answer);
            }
        }
    }

    /// Forgets the answers that are outdated at `now`.
    fn sweep(&mut self, now: UnixTime) {
        let is_outdated = |(_, answer): (usize, &Answer)| answer.until < now;
        if self.answers.iter_from(0).any(is_outdated) {
            let answers = std::mem::replace(&mut self.answers, Chunks::new());
            self.by_id.clear();
            for (_, answer) in answers.iter_from(0) {
                if now <= answer.until {
                    self.put(*answer);
                }
            }
        }
        // Twice what is left, so that a sweep costs nothing on average.
        self.sweep_at = self.answers.len().saturating_mul(2).max(FIRST_SWEEP);
    }
}
