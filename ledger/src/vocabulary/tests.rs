use super::*;

const KINDS: [Kind; 11] = [
    Kind::Purpose,
    Kind::Type,
    Kind::Category,
    Kind::Confidentiality,
    Kind::Sensitivity,
    Kind::Action,
    Kind::Scope,
    Kind::Obligation,
    Kind::Refrain,
    Kind::Permission,
    Kind::Modifier,
];
fn tables() -> [(&'static str, &'static Vocabulary); 2] {
    [(include_str!("v1.txt"), Vocabulary::v1()), (include_str!("v2.txt"), Vocabulary::v2())]
}

#[test]
fn every_line_of_a_table_is_a_concept_whose_parents_are_known() {
    for (table, words) in tables() {
        let concepts =
            KINDS.into_iter().flat_map(|kind| words.of_kind(kind).map(move |(code, concept)| (kind, code, concept)));
        for (kind, code, concept) in concepts {
            assert!(Code::try_from(code).is_ok() && !code.is_empty(), "{code}");
            let parent_kind = if kind == Kind::Category { Kind::Type } else { kind };
            for parent in &concept.parents {
                assert!(words.knows(parent_kind, parent), "{code} is part of {parent}");
            }
            assert_eq!(words.code_of(kind, code).unwrap().as_str(), code);
        }
        let rows: Vec<&str> = table.lines().filter(|line| !line.starts_with('#')).collect();
        let counted: usize = KINDS.iter().map(|kind| words.codes(*kind).len()).sum();
        assert_eq!(counted, rows.len(), "no line stands twice, and each has a kind");
    }
}

#[test]
fn the_tables_never_change() {
    let known = [
        "55f5c92d7afb2a635528931ee4621cb66f846b335b8b4dc9116918de58c107ec",
        "0fe9511bbdb2e6e622e5e6deedc0eab0e6dc08272e81801861330aefc4efd9f7",
    ];
    for ((_, vocabulary), known) in tables().into_iter().zip(known) {
        assert_eq!(vocabulary.digest().to_string(), known);
        assert_eq!(Vocabulary::of(&vocabulary.digest()).map(Vocabulary::digest), Some(vocabulary.digest()));
    }
    assert!(Vocabulary::of(&Digest::ZERO).is_none());
}

#[test]
fn the_second_table_keeps_every_code_and_cover_of_the_first() {
    let (first, second) = (Vocabulary::v1(), Vocabulary::v2());
    for kind in KINDS {
        for code in first.codes(kind) {
            assert!(second.knows(kind, code), "{code}");
            assert_eq!(first.word_of(kind, code), second.word_of(kind, code));
            for other in first.codes(kind).into_iter().filter(|other| first.is_a(kind, code, other)) {
                assert!(second.is_a(kind, code, other), "{code} is a {other}");
            }
        }
    }
    assert!(second.sensitivity_covers("BH", "COGN") && second.sensitivity_covers("SPI", "ETHUD"));
    assert!(second.purpose_covers("HOPERAT", "HTEST") && second.purpose_covers("PUBHLTH", "DISASTER"));
}

#[test]
fn a_code_has_the_address_of_its_system() {
    let of = |kind: Kind, code: &str| kind.coding(code).system;
    assert_eq!(of(Kind::Purpose, "TREAT"), "http://terminology.hl7.org/CodeSystem/v3-ActReason");
    assert_eq!(of(Kind::Category, "LAB"), "http://terminology.hl7.org/CodeSystem/v2-0074");
    assert_eq!(of(Kind::Category, "laboratory"), "http://terminology.hl7.org/CodeSystem/observation-category");
    assert_eq!(Vocabulary::v2().label_kind("R").coding("R").system, system::CONFIDENTIALITY);
    assert_eq!(Vocabulary::v2().label_kind("HIV").coding("HIV").system, system::ACT_CODE);
}

#[test]
fn purposes_cover_their_parts_but_treatment_covers_no_emergency() {
    let words = Vocabulary::v1();
    for (rule, asked, covers) in [
        ("TREAT", "TREAT", true),
        ("TREAT", "COC", true),
        ("COC", "TREAT", false),
        ("TREAT", "ETREAT", false),
        ("TREAT", "ERTREAT", false),
        ("TREAT", "BTG", false),
        ("ETREAT", "ETREAT", true),
        ("ETREAT", "ERTREAT", true),
        ("ETREAT", "BTG", false),
        ("BTG", "BTG", true),
        ("BTG", "ETREAT", false),
        ("HRESCH", "CLINTRCH", true),
        ("HOPERAT", "CAREMGT", true),
        ("HRESCH", "TREAT", false),
        ("TREAT", "NOSUCH", false),
    ] {
        assert_eq!(words.purpose_covers(rule, asked), covers, "{rule} covers {asked}");
    }
}

#[test]
fn alcohol_and_opioid_disorders_are_sensitive_under_both_parents() {
    let words = Vocabulary::v1();
    for item in ["ETHUD", "OPIOIDUD"] {
        assert!(words.sensitivity_covers("SUD", item) && words.sensitivity_covers("ETH", item), "{item}");
        assert!(!words.sensitivity_covers(item, "SUD"));
    }
    assert!(!words.sensitivity_covers("PSY", "HIV"));
}

#[test]
fn confidentiality_grows_from_unrestricted_to_very_restricted() {
    let ranks: Vec<_> = ["U", "L", "M", "N", "R", "V"].map(|c| Vocabulary::v1().confidentiality(c).unwrap()).to_vec();
    assert!(ranks.is_sorted() && ranks.windows(2).all(|pair| pair[0] != pair[1]), "{ranks:?}");
    assert_eq!(Vocabulary::v1().confidentiality("PSY"), None);
}

#[test]
fn people_type_words_or_codes_in_any_case() {
    let words = Vocabulary::v1();
    for (typed, code) in [
        ("treatment", "TREAT"),
        ("emergency", "ETREAT"),
        ("payment", "HPAYMT"),
        ("operations", "HOPERAT"),
        ("research", "HRESCH"),
        ("public-health", "PUBHLTH"),
        ("treat", "TREAT"),
        ("Research", "HRESCH"),
    ] {
        assert_eq!(words.code_of(Kind::Purpose, typed).unwrap().as_str(), code);
    }
    assert_eq!(words.code_of(Kind::Purpose, ""), None);
    assert_eq!(words.code_of(Kind::Purpose, "PSY"), None);
    assert_eq!(words.word_of(Kind::Purpose, "TREAT"), Some("treatment"));
    assert_eq!(words.word_of(Kind::Type, "Observation"), None);
}
