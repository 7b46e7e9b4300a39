//! Whether what was printed is what the page shows.

use std::collections::BTreeMap;

/// What stands in a page for what differs from run to run, and what it is in this run.
#[derive(Debug, Clone, Default)]
pub struct Names(BTreeMap<String, String>);

/// Where the page and the run part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the page shows\n  {shown}\nand the run printed\n  {printed}")]
pub struct NotAsShown {
    /// The line of the page.
    pub shown: String,
    /// The first line of the run that is not like it.
    pub printed: String,
}

/// Any number of lines, or any characters of a line.
const GAP: char = '…';

impl Names {
    /// A line of the page as it must be typed in this run.
    pub fn in_this_run(&self, line: &str) -> String {
        words(line).map(|word| self.0.get(word).map_or(word, String::as_str)).collect()
    }

    /// Compares what was printed with what the page shows, and learns what its names stand for.
    ///
    /// # Errors
    /// At the first line that is not as shown.
    pub fn compare(&mut self, shown: &[String], printed: &str) -> Result<(), NotAsShown> {
        let printed: Vec<&str> = printed.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        let shown: Vec<&str> = shown.iter().map(|line| line.trim_end()).filter(|line| !line.is_empty()).collect();
        let (mut at, mut may_skip) = (0, false);
        for line in &shown {
            if line.trim() == "…" {
                may_skip = true;
                continue;
            }
            let found = printed[at..]
                .iter()
                .position(|one| self.is_like(line, one))
                .filter(|skipped| may_skip || *skipped == 0);
            let Some(skipped) = found else {
                return Err(not_as_shown(line, printed.get(at).copied().unwrap_or("nothing more")));
            };
            self.learn(line, printed[at + skipped]);
            (at, may_skip) = (at + skipped + 1, false);
        }
        match printed.get(at) {
            Some(more) if !may_skip => Err(not_as_shown("nothing more", more)),
            Some(_) | None => Ok(()),
        }
    }

    fn is_like(&self, shown: &str, printed: &str) -> bool {
        self.clone().fit(&pieces(shown), &pieces(printed))
    }

    fn learn(&mut self, shown: &str, printed: &str) {
        self.fit(&pieces(shown), &pieces(printed));
    }

    /// Fits piece by piece; a gap takes as few as it can.
    fn fit(&mut self, shown: &[&str], printed: &[&str]) -> bool {
        let Some((first, rest)) = shown.split_first() else { return printed.is_empty() };
        if first.starts_with(GAP) {
            return (0..=printed.len()).any(|skipped| {
                let mut tried = self.clone();
                let fits = tried.fit(rest, &printed[skipped..]);
                if fits {
                    *self = tried;
                }
                fits
            });
        }
        let Some((one, others)) = printed.split_first() else { return false };
        self.is_same(first, one) && self.fit(rest, others)
    }

    /// Whether a piece of the page may stand for a piece of the run.
    fn is_same(&mut self, shown: &str, printed: &str) -> bool {
        if let Some(known) = self.0.get(shown) {
            return known == printed;
        }
        match (Kind::of(shown), Kind::of(printed)) {
            (Kind::Plain, Kind::Plain) => shown == printed,
            (Kind::Number, Kind::Number) | (Kind::Moment, Kind::Moment) => true,
            (Kind::Name(what), Kind::Name(same)) if what == same => {
                let is_taken = self.0.values().any(|taken| taken == printed);
                if !is_taken {
                    self.0.insert(shown.to_owned(), printed.to_owned());
                }
                !is_taken
            }
            _different => false,
        }
    }
}

/// What a piece of a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// It is what it says.
    Plain,
    /// A number that depends on the run: pieces of this kind begin with the word that says so.
    Number,
    /// A moment.
    Moment,
    /// Something with a value of its own in each run, and what sort of thing.
    Name(char),
}

impl Kind {
    fn of(piece: &str) -> Self {
        let of_alphabet = |text: &str| text.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase() || c == '-');
        let mut chars = piece.chars();
        match (chars.next(), chars.next()) {
            (Some(sort @ ('C' | 'P' | 'A' | 'R' | 'X')), Some('-')) if piece.len() >= 6 && of_alphabet(piece) => {
                Self::Name(sort)
            }
            _other if is_counted(piece) => Self::Number,
            _other if is_moment(piece) => Self::Moment,
            _other if piece.len() == 11 && piece.split('-').all(|three| three.len() == 3 && digits(three)) => {
                Self::Name('0')
            }
            _other if piece.len() >= 32 && piece.chars().all(|c| c.is_ascii_hexdigit()) => Self::Name('#'),
            _other => Self::Plain,
        }
    }
}

fn digits(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_digit())
}

/// `2026-11-22T16:23:42.932Z`, with as many digits behind the second as there are.
fn is_moment(piece: &str) -> bool {
    let (second, fraction) =
        piece.strip_suffix('Z').map_or((piece, ""), |rest| rest.split_once('.').unwrap_or((rest, "0")));
    let form: String = second.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    form == "0000-00-00T00:00:00" && digits(fraction)
}

/// Words whose number depends on the run.
const COUNTED: [&str; 4] = ["block ", "height ", "view ", "pid "];

fn is_counted(piece: &str) -> bool {
    COUNTED.iter().any(|word| piece.strip_prefix(word).is_some_and(digits))
}

/// The words of a line and what is between them: letters, digits, and what belongs to labels, moments and paths.
fn words(line: &str) -> impl Iterator<Item = &str> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let mut rest = line;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = rest.find(|c| is_word(c) != is_word(first)).unwrap_or(rest.len());
        let (word, others) = rest.split_at(end);
        rest = others;
        Some(word)
    })
}

/// A line in the pieces that are compared: whole moments and counted numbers, else words and gaps.
fn pieces(line: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = line.trim_end();
    while let Some(first) = rest.chars().next() {
        let end = if first == GAP { first.len_utf8() } else { piece_end(rest) };
        let (piece, others) = rest.split_at(end);
        pieces.push(piece);
        rest = others;
    }
    pieces
}

fn piece_end(rest: &str) -> usize {
    let moment = rest.find(|c: char| !(c.is_ascii_digit() || "-:.TZ".contains(c))).unwrap_or(rest.len());
    if is_moment(&rest[..moment]) {
        return moment;
    }
    for word in COUNTED {
        if let Some(number) = rest.strip_prefix(word) {
            let end = number.find(|c: char| !c.is_ascii_digit()).unwrap_or(number.len());
            if end > 0 {
                return word.len() + end;
            }
        }
    }
    let word = words(rest).next().map_or(rest.len(), str::len);
    rest[..word].find(GAP).filter(|at| *at > 0).unwrap_or(word)
}

fn not_as_shown(shown: &str, printed: &str) -> NotAsShown {
    NotAsShown { shown: shown.to_owned(), printed: printed.to_owned() }
}
