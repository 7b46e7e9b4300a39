//! Every canonical decoder: what it accepts encodes to the same bytes again, and nothing else happens.

use super::{Verdict, golden};
use crate::explore::keys;
use amanah_consensus::limits::MESSAGE_BYTES_MAX;
use amanah_consensus::message::{Bundle, Justification, Proposal, Status, SyncResponse};
use amanah_consensus::{BlockBytes, Message, Record};
use amanah_ledger::access::{DayProof, LogEntry, Position};
use amanah_ledger::block::{BLOCK_BYTES_MAX, Block, Header, OpenBlock};
use amanah_ledger::certificate::{BlockVote, Certificate, VoteContent};
use amanah_ledger::codec::{self, BYTES_MAX, BoundedVec};
use amanah_ledger::crypto::Digest;
use amanah_ledger::directory::{DIRECTORY_ENTRY_BYTES_MAX, SignedDirectoryEntry};
use amanah_ledger::document::{ConsentDocument, DOCUMENT_BYTES_MAX};
use amanah_ledger::exchange::{
    AccessSearch, DayQuery, GrantRequest, HeldConsent, RevocationAccepted, SignedAcceptance, SignedCertify,
    SignedEnrolment, SignedLogin,
};
use amanah_ledger::genesis::{GENESIS_BYTES_MAX, Genesis};
use amanah_ledger::leaf::{LEAF_BYTES_MAX, Leaf, LeafKey};
use amanah_ledger::position::{Epoch, Height, View};
use amanah_ledger::proof::{STATE_PROOF_BYTES_MAX, StateProof, TransactionReceipt};
use amanah_ledger::time::UnixMs;
use amanah_ledger::transaction::{SignedTransaction, TRANSACTION_BYTES_MAX};
use amanah_node::peer_message::{BUNDLE_BYTES_MAX, PEER_MESSAGE_BYTES_MAX, PeerMessage, Transactions, decode_bundle};
use std::collections::BTreeMap;

/// A decoder: the encoding of what it read, if it read something.
type Decoder = fn(&[u8]) -> Option<Vec<u8>>;

/// One that decodes a canonical value of a type within a bound.
macro_rules! canonical {
    ($type:ty, $bytes_max:expr) => {
        (stringify!($type), |bytes: &[u8]| {
            codec::decode::<$type>(bytes, $bytes_max).ok().map(|value| codec::encode(&value))
        })
    };
}

const DECODERS: [(&str, Decoder); 28] = [
    canonical!(SignedTransaction, TRANSACTION_BYTES_MAX),
    canonical!(Block, BLOCK_BYTES_MAX),
    canonical!(Header, BLOCK_BYTES_MAX),
    canonical!(Certificate, MESSAGE_BYTES_MAX),
    canonical!(VoteContent, MESSAGE_BYTES_MAX),
    canonical!(Leaf, LEAF_BYTES_MAX),
    canonical!(LeafKey, LEAF_BYTES_MAX),
    canonical!(Genesis, GENESIS_BYTES_MAX),
    canonical!(ConsentDocument, DOCUMENT_BYTES_MAX),
    canonical!(SignedEnrolment, amanah_ledger::exchange::MESSAGE_BYTES_MAX),
    canonical!(SignedAcceptance, amanah_ledger::exchange::MESSAGE_BYTES_MAX),
    canonical!(SignedLogin, amanah_ledger::exchange::MESSAGE_BYTES_MAX),
    canonical!(SignedCertify, amanah_ledger::exchange::MESSAGE_BYTES_MAX),
    canonical!(GrantRequest, amanah_ledger::exchange::GRANT_REQUEST_BYTES_MAX),
    canonical!(HeldConsent, amanah_ledger::exchange::GRANT_REQUEST_BYTES_MAX),
    canonical!(DayQuery, amanah_ledger::exchange::MESSAGE_BYTES_MAX),
    canonical!(RevocationAccepted, amanah_ledger::exchange::MESSAGE_BYTES_MAX),
    canonical!(SignedDirectoryEntry, DIRECTORY_ENTRY_BYTES_MAX),
    canonical!(LogEntry, BYTES_MAX),
    canonical!(DayProof, BYTES_MAX),
    canonical!(Position, BYTES_MAX),
    canonical!(StateProof, STATE_PROOF_BYTES_MAX),
    canonical!(TransactionReceipt, amanah_ledger::proof::RECEIPT_BYTES_MAX),
    ("Message", |bytes| Message::decode(bytes).ok().map(|message| message.encode())),
    ("Record", |bytes| Record::decode(bytes).ok().map(|record| record.encode())),
    ("PeerMessage", |bytes| PeerMessage::decode(bytes).ok().map(|message| message.encode())),
    ("gossip bundle", |bytes| decode_bundle(bytes).ok().map(|bundle: Transactions| codec::encode(&bundle))),
    canonical!(AccessSearch, amanah_ledger::exchange::ACCESS_SEARCH_BYTES_MAX),
];

/// Most bytes that a decoder may be given room for.
const _: () = assert!(PEER_MESSAGE_BYTES_MAX <= BYTES_MAX && BUNDLE_BYTES_MAX <= BYTES_MAX);

pub(super) fn run(bytes: &[u8]) -> Verdict {
    let Some((first, bytes)) = bytes.split_first() else { return Verdict::Refused };
    let (name, decoder) = DECODERS[usize::from(*first) % DECODERS.len()];
    let again = decoder(bytes);
    if let Some(again) = &again {
        assert_eq!(again, bytes, "{name}: two encodings of one value");
    }
    if name == "Block" {
        // A block that opens is the one its header names, and its own paths lead to that name.
        if let Ok(open) = OpenBlock::decode(bytes) {
            assert_eq!(codec::encode(open.block()), bytes);
            assert_eq!(open.header().digest(), *open.digest());
        }
    }
    Verdict::of(again.is_some())
}

/// Whatever each decoder accepts of all the encodings there are.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let mut encodings = golden::encodings();
    encodings.extend(
        messages().iter().flat_map(|message| [message.encode(), PeerMessage::Consensus(message.clone()).encode()]),
    );
    encodings.extend(records().iter().map(Record::encode));
    encodings.extend(super::truth::encodings());
    let transactions: Vec<SignedTransaction> =
        encodings.iter().filter_map(|bytes| codec::decode(bytes, TRANSACTION_BYTES_MAX).ok()).collect();
    let bundle = Transactions::try_from(transactions).expect("few transactions");
    let ids = BoundedVec::try_from(bundle.iter().map(SignedTransaction::wire_id).collect::<Vec<_>>()).expect("few ids");
    encodings.push(codec::encode(&bundle));
    for message in [
        PeerMessage::TxResponse(bundle),
        PeerMessage::TxRequest(ids.clone()),
        PeerMessage::PendingIds(ids),
        PeerMessage::PendingRequest,
    ] {
        encodings.push(message.encode());
    }
    let mut seeds = BTreeMap::new();
    for (number, (_, decoder)) in (0u8..).zip(DECODERS) {
        for bytes in encodings.iter().filter(|bytes| decoder(bytes).is_some()) {
            seeds.insert([&[number][..], bytes].concat(), ());
        }
    }
    let known: std::collections::BTreeSet<u8> = seeds.keys().map(|seed: &Vec<u8>| seed[0]).collect();
    for (number, (name, _)) in (0u8..).zip(DECODERS) {
        assert!(known.contains(&number), "no input that the decoder of {name} accepts");
    }
    seeds.into_keys().collect()
}

/// One consensus message of each kind.
fn messages() -> Vec<Message> {
    let block = BlockVote { epoch: Epoch(0), view: View(7), parent_view: View(5), block: Digest([9; 32]) };
    let vote = keys::vote(1, VoteContent::Notarize(block));
    let certificate = keys::certificate(4, 0..3, VoteContent::Finalize(block));
    let skip = keys::certificate(4, 0..3, VoteContent::Nullify { epoch: Epoch(0), view: View(6) });
    let bytes = BlockBytes::try_from(b"a block".to_vec()).expect("short");
    let justification = Justification {
        parent: Some(certificate.clone()),
        skips: BoundedVec::try_from(vec![skip.clone()]).expect("one"),
        last_final: None,
    };
    let bundle = Bundle {
        certificates: BoundedVec::try_from(vec![certificate.clone(), skip.clone()]).expect("two"),
        votes: BoundedVec::try_from(vec![vote]).expect("one"),
    };
    let status = Status {
        epoch: Epoch(0),
        view: View(8),
        final_view: View(7),
        final_height: Height(4),
        final_block: Digest([9; 32]),
        time: UnixMs(1),
        echo: None,
        has_work: true,
    };
    vec![
        Message::Vote(vote),
        Message::Proposal(Box::new(Proposal { vote, block: bytes.clone(), justification })),
        Message::Certificate(skip.clone()),
        Message::Bundle(bundle),
        Message::Status(status),
        Message::BlockRequest(Digest([9; 32])),
        Message::BlockResponse { digest: Digest([9; 32]), block: bytes.clone() },
        Message::CertificateRequest { epoch: Epoch(0), views: BoundedVec::try_from(vec![View(3)]).expect("one") },
        Message::CertificateResponse(BoundedVec::try_from(vec![skip]).expect("one")),
        Message::SyncRequest { from_height: Height(1), to_height: Height(9) },
        Message::SyncResponse(SyncResponse::collect([(bytes, Some(certificate))])),
    ]
}

/// One record of each kind.
fn records() -> Vec<Record> {
    let nullify = VoteContent::Nullify { epoch: Epoch(0), view: View(6) };
    vec![
        Record::Block(BlockBytes::try_from(b"a block".to_vec()).expect("short")),
        Record::Voted(keys::vote(1, nullify)),
        Record::Certificate(keys::certificate(4, 0..3, nullify)),
        Record::Entered(View(7)),
        Record::EpochClosed(Epoch(0)),
        Record::Evidence([keys::vote(1, nullify), keys::vote(2, nullify)]),
    ]
}
