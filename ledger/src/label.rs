//! Codes that people read, say and type: `C-7Q2M-…` for a consent, `P-…` for a relationship.
//!
//! A label is local: 16 Crockford base-32 characters of a hash and two check characters. Protocols and proofs carry
//! full ids. The whole code, its first letter included, is a number that leaves the remainder 1 when divided by 1021,
//! a prime between 2⁵ and 2¹⁰ (the construction of ISO 7064's pure systems), so every single wrong character and
//! every exchange of two neighbours is noticed.

use crate::crypto::{Context, Digest, PublicKey};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const HASH_CHARS: usize = 16;
const CHARS: usize = HASH_CHARS + 2;
/// Fewest characters behind the kind that may stand for a whole label.
pub const PREFIX_CHARS_MIN: usize = 4;
/// A prime: larger than the 32 digits, smaller than the 1024 values of two check characters.
const MODULUS: u32 = 1021;

/// What a label names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LabelKind {
    /// `C-`: a consent, by its key.
    Consent,
    /// `P-`: a relationship of a patient and a custodian, by its key.
    Relationship,
    /// `A-`: an access, by the hash of its log entry.
    Access,
    /// `R-`: a request that somebody makes to a patient.
    Request,
    /// `X-`: an emergency access.
    Emergency,
}

/// A whole code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Label {
    kind: LabelKind,
    chars: [u8; CHARS],
}

/// The beginning of a code, as typed; a whole code is a prefix too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelPrefix {
    kind: LabelKind,
    chars: Vec<u8>,
}

/// Why text is no label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// The first letter is none of `C P A R X`.
    #[error("a code begins with C-, P-, A-, R- or X-")]
    Kind,
    /// A character that no code has.
    #[error("{0:?} stands in no code")]
    Character(char),
    /// Too few or too many characters.
    #[error("{0} characters behind the first letter; a code has {CHARS}, its beginning at least {PREFIX_CHARS_MIN}")]
    Length(usize),
    /// The check characters do not fit the others.
    #[error("the check characters do not fit: a character is wrong or two are exchanged")]
    Check,
}

/// Why a prefix names nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FindError {
    /// No label begins so.
    #[error("no code begins so")]
    None,
    /// Several do.
    #[error("{0} codes begin so; give more characters")]
    Several(usize),
}

impl LabelKind {
    /// Every kind.
    pub const ALL: [Self; 5] = [Self::Consent, Self::Relationship, Self::Access, Self::Request, Self::Emergency];

    /// The letter a code of this kind begins with.
    pub const fn letter(self) -> u8 {
        match self {
            Self::Consent => b'C',
            Self::Relationship => b'P',
            Self::Access => b'A',
            Self::Request => b'R',
            Self::Emergency => b'X',
        }
    }
}

impl Label {
    /// The label of a full id.
    pub fn new(kind: LabelKind, id: &Digest) -> Self {
        let hash = Context::Label.hash(&[&[kind.letter()], &id.0]);
        let mut chars = [0; CHARS];
        for (i, char) in chars.iter_mut().take(HASH_CHARS).enumerate() {
            *char = five_bits(&hash.0, i * 5);
        }
        // Whole code ≡ 1: the check is what is missing to it once the others stand two places higher.
        let rest = remainder(kind, &chars[..HASH_CHARS]) * 1024 % MODULUS;
        let check = (1 + MODULUS - rest) % MODULUS;
        chars[HASH_CHARS] = low_five_bits(check >> 5);
        chars[HASH_CHARS + 1] = low_five_bits(check);
        Self { kind, chars }
    }

    /// `C-…` of a consent.
    pub fn consent(key: &PublicKey) -> Self {
        Self::new(LabelKind::Consent, &Digest(key.0))
    }

    /// `P-…` of a relationship.
    pub fn relationship(key: &PublicKey) -> Self {
        Self::new(LabelKind::Relationship, &Digest(key.0))
    }

    /// `A-…` of an access, from the hash of its log entry.
    pub fn access(entry: &Digest) -> Self {
        Self::new(LabelKind::Access, entry)
    }

    /// What it names.
    pub const fn kind(&self) -> LabelKind {
        self.kind
    }
}

fn five_bits(bytes: &[u8], bit: usize) -> u8 {
    let at = bit / 8;
    let pair = u16::from_be_bytes([bytes[at], bytes.get(at + 1).copied().unwrap_or(0)]);
    low_five_bits(u32::from(pair) >> (11 - bit % 8))
}

const fn low_five_bits(value: u32) -> u8 {
    (value & 31) as u8
}

/// The kind's letter counts as the first digit, so that `C-…` read as `P-…` is noticed too.
fn remainder(kind: LabelKind, chars: &[u8]) -> u32 {
    let first = digit(char::from(kind.letter())).unwrap_or(0);
    chars.iter().fold(u32::from(first), |sum, digit| (sum * 32 + u32::from(*digit)) % MODULUS)
}

fn digit(typed: char) -> Option<u8> {
    let read = match typed.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    ALPHABET.iter().position(|letter| char::from(*letter) == read).and_then(|at| u8::try_from(at).ok())
}

fn write_groups(f: &mut fmt::Formatter<'_>, kind: LabelKind, chars: &[u8]) -> fmt::Result {
    write!(f, "{}", char::from(kind.letter()))?;
    for (i, digit) in chars.iter().enumerate() {
        let dash = if i % 4 == 0 { "-" } else { "" };
        write!(f, "{dash}{}", char::from(ALPHABET[usize::from(*digit)]))?;
    }
    Ok(())
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_groups(f, self.kind, &self.chars)
    }
}

impl fmt::Debug for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for LabelPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_groups(f, self.kind, &self.chars)
    }
}

impl FromStr for Label {
    type Err = LabelError;

    /// Reads a whole code; case, dashes and spaces do not matter, `o` is `0`, `i` and `l` are `1`.
    fn from_str(text: &str) -> Result<Self, LabelError> {
        let prefix: LabelPrefix = text.parse()?;
        let length = prefix.chars.len();
        let chars = <[u8; CHARS]>::try_from(prefix.chars).map_err(|_short| LabelError::Length(length))?;
        Ok(Self { kind: prefix.kind, chars })
    }
}

impl FromStr for LabelPrefix {
    type Err = LabelError;

    /// Reads the beginning of a code, or a whole one, whose check characters are then checked.
    fn from_str(text: &str) -> Result<Self, LabelError> {
        let mut typed = text.chars().filter(|c| *c != '-' && !c.is_whitespace());
        let first = typed.next().ok_or(LabelError::Kind)?.to_ascii_uppercase();
        let kind =
            LabelKind::ALL.into_iter().find(|kind| char::from(kind.letter()) == first).ok_or(LabelError::Kind)?;
        let mut chars = Vec::with_capacity(CHARS);
        for char in typed {
            chars.push(digit(char).ok_or(LabelError::Character(char))?);
            if chars.len() > CHARS {
                return Err(LabelError::Length(chars.len()));
            }
        }
        if chars.len() < PREFIX_CHARS_MIN {
            return Err(LabelError::Length(chars.len()));
        }
        if chars.len() == CHARS && remainder(kind, &chars) != 1 {
            return Err(LabelError::Check);
        }
        Ok(Self { kind, chars })
    }
}

impl LabelPrefix {
    /// What the code names.
    pub const fn kind(&self) -> LabelKind {
        self.kind
    }

    /// Whether `label` begins so.
    pub fn matches(&self, label: &Label) -> bool {
        self.kind == label.kind && label.chars.starts_with(&self.chars)
    }

    /// The only one in `labelled` whose label begins so, without looking at the others.
    ///
    /// # Errors
    /// When none does, or several do.
    pub fn find_in<'a, T>(&self, labelled: &'a BTreeMap<Label, T>) -> Result<&'a T, FindError> {
        // Nothing that begins so comes before its first characters with nothing behind them.
        let mut first = Label { kind: self.kind, chars: [0; CHARS] };
        first.chars.iter_mut().zip(&self.chars).for_each(|(place, char)| *place = *char);
        let begins_so = labelled.range(first..).take_while(|(label, _)| self.matches(label));
        self.find(begins_so.map(|(label, thing)| (*label, thing)))
    }

    /// The only one of `labelled` whose label begins so. One thing listed twice counts once.
    ///
    /// # Errors
    /// When none does, or several do.
    pub fn find<T>(&self, labelled: impl IntoIterator<Item = (Label, T)>) -> Result<T, FindError> {
        let found: BTreeMap<Label, T> = labelled.into_iter().filter(|(label, _)| self.matches(label)).collect();
        let several = found.len();
        let mut things = found.into_values();
        match (things.next(), several) {
            (Some(thing), 1) => Ok(thing),
            (None, _) => Err(FindError::None),
            (Some(_), _) => Err(FindError::Several(several)),
        }
    }
}

#[cfg(test)]
mod tests;
