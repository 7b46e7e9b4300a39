//! A member that lies: it has a validator's keys, gets through the handshake, and sends what a validator may send, too
//! much of it, wrong, and again and again.

use super::attack::{Deeds, Target};
use super::line::{Heard, Line};
use super::share::Share;
use amanah_consensus::message::{BlockBytes, Message, Status, SyncResponse, Vote};
use amanah_ledger::certificate::VoteContent;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::crypto::{Digest, Signature, Signer};
use amanah_ledger::position::{Epoch, Height, View};
use amanah_ledger::time::UnixMs;
use amanah_ledger::transaction::{Anchor, AnchorKind, GatewaySignature, SignedTransaction, WireId};
use amanah_node::peer_message::{PENDING_IDS_MAX, PeerMessage, Transactions};
use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;

/// Messages until the rules of the stream are broken, too.
const EPISODE: u64 = 150;

/// Goes on for ever: connects, lies until it is thrown out, and comes back.
pub(super) async fn attack(target: Arc<Target>, share: Arc<Share>, deeds: Deeds) {
    let mut liar = Liar { target, random: SmallRng::seed_from_u64(3), number: 1, episode: 0, heard: Heard::default() };
    loop {
        share.turn().await;
        if let Some(line) = Line::open(&liar.target.call(), &liar.heard).await {
            deeds.count("member connected");
            liar.lie(line, &share, &deeds).await;
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
    /// Sends lies until the stream ends or it is time for another kind of break.
    async fn lie(&mut self, mut line: Line, share: &Share, deeds: &Deeds) {
        // Within the quota first, beyond it later, and at last against the rules of the stream.
        for turn in 0..EPISODE {
            share.turn().await;
            let (kind, bytes) = self.message(turn);
            if line.say(&bytes).await.is_none() {
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
        if line.say_raw(last).await.is_some() {
            deeds.count(kind);
        }
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
