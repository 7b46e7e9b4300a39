use super::*;
use crate::codec::BoundedVec;
use crate::compose::{ComposeError, compose};
use crate::document::rule::Rule;
use crate::document::{Action, NotEnforceable, Retention};
use crate::scene::{hospital, list, text, wish};
use crate::time::UnixMs;
use crate::vocabulary::{Kind, Vocabulary};

fn labs() -> ConsentDocument {
    compose(wish("dr.haddad@cedar", "labs", "TREAT")).unwrap()
}

#[test]
fn the_sentence_says_who_may_do_what_with_which_data_why_and_when() {
    assert_eq!(
        labs().sentence.as_str(),
        "Dr. Haddad (dr.haddad@cedar) of Cedar General Hospital may read laboratory results that Qamar Hospital (qamar) \
         holds about you, for your treatment, from Sun 22 Nov 2026, 00:00:00 UTC until Fri 19 Feb 2027, 23:59:59 UTC. \
         This leaves out what is marked substance abuse, genetics, HIV, psychiatry, restricted or more confidential, \
         sexual or domestic violence, sexual and reproductive health, sexually transmitted disease, substance use \
         disorder and very restricted. You can end this consent at any time."
    );
    assert_eq!(verify_sentence(&labs()), Ok(()));
}

#[test]
fn what_a_root_leaves_open_is_said_too() {
    let mut document = labs();
    if let Root::Rule(body) = &mut document.root {
        (body.actors, body.actions, body.data) = (list([]), list([]), DataScope::default());
    }
    let sentence = render(&document).unwrap();
    let said = "Anyone may do anything with everything in the record that Qamar Hospital (qamar) holds about you, for";
    assert!(sentence.as_str().starts_with(said), "{sentence}");
}

#[test]
fn every_part_of_the_rules_changes_the_sentence() {
    let plain = labs();
    let mut other = vec![plain.sentence.to_string()];
    let mut say = |change: &dyn Fn(&mut crate::compose::Wish)| {
        let mut wish = wish("dr.haddad@cedar", "labs", "TREAT");
        change(&mut wish);
        other.push(compose(wish).unwrap().sentence.to_string());
    };
    say(&|w| w.who = vec![crate::scene::actor("cedar")]);
    say(&|w| w.who.push(crate::scene::actor("rawda")));
    say(&|w| w.what = "meds".parse().unwrap());
    say(&|w| w.what = "labs,PSY".parse().unwrap());
    say(&|w| w.what = "everything".parse().unwrap());
    say(&|w| w.purpose = text("HRESCH"));
    say(&|w| w.actions.push(Action::Disclose));
    say(&|w| w.from = UnixMs(w.from.0 + 1000));
    say(&|w| w.until = UnixMs(w.until.0 + 1000));
    say(&|w| w.custodian = hospital("zaytun"));
    say(&|w| w.supersedes = vec![crate::scene::public_key(1)]);
    let count = other.len();
    other.sort();
    other.dedup();
    assert_eq!(other.len(), count, "no two of these say the same");
}

#[test]
fn exceptions_and_additions_are_said_in_full() {
    let mut document = compose(wish("cedar", "everything", "TREAT")).unwrap();
    let Root::Rule(notes) = compose(wish("dr.nasser@cedar", "notes", "TREAT")).unwrap().root else { panic!() };
    let mut refusal = RuleBody { effect: Effect::Deny, data: DataScope::default(), ..notes.clone() };
    refusal.data.types = notes.data.types.clone();
    let anyone = RuleBody {
        actors: BoundedVec::new(),
        purposes: BoundedVec::new(),
        actions: BoundedVec::new(),
        ..refusal.clone()
    };
    document.rules = list([refusal, notes, anyone].map(|body| Rule { depth: 1, body }));
    let sentence = render(&document).unwrap().to_string();
    for clause in [
        "But: Dr. Nasser (dr.nasser@cedar) of Cedar General Hospital may not read notes and letters that",
        "In addition: Dr. Nasser (dr.nasser@cedar) of Cedar General Hospital may read notes and letters that",
        "as long as this consent holds. This leaves out what is marked",
        "But: whoever asks may not do anything with notes and letters that Qamar Hospital (qamar) holds about you, for any purpose,",
    ] {
        assert!(sentence.contains(clause), "{clause}\nnot in\n{sentence}");
    }
}

#[test]
fn lines_say_what_the_sentence_says() {
    let lines = lines(&labs()).unwrap();
    assert_eq!(lines.who, "Dr. Haddad (dr.haddad@cedar) of Cedar General Hospital");
    assert_eq!((lines.may.as_str(), lines.what.as_str()), ("read", "laboratory results"));
    assert_eq!(lines.why, "your treatment");
    assert_eq!(lines.from, "Sun 22 Nov 2026, 00:00:00 UTC");
    assert_eq!(lines.until, "Fri 19 Feb 2027, 23:59:59 UTC");
    assert_eq!(lines.not.len(), 10);
    assert!(lines.not.contains(&"psychiatry".to_owned()));
    assert_eq!(lines.further, Vec::<String>::new());
}

#[test]
fn a_document_with_another_sentence_is_refused() {
    let mut document = labs();
    let says = |document: &ConsentDocument, text: &str| {
        let mut changed = document.clone();
        changed.sentence = text.try_into().unwrap();
        verify_sentence(&changed)
    };
    let longer = document.sentence.as_str().replace("2027", "2029");
    assert_eq!(says(&document, &longer), Err(SentenceError::Differs));
    assert_eq!(says(&document, ""), Err(SentenceError::Differs));
    assert_eq!(says(&document, &format!("{} ", document.sentence)), Err(SentenceError::Differs));
    document.period.until = UnixMs(document.period.until.0 + 1000);
    assert_eq!(verify_sentence(&document), Err(SentenceError::Differs));
}

#[test]
fn what_cannot_be_said_in_full_cannot_be_signed() {
    let refused = |change: &dyn Fn(&mut ConsentDocument)| {
        let mut document = labs();
        change(&mut document);
        verify_sentence(&document).unwrap_err()
    };
    let root = |change: &'static dyn Fn(&mut RuleBody)| {
        refused(&|document| {
            if let Root::Rule(body) = &mut document.root {
                change(body);
            }
        })
    };
    assert_eq!(refused(&|d| d.template = crate::crypto::Digest::ZERO), SentenceError::Template);
    assert_eq!(refused(&|d| d.vocabulary = crate::crypto::Digest::ZERO), SentenceError::Template);
    assert_eq!(refused(&|d| d.locale = text("ar")), SentenceError::Template);
    let parts = [
        refused(&|d| d.root = Root::Decision(Effect::Permit)),
        refused(&|d| d.retention = Some(Retention::DeleteAfterDays(1))),
        refused(&|d| d.obligations = list([text("DELAU")])),
        refused(&|d| d.giver = crate::document::Giver::Attested { by: text("n.saleh") }),
        refused(&|d| d.period.until = UnixMs(1)),
        refused(&|d| {
            let Root::Rule(body) = d.root.clone() else { return };
            d.rules = list([Rule { depth: 2, body }]);
        }),
        root(&|body| body.actors = list([Actor::Role(hospital("cedar"), text("nurse"))])),
        root(&|body| body.data.data_period = Some(Period { from: UnixMs(0), until: UnixMs(0) })),
    ];
    for refusal in parts {
        assert!(matches!(refusal, SentenceError::NotSayable(_)), "{refusal:?}");
    }
    assert_eq!(root(&|body| body.purposes = list([text("NOSUCH")])), SentenceError::NoWords("purpose.NOSUCH".into()));
}

#[test]
fn the_template_has_words_for_the_whole_vocabulary_and_never_changes() {
    let (template, vocabulary) = (Template::english(), Vocabulary::v1());
    let mut keys: Vec<String> = Vec::new();
    for code in vocabulary.codes(Kind::Purpose) {
        keys.push(format!("purpose.{code}"));
    }
    for code in vocabulary.codes(Kind::Type) {
        keys.push(format!("type.{code}"));
    }
    for category in vocabulary.codes(Kind::Category) {
        keys.extend(vocabulary.types_of_category(category).iter().map(|of| format!("type.{of}/{category}")));
    }
    for code in vocabulary.codes(Kind::Sensitivity) {
        keys.push(format!("label.{code}"));
    }
    for code in vocabulary.codes(Kind::Confidentiality) {
        keys.extend([format!("upto.{code}"), format!("from.{code}")]);
    }
    for action in [Action::Access, Action::Use, Action::Disclose, Action::Correct, Action::Collect] {
        keys.push(format!("do.{action:?}"));
    }
    for key in keys {
        assert!(template.words(&key).is_ok_and(|words| !words.is_empty()), "{key}");
    }
    assert_eq!(template.digest().to_string(), "f36b02d68a56e68bcfd58e794b306546eaf1e4aaef8f6bc2939d4be8935719e7");
}

#[test]
fn a_name_that_could_be_mistaken_never_enters_a_sentence() {
    let named = |display: &str| {
        let mut wish = wish("dr.haddad@cedar", "labs", "TREAT");
        let Actor::Practitioner(mut person) = crate::scene::actor("dr.haddad@cedar") else { panic!() };
        person.display = text(display);
        wish.who = vec![Actor::Practitioner(person)];
        compose(wish).map(|document| document.sentence.to_string())
    };
    for good in ["Dr. Omar Haddad", "د. عمر حداد", "Anne-Marie O'Neill, RN"] {
        assert!(named(good).is_ok_and(|sentence| sentence.starts_with(good)), "{good}");
    }
    for bad in ["", " Dr. X", "Dr.  X", "X (admin@cedar)", "X\n", "X\u{202e}", "X; and Y", "X \"Y\"", "X\u{200b}"] {
        assert_eq!(named(bad), Err(ComposeError::NotEnforceable(NotEnforceable::Name)), "{bad:?}");
    }
}
