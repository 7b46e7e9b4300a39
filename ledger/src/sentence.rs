//! The sentence a person reads and signs, rendered from the rules alone.
//!
//! A document whose sentence is not byte for byte what its template says about its rules is refused by wallet, node
//! and verifier; a tree that the template cannot say in full cannot be signed. Templates are data with a hash.
//!
//! Names for people cannot hold brackets ([`is_display`](crate::document::party::is_display)), so the bracketed name
//! behind each party is always the real one.

mod calendar;
mod template;

pub use calendar::write_moment;
pub use template::Template;

use crate::document::rule::{DataScope, RuleBody, TypeScope};
use crate::document::{Actor, ConsentDocument, Effect, MemberRef, Period, Root, Sentence};
use crate::label::Label;
use crate::vocabulary::{Code, Kind, Vocabulary};

/// Why there is no sentence, or another one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SentenceError {
    /// No such template in this language here.
    #[error("the sentence's template is not known")]
    Template,
    /// Something the template has no words for.
    #[error("the template cannot say {0}")]
    NotSayable(&'static str),
    /// The template has no phrase for a code.
    #[error("the template has no words for {0}")]
    NoWords(String),
    /// Longer than a document holds.
    #[error("the sentence has {0} bytes, more than a document holds")]
    TooLong(usize),
    /// The document carries another sentence than its rules say.
    #[error("the document's sentence is not what its rules say")]
    Differs,
}

/// The rules as lines, for a screen: what the sentence says in one piece.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lines {
    /// Who.
    pub who: String,
    /// What they may do, for example `read`.
    pub may: String,
    /// With which data.
    pub what: String,
    /// What is left out; empty if nothing is.
    pub not: Vec<String>,
    /// For which purpose. (`for` is a keyword.)
    pub why: String,
    /// From when.
    pub from: String,
    /// Until when.
    pub until: String,
    /// Further clauses: exceptions, additions, what it replaces.
    pub further: Vec<String>,
}

/// What the document's template says about its rules.
///
/// # Errors
/// When the template is not known or cannot say the rules in full.
pub fn render(document: &ConsentDocument) -> Result<Sentence, SentenceError> {
    let (speaker, root) = speaker(document)?;
    let mut clauses = vec![capital(&speaker.clause(root, Some(document.period))?)];
    clauses.extend(speaker.further(root)?);
    clauses.push(speaker.template.words("clause.end")?.to_owned());
    let sentence = clauses.join(" ");
    Sentence::try_from(sentence.as_str()).map_err(|error| SentenceError::TooLong(error.len))
}

/// Refuses a document whose sentence is not the one its rules have.
///
/// # Errors
/// When it differs, or when there is none.
pub fn verify_sentence(document: &ConsentDocument) -> Result<(), SentenceError> {
    if render(document)? == document.sentence { Ok(()) } else { Err(SentenceError::Differs) }
}

/// The rules of a document as lines.
///
/// # Errors
/// As [`render`].
pub fn lines(document: &ConsentDocument) -> Result<Lines, SentenceError> {
    let (speaker, root) = speaker(document)?;
    let mut further = speaker.further(root)?;
    if !root.data.except_labels.is_empty() {
        further.remove(0);
    }
    Ok(Lines {
        who: speaker.who(root)?,
        may: speaker.actions(root)?,
        what: speaker.data(&root.data, root.effect)?,
        not: speaker.labels(&root.data.except_labels, "from")?,
        why: speaker.purposes(root)?,
        from: moment(document.period.from.0)?,
        until: moment(document.period.until.0)?,
        further,
    })
}

struct Speaker<'a> {
    template: &'static Template,
    vocabulary: &'static Vocabulary,
    document: &'a ConsentDocument,
}

fn speaker(document: &ConsentDocument) -> Result<(Speaker<'_>, &RuleBody), SentenceError> {
    let template = Template::of(&document.template, document.locale.as_str()).ok_or(SentenceError::Template)?;
    let vocabulary = Vocabulary::of(&document.vocabulary).ok_or(SentenceError::Template)?;
    let Root::Rule(root) = &document.root else {
        return Err(SentenceError::NotSayable("a base decision without a root rule"));
    };
    if document.retention.is_some() || !document.obligations.is_empty() {
        return Err(SentenceError::NotSayable("retention and obligations"));
    }
    if document.giver != crate::document::Giver::Patient {
        return Err(SentenceError::NotSayable("a giver other than the patient"));
    }
    Ok((Speaker { template, vocabulary, document }, root))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn moment(ms: u64) -> Result<String, SentenceError> {
    write_moment(ms).ok_or(SentenceError::NotSayable("parts of a second, or years beyond 9999"))
}

impl Speaker<'_> {
    /// Everything behind the root's own clause.
    fn further(&self, root: &RuleBody) -> Result<Vec<String>, SentenceError> {
        let mut clauses: Vec<String> = self.except(&root.data)?.into_iter().collect();
        for rule in &self.document.rules {
            if rule.depth != 1 {
                return Err(SentenceError::NotSayable("exceptions to exceptions"));
            }
            let key = if rule.body.effect == root.effect { "clause.also" } else { "clause.but" };
            let clause = self.clause(&rule.body, rule.body.period)?;
            clauses.push(self.template.fill(key, &[("clause", &clause)])?);
            clauses.extend(self.except(&rule.body.data)?);
        }
        if !self.document.supersedes.is_empty() {
            let codes: Vec<String> =
                self.document.supersedes.iter().map(|consent| Label::consent(consent).to_string()).collect();
            clauses.push(self.template.fill("clause.supersedes", &[("codes", &self.list(&codes)?)])?);
        }
        Ok(clauses)
    }

    fn clause(&self, body: &RuleBody, period: Option<Period>) -> Result<String, SentenceError> {
        let when = match period {
            Some(Period { from, until }) => {
                self.template.fill("when", &[("from", &moment(from.0)?), ("until", &moment(until.0)?)])?
            }
            None => self.template.words("when.always")?.to_owned(),
        };
        let key = match body.effect {
            Effect::Permit => "clause.permit",
            Effect::Deny => "clause.deny",
        };
        let parts = [
            ("who", self.who(body)?),
            ("do", self.actions(body)?),
            ("what", self.data(&body.data, body.effect)?),
            ("custodian", self.member("custodian", &self.document.custodian)?),
            ("why", self.purposes(body)?),
            ("when", when),
        ];
        self.template.fill(key, &parts.each_ref().map(|(name, words)| (*name, words.as_str())))
    }

    fn except(&self, data: &DataScope) -> Result<Option<String>, SentenceError> {
        if data.except_labels.is_empty() {
            return Ok(None);
        }
        let labels = self.list(&self.labels(&data.except_labels, "from")?)?;
        self.template.fill("clause.except", &[("labels", &labels)]).map(Some)
    }

    fn member(&self, key: &str, member: &MemberRef) -> Result<String, SentenceError> {
        self.template.fill(key, &[("display", member.display.as_str()), ("name", member.name.as_str())])
    }

    fn who(&self, body: &RuleBody) -> Result<String, SentenceError> {
        if body.actors.is_empty() {
            let key = match body.effect {
                Effect::Permit => "who.anyone",
                Effect::Deny => "who.nobody",
            };
            return self.template.words(key).map(str::to_owned);
        }
        let said: Result<Vec<String>, SentenceError> = body.actors.iter().map(|actor| self.actor(actor)).collect();
        self.list(&said?)
    }

    fn actor(&self, actor: &Actor) -> Result<String, SentenceError> {
        match actor {
            Actor::Member(member) => self.member("who.member", member),
            Actor::Practitioner(person) => {
                let parts = [
                    ("display", person.display.as_str()),
                    ("handle", person.handle.as_str()),
                    ("name", person.member.name.as_str()),
                    ("member", person.member.display.as_str()),
                ];
                self.template.fill("who.practitioner", &parts)
            }
            Actor::Role(..) | Actor::Group(..) | Actor::Device(..) | Actor::Agent(..) => {
                Err(SentenceError::NotSayable("roles, groups, devices and agents"))
            }
        }
    }

    fn actions(&self, body: &RuleBody) -> Result<String, SentenceError> {
        if body.actions.is_empty() {
            return self.template.words("do.any").map(str::to_owned);
        }
        self.phrases(body.actions.iter().map(|action| format!("do.{action:?}")))
    }

    fn purposes(&self, body: &RuleBody) -> Result<String, SentenceError> {
        if body.purposes.is_empty() {
            return self.template.words("why.any").map(str::to_owned);
        }
        self.phrases(body.purposes.iter().map(|purpose| format!("purpose.{purpose}")))
    }

    fn data(&self, data: &DataScope, effect: Effect) -> Result<String, SentenceError> {
        if data.data_period.is_some() || !data.meanings.is_empty() || !data.codes.is_empty() {
            return Err(SentenceError::NotSayable("single records, periods of data or clinical codes"));
        }
        let what = if data.types.is_empty() {
            self.template.words("what.whole")?.to_owned()
        } else {
            self.list(&self.types(&data.types)?)?
        };
        if data.labels.is_empty() {
            return Ok(what);
        }
        let bound = match effect {
            Effect::Permit => "upto",
            Effect::Deny => "from",
        };
        let labels = self.list(&self.labels(&data.labels, bound)?)?;
        self.template.fill("what.labelled", &[("what", &what), ("labels", &labels)])
    }

    /// Kinds that make up a whole group are said by the group's name.
    fn types(&self, types: &[TypeScope]) -> Result<Vec<String>, SentenceError> {
        let written = |scope: &TypeScope| match &scope.category {
            Some(category) => format!("{}/{category}", scope.of),
            None => scope.of.to_string(),
        };
        let mut left: Vec<String> = types.iter().map(written).collect();
        let mut said = Vec::new();
        for (kinds, words) in self.template.groups() {
            if kinds.iter().all(|kind| left.iter().any(|one| one == kind)) {
                left.retain(|one| !kinds.contains(&one.as_str()));
                said.push((*words).to_owned());
            }
        }
        for kind in left {
            said.push(self.template.words(&format!("type.{kind}"))?.to_owned());
        }
        Ok(said)
    }

    fn labels(&self, labels: &[Code], bound: &str) -> Result<Vec<String>, SentenceError> {
        let words = |label: &Code| {
            let group = if self.vocabulary.knows(Kind::Confidentiality, label.as_str()) { bound } else { "label" };
            self.template.words(&format!("{group}.{label}")).map(str::to_owned)
        };
        labels.iter().map(words).collect()
    }

    fn phrases(&self, keys: impl Iterator<Item = String>) -> Result<String, SentenceError> {
        let said: Result<Vec<String>, SentenceError> =
            keys.map(|key| self.template.words(&key).map(str::to_owned)).collect();
        self.list(&said?)
    }

    /// `a`, `a and b`, `a, b and c`.
    fn list(&self, items: &[String]) -> Result<String, SentenceError> {
        match items {
            [] => Ok(String::new()),
            [only] => Ok(only.clone()),
            [first @ .., last] => Ok(format!("{} {} {last}", first.join(", "), self.template.words("and")?)),
        }
    }
}

#[cfg(test)]
mod tests;
