//! How often somebody may ask without signing in. Addresses are kept in memory for a minute and never written down.

use crate::http::account_of;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

const WINDOW: Duration = Duration::from_secs(60);
/// Most addresses remembered at once; beyond that all unknown ones share one account.
const ADDRESSES_MAX: usize = 10_000;

/// Counts requests by address in windows of one minute.
#[derive(Debug)]
pub(crate) struct RateLimit {
    per_minute_max: u32,
    windows: Mutex<BTreeMap<Option<IpAddr>, (Instant, u32)>>,
}

impl RateLimit {
    /// At most `per_minute_max` requests of one address in a minute.
    pub(crate) fn new(per_minute_max: u32) -> Self {
        Self { per_minute_max, windows: Mutex::new(BTreeMap::new()) }
    }

    /// Whether one more request of `address` is allowed at `now`; counts it if so.
    pub(crate) fn allows(&self, address: IpAddr, now: Instant) -> bool {
        let address = account_of(address);
        // A poisoned lock only means that another request died while counting; the counts are still usable.
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        if windows.len() >= ADDRESSES_MAX {
            windows.retain(|_, (began, _)| now.duration_since(*began) < WINDOW);
        }
        let known = windows.contains_key(&Some(address)) || windows.len() < ADDRESSES_MAX;
        let window = windows.entry(known.then_some(address)).or_insert((now, 0));
        if now.duration_since(window.0) >= WINDOW {
            *window = (now, 0);
        }
        window.1 = window.1.saturating_add(1);
        window.1 <= self.per_minute_max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_own_account_that_a_minute_renews() {
        let limit = RateLimit::new(2);
        let (one, other) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let now = Instant::now();
        assert_eq!([limit.allows(one, now), limit.allows(one, now), limit.allows(one, now)], [true, true, false]);
        assert!(limit.allows(other, now));
        assert!(!limit.allows(one, now + WINDOW - Duration::from_millis(1)));
        assert!(limit.allows(one, now + WINDOW));
    }

    #[test]
    fn an_ipv6_network_is_one_account() {
        let limit = RateLimit::new(1);
        let now = Instant::now();
        let allows = |address: &str| limit.allows(address.parse().unwrap(), now);
        assert_eq!(["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"].map(allows), [true, false, true]);
        assert_eq!(["192.0.2.1", "::ffff:192.0.2.1"].map(allows), [true, false]);
    }

    #[test]
    fn a_flood_of_addresses_takes_bounded_memory_and_shares_one_account() {
        let limit = RateLimit::new(2);
        let now = Instant::now();
        for n in 0..ADDRESSES_MAX as u32 {
            assert!(limit.allows(IpAddr::from(n.to_be_bytes()), now));
        }
        let late = |n: u32| limit.allows(IpAddr::from((1_000_000 + n).to_be_bytes()), now);
        assert_eq!([late(1), late(2), late(3)], [true, true, false]);
        assert!(limit.windows.lock().unwrap().len() <= ADDRESSES_MAX + 1);
    }
}
