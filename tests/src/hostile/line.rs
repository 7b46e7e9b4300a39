//! A line to a hospital's peer port under a member's node key: greeted, with whatever the other end says listened to.

use amanah_ledger::crypto::{Digest, PublicKey};
use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::core::{Transport, upgrade::Version};
use libp2p::swarm::SwarmEvent;
use libp2p::{Multiaddr, PeerId, Stream, StreamProtocol, Swarm, identity, noise, tcp, yamux};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::timeout;

const PROTOCOL: StreamProtocol = StreamProtocol::new("/amanah/messages/1");
const PATIENCE: Duration = Duration::from_secs(5);
/// Messages of the other end that are kept.
const HEARD_MAX: usize = 64;
/// Longest message that is listened to.
const MESSAGE_BYTES_MAX: usize = 2 * 1024 * 1024;

/// What the other end said last, encoded.
pub type Heard = Arc<Mutex<VecDeque<Vec<u8>>>>;

/// Who calls whom.
#[derive(Debug, Clone)]
pub struct Call {
    /// The network.
    pub chain: Digest,
    /// Seed of the caller's node key.
    pub node_seed: [u8; 32],
    /// Node key of the hospital that is called.
    pub callee: PublicKey,
    /// Where it listens.
    pub address: Multiaddr,
}

/// A stream on which the caller may say what a validator may say.
pub struct Line {
    stream: Stream,
}

impl Line {
    /// A greeted stream; whatever the other end opens towards us is answered and listened to. `None` if it does not
    /// let us in.
    ///
    /// # Panics
    /// When a key is no key.
    pub async fn open(call: &Call, heard: &Heard) -> Option<Self> {
        let keypair = identity::Keypair::ed25519_from_bytes(call.node_seed).unwrap();
        let transport = tcp::tokio::Transport::default()
            .upgrade(Version::V1)
            .authenticate(noise::Config::new(&keypair).unwrap())
            .multiplex(yamux::Config::default())
            .boxed();
        let config = libp2p::swarm::Config::with_tokio_executor().with_idle_connection_timeout(PATIENCE * 12);
        let mut swarm: Swarm<libp2p_stream::Behaviour> =
            Swarm::new(transport, libp2p_stream::Behaviour::new(), keypair.public().to_peer_id(), config);
        let callee = call.peer();
        swarm.dial(call.address.clone().with_p2p(callee).unwrap()).unwrap();
        let connected = async {
            loop {
                match swarm.select_next_some().await {
                    SwarmEvent::ConnectionEstablished { .. } => return true,
                    SwarmEvent::OutgoingConnectionError { .. } => return false,
                    _other => {}
                }
            }
        };
        if !timeout(PATIENCE, connected).await.unwrap_or(false) {
            return None;
        }
        let (mut control, mut accepting) = (swarm.behaviour().new_control(), swarm.behaviour().new_control());
        let (hello, heard) = (call.hello(), Arc::clone(heard));
        tokio::spawn(async move { while swarm.next().await.is_some() {} });
        tokio::spawn(async move {
            let Ok(mut incoming) = accepting.accept(PROTOCOL) else { return };
            while let Some((_, stream)) = incoming.next().await {
                tokio::spawn(listen(Self { stream }, hello.clone(), Arc::clone(&heard)));
            }
        });
        let stream = timeout(PATIENCE, control.open_stream(callee, PROTOCOL)).await.ok()?.ok()?;
        let mut line = Self { stream };
        line.say(&call.hello()).await?;
        timeout(PATIENCE, line.hear()).await.ok()??;
        Some(line)
    }

    /// Sends one message; `None` if the line is dead.
    pub async fn say(&mut self, message: &[u8]) -> Option<()> {
        let framed = [&u32::try_from(message.len()).unwrap().to_le_bytes(), message].concat();
        self.say_raw(&framed).await
    }

    /// Sends bytes as they are, whatever the rules of the stream.
    pub(super) async fn say_raw(&mut self, bytes: &[u8]) -> Option<()> {
        let written = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        timeout(PATIENCE, written).await.ok()?.ok()
    }

    async fn hear(&mut self) -> Option<Vec<u8>> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).await.ok()?;
        let length = u32::from_le_bytes(length) as usize;
        if length > MESSAGE_BYTES_MAX {
            return None;
        }
        let mut message = vec![0; length];
        self.stream.read_exact(&mut message).await.ok()?;
        Some(message)
    }
}

impl Call {
    fn peer(&self) -> PeerId {
        let key = identity::ed25519::PublicKey::try_from_bytes(&self.callee.0).unwrap();
        identity::PublicKey::from(key).to_peer_id()
    }

    fn hello(&self) -> Vec<u8> {
        [b"amanah\x01".as_slice(), &self.chain.0].concat()
    }
}

/// Answers the greeting and keeps some of what is said.
async fn listen(mut line: Line, hello: Vec<u8>, heard: Heard) {
    if line.hear().await.is_none() || line.say(&hello).await.is_none() {
        return;
    }
    while let Some(message) = line.hear().await {
        let mut heard = heard.lock().unwrap();
        heard.push_back(message);
        if heard.len() > HEARD_MAX {
            heard.pop_front();
        }
    }
}
