//! What the router says of itself. The only place that names the logging library; bodies, secrets
//! and personal data are never handed to it.

mod log;

pub use log::{CallLine, Level, LogForm, LogGuard, call_line, init, notice, plugin_line};
