//! CE-1 in a table: these consents, this request, that answer.

use super::*;
use crate::access::DecisionReceipt;
use crate::codec::BoundedVec;
use crate::compose::compose;
use crate::crypto::{Digest, PublicKey};
use crate::document::rule::{Rule, RuleBody};
use crate::document::{Action, ConsentDocument, Effect, Period, Root, commitment};
use crate::member::MemberId;
use crate::position::Height;
use crate::scene::{self, TODAY, actor, hospital, list, text};
use crate::time::{Day, UnixMs};
use crate::vocabulary::{Kind, Vocabulary};

const SALT: [u8; 32] = [7; 32];

/// Noon, `days` after today.
pub(super) fn noon(days: u32) -> UnixMs {
    Day(TODAY.0 + days).start().plus_ms(12 * crate::time::HOUR_MS)
}

/// A consent in the making. "cedar labs treatment": everyone at Cedar may read labs for treatment, from today on for
/// 90 days.
#[derive(Debug, Clone)]
pub(super) struct Consent {
    document: ConsentDocument,
    standing: Standing,
    since: Height,
    held: bool,
}

pub(super) fn consent(terms: &str) -> Consent {
    let (who, what, why) = three(terms);
    let document = compose(scene::wish(who, what, &purpose(why))).unwrap();
    Consent { document, standing: Standing::InForce, since: Height(1), held: true }
}

fn three(terms: &str) -> (&str, &str, &str) {
    let words: Vec<&str> = terms.split(' ').collect();
    let [who, what, why] = words[..] else { panic!("who what why: {terms}") };
    (who, what, why)
}

fn purpose(word: &str) -> String {
    Vocabulary::v1().code_of(Kind::Purpose, word).unwrap().to_string()
}

impl Consent {
    fn root(&mut self) -> &mut RuleBody {
        match &mut self.document.root {
            Root::Rule(body) => body,
            Root::Decision(_) => panic!("composed documents have a root rule"),
        }
    }
    fn rule(mut self, depth: u8, effect: Effect, terms: &str) -> Self {
        let Root::Rule(mut body) = consent(terms).document.root else { panic!("a root rule") };
        body.effect = effect;
        body.data.except_labels = BoundedVec::new();
        let mut rules = self.document.rules.into_vec();
        rules.push(Rule { depth, body });
        self.document.rules = list(rules);
        self
    }
    /// An exception: these terms are refused.
    pub(super) fn but(self, terms: &str) -> Self {
        self.rule(1, Effect::Deny, terms)
    }
    fn unless(self, depth: u8, effect: Effect, terms: &str) -> Self {
        self.rule(depth, effect, terms)
    }
    /// The whole consent refuses instead.
    pub(super) fn refusal(mut self) -> Self {
        self.root().effect = Effect::Deny;
        self.root().data.except_labels = BoundedVec::new();
        self
    }
    fn revoked(mut self) -> Self {
        self.standing = Standing::Revoked;
        self
    }
    fn revocation_pending(mut self) -> Self {
        self.standing = Standing::RevocationPending;
        self
    }
    fn days(mut self, from: u32, until: u32) -> Self {
        self.document.period = Period { from: noon(from), until: noon(until) };
        self
    }
    fn without_document(mut self) -> Self {
        self.held = false;
        self
    }
    fn since(mut self, height: u64) -> Self {
        self.since = Height(height);
        self
    }
    fn replacing(mut self, number: u8) -> Self {
        self.document.supersedes = list([scene::public_key(number)]);
        self
    }
    fn of(mut self, change: impl FnOnce(&mut ConsentDocument)) -> Self {
        change(&mut self.document);
        self
    }
    fn root_of(mut self, change: impl FnOnce(&mut RuleBody)) -> Self {
        change(self.root());
        self
    }
    /// As consent number `number` of the patient.
    pub(super) fn candidate(mut self, number: u8) -> Candidate {
        let key = scene::public_key(number);
        self.document.consent = key;
        let on_ledger = commitment(&SALT, &self.document);
        let held = self.held.then_some((&SALT, &self.document));
        Candidate::new(key, 1, self.since, on_ledger, self.standing, held)
    }
}

/// "dr.haddad@cedar labs+PSY treatment": this practitioner asks for labs labelled PSY, for treatment.
pub(super) fn request(asked: &str) -> Request {
    let (who, what, why) = three(asked);
    let (presets, labels) = what.split_once('+').map_or((what, None), |(what, labels)| (what, Some(labels)));
    let labels = labels.map(|labels| labels.split('+').map(text).collect::<Vec<_>>()).unwrap_or_default();
    let selection: crate::preset::Selection = presets.parse().unwrap();
    let items = selection.items().into_iter().map(|item| Item { labels: list(labels.clone()), ..item });
    let who = actor(who);
    let practitioner = match &who {
        crate::document::Actor::Practitioner(person) => Some(person.handle.clone()),
        _member => None,
    };
    Request {
        chain: scene::chain(),
        custodian: hospital("qamar").id,
        relationship: consent("cedar labs treatment").document.relationship,
        requester: Requester { member: who.member().id, practitioner },
        purpose: text(&purpose(why)),
        action: Action::Access,
        items: list(items),
    }
}

pub(super) fn policy() -> Policy {
    Policy::of(&scene::genesis().parameters)
}

fn named(consent: Option<PublicKey>) -> String {
    let numbered = |key| (1..100u8).find(|n| scene::public_key(*n) == key);
    consent.map_or_else(String::new, |key| format!(" {}", numbered(key).map_or(0, |n| n)))
}

pub(super) fn answer(decision: &Decision) -> String {
    let Reason { code, consent } = decision.reason;
    format!("{} {}{}", decision.outcome.as_str(), code.as_str(), named(consent))
}

fn decide_on(day: u32, consents: Vec<Consent>, request: &Request) -> Decision {
    let candidates: Vec<Candidate> = consents.into_iter().zip(1u8..).map(|(c, number)| c.candidate(number)).collect();
    decide(&candidates, request, noon(day), &policy())
}

#[track_caller]
fn check(consents: Vec<Consent>, asked: &str, expected: &str) {
    check_on(1, consents, asked, expected);
}

#[track_caller]
fn check_on(day: u32, consents: Vec<Consent>, asked: &str, expected: &str) {
    let decision = decide_on(day, consents, &request(asked));
    assert_eq!(answer(&decision), expected, "{asked}");
    let permits = decision.outcome == Outcome::Permit;
    assert_eq!(decision.effect == Effect::Permit, permits, "the default of this network is deny");
}

#[test]
fn nobody_is_permitted_what_no_consent_speaks_about() {
    check(vec![], "cedar labs treatment", "no-consent NO_CONSENT");
    check(vec![consent("cedar labs treatment")], "rawda labs treatment", "no-consent NO_CONSENT");
    check(vec![consent("cedar labs treatment")], "cedar labs payment", "no-consent NO_CONSENT");
}

#[test]
fn a_root_that_names_nobody_is_about_whoever_asks_and_about_every_act() {
    let open = || consent("cedar labs treatment").root_of(|root| (root.actors, root.actions) = (list([]), list([])));
    for who in ["cedar", "rawda", "dr.haddad@zaytun"] {
        check(vec![open()], &format!("{who} labs treatment"), "permit PERMITTED 1");
    }
    check(vec![open()], "rawda labs payment", "no-consent NO_CONSENT");
    check(vec![open().revoked()], "rawda labs treatment", "no-consent REVOKED 1");
    let passed_on = Request { action: Action::Disclose, ..request("rawda labs treatment") };
    assert_eq!(answer(&decide_on(1, vec![open()], &passed_on)), "permit PERMITTED 1");
    let named = vec![consent("rawda labs treatment")];
    assert_eq!(answer(&decide_on(1, named, &passed_on)), "no-consent NO_CONSENT");
}

#[test]
fn a_member_covers_its_practitioners_and_a_practitioner_only_themselves() {
    check(vec![consent("cedar labs treatment")], "cedar labs treatment", "permit PERMITTED 1");
    check(vec![consent("cedar labs treatment")], "dr.haddad@cedar labs treatment", "permit PERMITTED 1");
    check(vec![consent("dr.haddad@cedar labs treatment")], "dr.haddad@cedar labs treatment", "permit PERMITTED 1");
    check(vec![consent("dr.haddad@cedar labs treatment")], "cedar labs treatment", "no-consent NO_CONSENT");
    check(vec![consent("dr.haddad@cedar labs treatment")], "dr.nasser@cedar labs treatment", "no-consent NO_CONSENT");
    check(vec![consent("dr.haddad@cedar labs treatment")], "dr.haddad@rawda labs treatment", "no-consent NO_CONSENT");
}

#[test]
fn a_purpose_covers_its_parts_and_treatment_no_emergency() {
    check(vec![consent("cedar labs treatment")], "cedar labs coordination", "permit PERMITTED 1");
    check(vec![consent("cedar labs coordination")], "cedar labs treatment", "no-consent NO_CONSENT");
    check(vec![consent("cedar labs treatment")], "cedar labs emergency", "no-consent NO_CONSENT");
    check(vec![consent("cedar labs treatment")], "cedar labs break-the-glass", "no-consent NO_CONSENT");
    check(vec![consent("cedar labs emergency")], "cedar labs emergency-room", "permit PERMITTED 1");
    check(vec![consent("cedar labs emergency")], "cedar labs break-the-glass", "no-consent NO_CONSENT");
    check(vec![consent("cedar labs break-the-glass")], "cedar labs break-the-glass", "permit PERMITTED 1");
    check(vec![consent("cedar labs research")], "cedar labs clinical-trial", "permit PERMITTED 1");
}

#[test]
fn what_a_consent_leaves_out_is_not_covered_and_names_it() {
    check(vec![consent("cedar labs treatment")], "cedar notes treatment", "deny NOT_COVERED 1");
    check(vec![consent("cedar labs treatment")], "cedar vitals treatment", "deny NOT_COVERED 1");
    check(vec![consent("cedar labs treatment")], "cedar everything treatment", "deny NOT_COVERED 1");
    check(vec![consent("cedar everything treatment")], "cedar labs,vitals,notes treatment", "permit PERMITTED 1");
    check(vec![consent("cedar summary treatment")], "cedar meds,allergies treatment", "permit PERMITTED 1");
}

#[test]
fn sensitive_and_restricted_data_is_left_out_unless_it_was_named() {
    let labs = || vec![consent("cedar labs treatment")];
    for label in ["PSY", "SUD", "ETHUD", "OPIOIDUD", "PSYTHPN", "HIV", "GDIS", "R", "V", "PSY+HIV", "N+SEX"] {
        check(labs(), &format!("cedar labs+{label} treatment"), "deny NOT_COVERED 1");
    }
    for label in ["N", "U", "L", "M", "MH", "N+BH"] {
        check(labs(), &format!("cedar labs+{label} treatment"), "permit PERMITTED 1");
    }
    check(labs(), "cedar labs+UNHEARD treatment", "deny NOT_COVERED 1");
    check(vec![consent("cedar labs,HIV treatment")], "cedar labs+HIV treatment", "permit PERMITTED 1");
    check(vec![consent("cedar labs,HIV treatment")], "cedar labs+HIV+PSY treatment", "deny NOT_COVERED 1");
    check(vec![consent("cedar labs,R treatment")], "cedar labs+R treatment", "permit PERMITTED 1");
    check(vec![consent("cedar labs,R treatment")], "cedar labs+V treatment", "deny NOT_COVERED 1");
    check(vec![consent("cedar labs,V treatment")], "cedar labs+R treatment", "permit PERMITTED 1");
    check(vec![consent("cedar labs,SUD treatment")], "cedar labs+ETHUD treatment", "deny NOT_COVERED 1");
    check(vec![consent("cedar labs,SUD,ETH treatment")], "cedar labs+ETHUD treatment", "permit PERMITTED 1");
}

#[test]
fn a_confidentiality_means_up_to_in_a_permit_and_from_in_a_refusal() {
    let labelled = |label: &'static str| {
        move |body: &mut RuleBody| {
            body.data.labels = list([text(label)]);
            body.data.except_labels = BoundedVec::new();
        }
    };
    let up_to = |label| vec![consent("cedar labs treatment").root_of(labelled(label))];
    check(up_to("R"), "cedar labs treatment", "permit PERMITTED 1");
    check(up_to("R"), "cedar labs+L+R treatment", "permit PERMITTED 1");
    check(up_to("R"), "cedar labs+V treatment", "deny NOT_COVERED 1");
    check(up_to("L"), "cedar labs treatment", "deny NOT_COVERED 1");
    let from = |label| {
        vec![consent("cedar labs,V,PSY treatment"), consent("cedar labs treatment").refusal().root_of(labelled(label))]
    };
    check(from("R"), "cedar labs+V treatment", "deny DENIED 2");
    check(from("R"), "cedar labs+R treatment", "deny DENIED 2");
    check(from("R"), "cedar labs treatment", "permit PERMITTED 1");
    check(from("PSY"), "cedar labs+PSYTHPN treatment", "deny DENIED 2");
    check(from("PSY"), "cedar labs+UNHEARD treatment", "deny DENIED 2");
}

#[test]
fn a_consent_holds_from_its_first_moment_to_its_last() {
    let labs = || vec![consent("cedar labs treatment").days(10, 20)];
    check_on(9, labs(), "cedar labs treatment", "no-consent NO_CONSENT");
    check_on(10, labs(), "cedar labs treatment", "permit PERMITTED 1");
    check_on(20, labs(), "cedar labs treatment", "permit PERMITTED 1");
    check_on(21, labs(), "cedar labs treatment", "no-consent EXPIRED 1");
    check_on(21, labs(), "cedar notes treatment", "no-consent NO_CONSENT");
    check_on(21, labs(), "rawda labs treatment", "no-consent NO_CONSENT");
}

#[test]
fn a_revoked_consent_is_named_where_it_would_have_permitted() {
    let labs = || vec![consent("cedar labs treatment").revoked()];
    check(labs(), "cedar labs treatment", "no-consent REVOKED 1");
    check(labs(), "cedar notes treatment", "no-consent NO_CONSENT");
    check(labs(), "rawda labs treatment", "no-consent NO_CONSENT");
    check(vec![consent("cedar labs treatment").revocation_pending()], "cedar labs treatment", "no-consent REVOKED 1");
    let both = || vec![consent("cedar labs treatment").days(0, 1), consent("cedar labs treatment").revoked()];
    check_on(5, both(), "cedar labs treatment", "no-consent REVOKED 2");
    let another = vec![consent("cedar labs treatment").revoked(), consent("cedar labs treatment")];
    check(another, "cedar labs treatment", "permit PERMITTED 2");
    let narrower = vec![consent("cedar labs treatment").revoked(), consent("cedar meds treatment")];
    check(narrower, "cedar labs treatment", "deny NOT_COVERED 2");
    let refusal = vec![consent("cedar labs treatment").refusal().revoked()];
    check(refusal, "cedar labs treatment", "no-consent NO_CONSENT");
}

#[test]
fn grants_add_up_and_revoking_one_leaves_the_others() {
    let two = || vec![consent("cedar labs treatment"), consent("cedar meds treatment")];
    check(two(), "cedar labs treatment", "permit PERMITTED 1");
    check(two(), "cedar meds treatment", "permit PERMITTED 2");
    check(two(), "cedar labs,meds treatment", "permit PERMITTED 1");
    // Neither covers notes; the one with the smaller key is named.
    check(two(), "cedar labs,notes treatment", "deny NOT_COVERED 2");
    let one = vec![consent("cedar labs treatment").revoked(), consent("cedar meds treatment")];
    check(one, "cedar meds treatment", "permit PERMITTED 2");
}

#[test]
fn an_explicit_refusal_prevails_over_any_permit() {
    let refused = || vec![consent("cedar labs treatment"), consent("dr.haddad@cedar labs treatment").refusal()];
    check(refused(), "dr.haddad@cedar labs treatment", "deny DENIED 2");
    check(refused(), "dr.nasser@cedar labs treatment", "permit PERMITTED 1");
    check(refused(), "dr.haddad@cedar notes treatment", "deny NOT_COVERED 1");
    check(vec![consent("cedar labs treatment").refusal()], "cedar labs treatment", "deny DENIED 1");
    check(vec![consent("cedar labs treatment").refusal()], "cedar notes treatment", "no-consent NO_CONSENT");
}

#[test]
fn rules_below_the_root_are_exceptions_to_it_and_to_one_another() {
    let but = || vec![consent("cedar everything treatment").but("dr.haddad@cedar notes treatment")];
    check(but(), "dr.nasser@cedar notes treatment", "permit PERMITTED 1");
    check(but(), "dr.haddad@cedar labs treatment", "permit PERMITTED 1");
    check(but(), "dr.haddad@cedar notes treatment", "deny DENIED 1");
    let unless = || {
        vec![
            consent("cedar everything treatment")
                .but("cedar notes treatment")
                .unless(2, Effect::Permit, "dr.haddad@cedar notes treatment")
                .unless(3, Effect::Deny, "dr.haddad@cedar notes coordination"),
        ]
    };
    check(unless(), "dr.nasser@cedar notes treatment", "deny DENIED 1");
    check(unless(), "dr.haddad@cedar notes treatment", "permit PERMITTED 1");
    check(unless(), "dr.haddad@cedar notes coordination", "deny DENIED 1");
    let siblings = vec![consent("cedar labs treatment").unless(1, Effect::Permit, "rawda notes treatment").unless(
        1,
        Effect::Deny,
        "rawda notes coordination",
    )];
    check(siblings.clone(), "rawda notes treatment", "permit PERMITTED 1");
    check(siblings, "rawda notes coordination", "deny DENIED 1");
}

#[test]
fn a_consent_that_names_itself_among_those_it_replaces_still_speaks() {
    let labs = || consent("cedar labs treatment");
    check(vec![labs().replacing(1)], "cedar labs treatment", "permit PERMITTED 1");
    check(vec![labs().refusal().replacing(1)], "cedar labs treatment", "deny DENIED 1");
}

#[test]
fn a_consent_that_replaces_another_silences_it_for_good() {
    let replaced = |new: Consent| vec![consent("cedar everything treatment"), new.replacing(1).since(2)];
    let labs = || consent("cedar labs treatment");
    check(replaced(labs()), "cedar labs treatment", "permit PERMITTED 2");
    check(replaced(labs()), "cedar notes treatment", "deny NOT_COVERED 2");
    check_on(5, replaced(labs().days(0, 2)), "cedar notes treatment", "no-consent NO_CONSENT");
    check(replaced(labs().revoked()), "cedar notes treatment", "no-consent NO_CONSENT");
    check(replaced(labs().days(5, 9)), "cedar notes treatment", "permit PERMITTED 1");
    let amended_later = vec![consent("cedar everything treatment").since(9), labs().replacing(1).since(2)];
    check(amended_later, "cedar notes treatment", "permit PERMITTED 1");
    let refusal = vec![labs().refusal(), labs().replacing(1).since(2)];
    check(refusal, "cedar labs treatment", "permit PERMITTED 2");
}

#[test]
fn a_consent_in_force_without_its_document_refuses_everything() {
    let missing = || consent("cedar labs treatment").without_document();
    check(vec![consent("cedar labs treatment"), missing()], "cedar labs treatment", "deny INCIDENT 2");
    check(vec![missing()], "rawda notes research", "deny INCIDENT 1");
    check(vec![missing().revoked(), consent("cedar labs treatment")], "cedar labs treatment", "permit PERMITTED 2");
    check(vec![missing().revocation_pending()], "cedar labs treatment", "no-consent NO_CONSENT");
    let altered = Candidate::new(
        scene::public_key(1),
        1,
        Height(1),
        Digest([1; 32]),
        Standing::InForce,
        Some((&SALT, &consent("cedar labs treatment").document)),
    );
    assert_eq!(*altered.content(), Content::Missing, "a document that does not open the commitment is no document");
}

#[test]
fn a_document_of_somebody_else_or_elsewhere_is_silent() {
    let of = |change: fn(&mut ConsentDocument)| vec![consent("cedar labs treatment").of(change)];
    for other in [
        of(|d| d.chain = Digest::ZERO),
        of(|d| d.custodian.id = MemberId(Digest::ZERO)),
        of(|d| d.relationship = PublicKey([1; 32])),
        of(|d| d.class = crate::document::Class::Research),
        of(|d| d.vocabulary = Digest::ZERO),
    ] {
        check(other, "cedar labs treatment", "no-consent NO_CONSENT");
    }
}

#[test]
fn a_part_that_the_engine_does_not_know_never_helps_a_permit() {
    let unknown = |body: &mut RuleBody| {
        body.data.codes =
            list([crate::document::rule::ClinicalCode { system: text("http://loinc.org"), code: text("1") }]);
    };
    check(vec![consent("cedar labs treatment").root_of(unknown)], "cedar labs treatment", "deny NOT_COVERED 1");
    let refusal = consent("cedar labs treatment").refusal().root_of(unknown);
    check(vec![consent("cedar labs treatment"), refusal], "cedar labs treatment", "deny DENIED 2");
}

#[test]
fn an_action_that_was_not_named_is_not_meant() {
    let mut asked = request("cedar labs treatment");
    asked.action = Action::Disclose;
    assert_eq!(answer(&decide_on(1, vec![consent("cedar labs treatment")], &asked)), "no-consent NO_CONSENT");
}

#[test]
fn every_item_has_its_own_answer_and_the_first_of_the_gravest_speaks_for_all() {
    let decision = decide_on(
        1,
        vec![consent("cedar labs treatment"), consent("cedar notes treatment").refusal()],
        &request("cedar labs,notes treatment"),
    );
    let each: Vec<String> = decision
        .items
        .iter()
        .map(|item| format!("{}{}", item.reason.code.as_str(), named(item.reason.consent)))
        .collect();
    assert_eq!(each, ["DENIED 2", "PERMITTED 1", "DENIED 2", "PERMITTED 1"]);
    assert_eq!(answer(&decision), "deny DENIED 2");
    let nothing = Request { items: BoundedVec::new(), ..request("cedar labs treatment") };
    assert_eq!(answer(&decide_on(1, vec![consent("cedar labs treatment")], &nothing)), "no-consent NO_CONSENT");
}

#[test]
fn considered_are_exactly_the_consents_in_force() {
    let decision = decide_on(
        5,
        vec![
            consent("cedar labs treatment"),
            consent("rawda meds payment").revoked(),
            consent("zaytun notes research"),
            consent("cedar meds treatment").revocation_pending(),
            consent("cedar meds treatment").days(0, 1),
        ],
        &request("cedar labs treatment"),
    );
    let mut numbers: Vec<String> = decision.considered.iter().map(|one| named(Some(one.consent))).collect();
    assert!(decision.considered.is_sorted(), "by key");
    numbers.sort();
    assert_eq!(numbers, [" 1", " 3", " 4", " 5"]);
    let pending = decision.considered.iter().filter(|one| one.standing == Standing::RevocationPending).count();
    assert_eq!(pending, 1);
}

#[test]
fn what_is_asked_is_read_by_the_table_of_the_policy() {
    let parameters = crate::genesis::Parameters {
        default_policy: crate::genesis::DefaultPolicy::BasicNormal,
        ..scene::genesis().parameters
    };
    // A part of treatment since the second table; the first does not know it.
    let asked = Request { purpose: text("CLINTRL"), ..request("cedar labs treatment") };
    let by = |vocabulary| {
        let policy = Policy::of(&parameters).reading(vocabulary);
        let decision = decide(&[], &asked, noon(1), &policy);
        let receipt = DecisionReceipt::new(&asked, &decision, &policy, Height(1), Digest::ZERO).unwrap();
        (decision.effect, receipt.vocabulary)
    };
    assert_eq!(by(Vocabulary::v1()), (Effect::Deny, Vocabulary::v1().digest()));
    assert_eq!(by(Vocabulary::v2()), (Effect::Permit, Vocabulary::v2().digest()), "the receipt names the table");
    assert_eq!(Policy::of(&parameters).vocabulary(), Vocabulary::newest());
}

/// Receipts of before named the first table while questions were read by the second: hospitals took no purpose that the
/// first does not have, and about those both give one answer.
#[test]
fn the_first_two_tables_read_every_question_alike_that_the_first_has_words_for() {
    use crate::genesis::{DefaultPolicy, Parameters};
    let (first, second) = (Vocabulary::v1(), Vocabulary::v2());
    let mut labels: Vec<&str> = [Kind::Sensitivity, Kind::Confidentiality].map(|kind| second.codes(kind)).concat();
    labels.push("nobody's");
    let mut asked = request("cedar labs treatment");
    let item = asked.items[0].clone();
    asked.items = list(labels.iter().take(ITEMS_MAX).map(|label| Item { labels: list([text(label)]), ..item.clone() }));
    assert!(labels.len() <= ITEMS_MAX, "{}", labels.len());
    let consents = ["cedar labs treatment", "cedar labs research", "cedar everything payment"];
    let candidates: Vec<Candidate> =
        consents.into_iter().zip(1..).map(|(terms, number)| consent(terms).candidate(number)).collect();
    let defaults =
        [DefaultPolicy::Deny, DefaultPolicy::BasicNormal, DefaultPolicy::AllNormal, DefaultPolicy::BreakGlassOnly];
    for purpose in first.codes(Kind::Purpose) {
        let asked = Request { purpose: text(purpose), ..asked.clone() };
        for default_policy in defaults {
            let policy = Policy::of(&Parameters { default_policy, ..scene::genesis().parameters });
            let by = |vocabulary| decide(&candidates, &asked, noon(1), &policy.clone().reading(vocabulary));
            assert_eq!(by(first), by(second), "{purpose} {default_policy:?}");
        }
    }
}
