//! A cable that is pulled: both ends believe in their connection, and nothing comes through it any more.

use super::*;
use std::net::SocketAddr;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// Carries connections to a validator while it is plugged in.
struct Cable {
    address: Multiaddr,
    plugged: watch::Sender<bool>,
}

impl Cable {
    async fn to(validator: &Multiaddr) -> Self {
        let target = socket_of(validator);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("/ip4/127.0.0.1/tcp/{}", listener.local_addr().unwrap().port()).parse().unwrap();
        let (plugged, is_plugged) = watch::channel(true);
        tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                tokio::spawn(carry(near, target, is_plugged.clone()));
            }
        });
        Self { address, plugged }
    }
}

/// Once unplugged, a connection stays open and carries nothing more, also when others can be made again.
async fn carry(mut near: TcpStream, target: SocketAddr, mut plugged: watch::Receiver<bool>) {
    if plugged.wait_for(|plugged| *plugged).await.is_err() {
        return;
    }
    let Ok(mut far) = TcpStream::connect(target).await else { return };
    let is_cut = tokio::select! {
        _closed = tokio::io::copy_bidirectional(&mut near, &mut far) => false,
        pulled = plugged.wait_for(|plugged| !plugged) => pulled.is_ok(),
    };
    if is_cut {
        std::future::pending::<()>().await;
    }
}

fn socket_of(address: &Multiaddr) -> SocketAddr {
    let text = address.to_string();
    let port = text.strip_prefix("/ip4/127.0.0.1/tcp/").expect("an address of this machine");
    SocketAddr::from(([127, 0, 0, 1], port.parse().unwrap()))
}

#[tokio::test]
async fn a_validator_that_is_cut_off_is_told_as_down_and_is_back_over_a_new_connection() {
    let seeds = seeds(2);
    let mut first = Node::start(0, &seeds, local(), &[]).await;
    let cable = Cable::to(first.network.listen_address()).await;
    let mut second = Node::start(1, &seeds, local(), &[Some(cable.address.clone()), None]).await;
    first.connected(&[1]).await;
    second.connected(&[0]).await;

    cable.plugged.send_replace(false);
    first.disconnected(1).await;
    second.disconnected(0).await;
    assert_eq!((first.metrics.network.peers.get(), second.metrics.network.peers.get()), (0, 0));

    cable.plugged.send_replace(true);
    first.connected(&[1]).await;
    second.connected(&[0]).await;
    first.network.send(To::All, Lane::Consensus, &Bytes::from_static(b"plugged in"));
    second.network.send(To::All, Lane::Consensus, &Bytes::from_static(b"as well"));
    assert_eq!(second.message().await, (index(0), b"plugged in".to_vec()));
    assert_eq!(first.message().await, (index(1), b"as well".to_vec()));
}
