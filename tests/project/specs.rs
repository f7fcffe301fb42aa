//! The vendors' documents: packed for the build as they are written.

use std::{fs, path::Path};

use serde_json::Value;

#[test]
fn each_document_is_packed_as_it_stands() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("specs");
    let mut documents = 0;
    for entry in fs::read_dir(folder).expect("specs/") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let read = |path: &Path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}: run cargo xtask spec pack", path.display()));
            let written: Value = serde_saphyr::from_str(&read(&path)).expect("YAML");
            let packed: Value = serde_json::from_str(&read(&path.with_extension("json"))).expect("JSON");
            assert!(written == packed, "{} was changed: run cargo xtask spec pack", path.display());
            documents += 1;
        }
    }
    assert!(documents >= 4, "{documents} documents");
}
