//! Between rows and the words of the product.

use rusqlite::Row;
use rusqlite::types::Type;

use crate::model::{DeliveryStatus, EventStatus};

/// A row whose value can't be what it should be: the file isn't what this program wrote.
pub(super) fn corrupt(column: usize, what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Null, what.into())
}

/// 16 bytes of an id.
pub(super) fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<[u8; 16]> {
    row.get(column)
}

/// A time or a count; nothing this program writes is negative.
pub(super) fn number(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| corrupt(column, "a negative number"))
}

/// The same, where there may be none.
pub(super) fn maybe_number(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    let number: Option<i64> = row.get(column)?;
    number
        .map(|number| u64::try_from(number).map_err(|_| corrupt(column, "a negative number")))
        .transpose()
}

/// What SQLite keeps of a time or a count.
pub(super) fn kept(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A limit of rows.
pub(super) fn rows(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

/// The number that a status is kept as.
pub(super) fn event_number(status: EventStatus) -> i64 {
    status as i64
}

pub(super) fn event_status(row: &Row<'_>, column: usize) -> rusqlite::Result<EventStatus> {
    let found = EventStatus::ALL.get(usize::try_from(number(row, column)?).unwrap_or(usize::MAX));
    found.copied().ok_or_else(|| corrupt(column, "no status of an event"))
}

pub(super) fn delivery_number(status: DeliveryStatus) -> i64 {
    status as i64
}

pub(super) fn delivery_status(row: &Row<'_>, column: usize) -> rusqlite::Result<DeliveryStatus> {
    let found =
        DeliveryStatus::ALL.get(usize::try_from(number(row, column)?).unwrap_or(usize::MAX));
    found.copied().ok_or_else(|| corrupt(column, "no status of a delivery"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_are_kept_as_their_place_in_the_list() {
        for (index, status) in EventStatus::ALL.into_iter().enumerate() {
            assert_eq!(usize::try_from(event_number(status)), Ok(index));
        }
        for (index, status) in DeliveryStatus::ALL.into_iter().enumerate() {
            assert_eq!(usize::try_from(delivery_number(status)), Ok(index));
        }
    }
}
