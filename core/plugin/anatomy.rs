//! What a loaded plugin is made of and what it asks for: for a person, who decides what to grant.
//! Found by looking at compiled code; nothing of it is run.

use super::abi;
use super::loaded::Plugin;

/// A plugin from the outside.
#[derive(Debug, Clone)]
pub struct Anatomy {
    /// Bytes of its file.
    pub bytes: usize,
    /// A core module that was made a component when it was loaded?
    pub wrapped: bool,
    /// Bytes of the machine code that the compiler made.
    pub compiled_bytes: usize,
    /// Instances that it exports, with their versions.
    pub exports: Vec<String>,
    /// Instances that it imports, with their versions.
    pub imports: Vec<String>,
    /// Memories of one instance.
    pub memories: u32,
    /// Pages (64 KiB) of the largest of them at the start.
    pub memory_pages: u64,
    /// Tables of one instance.
    pub tables: u32,
    /// Elements of the largest of them at the start.
    pub table_elements: u64,
}

/// What a plugin asks to be granted, as its imports show it. All else that it imports is either
/// there for every plugin, or is WASI that denies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asking {
    /// Outgoing HTTP, in confirm and compute: `allow_http`.
    pub http: bool,
    /// Secrets in plain, in confirm and compute: `reveal`.
    pub secrets: bool,
}

impl Plugin {
    /// What it is made of.
    pub fn anatomy(&self) -> Anatomy {
        let component = self.pre.component();
        let code = component.image_range();
        // Only a component that imports core modules has no answer, and such a one isn't loaded.
        let needed = component.resources_required();
        let needed = needed.as_ref();
        Anatomy {
            bytes: self.bytes,
            wrapped: self.wrapped,
            compiled_bytes: (code.end as usize).saturating_sub(code.start as usize),
            exports: self.offers.clone(),
            imports: self.asks.clone(),
            memories: needed.map_or(0, |needed| needed.num_memories),
            memory_pages: needed.and_then(|needed| needed.max_initial_memory_size).unwrap_or(0),
            tables: needed.map_or(0, |needed| needed.num_tables),
            table_elements: needed.and_then(|needed| needed.max_initial_table_size).unwrap_or(0),
        }
    }

    /// What it asks to be granted.
    pub fn asking(&self) -> Asking {
        let secrets = format!("{}secrets@", abi::PACKAGE);
        Asking {
            http: self.asks.iter().any(|name| name.starts_with("wasi:http/outgoing-handler@")),
            secrets: self.asks.iter().any(|name| name.starts_with(&secrets)),
        }
    }
}
