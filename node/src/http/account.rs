//! Who counts as one caller.

use std::net::{IpAddr, Ipv6Addr};

/// Whoever has one IPv6 address has the 2⁶⁴ of its network: they are one account.
pub(crate) fn account_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
        canonical @ IpAddr::V4(_) => canonical,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_network_is_one_account() {
        let account = |address: &str| account_of(address.parse().unwrap());
        assert_eq!(account("2001:db8::1"), account("2001:db8::2"));
        assert_ne!(account("2001:db8::1"), account("2001:db8:0:1::1"));
        assert_eq!(account("192.0.2.1"), account("::ffff:192.0.2.1"));
    }
}
