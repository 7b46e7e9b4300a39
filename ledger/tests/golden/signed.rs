//! Everything that is signed, and every hash context.

use crate::Golden;
use crate::sample::{anchor, filled, genesis, grants, item, key, member, votes};
use amanah_ledger::crypto::{Context, Domain, Keypair, PairHash, PublicKey, Signature, Signer};
use amanah_ledger::transaction::{Relay, SignedTransaction, lock_of, revoke_signing_bytes};

#[test]
fn what_is_signed() {
    let mut golden = Golden::new("signing bytes: \"amanah\" 1, domain, chain id, content");
    let chain = genesis().chain();
    let domains = [
        Domain::GrantItem,
        Domain::GrantsBatch,
        Domain::RevokeByKey,
        Domain::RevokeByCustodian,
        Domain::RevokeRelay,
        Domain::Anchor,
        Domain::Vote,
        Domain::Head,
        Domain::LogEntry,
        Domain::Certify,
        Domain::Enrolment,
        Domain::EnrolmentAccepted,
        Domain::Login,
        Domain::DirectoryEntry,
        Domain::RevocationAccepted,
        Domain::Publish,
        Domain::Governance,
        Domain::KeyPossession,
        Domain::Custody,
    ];
    for (domain, number) in domains.into_iter().zip(1u8..) {
        assert_eq!(domain as u8, number, "{domain:?}");
        golden.line(&format!("domain {domain:?}"), &domain.signing_bytes(&filled(0xc4), b"content"));
    }
    golden.line("grant item", &item(&chain).signing_bytes(&chain));
    let SignedTransaction::Grants { batch, .. } = grants(&chain) else { panic!() };
    golden.line("grants batch", &batch.signing_bytes(&chain));
    golden.line("revoke by key", &revoke_signing_bytes(&chain, &key(2).public_key()));
    golden.line("relay", &Relay::signing_bytes(&chain, &member(20), &key(2).public_key()));
    golden.line("anchor", &anchor().signing_bytes(&chain));
    for (name, content) in votes() {
        golden.line(name, &content.signing_bytes(&chain));
    }
    golden.compare("signed.txt");
}

#[test]
fn what_is_hashed() {
    let mut golden = Golden::new("each context's hash of \"ab\" \"c\", its keyed hash, and its hash of a pair");
    let contexts = [
        Context::Chain,
        Context::Member,
        Context::TxId,
        Context::WireId,
        Context::TxLeaf,
        Context::TxNode,
        Context::Header,
        Context::Validators,
        Context::StateKey,
        Context::StateValue,
        Context::StateLeaf,
        Context::StateNode,
        Context::AccessLeaf,
        Context::AccessNode,
        Context::AccessKey,
        Context::AccessValue,
        Context::EntryField,
        Context::EntryNode,
        Context::EntrySalt,
        Context::Entry,
        Context::Document,
        Context::Lock,
        Context::Request,
        Context::Policy,
        Context::Vocabulary,
        Context::Template,
        Context::Label,
        Context::LogKey,
        Context::ConsentRequest,
    ];
    for context in contexts {
        golden.line(context.name(), &context.hash(&[b"ab", b"c"]).0);
        golden.line(&format!("{} keyed", context.name()), &context.keyed_hash(&[7; 32], &[b"abc"]).0);
        golden.line(&format!("{} pair", context.name()), &PairHash::new(context).of(&filled(1), &filled(2)).0);
    }
    let genesis = genesis();
    golden.value("genesis", &genesis);
    golden.line("chain id", &genesis.chain().0);
    golden.line("member id", &member(10).0.0);
    golden.line("lock", &lock_of(&genesis.chain(), &[0x51; 32]).0);
    golden.value("committee", &genesis.committee().unwrap());
    golden.line("validators hash", &genesis.committee().unwrap().hash().0);
    golden.compare("hashed.txt");
}

#[test]
fn keys_and_signatures_are_ed25519_of_rfc_8032() {
    // RFC 8032, section 7.1, test 2.
    let seed = hex::decode("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb").unwrap();
    let pair = Keypair::from_seed(&seed.try_into().unwrap());
    let public = hex::decode("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c").unwrap();
    let signature = "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\
                     085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00";
    assert_eq!(pair.public_key(), PublicKey(public.try_into().unwrap()));
    assert_eq!(pair.sign(&[0x72]), Signature(hex::decode(signature).unwrap().try_into().unwrap()));
}
