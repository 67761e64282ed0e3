//! Subject alternative names (RFC 5280 §4.2.1.6).

use std::fmt;
use std::net::IpAddr;

use ca_types::GeneralName;

/// One subject alternative name as it stands in a certificate or a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlternativeName {
    /// A name that this CA issues.
    Issuable(GeneralName),
    /// An address in a `dNSName`, as Windows IKEv2 wants it beside the `iPAddress`.
    AddressAsDns(IpAddr),
    /// Anything else: another form, or a value that is no well-formed name.
    Foreign(String),
}

impl fmt::Display for AlternativeName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issuable(name) => name.fmt(f),
            Self::AddressAsDns(address) => write!(f, "dns:{address}"),
            Self::Foreign(text) => f.write_str(text),
        }
    }
}
