//! Names in addresses: `/dns4/qamar/tcp/7402` becomes the addresses of this moment, at every dial anew.

use libp2p::Multiaddr;
use libp2p::multiaddr::Protocol;
use std::net::SocketAddr;

/// Addresses tried for one name.
const ADDRESSES_MAX: usize = 8;

/// Whether `address` starts with a name.
pub(super) fn is_named(address: &Multiaddr) -> bool {
    name_and_port(address).is_some()
}

/// The addresses behind `address`: itself, or those of its name. Empty when the name is unknown now.
pub(super) async fn resolve(address: &Multiaddr) -> Vec<Multiaddr> {
    let Some((name, port)) = name_and_port(address) else { return vec![address.clone()] };
    let Ok(found) = tokio::net::lookup_host((name.as_str(), port)).await else { return Vec::new() };
    let only = address.iter().next();
    let wanted = |found: &SocketAddr| match &only {
        Some(Protocol::Dns4(_)) => found.is_ipv4(),
        Some(Protocol::Dns6(_)) => found.is_ipv6(),
        _other => true,
    };
    let direct = |found: SocketAddr| Multiaddr::from(found.ip()).with(Protocol::Tcp(found.port()));
    found.filter(wanted).take(ADDRESSES_MAX).map(direct).collect()
}

fn name_and_port(address: &Multiaddr) -> Option<(String, u16)> {
    let mut parts = address.iter();
    match (parts.next(), parts.next()) {
        (Some(Protocol::Dns(name) | Protocol::Dns4(name) | Protocol::Dns6(name)), Some(Protocol::Tcp(port))) => {
            Some((name.into_owned(), port))
        }
        _other => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_becomes_addresses_and_an_address_stays() {
        let named: Multiaddr = "/dns4/localhost/tcp/7402".parse().unwrap();
        assert!(is_named(&named));
        assert_eq!(resolve(&named).await, vec!["/ip4/127.0.0.1/tcp/7402".parse::<Multiaddr>().unwrap()]);
        let direct: Multiaddr = "/ip4/10.0.0.1/tcp/7402".parse().unwrap();
        assert!(!is_named(&direct));
        assert_eq!(resolve(&direct).await, vec![direct]);
    }
}
