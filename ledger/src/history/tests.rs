//! The frontier has the root of the whole list, and what it completes is enough to rebuild it and to prove.

use super::*;
use std::collections::BTreeMap;

fn header(n: u64) -> Digest {
    Digest(*blake3::hash(&n.to_le_bytes()).as_bytes())
}

#[test]
fn a_growing_list_has_the_root_of_the_whole_list_and_can_be_rebuilt_and_proved() {
    let (mut history, mut kept) = (History::new(), BTreeMap::new());
    for len in 0..200u64 {
        let leaves: Vec<_> = (0..len).map(|n| leaf(&header(n))).collect();
        let root = merkle::root::<Headers>(&leaves);
        assert_eq!((history.len(), history.root()), (len, root));
        let mut complete = |level, number| kept.get(&(level, number)).copied();
        assert_eq!(History::rebuild(len, &mut complete), Some(history.clone()));
        for height in 0..len {
            let path = merkle::path::<Headers>(len, height, &mut complete).unwrap();
            assert!(shows(&path, &header(height), Height(height), len, &root));
            assert!(!shows(&path, &header(height + 1), Height(height), len, &root));
        }
        for Complete { level, number, root } in history.push(&header(len)) {
            assert_eq!(kept.insert((level, number), root), None, "a subtree is completed once");
        }
    }
}

#[test]
fn a_list_is_empty_until_the_first_header() {
    let mut history = History::new();
    assert!(history.is_empty());
    history.push(&header(0));
    assert!(!history.is_empty());
}

#[test]
fn a_list_with_a_missing_subtree_is_not_rebuilt() {
    assert_eq!(History::rebuild(3, &mut |level, _| (level == 1).then_some(header(1))), None);
}
