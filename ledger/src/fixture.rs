//! A small network for the tests of this crate: four members, their keys, and acts signed as they should be.

use crate::block::OpenBlock;
use crate::certificate::{BlockVote, Certificate, VoteContent};
#[cfg(feature = "store")]
use crate::chain::FinalBlock;
use crate::chain::{ExecutedBlock, Tip};
use crate::codec::{BoundedString, BoundedVec};
use crate::committee::ValidatorIndex;
use crate::crypto::{Digest, Domain, Ed25519, Keypair, PublicKey, Signer};
use crate::evidence::{Contradiction, EvidenceKind, Statement};
use crate::execute::{BlockError, Proposal};
use crate::genesis::{Cover, DefaultPolicy, Founder, Genesis, Parameters, PurposeLimit};
use crate::member::{MemberId, MemberKeys};
use crate::position::{Epoch, View};
use crate::proof::Trust;
use crate::time::{HOUR_MS, UnixMs};
use crate::transaction::{
    Anchor, AnchorKind, GatewaySignature, GrantItem, Grants, Outcome, Relay, RevokeProof, SignedTransaction,
    VerifiedTransaction, lock_of, revoke_signing_bytes,
};

/// Noon of a day, a whole hour.
pub(crate) const START: UnixMs = UnixMs(1_800_014_400_000);

pub(crate) struct Network {
    pub(crate) genesis: Genesis,
    pub(crate) chain: Digest,
    pub(crate) trust: Trust,
    pub(crate) members: Vec<Hospital>,
    pub(crate) tip: Tip,
}

pub(crate) struct Hospital {
    pub(crate) id: MemberId,
    pub(crate) gateway: Keypair,
    pub(crate) consensus: Keypair,
}

/// A consent key and slip secret, as a wallet holds them.
pub(crate) struct Patient {
    pub(crate) key: Keypair,
    pub(crate) secret: [u8; 32],
}

pub(crate) fn keypair(name: &str) -> Keypair {
    Keypair::from_seed(blake3::hash(name.as_bytes()).as_bytes())
}

pub(crate) fn digest(name: &str) -> Digest {
    Digest(*blake3::hash(name.as_bytes()).as_bytes())
}

pub(crate) fn patient(number: u32) -> Patient {
    Patient { key: keypair(&format!("patient {number}")), secret: digest(&format!("slip {number}")).0 }
}

impl Patient {
    pub(crate) fn id(&self) -> PublicKey {
        self.key.public_key()
    }
}

pub(crate) fn parameters() -> Parameters {
    let limit = PurposeLimit { purpose: BoundedString::try_from("TREAT").unwrap(), days_max: 365 };
    Parameters {
        anchor_grid_ms: 60_000,
        cover: Cover::Off,
        new_leaves_per_day_max: 1000,
        emergency_hours: 24,
        review_hours: 72,
        default_policy: DefaultPolicy::Deny,
        purpose_limits: BoundedVec::try_from(vec![limit]).unwrap(),
    }
}

pub(crate) fn network() -> Network {
    network_with(parameters())
}

pub(crate) fn network_with(parameters: Parameters) -> Network {
    let (mut founders, mut members) = (Vec::new(), Vec::new());
    for name in ["qamar", "zuhal", "mirrikh", "zuhra"] {
        let of = |role: &str| keypair(&format!("{name} {role}"));
        let (root, gateway, node, consensus) = (of("root"), of("gateway"), of("node"), of("consensus"));
        let keys = MemberKeys {
            root: root.public_key(),
            gateway: gateway.public_key(),
            node: node.public_key(),
            consensus: consensus.public_key(),
        };
        members.push(Hospital { id: MemberId::of_root_key(&keys.root), gateway, consensus });
        let display = BoundedString::try_from(name).unwrap();
        founders.push(Founder { name: BoundedString::try_from(name).unwrap(), display, keys });
    }
    let genesis = Genesis {
        version: 1,
        network: BoundedString::try_from("test").unwrap(),
        time: START,
        founders: BoundedVec::try_from(founders).unwrap(),
        parameters,
    };
    let tip = Tip::genesis(&genesis).unwrap();
    let trust = Trust::from_genesis(&genesis).unwrap();
    Network { chain: genesis.chain(), genesis, trust, members, tip }
}

impl Network {
    /// The first version of a consent, good for the next hours.
    pub(crate) fn item(&self, custodian: usize, patient: &Patient) -> GrantItem {
        GrantItem {
            custodian: self.members[custodian].id,
            consent: patient.id(),
            version: 1,
            prev: Digest::ZERO,
            commitment: digest("commitment"),
            lock: lock_of(&self.chain, &patient.secret),
            submit_by: UnixMs(START.0 + 4 * HOUR_MS),
        }
    }

    pub(crate) fn grants(&self, custodian: usize, items: &[(GrantItem, &Patient)]) -> SignedTransaction {
        let batch = Grants {
            custodian: self.members[custodian].id,
            items: BoundedVec::try_from(items.iter().map(|(item, _)| *item).collect::<Vec<_>>()).unwrap(),
        };
        let sign = |(item, patient): &(GrantItem, &Patient)| patient.key.sign(&item.signing_bytes(&self.chain));
        let item_signatures = BoundedVec::try_from(items.iter().map(sign).collect::<Vec<_>>()).unwrap();
        let gateway = self.gateway(custodian, &batch.signing_bytes(&self.chain));
        SignedTransaction::Grants { batch, item_signatures, gateway }
    }

    pub(crate) fn grant(&self, custodian: usize, patient: &Patient) -> SignedTransaction {
        self.grants(custodian, &[(self.item(custodian, patient), patient)])
    }

    pub(crate) fn gateway(&self, member: usize, message: &[u8]) -> GatewaySignature {
        let key = &self.members[member].gateway;
        GatewaySignature { key: key.public_key(), signature: key.sign(message) }
    }

    pub(crate) fn revoke(&self, patient: &Patient) -> SignedTransaction {
        let proof = RevokeProof::Key(patient.key.sign(&revoke_signing_bytes(&self.chain, &patient.id())));
        SignedTransaction::Revoke { consent: patient.id(), proof, relay: None }
    }

    pub(crate) fn revoke_unknown(&self, relay: usize, patient: &Patient) -> SignedTransaction {
        let member = self.members[relay].id;
        let gateway = self.gateway(relay, &Relay::signing_bytes(&self.chain, &member, &patient.id()));
        match self.revoke(patient) {
            SignedTransaction::Revoke { consent, proof, .. } => {
                SignedTransaction::Revoke { consent, proof, relay: Some(Relay { member, gateway }) }
            }
            other => other,
        }
    }

    pub(crate) fn revoke_by_slip(&self, patient: &Patient) -> SignedTransaction {
        SignedTransaction::Revoke { consent: patient.id(), proof: RevokeProof::Slip(patient.secret), relay: None }
    }

    pub(crate) fn revoke_by_custodian(&self, custodian: usize, patient: &Patient) -> SignedTransaction {
        let message = Domain::RevokeByCustodian.signing_bytes(&self.chain, &patient.id().0);
        let proof = RevokeProof::Custodian(self.gateway(custodian, &message));
        SignedTransaction::Revoke { consent: patient.id(), proof, relay: None }
    }

    pub(crate) fn anchor(&self, member: usize, seq: u64, time: UnixMs) -> SignedTransaction {
        let anchor = Anchor {
            member: self.members[member].id,
            kind: AnchorKind::Access,
            seq,
            day: time.day(),
            root: digest(&format!("root {seq}")),
            figures: None,
        };
        self.signed_anchor(member, anchor)
    }

    pub(crate) fn signed_anchor(&self, member: usize, anchor: Anchor) -> SignedTransaction {
        SignedTransaction::Anchor { anchor, gateway: self.gateway(member, &anchor.signing_bytes(&self.chain)) }
    }

    /// What the validator at `index` signs.
    pub(crate) fn statement(&self, index: usize, content: VoteContent) -> Statement {
        let signature = self.members[index].consensus.sign(&content.signing_bytes(&self.chain));
        Statement { content, signature }
    }

    /// Proof that the validator at `index` contradicted itself in `view`.
    pub(crate) fn evidence(&self, index: usize, kind: EvidenceKind, view: u64) -> SignedTransaction {
        let [one, other] = contents(kind, Epoch(0), View(view));
        let (one, other) = (self.statement(index, one), self.statement(index, other));
        let key = self.members[index].consensus.public_key();
        SignedTransaction::Evidence(Contradiction::between(key, one, other).unwrap())
    }

    pub(crate) fn verified(&self, transaction: &SignedTransaction) -> VerifiedTransaction {
        transaction.clone().verify(&self.chain, &Ed25519).unwrap()
    }

    /// Builds a block of these on `tip`, and checks that a voter accepts it.
    pub(crate) fn build(&self, tip: &Tip, time: UnixMs, transactions: &[SignedTransaction]) -> ExecutedBlock {
        let verified: Vec<_> = transactions.iter().map(|transaction| self.verified(transaction)).collect();
        let built = tip.build(Proposal { view: View(tip.header().height.0 + 1), time }, &verified);
        let judged = judge(tip, &built).unwrap();
        assert_eq!(judged.digest(), built.digest());
        assert_eq!(judged.state().root(), built.state().root());
        built
    }

    /// The one block after `tip`, a second later, that holds all of these.
    pub(crate) fn next(&self, tip: &Tip, transactions: &[SignedTransaction]) -> ExecutedBlock {
        let built = self.build(tip, tip.header().time.plus_ms(1000), transactions);
        assert_eq!(built.block().body.len(), transactions.len(), "some transaction was left out");
        built
    }

    /// The outcomes of one transaction in a block at `time` on `tip`.
    pub(crate) fn outcomes(&self, tip: &Tip, time: UnixMs, transaction: &SignedTransaction) -> Vec<Outcome> {
        tip.outcomes(&self.verified(transaction), time).into_vec()
    }

    pub(crate) fn outcome(&self, tip: &Tip, transaction: &SignedTransaction) -> Outcome {
        let outcomes = self.outcomes(tip, tip.header().time.plus_ms(1000), transaction);
        assert_eq!(outcomes.len(), 1);
        outcomes[0]
    }

    /// A finalization of the block by `signers`.
    pub(crate) fn finalization_by(&self, block: &ExecutedBlock, signers: std::ops::Range<u8>) -> Certificate {
        let (epoch, view) = (block.header().epoch, block.header().proposed_view);
        let parent_view = View(view.0 - 1);
        let content = VoteContent::Finalize(BlockVote { epoch, view, parent_view, block: *block.digest() });
        self.certificate(content, signers)
    }

    /// A certificate of anything by `signers`.
    pub(crate) fn certificate(&self, content: VoteContent, signers: std::ops::Range<u8>) -> Certificate {
        let message = content.signing_bytes(&self.chain);
        let sign = |index| (ValidatorIndex(index), self.members[usize::from(index)].consensus.sign(&message));
        Certificate::assemble(content, self.members.len(), &signers.map(sign).collect())
    }

    pub(crate) fn finalization(&self, block: &ExecutedBlock) -> Certificate {
        self.finalization_by(block, 0..3)
    }

    #[cfg(feature = "store")]
    pub(crate) fn finalize(&self, block: &ExecutedBlock) -> FinalBlock {
        block.clone().certify(self.finalization(block), &Ed25519).unwrap()
    }
}

/// Two contents that exclude each other in this way.
pub(crate) fn contents(kind: EvidenceKind, epoch: Epoch, view: View) -> [VoteContent; 2] {
    let vote = |name| BlockVote { epoch, view, parent_view: View(view.0 - 1), block: digest(name) };
    match kind {
        EvidenceKind::DoubleNotarize => [VoteContent::Notarize(vote("one")), VoteContent::Notarize(vote("other"))],
        EvidenceKind::DoubleFinalize => [VoteContent::Finalize(vote("one")), VoteContent::Finalize(vote("other"))],
        EvidenceKind::NullifyAndFinalize => [VoteContent::Nullify { epoch, view }, VoteContent::Finalize(vote("one"))],
    }
}

/// What a voter that knows no transaction says about a built block, from its bytes.
pub(crate) fn judge(tip: &Tip, built: &ExecutedBlock) -> Result<ExecutedBlock, BlockError> {
    let bytes = crate::codec::encode(built.block());
    let opened = OpenBlock::decode(&bytes).unwrap();
    assert_eq!(opened.digest(), built.digest());
    tip.execute(opened, &Ed25519, &|_| false)
}
