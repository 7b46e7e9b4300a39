//! What verified states say about a custodian's days: the last anchored root of each, and whether it can still change.

use super::check::LogError;
use super::day_tree::DayProof;
use crate::exchange::DayQuery;
use crate::execute::DAY_BEFORE_OPEN_MS;
use crate::leaf::{AnchorLeaf, Leaf, LeafKey, MemberLeaf};
use crate::member::MemberId;
use crate::position::Height;
use crate::proof::{ENTRIES_MAX, StateEntry, VerifiedState};
use crate::time::{Day, UnixMs};
use crate::transaction::AnchorKind;
use std::collections::BTreeMap;

/// Anchors of one custodian, collected from one or more verified states.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnchoredDays {
    custodian: MemberId,
    height: Height,
    time: UnixMs,
    member: Option<MemberLeaf>,
    days: BTreeMap<Day, AnchoredDay>,
}

/// One day as the newest state that shows it has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct AnchoredDay {
    /// Height of that state.
    shown_at: Height,
    /// Whether no further anchor of the day can ever be final.
    pub(super) closed: bool,
    /// Its last anchor; `None` for none.
    pub(super) anchor: Option<AnchorLeaf>,
}

impl AnchoredDays {
    /// Nothing known yet.
    pub fn new(custodian: MemberId) -> Self {
        Self { custodian, height: Height(0), time: UnixMs(0), member: None, days: BTreeMap::new() }
    }

    /// Which leaves to ask for: the custodian's own and one for each day, in portions that one proof holds. Every
    /// portion holds the custodian's leaf.
    pub fn leaf_keys(custodian: MemberId, from: Day, to: Day) -> Vec<Vec<LeafKey>> {
        let days: Vec<u32> = (from.0..=to.0).collect();
        let portion = |days: &[u32]| {
            let anchors = days.iter().map(|day| LeafKey::Anchor(custodian, AnchorKind::Access, Day(*day)));
            std::iter::once(LeafKey::Member(custodian)).chain(anchors).collect()
        };
        days.chunks(ENTRIES_MAX - 1).map(portion).collect()
    }

    /// Takes over what `state` shows. States may come in any order.
    pub fn learn(&mut self, state: &VerifiedState) {
        let newest = state.height() >= self.height;
        if newest {
            (self.height, self.time) = (state.height(), state.time());
        }
        for StateEntry { key, leaf, .. } in &state.proof().entries {
            if let LeafKey::Anchor(member, AnchorKind::Access, day) = key
                && *member == self.custodian
            {
                let anchor =
                    leaf.as_ref().and_then(|leaf| if let Leaf::Anchor(anchor) = leaf { Some(*anchor) } else { None });
                self.learn_day(*day, anchor, state);
            }
            if let Some(Leaf::Member(member)) = leaf
                && member.member == self.custodian
                && newest
            {
                self.member = Some(member.clone());
            }
        }
    }

    fn learn_day(&mut self, day: Day, anchor: Option<AnchorLeaf>, state: &VerifiedState) {
        let over = day.next().is_some_and(|next| state.time() >= next.start().plus_ms(DAY_BEFORE_OPEN_MS));
        let shown = AnchoredDay { shown_at: state.height(), closed: over, anchor };
        let known = self.days.entry(day).or_insert(shown);
        if known.shown_at < shown.shown_at {
            *known = shown;
        }
    }

    /// Height of the newest state.
    pub fn height(&self) -> Height {
        self.height
    }

    /// Time of the newest state.
    pub fn time(&self) -> UnixMs {
        self.time
    }

    /// The custodian's own leaf, with its keys.
    pub(super) fn member(&self) -> Option<&MemberLeaf> {
        self.member.as_ref()
    }

    /// The newest anchor of all days.
    pub fn newest(&self) -> Option<&AnchorLeaf> {
        self.days.values().filter_map(|day| day.anchor.as_ref()).max_by_key(|anchor| anchor.seq)
    }

    /// What the custodian is to be asked for, from `first` on.
    pub fn queries(&self, first: Day) -> Vec<DayQuery> {
        let days = self.days.range(first..);
        days.filter_map(|(day, known)| Some(DayQuery { day: *day, root: known.anchor?.root })).collect()
    }

    /// The anchor of `day`. A day that may still change counts only as the newest state has it.
    pub(super) fn day(&self, day: Day) -> Result<AnchoredDay, LogError> {
        let usable = |known: &&AnchoredDay| known.closed || known.shown_at == self.height;
        self.days.get(&day).filter(usable).copied().ok_or(LogError::DayNotShown(day))
    }
}

/// The proof for a day among those given.
pub(super) fn proof_of<'a>(proofs: &'a [DayProof], anchor: &AnchorLeaf) -> Result<&'a DayProof, LogError> {
    let fits = |proof: &&DayProof| proof.day == anchor.day && proof.root == anchor.root;
    proofs.iter().find(fits).ok_or(LogError::DayUnproven(anchor.day))
}
