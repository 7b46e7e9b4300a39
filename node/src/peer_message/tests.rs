use super::*;
use amanah_ledger::crypto::{Digest, PublicKey};
use amanah_ledger::transaction::RevokeProof;

fn revoke(n: u8) -> SignedTransaction {
    SignedTransaction::Revoke { consent: PublicKey([n; 32]), proof: RevokeProof::Slip([n; 32]), relay: None }
}

#[test]
fn every_kind_of_message_comes_back_and_only_from_its_own_bytes() {
    let ids = vec![WireId(Digest([1; 32])), WireId(Digest([2; 32]))];
    let messages = [
        PeerMessage::Consensus(Message::BlockRequest(Digest([3; 32]))),
        PeerMessage::PendingIds(ids.clone().try_into().unwrap()),
        PeerMessage::PendingRequest,
        PeerMessage::TxRequest(ids.try_into().unwrap()),
        PeerMessage::TxResponse(fill([revoke(1), revoke(2)], RESPONSE_BYTES_MAX)),
    ];
    for message in messages {
        let bytes = message.encode();
        assert_eq!(PeerMessage::decode(&bytes), Ok(message));
        for len in 0..bytes.len() {
            assert!(PeerMessage::decode(&bytes[..len]).is_err());
        }
        let mut longer = bytes;
        longer.push(0);
        assert!(PeerMessage::decode(&longer).is_err());
    }
}

#[test]
fn a_message_beyond_its_length_is_refused_before_it_is_read() {
    let bytes = vec![0; PEER_MESSAGE_BYTES_MAX + 1];
    assert!(matches!(PeerMessage::decode(&bytes), Err(DecodeError::TooLong { .. })));
    assert!(matches!(decode_bundle(&bytes), Err(DecodeError::TooLong { .. })));
}

#[test]
fn a_bundle_takes_what_fits_and_never_nothing() {
    let one = codec::encode(&revoke(0)).len();
    let taken = fill((0..10).map(revoke), 4 + one * 3);
    assert_eq!(taken.as_slice(), (0..3).map(revoke).collect::<Vec<_>>());
    assert_eq!(decode_bundle(&codec::encode(&taken)), Ok(taken));
    assert_eq!(fill((0..10).map(revoke), 1).len(), 1);
    assert!(fill([], 100).is_empty());
}
