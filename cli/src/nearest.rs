//! "Did you mean …?": the known name closest to what was typed.

/// Names further away than this are no help.
const DISTANCE_MAX: usize = 2;

/// The candidate at most two edits (a swap of neighbours is one) from `typed`; the first of equals.
pub(crate) fn nearest<'a>(typed: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let typed: Vec<char> = typed.chars().take(64).collect();
    let (distance, name) =
        candidates.map(|name| (distance(&typed, name), name)).min_by_key(|(distance, _)| *distance)?;
    (distance <= DISTANCE_MAX && distance < typed.len()).then_some(name)
}

/// Optimal string alignment distance.
fn distance(typed: &[char], name: &str) -> usize {
    let name: Vec<char> = name.chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=name.len()).collect();
    for (i, a) in typed.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in name.iter().enumerate() {
            let replaced = last[j] + usize::from(a != b);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == name[j - 1] && typed[i - 1] == *b {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[name.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_finds_its_name_and_a_stranger_finds_none() {
        let names = || ["cedar", "qamar", "rawda", "zaytun"].into_iter();
        assert_eq!(nearest("ceder", names()), Some("cedar"));
        assert_eq!(nearest("qmaar", names()), Some("qamar"));
        assert_eq!(nearest("zytun", names()), Some("zaytun"));
        assert_eq!(nearest("hospital", names()), None);
        assert_eq!(nearest("", names()), None);
        assert_eq!(nearest("labs", std::iter::empty()), None);
    }
}
