//! A wallet's 24 words: shown once where nothing keeps them, read back when a wallet is recovered.

use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::keystore::Seed;
use crate::nearest::nearest;
use crate::private_file::{self, Existing};
use crate::terminal;
use bip39::{Language, Mnemonic};
use std::path::Path;
use zeroize::Zeroizing;

/// How many words carry 256 bits and their checksum.
const WORDS: usize = 24;
/// Which words the person is asked for after copying them.
const QUIZ: [usize; 3] = [7, 15, 22];
/// Longest file of words.
const FILE_BYTES_MAX: u64 = 4096;

/// A fresh seed.
pub(crate) fn fresh_seed() -> Fallible<Seed> {
    let mut seed = Zeroizing::new([0; 32]);
    getrandom::fill(seed.as_mut_slice()).map_err(Failure::no_randomness)?;
    Ok(seed)
}

/// The words of `seed`, each with its number (1 to 2048), one per line.
fn numbered(seed: &Seed) -> Fallible<Zeroizing<String>> {
    let mnemonic = mnemonic(seed)?;
    let lines = mnemonic.words().zip(mnemonic.word_indices()).enumerate();
    let text: Vec<String> =
        lines.map(|(i, (word, number))| format!("{:>2}  {word:<10} {:04}", i + 1, number + 1)).collect();
    Ok(Zeroizing::new(text.join("\n")))
}

fn mnemonic(seed: &Seed) -> Fallible<Mnemonic> {
    Mnemonic::from_entropy(seed.as_slice())
        .map_err(|e| Failure::new(Exit::Failed, 14, format!("no words for this seed: {e}"), "report this"))
}

/// Writes the words to a new file that only its owner can read.
pub(crate) fn write(seed: &Seed, path: &Path) -> Fallible<()> {
    let words: Vec<&str> = mnemonic(seed)?.words().collect();
    let text = Zeroizing::new(format!("{}\n", words.join(" ")));
    private_file::write(path, text.as_bytes(), Existing::Keep)
}

/// Shows the words on the terminal's other screen, asks for three of them, and leaves nothing behind.
pub(crate) fn show_and_quiz(seed: &Seed) -> Fallible<()> {
    let words: Vec<&str> = mnemonic(seed)?.words().collect();
    let page = Zeroizing::new(format!(
        "These 24 words are your wallet. Copy them on paper, with their numbers if that is easier.\n\
         Whoever has them has your wallet; without them nobody can bring it back.\n\n{}\n\nPress Enter when copied: ",
        numbered(seed)?.as_str()
    ));
    let screen = terminal::OtherScreen::enter()?;
    screen.ask(&page)?;
    screen.clear()?;
    for position in QUIZ {
        loop {
            let answer = screen.ask_hidden(&format!("Word {position}? "))?;
            if words.get(position - 1).is_some_and(|word| *word == answer.trim().to_ascii_lowercase()) {
                break;
            }
            screen.say("That is not the word on your paper. Look again.")?;
        }
    }
    Ok(())
}

/// Who will read what is wrong with a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// The person who types it: a guess at the right word helps.
    Typist,
    /// A script's log, where no word of a wallet may stand.
    Log,
}

/// Reads the seed back from 24 words or their numbers, in any mix, as a person types them.
pub(crate) fn parse(text: &str) -> Fallible<Seed> {
    parse_for(text, Told::Typist)
}

fn parse_for(text: &str, told: Told) -> Fallible<Seed> {
    let mut words = Zeroizing::new(Vec::new());
    for (i, part) in text.split_whitespace().enumerate().take(WORDS + 1) {
        words.push(word(i + 1, &part.to_lowercase(), told)?.to_owned());
    }
    if words.len() != WORDS {
        let detail = if words.len() > WORDS {
            format!("more than {WORDS} words")
        } else {
            format!("{} words, but a wallet has {WORDS}", words.len())
        };
        return Err(nothing_written(113, detail, "check that no word is missing or stands twice"));
    }
    let parsed = Mnemonic::parse_in_normalized(Language::English, &Zeroizing::new(words.join(" ")));
    let mnemonic = parsed.map_err(|_checksum| {
        let fix = "look for two words swapped, or one wrong word that is also in the list";
        nothing_written(114, "these 24 words do not belong together (checksum)", fix)
    })?;
    let entropy = Zeroizing::new(mnemonic.to_entropy());
    let seed = entropy.as_slice().try_into().map_err(|_length| nothing_written(113, "not 24 words", "check them"))?;
    Ok(Zeroizing::new(seed))
}

/// Reads the seed back from a file of words.
pub(crate) fn read(path: &Path) -> Fallible<Seed> {
    let bytes = Zeroizing::new(private_file::read(path, FILE_BYTES_MAX)?);
    match std::str::from_utf8(&bytes) {
        Ok(text) => parse_for(text, Told::Log),
        Err(_not_text) => Err(nothing_written(113, "the file of words is no text", "check the path")),
    }
}

fn word(position: usize, part: &str, told: Told) -> Fallible<&'static str> {
    let list = Language::English.word_list();
    if let Some(word) = part.parse::<usize>().ok().and_then(|n| n.checked_sub(1)).and_then(|n| list.get(n)) {
        return Ok(word);
    }
    if let Some(word) = list.iter().find(|word| **word == part) {
        return Ok(word);
    }
    // The position is enough to find it on paper; the word itself may be right and must not reach a log.
    let close = nearest(part, list.iter().copied()).filter(|_| told == Told::Typist);
    let fix = match close {
        Some(close) => format!("word {position}: did you mean \"{close}\"?"),
        None => format!("look at word {position} again"),
    };
    Err(nothing_written(115, format!("word {position} is not in the list of words"), fix))
}

fn nothing_written(number: u16, detail: impl Into<String>, fix: impl Into<String>) -> Box<Failure> {
    Failure::new(Exit::Failed, number, detail, fix).state("nothing was written")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seed() -> Seed {
        Zeroizing::new(std::array::from_fn(|i| u8::try_from(i).unwrap()))
    }

    #[test]
    fn words_and_numbers_bring_the_same_seed_back() {
        let mnemonic = mnemonic(&seed()).unwrap();
        let words: Vec<&str> = mnemonic.words().collect();
        assert_eq!(words.len(), 24);
        let numbers: Vec<String> = mnemonic.word_indices().map(|n| (n + 1).to_string()).collect();
        assert_eq!(*parse(&words.join(" ")).unwrap(), *seed());
        assert_eq!(*parse(&numbers.join(" ")).unwrap(), *seed());
        let mixed: Vec<String> = words
            .iter()
            .zip(&numbers)
            .enumerate()
            .map(|(i, (w, n))| if i % 2 == 0 { w.to_uppercase() } else { n.clone() })
            .collect();
        assert_eq!(*parse(&mixed.join("\n")).unwrap(), *seed());
    }

    #[test]
    fn a_wrong_word_is_named_by_its_place_and_swapped_words_by_the_checksum() {
        let words: Vec<&str> = mnemonic(&seed()).unwrap().words().collect();
        let mut misspelt = words.clone();
        misspelt[2] = "jagaur";
        let failure = parse(&misspelt.join(" ")).unwrap_err();
        assert_eq!(failure.code, "AMN-0115");
        assert!(failure.fix.contains("jaguar") && failure.detail.contains("word 3"));
        let logged = parse_for(&misspelt.join(" "), Told::Log).unwrap_err();
        assert_eq!(logged.fix, "look at word 3 again", "no word of a wallet reaches a log");
        let mut swapped = words.clone();
        swapped.swap(0, 1);
        assert_eq!(parse(&swapped.join(" ")).unwrap_err().code, "AMN-0114");
        assert_eq!(parse(&words[..12].join(" ")).unwrap_err().code, "AMN-0113");
        assert_eq!(parse("").unwrap_err().code, "AMN-0113");
    }

    #[test]
    fn a_file_of_words_restores_the_wallet_and_is_private() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("words");
        write(&seed(), &path).unwrap();
        assert_eq!(*read(&path).unwrap(), *seed());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(write(&seed(), &path).unwrap_err().exit, Exit::Conflict);
    }
}
