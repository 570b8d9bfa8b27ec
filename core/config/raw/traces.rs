//! `[traces]`: where spans of callbacks are sent, and of how many.

use super::forms;
use super::keys::{Keys, wrong_kind};
use crate::config::Placed;
use crate::config::settings::Traces;
use crate::config::tree::Value;
use crate::observe::Sampling;

/// The share of callbacks that is traced, where nothing else is said.
const SHARE: f64 = 0.01;

/// What it says; nothing where it names no collector.
pub(super) fn traces(mut keys: Keys<'_, '_>) -> Option<Traces> {
    let endpoint = keys.form("endpoint", forms::url);
    let mut sampling = Sampling { share: SHARE, believe_parent: false };
    share(&mut keys, &mut sampling.share);
    keys.flag("believe_parent", &mut sampling.believe_parent);
    if !keys.has("endpoint") {
        keys.missing("endpoint", "write endpoint = \"http://127.0.0.1:4318/v1/traces\"");
    }
    keys.finish();
    let Placed { value: endpoint, .. } = endpoint?;
    Some(Traces { endpoint, sampling })
}

fn share(keys: &mut Keys<'_, '_>, into: &mut f64) {
    let Some(node) = keys.take("sample") else { return };
    let share = match node.value {
        Value::Float(share) => Some(share),
        Value::Integer(share) => i32::try_from(share).ok().map(f64::from),
        _ => None,
    };
    match share.filter(|share| (0.0..=1.0).contains(share)) {
        Some(share) => *into = share,
        None => {
            let problem = wrong_kind(node, "a share from 0 to 1");
            keys.problems().push(problem.help("0.01 is one callback in a hundred, 1 is each"));
        }
    }
}
