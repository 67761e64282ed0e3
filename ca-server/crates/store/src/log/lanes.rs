//! Leaves that are read in one thread, worked on in several, and taken in their order in this one.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::segment::{Found, Segment};
use crate::StoreError;

/// Hands over leaves until there are no more, or one is refused.
pub(crate) type Visit<'v> = dyn FnMut(Found<'_>) -> Result<(), StoreError> + 'v;

/// Hands every leaf that `read` finds, with what `work` makes of it, over to `take`; returns what `read` does.
///
/// Reading, work and taking go on at the same time. What was found before an error is taken first.
pub(crate) fn in_lanes<T: Send, E: Send>(
    read: impl FnOnce(&mut Visit<'_>) -> Result<E, StoreError> + Send,
    work: impl Fn(&Found<'_>) -> T + Sync,
    take: &mut dyn FnMut(&Found<'_>, T) -> Result<(), StoreError>,
) -> Result<E, StoreError> {
    let workers = thread::available_parallelism().map_or(1, std::num::NonZero::get);
    thread::scope(|scope| {
        let (mut inlets, mut outlets) = (Vec::new(), Vec::new());
        for _worker in 0..workers {
            let (inlet, batches) = sync_channel::<Batch>(WAITING);
            let (done, outlet) = sync_channel::<Done<T>>(WAITING);
            inlets.push(inlet);
            outlets.push(outlet);
            let work = &work;
            scope.spawn(move || {
                for batch in batches {
                    let results = batch.leaves().map(|found| work(&found)).collect();
                    if done.send((batch, results)).is_err() {
                        return;
                    }
                }
            });
        }
        let reading = scope.spawn(move || distribute(read, &inlets));
        // The lanes end here, and with them the threads, whatever becomes of the leaves.
        take_in_turn(outlets, take)?;
        match reading.join() {
            Ok(read) => read,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

/// Leaves of one segment.
struct Batch {
    segment: Segment,
    octets: Vec<u8>,
    /// The number of each, where it stands in its segment, and where it ends in the octets.
    places: Vec<(u64, u32, usize)>,
}

/// A batch, and what was made of each of its leaves.
type Done<T> = (Batch, Vec<T>);

/// How many batches wait before a worker, and behind it.
const WAITING: usize = 2;
/// A batch has enough when it has so many octets.
const ENOUGH: usize = 256 << 10;

impl Batch {
    fn new(segment: &Segment) -> Self {
        Self {
            segment: segment.clone(),
            octets: Vec::with_capacity(ENOUGH),
            places: Vec::new(),
        }
    }

    fn push(&mut self, found: &Found<'_>) {
        self.octets.extend_from_slice(found.octets);
        self.places
            .push((found.leaf, found.offset, self.octets.len()));
    }

    fn leaves(&self) -> impl Iterator<Item = Found<'_>> {
        let mut begin = 0;
        self.places.iter().map(move |(leaf, offset, end)| Found {
            leaf: *leaf,
            offset: *offset,
            octets: self
                .octets
                .get(std::mem::replace(&mut begin, *end)..*end)
                .unwrap_or_default(),
            segment: &self.segment,
        })
    }
}

/// Gives batches to the workers in turn.
fn distribute<E>(
    read: impl FnOnce(&mut Visit<'_>) -> Result<E, StoreError>,
    inlets: &[SyncSender<Batch>],
) -> Result<E, StoreError> {
    let mut turn = inlets.iter().cycle();
    let mut give = |batch: Batch| {
        // A lane that has ended is one whose leaves were refused, which is told there.
        let given = turn.next().and_then(|inlet| inlet.send(batch).ok());
        given.ok_or(StoreError::Closed)
    };
    let mut filling: Option<Batch> = None;
    let read = read(&mut |found| {
        let is_full =
            |batch: &mut Batch| batch.octets.len() >= ENOUGH || batch.segment != *found.segment;
        if let Some(full) = filling.take_if(is_full) {
            give(full)?;
        }
        filling
            .get_or_insert_with(|| Batch::new(found.segment))
            .push(&found);
        Ok(())
    });
    match filling.map_or(Ok(()), give) {
        Ok(()) => read,
        Err(ended) => read.and(Err(ended)),
    }
}

/// Takes the batches in the order in which they were given.
fn take_in_turn<T>(
    outlets: Vec<Receiver<Done<T>>>,
    take: &mut dyn FnMut(&Found<'_>, T) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    for outlet in outlets.iter().cycle() {
        let Ok((batch, results)) = outlet.recv() else {
            break;
        };
        for (found, result) in batch.leaves().zip(results) {
            take(&found, result)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::SegmentHeader;
    use super::*;

    const LEAVES: u64 = 20_000;
    const PER_SEGMENT: u64 = 7_000;

    fn segment(first_leaf: u64) -> Segment {
        Segment {
            path: format!("{first_leaf}.log").into(),
            header: SegmentHeader {
                log_id: [7; 16].into(),
                first_leaf,
                previous: 0,
                root: [0; 32],
            },
        }
    }

    /// Reads leaves that say their number a few times over, some batches of each segment.
    fn read(visit: &mut Visit<'_>) -> Result<u64, StoreError> {
        for leaf in 0..LEAVES {
            visit(Found {
                leaf,
                offset: u32::try_from(leaf).unwrap() * 3,
                octets: &leaf.to_be_bytes().repeat(10),
                segment: &segment(leaf / PER_SEGMENT * PER_SEGMENT),
            })?;
        }
        Ok(LEAVES)
    }

    fn work(found: &Found<'_>) -> u64 {
        u64::from_be_bytes(*found.octets.last_chunk().unwrap())
    }

    #[test]
    fn leaves_come_in_their_order_with_what_was_made_of_them() {
        let mut next = 0;
        let read = in_lanes(read, work, &mut |found, made| {
            assert_eq!((found.leaf, made), (next, next));
            assert_eq!(u64::from(found.offset), next * 3);
            assert_eq!(found.segment, &segment(next / PER_SEGMENT * PER_SEGMENT));
            next += 1;
            Ok(())
        });
        assert_eq!((read.unwrap(), next), (LEAVES, LEAVES));
    }

    #[test]
    fn what_stands_before_damage_is_taken_first() {
        let mut taken = 0;
        let broken = |visit: &mut Visit<'_>| {
            read(visit)?;
            Err::<u64, _>(StoreError::Stopped("damage".to_owned()))
        };
        let read = in_lanes(broken, work, &mut |_found, _made| {
            taken += 1;
            Ok(())
        });
        assert!(matches!(&read, Err(StoreError::Stopped(what)) if what == "damage"));
        assert_eq!(taken, LEAVES);
    }

    #[test]
    fn a_leaf_that_is_refused_ends_all_of_it() {
        let mut taken = 0;
        let read = in_lanes(read, work, &mut |found, _made| {
            taken += 1;
            if found.leaf == 9_999 {
                return Err(StoreError::Stopped("refused".to_owned()));
            }
            Ok(())
        });
        assert!(matches!(&read, Err(StoreError::Stopped(what)) if what == "refused"));
        assert_eq!(taken, 10_000);
    }
}
