//! What the storm is about: a config in a folder, with plugins, their vectors and secrets, and the
//! edits of all of them.

use std::path::PathBuf;

use crate::support::brz;
use crate::support::router::SECRET_OF_OPS;

/// A config in a folder, and all that it names.
pub(super) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(super) fn new() -> Place {
        let place = Place { folder: tempfile::tempdir().expect("a folder") };
        for folder in ["config/routes", "plugins", "secrets"] {
            std::fs::create_dir_all(place.path(folder)).expect("a folder");
        }
        // Ten edits take a second: looked at once a second, all reloads would see the same of them.
        // Few instances, so that the pool's memory was all in use before the storm that counts.
        let router = "[listen]\npublic = \"127.0.0.1:0\"\nadmin = \"127.0.0.1:0\"\n\
                      debug_headers = true\n\
                      [limits]\nplugin_deadline = \"20s\"\nreload_rehearsal = \"60s\"\n\
                      reload_longest = \"630ms\"\ninstances = 32\nplugin_instances = 8\n\
                      [admin.keys.ops]\nsecret = { file = \"../secrets/ops\" }\n\
                      scopes = [\"admin:read\"]\n";
        place.write("config/router.toml", router.as_bytes());
        place.write("secrets/ops", SECRET_OF_OPS.as_bytes());
        place.write("secrets/shared", brz::SECRET.as_bytes());
        for version in [0, 1] {
            place.write(&format!("plugins/p{version}.wasm"), &telling(version));
            let status = format!("[[outcomes]]\noutcome = \"accepted\"\nstatus = 20{version}\n");
            place.vector(&format!("vectors/{version}"), &status);
        }
        place.vector("vectors/any", "");
        place.mend(0);
        place
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A vector of the adapter that tells.
    fn vector(&self, folder: &str, outcomes: &str) {
        std::fs::create_dir_all(self.path(folder)).expect("a folder");
        self.write(&format!("{folder}/call.http"), b"POST / HTTP/1.1\nhost: x\n\n{}");
        let text = "about = \"a call\"\nreceived_at_ms = 1\n\
                    [expect]\nverdict = \"genuine\"\ncontent = \"notification\"\n";
        self.write(&format!("{folder}/call.toml"), format!("{text}{outcomes}").as_bytes());
    }

    /// As editors save: a new file takes the place of the old one.
    fn rename(&self, name: &str, bytes: &[u8]) {
        let fresh = self.path("fresh");
        std::fs::write(&fresh, bytes).expect("written");
        std::fs::rename(fresh, self.path(name)).expect("renamed");
    }

    fn rename_routes(&self, text: &str) {
        self.rename("config/routes/storm.toml", text.as_bytes());
    }

    fn write(&self, name: &str, bytes: &[u8]) {
        std::fs::write(self.path(name), bytes).expect("written");
    }

    /// Another code of the plugin whose callbacks are rehearsed.
    pub(super) fn swap(&self, number: usize) {
        self.rename("plugins/noting.wasm", &noting(number % 2));
    }

    /// Another secret beside the one that callbacks are signed with.
    pub(super) fn turn(&self, number: usize) {
        self.rename("secrets/turning", format!("whsec_turning_{number:032}").as_bytes());
    }

    /// The edits by turns: every second one leaves something broken, and the next one mends it.
    pub(super) fn edit(&self, number: usize) {
        let good = routes(number);
        match number % 10 {
            0 => {
                self.write("plugins/swap.wasm", &telling(number / 10 % 2));
                self.turn(number);
                self.rename_routes(&good);
            }
            1 => self.rename_routes("[[routes]\n"),
            2 => {
                self.write("config/routes/storm.toml", good.as_bytes());
                self.swap(number / 10);
            }
            3 => self.write("config/routes/storm.toml", &good.as_bytes()[..good.len() / 2]),
            4 => {
                self.turn(number);
                self.rename_routes(&good);
            }
            5 => self.rename_routes(&good.replace("\"telling\"", "\"tolling\"")),
            6 => {
                self.rename_routes(&good);
                self.rename("plugins/swap.wasm", &telling(number / 10 % 2));
            }
            7 => self.write("plugins/swap.wasm", &telling(0)[..100]),
            8 => {
                self.write("plugins/swap.wasm", &telling(number / 10 % 2));
                self.turn(number);
            }
            _ => std::fs::remove_file(self.path("plugins/swap.wasm")).expect("deleted"),
        }
    }

    /// Undoes what may be broken, and says what runs then.
    pub(super) fn mend(&self, number: usize) {
        self.turn(number);
        self.swap(number);
        self.rename("plugins/swap.wasm", &telling(number % 2));
        self.rename_routes(&routes(number));
    }
}

/// A plugin whose replies have the status 200 + version.
fn telling(version: usize) -> Vec<u8> {
    let text = include_str!("../guests/telling-adapter.wat");
    wat::parse_str(text.replace("VERSION", &(200 + version).to_string())).expect("a module")
}

/// A plugin of which two versions are different ones, and make the same of every callback.
fn noting(version: usize) -> Vec<u8> {
    let text = include_str!("../guests/noting-adapter.wat");
    wat::parse_str(text.replace("VERSION", &version.to_string())).expect("a module")
}

/// Which plugin `/telling` has follows from the number in its settings; `/swap` has whatever is in
/// its file, as `/noting`. The callbacks of `/brz` are signed with a secret that is among the
/// two listed.
fn routes(number: usize) -> String {
    let version = number % 2;
    let listed = if version == 0 { "\"shared\", \"turning\"" } else { "\"turning\", \"shared\"" };
    let tolerance = 300 + version;
    let telling = |name: &str| {
        format!(
            "[[routes]]\nname = \"{name}\"\npath = \"/{name}\"\nadapter = \"{name}\"\n\
             rehearse = 5\nsettings = {{ n = {number} }}\n"
        )
    };
    format!(
        "[secrets]\nshared = {{ file = \"../../secrets/shared\" }}\n\
         turning = {{ file = \"../../secrets/turning\" }}\n\
         [plugins.telling]\nsource = \"../../plugins/p{version}.wasm\"\n\
         vectors = \"../../vectors/{version}\"\n\
         [plugins.swap]\nsource = \"../../plugins/swap.wasm\"\n\
         vectors = \"../../vectors/any\"\n\
         [plugins.noting]\nsource = \"../../plugins/noting.wasm\"\n\
         vectors = \"../../vectors/any\"\n\
         {}{}[[routes]]\nname = \"noting\"\npath = \"/noting\"\nadapter = \"noting\"\nrehearse = 5\n\
         [[routes]]\nname = \"brz\"\npath = \"/brz\"\nadapter = \"builtin:brz\"\nrehearse = 5\n\
         secrets = {{ signing-secret = [{listed}] }}\nsettings = {{ tolerance = \"{tolerance}s\" }}\n",
        telling("telling"),
        telling("swap"),
    )
}
