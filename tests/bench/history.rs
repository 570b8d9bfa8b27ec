//! Pages of a long history, as the admin API asks for them: each of them has to be there in time,
//! whatever is asked of a million callbacks.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hookswitch::model::{Addressee, Clock, DeliveryStatus, EventStatus};
use hookswitch::store::{DeliveryFilter, Embedded, EventFilter, Store as _};
use tokio::runtime::Runtime;

use crate::rows::{self, Place, Row, insert, recording};

/// Set to how many callbacks there are where a million is the wrong number.
const CALLBACKS: &str = "HOOKSWITCH_BENCH_CALLBACKS";
const ROUTES: [&str; 3] = ["brz", "brij", "acme"];
const DESTINATIONS: [&str; 3] = ["books", "mail", "watch"];
const KINDS: u64 = 40;
const SUBJECTS: u64 = 200_000;
/// Over how long they came.
const SPAN_MS: u64 = 30 * 24 * 3600 * 1000;
/// Each page is asked for so often, after a few times that aren't counted.
const TIMES: usize = 50;
const WARM: usize = 3;
const BOUND: Duration = Duration::from_millis(20);

/// Fills a store, measures and prints the table.
pub(crate) fn print() {
    let many = std::env::var(CALLBACKS).map_or(1_000_000, |text| text.parse().expect("a number"));
    let history = History { many, first_ms: Clock::system().now_ms() - SPAN_MS };
    let (place, start) = (Place::new(), Instant::now());
    history.fill(&place).expect("it is filled");
    let bytes = std::fs::metadata(place.path()).expect("a file").len();
    println!(
        "pages of {many} callbacks with an event and a delivery each, {} MiB, filled in {:.0?}",
        bytes >> 20,
        start.elapsed()
    );
    let (store, runtime) = (place.open(), Runtime::new().expect("a runtime"));
    println!("{:<52} {:>9} {:>9}  rows   total", "page", "median", "worst");
    for (name, filter) in history.events(&runtime, &store) {
        show(&runtime, &format!("events: {name}"), async || {
            let page = store.events(filter.clone()).await.expect("a page");
            (page.rows.len(), page.total)
        });
    }
    for (name, filter) in history.deliveries() {
        show(&runtime, &format!("deliveries: {name}"), async || {
            let page = store.deliveries(filter.clone()).await.expect("a page");
            (page.rows.len(), page.total)
        });
    }
    println!();
}

fn show(runtime: &Runtime, name: &str, page: impl AsyncFn() -> (usize, Option<u64>)) {
    let mut times = Vec::with_capacity(TIMES);
    let (mut rows, mut total) = (0, None);
    for at in 0..WARM + TIMES {
        let start = Instant::now();
        (rows, total) = runtime.block_on(page());
        if at >= WARM {
            times.push(start.elapsed());
        }
    }
    times.sort();
    let (median, worst) = (times[TIMES / 2], times[TIMES - 1]);
    let total = total.map_or_else(|| "-".to_owned(), |total| total.to_string());
    let over = if median > BOUND { "  over the bound of 20 ms" } else { "" };
    println!("{name:<52} {median:>9.2?} {worst:>9.2?}  {rows:>4} {total:>7}{over}");
}

/// Callbacks that came evenly over a time.
struct History {
    many: u64,
    first_ms: u64,
}

impl History {
    fn fill(&self, place: &Place) -> rusqlite::Result<()> {
        let db = place.plain("off");
        db.pragma_update(None, "cache_size", -(1 << 20))?;
        db.execute_batch("BEGIN")?;
        for number in 0..self.many {
            insert(&db, &self.row(number))?;
            if number % 100_000 == 99_999 {
                db.execute_batch("COMMIT; BEGIN")?;
            }
        }
        rows::count(&db, 0)?;
        db.execute_batch("COMMIT; PRAGMA wal_checkpoint(truncate)")
    }

    fn at(&self, number: u64) -> u64 {
        self.first_ms + SPAN_MS * number / self.many
    }

    /// 1 % failed, in three ways; 0.1 % are waiting, the newest; ten events aren't true.
    fn row(&self, number: u64) -> Row {
        let mut made = recording(number, self.at(number));
        let callback = Arc::make_mut(&mut made.callback);
        callback.body.truncate(300);
        let scattered = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 20;
        made.route = ROUTES[(scattered % 3) as usize].to_owned();
        let one = &mut made.events[0];
        one.named = vec![DESTINATIONS[(scattered / 3 % 3) as usize].to_owned()];
        // Half of them are of one kind, and one in 10,000 is of a rare one.
        one.event.kind = match scattered / 9 % 10_000 {
            0 => "acme.rare".to_owned(),
            1..5000 => "brz.pix.cash_in.confirmed".to_owned(),
            other => format!("brij.kind_{}", other % (KINDS - 2)),
        };
        one.event.subject = Some(format!("tx-{}", scattered / 7 % SUBJECTS));
        let untrue = number.is_multiple_of(self.many / 10);
        let delivery = match (number >= self.many - self.many / 1000, number % 300) {
            _ if untrue => DeliveryStatus::Contradicted,
            (true, _) => DeliveryStatus::Waiting,
            (false, 7) => DeliveryStatus::Exhausted,
            (false, 107) => DeliveryStatus::Cancelled,
            (false, 207) => DeliveryStatus::Contradicted,
            (false, _) => DeliveryStatus::Delivered,
        };
        let event = if untrue { EventStatus::Contradicted } else { EventStatus::Accepted };
        Row { recording: made, event, delivery }
    }

    fn events(&self, runtime: &Runtime, store: &Embedded) -> Vec<(&'static str, EventFilter)> {
        let all = EventFilter { limit: 20, ..EventFilter::default() };
        let text = |text: &str| Some(text.to_owned());
        // The last of page 999: the pages before are one long one here.
        let before = EventFilter { limit: 20 * 999, ..EventFilter::default() };
        let before = runtime.block_on(store.events(before)).expect("a page");
        let before = before.rows.last().map(|row| row.id);
        let half = self.at(self.many / 2);
        let (route, rare) = (text("brij"), text("acme.rare"));
        vec![
            ("first", all.clone()),
            ("of a route", EventFilter { route: route.clone(), ..all.clone() }),
            ("of a rare kind", EventFilter { kind: rare.clone(), ..all.clone() }),
            ("of a kind", EventFilter { kind: text("brij.kind_7"), ..all.clone() }),
            ("about a subject", EventFilter { subject: text("tx-4711"), ..all.clone() }),
            (
                "contradicted",
                EventFilter { status: Some(EventStatus::Contradicted), ..all.clone() },
            ),
            ("accepted", EventFilter { status: Some(EventStatus::Accepted), ..all.clone() }),
            (
                "of a day in the middle",
                EventFilter { from_ms: Some(half), to_ms: Some(half + 86_400_000), ..all.clone() },
            ),
            ("until the middle", EventFilter { to_ms: Some(half), ..all.clone() }),
            ("page 1000", EventFilter { before, ..all.clone() }),
            (
                "of a route and a rare kind",
                EventFilter { route: route.clone(), kind: rare, ..all.clone() },
            ),
            (
                "of a route, contradicted, since the middle",
                EventFilter {
                    route,
                    status: Some(EventStatus::Contradicted),
                    from_ms: Some(half),
                    ..all
                },
            ),
        ]
    }

    fn deliveries(&self) -> Vec<(&'static str, DeliveryFilter)> {
        use DeliveryStatus::{Cancelled, Contradicted, Delivered, Exhausted, Unconfirmed, Waiting};
        let all = DeliveryFilter { limit: 20, count: true, ..DeliveryFilter::default() };
        let text = |text: &str| Some(text.to_owned());
        let to = Some(Addressee::Named("mail".to_owned()));
        let failed = vec![Exhausted, Cancelled, Contradicted];
        let half = self.at(self.many / 2);
        let day =
            DeliveryFilter { from_ms: Some(half), to_ms: Some(half + 86_400_000), ..all.clone() };
        let kind = |kind: &str| DeliveryFilter { kind: text(kind), ..all.clone() };
        let of = |statuses: &[DeliveryStatus]| DeliveryFilter {
            statuses: statuses.to_vec(),
            ..all.clone()
        };
        let far = self.many as usize / 10 * 9;
        vec![
            ("first", all.clone()),
            ("failed", of(&failed)),
            ("pending", of(&[Waiting, Unconfirmed])),
            ("delivered", of(&[Delivered])),
            ("to a destination", DeliveryFilter { to: to.clone(), ..all.clone() }),
            ("of a kind", kind("brij.kind_7")),
            ("of a kind without its prefix", kind("kind_7")),
            ("of the most frequent kind", kind("pix.cash_in.confirmed")),
            ("of a rare kind", kind("rare")),
            ("of no kind", kind("nothing")),
            ("about a subject", DeliveryFilter { subject: text("tx-4711"), ..all.clone() }),
            ("of a day in the middle", day.clone()),
            ("since the middle", DeliveryFilter { from_ms: Some(half), ..all.clone() }),
            ("until the middle", DeliveryFilter { to_ms: Some(half), ..all.clone() }),
            ("after nine tenths", DeliveryFilter { offset: far, ..all.clone() }),
            (
                "to a destination, failed, of a rare kind",
                DeliveryFilter { to, statuses: failed.clone(), ..kind("rare") },
            ),
            (
                "failed, 100 of them, of a kind, until the middle",
                DeliveryFilter {
                    statuses: failed,
                    to_ms: Some(half),
                    limit: 100,
                    ..kind("kind_7")
                },
            ),
            ("100 of a rare kind", DeliveryFilter { limit: 100, ..kind("acme.rare") }),
        ]
    }
}
