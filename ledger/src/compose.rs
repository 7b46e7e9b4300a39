//! Writes a consent document from what a person asks for, or from terms that came from elsewhere, with the sentence it
//! means. The only way wallets make one.

use crate::codec::{BoundedString, BoundedVec, TooMany};
use crate::crypto::{Digest, PublicKey};
use crate::document::{Action, Actor, Class, ConsentDocument, DOCUMENT_FORMAT, Effect, Giver, MemberRef};
use crate::document::{NotEnforceable, Period, Root, Rule, RuleBody};
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

/// Which consent a document is, and whose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
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
}

/// What a consent says, wherever it is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// What kind of requests it speaks about.
    pub class: Class,
    /// When it holds; parts of a second are dropped.
    pub period: Period,
    /// Root of the decision tree.
    pub root: RuleBody,
    /// Rules below the root, in pre-order.
    pub rules: Vec<Rule>,
    /// Consents it replaces.
    pub supersedes: Vec<PublicKey>,
}

/// The document of this wish.
///
/// # Errors
/// When it holds too much, cannot be enforced, or cannot be said in full.
pub fn compose(wish: Wish) -> Result<ConsentDocument, ComposeError> {
    // Whoever wishes names who and what for: leaving it out must not mean everybody and everything.
    let unnamed = [(wish.who.is_empty(), "actor"), (wish.actions.is_empty(), "action")];
    if let Some((_, what)) = unnamed.into_iter().find(|(is_empty, _)| *is_empty) {
        return Err(NotEnforceable::Unbounded(what).into());
    }
    let Wish { chain, custodian, relationship, consent, version, .. } = wish;
    let root = RuleBody {
        effect: Effect::Permit,
        actors: sorted(wish.who)?,
        purposes: sorted(vec![wish.purpose.clone()])?,
        actions: sorted(wish.actions)?,
        period: None,
        data: wish.what.scope(),
    };
    let terms = Terms {
        class: Class::of(Vocabulary::v1(), &wish.purpose),
        period: Period { from: wish.from, until: wish.until },
        root,
        rules: Vec::new(),
        supersedes: wish.supersedes,
    };
    write(Place { chain, custodian, relationship, consent, version }, terms)
}

/// The document that says these terms, in the vocabulary and the template of this program.
///
/// # Errors
/// As [`compose`].
pub fn write(place: Place, terms: Terms) -> Result<ConsentDocument, ComposeError> {
    let (vocabulary, template) = (Vocabulary::v1(), Template::english());
    let Period { from, until } = terms.period;
    let mut document = ConsentDocument {
        format: DOCUMENT_FORMAT,
        chain: place.chain,
        custodian: place.custodian,
        relationship: place.relationship,
        consent: place.consent,
        version: place.version,
        giver: Giver::Patient,
        class: terms.class,
        period: Period { from: whole_second(from), until: whole_second(until) },
        root: Root::Rule(terms.root),
        rules: BoundedVec::try_from(terms.rules)?,
        retention: None,
        obligations: BoundedVec::new(),
        supersedes: sorted(terms.supersedes)?,
        vocabulary: vocabulary.digest(),
        template: template.digest(),
        locale: BoundedString::try_from(template.locale())?,
        sentence: BoundedString::default(),
    };
    document.check_enforceable()?;
    document.sentence = render(&document)?;
    Ok(document)
}
