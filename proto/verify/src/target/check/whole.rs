//! The chain as a whole.

use spki::ObjectIdentifier;

use crate::target::{Chain, ChainLink};

use super::when;

pub(super) fn too_long(chain: &Chain, most: usize) -> Option<String> {
    let octets: usize = chain.sent().map(|link| link.octets).sum();
    when(
        octets > most,
        chain.leaf(),
        format_args!("with its CAs it has {octets} octets"),
    )
}

pub(super) fn longer(link: &ChainLink, most: usize) -> Option<String> {
    let octets = link.octets;
    when(octets > most, link, format_args!("it has {octets} octets"))
}

pub(super) fn two_of_one_name(chain: &Chain) -> Option<String> {
    (1..).zip(chain.cas()).find_map(|(behind, ca)| {
        let is_other = |other: &&ChainLink| {
            other.subject.der() == ca.subject.der() && other.key.spki != ca.key.spki
        };
        let other = chain.cas().iter().skip(behind).find(is_other)?;
        when(true, other, "two CAs with different keys")
    })
}

pub(super) fn unlinked(chain: &Chain) -> Option<String> {
    let mut pairs = chain.links().zip(chain.cas());
    pairs.find_map(|(link, above)| is_not_below(link, above))
}

fn is_not_below(link: &ChainLink, above: &ChainLink) -> Option<String> {
    let (issuer, subject) = (&link.issuer, &above.subject);
    if issuer.der() != subject.der() {
        let what = format!("its issuer is `{issuer}`, behind it stands `{subject}`");
        return when(true, link, what);
    }
    let named = link.authority_key_identifier.as_ref()?;
    let held = above.subject_key_identifier.as_ref()?;
    let what = format_args!("its authority key identifier is not that of `{subject}`");
    when(named != held, link, what)
}

pub(super) fn unfinished(chain: &Chain) -> Option<String> {
    let last = chain.cas().last().unwrap_or_else(|| chain.leaf());
    when(!last.is_self_issued(), last, "nothing stands behind it")
}

pub(super) fn lacks_own_identifier(link: &ChainLink) -> Option<String> {
    when(link.subject_key_identifier.is_none(), link, "it has none")
}

pub(super) fn lacks_identifier(link: &ChainLink) -> Option<String> {
    let is_lacking = !link.is_self_issued() && link.authority_key_identifier.is_none();
    when(is_lacking, link, "it has none")
}

pub(super) fn root_lacks_identifier(ca: &ChainLink) -> Option<String> {
    let is_lacking = ca.is_self_issued() && ca.authority_key_identifier.is_none();
    when(is_lacking, ca, "it has none")
}

pub(super) fn has_extension(link: &ChainLink, extension: ObjectIdentifier) -> Option<String> {
    let has_it = link.extensions.iter().any(|(found, _)| *found == extension);
    when(has_it, link, format_args!("it has {extension}"))
}

pub(super) fn unknown_critical(link: &ChainLink, known: &[ObjectIdentifier]) -> Option<String> {
    let is_unknown =
        |(found, critical): &&(ObjectIdentifier, bool)| *critical && !known.contains(found);
    let (found, _) = link.extensions.iter().find(is_unknown)?;
    when(
        true,
        link,
        format_args!("its extension {found} is critical"),
    )
}
