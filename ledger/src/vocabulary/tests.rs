use super::*;

const KINDS: [Kind; 5] = [Kind::Purpose, Kind::Type, Kind::Category, Kind::Confidentiality, Kind::Sensitivity];

#[test]
fn every_line_of_the_table_is_a_concept_whose_parents_are_known() {
    let table = include_str!("v1.txt");
    let rows = table.lines().filter(|line| !line.starts_with('#')).count();
    let words = Vocabulary::v1();
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
    let counted: usize = KINDS.iter().map(|kind| words.codes(*kind).len()).sum();
    assert_eq!(counted, rows, "no line stands twice");
    for line in table.lines().filter(|line| !line.starts_with('#')) {
        let kind = line.split('|').next().unwrap().trim();
        assert!(["purpose", "type", "category", "confidentiality", "sensitivity"].contains(&kind), "{line}");
    }
}

#[test]
fn the_table_never_changes() {
    let known = "55f5c92d7afb2a635528931ee4621cb66f846b335b8b4dc9116918de58c107ec";
    assert_eq!(Vocabulary::v1().digest().to_string(), known);
    assert!(Vocabulary::of(&Vocabulary::v1().digest()).is_some());
    assert!(Vocabulary::of(&Digest::ZERO).is_none());
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
