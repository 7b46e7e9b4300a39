//! The ledger's own documents and requests, as the engine evaluates them.

use super::answer::{Answer, Ground};
use super::obligation::{Due, Duty};
use super::question::{Asked, Question, Record};
use super::{
    Actor, Asker, Candidate, Class, Consent, ConsentRoot, ConsentStanding, Considered, Content, Data, Decision, Group,
    Identifier, Identifiers, ItemDecision, Obligation, Party, Policy, Reason, Records, Request, Rule, Side, Span,
    Standing, evaluate,
};
use crate::crypto::{Digest, PublicKey};
use crate::document::rule::{DataScope, Meaning, RuleBody, TypeScope};
use crate::document::{self, ConsentDocument, Giver, MemberRef, Retention, Root};
use crate::member::MemberId;
use crate::time::UnixMs;
use crate::vocabulary::{Code, Coding, Kind, Vocabulary};
use std::collections::BTreeSet;

/// Decides `request` at `as_of`, the custodian's clock. The order of `consents` does not matter. What is asked is read by
/// the policy's table, each consent by the one that its document names.
pub fn decide(consents: &[Candidate], request: &Request, as_of: UnixMs, policy: &Policy) -> Decision {
    let vocabulary = policy.vocabulary();
    let neutral: Vec<Consent> = consents.iter().map(|candidate| consent(candidate, request, vocabulary)).collect();
    let answer = evaluate(&neutral, &question(request, vocabulary), as_of.into(), policy);
    let named = |ground: &Ground| Reason {
        code: ground.code,
        consent: ground.consent.and_then(|at| consents.get(at)).map(|candidate| candidate.consent),
    };
    let mut considered: Vec<Considered> = consents.iter().filter_map(in_force).collect();
    considered.sort();
    let Answer { outcome, effect, ref ground, ref items, ref obligations, .. } = answer;
    Decision {
        outcome,
        effect,
        reason: named(ground),
        items: items.iter().map(|item| ItemDecision { outcome: item.outcome, reason: named(&item.ground) }).collect(),
        obligations: obligations.iter().filter_map(|one| Code::try_from(one.code().code.as_str()).ok()).collect(),
        considered,
    }
}

fn in_force(candidate: &Candidate) -> Option<Considered> {
    let Candidate { consent, version, commitment, standing, .. } = candidate;
    match standing {
        Standing::InForce | Standing::RevocationPending => {
            Some(Considered { consent: *consent, version: *version, commitment: *commitment, standing: *standing })
        }
        Standing::Revoked => None,
    }
}

fn of_consent(key: &PublicKey) -> String {
    Digest(key.0).to_string()
}

fn of_patient(chain: &Digest, relationship: &PublicKey) -> Identifiers {
    [Identifier::assigned(&format!("urn:amanah:relationship:{chain}"), &of_consent(relationship))].into()
}

fn of_member(member: MemberId) -> Identifiers {
    [Identifier::assigned("urn:amanah:member", &member.to_string())].into()
}

/// Whoever belongs to a member under a name of the member's own.
fn of_member_s(kind: &str, member: MemberId, name: &str) -> Identifiers {
    [Identifier::assigned(&format!("urn:amanah:{kind}:{member}"), name)].into()
}

fn question(request: &Request, vocabulary: &Vocabulary) -> Question {
    let member = request.requester.member;
    let mut names = of_member(member);
    if let Some(handle) = &request.requester.practitioner {
        names.extend(of_member_s("practitioner", member, handle.as_str()));
    }
    let class = document::Class::of(vocabulary, &request.purpose);
    let record = |item: &super::Item| Record {
        of: Some(Kind::Type.coding(item.of.as_str())),
        categories: Some(codings(Kind::Category, &item.categories)),
        labels: labels(&item.labels, vocabulary),
        ..Record::default()
    };
    Question {
        patient: of_patient(&request.chain, &request.relationship),
        custodian: Some(of_member(request.custodian)),
        asker: Asker { names, ..Asker::default() },
        purpose: Some(Kind::Purpose.coding(request.purpose.as_str())),
        actions: [action(request.action)].into(),
        classes: Some([scope(class)].into()),
        asked: Asked::Records(request.items.iter().map(record).collect()),
        emergency: None,
    }
}

fn codings(kind: Kind, codes: &[Code]) -> BTreeSet<Coding> {
    codes.iter().map(|code| kind.coding(code.as_str())).collect()
}

fn labels(codes: &[Code], vocabulary: &Vocabulary) -> BTreeSet<Coding> {
    codes.iter().map(|code| vocabulary.label_kind(code.as_str()).coding(code.as_str())).collect()
}

fn action(action: document::Action) -> Coding {
    let code = match action {
        document::Action::Access => "access",
        document::Action::Use => "use",
        document::Action::Disclose => "disclose",
        document::Action::Correct => "correct",
        document::Action::Collect => "collect",
    };
    Kind::Action.coding(code)
}

fn scope(class: document::Class) -> Coding {
    Kind::Scope.coding(match class {
        document::Class::PatientPrivacy => "patient-privacy",
        document::Class::Research => "research",
    })
}

/// A consent of the ledger. One without a document here, or with a vocabulary that this program does not have, speaks
/// only by its absence.
fn consent(candidate: &Candidate, request: &Request, asked_by: &'static Vocabulary) -> Consent {
    let in_force = match candidate.standing {
        Standing::InForce => ConsentStanding::InForce,
        Standing::RevocationPending | Standing::Revoked => ConsentStanding::Ended,
    };
    let held = match candidate.content() {
        Content::Document(document) => {
            Vocabulary::of(&document.vocabulary).map(|vocabulary| (document.as_ref(), vocabulary))
        }
        Content::Missing => None,
    };
    let Some((document, vocabulary)) = held else {
        let is_missing = *candidate.content() == Content::Missing && in_force == ConsentStanding::InForce;
        let standing = if is_missing { ConsentStanding::Missing } else { ConsentStanding::Never };
        return absent(candidate, request, standing, asked_by);
    };
    from_document(candidate, document, vocabulary, in_force)
}

fn absent(
    candidate: &Candidate,
    request: &Request,
    standing: ConsentStanding,
    vocabulary: &'static Vocabulary,
) -> Consent {
    Consent {
        id: of_consent(&candidate.consent),
        vocabulary,
        standing,
        since: candidate.since.0,
        patient: of_patient(&request.chain, &request.relationship),
        custodians: Vec::new(),
        classes: None,
        period: Span::ALWAYS,
        authority: Span::ALWAYS,
        supersedes: BTreeSet::new(),
        root: ConsentRoot::Decision(document::Effect::Deny),
        rules: Vec::new(),
        obligations: Vec::new(),
    }
}

fn from_document(
    candidate: &Candidate,
    document: &ConsentDocument,
    vocabulary: &'static Vocabulary,
    standing: ConsentStanding,
) -> Consent {
    let authority = match &document.giver {
        Giver::Patient | Giver::Attested { .. } => Span::ALWAYS,
        Giver::Guardian { until, .. } => Span { from: None, until: Some((*until).into()) },
    };
    let duties = document.obligations.iter().map(|code| Obligation::Duty(Duty::of(code.as_str())));
    let deletion = document.retention.map(|Retention::DeleteAfterDays(days)| {
        Obligation::Duty(Duty { by: Some(Due::DaysAfterRelease(days)), ..Duty::of("DELAU") })
    });
    Consent {
        id: of_consent(&candidate.consent),
        vocabulary,
        standing,
        since: candidate.since.0,
        patient: of_patient(&document.chain, &document.relationship),
        custodians: vec![of_member(document.custodian_id())],
        classes: Some([scope(document.class)].into()),
        period: document.period.into(),
        authority,
        supersedes: document.supersedes.iter().map(of_consent).collect(),
        root: match &document.root {
            Root::Rule(body) => ConsentRoot::Rule(rule(body, "root", vocabulary)),
            Root::Decision(effect) => ConsentRoot::Decision(*effect),
        },
        rules: nested(&document.rules, 1, "", vocabulary),
        obligations: duties.chain(deletion).collect(),
    }
}

/// Rules of one depth, each with what stands below it: a pre-order as a tree.
fn nested(rules: &[document::Rule], depth: u8, above: &str, vocabulary: &Vocabulary) -> Vec<Rule> {
    let mut tree = Vec::new();
    let mut rest = rules;
    while let Some((first, below)) = rest.split_first() {
        let own = below.iter().take_while(|exception| exception.depth > depth).count();
        let (exceptions, next) = below.split_at(own);
        rest = next;
        if first.depth == depth {
            let place = format!("{above}{}", tree.len() + 1);
            let exceptions = nested(exceptions, depth.saturating_add(1), &format!("{place}."), vocabulary);
            tree.push(Rule { exceptions, ..rule(&first.body, &format!("rule {place}"), vocabulary) });
        }
    }
    tree
}

fn rule(body: &RuleBody, place: &str, vocabulary: &Vocabulary) -> Rule {
    let RuleBody { effect, actors, purposes, actions, period, data } = body;
    Rule {
        period: period.map_or(Span::ALWAYS, Span::from),
        actors: actors.iter().map(actor).collect(),
        purposes: codings(Kind::Purpose, purposes),
        actions: actions.iter().map(|one| action(*one)).collect(),
        data: scope_of_data(data, vocabulary),
        ..Rule::bare(*effect, place)
    }
}

/// A document names recipients only.
fn actor(actor: &document::Actor) -> Actor {
    Actor { side: Side::Recipient, party: party(actor) }
}

fn party(actor: &document::Actor) -> Party {
    let named = |kind: &str, member: &MemberRef, name: &str| of_member_s(kind, member.id, name);
    match actor {
        document::Actor::Member(member) => Party::Named(of_member(member.id)),
        document::Actor::Practitioner(person) => {
            Party::Named(named("practitioner", &person.member, person.handle.as_str()))
        }
        document::Actor::Role(member, role) => Party::Role {
            codes: [Coding::new(&format!("urn:amanah:role:{}", member.id), role.as_str())].into(),
            at: Some(of_member(member.id)),
        },
        document::Actor::Group(member, group) => {
            Party::Group(Group { names: named("group", member, group.as_str()), members: None })
        }
        document::Actor::Device(member, device) => Party::Named(named("device", member, device.as_str())),
        document::Actor::Agent(member, agent, version) => Party::Agent {
            names: named("agent", member, agent.as_str()),
            version: Some(version.to_string()).filter(|version| !version.is_empty()),
        },
    }
}

fn scope_of_data(scope: &DataScope, vocabulary: &Vocabulary) -> Data {
    let class = |TypeScope { of, category }: &TypeScope| Class {
        of: Kind::Type.coding(of.as_str()),
        category: category.as_ref().map(|code| Kind::Category.coding(code.as_str())),
    };
    let reference = |to: &str| Identifiers::from([Identifier::reference(to)]);
    let records = |meaning: &Meaning| match meaning {
        Meaning::Instance(to) => Records::Instance(reference(to.as_str())),
        Meaning::Related(to) => Records::Related(reference(to.as_str())),
        Meaning::AuthoredBy(author) => Records::AuthoredBy(match party(author) {
            Party::Named(names) | Party::Agent { names, .. } | Party::Group(Group { names, .. }) => names,
            Party::Anyone | Party::Role { .. } => Identifiers::new(),
        }),
    };
    Data {
        labels: labels(&scope.labels, vocabulary),
        except_labels: labels(&scope.except_labels, vocabulary),
        period: scope.data_period.map(Span::from),
        records: scope.meanings.iter().map(records).collect(),
        classes: scope.types.iter().map(class).collect(),
        documents: BTreeSet::new(),
        codes: scope.codes.iter().map(|code| Coding::new(code.system.as_str(), code.code.as_str())).collect(),
    }
}
