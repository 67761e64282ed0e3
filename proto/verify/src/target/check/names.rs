//! Names.

use std::net::IpAddr;

use ca_types::GeneralName;

use crate::AlternativeName;
use crate::target::ChainLink;

use super::when;

pub(super) fn lacks_names(link: &ChainLink) -> Option<String> {
    when(
        link.names.is_empty(),
        link,
        "it has no subject alternative name",
    )
}

pub(super) fn lacks_dns_name(link: &ChainLink) -> Option<String> {
    let is_lacking = !link.names.iter().any(is_dns_name);
    when(
        is_lacking,
        link,
        format_args!("its names are {}", all(link)),
    )
}

pub(super) fn lacks_dns_name_and_email(link: &ChainLink) -> Option<String> {
    let is_wanted = |name| is_dns_name(name) || is_email(name);
    let is_lacking = !link.names.iter().any(is_wanted);
    when(
        is_lacking,
        link,
        format_args!("its names are {}", all(link)),
    )
}

pub(super) fn lacks_common_name(link: &ChainLink) -> Option<String> {
    let count = link.subject.common_names().len();
    when(
        count != 1,
        link,
        format_args!("it has {count} common names"),
    )
}

pub(super) fn common_name_elsewhere(link: &ChainLink) -> Option<String> {
    let is_elsewhere = |name: &&String| {
        let is_it = |other| value(other).eq_ignore_ascii_case(name);
        !link.names.iter().any(is_it)
    };
    let name = link.subject.common_names().iter().find(is_elsewhere)?;
    when(
        true,
        link,
        format_args!("`{name}` is not among its names: {}", all(link)),
    )
}

pub(super) fn address_alone(link: &ChainLink) -> Option<String> {
    let is_alone = |address: &IpAddr| {
        !link
            .names
            .contains(&AlternativeName::AddressAsDns(*address))
    };
    let address = addresses(link).find(is_alone)?;
    when(
        true,
        link,
        format_args!("{address} stands in an iPAddress alone"),
    )
}

pub(super) fn dns_name_alone(link: &ChainLink) -> Option<String> {
    let address = link.names.iter().find_map(|name| match name {
        AlternativeName::AddressAsDns(address) => {
            Some(*address).filter(|address| addresses(link).all(|other| other != *address))
        }
        AlternativeName::Issuable(_) | AlternativeName::Foreign(_) => None,
    })?;
    when(
        true,
        link,
        format_args!("{address} stands in a dNSName alone"),
    )
}

pub(super) fn wildcard(link: &ChainLink) -> Option<String> {
    let name = link.names.iter().find(|name| value(name).contains('*'))?;
    when(true, link, format_args!("one of its names is {name}"))
}

fn is_dns_name(name: &AlternativeName) -> bool {
    match name {
        AlternativeName::Issuable(GeneralName::Dns(_)) => true,
        AlternativeName::Foreign(text) => text.starts_with("dns:"),
        AlternativeName::Issuable(GeneralName::Ip(_) | GeneralName::Email(_))
        | AlternativeName::AddressAsDns(_) => false,
    }
}

fn is_email(name: &AlternativeName) -> bool {
    matches!(name, AlternativeName::Issuable(GeneralName::Email(_)))
}

/// Returns the addresses that stand in an `iPAddress`.
fn addresses(link: &ChainLink) -> impl Iterator<Item = IpAddr> {
    link.names.iter().filter_map(|name| match name {
        AlternativeName::Issuable(GeneralName::Ip(address)) => Some(*address),
        AlternativeName::Issuable(GeneralName::Dns(_) | GeneralName::Email(_))
        | AlternativeName::AddressAsDns(_)
        | AlternativeName::Foreign(_) => None,
    })
}

/// Returns a name without its form.
fn value(name: &AlternativeName) -> String {
    match name {
        AlternativeName::Issuable(name) => name.value(),
        AlternativeName::AddressAsDns(address) => address.to_string(),
        AlternativeName::Foreign(text) => {
            let value = text.split_once(':').map(|(_form, value)| value);
            value.unwrap_or_default().to_owned()
        }
    }
}

fn all(link: &ChainLink) -> String {
    if link.names.is_empty() {
        return "none".to_owned();
    }
    let names: Vec<String> = link.names.iter().map(ToString::to_string).collect();
    names.join(", ")
}
