//! Keys and config for one run of the demo, beneath `target/demo`.
//!
//! They are made anew each time and are good for nothing else. Private ones are readable by
//! their owner only.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hookswitch_brite_api::{PUBLIC_KEY, SECRET, Stub};
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use rsa::rand_core::{OsRng, RngCore};

use super::calls::ELSEWHERE;
use super::ledger::Ledger;

/// The id under which the demo is known to BRIJ.
pub(crate) const PARTNER: &str = "partner-42";

/// The name of the key for the admin API.
pub(crate) const KEY: &str = "demo";

/// Where the destination of the config is.
pub(crate) const LEDGER: &str = "/ledger";

const PRIVATE: u32 = 0o600;
const PUBLIC: u32 = 0o644;

/// Where all of it lies.
pub(crate) struct Material {
    /// The router's config folder.
    pub(crate) config: PathBuf,
    /// What the router writes.
    pub(crate) log: PathBuf,
    /// BRIJ's side of its key pair, to sign with.
    pub(crate) brij_private: PathBuf,
    /// The secret that BRZ and the router share.
    pub(crate) brz_secret: PathBuf,
    /// What stands in for Brite's API, in this process.
    pub(crate) brite: Stub,
    /// What takes deliveries, in this process.
    pub(crate) ledger: Ledger,
    /// Where the router will listen.
    pub(crate) address: SocketAddr,
    /// Where its admin API will be.
    pub(crate) admin: SocketAddr,
    /// The secret of the key for it.
    pub(crate) key: PathBuf,
    /// Where the service that answers for orders will listen.
    pub(crate) orders: SocketAddr,
    /// What it and the router share.
    pub(crate) orders_secret: PathBuf,
    /// What it keeps.
    pub(crate) orders_db: PathBuf,
    /// What it writes.
    pub(crate) orders_log: PathBuf,
}

impl Material {
    /// Makes everything anew.
    pub(crate) fn make(target: &Path) -> Result<Self> {
        let folder = target.join("demo");
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| folder.display().to_string())?;
        }
        let config = folder.join("config");
        fs::create_dir_all(config.join("routes")).with_context(|| config.display().to_string())?;
        fs::create_dir_all(folder.join("keys"))?;
        let material = Self {
            log: folder.join("router.log"),
            brij_private: folder.join("keys/brij-private.pem"),
            brz_secret: folder.join("keys/brz-secret.txt"),
            key: folder.join("keys/demo-key.txt"),
            address: free_address()?,
            admin: free_address()?,
            orders: free_address()?,
            orders_secret: folder.join("keys/orders-secret.txt"),
            orders_db: folder.join("orders.db"),
            orders_log: folder.join("orders.log"),
            ledger: Ledger::start(TcpListener::bind(("127.0.0.1", 0))?)?,
            brite: Stub::start(TcpListener::bind(("127.0.0.1", 0))?)?,
            config,
        };
        material.write_keys(&folder.join("keys/brij-public.pem"))?;
        write(&folder.join("keys/brite-secret.txt"), PRIVATE, SECRET)?;
        write(&material.key, PRIVATE, &secret())?;
        write(&material.orders_secret, PRIVATE, &secret())?;
        let signing = secret();
        write(&folder.join("keys/ledger-secret.txt"), PRIVATE, &signing)?;
        material.ledger.expect(LEDGER, &signing)?;
        material.write_config()?;
        Ok(material)
    }

    /// The router's base URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The admin API's base URL.
    pub(crate) fn api(&self) -> String {
        format!("http://{}", self.admin)
    }

    /// The orders service's base URL.
    pub(crate) fn orders_url(&self) -> String {
        format!("http://{}", self.orders)
    }

    fn write_keys(&self, public: &Path) -> Result<()> {
        let key = RsaPrivateKey::new(&mut OsRng, 2048).context("no RSA key could be made")?;
        let private = key.to_pkcs8_pem(LineEnding::LF)?;
        write(&self.brij_private, PRIVATE, &private)?;
        write(public, PUBLIC, &key.to_public_key().to_public_key_pem(LineEnding::LF)?)?;
        write(&self.brz_secret, PRIVATE, &secret())
    }

    fn write_config(&self) -> Result<()> {
        let router = router(self.address, self.admin, &self.ledger.url(LEDGER));
        write(&self.config.join("router.toml"), PUBLIC, &router)?;
        write(&self.config.join("routes/brij.toml"), PUBLIC, &brij_route(&self.orders_url()))?;
        write(&self.config.join("routes/brz.toml"), PUBLIC, BRZ_ROUTE)?;
        write(&self.config.join("routes/brite.toml"), PUBLIC, &brite_routes(&self.brite.origin()))
    }
}

fn router(public: SocketAddr, admin: SocketAddr, ledger: &str) -> String {
    format!(
        r#"# Made by `cargo xtask demo`, anew at every start.
[listen]
public = "{public}"
admin = "{admin}"

[store]
path = "../data/hookswitch.db"

# What plugins and registered webhooks may reach on this machine.
[outbound]
allow_networks = ["127.0.0.0/8"]

[admin.keys.{KEY}]
secret = {{ file = "../keys/demo-key.txt" }}
scopes = ["admin:read", "events:read", "events:write", "webhooks:read", "webhooks:write"]

[secrets]
ledger-demo = {{ file = "../keys/ledger-secret.txt" }}

# Who is told: a server that the demo runs. All three routes name it.
[destinations.ledger]
url = "{ledger}"
secret = ["ledger-demo"]
retry = ["200ms", "500ms", "1s"]
timeout = "5s"
"#
    )
}

fn brij_route(orders: &str) -> String {
    format!(
        r#"# BRIJ signs with its own RSA key; the router has the public half.
[secrets]
brij-demo = {{ file = "../../keys/brij-public.pem" }}
orders-demo = {{ file = "../../keys/orders-secret.txt" }}

# A responder: a plugin of yours that computes answers. This one is examples/quotes.
[plugins.quotes]
source = "../../../plugins/quotes.wasm"

[[routes]]
name = "brij"
path = "/brij/{{call}}"
adapter = "builtin:brij"
secrets = {{ signing-key = ["brij-demo"] }}
settings = {{ partner_id = "{PARTNER}" }}
deliver = ["ledger"]

[routes.answers.quote]
responder = "quotes"
deadline = "2s"

[routes.answers.redirect-order]
responder = "quotes"
deadline = "2s"

# A service of yours, which keeps what it answers. This one is examples/orders.
[routes.answers.create-order]
url = "{orders}/orders"
secret = "orders-demo"
deadline = "5s"

[routes.answers.cancel-order]
url = "{orders}/orders/cancel"
secret = "orders-demo"
deadline = "5s"
"#
    )
}

const BRZ_ROUTE: &str = r#"# BRZ signs with a secret that it shares with you.
[secrets]
brz-demo = { file = "../../keys/brz-secret.txt" }

[[routes]]
name = "brz"
path = "/brz"
adapter = "builtin:brz"
secrets = { signing-secret = ["brz-demo"] }
deliver = ["ledger"]
"#;

fn brite_routes(api: &str) -> String {
    let host = api.trim_start_matches("http://");
    format!(
        r#"# Brite signs nothing: addresses filter, and its API, which the demo stands in for, confirms.
[secrets]
brite-demo = {{ file = "../../keys/brite-secret.txt" }}

[[routes]]
name = "brite"
path = "/brite"
adapter = "builtin:brite"
secrets = {{ api-secret = ["brite-demo"] }}
reveal = ["api-secret"]
allow_http = ["{host}"]
deliver = ["ledger"]

[routes.settings]
environment = "sandbox"
public_key = "{PUBLIC_KEY}"
api = "{api}"
allow_from = ["127.0.0.1"]

# The same with Brite's own addresses: whoever calls from here is a stranger.
[[routes]]
name = "brite{ELSEWHERE}"
path = "/brite{ELSEWHERE}"
adapter = "builtin:brite"
secrets = {{ api-secret = ["brite-demo"] }}
reveal = ["api-secret"]
allow_http = ["{host}"]

[routes.settings]
environment = "sandbox"
public_key = "{PUBLIC_KEY}"
api = "{api}"
"#
    )
}

/// A secret as webhooks have them.
fn secret() -> String {
    let mut bytes = [0; 32];
    OsRng.fill_bytes(&mut bytes);
    format!("whsec_{}\n", STANDARD.encode(bytes))
}

/// Created with its mode, so that a private one is never open to others for a moment.
fn write(path: &Path, mode: u32, text: &str) -> Result<()> {
    let opened = OpenOptions::new().write(true).create_new(true).mode(mode).open(path);
    opened
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .with_context(|| path.display().to_string())
}

/// A loopback port that was free a moment ago.
fn free_address() -> Result<SocketAddr> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free loopback port")?;
    Ok(listener.local_addr()?)
}
