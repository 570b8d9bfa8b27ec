//! From a file's bytes to a component: what is already one passes, a core module that follows the
//! canonical ABI is wrapped. Nothing is compiled or run here.

use anyhow::Context as _;
use wasm_encoder::{Module, RawSection};
use wasmparser::{Parser, Payload};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

use super::abi;
use super::load::LoadFault;

/// What the bytes are, by the eight that every wasm file begins with.
enum Form {
    Component,
    CoreModule,
}

fn form(bytes: &[u8]) -> Result<Form, LoadFault> {
    match bytes.first_chunk::<8>() {
        Some([0, b'a', b's', b'm', 1, 0, 0, 0]) => Ok(Form::CoreModule),
        Some([0, b'a', b's', b'm', _, 0, 1, 0]) => Ok(Form::Component),
        _ => Err(LoadFault::NotWasm),
    }
}

/// Are they a core module, which has to be wrapped?
pub(super) fn is_core_module(bytes: &[u8]) -> bool {
    matches!(form(bytes), Ok(Form::CoreModule))
}

/// The component that these bytes are, or that they become.
pub(super) fn from_bytes(bytes: &[u8]) -> Result<Vec<u8>, LoadFault> {
    match form(bytes)? {
        Form::Component => Ok(bytes.to_vec()),
        Form::CoreModule => {
            let broken = |error: anyhow::Error| LoadFault::NotAComponent(format!("{error:#}"));
            let names = exported(bytes).map_err(broken)?;
            // The world that is looked for has none of another version's names, so the wrapper
            // would only say that something is missing.
            for name in &names {
                abi::check_version(name)?;
            }
            wrap(bytes, &names).map_err(broken)
        }
    }
}

fn wrap(core: &[u8], names: &[String]) -> anyhow::Result<Vec<u8>> {
    let mut module = bare(core)?;
    describe(&mut module, names)?;
    ComponentEncoder::default().validate(true).module(&module)?.encode()
}

/// The module without what its toolchain wrote of its world: that says nothing that its names
/// don't, and reading one that was made to harm can overflow the stack of whoever reads it.
fn bare(core: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut module = Module::new();
    for payload in Parser::new(0).parse_all(core) {
        let payload = payload?;
        if let Payload::CustomSection(custom) = &payload
            && custom.name().starts_with("component-type")
        {
            continue;
        }
        if let Some((id, range)) = payload.as_section() {
            let range = usize::try_from(range.start)?..usize::try_from(range.end)?;
            let data = core.get(range).context("a section ends behind the module")?;
            module.section(&RawSection { id, data });
        }
    }
    Ok(module.finish())
}

/// Adds a description to the module: a world that imports all there is and exports the interfaces
/// that the module's export names speak of.
fn describe(module: &mut Vec<u8>, names: &[String]) -> anyhow::Result<()> {
    let mut resolve = Resolve::default();
    let own = [("plugin.wit", abi::WIT), ("taking.wit", abi::TAKING)];
    for (name, text) in abi::WASI.into_iter().chain(own) {
        resolve.push_str(name, text)?;
    }
    let package = resolve.push_str("world.wit", &world_of(names))?;
    let world = resolve.select_world(&[package], Some("described"))?;
    embed_component_metadata(module, &resolve, world, StringEncoding::UTF8)
}

fn world_of(names: &[String]) -> String {
    const IMPORTS: [&str; 7] = ["settings", "crypto", "signing", "secrets", "state", "text", "log"];
    const EXPORTS: [&str; 6] =
        ["protocol", "confirming", "simulating", "explaining", "registering", "answering"];
    // Whatever these use comes with them; what the module doesn't import is left out.
    const WASI: [&str; 2] = ["wasi:http/outgoing-handler@0.2.12", "wasi:io/streams@0.2.12"];
    let version = abi::VERSIONS[0];
    let interface = |name: &str| format!("{}{name}@{version}", abi::PACKAGE);
    let mut world = String::from("package hookswitch:described;\nworld described {\n");
    for full in IMPORTS.map(interface).into_iter().chain(WASI.map(str::to_owned)) {
        world.push_str(&format!("import {full};\n"));
    }
    let whole = abi::WHOLE.to_owned();
    let exports: Vec<String> = EXPORTS.into_iter().map(interface).chain([whole]).collect();
    let there = |full: &&String| names.iter().any(|name| name.starts_with(&format!("{full}#")));
    for full in exports.iter().filter(there) {
        world.push_str(&format!("export {full};\n"));
    }
    world.push('}');
    world
}

fn exported(module: &[u8]) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::ExportSection(section) = payload? {
            for export in section {
                names.push(export?.name.to_owned());
            }
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A description that was changed in one byte overflows the stack of whoever reads it.
    #[test]
    fn what_a_module_says_of_itself_is_not_read() {
        let guest = include_str!("../../tests/guests/telling-adapter.wat");
        let module = wat::parse_str(guest.replace("VERSION", "200")).expect("a module");
        let plain = from_bytes(&module).expect("a component");
        let mut described = bare(&module).expect("its sections");
        let own = described.len();
        describe(&mut described, &exported(&module).expect("its exports")).expect("a world");
        let name = b"hookswitch:plugin";
        let named = described.windows(name.len()).enumerate().skip(own);
        let places: Vec<usize> =
            named.filter(|(_, window)| window == name).map(|(at, _)| at).collect();
        assert!(places.len() > 1, "{places:?}");
        for at in places {
            let mut changed = described.clone();
            changed[at] = b'e';
            assert!(from_bytes(&changed).expect("a component") == plain, "{at}");
        }
    }
}
