//! A consent document in the words of the screen: the lines to read before signing, and the fields scripts get.

use crate::duration::for_programs;
use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::network::Member;
use crate::who::short_name;
use amanah_ledger::document::{ConsentDocument, Root, RuleBody, TypeScope};
use amanah_ledger::engine::Item;
use amanah_ledger::label::Label;
use amanah_ledger::preset::Preset;
use amanah_ledger::sentence;
use serde_json::{Value, json};

/// WHO, MAY, WHAT, NOT, FOR, UNTIL, STOP: one fact a line, rendered from the rules that will be signed.
pub(crate) fn summary_lines(document: &ConsentDocument, custodian: &Member) -> Fallible<String> {
    let lines = sentence::lines(document).map_err(|why| {
        Failure::new(Exit::NotVerified, 804, format!("this consent cannot be said in full: {why}"), "do not sign it")
    })?;
    let left_out = if lines.not.is_empty() { "nothing is left out".to_owned() } else { lines.not.join(" · ") };
    let mut rows = vec![
        ("WHO", lines.who),
        ("MAY", lines.may),
        ("WHAT", lines.what),
        ("AT", format!("{} [{}]", custodian.reference.display, custodian.name())),
        ("NOT", left_out),
        ("FOR", lines.why),
        ("UNTIL", lines.until),
    ];
    rows.extend(lines.further.into_iter().map(|clause| ("ALSO", clause)));
    rows.push(("STOP", format!("any time: amanah revoke {}", Label::consent(&document.consent))));
    Ok(rows.into_iter().map(|(name, value)| format!("  {name:<6} {value}\n")).collect())
}

/// The fields of a consent in answers to scripts: codes, never localised words. What a rule leaves open is `anyone`,
/// `anything` and `whole-record`.
pub(crate) fn describe(document: &ConsentDocument) -> Value {
    let consent = Label::consent(&document.consent).to_string();
    let until = for_programs(document.period.until);
    let Root::Rule(root) = &document.root else {
        return json!({ "consent": consent, "who": "", "what": [], "why": "", "until": until });
    };
    let who: Vec<String> = root.actors.iter().map(short_name).collect();
    let why: Vec<String> = root.purposes.iter().map(ToString::to_string).collect();
    json!({
        "consent": consent,
        "effect": root.effect,
        "who": if who.is_empty() { "anyone".to_owned() } else { who.join(", ") },
        "may": if root.actions.is_empty() { json!(["anything"]) } else { json!(root.actions.as_slice()) },
        "what": kinds(root),
        "why": why.join(", "),
        "until": until,
    })
}

/// The preset names that make up the data of a rule; what no preset names stands as `Type` or `Type/category`.
fn kinds(root: &RuleBody) -> Vec<String> {
    if root.data.types.is_empty() { vec!["whole-record".to_owned()] } else { presets(root.data.types.to_vec()) }
}

/// The preset names that make up what a request asks for.
pub(crate) fn presets_of(items: &[Item]) -> Vec<String> {
    let mut types = Vec::new();
    for item in items {
        let scope = |category| TypeScope { of: item.of.clone(), category };
        if item.categories.is_empty() {
            types.push(scope(None));
        }
        types.extend(item.categories.iter().map(|category| scope(Some(category.clone()))));
    }
    presets(types)
}

/// The preset names that make up these kinds of data.
fn presets(mut left: Vec<TypeScope>) -> Vec<String> {
    let mut names = Vec::new();
    // Groups first, so that what makes up a whole group is said by its name.
    for preset in [Preset::Everything, Preset::Summary].into_iter().chain(Preset::ALL) {
        let types = preset.types();
        if types.iter().all(|one| left.contains(one)) {
            left.retain(|one| !types.contains(one));
            names.push(preset.name().to_owned());
        }
    }
    names.extend(left.into_iter().map(|one| match one.category {
        Some(category) => format!("{}/{category}", one.of),
        None => one.of.to_string(),
    }));
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use amanah_ledger::preset::Selection;

    fn named(list: &str) -> Vec<String> {
        let selection: Selection = list.parse().unwrap();
        presets(selection.scope().types.to_vec())
    }

    #[test]
    fn kinds_of_data_are_called_what_people_typed() {
        for preset in Preset::ALL {
            assert_eq!(named(preset.name()), [preset.name()]);
        }
        assert_eq!(named("labs,meds"), ["labs", "meds"]);
        assert_eq!(named("meds,allergies,conditions,immunizations"), ["summary"]);
        assert_eq!(named("labs,imaging"), ["labs", "imaging"]);
    }
}
