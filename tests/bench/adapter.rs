//! A first-party adapter as a route uses it, with keys made now, and a genuine callback for it.

use std::sync::Arc;
use std::time::Duration;

use hookswitch::model::{Callback, CallbackId, Clock, Outcome};
use hookswitch::plugin::{
    Binding, Duty, Fault, Grant, Host, KeyVersion, Keyring, Limits, Plugin, PoolLimits, SecretText,
    Simulation, Source,
};
use rsa::pkcs8::{EncodePrivateKey as _, EncodePublicKey as _, LineEnding};

/// The adapters that are measured, each with the kind of callback that it is measured by.
const KINDS: [(&str, &str); 2] = [("brz", "pix.cash_in.confirmed"), ("brij", "quote")];

/// Their names.
pub(crate) const NAMES: [&str; 2] = [KINDS[0].0, KINDS[1].0];

/// An adapter that is loaded, and what its route grants it.
pub(crate) struct Adapter {
    host: Arc<Host>,
    name: &'static str,
    public: String,
    kind: &'static str,
    signer: Arc<Binding>,
    /// A genuine callback, received when it was signed.
    pub(crate) callback: Callback,
}

impl Adapter {
    /// Starts a host and makes a callback.
    pub(crate) async fn new(name: &str) -> Adapter {
        let (name, kind) = KINDS.into_iter().find(|(known, _)| *known == name).expect("a name");
        let host = Host::start(PoolLimits::default(), None, Clock::system()).expect("an engine");
        let (private, public) = keys(name);
        let plugin = load(&host, name, &Limits::default()).await;
        let signer = host.bind(plugin, grant(name, private, true));
        let callback = simulate(&signer, kind, 1).await;
        Adapter { host, name, public, kind, signer, callback }
    }

    /// So many callbacks that differ.
    pub(crate) async fn more(&self, count: usize) -> Vec<Callback> {
        let mut made = Vec::with_capacity(count);
        for seed in 0..count as u64 {
            made.push(simulate(&self.signer, self.kind, seed).await);
        }
        made
    }

    /// The adapter as a route has it, which keeps an instance for `reuse` callbacks.
    pub(crate) async fn bind(&self, reuse: u32) -> Arc<Binding> {
        // What is measured is the work, however long the machine takes to come to it.
        let limits = Limits { reuse, deadline: Duration::from_secs(10), ..Limits::default() };
        let plugin = load(&self.host, self.name, &limits).await;
        self.host.bind(plugin, grant(self.name, self.public.clone(), false))
    }

    /// Another plugin, from a file, on the same host.
    pub(crate) async fn bind_other(
        &self,
        file: std::path::PathBuf,
        limits: &Limits,
        grant: Grant,
    ) -> Arc<Binding> {
        let plugin = self.host.load("other", &Source::File(file), limits).await.expect("a guest");
        self.host.bind(plugin, grant)
    }

    /// What its callbacks are signed with, where that is a shared secret.
    pub(crate) fn secret(&self) -> &str {
        &self.public
    }
}

/// All that a notification takes of a plugin; whether it was told as it should be.
pub(crate) async fn whole(binding: &Arc<Binding>, callback: &Callback) -> Result<bool, Fault> {
    let mut instance = binding.take(Duty::Verify).await?;
    instance.verify(callback).await?;
    let parsed = instance.parse(callback).await?;
    let worded = instance.respond(&callback.head, &Outcome::Accepted).await?;
    instance.give_back();
    Ok(parsed.is_ok() && worded.is_ok())
}

async fn load(host: &Arc<Host>, name: &str, limits: &Limits) -> Arc<Plugin> {
    host.load(name, &Source::Builtin(name.to_owned()), limits).await.expect("the adapter")
}

async fn simulate(signer: &Arc<Binding>, kind: &str, seed: u64) -> Callback {
    let now_ms = Clock::system().now_ms();
    let (kind, options) = (kind.to_owned(), "{}".to_owned());
    let wanted = Simulation { kind, options, now_ms, seed };
    let mut instance = signer.open().await.expect("an instance");
    let made = instance.simulate(&wanted).await.expect("no fault");
    let mut callback = made.expect("a callback");
    callback.head.received_at_ms = now_ms;
    callback.head.id = CallbackId::new(now_ms).to_string();
    callback
}

fn grant(name: &str, key: String, signing: bool) -> Grant {
    let (role, settings) = match name {
        "brij" => ("signing-key", r#"{"partner_id":"partner-42"}"#),
        _ => ("signing-secret", "{}"),
    };
    let version = KeyVersion::new("bench", None, SecretText::new(key));
    Grant {
        scope: format!("route {name}"),
        settings: settings.to_owned(),
        keyring: Keyring::new(vec![(role.to_owned(), vec![version])]),
        signing,
        ..Grant::default()
    }
}

/// What signs and what verifies.
pub(crate) fn keys(name: &str) -> (String, String) {
    if name != "brij" {
        let secret = "whsec_bench-bench-bench-bench-bench".to_owned();
        return (secret.clone(), secret);
    }
    let key = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).expect("a key");
    let private = key.to_pkcs8_pem(LineEnding::LF).expect("its PEM").to_string();
    (private, key.to_public_key().to_public_key_pem(LineEnding::LF).expect("its PEM"))
}
