use super::*;

const NOW: UnixMs = UnixMs(1_000_000);

fn key(n: u8) -> PublicKey {
    PublicKey([n; 32])
}

#[test]
fn a_nonce_serves_once_and_for_two_minutes() {
    let sessions = Sessions::default();
    let nonce = sessions.nonce(NOW).unwrap();
    assert!(sessions.spend(NOW, &nonce));
    assert!(!sessions.spend(NOW, &nonce));
    let late = sessions.nonce(NOW).unwrap();
    assert!(!sessions.spend(NOW.plus_ms(NONCE_MS), &late));
    assert!(!sessions.spend(NOW, &[0; 32]));
}

#[test]
fn nonces_are_bounded_and_a_flood_keeps_nobody_out() {
    let sessions = Sessions::default();
    let first = sessions.nonce(NOW).unwrap();
    let honest = sessions.nonce(NOW).unwrap();
    for _ in 1..NONCES_MAX {
        sessions.nonce(NOW).unwrap();
    }
    assert_eq!(sessions.inner().nonces.len(), NONCES_MAX);
    assert!(!sessions.spend(NOW, &first), "the oldest has made room");
    assert!(sessions.spend(NOW, &honest));
}

#[test]
fn a_token_opens_its_own_session_for_fifteen_minutes() {
    let sessions = Sessions::default();
    let (token, expires) = sessions.begin(NOW, key(1)).unwrap();
    let (other, _) = sessions.begin(NOW, key(2)).unwrap();
    assert_eq!(expires, NOW.plus_ms(SESSION_MS));
    assert_eq!(sessions.of(NOW, &token), Some(key(1)));
    assert_eq!(sessions.of(NOW, &other), Some(key(2)));
    assert_eq!(sessions.of(expires, &token), None);
    assert_eq!(sessions.of(NOW, "not a token"), None);
}

#[test]
fn a_relationship_has_four_sessions_and_a_fifth_ends_the_oldest() {
    let sessions = Sessions::default();
    let tokens: Vec<String> = (0..5).map(|_| sessions.begin(NOW, key(1)).unwrap().0).collect();
    assert_eq!(sessions.of(NOW, &tokens[0]), None);
    assert!(tokens[1..].iter().all(|token| sessions.of(NOW, token) == Some(key(1))));
}

#[test]
fn sessions_are_bounded_and_those_that_ended_make_room_and_leave_nothing() {
    let sessions = Sessions::default();
    for n in 0..SESSIONS_MAX {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&(n as u64 / 4).to_le_bytes());
        sessions.begin(NOW.plus_ms((n % 2) as u64), PublicKey(key)).unwrap();
    }
    let first_end = NOW.plus_ms(SESSION_MS);
    assert!(matches!(sessions.begin(UnixMs(first_end.0 - 1), key(255)), Err(SessionError::Full)));
    let (token, _) = sessions.begin(first_end, key(255)).unwrap();
    let sizes = |sessions: &Sessions| {
        let inner = sessions.inner();
        (inner.sessions.len(), inner.by_end.len(), inner.by_relationship.len())
    };
    assert_eq!(sizes(&sessions), (SESSIONS_MAX / 2 + 1, SESSIONS_MAX / 2 + 1, SESSIONS_MAX / 4 + 1));
    let (other, _) = sessions.begin(first_end.plus_ms(1), key(254)).unwrap();
    assert_eq!(sizes(&sessions), (2, 2, 2), "each of those that ended is forgotten everywhere");
    assert_eq!((sessions.of(first_end, &token), sessions.of(first_end, &other)), (Some(key(255)), Some(key(254))));
}
