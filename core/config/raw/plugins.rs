//! `[plugins.…]`: a plugin's code, its bounds, and what it is given as a responder.

use std::path::PathBuf;
use std::time::Duration;

use super::bounds::{GIB, MS};
use super::forms::{Wrong, name, path};
use super::grants::{Grants, grants};
use super::keys::{Keys, key_name};
use super::limits::{DEADLINE_MOST, PLUGIN_MEMORY_LEAST, REUSE_MOST};
use crate::config::tree::Entry;
use crate::config::{Placed, Problems};
use crate::plugin::Source;

/// How the text of an embedded plugin starts.
const BUILTIN: &str = "builtin:";

/// One `[plugins.…]`.
pub(crate) struct Plugin {
    pub(crate) name: Placed<String>,
    pub(crate) source: Option<Placed<Source>>,
    pub(crate) vectors: Option<Placed<PathBuf>>,
    pub(crate) memory: Option<Placed<usize>>,
    pub(crate) deadline: Option<Duration>,
    pub(crate) confirm_deadline: Option<Duration>,
    pub(crate) reuse: Option<u32>,
    pub(crate) grants: Grants,
}

pub(crate) fn plugin(entry: &Entry, problems: &mut Problems) -> Option<Plugin> {
    let name = key_name(entry, problems);
    let mut keys = Keys::open(&entry.node, "[plugins.*]", problems)?;
    let source = source(&mut keys);
    let vectors = keys.form("vectors", path).map(|written| {
        let value = written.place.folder().join(&written.value);
        Placed { value, place: written.place }
    });
    let (mut bytes, mut deadline, mut reuse) = (0, Duration::ZERO, 1);
    let mut confirm_deadline = Duration::ZERO;
    let memory = keys.size("memory", PLUGIN_MEMORY_LEAST..=4 * GIB, &mut bytes);
    let timed = keys.time("deadline", MS..=DEADLINE_MOST, &mut deadline).is_some();
    let confirms = keys.time("confirm_deadline", MS..=DEADLINE_MOST, &mut confirm_deadline);
    let reused = keys.count("reuse", 1..=REUSE_MOST, &mut reuse);
    let grants = grants(&mut keys);
    keys.finish();
    Some(Plugin {
        name: name?,
        source,
        vectors,
        memory: memory.map(|place| Placed { value: bytes, place }),
        deadline: timed.then_some(deadline),
        confirm_deadline: confirms.map(|_| confirm_deadline),
        reuse: reused.map(|_| reuse),
        grants,
    })
}

fn source(keys: &mut Keys<'_, '_>) -> Option<Placed<Source>> {
    if !keys.has("source") {
        keys.missing("source", "write source = \"path/to/plugin.wasm\"");
    }
    let written = keys.form("source", |text| match builtin(text) {
        Some(embedded) => embedded.map(Source::Builtin),
        None => path(text).map(|path| Source::File(path.into())),
    })?;
    let value = match written.value {
        Source::File(path) => Source::File(written.place.folder().join(path)),
        embedded => embedded,
    };
    Some(Placed { value, place: written.place })
}

/// The name after `builtin:`, where the text starts like that.
pub(crate) fn builtin(text: &str) -> Option<Result<String, Wrong>> {
    text.strip_prefix(BUILTIN).map(name)
}
