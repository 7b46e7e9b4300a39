//! The bare cost of what no ledger can leave out: checking one patient's signature, in batches as validators do it.

use amanah_ledger::crypto::{Check, Ed25519, Keypair, Signature, Signer, Verifier};
use amanah_ledger::transaction::BATCH_ITEMS_MAX;
use std::time::{Duration, Instant};

/// The shortest of so many rounds counts: whatever else the machine does can only lengthen one.
const ROUNDS: u32 = 15;
/// Bytes that a patient signs for one grant, about.
const MESSAGE_BYTES: usize = 256;

/// Time to check one signature in a full batch of different keys, by the rule that validators use.
pub(super) fn time_of_one() -> Duration {
    let signed: Vec<(Keypair, Vec<u8>, Signature)> = (0..BATCH_ITEMS_MAX).map(signed).collect();
    let keys: Vec<_> = signed.iter().map(|(key, ..)| key.public_key()).collect();
    let checks: Vec<Check<'_>> =
        signed.iter().zip(&keys).map(|((_, message, signature), key)| Check { key, message, signature }).collect();
    let rounds = (0..ROUNDS).map(|_| {
        let began = Instant::now();
        assert!(Ed25519.verify_all(&checks), "they were signed a moment ago");
        began.elapsed()
    });
    rounds.min().unwrap_or_default() / u32::try_from(BATCH_ITEMS_MAX).unwrap_or(1)
}

fn signed(number: usize) -> (Keypair, Vec<u8>, Signature) {
    let seed = *blake3::hash(&number.to_le_bytes()).as_bytes();
    let key = Keypair::from_seed(&seed);
    let message: Vec<u8> = seed.iter().copied().cycle().take(MESSAGE_BYTES).collect();
    let signature = key.sign(&message);
    (key, message, signature)
}
