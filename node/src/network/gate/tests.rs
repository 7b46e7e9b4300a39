use super::*;

fn gate(known: &str) -> Gate {
    let address: Multiaddr = format!("/ip4/{known}/tcp/7402").parse().unwrap();
    Gate::new([(PeerId::random(), Some(&address))].into_iter(), Counter::default())
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// How many of `times` handshakes from `from` begin at once; each ends before the next begins.
fn begun(gate: &mut Gate, now_ms: u64, times: usize, from: impl Fn(usize) -> IpAddr) -> usize {
    let knock = |at: usize| {
        let id = ConnectionId::new_unchecked(at);
        let is_in = gate.knock(now_ms, id, from(at)).is_ok();
        gate.pending.remove(&id);
        is_in
    };
    (0..times).map(knock).filter(|is_in| *is_in).count()
}

#[test]
fn one_stranger_gets_a_burst_and_then_its_rate() {
    let mut gate = gate("10.0.0.1");
    let from = |_| ip("192.0.2.9");
    assert_eq!(begun(&mut gate, 1_000, 1_000, from), ADDRESS_BURST as usize);
    assert_eq!(begun(&mut gate, 2_000, 1_000, from), ADDRESS_PER_SECOND as usize);
}

#[test]
fn many_strangers_together_get_no_more_than_their_common_account_and_validators_still_get_in() {
    let mut gate = gate("10.0.0.1");
    let anybody = |n: usize| IpAddr::from(u32::try_from(n).unwrap().to_be_bytes());
    assert_eq!(begun(&mut gate, 1_000, 10_000, anybody), STRANGERS_BURST as usize);
    assert_eq!(begun(&mut gate, 2_000, 10_000, anybody), STRANGERS_PER_SECOND as usize);
    assert!(gate.addresses.len() <= ADDRESSES_MAX);
    assert_eq!(begun(&mut gate, 2_000, 10, |_| ip("10.0.0.1")), 10);
}

#[test]
fn half_open_handshakes_of_strangers_leave_places_for_validators() {
    let mut gate = gate("10.0.0.1");
    let mut ids = 0..;
    let mut knock =
        |gate: &mut Gate, from: &str| gate.knock(1, ConnectionId::new_unchecked(ids.next().unwrap()), ip(from));
    for _ in 0..ADDRESS_PENDING_MAX {
        assert_eq!(knock(&mut gate, "192.0.2.1"), Ok(()));
    }
    assert_eq!(knock(&mut gate, "192.0.2.1"), Err(TurnedAway::Pending), "one address has its share");
    for at in ADDRESS_PENDING_MAX..STRANGERS_PENDING_MAX {
        assert_eq!(knock(&mut gate, &format!("192.0.3.{at}")), Ok(()));
    }
    assert_eq!(knock(&mut gate, "192.0.4.1"), Err(TurnedAway::Pending), "all strangers have theirs");
    assert_eq!(knock(&mut gate, "10.0.0.1"), Ok(()), "a validator's address");
}

#[test]
fn a_validator_that_keeps_losing_its_connection_comes_back_slowly() {
    let mut gate = gate("10.0.0.1");
    let peer = *gate.peers.first_key_value().unwrap().0;
    let at: Multiaddr = "/ip4/10.0.0.1/tcp/1".parse().unwrap();
    let mut established = || {
        let id = ConnectionId::new_unchecked(1);
        gate.handle_established_inbound_connection(id, peer, &at, &at).is_ok()
    };
    let let_in = (0..100).filter(|_| established()).count();
    assert!((PEER_BURST as usize..100).contains(&let_in), "{let_in}");
}
