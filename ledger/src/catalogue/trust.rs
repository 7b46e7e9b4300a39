//! 08 and 09: what does not verify, and what is refused for safety.

use super::{Entry, entry};

pub(super) const ENTRIES: &[Entry] = &[
    entry(
        801,
        "an answer that is not understood",
        "The node answers something else than agreed. A decision that cannot be read is a deny.",
        "update this program; if it stays so, tell the hospital",
    ),
    entry(
        802,
        "what the node shows does not verify",
        "A header, certificate, leaf or signature does not hold against the genesis that this wallet was given.",
        "do not rely on this node; tell the hospital's compliance officer",
    ),
    entry(
        803,
        "the directory's entry does not verify",
        "It is not signed by the hospital's key, or is about somebody else.",
        "do not rely on it; tell that hospital",
    ),
    entry(
        804,
        "the consent cannot be said in full",
        "A document holds something for which there is no sentence, so nobody could know what they sign.",
        "do not sign it",
    ),
    entry(
        805,
        "no receipt can be written",
        "The proof does not show the consent and its custodian.",
        "amanah list, which shows what is final",
    ),
    entry(
        806,
        "the receipt is not valid",
        "The file was changed, is cut short, is of another network, or says something else than its proof.",
        "do not rely on the file; ask whoever gave it for another",
    ),
    entry(
        807,
        "the genesis cannot be read",
        "The file genesis.bin of the home is damaged.",
        "get genesis.bin from another member",
    ),
    entry(
        808,
        "the ledger does not hold",
        "A block, certificate, outcome or the state does not follow from what stands before it.",
        "move ledger/ aside and start the node: it fills a new one from its peers, which must all lie to fool it",
    ),
    entry(
        811,
        "the log contradicts what is proven",
        "An entry is missing, was altered or renumbered, or an anchor says something else than the log shows.",
        "keep what you have, and tell the hospital's compliance officer and the regulator",
    ),
    entry(
        812,
        "a decision contradicts your consents",
        "The hospital permitted what your consents did not cover, or denied what they covered.",
        "ask the hospital why, with the number of the access",
    ),
    entry(
        813,
        "an old decision does not come out the same",
        "From the facts of its moment the rules give another answer than the one that was recorded, or it rests on a consent that was not in force.",
        "keep the answer of this command, and find out which program wrote the entry; the entry is signed by this hospital",
    ),
    entry(
        901,
        "another process uses the home",
        "A node runs on it, or a check is at work. Two nodes with one key could split the ledger.",
        "stop the other process first",
    ),
    entry(
        902,
        "the directory exists",
        "A home is never written over.",
        "choose another directory, or move the old one away",
    ),
    entry(
        903,
        "others can read a key",
        "The permissions of a key file let other users of the machine read it.",
        "chmod 600 the file; if others read it, replace the key",
    ),
    entry(
        904,
        "the disk is nearly full",
        "Below the second threshold of free disk the node stops while it still can, so that it never loses a vote.",
        "free disk space, then start again",
    ),
    entry(
        905,
        "another network is there already",
        "The directory holds a network that was made from another plan, and a network is never made over.",
        "choose another directory, or the plan that this network was made from",
    ),
    entry(
        911,
        "others can read a secret file",
        "The permissions of a wallet's file let other users of the machine read it.",
        "chmod 600 the file",
    ),
    entry(
        912,
        "plain HTTP beyond this machine",
        "Whatever is sent could be read and changed on the way.",
        "put TLS in front of the node; on a network that encrypts by itself: export AMANAH_INSECURE_HTTP=1",
    ),
    entry(
        913,
        "another network",
        "The file is of another network than this home, and one never replaces the other.",
        "keep one home per network: export AMANAH_HOME=DIR",
    ),
    entry(
        914,
        "the home belongs to another network",
        "A demo makes a network of its own and takes no other's place.",
        "give the demo its own home: export AMANAH_HOME=DIR",
    ),
];
