//! What the router says of itself. The only place that names the logging library; bodies, secrets
//! and personal data are never handed to it.

mod live;
mod spread;
mod standing;
mod metrics;
mod log;

pub use live::{Lines, lines_after};
pub use log::{
    AttemptLine, CallLine, ConfirmLine, Level, LogForm, LogGuard, attempt_line, call_line,
    confirm_line, init, notice, plugin_line,
};
pub use metrics::{BreakerShown, Named, metrics, store_committed, store_synced};
pub use spread::{Reading, Spread};
pub use standing::{Standing, Values};
