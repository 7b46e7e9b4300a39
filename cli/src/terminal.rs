//! Asking the person at the terminal. Prompts go to the terminal itself, never to stdout; secrets are not echoed.

use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use console::Term;
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use zeroize::Zeroizing;

/// Leaves the other screen, wiped.
const LEAVE: &str = "\u{1b}[H\u{1b}[2J\u{1b}[?1049l";
/// Whether the other screen is shown; an interrupted command leaves its task, and the screen, as they are.
static ON_OTHER_SCREEN: AtomicBool = AtomicBool::new(false);

/// How the terminal was before the first question that is not echoed.
static BEFORE: OnceLock<Termios> = OnceLock::new();

/// Brings the terminal back to where it was, also after an interrupt.
pub(crate) fn restore() {
    if let Some(before) = BEFORE.get() {
        // A terminal that is gone needs no echo.
        tcsetattr(std::io::stdin(), OptionalActions::Now, before).ok();
    }
    if ON_OTHER_SCREEN.swap(false, Ordering::SeqCst) {
        // A terminal that is gone needs no switching back.
        std::io::stderr().write_all(LEAVE.as_bytes()).ok();
    }
}

/// Whether somebody is there to answer.
pub(crate) fn attended() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks for a yes; anything else is a no.
pub(crate) fn confirm(question: &str) -> Fallible<bool> {
    let answer = ask_on(&Term::stderr(), question)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

/// Asks for a line that is not shown while it is typed.
pub(crate) fn ask_hidden(question: &str) -> Fallible<Zeroizing<String>> {
    if let Ok(now) = tcgetattr(std::io::stdin()) {
        BEFORE.get_or_init(|| now);
    }
    rpassword::prompt_password(question).map(Zeroizing::new).map_err(|e| broken(&e))
}

/// The terminal's other screen: what is shown there does not stay in the scroll-back.
pub(crate) struct OtherScreen(Term);

impl OtherScreen {
    /// Switches to it; dropping switches back.
    pub(crate) fn enter() -> Fallible<Self> {
        let screen = Self(Term::stderr());
        ON_OTHER_SCREEN.store(true, Ordering::SeqCst);
        screen.write("\u{1b}[?1049h\u{1b}[H\u{1b}[2J")?;
        Ok(screen)
    }

    /// Shows `text` and waits for Enter.
    pub(crate) fn ask(&self, text: &str) -> Fallible<()> {
        ask_on(&self.0, text).map(drop)
    }

    /// Asks for a line that is not shown.
    pub(crate) fn ask_hidden(&self, question: &str) -> Fallible<Zeroizing<String>> {
        ask_hidden(question)
    }

    /// Shows a line.
    pub(crate) fn say(&self, text: &str) -> Fallible<()> {
        self.write(&format!("{text}\n"))
    }

    /// Wipes the screen.
    pub(crate) fn clear(&self) -> Fallible<()> {
        self.write("\u{1b}[H\u{1b}[2J")
    }

    fn write(&self, text: &str) -> Fallible<()> {
        let mut term = &self.0;
        term.write_all(text.as_bytes()).and_then(|()| term.flush()).map_err(|e| broken(&e))
    }
}

impl Drop for OtherScreen {
    fn drop(&mut self) {
        restore();
    }
}

fn ask_on(term: &Term, question: &str) -> Fallible<String> {
    term.write_str(question).map_err(|e| broken(&e))?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(|e| broken(&e))?;
    Ok(line)
}

fn broken(error: &std::io::Error) -> Box<Failure> {
    Failure::new(
        Exit::Failed,
        15,
        format!("the terminal does not answer: {error}"),
        "use the flags for scripts instead",
    )
}
