//! The word that it is time to stop, from one place to every listener and connection. Once said it
//! stays said.

use tokio::sync::watch;

/// Says it. Dropping this says it too: a listener that nobody can stop must not be left running.
#[derive(Debug)]
pub struct Drainer {
    told: watch::Sender<bool>,
}

/// Hears it. Clones hear the same word.
#[derive(Debug, Clone)]
pub struct Drain {
    told: watch::Receiver<bool>,
}

/// A pair of the two. One pair may serve several listeners.
pub fn drain() -> (Drainer, Drain) {
    let (sender, receiver) = watch::channel(false);
    (Drainer { told: sender }, Drain { told: receiver })
}

impl Drainer {
    /// Listeners stop accepting at once, idle connections close, and calls in flight may end within
    /// the listener's `drain_timeout`. Who waits for that waits for [`run`](super::run).
    pub fn start(&self) {
        self.told.send_replace(true);
    }
}

impl Drain {
    /// Waits for the word.
    pub(super) async fn told(&mut self) {
        // An error means that the drainer is gone, which is the same word.
        let _ = self.told.wait_for(|told| *told).await;
    }
}
