//! Before another code of a plugin runs, its vectors do: where one doesn't hold, the config has a
//! problem, unless somebody allows it. A plugin that runs already isn't tried anew, so whatever
//! lies in its folder meanwhile holds up no other change.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hookswitch_vectors::{LoadError, load_all};

use super::build::Built;
use crate::config::{Placed, PluginSettings, Problem, Problems, Settings};
use crate::plugin::Plugin;
use crate::rehearse::vectors::{Ran, fits, run};

/// Vectors that are told of one plugin: whoever reads more of them is no wiser.
const TOLD_MAX: usize = 10;

/// What settings were loaded to: what is the same as it was needs no proof.
#[derive(Clone, Copy)]
pub(super) struct Running<'r> {
    pub(super) settings: &'r Settings,
    /// One for each of the settings' plugins.
    pub(super) hashes: &'r [String],
}

/// Whose vectors run.
pub(super) struct Proving<'p> {
    pub(super) settings: &'p Settings,
    pub(super) built: &'p Built,
    /// `None`: nothing runs yet.
    pub(super) running: Option<Running<'p>>,
    /// Whether vectors that fail are allowed.
    pub(super) allowed: bool,
}

type Folder = Placed<std::path::PathBuf>;

impl Proving<'_> {
    /// Runs the vectors of each plugin that was loaded and isn't what runs. All of them together
    /// have as long as the settings say of rehearsing; what is left of it comes back.
    pub(super) async fn run(&self) -> (Problems, Duration) {
        let (mut problems, began) = (Problems::new(), Instant::now());
        let left = || self.settings.router.reloading.rehearsal.saturating_sub(began.elapsed());
        let plugins = self.settings.plugins.iter().zip(&self.built.plugins);
        for (settings, plugin) in plugins {
            if let (Some(folder), Some(plugin)) = (&settings.vectors, plugin)
                && self.is_new(settings, plugin)
            {
                problems.extend(self.one(plugin, folder, left()).await);
            }
        }
        (problems, left())
    }

    fn is_new(&self, settings: &PluginSettings, plugin: &Plugin) -> bool {
        let Some(running) = self.running else { return true };
        let mut plugins = running.settings.plugins.iter().zip(running.hashes);
        !plugins.any(|(was, hash)| {
            let folder = |of: &PluginSettings| of.vectors.as_ref().map(|at| at.value.clone());
            was.name == settings.name
                && hash == plugin.hash()
                && was.limits == settings.limits
                && was.settings == settings.settings
                && folder(was) == folder(settings)
        })
    }

    async fn one(&self, plugin: &Arc<Plugin>, folder: &Folder, longest: Duration) -> Problems {
        let name = plugin.name();
        let wrong =
            |why: String| Problem::error(format!("plugin \"{name}\": {why}")).at(&folder.place);
        let vectors = match read(folder).await {
            Ok(vectors) => vectors,
            Err(why) => return wrong(why).into(),
        };
        if let Err(why) = fits(plugin, &vectors) {
            return wrong(why).into();
        }
        let of = vectors.len();
        let run = run(plugin, vectors, longest).await;
        let failed: Vec<&Ran> = run.ran.iter().filter(|ran| !ran.found.is_empty()).collect();
        let mut problems = Problems::new();
        for ran in failed.iter().take(TOLD_MAX) {
            problems.push(self.problem(failing(name, folder, ran), folder));
        }
        if failed.len() > TOLD_MAX {
            let count = failed.len();
            let message = format!("plugin \"{name}\": of {of} vectors {count} fail");
            problems.push(self.problem(message, folder));
        }
        if run.cut_short {
            let ran = run.ran.len();
            let message = format!(
                "plugin \"{name}\": its vectors didn't run to their end, but {ran} of {of}: it \
                 took longer than reload_rehearsal"
            );
            problems.push(self.problem(message, folder));
        }
        problems
    }

    fn problem(&self, message: String, folder: &Folder) -> Problem {
        match self.allowed {
            true => Problem::warning(message).help(ALLOWED),
            false => Problem::error(message).help(ALLOW),
        }
        .at(&folder.place)
    }
}

const ALLOW: &str = "`hookswitch plugin test` shows more; on a router that runs, `hookswitch \
                     reload --allow-differences` takes it";
const ALLOWED: &str = "the next start would refuse it: mend the plugin or its vectors until then";

/// The vectors as they lie on the disk now; the error holds nothing of them.
async fn read(folder: &Folder) -> Result<Vec<hookswitch_vectors::Recorded>, String> {
    let path = folder.value.clone();
    match tokio::task::spawn_blocking(move || load_all(&path)).await {
        Ok(read) => read.map_err(|error: LoadError| error.brief()),
        Err(panic) => Err(format!("reading its vectors failed: {panic}")),
    }
}

fn failing(name: &str, folder: &Folder, ran: &Ran) -> String {
    let path = folder.value.join(format!("{}.toml", ran.name));
    let first = ran.found.first().map(|found| found.brief()).unwrap_or_default();
    let more = match ran.found.len() {
        0 | 1 => String::new(),
        count => format!(", and {} more", count - 1),
    };
    format!("plugin \"{name}\": the vector {} fails: {first}{more}", path.display())
}
