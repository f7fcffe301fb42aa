//! The tests' fixtures include what the crate's build leaves to its tests: the vendors' documents, and the members that are masked, which no target
//! looks at, so there are none here.

use std::{env, error::Error, fs, path::Path};

const FIXTURES: &str = "../tests/support/vendors";
const DOCUMENTS: &str = "../specs";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={FIXTURES}");
    println!("cargo::rerun-if-changed={DOCUMENTS}");
    let out = env::var("OUT_DIR")?;
    for file in fs::read_dir(FIXTURES)? {
        let vendor = file?.path().with_extension("");
        let vendor = vendor.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let document = fs::read_to_string(Path::new(DOCUMENTS).join(format!("{vendor}.yaml"))).unwrap_or_else(|_| "{}".into());
        let document: serde_json::Value = serde_saphyr::from_str(&document)?;
        fs::write(Path::new(&out).join(format!("{vendor}.spec.json")), document.to_string())?;
        fs::write(Path::new(&out).join(format!("{vendor}_sensitive.rs")), "&[]")?;
    }
    Ok(())
}
