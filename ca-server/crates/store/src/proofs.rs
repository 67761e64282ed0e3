//! Proofs over the log: the upper levels of the tree from memory, the leaves of a tile from the disk.

use std::collections::HashMap;

use ca_verify::{
    Subtree, TILE_LEVEL, consistency_proof, inclusion_proof, leaf_hash, node_hash, root_of,
};

use crate::StoreError;
use crate::log::Log;
use crate::state::SharedState;

/// The tree of so many leaves, of which any subtree can be computed.
pub(crate) struct Proofs<F> {
    size: u64,
    /// The hashes over every 256 leaves, as far as they are known.
    tiles: Vec<[u8; 32]>,
    /// Reads the hashes of the leaves of a tile, or of as many as there are.
    read_tile: F,
    read: HashMap<u64, Vec<[u8; 32]>>,
}

impl<F: FnMut(u64) -> Result<Vec<[u8; 32]>, StoreError>> Proofs<F> {
    pub(crate) fn new(size: u64, tiles: Vec<[u8; 32]>, read_tile: F) -> Self {
        Self {
            size,
            tiles,
            read_tile,
            read: HashMap::new(),
        }
    }

    pub(crate) fn root_at(mut self, size: u64) -> Result<Option<[u8; 32]>, StoreError> {
        if size > self.size {
            return Ok(None);
        }
        root_of(0..size, &mut |subtree| self.hash(subtree)).map(Some)
    }

    pub(crate) fn inclusion(
        mut self,
        leaf: u64,
        size: u64,
    ) -> Result<Option<Vec<[u8; 32]>>, StoreError> {
        if size > self.size {
            return Ok(None);
        }
        inclusion_proof(leaf, size, &mut |subtree| self.hash(subtree))
    }

    pub(crate) fn consistency(
        mut self,
        first: u64,
        second: u64,
    ) -> Result<Option<Vec<[u8; 32]>>, StoreError> {
        if second > self.size {
            return Ok(None);
        }
        consistency_proof(first, second, &mut |subtree| self.hash(subtree))
    }

    /// Computes the hash of a perfect subtree.
    fn hash(&mut self, subtree: Subtree) -> Result<[u8; 32], StoreError> {
        let Subtree { level, index } = subtree;
        if level == TILE_LEVEL
            && let Some(tile) = usize::try_from(index)
                .ok()
                .and_then(|index| self.tiles.get(index))
        {
            return Ok(*tile);
        }
        if level == 0 {
            return self.leaf(index);
        }
        let mut below = |side| {
            self.hash(Subtree {
                level: level - 1,
                index: index * 2 + side,
            })
        };
        Ok(node_hash(&below(0)?, &below(1)?))
    }

    fn leaf(&mut self, leaf: u64) -> Result<[u8; 32], StoreError> {
        let tile = leaf >> TILE_LEVEL;
        let hashes = match self.read.entry(tile) {
            std::collections::hash_map::Entry::Occupied(read) => read.into_mut(),
            std::collections::hash_map::Entry::Vacant(unread) => {
                unread.insert((self.read_tile)(tile)?)
            }
        };
        let place = usize::try_from(leaf - (tile << TILE_LEVEL)).unwrap_or(usize::MAX);
        // The log has every leaf that the tree has.
        hashes.get(place).copied().ok_or(StoreError::Closed)
    }
}

impl Log {
    /// Stands ready to prove things about the durable leaves.
    pub(crate) fn proofs(
        &self,
        state: &SharedState,
    ) -> Proofs<impl FnMut(u64) -> Result<Vec<[u8; 32]>, StoreError>> {
        let state = state.read();
        let size = state.frontier.size();
        let tiles = state
            .tiles
            .iter_from(0)
            .map(|(_tile, hash)| *hash)
            .collect();
        drop(state);
        let read_tile = move |tile: u64| {
            let first = tile << TILE_LEVEL;
            let end = (first + (1 << TILE_LEVEL)).min(size);
            let mut hashes = Vec::with_capacity(1 << TILE_LEVEL);
            self.replay(first, end, &mut |found| {
                hashes.push(leaf_hash(found.octets));
                Ok(())
            })?;
            Ok(hashes)
        };
        Proofs::new(size, tiles, read_tile)
    }
}
