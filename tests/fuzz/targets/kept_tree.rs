//! The tree that a client keeps between two runs is a file that anybody may have changed: what is read is written as it
//! was, and grows.
#![no_main]

use ca_verify::Frontier;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|octets: &[u8]| {
    let Some(mut tree) = Frontier::from_octets(octets) else {
        return;
    };
    assert_eq!(tree.to_octets(), octets);
    let beginnings = tree.beginnings();
    assert_eq!(beginnings.len(), tree.size().count_ones() as usize);
    if let Some(last) = beginnings.last() {
        assert_eq!(*last, (tree.size(), tree.root()));
    }
    if tree.size() < u64::MAX {
        let size = tree.size();
        tree.push([7; 32]);
        assert_eq!(tree.size(), size + 1);
        assert_eq!(Frontier::from_octets(&tree.to_octets()), Some(tree));
    }
});
