use super::*;
use amanah_consensus::Message;
use amanah_ledger::crypto::Digest;
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::Semaphore;

const LIAR: ValidatorIndex = ValidatorIndex(1);
const HONEST: ValidatorIndex = ValidatorIndex(2);

fn event(from: ValidatorIndex, message: &PeerMessage) -> NetworkEvent {
    let share = Arc::new(Semaphore::new(64 * 1024));
    NetworkEvent::Message { from, message: Received::now(Bytes::from(message.encode()), &share).unwrap() }
}

fn sender(item: &Item) -> Option<ValidatorIndex> {
    match item {
        Item::Message { from, .. } => Some(*from),
        _ => None,
    }
}

#[test]
fn consensus_overtakes_any_number_of_requests_for_transactions() {
    let (events, events_in) = mpsc::channel(3 * EVENTS_MAX);
    let (_submit, submissions) = mpsc::channel(1);
    let (stop, stopped) = oneshot::channel();
    let mut inbox = Inbox::new(events_in, submissions, stopped);
    for _ in 0..2 * EVENTS_MAX {
        events.try_send(event(LIAR, &PeerMessage::PendingRequest)).unwrap();
    }
    let urgent = PeerMessage::Consensus(Message::BlockRequest(Digest::ZERO));
    events.try_send(event(HONEST, &urgent)).unwrap();
    let first = inbox.next().unwrap();
    assert_eq!(sender(&first), Some(HONEST));
    assert!(!first.may_take_long());
    let mut later = 0;
    while let Some(item) = inbox.next() {
        assert!(sender(&item) == Some(LIAR) && item.may_take_long());
        later += 1;
    }
    assert_eq!(later, 2 * EVENTS_MAX, "nothing is lost");
    assert!(!inbox.is_stopped());
    stop.send(()).unwrap();
    assert!(inbox.is_stopped(), "noticed without waiting");
}
