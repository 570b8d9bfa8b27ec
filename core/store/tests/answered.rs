//! Requests are found by who answered them, page by page as any other list.

use super::asking::{answering, asking, open, reply, unfinished};
use super::*;
use crate::model::EventStatus;

#[tokio::test]
async fn requests_by_who_answered_them() {
    let bench = Bench::open();
    new(bench.store.record(recording(vec![event("e1", 1)])).await.expect("recorded"));
    let url = "https://quotes.example.com/v1";
    // Two builds of one plugin, one whose name only begins alike, a service, fallbacks; and one
    // whose late answer isn't what stands.
    for (id, tries) in [
        ("o1", vec![("quotes@aa", false)]),
        ("o2", vec![("quotes@bb", false)]),
        ("o3", vec![("quotes-b@aa", false)]),
        ("o4", vec![(url, false)]),
        ("o5", vec![("fallback", true)]),
        ("o6", vec![("quotes@aa", false)]),
        ("o7", vec![("fallback", true), ("quotes@aa", false)]),
        ("o8", vec![]),
    ] {
        let (event, _) = open(&*bench.store, asking(id, "{}")).await;
        bench.store.answer(unfinished(event, 1)).await.expect("kept");
        for (by, fallback) in tries {
            let one = answering(event, 1, reply(200, ""));
            bench.store.answer(Answering { by: by.into(), fallback, ..one }).await.expect("kept");
        }
    }
    let all = EventFilter { limit: 2, ..EventFilter::default() };
    let by = |name: &str| EventFilter { answered_by: Some(name.to_owned()), ..all.clone() };
    let route = |name: &str| Some(name.to_owned());
    for (filter, found) in [
        (by("quotes"), "o6 o2 o1"),
        (by("quotes@aa"), "o6 o1"),
        (by("quotes-b"), "o3"),
        (by("quote"), ""),
        (by(url), "o4"),
        (by(&format!("{url}?key=1")), "o4"),
        (by("fallback"), "o7 o5"),
        (EventFilter { fallback: true, ..all.clone() }, "o7 o5"),
        (EventFilter { fallback: true, ..by("quotes") }, ""),
        (EventFilter { fallback: true, ..by("fallback") }, "o7 o5"),
        (EventFilter { route: route("r"), ..by("quotes") }, "o6 o2 o1"),
        (EventFilter { route: route("s"), ..by("quotes") }, ""),
        (EventFilter { kind: route("acme.order"), provider_id: route("o2"), ..by("quotes") }, "o2"),
        (EventFilter { status: Some(EventStatus::Answered), ..by("quotes") }, "o6 o2 o1"),
        (EventFilter { status: Some(EventStatus::Declined), ..by("quotes") }, ""),
        (EventFilter { from_ms: Some(NOW), to_ms: Some(NOW), ..by("quotes") }, "o6 o2 o1"),
        (EventFilter { from_ms: Some(NOW + 1), ..by("quotes") }, ""),
    ] {
        // Page by page.
        let (mut ids, mut before) = (Vec::new(), None);
        loop {
            let page = bench.store.events(EventFilter { before, ..filter.clone() }).await;
            let page = page.expect("a page");
            assert!(page.rows.len() <= 2);
            ids.extend(page.rows.iter().map(|row| row.event.id.clone()));
            before = page.rows.last().map(|row| row.id);
            if !page.more {
                break;
            }
        }
        assert_eq!(ids.join(" "), found, "{filter:?}");
    }
}
