//! Connections that only read, each its caller's alone while it reads; what is read never waits for
//! what is written.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use super::open;
use crate::store::StoreFault;

pub(super) struct Readers {
    path: PathBuf,
    places: Semaphore,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    /// All of them are opened at once: what the store holds doesn't hang on who reads when.
    pub(super) fn open(path: PathBuf, count: usize) -> rusqlite::Result<Arc<Readers>> {
        let open = |_| connect(&path);
        let idle = (0..count).map(open).collect::<rusqlite::Result<Vec<_>>>()?;
        Ok(Arc::new(Readers { path, places: Semaphore::new(count), idle: Mutex::new(idle) }))
    }

    /// Reads, away from those who serve.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreFault> {
        let _place = self.places.acquire().await.map_err(|_| StoreFault::Closed)?;
        let readers = Arc::clone(self);
        blocking(move || {
            let idle = readers.lock().pop();
            let db = match idle {
                Some(db) => db,
                // One whose reading failed isn't used again.
                None => connect(&readers.path)?,
            };
            let made = read(&db)?;
            readers.lock().push(db);
            Ok(made)
        })
        .await
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    open::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

/// Runs what waits for a disk on a thread that may.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> rusqlite::Result<T> + Send + 'static,
) -> Result<T, StoreFault> {
    let failing = |error: &dyn std::fmt::Display| StoreFault::Failing(error.to_string());
    match tokio::task::spawn_blocking(work).await {
        Ok(made) => made.map_err(|error| failing(&error)),
        Err(error) => Err(failing(&error)),
    }
}
