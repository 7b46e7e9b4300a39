//! Durability: a machine comes back with everything it promised. Records are read in any order; the highest of everything wins.

use crate::application::{Application, Content};
use crate::book::{Certificates, Kind};
use crate::certificate::{Electorate, VerifiedCertificate};
use crate::config::Config;
use crate::evidence::Evidence;
use crate::leader::{Draw, Leaders};
use crate::machine::{Floor, Machine, Parent, StartError, Step, Turn};
use crate::message::{Message, Vote};
use crate::output::{Effect, Output};
use crate::peers::Peers;
use crate::pool::Pool;
use crate::record::Record;
use crate::safety::Safety;
use crate::time::Clock;
use amanah_ledger::certificate::{Certificate, VoteContent};
use amanah_ledger::crypto::{Signer, Verifier};
use amanah_ledger::mutant::Mutant;
use amanah_ledger::position::View;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

impl Machine {
    /// Starts from the ledger's head and the records of the vote log, in any order. Without a signer the machine follows
    /// and serves but never votes: so starts whoever lost its vote log, for a lost log is a lost key.
    ///
    /// # Errors
    /// When key, log and ledger do not belong together.
    pub fn start(
        config: Config,
        signer: Option<Box<dyn Signer>>,
        verifier: Arc<dyn Verifier>,
        floor: Floor,
        records: impl IntoIterator<Item = Record>,
        now: u64,
        app: &mut dyn Application,
    ) -> Result<(Self, Output), StartError> {
        let mut machine = Self::at_floor(config, signer, verifier, floor, now)?;
        let mut step = Step::new(now, 0, app);
        for record in records {
            machine.recall(&mut step, record)?;
        }
        machine.resume(&mut step);
        machine.settle(&mut step);
        Ok((machine, step.finish()))
    }

    fn at_floor(
        config: Config,
        signer: Option<Box<dyn Signer>>,
        verifier: Arc<dyn Verifier>,
        floor: Floor,
        now: u64,
    ) -> Result<Self, StartError> {
        let electorate = Electorate::new(&config, verifier);
        let mut machine = Self {
            leaders: Leaders::new(config.committee.indices(), &floor.epoch_start.digest),
            safety: Safety::new(signer, &electorate)?,
            clock: Clock::new(now),
            draw: Draw::seeded(config.jitter_seed),
            view: View(1),
            turn: Turn::default(),
            last_final: Parent { view: View(0), point: floor.head },
            book: Certificates::new(floor.epoch_start.digest),
            rounds: BTreeMap::new(),
            accused: BTreeSet::new(),
            pool: Pool::default(),
            peers: Peers::new(config.committee.n()),
            own_proposal: None,
            retry: crate::retry::Retry::default(),
            fetches: BTreeMap::new(),
            asks: crate::fetch::Asks::default(),
            sync: crate::sync::Sync::default(),
            telling: crate::status::Telling::default(),
            electorate,
            config,
        };
        if let Some(finalization) = floor.finalization {
            let VoteContent::Finalize(vote) = finalization.content else { return Err(StartError::NotTheHead) };
            if vote.block != floor.head.digest {
                return Err(StartError::NotTheHead);
            }
            machine.last_final.view = vote.view;
            machine.recall_certificate(finalization)?;
        }
        if floor.head.content == Content::Seal {
            machine.safety.close();
        }
        Ok(machine)
    }

    /// One record, whatever came before it.
    fn recall(&mut self, step: &mut Step<'_>, record: Record) -> Result<(), StartError> {
        match record {
            Record::Block(block) => {
                // Blocks at or below the head are in the ledger; their records wait to be pruned.
                let facts = step.app.open(&block).filter(|facts| facts.height > self.last_final.point.height);
                if let Some(facts) = facts {
                    self.pool.insert(facts, block, View(u64::MAX));
                    self.pool.take_unlogged(&facts.digest);
                }
            }
            Record::Voted(vote) => {
                self.safety.remember(vote, &self.electorate)?;
                // Durability: a Finalize vote may be for a view that we left.
                let view = vote.content.view();
                match vote.content {
                    VoteContent::Notarize(_) | VoteContent::Nullify { .. } => self.view = self.view.max(view),
                    VoteContent::Finalize(_) => {}
                }
            }
            Record::Certificate(certificate) => self.recall_certificate(certificate)?,
            Record::Entered(view) => self.view = self.view.max(view),
            Record::EpochClosed(epoch) if epoch == self.config.epoch => self.safety.close(),
            Record::EpochClosed(_) => {}
            Record::Evidence(votes) => self.recall_evidence(step, &votes)?,
        }
        Ok(())
    }

    /// A proof that may not have reached the ledger before the stop: it is handed out again.
    fn recall_evidence(&mut self, step: &mut Step<'_>, [one, other]: &[Vote; 2]) -> Result<(), StartError> {
        let is_signed = [one, other].into_iter().all(|vote| self.electorate.check_vote(vote).is_some());
        let evidence = Evidence::of(one, other).filter(|_| is_signed);
        let evidence = evidence.ok_or(StartError::Evidence(one.content.view()))?;
        self.accused.insert((evidence.signer(), evidence.kind));
        step.effect(Effect::Evidence(evidence));
        Ok(())
    }

    /// A certificate that stands in the vote log or the ledger.
    fn recall_certificate(&mut self, certificate: Certificate) -> Result<(), StartError> {
        let view = certificate.content.view();
        let verified = self.electorate.check(certificate).ok_or(StartError::Certificate(view))?;
        let kind = match &verified {
            VerifiedCertificate::Notarization(_) => Kind::Notarization,
            VerifiedCertificate::Nullification(_) => Kind::Nullification,
            VerifiedCertificate::Finalization(_) => Kind::Finalization,
        };
        self.view = self.view.max(view.next());
        self.book.insert(verified, 0);
        self.book.take_unlogged(kind, view);
        Ok(())
    }

    /// Everything is recalled: our own votes count again, and everybody hears them again.
    fn resume(&mut self, step: &mut Step<'_>) {
        // The floor rises only now, so that the order of the records does not matter.
        if let Some(newest) = self.book.newest_finalization() {
            self.safety.raise_floor(newest);
        }
        self.book.prune(self.last_final.view);
        let floor = self.last_final.view;
        let own: Vec<_> = self.safety.all_given().filter(|(view, _)| *view > floor).map(|(_, given)| *given).collect();
        for given in own {
            for vote in given.notarize.into_iter().chain(given.nullify).chain(given.finalize) {
                let counts = !self.lacks(Mutant::OwnVotesNotCounted);
                if let Some(verified) = self.electorate.check_vote(&vote).filter(|_| counts) {
                    self.count(step, verified);
                }
            }
        }
        // The blocks of the log stay for as long as any other that came in now.
        self.pool.settle_in(self.view);
        self.resume_proposal(step);
        step.send_all(Message::Bundle(self.bundle()));
    }

    /// If we led this view before the crash, its block is in the log and goes out again as it was signed.
    fn resume_proposal(&mut self, step: &mut Step<'_>) {
        let given = self.safety.given(self.view);
        let Some(vote) = given.notarize.filter(|_| self.leaders.of(self.view) == self.config.me) else { return };
        let VoteContent::Notarize(content) = vote.content else { return };
        let Some(block) = self.pool.get(&content.block).map(|held| held.bytes.clone()) else { return };
        self.rounds.entry(self.view).or_default().propose(content, step.wall);
        self.turn.voted_at = Some(step.now);
        self.own_proposal = Some(self.proposal_of(vote, block, content.parent_view));
    }
}
