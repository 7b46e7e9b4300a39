//! Who is connected, and how often: no more connections at once than the process has files to spare, and of these no
//! more for one address than leaves the others room.

use super::{Bounds, Shared, account_of};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, PoisonError};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The connections of one port.
pub(super) struct Connections {
    places: Arc<Semaphore>,
    by_address: Shared<BTreeMap<IpAddr, usize>>,
    per_address_max: usize,
}

/// The place of one connection; it is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    account: IpAddr,
    by_address: Shared<BTreeMap<IpAddr, usize>>,
    _permit: Option<OwnedSemaphorePermit>,
}

impl Connections {
    pub(super) fn new(bounds: Bounds) -> Self {
        let places = Arc::new(Semaphore::new(bounds.connections_max));
        Self { places, by_address: Shared::default(), per_address_max: bounds.per_address_max }
    }

    /// Takes the next connection once there is room. Without a place its address has its share already.
    pub(super) async fn accept(
        &self,
        listener: &TcpListener,
    ) -> std::io::Result<(TcpStream, SocketAddr, Option<Place>)> {
        // The semaphore is never closed, so there is always a place in the end.
        let permit = Arc::clone(&self.places).acquire_owned().await.ok();
        let (stream, address) = listener.accept().await?;
        let place = self.place(address.ip(), permit);
        Ok((stream, address, place))
    }

    fn place(&self, address: IpAddr, permit: Option<OwnedSemaphorePermit>) -> Option<Place> {
        let account = account_of(address);
        // A poisoned lock only means that another task died while counting; the counts are still usable.
        let mut held = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = held.entry(account).or_insert(0);
        if *count >= self.per_address_max {
            return None;
        }
        *count += 1;
        drop(held);
        Some(Place { account, by_address: Arc::clone(&self.by_address), _permit: permit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let left = held.get_mut(&self.account).map_or(0, |count| {
            *count -= 1;
            *count
        });
        if left == 0 {
            held.remove(&self.account);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    async fn connections(bounds: Bounds) -> (Connections, TcpListener, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (Connections::new(bounds), listener, address)
    }

    #[tokio::test]
    async fn a_full_house_lets_the_next_in_when_one_leaves() {
        let (house, listener, address) = connections(Bounds::new(2, 9)).await;
        let mut clients = Vec::new();
        for _ in 0..3 {
            clients.push(TcpStream::connect(address).await.unwrap());
        }
        let first = house.accept(&listener).await.unwrap();
        let (_second, from, second_place) = house.accept(&listener).await.unwrap();
        assert_eq!(from, clients[1].local_addr().unwrap());
        let third = tokio::time::timeout(Duration::from_millis(50), house.accept(&listener)).await;
        assert!(third.is_err(), "the house is full");
        drop(first);
        let (_, from, place) = house.accept(&listener).await.unwrap();
        assert_eq!(from, clients[2].local_addr().unwrap());
        assert!(place.is_some() && second_place.is_some());
    }

    #[test]
    fn one_address_cannot_take_the_places_of_all() {
        let house = Connections::new(Bounds::new(8, 2));
        let from = |address: &str| house.place(address.parse().unwrap(), None);
        let greedy: Vec<_> = (0..8).map(|_| from("10.0.0.1")).collect();
        assert_eq!(greedy.iter().filter(|place| place.is_some()).count(), 2);
        let other = from("10.0.0.2");
        assert!(other.is_some(), "another address has a share of its own");
        drop(greedy);
        assert!(from("10.0.0.1").is_some(), "what is closed is free again");
        drop(other);
        assert!(house.by_address.lock().unwrap().is_empty(), "nobody who left is remembered");
    }
}
