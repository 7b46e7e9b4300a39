//! What is committed is there after a crash; what is damaged says so.

mod kill;

use super::*;
use crate::block::OpenBlock;
use crate::chain::{ExecutedBlock, Tip};
use crate::crypto::Ed25519;
use crate::fixture::{Network, network, patient};
use crate::position::Height;
use crate::transaction::{BATCH_ITEMS_MAX, SignedTransaction};

fn open(dir: &Path, network: &Network) -> Store {
    Store::open(dir, &network.genesis).unwrap()
}

fn block(network: &Network, tip: &Tip) -> ExecutedBlock {
    let height = u32::try_from(tip.header().height.0).unwrap();
    network
        .next(tip, &[network.grant(0, &patient(height)), network.anchor(1, u64::from(height) + 1, tip.header().time)])
}

/// Commits `count` blocks, every third with its own certificate only; returns them.
fn fill(store: &mut Store, network: &Network, count: usize) -> Vec<ExecutedBlock> {
    let (mut tip, mut blocks, mut pending) = (network.tip.clone(), Vec::new(), Vec::new());
    for n in 1..=count {
        let executed = block(network, &tip);
        tip = executed.tip().clone();
        blocks.push(executed.clone());
        pending.push(executed);
        if n % 3 == 0 || n == count {
            let finalization = network.finalization(pending.last().unwrap());
            store.commit(&FinalBlock::run(std::mem::take(&mut pending), finalization, &Ed25519).unwrap()).unwrap();
        }
    }
    blocks
}

#[test]
fn a_new_store_is_at_genesis() {
    let (dir, network) = (tempfile::tempdir().unwrap(), network());
    let store = open(dir.path(), &network);
    assert_eq!(store.height().unwrap(), Height(0));
    assert_eq!(store.head().unwrap(), None);
    assert_eq!(store.load_state(&Ed25519).unwrap().digest(), network.tip.digest());
    assert!(store.block(Height(0)).unwrap().is_none() && store.block(Height(1)).unwrap().is_none());
    drop(store);
    assert_eq!(open(dir.path(), &network).height().unwrap(), Height(0));
}

#[test]
fn what_is_committed_is_there_after_reopening() {
    let (dir, network) = (tempfile::tempdir().unwrap(), network());
    let blocks = fill(&mut open(dir.path(), &network), &network, 8);
    let last = blocks.last().unwrap();
    let store = open(dir.path(), &network);
    let head = store.head().unwrap().unwrap();
    assert_eq!((head.header.digest(), store.height().unwrap()), (*last.digest(), Height(8)));
    let tip = store.load_state(&Ed25519).unwrap();
    assert_eq!((tip.digest(), tip.state().root()), (last.digest(), last.state().root()));
    assert_eq!(tip.history(), last.history());
    for (expected, height) in blocks.iter().zip(1..) {
        let stored = store.block(Height(height)).unwrap().unwrap();
        assert_eq!(stored.block.block(), expected.block());
        assert_eq!(stored.finalization.is_some(), height % 3 == 0 || height == 8);
    }
    assert_eq!(store.certified_from(Height(4)).unwrap(), Some(Height(6)));
    assert_eq!(store.certified_from(Height(9)).unwrap(), None);
    // The next block goes on from here.
    let next = block(&network, &tip);
    let mut store = store;
    store.commit(&[network.finalize(&next)]).unwrap();
    assert_eq!(store.load_state(&Ed25519).unwrap().digest(), next.digest());
}

#[test]
fn a_receipt_of_every_applied_act_holds() {
    let (dir, network) = (tempfile::tempdir().unwrap(), network());
    let mut store = open(dir.path(), &network);
    let blocks = fill(&mut store, &network, 8);
    for block in &blocks {
        for (act, bytes, _) in block.transactions() {
            let receipt = store.receipt(&act).unwrap().unwrap();
            assert_eq!(receipt.bytes, bytes);
            let verified = receipt.verify(&network.trust, &Ed25519).unwrap();
            assert!(verified.applied(0));
            assert_eq!(verified.height(), block.header().height);
        }
    }
    let never = network.grant(2, &patient(99)).tx_id(&network.chain);
    assert!(store.receipt(&never).unwrap().is_none());
}

#[test]
fn a_large_block_is_kept_in_chunks() {
    let (dir, network) = (tempfile::tempdir().unwrap(), network());
    let patients: Vec<_> = (0..u32::try_from(BATCH_ITEMS_MAX).unwrap()).map(patient).collect();
    let items: Vec<_> = patients.iter().map(|patient| (network.item(0, patient), patient)).collect();
    let large = network.next(&network.tip, &[network.grants(0, &items)]);
    assert!(codec::encode(large.block()).len() > 40_000);
    let mut store = open(dir.path(), &network);
    store.commit(&[network.finalize(&large)]).unwrap();
    assert_eq!(store.block(Height(1)).unwrap().unwrap().block.block(), large.block());
    for entry in store.reader.db().iter() {
        assert!(entry.unwrap().1.len() <= 32 * 1024);
    }
}

#[test]
fn only_what_follows_the_head_is_committed() {
    let (dir, network) = (tempfile::tempdir().unwrap(), network());
    let mut store = open(dir.path(), &network);
    let first = block(&network, &network.tip);
    let second = block(&network, &first);
    let refused = store.commit(&[network.finalize(&second)]).unwrap_err();
    assert!(matches!(refused, StoreError::NotNext { height: Height(2), head: Height(0) }));
    store.commit(&[network.finalize(&first)]).unwrap();
    assert!(matches!(store.commit(&[network.finalize(&first)]), Err(StoreError::NotNext { .. })));
    let settled = second.clone().settle(&network.finalize(&block(&network, &second))).unwrap();
    assert!(matches!(store.commit(&[settled]), Err(StoreError::NotCertified(Height(2)))));
    store.commit(&[network.finalize(&second)]).unwrap();
    assert_eq!(store.height().unwrap(), Height(2));
}

/// Between fork and exec a child holds the locks of this process.
static CHILDREN: std::sync::RwLock<()> = std::sync::RwLock::new(());

#[test]
fn one_process_at_a_time_and_one_network() {
    let _no_child = CHILDREN.read().unwrap();
    let (dir, network) = (tempfile::tempdir().unwrap(), network());
    let store = open(dir.path(), &network);
    assert!(matches!(Store::open(dir.path(), &network.genesis), Err(StoreError::InUse)));
    let reader = store.reader();
    drop(store);
    assert!(matches!(Store::open(dir.path(), &network.genesis), Err(StoreError::InUse)), "a reader is enough");
    drop(reader);
    let mut other = network.genesis.clone();
    other.time = other.time.plus_ms(1);
    let Err(StoreError::OtherNetwork(found)) = Store::open(dir.path(), &other) else { panic!() };
    assert_eq!(found, network.chain);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn what_commit_acknowledged_survives_a_kill_at_that_moment() {
    let (dir, network) = (tempfile::tempdir().unwrap(), network());
    let mut store = open(dir.path(), &network);
    let mut tip = network.tip.clone();
    for n in 1..=6 {
        let executed = block(&network, &tip);
        store.commit(&[network.finalize(&executed)]).unwrap();
        tip = executed.tip().clone();
        // The files as a killed process leaves them: nothing is closed, dropped or flushed.
        let left = tempfile::tempdir().unwrap();
        copy(dir.path(), left.path());
        let loaded = open(left.path(), &network).load_state(&Ed25519).unwrap();
        assert_eq!((loaded.header().height, loaded.digest()), (Height(n), executed.digest()));
    }
}

#[test]
fn a_snapshot_cut_off_in_the_writing_does_no_harm() {
    let (dir, network) = (tempfile::tempdir().unwrap(), network());
    let blocks = fill(&mut open(dir.path(), &network), &network, 5);
    let snapshot = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let whole = snapshot.filter(|path| path.to_string_lossy().contains("snap.")).max();
    let bytes = whole.map_or(vec![1, 2, 3], |path| fs::read(path).unwrap());
    let cut = dir.path().join("snap.00000000FFFFFFFF.generating");
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    assert!(sled::open(dir.path()).is_err(), "sled alone cannot open it");
    let store = open(dir.path(), &network);
    assert!(!cut.exists());
    assert_eq!(store.load_state(&Ed25519).unwrap().digest(), blocks[4].digest());
}

/// Opens and reads everything there is to read; `Ok` only if every answer is the true one.
fn read_all(dir: &Path, network: &Network, blocks: &[ExecutedBlock]) -> Result<Height, StoreError> {
    let store = Store::open(dir, &network.genesis)?;
    let tip = store.load_state(&Ed25519)?;
    let height = tip.header().height;
    let at = usize::try_from(height.0).unwrap();
    if at > 0 {
        assert_eq!(tip.state().root(), blocks[at - 1].state().root());
    }
    for (expected, number) in blocks[..at].iter().zip(1..) {
        let stored = store.block(Height(number))?.expect("a block below the head is there or is damage");
        assert_eq!(stored.block.block(), expected.block());
        for (act, _, _) in expected.transactions() {
            if let Some(receipt) = store.receipt(&act)? {
                assert!(receipt.verify(&network.trust, &Ed25519).is_ok());
            }
        }
    }
    Ok(height)
}

#[test]
fn flipped_bytes_are_damage_or_do_no_harm_but_never_a_wrong_answer() {
    let (dir, network) = (tempfile::tempdir().unwrap(), network());
    let blocks = fill(&mut open(dir.path(), &network), &network, 12);
    let len = usize::try_from(fs::metadata(dir.path().join("db")).unwrap().len()).unwrap();
    let bytes = fs::read(dir.path().join("db")).unwrap();
    let used = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    let mut damaged = 0;
    for n in 0..40 {
        let left = tempfile::tempdir().unwrap();
        copy(dir.path(), left.path());
        let mut bytes = bytes.clone();
        let at = used * n / 40;
        for byte in &mut bytes[at..(at + 16).min(len)] {
            *byte ^= 0x5a;
        }
        fs::write(left.path().join("db"), &bytes).unwrap();
        match read_all(left.path(), &network, &blocks) {
            Ok(height) => assert_eq!(height, Height(12), "nothing acknowledged is lost without a word"),
            Err(StoreError::Damaged(_)) => damaged += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert!(damaged > 0, "some of the damage is in what is read");
}

#[test]
fn records_that_contradict_one_another_are_damage() {
    let network = network();
    let damaged = |change: &dyn Fn(&sled::Db)| {
        let dir = tempfile::tempdir().unwrap();
        let mut store = open(dir.path(), &network);
        let blocks = fill(&mut store, &network, 4);
        change(store.reader.db());
        let state = store.load_state(&Ed25519).map(|tip| tip.header().height);
        let block = store.block(Height(2)).map(|block| block.is_some());
        let receipt = store.receipt(&blocks[1].transactions().next().unwrap().0).map(|found| found.is_some());
        [state.is_err(), block.is_err(), receipt.is_err()]
    };
    assert_eq!(damaged(&|_| {}), [false; 3]);
    let remove = |key: Key| move |db: &sled::Db| drop(db.remove(key.bytes()).unwrap().unwrap());
    assert_eq!(damaged(&remove(Key::Certificate(Height(4)))), [true, false, false]);
    assert_eq!(damaged(&remove(Key::Block(Height(2), 0))), [false, true, true]);
    assert_eq!(damaged(&remove(Key::History(2, 0))), [true, false, false]);
    assert_eq!(damaged(&remove(Key::History(0, 2))), [false, true, true]);
    let leaf = LeafKey::Consent(patient(2).id()).tree_key();
    assert_eq!(damaged(&remove(Key::Leaf(leaf))), [true, false, false]);
    let swap = |db: &sled::Db| {
        let other = db.get(Key::Block(Height(3), 0).bytes()).unwrap().unwrap();
        db.insert(Key::Block(Height(2), 0).bytes(), other).unwrap();
    };
    assert_eq!(damaged(&swap), [false, true, true]);
}

#[test]
fn a_certificate_that_does_not_hold_is_damage() {
    let (dir, network) = (tempfile::tempdir().unwrap(), network());
    let mut store = open(dir.path(), &network);
    let blocks = fill(&mut store, &network, 1);
    let mut forged = network.finalization(&blocks[0]);
    forged.signers = network.finalization_by(&blocks[0], 1..4).signers;
    store.reader.db().insert(Key::Certificate(Height(1)).bytes(), codec::encode(&forged)).unwrap();
    assert!(matches!(store.load_state(&Ed25519), Err(StoreError::Damaged(_))));
}

#[test]
fn a_damaged_store_is_moved_aside_and_a_new_one_filled() {
    let (parent, network) = (tempfile::tempdir().unwrap(), network());
    let dir = parent.path().join("ledger");
    let blocks = fill(&mut open(&dir, &network), &network, 3);
    fs::write(dir.join("db"), vec![0x5a; 1000]).unwrap();
    assert!(matches!(Store::open(&dir, &network.genesis), Err(StoreError::Damaged(_))));
    let aside = quarantine(&dir, "20270115T120000Z").unwrap();
    assert!(aside.exists() && !dir.exists());
    let mut store = open(&dir, &network);
    let run = FinalBlock::run(blocks.clone(), network.finalization(&blocks[2]), &Ed25519).unwrap();
    store.commit(&run).unwrap();
    assert_eq!(store.load_state(&Ed25519).unwrap().digest(), blocks[2].digest());
    drop(store);
    // A second one of the same moment has its own name, and only the newest stay.
    let names = ["20270115T120000Z", "20270116T120000Z", "20270117T120000Z"].map(|when| {
        drop(open(&dir, &network));
        quarantine(&dir, when).unwrap()
    });
    assert_ne!(names[0], aside);
    assert!(!aside.exists() && !names[0].exists() && names[1].exists() && names[2].exists() && !dir.exists());
}

#[test]
fn a_torn_mark_falls_back_to_the_one_before_and_a_missing_one_is_damage() {
    let (dir, network) = (tempfile::tempdir().unwrap(), network());
    fill(&mut open(dir.path(), &network), &network, 9);
    let path = dir.path().join("acknowledged");
    let good = fs::read(&path).unwrap();
    assert_eq!(good.len(), 32);
    for torn in 0..2 {
        let mut bytes = good.clone();
        bytes[torn * 16 + 3] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert_eq!(open(dir.path(), &network).height().unwrap(), Height(9));
    }
    fs::write(&path, [7; 32]).unwrap();
    assert!(matches!(Store::open(dir.path(), &network.genesis), Err(StoreError::Damaged(_))));
    fs::remove_file(&path).unwrap();
    assert!(matches!(Store::open(dir.path(), &network.genesis), Err(StoreError::Damaged(_))));
}

#[test]
fn a_database_that_comes_back_empty_is_damage() {
    let (dir, network) = (tempfile::tempdir().unwrap(), network());
    fill(&mut open(dir.path(), &network), &network, 1);
    for name in ["db", "conf"] {
        fs::remove_file(dir.path().join(name)).unwrap();
    }
    for entry in fs::read_dir(dir.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.to_string_lossy().contains("snap.") {
            fs::remove_file(path).unwrap();
        }
    }
    assert!(matches!(Store::open(dir.path(), &network.genesis), Err(StoreError::Damaged(_))));
}

#[test]
fn an_act_that_failed_is_in_no_index() {
    let (dir, network) = (tempfile::tempdir().unwrap(), network());
    let mut store = open(dir.path(), &network);
    let empty = network.next(&network.tip, &[]);
    let failing: SignedTransaction = network.revoke_by_slip(&patient(1));
    let mut block = empty.block().clone();
    let outcomes = network.tip.outcomes(&network.verified(&failing), empty.header().time);
    let entry = crate::block::Entry { transaction: failing.clone(), outcomes };
    block.body = crate::codec::BoundedVec::try_from(vec![entry]).unwrap();
    let names = [(failing.tx_id(&network.chain), failing.wire_id())];
    (block.header.tx_root, block.header.tx_count) = (crate::block::tx_root(&names, &block.body), 1);
    let opened = OpenBlock::of(block).unwrap();
    let executed = network.tip.execute(opened, &Ed25519, &|_| false).unwrap();
    store.commit(&[network.finalize(&executed)]).unwrap();
    assert_eq!(store.applied(&names[0].0).unwrap(), vec![]);
}

/// All records of the database, with what they are.
fn records(store: &Store) -> Vec<(Vec<u8>, Vec<u8>)> {
    store.reader.db().iter().map(|entry| entry.map(|(key, value)| (key.to_vec(), value.to_vec())).unwrap()).collect()
}

/// Everything that a node checks at its start and by its scrub.
fn check_all(store: &Store, network: &Network) -> Result<(), StoreError> {
    store.check_or_begin(&network.genesis)?;
    let tip = store.load_state(&Ed25519)?;
    if tip.header().height < store.mark.height() {
        return Err(StoreError::Damaged("sled has lost acknowledged commits"));
    }
    for height in 1..=tip.header().height.0 {
        store.check_block(Height(height), &Ed25519)?;
    }
    store.leaves_behind(None, usize::MAX).map(drop)
}

#[test]
fn every_changed_byte_of_every_kind_of_record_is_found_by_start_or_scrub() {
    let (dir, network) = (tempfile::tempdir().unwrap(), network());
    let mut store = open(dir.path(), &network);
    fill(&mut store, &network, 3);
    check_all(&store, &network).unwrap();
    let (mut kinds, mut flips) = (std::collections::BTreeSet::new(), 0);
    for (key, value) in records(&store) {
        kinds.insert(key[0]);
        for at in 0..value.len() {
            let mut changed = value.clone();
            changed[at] ^= u8::try_from(at % 255).unwrap() + 1;
            store.reader.db().insert(&key, changed).unwrap();
            let found = check_all(&store, &network);
            assert!(found.is_err(), "record {key:?}, byte {at}");
            flips += 1;
        }
        store.reader.db().insert(&key, value).unwrap();
    }
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), (layout::META..=layout::LEAF).collect::<Vec<_>>());
    assert!(flips > 3_000, "{flips}");
    check_all(&store, &network).unwrap();
}

#[test]
fn every_lost_record_is_found_by_start_or_scrub() {
    let (dir, network) = (tempfile::tempdir().unwrap(), network());
    let mut store = open(dir.path(), &network);
    fill(&mut store, &network, 6);
    for (key, value) in records(&store) {
        store.reader.db().remove(&key).unwrap();
        // Nobody needs the certificate of a block that a later one settles.
        let found = check_all(&store, &network).is_err();
        assert_eq!(found, key != Key::Certificate(Height(3)).bytes(), "record {key:?}");
        store.reader.db().insert(&key, value).unwrap();
    }
    check_all(&store, &network).unwrap();
}

#[test]
fn an_index_that_points_at_another_act_gives_no_receipt() {
    let (dir, network) = (tempfile::tempdir().unwrap(), network());
    let mut store = open(dir.path(), &network);
    let blocks = fill(&mut store, &network, 1);
    let acts: Vec<_> = blocks[0].transactions().map(|(act, ..)| act).collect();
    assert_eq!(store.receipt(&acts[0]).unwrap().unwrap().act, acts[0]);
    store.reader.db().insert(Key::Act(acts[0], Height(1)).bytes(), codec::encode(&1u32)).unwrap();
    assert!(matches!(store.receipt(&acts[0]), Err(StoreError::Damaged(_))));
}

#[test]
fn a_walk_from_genesis_holds_and_names_the_first_block_that_does_not() {
    let (dir, network) = (tempfile::tempdir().unwrap(), network());
    let mut store = open(dir.path(), &network);
    let blocks = fill(&mut store, &network, 8);
    let walk = |store: &Store| {
        let mut walk = Walk::new(store.reader(), &Ed25519)?;
        let mut steps = Vec::new();
        while let Some(step) = walk.step()? {
            steps.push(step);
        }
        walk.finish().map(|tip| (steps, tip))
    };
    let (steps, tip) = walk(&store).unwrap();
    assert_eq!((steps.len(), tip.digest()), (8, blocks[7].digest()));
    assert_eq!(steps[4].bytes, codec::encode(blocks[4].block()).len() as u64);
    let db = store.reader.db().clone();
    let forged = network.finalization_by(&blocks[5], 0..2);
    let good = db.insert(Key::Certificate(Height(6)).bytes(), codec::encode(&forged)).unwrap().unwrap();
    assert_eq!(walk(&store).unwrap_err().height, Height(6));
    db.insert(Key::Certificate(Height(6)).bytes(), good).unwrap();
    let leaf = Key::Leaf(LeafKey::Consent(patient(2).id()).tree_key()).bytes();
    db.remove(leaf).unwrap().unwrap();
    assert_eq!(walk(&store).unwrap_err().height, Height(8));
}
