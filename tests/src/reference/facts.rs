//! Step 9: which labels and which times the records have that a query may find.

use super::data::{lies_in, meets};
use super::found::some;
use super::named::Named;
use super::words::Table;
use amanah_ledger::engine::{Moment, Query, Span};
use amanah_ledger::vocabulary::{Coding, system};
use std::collections::BTreeSet;

/// What the query asks for and some of the labels that are named, with confidentialities around those that are.
pub(super) fn labels(query: &Query, named: &Named) -> Vec<BTreeSet<Coding>> {
    let ladder = ["U", "L", "M", "N", "R", "V"];
    let named_places: Vec<usize> = named.labels.iter().filter_map(Table::confidentiality).collect();
    let is_near = |place: usize| named_places.iter().any(|one| one.abs_diff(place) <= 1);
    let near = ladder.iter().enumerate().filter(|(place, _)| is_near(*place));
    let levels = near.map(|(_, code)| Some(Coding::new(system::CONFIDENTIALITY, code))).chain([None]);
    let levels: Vec<Option<Coding>> = levels.collect();
    let others = named.labels.iter().filter(|label| Table::confidentiality(label).is_none());
    let mut all = Vec::new();
    for sensitivities in some(&others.cloned().collect()) {
        for level in &levels {
            all.push(sensitivities.iter().chain(level).chain(&query.labels).cloned().collect());
        }
    }
    all.sort();
    all.dedup();
    all
}

/// Moments and times around the ends of those that are named, one for each way to lie in them or to meet them.
pub(super) fn dates(query: &Query, named: &Named) -> Vec<Span> {
    let mut moments = BTreeSet::from([Moment(0)]);
    for end in named.periods.iter().flat_map(|period| [period.from, period.until]).flatten() {
        moments.extend([end.0.saturating_sub(1), end.0, end.0.saturating_add(1)].map(Moment));
    }
    let mut all: Vec<(Vec<(bool, bool)>, Span)> = Vec::new();
    for from in &moments {
        for until in moments.iter().filter(|until| from <= *until) {
            let date = Span { from: Some(*from), until: Some(*until) };
            let stand = named.periods.iter().map(|period| (lies_in(date, *period), meets(date, *period))).collect();
            let is_asked = query.period.is_none_or(|period| lies_in(date, period));
            if is_asked && !all.iter().any(|(other, _)| *other == stand) {
                all.push((stand, date));
            }
        }
    }
    all.into_iter().map(|(_, date)| date).collect()
}
