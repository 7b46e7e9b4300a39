//! A consent as its custodian is sent it: signed by the consent's own key, certified by the relationship's.

use amanah_ledger::crypto::{Digest, Signer};
use amanah_ledger::derive::RelationshipSecret;
use amanah_ledger::document::ConsentDocument;
use amanah_ledger::exchange::{Certify, GrantRequest};
use amanah_ledger::time::{HOUR_MS, UnixMs};
use amanah_ledger::transaction::GrantItem;

/// Whole hours ahead, beyond the current one, in which a grant may still become final.
const SUBMIT_HOURS: u64 = 24;

/// Signs the first version of a consent, the one that `secret` numbers `index`. It may become final for about a day
/// from `now` on.
pub(crate) fn sign(
    document: ConsentDocument,
    secret: &RelationshipSecret,
    index: u32,
    chain: &Digest,
    now: UnixMs,
) -> GrantRequest {
    let salt = secret.salt(index, document.version);
    let certify = Certify::of(&document, &salt);
    let item = GrantItem {
        custodian: document.custodian_id(),
        consent: document.consent,
        version: document.version,
        prev: Digest::ZERO,
        commitment: certify.commitment,
        lock: secret.lock(chain, index),
        submit_by: UnixMs((now.0 / HOUR_MS + 1 + SUBMIT_HOURS) * HOUR_MS),
    };
    let item_signature = secret.consent_key(index).sign(&item.signing_bytes(chain));
    let certificate = certify.sign(chain, &secret.key());
    GrantRequest { item, item_signature, document, salt, certificate }
}
