//! Backups that were put back: where the log began anew, and whether that explains a tree that was seen before.

use crate::{Change, Entry, Frontier};

/// The restore that explains why a log no longer follows a tree that was seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restart {
    /// How many leaves the backup has: the leaf that tells of the restore is the next one, and the leaves that were
    /// seen from there on are gone.
    pub leaves: u64,
    /// How many of them are proved to be those of the tree that was seen.
    pub proved: u64,
}

/// What the leaves so far say of restores.
#[derive(Debug, Default)]
pub(super) struct Restarts {
    /// The beginnings of the tree that was seen, the smallest first.
    marks: Vec<Mark>,
    /// The leaves that tell of a restore; each is as large as the backup was.
    leaves: Vec<u64>,
}

#[derive(Debug)]
struct Mark {
    size: u64,
    root: [u8; 32],
    holds: bool,
}

impl Restarts {
    pub(super) fn compare_with(&mut self, seen: &Frontier) {
        let mark = |(size, root)| Mark {
            size,
            root,
            holds: false,
        };
        self.marks = seen.beginnings().into_iter().map(mark).collect();
    }

    /// Takes the entry that stands behind the leaves of `before`; returns what contradicts them.
    pub(super) fn take(&mut self, before: &Frontier, entry: &Entry) -> Vec<String> {
        let mut wrong = Vec::new();
        for change in &entry.changes {
            let Change::Restored(restored) = change else {
                continue;
            };
            if restored.leaves == before.size() && restored.root == before.root() {
                self.leaves.push(restored.leaves);
            } else if self.leaves.last() != Some(&restored.leaves) {
                // What one restore changed may go over several leaves.
                let what = "restores a backup of other leaves than stand before it";
                wrong.push(what.to_owned());
            }
        }
        wrong
    }

    pub(super) fn compare(&mut self, now: &Frontier) {
        if let Some(mark) = self.marks.iter_mut().find(|mark| mark.size == now.size()) {
            mark.holds = mark.root == now.root();
        }
    }

    /// The two trees part somewhere between the last beginning that they share and the first that they do not; the
    /// restore must be there.
    pub(super) fn explain(&self, seen: u64) -> Option<Restart> {
        let shared = self.marks.iter().take_while(|mark| mark.holds);
        let proved = shared.last().map_or(0, |mark| mark.size);
        let parted = self.marks.iter().find(|mark| !mark.holds);
        let end = parted.map_or(seen, |mark| mark.size);
        let mut leaves = self.leaves.iter().copied();
        let leaves = leaves.find(|leaves| (proved..end).contains(leaves))?;
        Some(Restart { leaves, proved })
    }
}

#[cfg(test)]
mod tests {
    use ca_types::UnixTime;

    use super::*;
    use crate::audit::{Auditor, DigestedLeaf};
    use crate::{Console, Origin, Restored};

    fn leaf(time: i64, changes: Vec<Change>) -> Vec<u8> {
        let entry = Entry {
            time: UnixTime::from_seconds(time).unwrap(),
            origin: Origin {
                actor: None,
                address: Console::TYPED.to_owned(),
                request: None,
                settings: [0; 32].into(),
            },
            changes,
        };
        entry.to_der().unwrap()
    }

    /// A log: leaves at these times, and a restore where the number is negative.
    fn log(times: &[i64]) -> Vec<Vec<u8>> {
        let mut tree = Frontier::new();
        let mut leaves = Vec::new();
        for time in times {
            let restored = Change::Restored(Restored {
                leaves: tree.size(),
                root: tree.root(),
                lost_since: None,
                lists: Vec::new(),
                left_out: Vec::new(),
            });
            let changes = if *time < 0 {
                vec![restored]
            } else {
                Vec::new()
            };
            let octets = leaf(time.abs(), changes);
            tree.push(crate::leaf_hash(&octets));
            leaves.push(octets);
        }
        leaves
    }

    fn tree_of(leaves: &[Vec<u8>]) -> Frontier {
        let mut tree = Frontier::new();
        for leaf in leaves {
            tree.push(crate::leaf_hash(leaf));
        }
        tree
    }

    #[track_caller]
    fn check(seen: &[i64], kept: usize, now: &[i64], expect: Option<(u64, u64)>) {
        let seen = log(seen);
        let mut auditor = Auditor::new();
        auditor.compare_with(&tree_of(&seen[..kept]));
        for leaf in log(now) {
            auditor.take(DigestedLeaf::new(&leaf));
        }
        let restart = expect.map(|(leaves, proved)| Restart { leaves, proved });
        assert_eq!(auditor.restart(seen.len().try_into().unwrap()), restart);
        assert_eq!(auditor.finish(), []);
    }

    const SEEN: &[i64] = &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13];

    #[test]
    fn a_restore_explains_the_fork_that_it_made_and_no_other() {
        // Put back at 8, 9 and 2 leaves: the trees of 8 and 12 leaves are beginnings of the one of 13.
        check(SEEN, 13, &[1, 2, 3, 4, 5, 6, 7, 8, -20, 21], Some((8, 8)));
        check(SEEN, 13, &[1, 2, 3, 4, 5, 6, 7, 8, 9, -20], Some((9, 8)));
        check(SEEN, 13, &[1, 2, -20, 21, 22, 23, 24, 25, 26], Some((2, 0)));
        // Twice: what is gone begins at the first.
        check(
            SEEN,
            13,
            &[1, 2, 3, 4, 5, 6, 7, 8, 9, -20, 21, -30],
            Some((9, 8)),
        );
        // A second history without a restore, or one that parts before it.
        check(SEEN, 13, &[1, 2, 3, 4, 5, 6, 7, 8, 20, 21], None);
        check(SEEN, 13, &[1, 2, 3, 4, 55, 6, 7, 8, 9, -20], None);
        // A restore that was seen before explains nothing that came later.
        let old = &[1, 2, 3, 4, -5, 6, 7, 8, 9, 10, 11, 12, 13];
        check(old, 13, &[1, 2, 3, 4, -5, 6, 7, 8, 9, 10, 20], None);
        check(old, 13, &[1, 2, 3, 4, -5, 6, 7, 8, 9, -20], Some((9, 8)));
        // The kept tree may be older than the last checkpoint.
        check(SEEN, 8, &[1, 2, 3, 4, 5, 6, 7, 8, 9, -20], Some((9, 8)));
        check(SEEN, 8, &[1, 2, 3, 4, 5, 6, 7, 8, 9, 20], None);
        // Behind everything that was seen there is nothing to explain.
        check(
            SEEN,
            13,
            &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, -20],
            None,
        );
    }

    #[test]
    fn a_restore_of_other_leaves_is_a_finding() {
        let mut leaves = log(&[1, 2, -3]);
        leaves[1] = leaf(9, Vec::new());
        let mut auditor = Auditor::new();
        for leaf in leaves {
            auditor.take(DigestedLeaf::new(&leaf));
        }
        let findings = auditor.finish();
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].what.contains("other leaves"), "{findings:?}");
    }
}
