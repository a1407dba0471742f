//! Damage that is met while the store is open.

use crate::testing::{Scratch, id, new};
use crate::{Durability, Health, Store, StoreError, wait};
use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;

/// Overwrites the pages from the second on, but for those that hold the root of the schema.
fn damage(scratch: &Scratch) {
    let file = OpenOptions::new().write(true).open(scratch.database()).unwrap();
    let pages = file.metadata().unwrap().len() / 4096;
    for page in 1..pages {
        file.write_all_at(&[0xa5; 4096], page * 4096).unwrap();
    }
}

/// A store with more in it than its caches hold, and nothing in its log.
fn filled(scratch: &Scratch) -> Store {
    let store = scratch.store();
    for n in 0..20 {
        store.ended(n, vec![b'x'; 400 << 10]);
    }
    drop(store);
    scratch.store()
}

#[test]
fn damage_stops_writes_for_good() {
    let scratch = Scratch::new();
    let store = filled(&scratch);
    damage(&scratch);
    let error = store.summary(id(3)).unwrap_err();
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    assert!(
        error.to_string().contains("restore a backup") && error.retry_after().is_none(),
        "{error}"
    );
    assert!(matches!(store.health(), Health::ReadOnly { .. }));
    // The file does not change any more, not even at the end.
    let before = std::fs::read(scratch.database()).unwrap();
    let refused = store.accept_now(new(id(100))).unwrap_err();
    assert!(matches!(refused, StoreError::Corrupt { .. }), "{refused:?}");
    drop(store);
    assert!(std::fs::read(scratch.database()).unwrap() == before);
}

#[test]
fn a_write_that_meets_damage_says_so() {
    let scratch = Scratch::new();
    let store = filled(&scratch);
    damage(&scratch);
    // What the writer has in its cache it may still change: the removal of old contents must read them.
    let delete = |n| wait(|callback| store.delete(id(n), Durability::Soft, callback));
    let error = (0..20).find_map(|n| delete(n).err()).expect("damage is met");
    assert!(matches!(error, StoreError::Corrupt { .. }), "{error:?}");
    assert!(matches!(store.health(), Health::ReadOnly { .. }));
    assert!(matches!(
        store.accept_now(new(id(100))),
        Err(StoreError::Corrupt { .. })
    ));
}
