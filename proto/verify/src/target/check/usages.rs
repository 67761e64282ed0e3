//! Key usage, extended key usage and what makes a CA.

use spki::ObjectIdentifier;

use crate::KeyUsage;
use crate::target::key::KeyKind;
use crate::target::{Chain, ChainLink};

use super::when;

pub(super) fn lacks_purpose(link: &ChainLink, wanted: &[ObjectIdentifier]) -> Option<String> {
    when(
        link.purposes.is_none(),
        link,
        "it has no extended key usage",
    )
    .or_else(|| has_only_other_purposes(link, wanted))
}

pub(super) fn has_only_other_purposes(
    link: &ChainLink,
    wanted: &[ObjectIdentifier],
) -> Option<String> {
    let found = link.purposes.as_ref()?;
    let words: Vec<String> = found.iter().map(ToString::to_string).collect();
    when(
        !wanted.iter().any(|one| found.contains(one)),
        link,
        format_args!("its purposes are {}", words.join(", ")),
    )
}

pub(super) fn has_purpose(link: &ChainLink, refused: &[ObjectIdentifier]) -> Option<String> {
    let one = refused.iter().find(|one| link.has_purpose(**one))?;
    when(true, link, format_args!("it has the purpose {one}"))
}

pub(super) fn lacks_any_usage(link: &ChainLink) -> Option<String> {
    when(link.key_usage.is_none(), link, "it has no key usage")
}

pub(super) fn lacks_usage(link: &ChainLink, wanted: KeyUsage) -> Option<String> {
    let usage = link.key_usage?;
    when(
        !usage.has(wanted),
        link,
        format_args!("its key usage is {usage}"),
    )
}

pub(super) fn rsa_lacks_usage(link: &ChainLink, wanted: KeyUsage) -> Option<String> {
    if link.key.kind == KeyKind::Rsa {
        lacks_usage(link, wanted)
    } else {
        None
    }
}

pub(super) fn has_usage(link: &ChainLink, refused: &[KeyUsage]) -> Option<String> {
    let usage = link.key_usage?;
    when(
        refused.iter().any(|one| usage.has(*one)),
        link,
        format_args!("its key usage is {usage}"),
    )
}

pub(super) fn is_no_ca(ca: &ChainLink) -> Option<String> {
    let is_ca = ca.basic_constraints.is_some_and(|found| found.ca);
    when(!is_ca, ca, "it does not say that it is a CA")
}

pub(super) fn path_too_long(chain: &Chain) -> Option<String> {
    (0_u64..).zip(chain.cas()).find_map(|(below, ca)| {
        let allowed = ca.basic_constraints?.path_len?;
        let what = format!("it allows {allowed} CAs below it, there are {below}");
        when(below > allowed, ca, what)
    })
}

pub(super) fn is_critical(link: &ChainLink, extension: ObjectIdentifier) -> Option<String> {
    let is_critical = link.extensions.contains(&(extension, true));
    when(is_critical, link, format_args!("{extension} is critical"))
}
