//! Research: whether a purpose is within the uses that participants consented to, by the Data Use Ontology.
//!
//! A use that is plainly outside is refused. What cannot be told from the two descriptions goes to people: the answer is
//! then review, never a guess.

use super::{Moment, Outcome};
use crate::mutant::{Mutant, lacks};
use std::collections::{BTreeMap, BTreeSet};

/// What participants consented to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DataUse {
    /// Research of any kind (GRU), or without any restriction (NRES).
    pub general: bool,
    /// Health, medical and biomedical research (HMB).
    pub health: bool,
    /// Research into these diseases and what falls under them (DS).
    pub diseases: BTreeSet<String>,
    /// Research into origins and ancestry (POA).
    pub ancestry: bool,
    /// What else must hold.
    pub conditions: Vec<Condition>,
}

/// What must hold for a use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// No development of methods (NMDS).
    NoMethods,
    /// No research into origins and ancestry (NPOA).
    NoAncestry,
    /// Only by organisations that make no profit (NPU).
    NonProfit,
    /// Only uses that are not commercial (NCU).
    NonCommercial,
    /// Only with the approval of an ethics board (IRB).
    EthicsApproval,
    /// Only in one of these regions (GS).
    Regions(BTreeSet<String>),
    /// Only until then (TS).
    Until(Moment),
    /// Only by these people (US).
    Users(BTreeSet<String>),
    /// Only in these projects (PS).
    Projects(BTreeSet<String>),
    /// Only at these institutions (IS).
    Institutions(BTreeSet<String>),
    /// Results are given back (RTN).
    ReturnResults,
    /// Something only people can judge.
    Other(String),
}

/// What researchers want to do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ResearchPurpose {
    /// Research of any kind.
    pub general: bool,
    /// Health, medical or biomedical research.
    pub health: bool,
    /// Diseases, each with everything it falls under.
    pub diseases: BTreeMap<String, BTreeSet<String>>,
    /// Origins and ancestry.
    pub ancestry: bool,
    /// Development of methods.
    pub methods: bool,
    /// Whether the organisation makes no profit, if that is said.
    pub non_profit: Option<bool>,
    /// Whether the use is not commercial, if that is said.
    pub non_commercial: Option<bool>,
    /// Whether an ethics board approved, if that is said.
    pub ethics_approval: Option<bool>,
    /// Where.
    pub region: Option<String>,
    /// By whom.
    pub user: Option<String>,
    /// In which project.
    pub project: Option<String>,
    /// At which institution.
    pub institution: Option<String>,
    /// What about it only people can judge, in words.
    pub to_judge: Vec<String>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UseAnswer {
    /// Permit, deny or review.
    pub outcome: Outcome,
    /// Why not permit, one for each thing found.
    pub findings: Vec<Finding>,
    /// Whether results must be given back.
    pub returns_results: bool,
}

/// What stands in the way of a use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// It is outside.
    #[error("{0} is outside the consented use")]
    Outside(String),
    /// A condition does not hold.
    #[error("{0} does not hold")]
    Broken(&'static str),
    /// Nobody says whether a condition holds.
    #[error("whether {0} holds is not said")]
    Unsaid(&'static str),
    /// People must judge it.
    #[error("{0} is for people to judge")]
    ToJudge(String),
}

impl Finding {
    fn refuses(&self) -> bool {
        match self {
            Self::Outside(_) | Self::Broken(_) => true,
            Self::Unsaid(_) | Self::ToJudge(_) => false,
        }
    }
}

impl DataUse {
    /// Whether `purpose` is within this use at `as_of`.
    pub fn permits(&self, purpose: &ResearchPurpose, as_of: Moment) -> UseAnswer {
        let mut findings = self.outside(purpose);
        findings.extend(self.conditions.iter().filter_map(|condition| condition.finding(purpose, as_of)));
        if !lacks(Mutant::JudgementSkipped) {
            findings.extend(purpose.to_judge.iter().cloned().map(Finding::ToJudge));
        }
        let outcome = if findings.iter().any(Finding::refuses) {
            Outcome::Deny
        } else if findings.is_empty() {
            Outcome::Permit
        } else {
            Outcome::Review
        };
        let returns_results = self.conditions.contains(&Condition::ReturnResults);
        UseAnswer { outcome, findings, returns_results }
    }

    /// Every kind of research that the purpose names must be covered.
    fn outside(&self, purpose: &ResearchPurpose) -> Vec<Finding> {
        let health = self.general || self.health;
        let named = [
            (purpose.general, self.general, "research of any kind"),
            (purpose.health, health, "health research"),
            (purpose.ancestry, self.general || self.ancestry, "research into ancestry"),
        ];
        let kinds = named.into_iter().filter(|(is_named, covered, _)| *is_named && !covered);
        let kinds = kinds.map(|(_, _, what)| Finding::Outside(what.to_owned()));
        let is_covered = |disease: &str, above: &BTreeSet<String>| {
            let under = above.iter().any(|one| self.diseases.contains(one)) && !lacks(Mutant::DiseaseExact);
            health || self.diseases.contains(disease) || under
        };
        let diseases = purpose.diseases.iter().filter(|(disease, above)| !is_covered(disease, above));
        kinds.chain(diseases.map(|(disease, _)| Finding::Outside(format!("research into {disease}")))).collect()
    }
}

impl Condition {
    fn finding(&self, purpose: &ResearchPurpose, as_of: Moment) -> Option<Finding> {
        let required = |stated: Option<bool>, what: &'static str| match stated {
            Some(true) => None,
            Some(false) => Some(Finding::Broken(what)),
            None => Some(Finding::Unsaid(what)),
        };
        let among = |allowed: &BTreeSet<String>, stated: &Option<String>, what| {
            required(stated.as_ref().map(|one| allowed.contains(one)), what)
        };
        if lacks(Mutant::UseConditionsIgnored) {
            return None;
        }
        match self {
            Self::NoMethods => purpose.methods.then(|| Finding::Outside("development of methods".to_owned())),
            Self::NoAncestry => purpose.ancestry.then(|| Finding::Outside("research into ancestry".to_owned())),
            Self::NonProfit => required(purpose.non_profit, "that nobody makes a profit"),
            Self::NonCommercial => required(purpose.non_commercial, "that the use is not commercial"),
            Self::EthicsApproval => required(purpose.ethics_approval, "the approval of an ethics board"),
            Self::Regions(allowed) => among(allowed, &purpose.region, "the region"),
            Self::Users(allowed) => among(allowed, &purpose.user, "the user"),
            Self::Projects(allowed) => among(allowed, &purpose.project, "the project"),
            Self::Institutions(allowed) => among(allowed, &purpose.institution, "the institution"),
            Self::Until(end) => (*end < as_of).then_some(Finding::Broken("the time limit")),
            Self::ReturnResults => None,
            Self::Other(what) => Some(Finding::ToJudge(what.clone())),
        }
    }
}

#[cfg(test)]
mod tests;
