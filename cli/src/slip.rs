//! The revocation slip: twelve words on paper that end every consent of one relationship, without a wallet.
//!
//! No name stands on it. Lines that begin with `#` are for the reader; the rest are the words, in order.

use crate::exit::Exit;
use crate::failure::{Failure, Fallible};
use crate::private_file::{self, Existing};
use amanah_ledger::derive::{SLIP_BYTES, Slip};
use bip39::{Language, Mnemonic};
use std::path::Path;
use zeroize::Zeroizing;

/// How many words carry 128 bits and their checksum.
const WORDS: usize = 12;
/// Longest slip file.
const FILE_BYTES_MAX: u64 = 4096;

const EXPLANATION: &str = "\
# REVOCATION SLIP: these twelve words end every consent that stands under them.
# Keep it on paper, apart from your wallet. Whoever has it can end your consents, and do nothing else.
# Any computer with the program can use it, without your wallet or its passphrase:
#     amanah revoke --slip FILE
";

/// Writes the slip to `path`, unless it is there already.
pub(crate) fn write(slip: &Slip, path: &Path) -> Fallible<()> {
    if path.exists() && *read(path)?.expose() == *slip.expose() {
        return Ok(());
    }
    private_file::write(path, text(slip)?.as_bytes(), Existing::Keep)
}

fn text(slip: &Slip) -> Fallible<Zeroizing<String>> {
    let mnemonic = Mnemonic::from_entropy(slip.expose())
        .map_err(|e| Failure::new(Exit::Failed, 14, format!("no words for this slip: {e}"), "report this"))?;
    let words: Vec<&str> = mnemonic.words().collect();
    let lines: Vec<String> = words.chunks(4).map(|line| line.join(" ")).collect();
    Ok(Zeroizing::new(format!("{EXPLANATION}{}\n", lines.join("\n"))))
}

/// Reads a slip.
pub(crate) fn read(path: &Path) -> Fallible<Slip> {
    let bytes = Zeroizing::new(private_file::read(path, FILE_BYTES_MAX)?);
    let text = std::str::from_utf8(&bytes).map_err(|_no_text| no_slip("the file is no text"))?;
    parse(text)
}

fn parse(text: &str) -> Fallible<Slip> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let words: Vec<&str> = lines.flat_map(str::split_whitespace).take(WORDS + 1).collect();
    if words.len() != WORDS {
        return Err(no_slip(&format!("it has {} words, not {WORDS}", words.len())));
    }
    let joined = Zeroizing::new(words.join(" ").to_lowercase());
    let mnemonic = Mnemonic::parse_in_normalized(Language::English, &joined).map_err(|error| match error {
        bip39::Error::UnknownWord(at) => no_slip(&format!("word {} is not in the list of words", at + 1)),
        bip39::Error::BadWordCount(_)
        | bip39::Error::BadEntropyBitCount(_)
        | bip39::Error::InvalidChecksum
        | bip39::Error::AmbiguousLanguages(_) => no_slip("the words do not belong together (checksum)"),
    })?;
    let entropy = Zeroizing::new(mnemonic.to_entropy());
    let bytes: [u8; SLIP_BYTES] = entropy.as_slice().try_into().map_err(|_length| no_slip("wrong length"))?;
    Ok(Slip::new(bytes))
}

fn no_slip(why: &str) -> Box<Failure> {
    Failure::new(
        Exit::Failed,
        117,
        format!("this is no revocation slip: {why}"),
        "compare it with the paper, word by word",
    )
    .state("nothing was sent")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slip() -> Slip {
        Slip::new([0x5a; SLIP_BYTES])
    }

    #[test]
    fn a_printed_slip_reads_back_also_when_only_the_words_were_typed() {
        let printed = text(&slip()).unwrap();
        assert_eq!(parse(&printed).unwrap().expose(), slip().expose());
        let words: String = printed.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join(" ");
        assert_eq!(parse(&words.to_uppercase()).unwrap().expose(), slip().expose());
    }

    #[test]
    fn a_slip_is_written_once_and_privately() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cedar.slip");
        write(&slip(), &path).unwrap();
        write(&slip(), &path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(read(&path).unwrap().expose(), slip().expose());
        assert_eq!(write(&Slip::new([1; SLIP_BYTES]), &path).unwrap_err().exit, Exit::Conflict);
    }

    #[test]
    fn what_is_no_slip_is_refused_before_anything_is_sent() {
        for bad in
            ["", "zoo", "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon zoo"]
        {
            let failure = parse(bad).unwrap_err();
            assert_eq!(failure.code, "AMN-0117", "{bad}");
            assert_eq!(failure.state.as_deref(), Some("nothing was sent"));
        }
    }
}
