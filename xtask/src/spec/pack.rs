//! The documents as the build reads them.

use std::{fs, path::Path};

use crate::Done;

/// Writes each document in YAML as JSON beside it, and takes away the JSON of those that are gone.
pub(crate) fn pack(folder: &Path) -> Done<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("yaml") => {
                let text = fs::read_to_string(&path)?;
                let document: serde_json::Value = serde_saphyr::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
                fs::write(path.with_extension("json"), serde_json::to_string_pretty(&document)? + "\n")?;
            }
            Some("json") if !path.with_extension("yaml").exists() => fs::remove_file(&path)?,
            _ => {}
        }
    }
    Ok(())
}
