use super::*;
use amanah_ledger::crypto::Digest;

fn id(n: u64) -> WireId {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&n.to_le_bytes());
    WireId(Digest(bytes))
}

fn asked(action: Option<Action>) -> Vec<WireId> {
    match action {
        Some(Action::Send { message: PeerMessage::TxRequest(ids), .. }) => ids.to_vec(),
        _ => Vec::new(),
    }
}

const LIAR: ValidatorIndex = ValidatorIndex(1);
const HONEST: ValidatorIndex = ValidatorIndex(2);
const OTHER: ValidatorIndex = ValidatorIndex(3);

#[test]
fn ids_that_do_not_exist_use_up_no_room_but_that_of_whoever_names_them() {
    let (mut exchange, mempool) = (Exchange::new(4), Mempool::new());
    for round in 0..LISTS_BURST {
        let made_up: Vec<_> = (0..2048).map(|n| id(1_000_000 + round * 2048 + n)).collect();
        exchange.ask(10, LIAR, &made_up, &mempool);
    }
    assert_eq!(exchange.asked.len(), ASKED_MAX, "the liar's own room is full");
    assert_eq!(asked(exchange.ask(10, HONEST, &[id(1), id(2)], &mempool)), [id(1), id(2)]);
}

#[test]
fn whoever_names_an_id_first_does_not_keep_the_next_from_being_asked() {
    let (mut exchange, mempool) = (Exchange::new(4), Mempool::new());
    assert_eq!(asked(exchange.ask(10, LIAR, &[id(1)], &mempool)), [id(1)]);
    assert!(asked(exchange.ask(11, LIAR, &[id(1)], &mempool)).is_empty(), "it was asked a moment ago");
    assert_eq!(asked(exchange.ask(11, HONEST, &[id(1)], &mempool)), [id(1)], "f+1 are asked");
    assert!(asked(exchange.ask(11, OTHER, &[id(1)], &mempool)).is_empty(), "and no more");
    assert_eq!(asked(exchange.ask(10 + ASK_AGAIN_MS, OTHER, &[id(1)], &mempool)), [id(1)], "until it did not come");
}

#[test]
fn asking_what_waits_again_and_again_uses_up_the_askers_budget_only() {
    let mut exchange = Exchange::new(4);
    let mempool = Mempool::new();
    for _ in 0..100 {
        exchange.tell(10, LIAR, &mempool);
    }
    let bytes = |exchange: &Exchange, of: ValidatorIndex| exchange.budgets[usize::from(of.0)].bytes;
    assert!(bytes(&exchange, LIAR) < IDS_BYTES);
    assert_eq!(bytes(&exchange, HONEST), SERVED_BYTES_PER_SECOND);
}

#[test]
fn a_flood_of_lists_is_looked_at_in_part_and_names_that_are_not_here_cost_the_asker() {
    let (mut exchange, mempool) = (Exchange::new(4), Mempool::new());
    let lists = (0..1_000).filter(|n| exchange.ask(10, LIAR, &[id(*n)], &mempool).is_some()).count();
    assert_eq!(lists, LISTS_BURST as usize);
    assert!(exchange.ask(10, HONEST, &[id(5_000)], &mempool).is_some());
    let made_up: Vec<_> = (0..2048).map(id).collect();
    let before = exchange.budgets[usize::from(LIAR.0)].bytes;
    for _ in 0..1_000 {
        assert!(exchange.serve(10, LIAR, &made_up, &mempool).is_none());
    }
    let after = exchange.budgets[usize::from(LIAR.0)].bytes;
    assert!(before - after > 1024 * 1024 && after < 64 * 1024, "{before} {after}");
}
