use super::*;

const NOW: UnixMs = UnixMs(1_000_000);

fn key(n: u16) -> PublicKey {
    let mut bytes = [0; 32];
    bytes[..2].copy_from_slice(&n.to_le_bytes());
    PublicKey(bytes)
}

fn wrong(code: Code) -> Code {
    Code { secret: (code.secret + 1) % SECRETS, ..code }
}

#[test]
fn a_code_opens_its_enrolment_until_it_is_closed() {
    let mut open = OpenEnrolments::default();
    let (code, expires) = open.open(NOW, key(1), "one").unwrap();
    assert_eq!(code.digits().len(), 9);
    assert_eq!(expires, NOW.plus_ms(CODE_MS));
    let typed = Code::parse(&format!("{} {}", &code.digits()[..3], &code.digits()[3..])).unwrap();
    assert_eq!(open.check(NOW, typed), Ok((key(1), &"one")));
    open.close(&key(1));
    assert_eq!(open.check(NOW, typed), Err(CodeError::NotOpen));
}

#[test]
fn a_code_is_good_for_ten_minutes_and_no_longer() {
    let mut open = OpenEnrolments::default();
    let (code, expires) = open.open(NOW, key(1), ()).unwrap();
    let last = UnixMs(expires.0 - 1);
    assert!(open.get(last, &key(1)).is_some());
    assert_eq!(open.check(last, code), Ok((key(1), &())));
    assert!(open.get(expires, &key(1)).is_none());
    assert_eq!(open.check(expires, code), Err(CodeError::NotOpen));
}

#[test]
fn the_fifth_wrong_try_closes_the_enrolment_and_no_other() {
    let mut open = OpenEnrolments::default();
    let (code, _) = open.open(NOW, key(1), ()).unwrap();
    let (other, _) = open.open(NOW, key(2), ()).unwrap();
    for _ in 0..WRONG_TRIES_MAX - 1 {
        assert_eq!(open.check(NOW, wrong(code)), Err(CodeError::NotOpen));
    }
    assert!(open.check(NOW, code).is_ok(), "four wrong tries leave it open");
    assert_eq!(open.check(NOW, wrong(code)), Err(CodeError::NotOpen));
    assert_eq!(open.check(NOW, code), Err(CodeError::NotOpen));
    assert!(open.check(NOW, other).is_ok());
}

#[test]
fn enrolling_again_replaces_the_code() {
    let mut open = OpenEnrolments::default();
    let (first, _) = open.open(NOW, key(1), 1).unwrap();
    let (second, _) = open.open(NOW, key(1), 2).unwrap();
    assert_eq!(open.check(NOW, second), Ok((key(1), &2)));
    if first != second {
        assert_eq!(open.check(NOW, first), Err(CodeError::NotOpen));
    }
}

#[test]
fn a_thousand_wait_at_most_and_expiry_makes_room() {
    let mut open = OpenEnrolments::default();
    for n in 0..OPEN_MAX {
        open.open(NOW, key(n), ()).unwrap();
    }
    assert_eq!(open.open(NOW, key(OPEN_MAX), ()), Err(OpenError::Full));
    assert!(open.open(NOW.plus_ms(CODE_MS), key(OPEN_MAX), ()).is_ok());
    assert_eq!(open.by_ticket.len(), 1);
    assert_eq!(open.by_relationship.len(), 1);
}

#[test]
fn only_nine_digits_are_a_code() {
    for text in ["", "12345678", "1234567890", "12345678x", "１２３４５６７８９"] {
        assert_eq!(Code::parse(text), None, "{text}");
    }
    assert_eq!(Code::parse("012-345-678").unwrap().digits(), "012345678");
    assert_eq!(format!("{:?}", Code::parse("012345678").unwrap()), "Code");
}
