//! What must hold in every state.
//!
//! Certificates are judged as what can exist, not as what somebody holds: honest votes and the liars, who signed
//! everything, make them.

use super::bits::Contents;
use super::member::World;
use super::place::{Core, Fault};
use super::setting::Oracle;
use amanah_ledger::certificate::VoteContent;
use amanah_ledger::committee::quorum;

/// The true quorum, also where a mutant counts one vote less.
fn true_quorum() -> u8 {
    u8::try_from(quorum(usize::from(super::alphabet::MEMBERS))).expect("three of four")
}

/// What is wrong in a state, in words; `None` if nothing is.
pub(crate) fn violation(world: &World, oracle: Oracle, cores: &[&Core]) -> Option<String> {
    match oracle {
        Oracle::Everything => disagreement(world, cores)
            .or_else(|| fault(cores, |_| true))
            .or_else(|| contradiction(world, cores))
            .or_else(|| certificates(world, cores)),
        Oracle::Agreement => disagreement(world, cores),
        // Forks there may be; who is named for them is asked where they are found.
        Oracle::Guilt => {
            fault(cores, |fault| matches!(fault, Fault::Promise(_))).or_else(|| contradiction(world, cores))
        }
    }
}

/// Agreement: of any two members one's final blocks begin the other's.
pub(crate) fn disagreement(world: &World, cores: &[&Core]) -> Option<String> {
    let longest = cores.iter().max_by_key(|core| core.finals.len())?;
    let at_odds = cores.iter().find_map(|core| {
        let height = core.finals.iter().zip(&longest.finals).position(|(a, b)| a != b)?;
        Some((height, core.finals[height], longest.finals[height]))
    });
    at_odds.map(|(height, a, b)| {
        let name = |id: u8| &world.alphabet.blocks[usize::from(id)].text;
        format!("fork: blocks {} and {} are both final at height {}", name(a), name(b), height + 1)
    })
}

/// What a member broke by itself.
fn fault(cores: &[&Core], counts: impl Fn(&Fault) -> bool) -> Option<String> {
    cores.iter().filter_map(|core| core.fault.as_ref()).find(|fault| counts(fault)).map(ToString::to_string)
}

/// Two votes of an honest member that exclude each other, over all its lives.
fn contradiction(world: &World, cores: &[&Core]) -> Option<String> {
    cores.iter().zip(&world.alphabet.honest).find_map(|(core, index)| {
        let (a, b) = world.contradiction(&core.said)?;
        let text = |content| world.alphabet.content_text(content);
        Some(format!("honest member {index} said both {} and {}", text(&a), text(&b)))
    })
}

/// (i) to (iv) of the safety argument.
fn certificates(world: &World, cores: &[&Core]) -> Option<String> {
    let said: Vec<Contents> = cores.iter().map(|core| core.said).collect();
    let certifiable = world.alphabet.certifiable(&said, true_quorum());
    if certifiable.is_empty() {
        return None;
    }
    let contents: Vec<VoteContent> = certifiable.iter().map(|id| world.alphabet.contents[id]).collect();
    let text = |content: &VoteContent| world.alphabet.content_text(content);
    for (at, a) in contents.iter().enumerate() {
        for b in contents[at + 1..].iter().filter(|b| b.view() == a.view()) {
            let excludes = match (a, b) {
                (VoteContent::Notarize(a), VoteContent::Notarize(b))
                | (VoteContent::Finalize(a), VoteContent::Finalize(b))
                | (VoteContent::Notarize(a), VoteContent::Finalize(b))
                | (VoteContent::Finalize(a), VoteContent::Notarize(b)) => a != b,
                (VoteContent::Nullify { .. }, VoteContent::Finalize(_))
                | (VoteContent::Finalize(_), VoteContent::Nullify { .. }) => true,
                (VoteContent::Nullify { .. }, VoteContent::Nullify { .. } | VoteContent::Notarize(_))
                | (VoteContent::Notarize(_), VoteContent::Nullify { .. }) => false,
            };
            if excludes {
                return Some(format!("certificates for both {} and {}", text(a), text(b)));
            }
        }
    }
    for finalized in &contents {
        let VoteContent::Finalize(below) = finalized else { continue };
        let strays = contents.iter().find(|content| match content {
            VoteContent::Notarize(above) => {
                above.view > below.view && !world.ledger.descends(&above.block, &below.block)
            }
            VoteContent::Nullify { .. } | VoteContent::Finalize(_) => false,
        });
        if let Some(stray) = strays {
            return Some(format!("{} does not stand on what {} made final", text(stray), text(finalized)));
        }
    }
    let is_notarized = |content: &VoteContent| match content {
        VoteContent::Finalize(vote) => contents.contains(&VoteContent::Notarize(*vote)),
        VoteContent::Notarize(_) | VoteContent::Nullify { .. } => true,
    };
    contents.iter().find(|c| !is_notarized(c)).map(|c| format!("{} without its Notarization", text(c)))
}
