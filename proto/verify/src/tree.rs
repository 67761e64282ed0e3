//! Hashes of the Merkle tree over the log (RFC 9162 §2.1).

mod proof;

pub use proof::{
    ProofError, Subtree, consistency_proof, inclusion_proof, root_of, verify_consistency,
    verify_inclusion,
};
use sha2::{Digest, Sha256};

/// Hashes the octets of a leaf (RFC 9162 §2.1.1).
pub fn leaf_hash(leaf: &[u8]) -> [u8; 32] {
    let mut hasher = Sha256::new_with_prefix([0]);
    hasher.update(leaf);
    hasher.finalize().into()
}

/// Hashes two neighbours into the node above them (RFC 9162 §2.1.1).
pub fn node_hash(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let mut hasher = Sha256::new_with_prefix([1]);
    hasher.update(left);
    hasher.update(right);
    hasher.finalize().into()
}

/// The level of the subtrees that are kept to prove things from: tiles of 256 leaves.
pub const TILE_LEVEL: u32 = 8;

/// The right edge of a growing tree: the hashes of its perfect subtrees, the largest first.
///
/// It is all that is needed to add leaves and to know the root hash.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    /// One hash per bit that is set in `size`, the highest bit first.
    subtrees: Vec<[u8; 32]>,
}

impl Frontier {
    /// Starts an empty tree.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the hash of the next leaf; returns the hash of the tile that it completes, if it does.
    pub fn push(&mut self, leaf_hash: [u8; 32]) -> Option<[u8; 32]> {
        let mut hash = leaf_hash;
        let mut tile = None;
        for level in 1..=self.size.trailing_ones() {
            if let Some(left) = self.subtrees.pop() {
                hash = node_hash(&left, &hash);
            }
            if level == TILE_LEVEL {
                tile = Some(hash);
            }
        }
        self.subtrees.push(hash);
        self.size += 1;
        tile
    }

    /// Returns the number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Returns the root hash; that of the empty tree is the hash of nothing.
    pub fn root(&self) -> [u8; 32] {
        self.subtrees
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(|| Sha256::digest([]).into())
    }

    /// Returns the trees that this one begins with and whose roots its hashes give, the smallest first, itself last.
    pub fn beginnings(&self) -> Vec<(u64, [u8; 32])> {
        let mut beginning = Self::new();
        let mut left = self.size;
        let mut beginnings = Vec::with_capacity(self.subtrees.len());
        for subtree in &self.subtrees {
            let leaves = left.checked_ilog2().map_or(0, |level| 1 << level);
            left -= leaves;
            beginning.size += leaves;
            beginning.subtrees.push(*subtree);
            beginnings.push((beginning.size, beginning.root()));
        }
        beginnings
    }

    /// Tells whether `above` is the right edge over the perfect subtrees of a level of this tree.
    pub fn stands_on(&self, above: &Self, level: u32) -> bool {
        let count = above.subtrees.len();
        self.size.checked_shr(level) == Some(above.size)
            && self.subtrees.get(..count) == Some(above.subtrees.as_slice())
    }

    /// Encodes the size in eight octets and then the hashes.
    pub fn to_octets(&self) -> Vec<u8> {
        let mut octets = self.size.to_be_bytes().to_vec();
        for hash in &self.subtrees {
            octets.extend_from_slice(hash);
        }
        octets
    }

    /// Decodes what [`Frontier::to_octets`] wrote; nothing if the number of hashes does not fit the size.
    pub fn from_octets(octets: &[u8]) -> Option<Self> {
        let (size, hashes) = octets.split_first_chunk::<8>()?;
        let size = u64::from_be_bytes(*size);
        let (subtrees, rest) = hashes.as_chunks::<32>();
        let wanted = usize::try_from(size.count_ones()).ok()?;
        (rest.is_empty() && subtrees.len() == wanted).then(|| Self {
            size,
            subtrees: subtrees.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_beginnings_of_a_tree_are_the_trees_it_grew_from() {
        let mut tree = Frontier::new();
        let mut roots = vec![tree.root()];
        for leaf in 0..13_u8 {
            tree.push(leaf_hash(&[leaf]));
            roots.push(tree.root());
        }
        let wanted = [(8, roots[8]), (12, roots[12]), (13, roots[13])];
        assert_eq!(tree.beginnings(), wanted);
        assert_eq!(Frontier::new().beginnings(), []);
    }

    /// The leaves of the test vectors of certificate-transparency (RFC 6962 §2.1, same hashes).
    pub(super) const LEAVES: [&str; 8] = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];

    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    pub(super) fn octets(hex: &str) -> Vec<u8> {
        hex.as_bytes()
            .chunks(2)
            .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    #[test]
    fn roots_of_the_known_trees() {
        let mut frontier = Frontier::new();
        for (size, root) in ROOTS.iter().enumerate() {
            assert_eq!(frontier.root().to_vec(), octets(root), "size {size}");
            assert_eq!(
                Frontier::from_octets(&frontier.to_octets()).as_ref(),
                Some(&frontier)
            );
            if let Some(leaf) = LEAVES.get(size) {
                frontier.push(leaf_hash(&octets(leaf)));
            }
        }
        assert_eq!(frontier.size(), 8);
    }

    /// RFC 9162 §2.1.1 word by word: split at the largest power of two below the size.
    fn root_by_definition(leaves: &[[u8; 32]]) -> [u8; 32] {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node_hash(&root_by_definition(left), &root_by_definition(right))
            }
        }
    }

    #[test]
    fn every_size_agrees_with_the_definition() {
        let mut frontier = Frontier::new();
        let mut leaves = Vec::new();
        for leaf in 0..70_u8 {
            assert_eq!(frontier.root(), root_by_definition(&leaves));
            leaves.push(leaf_hash(&[leaf]));
            frontier.push(leaf_hash(&[leaf]));
        }
    }

    proptest! {
        #[test]
        fn what_is_read_as_a_tree_is_written_as_it_was(octets in prop::collection::vec(any::<u8>(), 0..200), size in 0..64_u64) {
            let sized = [size.to_be_bytes().to_vec(), octets.clone()].concat();
            for octets in [octets, sized] {
                if let Some(tree) = Frontier::from_octets(&octets) {
                    prop_assert_eq!(tree.to_octets(), octets);
                    let whole = (tree.size() > 0).then(|| (tree.size(), tree.root()));
                    prop_assert_eq!(tree.beginnings().last().copied(), whole);
                }
            }
        }
    }

    #[test]
    fn a_wrong_number_of_hashes_is_no_frontier() {
        let mut frontier = Frontier::new();
        frontier.push(leaf_hash(b"leaf"));
        let octets = frontier.to_octets();
        for end in 0..octets.len() {
            assert_eq!(Frontier::from_octets(&octets[..end]), None, "cut at {end}");
        }
        assert_eq!(Frontier::from_octets(&[octets, vec![0; 32]].concat()), None);
    }

    #[test]
    fn every_256th_leaf_completes_a_tile() {
        let mut frontier = Frontier::new();
        let mut tile = Frontier::new();
        for leaf in 0..1000_u16 {
            let hash = leaf_hash(&leaf.to_be_bytes());
            tile.push(hash);
            let completed = frontier.push(hash);
            if tile.size() == 256 {
                assert_eq!(completed, Some(tile.root()));
                tile = Frontier::new();
            } else {
                assert_eq!(completed, None);
            }
        }
    }
}
