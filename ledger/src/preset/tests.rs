use super::*;
use crate::vocabulary::{Kind, Vocabulary};

#[test]
fn every_preset_is_made_of_known_kinds_in_canonical_order() {
    for preset in Preset::ALL {
        let types = preset.types();
        assert!(!types.is_empty() && types.windows(2).all(|pair| pair[0] < pair[1]), "{preset:?}");
        for scope in &types {
            assert!(Vocabulary::v1().knows(Kind::Type, scope.of.as_str()), "{scope:?}");
            let fits =
                |category: &Code| Vocabulary::v1().types_of_category(category.as_str()).contains(&scope.of.as_str());
            assert!(scope.category.as_ref().is_none_or(fits), "{scope:?}");
        }
        assert_eq!(preset.name().parse(), Ok(preset));
    }
    for label in LEFT_OUT {
        let words = Vocabulary::v1();
        assert!(words.knows(Kind::Sensitivity, label) || words.knows(Kind::Confidentiality, label), "{label}");
    }
}

#[test]
fn everything_is_every_type_that_some_preset_names() {
    let named: BTreeSet<Code> = Preset::ALL.iter().flat_map(|p| p.types()).map(|scope| scope.of).collect();
    let everything: BTreeSet<Code> = Preset::Everything.types().into_iter().map(|scope| scope.of).collect();
    assert_eq!(everything, named);
    let parts = [Preset::Allergies, Preset::Meds, Preset::Conditions, Preset::Immunizations];
    let parts: BTreeSet<TypeScope> = parts.iter().flat_map(|preset| preset.types()).collect();
    assert_eq!(Preset::Summary.types().into_iter().collect::<BTreeSet<_>>(), parts);
}

#[test]
fn a_selection_leaves_sensitive_data_out_unless_it_is_named() {
    let except = |list: &str| -> Vec<String> {
        let scope = list.parse::<Selection>().unwrap().scope();
        scope.except_labels.iter().map(|code| code.as_str().to_owned()).collect()
    };
    assert_eq!(except("labs"), ["ETH", "GDIS", "HIV", "PSY", "R", "SDV", "SEX", "STD", "SUD", "V"]);
    assert_eq!(except("notes,psy,hiv"), ["ETH", "GDIS", "R", "SDV", "SEX", "STD", "SUD", "V"]);
    assert_eq!(except("notes,V"), ["ETH", "GDIS", "HIV", "PSY", "SDV", "SEX", "STD", "SUD"]);
}

#[test]
fn a_request_has_one_item_per_type_and_category() {
    let items = |list: &str| -> Vec<String> {
        let items = list.parse::<Selection>().unwrap().items();
        items.iter().map(|i| format!("{}/{}", i.of, i.categories.first().map_or("", |c| c.as_str()))).collect()
    };
    assert_eq!(items("labs"), ["DiagnosticReport/LAB", "Observation/laboratory"]);
    assert_eq!(items("labs, vitals"), ["DiagnosticReport/LAB", "Observation/laboratory", "Observation/vital-signs"]);
    assert_eq!(items("labs,everything").len(), 10, "a whole type swallows its categories");
}

#[test]
fn what_is_no_kind_of_data_is_refused() {
    assert_eq!("labs,xrays".parse::<Selection>(), Err(SelectionError::Unknown("xrays".into())));
    assert_eq!("".parse::<Selection>(), Err(SelectionError::Unknown(String::new())));
    assert_eq!("PSY".parse::<Selection>(), Err(SelectionError::Empty));
}
