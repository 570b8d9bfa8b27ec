//! What an executable asks of the system before its own code runs, read from its headers.
//!
//! Only the form that is built here is read: 64 bits, little-endian.

use anyhow::{Context, Result, ensure};

const MAGIC: &[u8] = b"\x7fELF\x02\x01";
/// Kinds of program headers.
const DYNAMIC: u32 = 2;
const INTERPRETER: u32 = 3;
/// A kind of section: symbols that only debuggers read.
const SYMBOLS: u32 = 2;
/// A tag of the dynamic table: a library that has to be there.
const NEEDED: u64 = 1;
const ENTRY_BYTES: usize = 16;

/// What was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Elf {
    /// It names a program that has to load it.
    pub(super) interpreter: bool,
    /// So many libraries have to be there.
    pub(super) needed: usize,
    /// It isn't stripped.
    pub(super) symbols: bool,
}

impl Elf {
    pub(super) fn read(bytes: &[u8]) -> Result<Elf> {
        ensure!(bytes.starts_with(MAGIC), "this is no 64-bit executable");
        let mut elf = Elf { interpreter: false, needed: 0, symbols: false };
        for header in table(bytes, 0x20, 0x36, 0x38)? {
            match word(header, 0)? {
                INTERPRETER => elf.interpreter = true,
                DYNAMIC => elf.needed += needed(bytes, long(header, 8)?, long(header, 32)?)?,
                _ => {}
            }
        }
        for header in table(bytes, 0x28, 0x3a, 0x3c)? {
            elf.symbols |= word(header, 4)? == SYMBOLS;
        }
        Ok(elf)
    }

    pub(super) fn is_static(&self) -> bool {
        !self.interpreter && self.needed == 0
    }
}

/// Headers of one kind; the file's own header says where they are, how long each and how many.
fn table(bytes: &[u8], start: usize, length: usize, count: usize) -> Result<Vec<&[u8]>> {
    let start = usize::try_from(long(bytes, start)?)?;
    let (length, count) = (usize::from(half(bytes, length)?), usize::from(half(bytes, count)?));
    let header = |at: usize| part(bytes, start.saturating_add(at * length), length);
    (0..count).map(header).collect()
}

fn needed(bytes: &[u8], start: u64, length: u64) -> Result<usize> {
    let entries = part(bytes, usize::try_from(start)?, usize::try_from(length)?)?;
    Ok(entries
        .chunks(ENTRY_BYTES)
        .filter(|entry| long(entry, 0).is_ok_and(|tag| tag == NEEDED))
        .count())
}

fn part(bytes: &[u8], start: usize, length: usize) -> Result<&[u8]> {
    bytes.get(start..start.saturating_add(length)).context("the file is cut off")
}

fn long(bytes: &[u8], at: usize) -> Result<u64> {
    Ok(u64::from_le_bytes(part(bytes, at, 8)?.try_into()?))
}

fn word(bytes: &[u8], at: usize) -> Result<u32> {
    Ok(u32::from_le_bytes(part(bytes, at, 4)?.try_into()?))
}

fn half(bytes: &[u8], at: usize) -> Result<u16> {
    Ok(u16::from_le_bytes(part(bytes, at, 2)?.try_into()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_test_itself() {
        let own = std::env::current_exe().expect("its place");
        let bytes = std::fs::read(own).expect("its bytes");
        let elf = Elf::read(&bytes).expect("an executable");
        assert!(elf.interpreter && elf.needed > 0 && elf.symbols && !elf.is_static(), "{elf:?}");
        for end in [0, 3, 20, 63, 100] {
            assert!(Elf::read(&bytes[..end]).is_err(), "{end} bytes of it");
        }
    }
}
