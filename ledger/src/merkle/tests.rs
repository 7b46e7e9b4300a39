//! Paths lead to the root and to no other; the header tree is RFC 6962's.

use super::*;
use crate::history;

fn leaf(n: u64) -> Digest {
    Digest(*blake3::hash(&n.to_le_bytes()).as_bytes())
}

fn complete<H: Hashing>(leaves: &[Digest]) -> impl FnMut(u32, u64) -> Option<Digest> + '_ {
    |level, number| {
        let from = usize::try_from(number << level).unwrap();
        Some(root::<H>(leaves.get(from..from + (1 << level))?))
    }
}

fn every_path_leads_to_the_root_and_to_no_other<H: Hashing>() {
    for size in 1..=40u64 {
        let leaves: Vec<_> = (0..size).map(leaf).collect();
        let root = root::<H>(&leaves);
        for index in 0..size {
            let path = path::<H>(size, index, &mut complete::<H>(&leaves)).unwrap();
            let at = usize::try_from(index).unwrap();
            assert_eq!(root_by_path::<H>(&leaves[at], index, size, &path), Some(root), "{index} of {size}");
            for other in (0..size).filter(|other| *other != index) {
                assert_ne!(
                    root_by_path::<H>(&leaves[at], other, size, &path),
                    Some(root),
                    "{index} as {other} of {size}"
                );
            }
            assert_ne!(root_by_path::<H>(&leaf(1000), index, size, &path), Some(root));
            let mut longer = path.to_vec();
            longer.push(leaf(1));
            assert_eq!(root_by_path::<H>(&leaves[at], index, size, &longer), None);
        }
        assert_eq!(path::<H>(size, size, &mut complete::<H>(&leaves)), None);
        assert_eq!(root_by_path::<H>(&leaves[0], size, size, &[]), None);
    }
}

#[test]
fn paths_of_transactions_hold() {
    every_path_leads_to_the_root_and_to_no_other::<Transactions>();
}

#[test]
fn paths_of_headers_hold() {
    every_path_leads_to_the_root_and_to_no_other::<Headers>();
}

/// Roots of the first 1 to 8 of these leaves, as published with the reference implementation of RFC 6962.
#[test]
fn the_header_tree_has_the_published_roots_of_rfc_6962() {
    let data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let hash = |hex: &str| {
        let bytes = hex::decode(hex).unwrap();
        Digest(Sha256::new().chain_update([0]).chain_update(bytes).finalize().into())
    };
    let leaves: Vec<_> = data.iter().map(|hex| hash(hex)).collect();
    for (n, expected) in roots.iter().enumerate() {
        assert_eq!(root::<Headers>(&leaves[..=n]).to_string(), *expected);
    }
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(root::<Headers>(&[]).to_string(), empty);
    assert_eq!(history::History::new().root().to_string(), empty);
}
