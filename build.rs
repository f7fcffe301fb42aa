//! Generates the vendors' clients from `specs/` into `OUT_DIR`.
//!
//! For each vendor whose feature is on: read the document, packed as JSON, apply the rewrites that the generator needs
//! (`build/`), generate, write. No network, no writes outside `OUT_DIR`.

#[path = "build/enums.rs"]
mod enums;
#[path = "build/generate.rs"]
mod generate;
#[path = "build/operations.rs"]
mod operations;
#[path = "build/paths.rs"]
mod paths;
#[path = "build/replies.rs"]
mod replies;
#[path = "build/rewrites.rs"]
mod rewrites;
#[path = "build/routes.rs"]
mod routes;
#[path = "build/vendors/mod.rs"]
mod vendors;

use std::{env, error::Error, fs, path::PathBuf};

fn main() -> Result<(), Box<dyn Error>> {
    // Cargo knows itself what this program is made of; not all of `build` is a part of it.
    println!("cargo::rerun-if-changed=build.rs");
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(env::var("OUT_DIR")?);

    let mut compiled = Vec::new();
    for vendor in vendors::ALL {
        let path = root.join("specs").join(format!("{}.json", vendor.name));
        println!("cargo::rerun-if-changed={}", path.display());
        if env::var_os(format!("CARGO_FEATURE_{}", vendor.name.to_uppercase())).is_none() {
            continue;
        }
        compiled.push(vendor.name);
        let text = fs::read(&path).map_err(|error| format!("specs/{}.json, which `cargo xtask spec pack` makes: {error}", vendor.name))?;
        let spec: serde_json::Value = serde_json::from_slice(&text)?;
        fs::write(out.join(format!("{}_sensitive.rs", vendor.name)), format!("&{:?}", vendor.sensitive()))?;

        let rewritten = vendor.rewrite(spec).map_err(|stale| format!("specs/{}.yaml: {stale}", vendor.name))?;
        fs::write(out.join(format!("{}_enums.rs", vendor.name)), enums::render(vendor, &rewritten)?)?;
        fs::write(out.join(format!("{}_routes.rs", vendor.name)), routes::render(&rewritten)?)?;
        fs::write(out.join(format!("{}.rs", vendor.name)), generate::client(vendor, rewritten)?)?;
    }
    // What only vendors need of the crate is compiled where there is one.
    println!("cargo::rustc-check-cfg=cfg(vendor)");
    if !compiled.is_empty() {
        println!("cargo::rustc-cfg=vendor");
    }
    // And which of the vendors' tools are idle is looked at where all of them are.
    println!("cargo::rustc-check-cfg=cfg(every_vendor)");
    if compiled.len() == vendors::ALL.len() {
        println!("cargo::rustc-cfg=every_vendor");
    }
    // The tests read from it whose files there are.
    fs::write(out.join("compiled.rs"), format!("&{compiled:?}"))?;
    Ok(())
}
