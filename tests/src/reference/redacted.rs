//! Step 9: "if a requested type itself is redacted -> DENY".
//!
//! ADR 19 says when it is: "a kind that a refusal names beside another code (*psychiatric observations*) is refused
//! when it is asked for"; and `amanah policy`: "what is listed is its single records; without them its time; without
//! that whose they are; else all its codes. Another part is taken where that one would leave nothing of what is asked
//! for; but a type that is asked for and that a refusal names is refused". So it is where the codes are listed, and
//! only there.

use super::applicable::Stand;
use super::asking::Asking;
use super::context::Case;
use super::refusal::{Refusal, refusals};
use super::sayable::Spoken;
use super::tree::Word;
use super::withheld::leaves_out;
use super::words::Table;
use amanah_ledger::document::Effect;
use amanah_ledger::engine::{Consent, Data, Listed, Outcome, Record, Redacted, Redaction, Rule};
use amanah_ledger::vocabulary::{Coding, system};

impl Asking<'_> {
    /// Whether a refusal that counts names this kind, and its codes are what is listed of it.
    ///
    /// - It counts as "matching" (step 9) if its consent applies, and if it refuses some of the kind by itself.
    /// - It names a kind by a class that is just this, or as a kind of document. A class that names a category within a
    ///   type is neither of the type nor of the category: it names a narrower kind, which a list can leave out by
    ///   itself. What the rule above a refusal names, the refusal does not: of "only observations; of those, none that
    ///   is restricted" (the consent model) observations may be asked for.
    /// - Its single records, its time or whose they are is listed in place of its codes where that leaves something of
    ///   what is meant of this kind, as of *observations of 2019*. Where the rules above it say so, it is narrower
    ///   too.
    /// - "A refusal of all but some sensitivities is said as what is released": then its codes are not listed either.
    /// - "Where nothing else is permitted, what the exceptions of one refusal give back of it is released alone", and of a
    ///   kind that is named nothing else is.
    pub(super) fn is_itself_redacted(&self, kind: &Coding, found: &Spoken) -> bool {
        let naming = self.naming(kind, found);
        !naming.is_empty() && !spoken_of(found).iter().any(|record| self.is_spared(&naming, record))
    }

    /// Whether all refusals that name a kind give a record of it back.
    pub(super) fn is_spared(&self, naming: &[(&Consent, Refusal<'_>)], record: &Record) -> bool {
        naming.iter().all(|(consent, refusal)| refusal.says(consent, &self.case(consent, record)) == Some(Word::Permit))
    }

    /// The refusals that count and name this kind.
    pub(super) fn naming<'a>(&'a self, kind: &Coding, found: &Spoken) -> Vec<(&'a Consent, Refusal<'a>)> {
        let with_stands = self.pair.consents.iter().zip(self.stands);
        let heard = with_stands.filter(|(_, stand)| **stand == Stand::Applies).map(|(consent, _)| consent);
        let named: Vec<(&Consent, Refusal<'_>)> = heard
            .flat_map(|consent| refusals(consent).into_iter().map(move |one| (consent, one)))
            .filter(|(_, refusal)| names(&refusal.rule.data, kind))
            .collect();
        if named.is_empty() {
            return named;
        }
        let meant = spoken_of(found);
        let counts = |(consent, refusal): &(&Consent, Refusal<'_>)| {
            let says = |record: &Record| refusal.says(consent, &self.case(consent, record));
            let is_said = |record: &Record| {
                let case = self.case(consent, record);
                let is_said = !refusal.is_taken_up(&case) && !refusal.is_left_out_above(&case);
                is_said && matches!(says(record), Some(Word::Deny { .. }))
            };
            found.iter().any(|(record, _)| is_said(record))
                && !self.says_only_kind(consent, refusal, found)
                && !self.is_narrower(consent, refusal, &meant)
        };
        named.into_iter().filter(counts).collect()
    }

    fn case<'a>(&'a self, consent: &Consent, record: &'a Record) -> Case<'a> {
        let table = Table::of(consent.vocabulary);
        Case { table, question: &self.pair.question, record, as_of: self.pair.as_of }
    }

    /// Whether all of the kind is what a rule below others is about: then what these name is refused, of this kind.
    fn says_only_kind(&self, consent: &Consent, refusal: &Refusal<'_>, found: &Spoken) -> bool {
        refusal.is_below() && found.iter().all(|(record, _)| self.case(consent, record).data(refusal.rule))
    }

    /// Whether a part of it that is listed before its codes leaves something of what is asked for.
    fn is_narrower(&self, consent: &Consent, refusal: &Refusal<'_>, meant: &[&Record]) -> bool {
        let parts: Vec<Rule> = refusal.chain().flat_map(before_codes).collect();
        meant.iter().any(|record| {
            let case = self.case(consent, record);
            parts.iter().any(|part| !(case.context(part) && case.data(part)))
                || refusal.chain().any(|rule| is_excepted(&rule.data, record))
        })
    }
}

/// What the consents permit of it; if they permit nothing, what they do not speak about.
fn spoken_of(found: &Spoken) -> Vec<&Record> {
    let of = |outcome: Outcome| -> Vec<&Record> {
        found.iter().filter(|(_, said)| said.outcome == outcome).map(|(record, _)| record).collect()
    };
    let permitted = of(Outcome::Permit);
    if permitted.is_empty() { of(Outcome::NoConsent) } else { permitted }
}

/// "A type that is asked for and that a refusal names".
fn names(data: &Data, kind: &Coding) -> bool {
    data.classes.iter().any(|class| class.category.is_none() && class.of == *kind) || data.documents.contains(kind)
}

/// Its single records, its time, whose they are: each as a refusal of its own, as a list leaves out what may be of it.
fn before_codes(rule: &Rule) -> [Rule; 3] {
    let bare = || Rule::bare(Effect::Deny, &rule.place);
    let records = Data { records: rule.data.records.clone(), ..Data::default() };
    let time = Data { period: rule.data.period, ..Data::default() };
    [Rule { data: records, ..bare() }, Rule { data: time, ..bare() }, Rule { actors: rule.actors.clone(), ..bare() }]
}

/// Whether a list of the sensitivities that a rule leaves aside keeps a record.
fn is_excepted(data: &Data, record: &Record) -> bool {
    let sensitivities = data.except_labels.iter().filter(|label| label.system == system::ACT_CODE);
    let listed = Listed { codes: sensitivities.cloned().collect(), ..Listed::default() };
    !leaves_out(&Redaction { of: Redacted::AllBut, listed }, record, None)
}
