//! Headers, blocks, votes and certificates.

use crate::Golden;
use crate::sample::{certificate, first_block, genesis, votes};
use amanah_ledger::block::Header;
use amanah_ledger::committee::Committee;

#[test]
fn blocks_votes_and_certificates() {
    let mut golden = Golden::new("headers, blocks, votes and certificates");
    let (tip, genesis_header, block) = first_block();
    golden.value("genesis header", &genesis_header);
    golden.line("genesis digest", &genesis_header.digest().0);
    golden.value("block", &block);
    golden.line("block digest", &block.header.digest().0);
    let committee: Option<Committee> = Some(genesis().committee().unwrap());
    golden.value("seal header", &Header { next_validators: committee, ..block.header.clone() });
    for (name, content) in votes() {
        golden.value(name, &content);
        golden.value(&format!("{name} certificate"), &certificate(tip.chain(), content));
    }
    golden.compare("blocks.txt");
}
