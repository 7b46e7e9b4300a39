//! Writes a consent document from what a person asks for, with the sentence it means. The only way wallets make one.

use crate::codec::{BoundedString, BoundedVec, TooMany};
use crate::crypto::{Digest, PublicKey};
use crate::document::{Action, Actor, Class, ConsentDocument, DOCUMENT_FORMAT, Effect, Giver, MemberRef};
use crate::document::{NotEnforceable, Period, Root, RuleBody};
use crate::preset::Selection;
use crate::sentence::{SentenceError, Template, render};
use crate::time::UnixMs;
use crate::vocabulary::{Code, Vocabulary};

/// What a person wants to allow.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The network.
    pub chain: Digest,
    /// Whose records it is about.
    pub custodian: MemberRef,
    /// Key of the relationship there.
    pub relationship: PublicKey,
    /// The consent's key.
    pub consent: PublicKey,
    /// The consent's version.
    pub version: u32,
    /// Who may.
    pub who: Vec<Actor>,
    /// Which data.
    pub what: Selection,
    /// What they may do; usually `[Action::Access]`.
    pub actions: Vec<Action>,
    /// For which purpose, as a code.
    pub purpose: Code,
    /// From when; parts of a second are dropped.
    pub from: UnixMs,
    /// Until when; parts of a second are dropped.
    pub until: UnixMs,
    /// Consents this one replaces.
    pub supersedes: Vec<PublicKey>,
}

/// Why a wish makes no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    /// Too many parties, purposes or superseded consents.
    #[error(transparent)]
    TooMany(#[from] TooMany),
    /// It could not be enforced.
    #[error(transparent)]
    NotEnforceable(#[from] NotEnforceable),
    /// It could not be said.
    #[error(transparent)]
    Sentence(#[from] SentenceError),
}

fn sorted<T: Ord, const MAX: usize>(mut items: Vec<T>) -> Result<BoundedVec<T, MAX>, TooMany> {
    items.sort();
    items.dedup();
    BoundedVec::try_from(items)
}

const fn whole_second(moment: UnixMs) -> UnixMs {
    UnixMs(moment.0 - moment.0 % 1000)
}

/// The document of this wish.
///
/// # Errors
/// When it holds too much, cannot be enforced, or cannot be said in full.
pub fn compose(wish: Wish) -> Result<ConsentDocument, ComposeError> {
    let (vocabulary, template) = (Vocabulary::v1(), Template::english());
    let root = RuleBody {
        effect: Effect::Permit,
        actors: sorted(wish.who)?,
        purposes: sorted(vec![wish.purpose.clone()])?,
        actions: sorted(wish.actions)?,
        period: None,
        data: wish.what.scope(),
    };
    let mut document = ConsentDocument {
        format: DOCUMENT_FORMAT,
        chain: wish.chain,
        custodian: wish.custodian,
        relationship: wish.relationship,
        consent: wish.consent,
        version: wish.version,
        giver: Giver::Patient,
        class: Class::of(vocabulary, &wish.purpose),
        period: Period { from: whole_second(wish.from), until: whole_second(wish.until) },
        root: Root::Rule(root),
        rules: BoundedVec::new(),
        retention: None,
        obligations: BoundedVec::new(),
        supersedes: sorted(wish.supersedes)?,
        vocabulary: vocabulary.digest(),
        template: template.digest(),
        locale: BoundedString::try_from(template.locale())?,
        sentence: BoundedString::default(),
    };
    document.check_enforceable()?;
    document.sentence = render(&document)?;
    Ok(document)
}
