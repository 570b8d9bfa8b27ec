//! The wasm engine: one for the process. It bounds what all plugins together may hold, and its
//! ticker lets every call be interrupted.

use std::time::Duration;

use wasmtime::component::Linker;
use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use super::abi;
use super::call::Call;
use super::limits::PoolLimits;
use super::ticker::TICK;
use super::wasi;

/// Ticks of a call's first slice. The first of them may be nearly over when the call begins.
pub(super) const FIRST_SLICE: u64 = 2;
/// Each further slice. Longer than the first: between two of them the guest may go on on another
/// thread, and while that is so, both are away from whoever is quick.
pub(super) const SLICE: Duration = Duration::from_millis(10);

/// Ticks of the next slice of a call that has so much time left.
pub(super) fn slice(left: Duration) -> u64 {
    let ticks = left.min(SLICE).as_nanos() / TICK.as_nanos();
    u64::try_from(ticks).map_or(1, |ticks| ticks.max(1))
}

/// Builds the engine.
pub(super) fn build(limits: &PoolLimits) -> wasmtime::Result<Engine> {
    let mut config = Config::new();
    config
        .wasm_component_model(true)
        .concurrency_support(false)
        .epoch_interruption(true)
        .max_wasm_stack(limits.stack_bytes)
        .async_stack_size(limits.stack_bytes + HOST_STACK_BYTES)
        .wasm_backtrace_max_frames(None)
        .memory_init_cow(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    Engine::new(&config)
}

/// What host functions need of a call's stack, beside the guest's own.
const HOST_STACK_BYTES: usize = 512 << 10;

/// Slots for every kind of guest that was measured: a small Rust adapter is one core instance with
/// one memory and one table; an interpreter from a component toolchain is up to 40 with 4 of each.
fn pool(limits: &PoolLimits) -> PoolingAllocationConfig {
    let instances = limits.instances;
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(instances)
        .total_stacks(instances)
        .total_core_instances(instances.saturating_mul(4))
        .total_memories(instances)
        .total_tables(instances.saturating_mul(2))
        .max_core_instances_per_component(40)
        .max_memories_per_component(4)
        .max_tables_per_component(4)
        .max_component_instance_size(4 << 20)
        .max_core_instance_size(4 << 20)
        .max_memory_size(limits.memory_bytes)
        .table_elements(limits.table_elements)
        .linear_memory_keep_resident(256 << 10)
        .table_keep_resident(64 << 10)
        .max_unused_warm_slots(100)
        // An open report says that swapped pages can pass from one instance to the next with it.
        .pagemap_scan(Enabled::No);
    pool
}

/// Everything that a plugin may import, linked once.
pub(super) fn linker(engine: &Engine) -> wasmtime::Result<Linker<Call>> {
    let mut linker = Linker::new(engine);
    wasi::link(&mut linker)?;
    abi::link(&mut linker)?;
    Ok(linker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_is_no_longer_than_what_is_left() {
        let cases = [(0, 1), (1, 1), (2_500, 2), (9_999, 9), (10_000, 10), (3_600_000_000, 10)];
        for (left_us, ticks) in cases {
            assert_eq!(slice(Duration::from_micros(left_us)), ticks, "{left_us} µs");
        }
    }
}
