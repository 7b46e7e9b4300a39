//! The encodings that the golden files fix: each decodes as something, and they cover every kind of thing.

const FILES: [&str; 6] = [
    include_str!("../../../ledger/tests/golden/access.txt"),
    include_str!("../../../ledger/tests/golden/blocks.txt"),
    include_str!("../../../ledger/tests/golden/documents.txt"),
    include_str!("../../../ledger/tests/golden/leaves.txt"),
    include_str!("../../../ledger/tests/golden/messages.txt"),
    include_str!("../../../ledger/tests/golden/transactions.txt"),
];

/// All of them.
pub(super) fn encodings() -> Vec<Vec<u8>> {
    let trees = include_str!("../../../ledger/tests/golden/trees.txt");
    let values = FILES.iter().chain([&trees]).flat_map(|file| file.lines()).filter_map(|line| line.split_once(" = "));
    values.filter_map(|(_, value)| hex::decode(value).ok()).collect()
}
