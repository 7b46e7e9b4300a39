//! Commands and their answers as a page shows them, run again and compared.
//!
//! A page is Markdown. Its blocks of the language `console` hold commands behind `$ ` and below each what it printed. The
//! commands of a page are one session: variables and the working directory stay. A trailing `# exit N` states the exit
//! code, 0 without. A block with a title, such as `toml title=plan.toml`, is a file that the session writes there. In what a
//! command printed,
//! - a line that is only `…` stands for any number of lines, `…` within a line for any characters;
//! - labels (`C-…`, `P-…`, `A-…`), enrolment codes and other keys differ from run to run: the first time a page shows
//!   one, it stands for the one that the run shows there, and from then on for no other, in commands too;
//! - numbers of blocks, heights, views and processes, and moments, may be any.

mod compare;
mod session;

pub use compare::{Names, NotAsShown};
pub use session::Session;

/// A command of a page and what it is said to print.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Line of the page, from 1.
    pub line: usize,
    /// What is typed.
    pub command: String,
    /// What is printed, line by line.
    pub shown: Vec<String>,
    /// How it ends.
    pub exit: i32,
}

/// The steps of a page, in order.
pub fn steps(page: &str) -> Vec<Step> {
    let (mut steps, mut is_console, mut file) = (Vec::<Step>::new(), false, None);
    for (number, line) in page.lines().enumerate() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            is_console = !is_console && language == "console";
            file = match (file, language.split_once(" title=")) {
                (None, Some((_, name))) => Some((number + 1, name, String::new())),
                (Some((line, name, text)), _) => {
                    steps.push(Step { line, command: writing(name, &text), shown: Vec::new(), exit: 0 });
                    None
                }
                (None, None) => None,
            };
        } else if let Some((_, _, text)) = &mut file {
            text.push_str(line);
            text.push('\n');
        } else if is_console && let Some(typed) = line.strip_prefix("$ ") {
            let (command, exit) = split_exit(typed);
            steps.push(Step { line: number + 1, command, shown: Vec::new(), exit });
        } else if is_console && let Some(step) = steps.last_mut() {
            match step.command.strip_suffix('\\') {
                Some(begun) if step.shown.is_empty() => {
                    let (rest, exit) = split_exit(line.trim_start());
                    (step.command, step.exit) = (format!("{begun}{rest}"), exit);
                }
                Some(_) | None => step.shown.push(line.to_owned()),
            }
        }
    }
    for step in &mut steps {
        while step.shown.last().is_some_and(|line| line.trim().is_empty()) {
            step.shown.pop();
        }
    }
    steps
}

/// What writes a file that a page shows.
fn writing(name: &str, text: &str) -> String {
    format!("cat > {name} << 'end of the file'\n{text}end of the file")
}

/// The command without its statement of how it ends.
fn split_exit(typed: &str) -> (String, i32) {
    match typed.rsplit_once("# exit ").map(|(command, exit)| (command, exit.trim().parse())) {
        Some((command, Ok(exit))) => (command.trim_end().to_owned(), exit),
        Some((_, Err(_))) | None => (typed.trim_end().to_owned(), 0),
    }
}

#[cfg(test)]
mod tests;
