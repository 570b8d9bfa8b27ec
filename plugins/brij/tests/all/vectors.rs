//! The recorded vectors, whose tokens were made by another library in another language.

use hookswitch_brij::Brij;
use hookswitch_sdk::native::run_vectors;

#[test]
fn every_vector_holds() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors");
    let ran = run_vectors::<Brij>(folder);
    assert!(ran > 90, "only {ran} vectors ran");
}
