//! From a file's bytes to a component: what is already one passes, a core module that follows the
//! canonical ABI is wrapped. Nothing is compiled or run here.

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
    let described = wit_component::metadata::decode(core)?.0.is_some();
    let mut module = core.to_vec();
    if !described {
        describe(&mut module, names)?;
    }
    ComponentEncoder::default().validate(true).module(&module)?.encode()
}

/// Adds a description to a module that has none: a world that imports all there is and exports the
/// interfaces that the module's export names speak of.
fn describe(module: &mut Vec<u8>, names: &[String]) -> anyhow::Result<()> {
    let mut resolve = Resolve::default();
    for (name, text) in abi::WASI.into_iter().chain([("plugin.wit", abi::WIT)]) {
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
    let exports: Vec<String> = EXPORTS.into_iter().map(interface).collect();
    let there = |full: &&String| names.iter().any(|name| name.starts_with(&format!("{full}#")));
    for full in exports.iter().filter(there) {
        world.push_str(&format!("export {full};\n"));
    }
    world.push('}');
    world
}

fn exported(module: &[u8]) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for payload in wasmparser::Parser::new(0).parse_all(module) {
        if let wasmparser::Payload::ExportSection(section) = payload? {
            for export in section {
                names.push(export?.name.to_owned());
            }
        }
    }
    Ok(names)
}
