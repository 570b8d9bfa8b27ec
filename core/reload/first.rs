//! The generation that a router starts with, and that `check` only looks at: built of settings as
//! every later one is, with nothing before it.

use std::sync::Arc;

use super::build::build;
use super::proving::Proving;
use super::seen::{Digest, digest};
use crate::config::{Problems, Settings};
use crate::generation::Generation;
use crate::model::GenerationId;
use crate::plugin::Host;

/// What settings came to.
pub struct First {
    /// Only where nothing is an error.
    pub generation: Option<Generation>,
    /// All that was found.
    pub problems: Problems,
    /// What was loaded.
    pub digest: Digest,
    /// The hashes of the settings' plugins, as they were loaded.
    pub hashes: Vec<String>,
}

/// Builds it, and runs the vectors of its plugins where `proving`.
pub async fn first(host: &Arc<Host>, settings: &Settings, proving: bool) -> First {
    let mut built = build(host, settings, GenerationId(1), None).await;
    let mut problems = std::mem::take(&mut built.problems);
    if proving {
        let proving = Proving { settings, built: &built, running: None, allowed: false };
        problems.extend(proving.run().await.0);
    }
    let (hashes, whole) = (built.hashes(), !problems.has_errors());
    let generation = built.generation.filter(|_| whole);
    First { generation, problems, digest: digest(settings, &hashes), hashes }
}
