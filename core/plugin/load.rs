//! Loading a plugin: its bytes are read, made a component, compiled or taken from the cache, linked
//! and looked through. All of it happens away from the request path.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ring::digest;
use thiserror::Error;
use tokio::sync::Semaphore;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, InstancePre};

use super::call::Call;
use super::counts::Counts;
use super::health::Health;
use super::limits::Limits;
use super::loaded::Plugin;
use super::warm::Warm;
use super::{Host, abi, component};
use crate::files::{self, ReadFault};
use crate::model::hex;

/// Where a plugin's bytes are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Source {
    /// In this binary, by name.
    Builtin(String),
    /// In a file: a component, or a core module.
    File(PathBuf),
}

/// Why a plugin can't be loaded.
#[derive(Debug, Error)]
pub enum LoadFault {
    /// There is no such first-party plugin.
    #[error("there is no `builtin:{name}`; there are {}", known.join(", "))]
    NoBuiltin {
        /// What was asked for.
        name: String,
        /// What there is.
        known: Vec<&'static str>,
    },
    /// The file can't be read.
    #[error("{} can't be read: {fault}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        fault: ReadFault,
    },
    /// The file is larger than any plugin.
    #[error("the file is larger than 64 MiB")]
    TooLarge,
    /// The bytes are no wasm.
    #[error("this isn't wasm: a plugin is a component or a core module in binary form")]
    NotWasm,
    /// A core module that doesn't follow the contract.
    #[error("this core module can't be made a component: {0}")]
    NotAComponent(String),
    /// The engine refuses it.
    #[error("it can't be compiled: {0}")]
    Invalid(String),
    /// It was built for a contract that this host doesn't speak.
    #[error(
        "it is built for version {found} of {}; this router speaks {}",
        abi::PACKAGE.trim_end_matches('/'),
        abi::VERSIONS.join(", ")
    )]
    Version {
        /// Its version.
        found: String,
    },
    /// It exports nothing that a route can use.
    #[error(
        "it exports neither `{package}protocol` (an adapter) nor `{package}answering` \
         (a responder); it exports {there}",
        package = abi::PACKAGE,
        there = list(exports)
    )]
    NoWorld {
        /// What it exports.
        exports: Vec<String>,
    },
    /// It imports what isn't there.
    #[error("it imports what this router doesn't have: {0}")]
    Unlinked(String),
}

fn list(names: &[String]) -> String {
    if names.is_empty() { "nothing".into() } else { names.join(", ") }
}

/// The largest file that is read as a plugin.
const FILE_BYTES_MAX: usize = 64 << 20;

/// The bytes of a plugin, as they stand now.
pub(super) fn read(source: &Source) -> Result<Vec<u8>, LoadFault> {
    match source {
        Source::Builtin(name) => super::builtin(name).map(<[u8]>::to_vec).ok_or_else(|| {
            LoadFault::NoBuiltin { name: name.clone(), known: super::builtins().collect() }
        }),
        Source::File(path) => read_file(path),
    }
}

fn read_file(path: &Path) -> Result<Vec<u8>, LoadFault> {
    files::read(path, FILE_BYTES_MAX).map_err(|fault| match fault {
        ReadFault::TooLarge(_) => LoadFault::TooLarge,
        fault => LoadFault::Unreadable { path: path.to_owned(), fault },
    })
}

/// SHA-256 in hexadecimal.
pub(super) fn hash(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// Makes a plugin of bytes: blocking, and busy for as long as the compiler takes.
pub(super) fn make(
    host: &Host,
    name: &str,
    bytes: &[u8],
    limits: &Limits,
) -> Result<Plugin, LoadFault> {
    let hash = hash(bytes);
    let component = compile(host, &hash, bytes)?;
    let (version, asks, offers) = survey(host, &component)?;
    let unlinked = |error: wasmtime::Error| LoadFault::Unlinked(error.root_cause().to_string());
    let pre: InstancePre<Call> = host.linker.instantiate_pre(&component).map_err(unlinked)?;
    let exports = abi::Exports::of(&pre);
    Ok(Plugin {
        name: name.to_owned(),
        identity: format!("{name}@{hash}"),
        hash,
        version,
        pre,
        exports,
        limits: limits.clone(),
        table_elements: host.limits.table_elements,
        slots: Arc::new(Semaphore::new(limits.instances)),
        confirmations: Semaphore::new((limits.instances / 2).max(1)),
        processor: Arc::clone(&host.processor),
        pace: Arc::default(),
        warm: Warm::default(),
        health: Health::new(limits.quarantine.clone()),
        counts: Counts::default(),
        asks,
        offers,
        bytes: bytes.len(),
        wrapped: component::is_core_module(bytes),
    })
}

fn compile(host: &Host, hash: &str, bytes: &[u8]) -> Result<Component, LoadFault> {
    if let Some(component) = host.cache.find(&host.engine, hash) {
        return Ok(component);
    }
    let wrapped = component::from_bytes(bytes)?;
    let invalid = |error: wasmtime::Error| LoadFault::Invalid(format!("{error:#}"));
    let component = Component::from_binary(&host.engine, &wrapped).map_err(invalid)?;
    host.cache.keep(&host.engine, hash, &component);
    Ok(component)
}

/// The version of the contract, imports, exports.
type Survey = (&'static str, Vec<String>, Vec<String>);

/// Which version of the contract a component speaks, and the names of what it imports and exports.
fn survey(host: &Host, component: &Component) -> Result<Survey, LoadFault> {
    let shape = component.component_type();
    let imports: Vec<String> =
        shape.imports(&host.engine).map(|(name, _)| name.to_owned()).collect();
    let exports: Vec<String> = shape
        .exports(&host.engine)
        .filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentInstance(_)))
        .map(|(name, _)| name.to_owned())
        .collect();
    let mut version = None;
    for name in imports.iter().chain(&exports) {
        version = abi::check_version(name)?.or(version);
    }
    let exported = |interface: &str| {
        exports.iter().any(|name| name.starts_with(&format!("{}{interface}@", abi::PACKAGE)))
    };
    if !exported("protocol") && !exported("answering") {
        return Err(LoadFault::NoWorld { exports });
    }
    Ok((version.unwrap_or(abi::VERSIONS[0]), imports, exports))
}
