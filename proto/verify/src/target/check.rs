//! What a rule can ask of a chain: a closed list of questions.

mod keys;
mod names;
mod urls;
mod usages;
mod whole;

use std::fmt;

use spki::ObjectIdentifier;

use crate::KeyUsage;

use super::key::{KeyKind, SignatureKind};
use super::{Chain, ChainLink, url};

/// A question about a chain. "The leaf" is its first certificate.
#[derive(Debug, Clone, Copy)]
pub(super) enum Check {
    /// All keys of the chain are of these kinds.
    ChainKeys(&'static [KeyKind]),
    /// The key of the leaf is of these kinds.
    LeafKey(&'static [KeyKind]),
    /// All RSA keys of the chain have at least this many bits.
    RsaFrom(usize),
    /// All RSA keys of the chain have at most this many bits.
    RsaTo(usize),
    /// No signature of the chain is of these kinds; that of a root is nobody's concern.
    NoSignatures(&'static [SignatureKind]),
    /// The leaf is valid for at most this many days.
    LongestDays(u64),
    /// The extended key usage of the leaf is there and names one of these purposes.
    Purpose(&'static [ObjectIdentifier]),
    /// The extended key usage of the leaf is absent or names one of these purposes.
    PurposeIfAny(&'static [ObjectIdentifier]),
    /// The extended key usage of the leaf names none of these purposes.
    NoPurposes(&'static [ObjectIdentifier]),
    /// The leaf has a key usage.
    UsagePresent,
    /// The key usage of the leaf is absent or has this use.
    Usage(KeyUsage),
    /// The key usage of the leaf is absent or has this use, when its key is RSA.
    RsaUsage(KeyUsage),
    /// The key usage of the leaf has none of these uses.
    NoUsages(&'static [KeyUsage]),
    /// The key usage of every CA is absent or has this use.
    CaUsage(KeyUsage),
    /// Every CA says in its basic constraints that it is one.
    CaConstraints,
    /// No CA has more CAs below it than it allows.
    PathLength,
    /// The leaf has a subject alternative name.
    AnyName,
    /// The leaf has a subject alternative name that is a DNS name.
    DnsName,
    /// The leaf has a subject alternative name that is a DNS name or an e-mail address.
    DnsNameOrEmail,
    /// The leaf has exactly one common name.
    CommonName,
    /// The common name of the leaf is one of its subject alternative names.
    CommonNameAmongNames,
    /// Every address of the leaf stands in a `dNSName` too.
    AddressesAsDnsNames,
    /// Every address in a `dNSName` of the leaf stands in an `iPAddress` too.
    DnsNamesAsAddresses,
    /// No subject alternative name of the leaf has a wildcard.
    NoWildcards,
    /// The leaf names a URL of a CRL.
    LeafCrlUrl,
    /// Every CA but the root names a URL of a CRL.
    CaCrlUrls,
    /// All URLs of CRLs are of plain http.
    PlainHttp,
    /// No certificate names more than one URL of a CRL.
    OneCrlUrl,
    /// No URL of a CRL has a host that only the inside of a network reaches.
    NoHostInside,
    /// No URL of a CRL has the machine itself as its host.
    NoLoopback,
    /// All URLs of CRLs have the port 80.
    Port80,
    /// The certificates that are sent, all but the root, have at most this many octets together.
    SentOctets(usize),
    /// Every certificate has at most this many octets.
    EachOctets(usize),
    /// No two certificates of CAs have the same subject and different keys.
    DistinctCas,
    /// Every certificate is followed by the CA that it names as its issuer.
    Linked,
    /// The chain ends with a root.
    Whole,
    /// The leaf has a subject key identifier.
    LeafSubjectKeyIdentifier,
    /// Every certificate but the root has an authority key identifier.
    AuthorityKeyIdentifiers,
    /// A root has an authority key identifier too.
    RootAuthorityKeyIdentifier,
    /// No certificate has this extension.
    NoExtension(ObjectIdentifier),
    /// No extension is critical but these.
    CriticalAmong(&'static [ObjectIdentifier]),
    /// The extended key usage of the leaf is not critical.
    NotCritical(ObjectIdentifier),
}

impl Check {
    /// Says what came instead, when the chain is not as wanted.
    pub(super) fn breach(self, chain: &Chain) -> Option<String> {
        let leaf = chain.leaf();
        match self {
            Self::ChainKeys(kinds) => first(chain.links(), |link| keys::other_kind(link, kinds)),
            Self::LeafKey(kinds) => keys::other_kind(leaf, kinds),
            Self::RsaFrom(least) => first(chain.links(), |link| keys::shorter(link, least)),
            Self::RsaTo(most) => first(chain.links(), |link| keys::longer(link, most)),
            Self::NoSignatures(kinds) => first(chain.sent(), |link| keys::signed_with(link, kinds)),
            Self::LongestDays(days) => keys::lives_longer(leaf, days),
            Self::Purpose(wanted) => usages::lacks_purpose(leaf, wanted),
            Self::PurposeIfAny(wanted) => usages::has_only_other_purposes(leaf, wanted),
            Self::NoPurposes(refused) => usages::has_purpose(leaf, refused),
            Self::UsagePresent => usages::lacks_any_usage(leaf),
            Self::Usage(wanted) => usages::lacks_usage(leaf, wanted),
            Self::RsaUsage(wanted) => usages::rsa_lacks_usage(leaf, wanted),
            Self::NoUsages(refused) => usages::has_usage(leaf, refused),
            Self::CaUsage(wanted) => first(chain.cas(), |ca| usages::lacks_usage(ca, wanted)),
            Self::CaConstraints => first(chain.cas(), usages::is_no_ca),
            Self::PathLength => usages::path_too_long(chain),
            Self::NotCritical(extension) => usages::is_critical(leaf, extension),
            Self::AnyName => names::lacks_names(leaf),
            Self::DnsName => names::lacks_dns_name(leaf),
            Self::DnsNameOrEmail => names::lacks_dns_name_and_email(leaf),
            Self::CommonName => names::lacks_common_name(leaf),
            Self::CommonNameAmongNames => names::common_name_elsewhere(leaf),
            Self::AddressesAsDnsNames => names::address_alone(leaf),
            Self::DnsNamesAsAddresses => names::dns_name_alone(leaf),
            Self::NoWildcards => names::wildcard(leaf),
            Self::LeafCrlUrl => urls::lacks_crl_url(leaf),
            Self::CaCrlUrls => first(chain.cas(), urls::ca_lacks_crl_url),
            Self::PlainHttp => first(chain.links(), urls::not_http),
            Self::OneCrlUrl => first(chain.links(), urls::several),
            Self::NoHostInside => first(chain.links(), |link| {
                urls::at(link, |host, _port| {
                    url::is_inside(host) && !url::is_loopback(host)
                })
            }),
            Self::NoLoopback => first(chain.links(), |link| {
                urls::at(link, |host, _port| url::is_loopback(host))
            }),
            Self::Port80 => first(chain.links(), |link| {
                urls::at(link, |_host, port| port != 80)
            }),
            Self::SentOctets(most) => whole::too_long(chain, most),
            Self::EachOctets(most) => first(chain.links(), |link| whole::longer(link, most)),
            Self::DistinctCas => whole::two_of_one_name(chain),
            Self::Linked => whole::unlinked(chain),
            Self::Whole => whole::unfinished(chain),
            Self::LeafSubjectKeyIdentifier => whole::lacks_own_identifier(leaf),
            Self::AuthorityKeyIdentifiers => first(chain.sent(), whole::lacks_identifier),
            Self::RootAuthorityKeyIdentifier => first(chain.cas(), whole::root_lacks_identifier),
            Self::NoExtension(extension) => {
                first(chain.links(), |link| whole::has_extension(link, extension))
            }
            Self::CriticalAmong(known) => {
                first(chain.links(), |link| whole::unknown_critical(link, known))
            }
        }
    }
}

/// Returns the first thing to be said of one of the certificates.
fn first<'a>(
    links: impl IntoIterator<Item = &'a ChainLink>,
    what: impl FnMut(&'a ChainLink) -> Option<String>,
) -> Option<String> {
    links.into_iter().find_map(what)
}

/// Says something of a certificate, when it is so.
fn when(is_so: bool, link: &ChainLink, what: impl fmt::Display) -> Option<String> {
    is_so.then(|| format!("of `{}` came: {what}", link.subject))
}
