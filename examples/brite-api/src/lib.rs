//! A stand-in for Brite's API: it gives tokens and tells states from a table in memory, counts its
//! calls, and can be down, slow or refuse a token when it is told to.
//!
//! For trying out and for tests: one thread a connection, one call a connection, on loopback.

mod wire;
mod world;

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use world::World;

/// The public key that gets a token.
pub const PUBLIC_KEY: &str = "pk_example";
/// With this secret.
pub const SECRET: &str = "sk_example_0123456789abcdef";

/// A running stand-in; it serves until the process ends.
pub struct Stub {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    world: Mutex<World>,
    /// Told whenever a call comes or goes, or the hold on calls changes.
    changed: Condvar,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        // Each change is whole in itself, so a panic elsewhere left nothing half done.
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stub {
    /// Serves on a listener, in threads of its own.
    pub fn start(listener: TcpListener) -> io::Result<Stub> {
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { world: Mutex::new(World::new()), changed: Condvar::new() });
        let serving = Arc::clone(&shared);
        thread::Builder::new().name("brite-api".to_owned()).spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&serving);
                // Without a thread the caller finds the connection closed.
                let _ = thread::Builder::new().spawn(move || serve(&shared, stream));
            }
        })?;
        Ok(Stub { address, shared })
    }

    /// Where it is: a scheme and an address.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What `POST /stub/set` does; the error says what isn't understood.
    pub fn set(&self, told: &Value) -> Result<(), String> {
        self.shared.world().set(told)
    }

    /// How often a call came, such as `merchant.authorize`.
    pub fn count(&self, call: &str) -> u64 {
        self.shared.world().counts.get(call).copied().unwrap_or_default()
    }

    /// The most calls of the API that were being answered at once.
    pub fn most_at_once(&self) -> usize {
        self.shared.world().most_at_once
    }

    /// Holds every call of the API until it is let go.
    pub fn hold(&self, held: bool) {
        self.shared.world().held = held;
        self.shared.changed.notify_all();
    }

    /// Waits until so many calls are being answered; says whether they came in that time.
    pub fn wait_for(&self, calls: usize, at_most: Duration) -> bool {
        let world = self.shared.world();
        let fewer = |world: &mut World| world.at_once < calls;
        let waited = self.shared.changed.wait_timeout_while(world, at_most, fewer);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

/// One call, start to end; a caller that breaks off is no concern of ours.
fn serve(shared: &Shared, mut stream: TcpStream) {
    let Ok(asked) = wire::read(&mut stream) else { return };
    let answer = match asked.path.strip_prefix("/api/") {
        Some(call) => answer_api(shared, call, &asked),
        None => Some(shared.world().answer_stub(&asked)),
    };
    if let Some((status, body)) = answer {
        let _ = wire::write(&mut stream, status, &body);
    }
}

/// None = it is down: the connection closes without a word.
fn answer_api(shared: &Shared, call: &str, asked: &wire::Asked) -> Option<(u16, Value)> {
    let slow_ms = shared.world().begin(call);
    shared.changed.notify_all();
    thread::sleep(Duration::from_millis(slow_ms));
    let world = shared.changed.wait_while(shared.world(), |world| world.held);
    let mut world = world.unwrap_or_else(PoisonError::into_inner);
    world.at_once -= 1;
    let answer = (!world.down).then(|| world.answer_api(call, asked));
    drop(world);
    shared.changed.notify_all();
    answer
}
