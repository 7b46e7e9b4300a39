//! What a code is a part of, walked over the text of the vocabulary's tables.

use amanah_ledger::vocabulary::{Coding, Vocabulary, system};
use std::sync::LazyLock;

type Row = [&'static str; 3];

static NEWEST: LazyLock<Vec<Row>> = LazyLock::new(|| rows(include_str!("../../../ledger/src/vocabulary/v2.txt")));
static FIRST: LazyLock<Vec<Row>> = LazyLock::new(|| rows(include_str!("../../../ledger/src/vocabulary/v1.txt")));

fn rows(text: &'static str) -> Vec<Row> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let row = |line: &'static str| {
        let mut cells = line.split('|').map(str::trim);
        let mut cell = || cells.next().unwrap_or_default();
        [cell(), cell(), cell()]
    };
    lines.map(row).collect()
}

/// The rows of one version of the table.
#[derive(Debug, Clone, Copy)]
pub struct Table(&'static LazyLock<Vec<Row>>);

impl Table {
    /// The newest.
    pub const NEWEST: Self = Self(&NEWEST);
    /// The oldest.
    pub const FIRST: Self = Self(&FIRST);

    /// The table of a consent's vocabulary.
    pub fn of(vocabulary: &Vocabulary) -> Self {
        if vocabulary.digest() == Vocabulary::v1().digest() { Self::FIRST } else { Self::NEWEST }
    }

    fn rows(self) -> &'static [Row] {
        self.0
    }

    /// `code` and all it is a part of, at any distance.
    fn lineage(self, kind: &str, code: &str) -> Vec<String> {
        let mut found = vec![code.to_owned()];
        loop {
            let mut more = Vec::new();
            for [of, child, parents] in self.rows() {
                if *of == kind && found.iter().any(|one| one == *child) {
                    let new = parents.split_whitespace().filter(|parent| !found.iter().any(|one| one == parent));
                    more.extend(new.map(str::to_owned));
                }
            }
            if more.is_empty() {
                return found;
            }
            found.extend(more);
        }
    }

    /// Step 2: same system and equal or an ancestor; emergencies are never inherited from treatment, and breaking the
    /// glass is matched by itself alone.
    pub fn purpose_fits(self, rule: &Coding, asked: &Coding) -> bool {
        if rule == asked {
            return true;
        }
        if rule.system != asked.system || asked.system != system::PURPOSE {
            return false;
        }
        let is_emergency = |code: &str| ["ETREAT", "ERTREAT", "BTG"].contains(&code);
        if asked.code == "BTG" || (is_emergency(&asked.code) && !is_emergency(&rule.code)) {
            return false;
        }
        self.lineage("purpose", &asked.code).contains(&rule.code)
    }

    /// How confidential a label is, as its place in U < L < M < N < R < V; `None` for every other label.
    pub fn confidentiality(label: &Coding) -> Option<usize> {
        let is_of_system = label.system == system::CONFIDENTIALITY;
        let place = ["U", "L", "M", "N", "R", "V"].iter().position(|code| *code == label.code);
        place.filter(|_| is_of_system)
    }

    /// Step 3: the item's highest label; unlabelled data counts as `N`.
    pub fn highest(labels: impl IntoIterator<Item = Coding>) -> usize {
        labels.into_iter().filter_map(|label| Self::confidentiality(&label)).max().unwrap_or(3)
    }

    /// Whether a row of this kind has this code.
    fn knows(self, kind: &str, code: &str) -> bool {
        self.rows().iter().any(|[of, known, _]| *of == kind && *known == code)
    }

    /// The types of records that can be in a category; none for a category that the table does not know.
    pub fn types_of(self, category: &Coding) -> Vec<&'static str> {
        let row = self.rows().iter().find(|[of, code, _]| *of == "category" && *code == category.code);
        row.map(|[_, _, types]| types.split_whitespace().collect()).unwrap_or_default()
    }

    /// A label that the table does not know could be any sensitivity, and so meets every refusal of one.
    pub fn could_be_any(self, label: &Coding) -> bool {
        let kinds = ["sensitivity", "obligation", "refrain"];
        label.system == system::ACT_CODE && !kinds.iter().any(|kind| self.knows(kind, &label.code))
    }

    /// Labels that the newest table knows and this one does not.
    pub fn later_labels(self) -> Vec<Coding> {
        let is_label = |of: &str| ["sensitivity", "obligation", "refrain"].contains(&of);
        let newest = Self::NEWEST.rows().iter().filter(|[of, _, _]| is_label(of));
        let all = newest.map(|[_, code, _]| Coding::new(system::ACT_CODE, code));
        all.filter(|label| self.could_be_any(label)).collect()
    }

    /// Step 3: sensitivity by subsumption.
    pub fn sensitivity_fits(self, rule: &Coding, item: &Coding) -> bool {
        let subsumed = item.system == system::ACT_CODE && self.lineage("sensitivity", &item.code).contains(&rule.code);
        rule == item || (rule.system == item.system && subsumed)
    }
}
