//! `[limits]`: one key for each bound of the listener, of a callback, and of plugins. Whatever
//! isn't set keeps the default that the bound's owner gives it.

use std::time::Duration;

use super::bounds::{DAY, GIB, HOUR, KIB, MIB, MS, SECOND, show_bytes};
use super::keys::Keys;
use crate::config::{Answering, Delivering, Problem, Reloading, StoreSettings};
use crate::{intake, listen, plugin};

/// All bounds that the config may set.
#[derive(Default)]
pub(crate) struct Limits {
    pub(crate) listen: listen::Limits,
    pub(crate) intake: intake::Limits,
    pub(crate) pool: plugin::PoolLimits,
    pub(crate) plugin: plugin::Limits,
    pub(crate) reloading: Reloading,
    /// Those of `[store]` itself are set by whoever reads that table.
    pub(crate) store: StoreSettings,
    pub(crate) delivering: Delivering,
    pub(crate) answering: Answering,
}

/// The least memory that a plugin can be given: one page.
pub(crate) const PLUGIN_MEMORY_LEAST: u64 = 64 * KIB;

/// Counts that a machine can hold, with much to spare.
const MANY: u64 = 1_000_000;

pub(crate) fn limits(mut keys: Keys<'_, '_>) -> Limits {
    let mut limits = Limits::default();
    listen(&mut keys, &mut limits.listen);
    intake(&mut keys, &mut limits.intake);
    pool(&mut keys, &mut limits.pool);
    plugin(&mut keys, &mut limits);
    reloading(&mut keys, &mut limits.reloading);
    store(&mut keys, &mut limits.store);
    delivering(&mut keys, &mut limits.delivering);
    answering(&mut keys, &mut limits.answering);
    keys.finish();
    limits
}

fn listen(keys: &mut Keys<'_, '_>, limits: &mut listen::Limits) {
    keys.count("connections", 1..=MANY, &mut limits.connections);
    keys.count("streams", 1..=10_000, &mut limits.streams);
    // Less than 8 KiB is less than the HTTP library's own buffer.
    keys.size("head_bytes", 8 * KIB..=MIB, &mut limits.head_bytes);
    keys.count("headers", 1..=10_000, &mut limits.headers);
    keys.time("head_timeout", MS..=HOUR, &mut limits.head_timeout);
    keys.time("idle_timeout", MS..=DAY, &mut limits.idle_timeout);
    keys.size("linger_bytes", 0..=GIB, &mut limits.linger_bytes);
    keys.time("linger_timeout", Duration::ZERO..=HOUR, &mut limits.linger_timeout);
    keys.time("drain_timeout", Duration::ZERO..=DAY, &mut limits.drain_timeout);
}

fn intake(keys: &mut Keys<'_, '_>, limits: &mut intake::Limits) {
    keys.count("callbacks", 1..=MANY, &mut limits.callbacks);
    keys.size("url_bytes", 16..=MIB, &mut limits.url_bytes);
    keys.size("body_bytes", 1..=GIB, &mut limits.body_bytes);
    keys.time("body_timeout", MS..=HOUR, &mut limits.body_timeout);
    keys.time("call_timeout", MS..=HOUR, &mut limits.call_timeout);
}

fn reloading(keys: &mut Keys<'_, '_>, limits: &mut Reloading) {
    keys.time("reload_quiet", MS..=HOUR, &mut limits.quiet);
    keys.time("reload_longest", MS..=HOUR, &mut limits.longest);
    keys.time("reload_poll", MS..=DAY, &mut limits.poll);
    keys.time("reload_rehearsal", MS..=HOUR, &mut limits.rehearsal);
}

fn store(keys: &mut Keys<'_, '_>, limits: &mut StoreSettings) {
    keys.count("store_queue", 1..=MANY, &mut limits.queue);
    keys.count("store_batch", 1..=10_000, &mut limits.batch);
    keys.count("webhooks", 0..=100_000, &mut limits.webhooks_max);
}

fn delivering(keys: &mut Keys<'_, '_>, limits: &mut Delivering) {
    keys.time("confirm_first", MS..=DAY, &mut limits.confirm_first);
    keys.time("confirm_most", MS..=DAY, &mut limits.confirm_most);
    keys.time("confirm_giveup", MS..=30 * DAY, &mut limits.confirm_giveup);
    keys.count("breaker_faults", 1..=MANY, &mut limits.breaker_faults);
    keys.time("breaker_least", MS..=DAY, &mut limits.breaker_least);
    keys.time("breaker_most", MS..=DAY, &mut limits.breaker_most);
    keys.size("response_bytes", 0..=MIB, &mut limits.response_bytes);
    keys.time("deliver_drain", Duration::ZERO..=HOUR, &mut limits.deliver_drain);
}

fn answering(keys: &mut Keys<'_, '_>, limits: &mut Answering) {
    keys.time("answer_longest", MS..=HOUR, &mut limits.longest);
    keys.time("answer_breaker_least", MS..=DAY, &mut limits.breaker_least);
    keys.time("answer_breaker_most", MS..=DAY, &mut limits.breaker_most);
}

fn pool(keys: &mut Keys<'_, '_>, limits: &mut plugin::PoolLimits) {
    keys.count("instances", 1..=100_000, &mut limits.instances);
    keys.size("plugin_memory", PLUGIN_MEMORY_LEAST..=4 * GIB, &mut limits.memory_bytes);
    keys.size("stack_bytes", 64 * KIB..=MIB, &mut limits.stack_bytes);
    keys.count("table_elements", 1..=MANY, &mut limits.table_elements);
    keys.count("compiles", 1..=256, &mut limits.compiles);
    keys.size("cache_bytes", 0..=1024 * GIB, &mut limits.cache_bytes);
}

fn plugin(keys: &mut Keys<'_, '_>, limits: &mut Limits) {
    let (pool, limits) = (&limits.pool, &mut limits.plugin);
    // A default that no longer fits follows the pool; only what was written can be wrong.
    limits.memory_bytes = limits.memory_bytes.min(pool.memory_bytes);
    let instances = usize::try_from(pool.instances).unwrap_or(usize::MAX);
    let set = keys.count("plugin_instances", 1..=100_000, &mut limits.instances);
    if let Some(place) = set.filter(|_| limits.instances > instances) {
        let message = format!("plugin_instances can't be above instances, which is {instances}");
        keys.problems().push(Problem::error(message).at(&place));
    }
    limits.instances = limits.instances.min(instances);
    keys.time("plugin_deadline", MS..=HOUR, &mut limits.deadline);
    keys.time("confirm_deadline", MS..=HOUR, &mut limits.confirm_deadline);
    keys.count("plugin_reuse", 1..=REUSE_MOST, &mut limits.reuse);
    keys.time("reuse_idle", MS..=DAY, &mut limits.reuse_idle);
    keys.count("quarantine_faults", 1..=MANY, &mut limits.quarantine.faults);
    keys.time("quarantine_least", MS..=DAY, &mut limits.quarantine.least);
    keys.time("quarantine_most", MS..=DAY, &mut limits.quarantine.most);
    keys.count("log_lines", 0..=MANY, &mut limits.log_lines);
    keys.size("log_line_bytes", 16..=MIB, &mut limits.log_line_bytes);
    keys.size("reply_bytes", 1..=GIB, &mut limits.reply_bytes);
    keys.count("events", 1..=MANY, &mut limits.events);
    keys.size("event_bytes", 1..=GIB, &mut limits.event_bytes);
    keys.count("state_entries", 0..=MANY, &mut limits.state_entries);
    keys.size("state_entry_bytes", 1..=16 * MIB, &mut limits.state_entry_bytes);
    keys.count("http_calls", 0..=1000, &mut limits.http_calls);
    keys.size("http_bytes", 1..=GIB, &mut limits.http_bytes);
    keys.time("http_timeout", MS..=HOUR, &mut limits.http_timeout);
}

/// `memory` of a plugin: at most what the pool gives.
pub(crate) fn memory_above(ceiling: usize) -> String {
    let ceiling = show_bytes(u64::try_from(ceiling).unwrap_or(u64::MAX));
    format!("memory can't be above plugin_memory in [limits], which is {ceiling}")
}

/// The most calls that one instance may take.
pub(crate) const REUSE_MOST: u64 = 1_000_000;

/// The longest deadline that a plugin or an answer may have.
pub(crate) const DEADLINE_MOST: Duration = HOUR;

/// The default deadline of an answer.
pub(crate) const ANSWER_DEADLINE: Duration = SECOND.saturating_mul(5);
