//! What takes longer than a moment says so at a terminal: what it waits for, how long it has, how far it is. Elsewhere
//! nothing is drawn, and nothing of it stays on the screen.

use crate::output::Reader;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::time::Duration;

/// The drawing moves this often while nothing else happens.
const TICK: Duration = Duration::from_millis(120);

/// What is drawn; gone when this is dropped.
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Something of unknown length.
    pub(crate) fn waiting(reader: Reader, what: impl Into<String>) -> Self {
        let style = ProgressStyle::with_template("{spinner} {msg} … {elapsed}");
        let bar = ProgressBar::no_length().with_style(style.unwrap_or_else(|_never| ProgressStyle::default_spinner()));
        Self::begin(reader, bar, what.into())
    }

    /// Something of `total` steps, each `unit`.
    #[cfg(feature = "store")]
    pub(crate) fn of(reader: Reader, what: impl Into<String>, total: u64, unit: &str) -> Self {
        let template = format!("{{msg}} {{bar:40}} {{pos}}/{{len}} {unit}, {{eta}} left");
        let style = ProgressStyle::with_template(&template);
        let bar = ProgressBar::new(total).with_style(style.unwrap_or_else(|_never| ProgressStyle::default_bar()));
        Self::begin(reader, bar, what.into())
    }

    fn begin(reader: Reader, bar: ProgressBar, what: String) -> Self {
        bar.set_draw_target(target(reader, |name| std::env::var_os(name).is_some_and(|value| !value.is_empty())));
        bar.set_message(what);
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    /// So many steps are done.
    #[cfg(feature = "store")]
    pub(crate) fn at(&self, steps: u64) {
        self.0.set_position(steps);
    }

    /// What is under way now.
    #[cfg(any(feature = "demo", feature = "store"))]
    pub(crate) fn now(&self, what: impl Into<String>) {
        self.0.set_message(what.into());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}

/// Stderr, if a person looks at it and sees moving things; indicatif itself draws on terminals only.
fn target(reader: Reader, is_set: impl Fn(&str) -> bool) -> ProgressDrawTarget {
    let is_still = is_set("AMANAH_ACCESSIBLE") || std::env::var_os("TERM").is_some_and(|term| term == "dumb");
    match reader {
        Reader::Person if !is_still => ProgressDrawTarget::stderr(),
        Reader::Person | Reader::Script => ProgressDrawTarget::hidden(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_and_screen_readers_get_no_moving_things() {
        assert!(target(Reader::Script, |_| false).is_hidden());
        assert!(target(Reader::Person, |name| name == "AMANAH_ACCESSIBLE").is_hidden());
    }
}
