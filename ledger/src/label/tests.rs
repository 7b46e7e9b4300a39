use super::*;

fn samples() -> Vec<Label> {
    (0u8..20).flat_map(|n| LabelKind::ALL.map(|kind| Label::new(kind, &Context::Label.hash(&[&[n]])))).collect()
}

#[test]
fn a_code_has_the_promised_shape_and_reads_back() {
    for label in samples() {
        let text = label.to_string();
        assert_eq!(text.len(), 24, "{text}");
        assert_eq!(text.match_indices('-').map(|(at, _)| at).collect::<Vec<_>>(), [1, 6, 11, 16, 21], "{text}");
        assert_eq!(text.parse(), Ok(label));
    }
}

#[test]
fn codes_are_read_as_people_write_them() {
    let label = samples().into_iter().find(|l| l.to_string().contains('0') && l.to_string().contains('1')).unwrap();
    let text = label.to_string();
    for written in [
        text.to_lowercase(),
        text.replace('-', ""),
        text.replace('-', " "),
        text.replace('0', "o").replace('1', "l"),
        text.replace('0', "O").replace('1', "I"),
    ] {
        assert_eq!(written.parse(), Ok(label), "{written}");
    }
}

#[test]
fn every_wrong_character_and_every_exchange_of_neighbours_is_noticed() {
    for label in samples().into_iter().take(25) {
        let typed: Vec<char> = label.to_string().chars().filter(|c| *c != '-').collect();
        for at in 0..typed.len() {
            for wrong in ALPHABET.iter().map(|c| char::from(*c)).filter(|wrong| *wrong != typed[at]) {
                let mut other = typed.clone();
                other[at] = wrong;
                let read: Result<Label, _> = other.iter().collect::<String>().parse();
                assert!(matches!(read, Err(LabelError::Check | LabelError::Kind)), "{label} at {at}: {wrong}");
            }
            if at + 1 < typed.len() && typed[at] != typed[at + 1] {
                let mut other = typed.clone();
                other.swap(at, at + 1);
                let read: Result<Label, _> = other.iter().collect::<String>().parse();
                assert!(matches!(read, Err(LabelError::Check | LabelError::Kind)), "{label} swapped at {at}");
            }
        }
    }
}

#[test]
fn a_beginning_of_four_names_the_only_one_that_begins_so() {
    let labels = samples();
    for label in &labels {
        let prefix: LabelPrefix = label.to_string()[..6].parse().unwrap();
        let same = labels.iter().filter(|other| other.to_string()[..6] == label.to_string()[..6]).count();
        assert_eq!(same, 1, "the samples differ in their first four");
        assert_eq!(prefix.find(labels.iter().map(|l| (*l, *l))), Ok(*label));
        assert_eq!(prefix.find(labels.iter().chain([label]).map(|l| (*l, *l))), Ok(*label), "listed twice is one");
    }
    let first = labels[0].to_string();
    assert_eq!(first[..5].parse::<LabelPrefix>(), Err(LabelError::Length(3)));
    let nobody: LabelPrefix = "C-0000".parse().unwrap();
    assert_eq!(nobody.find(labels.iter().map(|l| (*l, ()))), Err(FindError::None));
    let twins = LabelPrefix { kind: labels[0].kind, chars: Vec::new() };
    assert_eq!(twins.find(labels.iter().map(|l| (*l, ()))), Err(FindError::Several(20)));
}

#[test]
fn looking_only_where_a_code_would_stand_finds_what_looking_everywhere_finds() {
    let relationships = (0..50).map(|n| Label::relationship(&PublicKey([n; 32])));
    let labels: BTreeMap<Label, Label> = samples().into_iter().chain(relationships).map(|l| (l, l)).collect();
    let everywhere = |prefix: &LabelPrefix| prefix.find(labels.iter().map(|(label, thing)| (*label, thing)));
    for label in labels.keys() {
        for length in 0..=CHARS {
            let prefix = LabelPrefix { kind: label.kind, chars: label.chars[..length].to_vec() };
            assert_eq!(prefix.find_in(&labels), everywhere(&prefix), "{prefix:?}");
        }
    }
    for nobody in ["C-0000", "C-ZZZZ", "P-0000", "P-ZZZZ", "A-0000", "X-ZZZZ"] {
        let prefix: LabelPrefix = nobody.parse().unwrap();
        assert_eq!(prefix.find_in(&labels), everywhere(&prefix), "{nobody}");
    }
}

#[test]
fn what_is_no_code_is_refused_by_name() {
    let whole = samples()[0].to_string();
    for (text, error) in [
        ("", LabelError::Kind),
        ("Z-7Q2M", LabelError::Kind),
        ("C-7Q2U", LabelError::Character('U')),
        ("C-7Qé2", LabelError::Character('é')),
        ("C-", LabelError::Length(0)),
        (&format!("{whole}0"), LabelError::Length(19)),
    ] {
        assert_eq!(text.parse::<LabelPrefix>(), Err(error), "{text:?}");
    }
    assert_eq!("C-7Q2M".parse::<Label>(), Err(LabelError::Length(4)));
}
