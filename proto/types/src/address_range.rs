//! Ranges of IP addresses (RFC 4632 §3.1, RFC 4291 §2.3).

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

/// A network of IPv4 or IPv6 addresses: `10.0.0.0/8`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressRange {
    network: IpAddr,
    prefix: u8,
}

impl AddressRange {
    /// Tells whether an address lies in the range; an address of the other family never does.
    pub fn contains(&self, address: IpAddr) -> bool {
        bits(self.network).1 == bits(address).1
            && masked(address, self.prefix) == bits(self.network).0
    }
}

impl FromStr for AddressRange {
    type Err = AddressRangeError;

    /// Reads `ADDRESS/LENGTH`; bits behind the prefix must be zero, so that a slip of the pen shows.
    fn from_str(text: &str) -> Result<Self, AddressRangeError> {
        let refuse = || AddressRangeError(text.to_owned());
        let (address, prefix) = text.split_once('/').ok_or_else(refuse)?;
        let network: IpAddr = address.parse().map_err(|_source| refuse())?;
        let is_number = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
        let prefix: u8 = prefix.parse().map_err(|_source| refuse())?;
        let (value, width) = bits(network);
        let is_mapped =
            matches!(network, IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() && prefix >= 96);
        if !is_number || prefix > width || is_mapped || masked(network, prefix) != value {
            return Err(refuse());
        }
        Ok(Self { network, prefix })
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

/// Returns an address as a number, and how many bits it has.
fn bits(address: IpAddr) -> (u128, u8) {
    match address {
        IpAddr::V4(v4) => (u128::from(v4.to_bits()), 32),
        IpAddr::V6(v6) => (v6.to_bits(), 128),
    }
}

/// Returns the leading bits of an address, those behind them zero.
fn masked(address: IpAddr, prefix: u8) -> u128 {
    let (value, width) = bits(address);
    let behind = u32::from(width.saturating_sub(prefix));
    value
        .checked_shr(behind)
        .and_then(|front| front.checked_shl(behind))
        .unwrap_or(0)
}

/// A text that is no range of addresses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{}`: wanted a range such as 10.0.0.0/8 or 2001:db8::/32, with zeros behind the prefix",
    .0.escape_default()
)]
pub struct AddressRangeError(String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_holds_the_addresses_of_its_prefix() {
        for (range, address, expect) in [
            ("10.0.0.0/8", "10.255.255.255", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "::1", false),
            ("192.0.2.7/32", "192.0.2.7", true),
            ("192.0.2.7/32", "192.0.2.6", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "10.0.0.1", false),
            ("::a00:0/104", "10.0.0.0", false),
        ] {
            let range: AddressRange = range.parse().unwrap();
            assert_eq!(
                range.contains(address.parse().unwrap()),
                expect,
                "{range} {address}"
            );
        }
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in [
            "",
            "10.0.0.0",
            "10.0.0.1/8",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/8/8",
            "10.0.0/8",
            "2001:db8::1/32",
            "::/129",
            "::ffff:10.0.0.0/104",
        ] {
            assert!(text.parse::<AddressRange>().is_err(), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_range_comes_back_as_it_was(address: std::net::Ipv4Addr, prefix in 0_u8..=32) {
            let network = std::net::Ipv4Addr::from_bits(
                u32::try_from(masked(IpAddr::V4(address), prefix)).unwrap(),
            );
            let range: AddressRange = format!("{network}/{prefix}").parse().unwrap();
            proptest::prop_assert!(range.contains(IpAddr::V4(address)));
            proptest::prop_assert_eq!(range.to_string().parse(), Ok(range));
        }

        #[test]
        fn no_text_makes_the_range_panic(text in ".{0,40}") {
            let _any = text.parse::<AddressRange>();
        }
    }
}
