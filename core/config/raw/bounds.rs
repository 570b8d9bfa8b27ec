//! Numbers, sizes and times with bounds. Nothing that is out of its bounds is ever kept, so what
//! uses them need not fear zero or overflow.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::forms::Wrong;
use super::keys::{Keys, wrong_kind};
use crate::config::tree::Value;
use crate::config::{Place, Problem};
use crate::model::units::parse_bytes;

pub(crate) const KIB: u64 = 1 << 10;
pub(crate) const MIB: u64 = 1 << 20;
pub(crate) const GIB: u64 = 1 << 30;
pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);

/// How a number is written.
#[derive(Clone, Copy)]
enum Unit {
    None,
    Bytes,
}

impl Keys<'_, '_> {
    /// A whole number. Gives the place where it was set.
    pub(crate) fn count<T: TryFrom<u64>>(
        &mut self,
        key: &'static str,
        bound: RangeInclusive<u64>,
        into: &mut T,
    ) -> Option<Place> {
        self.number(key, bound, Unit::None, into)
    }

    /// An amount of memory, in bytes or as text with a unit. Gives the place where it was set.
    pub(crate) fn size<T: TryFrom<u64>>(
        &mut self,
        key: &'static str,
        bound: RangeInclusive<u64>,
        into: &mut T,
    ) -> Option<Place> {
        self.number(key, bound, Unit::Bytes, into)
    }

    /// A length of time. Gives the place where it was set.
    pub(crate) fn time(
        &mut self,
        key: &'static str,
        bound: RangeInclusive<Duration>,
        into: &mut Duration,
    ) -> Option<Place> {
        let time = self.duration(key)?;
        if !bound.contains(&time.value) {
            let range = (show_time(*bound.start()), show_time(*bound.end()));
            self.problems().push(out_of_bounds(&time.place, key, range));
            return None;
        }
        *into = time.value;
        Some(time.place)
    }

    fn number<T: TryFrom<u64>>(
        &mut self,
        key: &'static str,
        bound: RangeInclusive<u64>,
        unit: Unit,
        into: &mut T,
    ) -> Option<Place> {
        let node = self.take(key)?;
        let read = match (&node.value, unit) {
            (Value::Integer(number), _) => Ok(u64::try_from(*number).ok()),
            (Value::Text(text), Unit::Bytes) => {
                parse_bytes(text).map(Some).map_err(|form| Problem::error(form).at(&node.place))
            }
            (_, Unit::Bytes) => Err(wrong_kind(node, "an amount of memory, such as \"32MiB\"")),
            (_, Unit::None) => Err(wrong_kind(node, "a whole number")),
        };
        let number = match read {
            Ok(number) => number.filter(|number| bound.contains(number)),
            Err(problem) => {
                self.problems().push(problem);
                return None;
            }
        };
        let Some(number) = number.and_then(|number| T::try_from(number).ok()) else {
            let show = |number: u64| match unit {
                Unit::Bytes => show_bytes(number),
                Unit::None => number.to_string(),
            };
            let range = (show(*bound.start()), show(*bound.end()));
            self.problems().push(out_of_bounds(&node.place, key, range));
            return None;
        };
        *into = number;
        Some(node.place.clone())
    }
}

fn out_of_bounds(place: &Place, key: &str, (least, most): (String, String)) -> Problem {
    Problem::error(format!("{key} must be from {least} to {most}")).at(place)
}

pub(crate) fn show_bytes(bytes: u64) -> String {
    match bytes {
        0 => "0".to_owned(),
        1 => "1 byte".to_owned(),
        _ if bytes.is_multiple_of(GIB) => format!("{}GiB", bytes / GIB),
        _ if bytes.is_multiple_of(MIB) => format!("{}MiB", bytes / MIB),
        _ if bytes.is_multiple_of(KIB) => format!("{}KiB", bytes / KIB),
        _ => format!("{bytes} bytes"),
    }
}

pub(crate) fn show_time(time: Duration) -> String {
    let ms = time.as_millis();
    match ms {
        _ if ms == 0 || !ms.is_multiple_of(1000) => format!("{ms}ms"),
        _ if !ms.is_multiple_of(60_000) => format!("{}s", ms / 1000),
        _ if !ms.is_multiple_of(3_600_000) => format!("{}m", ms / 60_000),
        _ if ms < 48 * 3_600_000 || !ms.is_multiple_of(86_400_000) => {
            format!("{}h", ms / 3_600_000)
        }
        _ => format!("{}d", ms / 86_400_000),
    }
}

/// A wait, where it is within its bounds.
pub(crate) fn bounded(time: Duration, bound: &RangeInclusive<Duration>) -> Result<Duration, Wrong> {
    match bound.contains(&time) {
        true => Ok(time),
        false => {
            let range = (show_time(*bound.start()), show_time(*bound.end()));
            let message = format!("a wait must be from {} to {}", range.0, range.1);
            Err(Wrong { message, help: None })
        }
    }
}
