//! However often a request is tried, what is kept and shown of that is bounded, and the reply that
//! stands is among it, whole.

use super::{Answering, Asked, BODY_MOST, SHOWN_MOST, TRIES_MOST};
use crate::store::Store as _;
use crate::store::tests::Bench;
use crate::store::tests::asking::{answering, ask, asking, reply};

const TRIES: u32 = 110;

#[tokio::test]
async fn tries_are_bounded_and_the_one_that_stands_is_whole() {
    let long = "x".repeat(BODY_MOST + 10);
    for finished in [None, Some(0), Some(TRIES - 1)] {
        let bench = Bench::open();
        let Asked::Open { id, .. } = ask(&*bench.store, asking("o1", "{}")).await else {
            panic!("it is new");
        };
        for n in 0..TRIES {
            let one = answering(id, n, reply(200, &long));
            let one = Answering { finished: finished == Some(n), ..one };
            let stands = bench.store.answer(one).await.expect("kept");
            let wanted = finished.filter(|at| *at <= n).map(|_| reply(200, &long));
            assert_eq!(stands, wanted, "{finished:?} {n}");
        }
        let count = bench.store.readers.read(|db| {
            db.query_row("SELECT count(*) FROM answers", [], |row| row.get::<_, u32>(0))
        });
        let beside = usize::from(finished.is_some());
        assert_eq!(count.await, Ok((TRIES_MOST + beside) as u32), "{finished:?}");
        let shown = bench.store.event(id).await.expect("read").expect("it is there").answers;
        let first = usize::from(finished == Some(0));
        assert_eq!(shown.len(), SHOWN_MOST + first, "{finished:?}");
        assert_eq!(shown.last().map(|one| one.attempt), Some(TRIES - 1));
        for one in &shown {
            let bytes = if one.stands { reply(200, &long).body.len() } else { BODY_MOST };
            assert_eq!(one.reply.body.len(), bytes, "{finished:?} {}", one.attempt);
        }
    }
}
