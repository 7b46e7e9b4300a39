//! A member that lies: it has a validator's keys, gets through the handshake, and sends what a validator may send, too
//! much of it, wrong, and again and again.

use super::attack::{Deeds, Target};
use super::share::Share;
use amanah_consensus::message::{BlockBytes, Message, Status, SyncResponse, Vote};
use amanah_ledger::certificate::VoteContent;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::{Digest, Signature, Signer};
use amanah_ledger::position::{Epoch, Height, View};
use amanah_ledger::time::UnixMs;
use amanah_ledger::transaction::{Anchor, AnchorKind, GatewaySignature, SignedTransaction, WireId};
use amanah_node::peer_message::{PENDING_IDS_MAX, PeerMessage, Transactions};
use futures::{AsyncReadExt, AsyncWriteExt, StreamExt};
use libp2p::core::{Transport, upgrade::Version};
use libp2p::swarm::SwarmEvent;
use libp2p::{PeerId, Stream, StreamProtocol, Swarm, identity, noise, tcp, yamux};
use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::time::{sleep, timeout};

const PROTOCOL: StreamProtocol = StreamProtocol::new("/amanah/messages/1");
const PATIENCE: Duration = Duration::from_secs(5);
/// Messages of the victim that are kept, to be sent back.
const HEARD_MAX: usize = 64;
/// Longest message that is listened to.
const MESSAGE_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Messages until the rules of the stream are broken, too.
const EPISODE: u64 = 150;

type Heard = Arc<Mutex<VecDeque<Vec<u8>>>>;

/// Goes on for ever: connects, lies until it is thrown out, and comes back.
pub(super) async fn attack(target: Arc<Target>, share: Arc<Share>, deeds: Deeds) {
    let mut liar = Liar { target, random: SmallRng::seed_from_u64(3), number: 1, episode: 0, heard: Heard::default() };
    loop {
        share.turn().await;
        if let Some(stream) = liar.connect().await {
            deeds.count("member connected");
            liar.lie(stream, &share, &deeds).await;
        }
        sleep(Duration::from_millis(200)).await;
    }
}

struct Liar {
    target: Arc<Target>,
    random: SmallRng,
    number: u64,
    episode: u64,
    heard: Heard,
}

impl Liar {
    /// A greeted stream to the victim; whatever it opens towards us is answered and listened to.
    async fn connect(&self) -> Option<Stream> {
        let keypair = identity::Keypair::ed25519_from_bytes(self.target.node_seed).unwrap();
        let transport = tcp::tokio::Transport::default()
            .upgrade(Version::V1)
            .authenticate(noise::Config::new(&keypair).unwrap())
            .multiplex(yamux::Config::default())
            .boxed();
        let config = libp2p::swarm::Config::with_tokio_executor().with_idle_connection_timeout(PATIENCE * 12);
        let mut swarm: Swarm<libp2p_stream::Behaviour> =
            Swarm::new(transport, libp2p_stream::Behaviour::new(), keypair.public().to_peer_id(), config);
        let victim = self.victim();
        swarm.dial(self.target.p2p.clone().with_p2p(victim).unwrap()).unwrap();
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
        let (hello, heard) = (self.hello(), Arc::clone(&self.heard));
        tokio::spawn(async move { while swarm.next().await.is_some() {} });
        tokio::spawn(async move {
            let Ok(mut incoming) = accepting.accept(PROTOCOL) else { return };
            while let Some((_, stream)) = incoming.next().await {
                tokio::spawn(listen(stream, hello.clone(), Arc::clone(&heard)));
            }
        });
        let mut stream = timeout(PATIENCE, control.open_stream(victim, PROTOCOL)).await.ok()?.ok()?;
        write(&mut stream, &self.hello()).await?;
        timeout(PATIENCE, read(&mut stream)).await.ok()??;
        Some(stream)
    }

    fn victim(&self) -> PeerId {
        let key = &self.target.genesis.founders[0].keys.node;
        let key = identity::ed25519::PublicKey::try_from_bytes(&key.0).unwrap();
        identity::PublicKey::from(key).to_peer_id()
    }

    fn hello(&self) -> Vec<u8> {
        [b"amanah\x01".as_slice(), &self.target.genesis.chain().0].concat()
    }

    /// Sends lies until the stream ends or it is time for another kind of break.
    async fn lie(&mut self, mut stream: Stream, share: &Share, deeds: &Deeds) {
        // Within the quota first, beyond it later, and at last against the rules of the stream.
        for turn in 0..EPISODE {
            share.turn().await;
            let (kind, bytes) = self.message(turn);
            if write(&mut stream, &bytes).await.is_none() {
                return deeds.count("member thrown out");
            }
            deeds.count(kind);
        }
        let mut garbage = vec![0; self.random.random_range(1..2_000)];
        self.random.fill_bytes(&mut garbage);
        let garbage = [&u32::try_from(garbage.len()).unwrap().to_le_bytes(), &garbage[..]].concat();
        self.episode += 1;
        let (kind, last): (_, &[u8]) = match self.episode % 4 {
            3 => ("member garbage", &garbage),
            0 => ("member frame too long", &[0xff; 64]),
            1 => ("member frame cut short", &[0, 0, 16, 0, 1, 2, 3]),
            _ => ("member stream closed", &[]),
        };
        drop(timeout(PATIENCE, async { stream.write_all(last).await.is_ok() && stream.flush().await.is_ok() }).await);
        deeds.count(kind);
        sleep(Duration::from_secs(1)).await;
    }

    fn message(&mut self, turn: u64) -> (&'static str, Vec<u8>) {
        self.number += 1;
        let consensus = |message| PeerMessage::Consensus(message).encode();
        match turn % 11 {
            1 => ("member forged vote", consensus(Message::Vote(self.vote(false)))),
            2 => ("member signed vote", consensus(Message::Vote(self.vote(true)))),
            3 => ("member status", consensus(Message::Status(self.status()))),
            4 => {
                let (from_height, to_height) = (Height(0), Height(u64::MAX));
                ("member sync request", consensus(Message::SyncRequest { from_height, to_height }))
            }
            5 => {
                let views: Vec<_> = (0..64).map(|n| View(self.number + n)).collect();
                let views = views.try_into().unwrap();
                ("member certificate request", consensus(Message::CertificateRequest { epoch: Epoch(0), views }))
            }
            6 => {
                let block = BlockBytes::try_from(vec![7; self.random.random_range(1..200_000)]).unwrap();
                let response = SyncResponse::collect([(block, None)]);
                ("member sync response", consensus(Message::SyncResponse(response)))
            }
            7 => {
                let ids: Vec<_> = (0..PENDING_IDS_MAX).map(|_| WireId(Digest(self.random.random()))).collect();
                ("member pending ids", PeerMessage::PendingIds(ids.try_into().unwrap()).encode())
            }
            8 => {
                let ids: Vec<_> = (0..PENDING_IDS_MAX).map(|_| WireId(Digest(self.random.random()))).collect();
                ("member transaction request", PeerMessage::TxRequest(ids.try_into().unwrap()).encode())
            }
            9 => ("member useless transactions", self.transactions(8, false)),
            10 => ("member forged transactions", self.transactions(1, true)),
            _ => {
                let heard = self.heard.lock().unwrap();
                let repeated = heard.get(usize::try_from(self.number).unwrap() % heard.len().max(1)).cloned();
                ("member repetition", repeated.unwrap_or_else(|| PeerMessage::PendingRequest.encode()))
            }
        }
    }

    fn vote(&self, is_signed: bool) -> Vote {
        let content = VoteContent::Nullify { epoch: Epoch(0), view: View(1 + self.number % 10_000) };
        let signer = ValidatorIndex(u8::try_from(self.target.liar).unwrap());
        let signature = if is_signed {
            self.target.consensus.sign(&content.signing_bytes(&self.target.genesis.chain()))
        } else {
            Signature([9; 64])
        };
        Vote { content, signer, signature }
    }

    fn status(&self) -> Status {
        let far = u64::MAX - self.number;
        Status {
            epoch: Epoch(0),
            view: View(far),
            final_view: View(far),
            final_height: Height(far),
            final_block: Digest([9; 32]),
            time: UnixMs(far),
            echo: None,
            has_work: true,
        }
    }

    /// Anchors of the liar whose numbers nobody waits for: each with a good signature, none that changes anything.
    fn transactions(&mut self, count: u64, is_forged: bool) -> Vec<u8> {
        let chain = self.target.genesis.chain();
        let make = |seq| {
            let member = self.target.genesis.founders[self.target.liar].id();
            let day = crate::cluster::patient::now().day();
            let anchor = Anchor { member, kind: AnchorKind::Access, seq, day, root: Digest([7; 32]), figures: None };
            let mut signature = self.target.gateway.sign(&anchor.signing_bytes(&chain));
            if is_forged {
                signature.0[0] ^= 1;
            }
            let key = self.target.gateway.public_key();
            SignedTransaction::Anchor { anchor, gateway: GatewaySignature { key, signature } }
        };
        let first = 1_000_000 + self.number * 100;
        let made: Vec<_> = (first..first + count).map(make).collect();
        PeerMessage::TxResponse(Transactions::try_from(made).unwrap()).encode()
    }
}

/// Answers the victim's greeting and keeps some of what it says.
async fn listen(mut stream: Stream, hello: Vec<u8>, heard: Heard) {
    if read(&mut stream).await.is_none() || write(&mut stream, &hello).await.is_none() {
        return;
    }
    while let Some(message) = read(&mut stream).await {
        let mut heard = heard.lock().unwrap();
        heard.push_back(message);
        if heard.len() > HEARD_MAX {
            heard.pop_front();
        }
    }
}

async fn write(stream: &mut Stream, message: &[u8]) -> Option<()> {
    let framed = [&u32::try_from(message.len()).unwrap().to_le_bytes(), message].concat();
    let written = async {
        stream.write_all(&framed).await?;
        stream.flush().await
    };
    timeout(PATIENCE, written).await.ok()?.ok()
}

async fn read(stream: &mut Stream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).await.ok()?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MESSAGE_BYTES_MAX {
        return None;
    }
    let mut message = vec![0; length];
    stream.read_exact(&mut message).await.ok()?;
    Some(message)
}
