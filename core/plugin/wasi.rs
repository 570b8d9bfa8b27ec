//! WASI as plugins find it: all of it is there, so that any toolchain's output links, and nothing
//! is granted. No files, no sockets, no environment, no input, and output goes nowhere.

use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::call::Call;
use super::fetch::Fetch;

/// One instance's WASI.
pub(super) struct Wasi {
    table: ResourceTable,
    denied: WasiCtx,
    http: WasiHttpCtx,
    pub(super) fetch: Fetch,
}

impl Wasi {
    pub(super) fn new(fetch: Fetch) -> Wasi {
        let denied = WasiCtx::builder()
            .allow_tcp(false)
            .allow_udp(false)
            .allow_ip_name_lookup(false)
            .max_random_size(1 << 20)
            .build();
        let mut table = ResourceTable::new();
        table.set_max_capacity(HANDLES_MAX);
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(FIELDS_BYTES_MAX);
        Wasi { table, denied, http, fetch }
    }
}

/// Streams, requests and the like that one instance may hold.
const HANDLES_MAX: usize = 200;
/// Headers of one request or response that it holds.
const FIELDS_BYTES_MAX: usize = 16 << 10;

/// Links all of it.
pub(super) fn link(linker: &mut Linker<Call>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)
}

impl WasiView for Call {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wasi = self.wasi();
        WasiCtxView { ctx: &mut wasi.denied, table: &mut wasi.table }
    }
}

impl WasiHttpView for Call {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let wasi = self.wasi();
        WasiHttpCtxView { ctx: &mut wasi.http, table: &mut wasi.table, hooks: &mut wasi.fetch }
    }
}
