//! What the engine of this version evaluates; everything else is refused by name before anybody signs it.

use super::rule::{DataScope, RuleBody};
use super::{
    Actor, Class, ConsentDocument, DOCUMENT_BYTES_MAX, DOCUMENT_FORMAT, Giver, MemberRef, RULE_DEPTH_MAX, Root,
};
use crate::codec;
use crate::genesis::Parameters;
use crate::member::MemberId;
use crate::time::DAY_MS;
use crate::vocabulary::{Code, Kind, Vocabulary};

/// Why a document cannot be enforced as written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotEnforceable {
    /// Another format.
    #[error("document format {0} is not known")]
    Format(u16),
    /// Longer than [`DOCUMENT_BYTES_MAX`].
    #[error("{0} bytes, at most {DOCUMENT_BYTES_MAX} allowed")]
    TooLong(usize),
    /// Something for which the format has room and the engine has no rule yet.
    #[error("{0} cannot be enforced yet")]
    NotActive(&'static str),
    /// A vocabulary this program does not have.
    #[error("the document's vocabulary is not known")]
    Vocabulary,
    /// A code that the vocabulary does not have where it stands.
    #[error("{0} is not known")]
    Code(Code),
    /// A category of another type.
    #[error("{category} is no category of {of}")]
    Category {
        /// The type.
        of: Code,
        /// The category.
        category: Code,
    },
    /// A name that could be mistaken or hides something.
    #[error("a name in the document is not well formed")]
    Name,
    /// Versions begin at 1.
    #[error("version 0 is none")]
    Version,
    /// A period that ends before it begins.
    #[error("a period ends before it begins")]
    Period,
    /// The rules are no tree of the allowed depth.
    #[error("the rules are not nested as a tree of at most {RULE_DEPTH_MAX} levels")]
    Nesting,
    /// A list that could be written in two ways: not sorted, or something stands twice.
    #[error("the {0} are not sorted, or one stands twice")]
    Order(&'static str),
    /// A purpose of care in a research consent, or the reverse.
    #[error("{0} does not belong into a consent of this class")]
    Class(Code),
    /// The root says nothing that could be unmatched.
    #[error("the root names no {0}")]
    Unbounded(&'static str),
    /// The consent replaces itself.
    #[error("a consent cannot supersede itself")]
    SupersedesItself,
}

/// The network allows no consent this long.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{days} days is longer than this network allows for {purpose}: at most {days_max}")]
pub struct TooLongForPurpose {
    /// Purpose.
    pub purpose: Code,
    /// Days asked for, rounded up.
    pub days: u64,
    /// Days allowed.
    pub days_max: u32,
}

impl ConsentDocument {
    /// Whether the engine evaluates every part of this document. A custodian stores no other, a wallet signs no other.
    ///
    /// # Errors
    /// Names the first part that it does not.
    pub fn check_enforceable(&self) -> Result<(), NotEnforceable> {
        if self.format != DOCUMENT_FORMAT {
            return Err(NotEnforceable::Format(self.format));
        }
        let bytes = codec::encode(self).len();
        if bytes > DOCUMENT_BYTES_MAX {
            return Err(NotEnforceable::TooLong(bytes));
        }
        let vocabulary = Vocabulary::of(&self.vocabulary).ok_or(NotEnforceable::Vocabulary)?;
        self.check_frame()?;
        match &self.root {
            Root::Decision(_) => return Err(NotEnforceable::NotActive("a base decision without a root rule")),
            Root::Rule(body) => {
                check_body(body, vocabulary)?;
                if let Some(other) = body.purposes.iter().find(|code| Class::of(vocabulary, code) != self.class) {
                    return Err(NotEnforceable::Class(other.clone()));
                }
                // Without actor or action it speaks of whoever asks and of all they might do, and its sentence says so.
                // Without a purpose nothing would say how long it may hold (ADR 17).
                if body.purposes.is_empty() {
                    return Err(NotEnforceable::Unbounded("purpose"));
                }
            }
        }
        let mut above = 0;
        for rule in &self.rules {
            if rule.depth == 0 || rule.depth > above + 1 || rule.depth > RULE_DEPTH_MAX {
                return Err(NotEnforceable::Nesting);
            }
            above = rule.depth;
            check_body(&rule.body, vocabulary)?;
        }
        Ok(())
    }

    fn check_frame(&self) -> Result<(), NotEnforceable> {
        if self.version == 0 {
            return Err(NotEnforceable::Version);
        }
        if !self.custodian.is_well_formed() {
            return Err(NotEnforceable::Name);
        }
        if self.period.until < self.period.from {
            return Err(NotEnforceable::Period);
        }
        match &self.giver {
            Giver::Patient => {}
            Giver::Guardian { .. } => return Err(NotEnforceable::NotActive("a guardian as giver")),
            Giver::Attested { .. } => return Err(NotEnforceable::NotActive("a consent filed from paper")),
        }
        if self.retention.is_some() {
            return Err(NotEnforceable::NotActive("a retention term"));
        }
        if !self.obligations.is_empty() {
            return Err(NotEnforceable::NotActive("an obligation"));
        }
        check_order(&self.supersedes, "superseded consents")?;
        if self.supersedes.contains(&self.consent) {
            return Err(NotEnforceable::SupersedesItself);
        }
        Ok(())
    }

    /// Whether every member it names is called what the network calls it. `names` gives a member's name and its name for
    /// people; unknown members are refused.
    ///
    /// # Errors
    /// When a name differs.
    pub fn check_names<'a>(
        &self,
        names: impl Fn(&MemberId) -> Option<(&'a str, &'a str)>,
    ) -> Result<(), NotEnforceable> {
        let root = match &self.root {
            Root::Rule(body) => Some(body),
            Root::Decision(_) => None,
        };
        let bodies = root.into_iter().chain(self.rules.iter().map(|rule| &rule.body));
        let members = bodies.flat_map(|body| body.actors.iter().map(Actor::member)).chain([&self.custodian]);
        for MemberRef { id, name, display } in members {
            if names(id) != Some((name.as_str(), display.as_str())) {
                return Err(NotEnforceable::Name);
            }
        }
        Ok(())
    }

    /// Whether the network allows a consent of this duration for each of its purposes.
    ///
    /// # Errors
    /// Names the first purpose for which it is too long.
    pub fn check_duration(&self, parameters: &Parameters) -> Result<(), TooLongForPurpose> {
        let Root::Rule(root) = &self.root else { return Ok(()) };
        let days = self.period.until.since_ms(self.period.from).div_ceil(DAY_MS);
        for purpose in &root.purposes {
            let Some(days_max) = parameters.days_max(purpose) else { continue };
            if days > u64::from(days_max) {
                return Err(TooLongForPurpose { purpose: purpose.clone(), days, days_max });
            }
        }
        Ok(())
    }
}

fn check_order<T: Ord>(items: &[T], what: &'static str) -> Result<(), NotEnforceable> {
    let ascending = items.windows(2).all(|pair| pair[0] < pair[1]);
    if ascending { Ok(()) } else { Err(NotEnforceable::Order(what)) }
}

fn check_body(body: &RuleBody, vocabulary: &Vocabulary) -> Result<(), NotEnforceable> {
    check_order(&body.actors, "actors")?;
    check_order(&body.purposes, "purposes")?;
    check_order(&body.actions, "actions")?;
    for actor in &body.actors {
        check_actor(actor)?;
    }
    if let Some(purpose) = body.purposes.iter().find(|code| !vocabulary.knows(Kind::Purpose, code.as_str())) {
        return Err(NotEnforceable::Code(purpose.clone()));
    }
    if body.period.is_some_and(|period| period.until < period.from) {
        return Err(NotEnforceable::Period);
    }
    check_data(&body.data, vocabulary)
}

fn check_actor(actor: &Actor) -> Result<(), NotEnforceable> {
    let well_formed = match actor {
        Actor::Member(member) => member.is_well_formed(),
        Actor::Practitioner(practitioner) => practitioner.is_well_formed(),
        Actor::Role(..) => return Err(NotEnforceable::NotActive("a role as actor")),
        Actor::Group(..) => return Err(NotEnforceable::NotActive("a group as actor")),
        Actor::Device(..) => return Err(NotEnforceable::NotActive("a device as actor")),
        Actor::Agent(..) => return Err(NotEnforceable::NotActive("a software agent as actor")),
    };
    if well_formed { Ok(()) } else { Err(NotEnforceable::Name) }
}

fn check_data(data: &DataScope, vocabulary: &Vocabulary) -> Result<(), NotEnforceable> {
    let inactive = [
        (data.data_period.is_some(), "a period of data"),
        (!data.meanings.is_empty(), "naming single records or authors"),
        (!data.codes.is_empty(), "clinical codes"),
    ];
    if let Some((_, what)) = inactive.iter().find(|(present, _)| *present) {
        return Err(NotEnforceable::NotActive(what));
    }
    check_order(&data.types, "kinds of data")?;
    check_order(&data.labels, "labels")?;
    check_order(&data.except_labels, "excepted labels")?;
    for scope in &data.types {
        if !vocabulary.knows(Kind::Type, scope.of.as_str()) {
            return Err(NotEnforceable::Code(scope.of.clone()));
        }
        let Some(category) = &scope.category else { continue };
        if !vocabulary.types_of_category(category.as_str()).contains(&scope.of.as_str()) {
            return Err(NotEnforceable::Category { of: scope.of.clone(), category: category.clone() });
        }
    }
    let known = |label: &Code| {
        vocabulary.knows(Kind::Sensitivity, label.as_str()) || vocabulary.knows(Kind::Confidentiality, label.as_str())
    };
    match data.labels.iter().chain(&data.except_labels).find(|label| !known(label)) {
        Some(label) => Err(NotEnforceable::Code(label.clone())),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
