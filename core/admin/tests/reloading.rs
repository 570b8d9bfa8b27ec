//! Reloads over the API: what is asked, and every way in which it can end.

use serde_json::json;
use tokio::time::timeout;

use super::*;
use crate::generation::Told;

const RELOAD: &str = "POST /api/v1/reload";

/// An admin of a generation without routes: a reload needs none.
fn bare() -> (Admin, mpsc::Receiver<Ask>) {
    admin(Vec::new())
}

/// Answers the next ask; gives what was asked.
async fn answer(mut asked: mpsc::Receiver<Ask>, told: Told) -> Option<u64> {
    let ask = timeout(PATIENCE, asked.recv()).await.expect("an ask in time").expect("an ask");
    let _ = ask.tell.send(told);
    ask.only_if.map(|id| id.0)
}

#[tokio::test]
async fn every_way_it_ends() {
    for (told, status, code, body) in [
        (Told::Applied(GenerationId(2)), 200, "", json!({ "generation": 2, "changed": true })),
        (Told::Unchanged(GenerationId(1)), 200, "", json!({ "generation": 1, "changed": false })),
        (Told::Rejected("a\nb".into()), 422, "rejected", json!({ "problems": "a\nb" })),
        (Told::Stale(GenerationId(7)), 412, "stale", json!({ "generation": 7 })),
    ] {
        let (admin, asked) = bare();
        let (mut said, only_if) =
            tokio::join!(call(&admin, RELOAD, &[WRITER]), answer(asked, told.clone()));
        assert_eq!((said.status, only_if), (status, None), "{told:?}");
        if status != 200 {
            assert_eq!(said.code(), code, "{told:?}");
            said.body.as_object_mut().and_then(|fields| fields.remove("error"));
        }
        assert_eq!(said.body, body, "{told:?}");
    }
}

#[tokio::test]
async fn an_entity_tag_is_asked_for_or_refused() {
    let told = || Told::Unchanged(GenerationId(1));
    for (tag, only_if) in
        [("\"1\"", Some(1)), ("\"0\"", Some(0)), ("\"42\"", Some(42)), ("*", None)]
    {
        let (admin, asked) = bare();
        let headers = [WRITER, ("if-match", tag)];
        let (said, asked) = tokio::join!(call(&admin, RELOAD, &headers), answer(asked, told()));
        assert_eq!((said.status, asked), (200, only_if), "{tag}");
    }
    for (tags, status) in [
        (&["\"01\""][..], 412),
        (&["\"+1\""], 412),
        (&["\"\""], 412),
        (&["\"abc\""], 412),
        (&["\"\u{fc}\""], 412),
        (&["\"99999999999999999999\""], 412),
        (&["1"], 400),
        (&[""], 400),
        (&["\""], 400),
        (&["\"1"], 400),
        (&["\"1 \""], 400),
        (&["W/\"1\""], 400),
        (&["\"1\", \"2\""], 400),
        (&["\"1\"", "\"2\""], 400),
        (&["\"1\"", "*"], 400),
    ] {
        let (admin, mut asked) = bare();
        let mut headers = vec![WRITER];
        headers.extend(tags.iter().map(|tag| ("if-match", *tag)));
        let said = call(&admin, RELOAD, &headers).await;
        let code = if status == 412 { "stale" } else { "bad_if_match" };
        assert_eq!((said.status, said.code()), (status, code), "{tags:?}");
        if status == 412 {
            assert_eq!(said.body["generation"], 1, "the one that runs");
        }
        assert!(asked.try_recv().is_err(), "nothing is asked: {tags:?}");
    }
}

#[tokio::test]
async fn a_reloader_that_is_not_there_busy_gone_or_slow() {
    let unavailable = |said: Said, code: &str| {
        assert_eq!((said.status, said.code()), (503, code));
        assert_eq!(said.header("retry-after"), Some("1"));
    };
    let (admin, asked) = bare();
    drop(asked);
    unavailable(call(&admin, RELOAD, &[WRITER]).await, "no_reloader");

    let (admin, mut asked) = bare();
    let leaving = async {
        let ask = asked.recv().await.expect("an ask");
        drop(ask);
    };
    let (said, ()) = tokio::join!(call(&admin, RELOAD, &[WRITER]), leaving);
    unavailable(said, "no_reloader");

    let (mut admin, _asked) = bare();
    admin.reloads.patience = Duration::from_millis(1);
    unavailable(call(&admin, RELOAD, &[WRITER]).await, "still_reloading");
    // The queue has one place, and the ask that nobody takes stands in it.
    unavailable(call(&admin, RELOAD, &[WRITER]).await, "busy");
}
