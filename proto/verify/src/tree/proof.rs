//! Proofs that a leaf is in the log, and that a log only grew (RFC 9162 §2.1.3 and §2.1.4).

use std::ops::Range;

use sha2::{Digest, Sha256};

use super::node_hash;

/// A perfect subtree: the leaves from `index << level` up to, and without, `(index + 1) << level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subtree {
    /// How many nodes lie between it and its leaves; a leaf itself has level 0.
    pub level: u32,
    /// Its place among the subtrees of its level, from the left.
    pub index: u64,
}

/// Why a proof proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The leaf or the older tree lies outside of the tree.
    #[error("the proof is about leaf or size {asked}, the tree has {size} leaves")]
    Outside {
        /// What was asked.
        asked: u64,
        /// How many leaves the tree has.
        size: u64,
    },
    /// There are more or fewer hashes than such a proof has.
    #[error("the proof has another number of hashes than one of these sizes")]
    Length,
    /// The hashes lead to another root.
    #[error("the proof leads to another root hash")]
    Root,
}

/// Computes the hash over a run of leaves that ends at the right edge, or is perfect itself.
///
/// # Errors
/// Fails when a subtree cannot be read.
pub fn root_of<E>(
    leaves: Range<u64>,
    subtree: &mut dyn FnMut(Subtree) -> Result<[u8; 32], E>,
) -> Result<[u8; 32], E> {
    let mut hashes = Vec::new();
    let mut at = leaves.start;
    while at < leaves.end {
        let level = (leaves.end - at).ilog2();
        hashes.push(subtree(Subtree {
            level,
            index: at >> level,
        })?);
        at += 1 << level;
    }
    let root = hashes
        .into_iter()
        .rev()
        .reduce(|right, left| node_hash(&left, &right));
    Ok(root.unwrap_or_else(|| Sha256::digest([]).into()))
}

/// Makes the proof that leaf number `leaf` is in the tree of `size` leaves; nothing if it is not (RFC 9162 §2.1.3.1).
///
/// # Errors
/// Fails when a subtree cannot be read.
pub fn inclusion_proof<E>(
    leaf: u64,
    size: u64,
    subtree: &mut dyn FnMut(Subtree) -> Result<[u8; 32], E>,
) -> Result<Option<Vec<[u8; 32]>>, E> {
    if leaf >= size {
        return Ok(None);
    }
    let mut within = 0..size;
    let mut beside = Vec::new();
    while within.end - within.start > 1 {
        let middle = within.start + half(within.end - within.start);
        if leaf < middle {
            beside.push(middle..within.end);
            within.end = middle;
        } else {
            beside.push(within.start..middle);
            within.start = middle;
        }
    }
    hashes(beside, subtree).map(Some)
}

/// Makes the proof that the tree of `first` leaves is the beginning of the tree of `second`; nothing if it cannot be
/// (RFC 9162 §2.1.4.1). The empty tree is the beginning of every tree, without any hash.
///
/// # Errors
/// Fails when a subtree cannot be read.
pub fn consistency_proof<E>(
    first: u64,
    second: u64,
    subtree: &mut dyn FnMut(Subtree) -> Result<[u8; 32], E>,
) -> Result<Option<Vec<[u8; 32]>>, E> {
    if first > second {
        return Ok(None);
    }
    if first == 0 {
        return Ok(Some(Vec::new()));
    }
    let mut within = 0..second;
    let mut is_known = true;
    let mut beside = Vec::new();
    while first < within.end {
        let middle = within.start + half(within.end - within.start);
        if first <= middle {
            beside.push(middle..within.end);
            within.end = middle;
        } else {
            beside.push(within.start..middle);
            within.start = middle;
            is_known = false;
        }
    }
    if !is_known {
        beside.push(within);
    }
    hashes(beside, subtree).map(Some)
}

/// Verifies that a leaf is in the tree (RFC 9162 §2.1.3.2).
///
/// # Errors
/// Fails when the proof does not lead from the leaf to the root.
pub fn verify_inclusion(
    (leaf, leaf_hash): (u64, [u8; 32]),
    (size, root): (u64, [u8; 32]),
    proof: &[[u8; 32]],
) -> Result<(), ProofError> {
    if leaf >= size {
        return Err(ProofError::Outside { asked: leaf, size });
    }
    let (mut place, mut last) = (leaf, size - 1);
    let mut hash = leaf_hash;
    for beside in proof {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if place % 2 == 1 || place == last {
            hash = node_hash(beside, &hash);
            // A node without a right neighbour goes up until it has a left one.
            let up = if place % 2 == 1 {
                0
            } else {
                place.trailing_zeros()
            };
            (place, last) = (shift(place, up), shift(last, up));
        } else {
            hash = node_hash(&hash, beside);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if hash != root {
        return Err(ProofError::Root);
    }
    Ok(())
}

/// Verifies that the first tree is the beginning of the second (RFC 9162 §2.1.4.2).
///
/// # Errors
/// Fails when the proof does not lead to both roots.
pub fn verify_consistency(
    (first, first_root): (u64, [u8; 32]),
    (second, second_root): (u64, [u8; 32]),
    proof: &[[u8; 32]],
) -> Result<(), ProofError> {
    if first > second {
        return Err(ProofError::Outside {
            asked: first,
            size: second,
        });
    }
    if first == 0 || first == second {
        let empty: [u8; 32] = Sha256::digest([]).into();
        let is_so = if first == second {
            first_root == second_root
        } else {
            first_root == empty
        };
        return match (proof, is_so) {
            ([], true) => Ok(()),
            ([], false) => Err(ProofError::Root),
            _ => Err(ProofError::Length),
        };
    }
    // The root of a perfect first tree is known, and left out of the proof.
    let (start, rest) = if first.is_power_of_two() {
        (first_root, proof)
    } else {
        let (start, rest) = proof.split_first().ok_or(ProofError::Length)?;
        (*start, rest)
    };
    let (mut place, mut last) = (first - 1, second - 1);
    let up = place.trailing_ones();
    (place, last) = (shift(place, up), shift(last, up));
    let (mut old, mut new) = (start, start);
    for beside in rest {
        if last == 0 {
            return Err(ProofError::Length);
        }
        if place % 2 == 1 || place == last {
            old = node_hash(beside, &old);
            new = node_hash(beside, &new);
            let up = if place % 2 == 1 {
                0
            } else {
                place.trailing_zeros()
            };
            (place, last) = (shift(place, up), shift(last, up));
        } else {
            new = node_hash(&new, beside);
        }
        (place, last) = (place >> 1, last >> 1);
    }
    if last != 0 {
        return Err(ProofError::Length);
    }
    if old != first_root || new != second_root {
        return Err(ProofError::Root);
    }
    Ok(())
}

/// Goes up so many levels; the left edge has no end.
fn shift(place: u64, levels: u32) -> u64 {
    place.checked_shr(levels).unwrap_or(0)
}

/// Returns the largest power of two below `leaves`, which are more than one.
fn half(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}

/// Hashes runs of leaves, the last first: a proof begins at the leaf.
fn hashes<E>(
    runs: Vec<Range<u64>>,
    subtree: &mut dyn FnMut(Subtree) -> Result<[u8; 32], E>,
) -> Result<Vec<[u8; 32]>, E> {
    runs.into_iter()
        .rev()
        .map(|run| root_of(run, subtree))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use crate::leaf_hash;

    fn leaf(index: u64) -> [u8; 32] {
        leaf_hash(&index.to_be_bytes())
    }

    fn subtree(of: Subtree) -> Result<[u8; 32], Infallible> {
        if of.level == 0 {
            return Ok(leaf(of.index));
        }
        let below = |side| {
            subtree(Subtree {
                level: of.level - 1,
                index: of.index * 2 + side,
            })
        };
        Ok(node_hash(&below(0)?, &below(1)?))
    }

    fn root(size: u64) -> [u8; 32] {
        root_of(0..size, &mut subtree).unwrap()
    }

    #[test]
    fn every_proof_of_small_trees_holds_and_no_changed_one_does() {
        let roots: Vec<_> = (0..40).map(root).collect();
        let root = |size: u64| roots[usize::try_from(size).unwrap()];
        for size in 0..40 {
            for index in 0..size {
                let proof = inclusion_proof(index, size, &mut subtree).unwrap().unwrap();
                verify_inclusion((index, leaf(index)), (size, root(size)), &proof).unwrap();
                refuses(&proof, |proof| {
                    verify_inclusion((index, leaf(index)), (size, root(size)), proof)
                });
                let other = verify_inclusion((index, leaf(size)), (size, root(size)), &proof);
                assert_eq!(other, Err(ProofError::Root));
            }
            for first in 0..=size {
                let proof = consistency_proof(first, size, &mut subtree)
                    .unwrap()
                    .unwrap();
                verify_consistency((first, root(first)), (size, root(size)), &proof).unwrap();
                refuses(&proof, |proof| {
                    verify_consistency((first, root(first)), (size, root(size)), proof)
                });
                let other = verify_consistency((first, [7; 32]), (size, root(size)), &proof);
                assert!(other.is_err(), "{first} of {size}");
            }
        }
    }

    /// No hash can be changed, left out or added.
    fn refuses(proof: &[[u8; 32]], verify: impl Fn(&[[u8; 32]]) -> Result<(), ProofError>) {
        for at in 0..proof.len() {
            let mut changed = proof.to_vec();
            changed[at][31] ^= 1;
            assert_eq!(verify(&changed), Err(ProofError::Root));
            changed.remove(at);
            assert!(verify(&changed).is_err());
        }
        let longer = [proof, &[[0; 32]]].concat();
        assert!(verify(&longer).is_err());
    }

    #[test]
    fn what_lies_outside_is_refused() {
        assert_eq!(inclusion_proof(3, 3, &mut subtree), Ok(None));
        assert_eq!(consistency_proof(4, 3, &mut subtree), Ok(None));
        let outside = |asked| ProofError::Outside { asked, size: 3 };
        let tree = (3, root(3));
        assert_eq!(verify_inclusion((3, leaf(3)), tree, &[]), Err(outside(3)));
        assert_eq!(verify_consistency((4, root(4)), tree, &[]), Err(outside(4)));
    }

    /// Leaf, size and hashes.
    const INCLUSION: [(u64, u64, &[&str]); 4] = [
        (
            0,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            5,
            8,
            &[
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            3,
            &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
        ),
        (
            1,
            5,
            &[
                "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ];

    /// Sizes and hashes.
    const CONSISTENCY: [(u64, u64, &[&str]); 4] = [
        (1, 1, &[]),
        (
            1,
            8,
            &[
                "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
            ],
        ),
        (
            6,
            8,
            &[
                "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            ],
        ),
        (
            2,
            5,
            &[
                "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
                "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            ],
        ),
    ];

    /// The proofs of the test vectors of certificate-transparency over its eight leaves (RFC 6962 §2.1.3).
    #[test]
    fn the_known_proofs() {
        let leaves: Vec<[u8; 32]> = super::super::tests::LEAVES
            .iter()
            .map(|leaf| leaf_hash(&super::super::tests::octets(leaf)))
            .collect();
        let mut subtree = |of: Subtree| {
            let level = usize::try_from(of.level).unwrap();
            let index = usize::try_from(of.index).unwrap();
            let mut frontier = super::super::Frontier::new();
            for leaf in &leaves[index << level..(index + 1) << level] {
                frontier.push(*leaf);
            }
            Ok::<_, Infallible>(frontier.root())
        };
        let hex = |proof: Vec<[u8; 32]>| -> Vec<String> {
            proof
                .iter()
                .map(|hash| hash.iter().map(|octet| format!("{octet:02x}")).collect())
                .collect()
        };
        for (index, size, expect) in INCLUSION {
            let proof = inclusion_proof(index, size, &mut subtree).unwrap().unwrap();
            assert_eq!(hex(proof), expect, "leaf {index} of {size}");
        }
        for (first, second, expect) in CONSISTENCY {
            let proof = consistency_proof(first, second, &mut subtree)
                .unwrap()
                .unwrap();
            assert_eq!(hex(proof), expect, "{first} of {second}");
        }
    }

    proptest::proptest! {
        #[test]
        fn proofs_of_larger_trees_hold(second in 1_u64..3_000, first in 0_u64..3_000) {
            let first = first % (second + 1);
            let proof = consistency_proof(first, second, &mut subtree).unwrap().unwrap();
            let verified = verify_consistency((first, root(first)), (second, root(second)), &proof);
            proptest::prop_assert_eq!(verified, Ok(()));
        }

        #[test]
        fn any_hashes_are_taken_or_refused(
            sizes: (u64, u64),
            hash: [u8; 32],
            proof in proptest::collection::vec(proptest::array::uniform32(0_u8..), 0..70),
        ) {
            let (first, second) = sizes;
            let inclusion = verify_inclusion((first, hash), (second, hash), &proof);
            let consistency = verify_consistency((first, hash), (second, hash), &proof);
            proptest::prop_assert!(inclusion.is_err() || second == 1);
            proptest::prop_assert!(consistency.is_err() || first == second);
        }
    }
}
