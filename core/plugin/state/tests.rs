//! What is remembered, what makes room, and what is written down.

use super::*;

/// What changed, in the order of the keys, each with its value's first byte.
fn drained(state: &State) -> Vec<(String, Option<u8>)> {
    let mut changes: Vec<_> = (state.drain().into_iter())
        .map(|change| (change.key, change.value.map(|(value, _)| value[0])))
        .collect();
    changes.sort();
    changes
}

fn change(scope: &str, key: &str, value: Option<(u8, u64)>) -> StateChange {
    let value = value.map(|(value, ends_ms)| (vec![value], ends_ms));
    StateChange { scope: scope.into(), key: key.into(), value }
}

#[test]
fn values_end_and_the_soonest_makes_room() {
    let clock = Clock::manual(1000);
    let state = State::new("s", 2, clock.clone());
    state.put("a".into(), vec![1], 10);
    state.put("b".into(), vec![2], 500);
    state.put("c".into(), vec![3], 100);
    assert_eq!((state.get("a"), state.get("b")), (None, Some(vec![2])));
    clock.set(1100);
    assert_eq!((state.get("c"), state.get("b")), (None, Some(vec![2])));
}

#[test]
fn compare_and_put_needs_the_old_value() {
    let state = State::new("s", 2, Clock::manual(0));
    assert!(!state.compare_and_put("k".into(), Some(b"x"), vec![1], 10));
    assert!(drained(&state).is_empty());
    assert!(state.compare_and_put("k".into(), None, vec![1], 10));
    assert!(!state.compare_and_put("k".into(), None, vec![2], 10));
    assert!(state.compare_and_put("k".into(), Some(&[1]), vec![2], 10));
    assert_eq!(state.get("k"), Some(vec![2]));
    assert_eq!(drained(&state), [("k".into(), Some(2))]);
}

#[test]
fn each_change_is_drained_once_as_it_stands() {
    let state = State::new("route r", 2, Clock::manual(1000));
    state.put("a".into(), vec![1], 10);
    state.put("a".into(), vec![2], 20);
    state.put("b".into(), vec![3], 500);
    state.remove("never there");
    let first = state.drain();
    assert!(first.contains(&change("route r", "a", Some((2, 1020)))), "{first:?}");
    assert_eq!((first.len(), state.drain()), (2, Vec::new()));
    // One that makes room for another is removed.
    state.put("c".into(), vec![4], 100);
    assert_eq!(drained(&state), [("a".into(), None), ("c".into(), Some(4))]);
    state.remove("b");
    assert_eq!(drained(&state), [("b".into(), None)]);
}

#[test]
fn what_was_not_written_is_drained_again_with_what_stands_then() {
    let state = State::new("s", 10, Clock::manual(0));
    state.put("a".into(), vec![1], 10);
    state.put("b".into(), vec![1], 10);
    let failed = state.drain();
    state.put("b".into(), vec![2], 10);
    state.remove("a");
    state.undo_drain(&failed);
    assert_eq!(drained(&state), [("a".into(), None), ("b".into(), Some(2))]);
}

#[test]
fn changed_keys_are_bounded_and_standing_values_stay_among_them() {
    let state = State::new("s", 3, Clock::manual(0));
    state.put("stays".into(), vec![1], 1000);
    for n in 0..100 {
        state.put(format!("{n}"), vec![2], 10);
        state.remove(&format!("{n}"));
    }
    let drained = drained(&state);
    assert_eq!(drained.len(), 6);
    assert!(drained.contains(&("stays".into(), Some(1))), "{drained:?}");
}

#[test]
fn what_was_written_before_the_start_waits_for_its_scope() {
    let states = States::new(Clock::manual(1000));
    let early = states.of("early", 10);
    early.put("new".into(), vec![9], 100);
    states.load(vec![
        change("early", "old", Some((1, 2000))),
        change("early", "new", Some((1, 2000))),
        change("late", "a", Some((1, 2000))),
        change("late", "b", Some((2, 3000))),
        change("late", "ended", Some((3, 1000))),
    ]);
    assert_eq!((early.get("old"), early.get("new")), (Some(vec![1]), Some(vec![9])));
    let late = states.of("late", 10);
    assert_eq!((late.get("a"), late.get("b")), (Some(vec![1]), Some(vec![2])));
    assert_eq!((late.get("ended"), drained(&late)), (None, Vec::new()));
    assert_eq!(drained(&early), [("new".into(), Some(9))]);
    drop(late);
    // It is there for the next generation, and isn't loaded again over what was removed since.
    states.of("late", 10).remove("a");
    assert_eq!(states.of("late", 10).get("a"), None);
    // A limit that was lowered holds for what is loaded too.
    states.load(vec![change("few", "a", Some((1, 2000))), change("few", "b", Some((2, 3000)))]);
    let few = states.of("few", 1);
    assert_eq!([few.get("a"), few.get("b")].iter().flatten().count(), 1);
    assert_eq!(drained(&few).len(), 1);
}
