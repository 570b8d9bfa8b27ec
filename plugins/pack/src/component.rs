//! A core module with its component type inside becomes a component.
//!
//! What comes out is always valid and always exports something: a module that forgot to say what
//! it is would else become an empty component, which nobody notices until it is loaded.

use wit_component::ComponentEncoder;

/// Why a module is no component.
#[derive(Debug, thiserror::Error)]
pub enum ComponentFault {
    /// The module has no section with its component type, or one of a world without exports.
    #[error(
        "the module says nothing about its component type: \
         does the plugin call `hookswitch_sdk::export!`?"
    )]
    Untyped,
    /// The encoder's own words, outermost first.
    #[error("the module can't become a component: {0}")]
    Encode(String),
}

/// Encodes a core module as a component and validates the result.
pub fn component(module: &[u8]) -> Result<Vec<u8>, ComponentFault> {
    // Alternate form: anyhow's chain of causes on one line.
    let encode = |fault| ComponentFault::Encode(format!("{fault:#}"));
    let (_, bindgen) = wit_component::metadata::decode(module).map_err(encode)?;
    if bindgen.resolve.worlds[bindgen.world].exports.is_empty() {
        return Err(ComponentFault::Untyped);
    }
    let mut encoder = ComponentEncoder::default();
    encoder.validate(true).module(module).map_err(encode)?;
    encoder.encode().map_err(encode)
}

#[cfg(test)]
mod tests {
    use super::{ComponentFault, component};

    #[test]
    fn a_module_without_a_type_is_refused() {
        let empty_module = b"\0asm\x01\0\0\0";
        assert!(matches!(component(empty_module), Err(ComponentFault::Untyped)));
    }

    #[test]
    fn what_is_no_module_is_refused() {
        for bytes in
            [&b""[..], b"\0asm", b"\0asm\x0d\0\x01\0", b"#!/bin/sh", b"\0asm\x01\0\0\0\x01"]
        {
            assert!(component(bytes).is_err(), "{bytes:?} became a component");
        }
    }
}
