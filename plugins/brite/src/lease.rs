//! A lease in `state`: of all instances that run at once, one may do a thing, and the others know
//! that it is being done.
//!
//! It says itself when it ends, so an instance that dies with it only delays the next one.

use hookswitch_sdk::state;

/// A lease that this instance holds; its value is when it ends, Unix milliseconds.
pub(crate) struct Lease<'k> {
    key: &'k str,
    value: String,
    now_ms: u64,
}

impl<'k> Lease<'k> {
    /// Takes it until `ends_ms`, where nobody holds it.
    pub(crate) fn take(key: &'k str, now_ms: u64, ends_ms: u64) -> Option<Lease<'k>> {
        let standing = state::get(key);
        if standing.as_deref().and_then(end).is_some_and(|end| end > now_ms) {
            return None;
        }
        let value = ends_ms.to_string();
        let ttl_ms = ends_ms.saturating_sub(now_ms);
        state::compare_and_put(key, standing.as_deref(), value.as_bytes(), ttl_ms)
            .then_some(Lease { key, value, now_ms })
    }

    /// Gives it back; it can't be taken again before `wait_ms` from the start of this call.
    pub(crate) fn release(self, wait_ms: u64) {
        let ended = self.now_ms.saturating_add(wait_ms).to_string();
        // Another's lease is left alone: this one may have ended in the meantime.
        state::compare_and_put(self.key, Some(self.value.as_bytes()), ended.as_bytes(), wait_ms);
    }
}

fn end(value: &[u8]) -> Option<u64> {
    str::from_utf8(value).ok()?.parse().ok()
}
