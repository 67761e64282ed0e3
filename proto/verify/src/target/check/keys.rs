//! Keys, signatures and lifetimes.

use crate::target::ChainLink;
use crate::target::key::{KeyKind, SignatureKind};

use super::when;

pub(super) fn other_kind(link: &ChainLink, kinds: &[KeyKind]) -> Option<String> {
    let kind = link.key.kind;
    when(
        !kinds.contains(&kind),
        link,
        format_args!("its key is {kind}"),
    )
}

pub(super) fn shorter(link: &ChainLink, least: usize) -> Option<String> {
    let bits = link.key.rsa_bits?;
    when(
        bits < least,
        link,
        format_args!("its RSA key has {bits} bits"),
    )
}

pub(super) fn longer(link: &ChainLink, most: usize) -> Option<String> {
    let bits = link.key.rsa_bits?;
    when(
        bits > most,
        link,
        format_args!("its RSA key has {bits} bits"),
    )
}

pub(super) fn signed_with(link: &ChainLink, kinds: &[SignatureKind]) -> Option<String> {
    let kind = link.signature;
    when(
        kinds.contains(&kind),
        link,
        format_args!("it is signed with {kind}"),
    )
}

pub(super) fn lives_longer(link: &ChainLink, days: u64) -> Option<String> {
    let lives = link.seconds.div_ceil(86_400);
    let is_longer = link.seconds > days.saturating_mul(86_400);
    when(
        is_longer,
        link,
        format_args!("it is valid for {lives} days"),
    )
}
