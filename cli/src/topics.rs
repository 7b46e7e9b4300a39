//! What `amanah help TOPIC` explains: things that are about more than one command.

use crate::exit::Exit;
use amanah_ledger::catalogue;
use amanah_ledger::preset::Preset;
use amanah_ledger::vocabulary::{Kind, Vocabulary};

/// A page that belongs to no command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    /// What scripts read first.
    ExitCodes,
    /// Every `AMN-nnnn`.
    Errors,
    /// Presets and labels.
    What,
    /// What data may be used for.
    Why,
    /// Ends of consents.
    Until,
    /// Codes of consents, relationships, accesses.
    Codes,
    /// JSON, flags and variables for scripts.
    Scripts,
    /// What a receipt proves.
    Receipts,
}

impl Topic {
    /// All of them, in the order they are listed.
    pub(crate) const ALL: [Self; 8] =
        [Self::What, Self::Why, Self::Until, Self::Codes, Self::Receipts, Self::Scripts, Self::ExitCodes, Self::Errors];

    /// As it is typed.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ExitCodes => "exit-codes",
            Self::Errors => "errors",
            Self::What => "what",
            Self::Why => "why",
            Self::Until => "until",
            Self::Codes => "codes",
            Self::Scripts => "scripts",
            Self::Receipts => "receipts",
        }
    }

    /// In one line.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::ExitCodes => "how commands end, for scripts",
            Self::Errors => "every error, with its number",
            Self::What => "kinds of data, for --what",
            Self::Why => "purposes, for --why",
            Self::Until => "ends of a consent, for --until",
            Self::Codes => "the codes C-…, P-…, A-… and how they are typed",
            Self::Scripts => "JSON, passphrases and variables in scripts",
            Self::Receipts => "what a receipt proves, and what it does not",
        }
    }

    /// The page.
    pub(crate) fn text(self) -> String {
        match self {
            Self::ExitCodes => exit_codes(),
            Self::Errors => errors(),
            Self::What => what(),
            Self::Why => why(),
            Self::Until => include_str!("topics/until.txt").to_owned(),
            Self::Codes => include_str!("topics/codes.txt").to_owned(),
            Self::Scripts => include_str!("topics/scripts.txt").to_owned(),
            Self::Receipts => include_str!("topics/receipts.txt").to_owned(),
        }
    }
}

fn exit_codes() -> String {
    let lines = Exit::ALL.map(|exit| format!("  {:>3}  {}\n", exit as u8, exit.meaning()));
    format!(
        "Every command ends with one of these, and scripts may rely on them.\n\n{}\nWith --json, stdout holds one object \
         whatever the code; it has error{{code, detail, fix}}\nunless the code is 0 or 3.\n",
        lines.concat()
    )
}

fn errors() -> String {
    let lines = catalogue::all().map(|entry| format!("  {}  {}\n", entry.code, entry.title));
    format!("amanah explain AMN-nnnn   says why, and what to try.\n\n{}", lines.collect::<String>())
}

fn what() -> String {
    let lines = Preset::ALL.iter().map(|preset| {
        let types = preset.types();
        let types: Vec<String> = types
            .iter()
            .map(|scope| match &scope.category {
                Some(category) => format!("{}/{}", scope.of.as_str(), category.as_str()),
                None => scope.of.as_str().to_owned(),
            })
            .collect();
        // Few to a line, so that it fits a terminal.
        let lines: Vec<String> = types.chunks(3).map(|few| few.join(", ")).collect();
        format!("  {:<14} {}\n", preset.name(), lines.join(&format!(",\n{:17}", "")))
    });
    format!(
        "--what takes one or more of these, with commas between:\n\n{}\n{}",
        lines.collect::<String>(),
        include_str!("topics/what.txt")
    )
}

fn why() -> String {
    let words = Vocabulary::v1();
    let names = ["treatment", "emergency", "payment", "operations", "research", "public-health"];
    let lines = names.map(|name| {
        let code = words.code_of(Kind::Purpose, name);
        format!("  {name:<14} {}\n", code.map_or_else(String::new, |code| code.as_str().to_owned()))
    });
    format!("--why takes one of these; beside it stands the code of HL7 that documents carry:\n\n{}", lines.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_topic_fits_a_terminal_and_says_something() {
        for topic in Topic::ALL {
            let text = topic.text();
            assert!(text.lines().count() > 4, "{}", topic.name());
            assert!(text.ends_with('\n') && text.is_ascii() || topic == Topic::Codes, "{}", topic.name());
            assert!(text.lines().all(|line| line.chars().count() <= 120), "{}", topic.name());
        }
    }

    #[test]
    fn the_lists_are_those_of_the_program() {
        assert!(Topic::What.text().contains("Observation/laboratory"), "{}", Topic::What.text());
        assert!(Topic::Why.text().contains("treatment      TREAT\n"), "{}", Topic::Why.text());
        assert!(Topic::ExitCodes.text().contains("    3  Denied by consent"), "{}", Topic::ExitCodes.text());
        assert!(Topic::Errors.text().contains("  AMN-0231  longer than this network allows\n"));
    }
}
