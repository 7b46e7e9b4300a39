use super::*;
use crate::limits::RECORD_BYTES_MAX;
use crate::record::Record;
use crate::testing::{certificate_of, vote};
use amanah_ledger::certificate::BlockVote;
use proptest::prelude::*;

fn content(view: u64) -> VoteContent {
    let block = Digest([3; 32]);
    VoteContent::Notarize(BlockVote { epoch: Epoch(0), view: View(view), parent_view: View(0), block })
}

/// The largest there is: all 31 signed.
fn largest_certificate() -> Certificate {
    certificate_of(31, content(9), 0..31)
}

fn list<T: Clone, const MAX: usize>(item: &T) -> BoundedVec<T, MAX> {
    BoundedVec::try_from(vec![item.clone(); MAX]).expect("exactly as many as fit")
}

fn largest_block() -> BlockBytes {
    BlockBytes::try_from(vec![7; BLOCK_BYTES_MAX]).expect("as long as a block may be")
}

/// One of each, as large as it gets.
fn largest_messages() -> Vec<Message> {
    let certificate = largest_certificate();
    let vote = vote(30, content(9));
    let justification = Justification {
        parent: Some(certificate.clone()),
        skips: list(&certificate),
        last_final: Some(certificate.clone()),
    };
    let small = BlockBytes::try_from(vec![1; BLOCK_BYTES_MAX / SYNC_BLOCKS_MAX]).expect("small");
    let status = Status {
        epoch: Epoch(1),
        view: View(2),
        final_view: View(3),
        final_height: Height(4),
        final_block: Digest([5; 32]),
        time: UnixMs(6),
        echo: Some(Echo { time: UnixMs(7), held_ms: 8 }),
        has_work: true,
    };
    vec![
        Message::Vote(vote),
        Message::Proposal(Box::new(Proposal { vote, block: largest_block(), justification })),
        Message::Certificate(certificate.clone()),
        Message::Bundle(Bundle { certificates: list(&certificate), votes: list(&vote) }),
        Message::Status(status),
        Message::BlockRequest(Digest([1; 32])),
        Message::BlockResponse { digest: Digest([1; 32]), block: largest_block() },
        Message::CertificateRequest { epoch: Epoch(0), views: list(&View(3)) },
        Message::CertificateResponse(list(&certificate)),
        Message::SyncRequest { from_height: Height(1), to_height: Height(64) },
        Message::SyncResponse(SyncResponse {
            blocks: list(&SyncBlock { block: small, finalization: Some(certificate) }),
        }),
    ]
}

#[test]
fn the_largest_message_of_each_kind_travels_and_no_longer_one_is_read() {
    for message in largest_messages() {
        let mut bytes = message.encode();
        assert!(bytes.len() <= MESSAGE_BYTES_MAX, "{} bytes", bytes.len());
        assert_eq!(Message::decode(&bytes).as_ref(), Ok(&message));
        bytes.push(0);
        assert!(Message::decode(&bytes).is_err(), "nothing may be left over");
    }
    let too_long = vec![0; MESSAGE_BYTES_MAX + 1];
    assert!(matches!(Message::decode(&too_long), Err(DecodeError::TooLong { .. })));
}

#[test]
fn the_largest_record_fits() {
    for record in [Record::Block(largest_block()), Record::Certificate(largest_certificate())] {
        let bytes = record.encode();
        assert!(bytes.len() <= RECORD_BYTES_MAX);
        assert_eq!(Record::decode(&bytes), Ok(record));
    }
}

#[test]
fn a_longer_block_is_refused_before_it_is_read() {
    assert_eq!(BlockBytes::try_from(vec![0; BLOCK_BYTES_MAX + 1]), Err(BlockTooLong(BLOCK_BYTES_MAX + 1)));
    let mut announced = Message::BlockResponse { digest: Digest::ZERO, block: largest_block() }.encode();
    announced.truncate(100);
    assert!(Message::decode(&announced).is_err(), "announces a megabyte and brings none");
}

#[test]
fn a_certificate_is_as_large_as_the_limits_say() {
    assert_eq!(codec::encode(&largest_certificate()).len(), 2_056);
    assert_eq!(codec::encode(&vote(30, content(9))).len(), 125);
}

fn blocks(run: impl Iterator<Item = (usize, bool)>) -> impl Iterator<Item = (BlockBytes, Option<Certificate>)> {
    run.map(|(len, is_certified)| {
        (BlockBytes::try_from(vec![0; len]).expect("small"), is_certified.then(largest_certificate))
    })
}

#[test]
fn a_sync_answer_ends_in_a_certified_block_within_its_bounds() {
    let count = |run: Vec<(usize, bool)>| {
        let response = SyncResponse::collect(blocks(run.into_iter()));
        assert!(response.blocks().last().is_none_or(|last| last.finalization.is_some()));
        response.blocks().iter().map(|block| block.block.len()).collect::<Vec<_>>()
    };
    assert_eq!(count(vec![(1, true), (2, false), (3, true), (4, false)]), [1, 2, 3], "the tail has no proof");
    assert_eq!(count(vec![(1, false), (2, false)]), Vec::<usize>::new());
    assert_eq!(count(vec![(1, true); 100]).len(), SYNC_BLOCKS_MAX);
    let half = SYNC_BYTES_MAX / 2;
    assert_eq!(count(vec![(half, true), (half, true), (1, true)]), [half, half]);
    // A run that is too long: the certified block at its end alone.
    assert_eq!(count([vec![(1, false); 70], vec![(9, true), (8, true)]].concat()), [9]);
    assert_eq!(count(vec![(half, false), (half, false), (half, true)]), [half]);
    // But what is complete before it is sent first.
    assert_eq!(count([vec![(5, true)], vec![(half, false), (half, false), (half, true)]].concat()), [5]);
}

proptest! {
    #[test]
    fn bytes_are_one_message_or_none(mut bytes in proptest::collection::vec(any::<u8>(), 0..400), kind in 0u8..12) {
        if bytes.len() >= 4 {
            bytes[..4].copy_from_slice(&[kind, 0, 0, 0]);
        }
        if let Ok(message) = Message::decode(&bytes) {
            prop_assert_eq!(message.encode(), bytes);
        }
    }
}
