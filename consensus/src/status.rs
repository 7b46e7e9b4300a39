//! Where everybody stands: told every few seconds and when a stream opens. Hints only: nothing here is signed, and
//! nothing is believed that a certificate could prove.

use crate::limits::{CLOCK_ALARM_EVERY_MS, HINT_MS, VIEWS_PER_REQUEST_MAX};
use crate::machine::{Machine, Step};
use crate::message::{Echo, Message, Status};
use crate::output::{Alarm, Effect};
use crate::peers::{Heard, Peer};
use crate::time::Offset;
use amanah_ledger::committee::ValidatorIndex;
use amanah_ledger::mutant::Mutant;
use amanah_ledger::position::{Height, View};
use amanah_ledger::time::UnixMs;

/// When we speak next.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Telling {
    next_at: u64,
    /// No clock alarm before this.
    quiet_until: u64,
}

impl Peer {
    /// The final height it reported since we started.
    pub(crate) fn reported(&self) -> Option<Height> {
        self.status.map(|heard| heard.status.final_height)
    }

    /// Refinement 10: its has_work counts if it is recent, from our view or a later one, and newer than our newest final
    /// block (the status is forgotten as a hint when a block becomes final).
    pub(crate) fn hints_at_work(&self, view: View, now: u64) -> bool {
        self.status.is_some_and(|heard| {
            heard.is_hint
                && heard.status.has_work
                && heard.status.view >= view
                && now.saturating_sub(heard.at) < HINT_MS
        })
    }
}

impl Machine {
    /// Tells everybody where we stand, when it is time.
    pub(crate) fn tell(&mut self, step: &mut Step<'_>) {
        if step.is_due(self.telling.next_at) {
            self.tell_all(step);
        }
    }

    /// Tells everybody now.
    pub(crate) fn tell_all(&mut self, step: &mut Step<'_>) {
        self.telling.next_at = step.now.saturating_add(self.config.timing.status_ms);
        step.wake(self.telling.next_at);
        self.peers.forgive();
        let has_work = self.has_own_work(step);
        for peer in self.electorate.others() {
            self.tell_one(step, peer, has_work);
        }
    }

    fn tell_one(&self, step: &mut Step<'_>, to: ValidatorIndex, has_work: bool) {
        let heard = self.peers.get(to).and_then(|peer| peer.status);
        let echo = heard.map(|heard| Echo { time: heard.status.time, held_ms: step.wall.since_ms(heard.wall) });
        let status = Status {
            epoch: self.config.epoch,
            view: self.view,
            final_view: self.last_final.view,
            final_height: self.last_final.point.height,
            final_block: self.last_final.point.digest,
            time: step.wall,
            echo,
            has_work,
        };
        step.send(to, Message::Status(status));
    }

    /// A stream opened: where we stand, and what a peer that was away may need (R10).
    pub(crate) fn connected(&mut self, step: &mut Step<'_>, peer: ValidatorIndex) {
        let Some(known) = self.peers.get_mut(peer).filter(|_| peer != self.config.me) else { return };
        known.is_connected = true;
        known.heard_at = Some(step.now);
        let has_work = self.has_own_work(step);
        self.tell_one(step, peer, has_work);
        if !self.lacks(Mutant::RetryKeepsItsDistance) {
            step.send(peer, Message::Bundle(self.bundle()));
            self.repeat_proposal(step, peer);
        }
        self.hurry_retry(step.now);
    }

    /// A stream broke: its owner counts as silent until it is heard again.
    pub(crate) fn disconnected(&mut self, peer: ValidatorIndex) {
        if let Some(peer) = self.peers.get_mut(peer) {
            peer.is_connected = false;
            peer.heard_at = None;
        }
    }

    /// Takes a status.
    pub(crate) fn take_status(&mut self, step: &mut Step<'_>, from: ValidatorIndex, status: Status) {
        if status.epoch != self.config.epoch {
            return;
        }
        let has_own_work = self.has_own_work(step);
        let Some(peer) = self.peers.get_mut(from) else { return };
        // A peer that talks all the time gets no more answers than one that talks now and then.
        let is_early = peer.status.is_some_and(|heard| step.now.saturating_sub(heard.at) < self.config.timing.delta_ms);
        peer.status = Some(Heard { status, at: step.now, wall: step.wall, is_hint: true });
        peer.final_height = Some(status.final_height);
        peer.view = peer.view.max(status.view);
        peer.final_view = peer.final_view.max(status.final_view);
        if let Some(offset) = status.echo.and_then(|echo| Offset::measure(step.wall, status.time, echo)) {
            peer.offset = Some(offset);
        }
        self.measure_one_way(from, step.wall, status.time);
        self.check_clock(step);
        if is_early {
            return;
        }
        if status.view > self.view {
            let lowest = self.view.0.max(status.view.0.saturating_sub(VIEWS_PER_REQUEST_MAX as u64));
            self.ask_for_views(step, from, (lowest..status.view.0).map(View).collect());
        }
        if status.view < self.view || status.final_view < self.last_final.view {
            step.send(from, Message::Bundle(self.bundle()));
        }
        if status.has_work && !has_own_work && !self.lacks(Mutant::NoPull) {
            step.effect(Effect::AskPending { from });
        }
    }

    /// Refinement 7, broken: takes the time on the way for a difference of clocks.
    fn measure_one_way(&mut self, from: ValidatorIndex, now: UnixMs, theirs: UnixMs) {
        if self.lacks(Mutant::ClockDeclinesToLead)
            && let Some(peer) = self.peers.get_mut(from)
        {
            peer.offset = Offset::measure(now, theirs, Echo { time: now, held_ms: 0 });
        }
    }

    /// Refinement 7: nobody declines to lead because of its clock.
    pub(crate) fn declines_to_lead(&self) -> bool {
        let offsets = self.peers.iter().filter_map(|(_, peer)| peer.offset).collect();
        let is_apart = |offset: Offset| offset.is_alarming(self.config.timing.clock_alarm_ms);
        self.lacks(Mutant::ClockDeclinesToLead) && Offset::median(offsets).is_some_and(is_apart)
    }

    /// Refinement 7: an alarm, nothing more.
    fn check_clock(&mut self, step: &mut Step<'_>) {
        let offsets = self.peers.iter().filter_map(|(_, peer)| peer.offset).collect();
        let median = Offset::median(offsets).filter(|m| m.is_alarming(self.config.timing.clock_alarm_ms));
        let Some(median) = median.filter(|_| step.now >= self.telling.quiet_until) else { return };
        self.telling.quiet_until = step.now.saturating_add(CLOCK_ALARM_EVERY_MS);
        step.effect(Effect::Alarm(Alarm::Clock { offset_ms: median.offset_ms }));
    }
}
