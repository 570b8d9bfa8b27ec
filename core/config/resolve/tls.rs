//! Certificates and their keys, read from their files. A pair that doesn't work is an error, with
//! the place that names the file at fault: a listener without its certificate is none.

use std::path::PathBuf;

use ring::digest;

use super::{Desk, Read};
use crate::config::raw::router as raw;
use crate::config::source::read_bounded;
use crate::config::{Placed, Problem, Tls};
use crate::listen::Identity;

/// Bytes of a certificate's file, with its chain, and of a key's.
const FILE_BYTES_MAX: usize = 1 << 20;

pub(super) fn tls(files: &raw::Tls, desk: &mut Desk<'_>) -> Option<Tls> {
    let certificate = read(&files.certificate, desk);
    let key = read(&files.key, desk);
    match Identity::from_pem(&certificate?, &key?) {
        Ok(identity) => Some(Tls { place: files.certificate.place.clone(), identity }),
        Err(fault) => {
            let file = if fault.is_of_key() { &files.key } else { &files.certificate };
            let message = format!("{}: {fault}", file.value.display());
            desk.problems.push(Problem::error(message).at(&file.place));
            None
        }
    }
}

fn read(file: &Placed<PathBuf>, desk: &mut Desk<'_>) -> Option<Vec<u8>> {
    let bytes = read_bounded(&file.value, FILE_BYTES_MAX);
    let digest = digest::digest(&digest::SHA256, bytes.as_deref().unwrap_or_default());
    desk.read.push(Read { path: file.value.clone(), digest });
    let refuse = |why| {
        let message = format!("the file {} can't be read: {why}", file.value.display());
        desk.problems.push(Problem::error(message).at(&file.place));
    };
    bytes.map_err(refuse).ok()
}
