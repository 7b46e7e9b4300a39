//! The rules of a document as the `provision` of an R4 Consent.

use super::ExportError;
use crate::datatype::PARTICIPATION_TYPE;
use crate::import::{MEMBER, PRACTITIONER, written};
use amanah_ledger::document::{Action, Actor, DataScope, Effect, MemberRef, Rule, RuleBody, TypeScope};
use amanah_ledger::vocabulary::{Code, Coding, Kind, Vocabulary};
use serde_json::{Map, Value, json};

/// The root with everything below it. Its period is the consent's, which the caller writes.
pub(super) fn tree(root: &RuleBody, rules: &[Rule]) -> Result<Value, ExportError> {
    let mut provision = body(root)?;
    put(&mut provision, "provision", below(rules, 1)?);
    Ok(Value::Object(provision))
}

/// Rules of one depth, each with what stands below it: a pre-order as a tree.
fn below(rules: &[Rule], depth: u8) -> Result<Vec<Value>, ExportError> {
    let mut all = Vec::new();
    let mut rest = rules;
    while let Some((first, behind)) = rest.split_first() {
        let own = behind.iter().take_while(|rule| rule.depth > depth).count();
        let (exceptions, next) = behind.split_at(own);
        rest = next;
        let mut provision = body(&first.body)?;
        if let Some(period) = first.body.period {
            let ends = json!({ "start": written(period.from), "end": written(period.until) });
            provision.insert("period".to_owned(), ends);
        }
        put(&mut provision, "provision", below(exceptions, depth.saturating_add(1))?);
        all.push(Value::Object(provision));
    }
    Ok(all)
}

fn body(body: &RuleBody) -> Result<Map<String, Value>, ExportError> {
    let mut provision = Map::new();
    let effect = match body.effect {
        Effect::Permit => "permit",
        Effect::Deny => "deny",
    };
    provision.insert("type".to_owned(), effect.into());
    put(&mut provision, "actor", body.actors.iter().map(actor).collect::<Result<_, _>>()?);
    put(&mut provision, "action", body.actions.iter().map(|one| json!({ "coding": [action(*one)] })).collect());
    put(&mut provision, "purpose", body.purposes.iter().map(|code| coded(Kind::Purpose, code)).collect());
    data(&body.data, &mut provision)?;
    Ok(provision)
}

fn data(data: &DataScope, provision: &mut Map<String, Value>) -> Result<(), ExportError> {
    let DataScope { types, labels, except_labels, data_period, meanings, codes } = data;
    // A refusal of what is so labelled would say more: it would hold against other consents too.
    if !except_labels.is_empty() {
        return Err(ExportError::NotSayable("data that is left out without being refused"));
    }
    if data_period.is_some() || !meanings.is_empty() || !codes.is_empty() {
        return Err(ExportError::NotSayable("what no hospital enforces yet"));
    }
    let vocabulary = Vocabulary::v1();
    put(provision, "class", types.iter().map(kind).collect());
    let label = |code: &Code| coded(vocabulary.label_kind(code.as_str()), code);
    put(provision, "securityLabel", labels.iter().map(label).collect());
    Ok(())
}

/// An empty list is no element.
fn put(provision: &mut Map<String, Value>, element: &str, list: Vec<Value>) {
    if !list.is_empty() {
        provision.insert(element.to_owned(), Value::Array(list));
    }
}

/// A category is of one kind of resource only, so it stands for both.
fn kind(scope: &TypeScope) -> Value {
    match &scope.category {
        None => coded(Kind::Type, &scope.of),
        Some(category) => coded(Kind::Category, category),
    }
}

fn coded(kind: Kind, code: &Code) -> Value {
    let Coding { system, code } = kind.coding(code.as_str());
    json!({ "system": system, "code": code })
}

fn action(action: Action) -> Value {
    let code = match action {
        Action::Access => "access",
        Action::Use => "use",
        Action::Disclose => "disclose",
        Action::Correct => "correct",
        Action::Collect => "collect",
    };
    let Coding { system, code } = Kind::Action.coding(code);
    json!({ "system": system, "code": code })
}

fn actor(actor: &Actor) -> Result<Value, ExportError> {
    let reference = match actor {
        Actor::Member(named) => member(named),
        Actor::Practitioner(person) => json!({
            "type": "Practitioner",
            "identifier": {
                "system": format!("{PRACTITIONER}{}", person.member.id),
                "value": person.handle.as_str(),
            },
            "display": person.display.as_str(),
        }),
        Actor::Role(..) | Actor::Group(..) | Actor::Device(..) | Actor::Agent(..) => {
            return Err(ExportError::NotSayable("what no hospital enforces yet"));
        }
    };
    let role = json!({ "coding": [{ "system": PARTICIPATION_TYPE, "code": "IRCP" }] });
    Ok(json!({ "role": role, "reference": reference }))
}

/// A reference to a member.
pub(super) fn member(member: &MemberRef) -> Value {
    json!({
        "type": "Organization",
        "identifier": { "system": MEMBER, "value": member.id.to_string() },
        "display": member.display.as_str(),
    })
}
