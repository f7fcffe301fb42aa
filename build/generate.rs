//! The generator's settings, and the run.

use std::{error::Error, iter};

use progenitor::{GenerationSettings, Generator, InterfaceStyle, TypePatch};
use serde_json::{Value, json};

use crate::{
    enums::{open_enums, pascal},
    operations, paths, replies,
    rewrites::{KEPT, PERSONAL, SECRET, reachable},
    vendors::Vendor,
};

/// Gives the source of a vendor's client.
pub(crate) fn client(vendor: &Vendor, spec: Value) -> Result<String, Box<dyn Error>> {
    let mut settings = GenerationSettings::new();
    // Positional: a request is borrowed, not cloned, on its way out.
    settings.with_interface(InterfaceStyle::Positional).with_inner_type(paths::ATTEMPT.parse()?);
    settings.with_map_type("::std::collections::BTreeMap");
    for (format, ours) in [(SECRET, paths::SECRET), (PERSONAL, paths::PERSONAL), (KEPT, paths::KEPT)] {
        let schema = serde_json::from_value(json!({ "type": "string", "format": format }))?;
        settings.with_conversion(schema, ours, iter::empty());
    }

    let enums: Vec<String> = open_enums(&spec).into_iter().map(|(name, _)| pascal(name)).collect();
    let unions = vendor.unions.iter().map(|union| union.name.to_owned());
    let replaced: Vec<String> = enums.into_iter().chain(unions).collect();
    for name in &replaced {
        let ours = format!("{}::{name}", paths::types(vendor.name));
        settings.with_replacement(name, ours, [progenitor::TypeImpl::Display].into_iter());
    }
    // Replies grow members; requests stay constructible.
    let mut reply = TypePatch::default();
    reply.with_attr("#[non_exhaustive]");
    let of_replies: Vec<String> = reachable(&spec, vendor.replies).iter().map(|name| pascal(name)).filter(|name| !replaced.contains(name)).collect();
    for name in &of_replies {
        settings.with_patch(name, &reply);
    }

    let spec = serde_json::from_value(spec)?;
    let tokens = Generator::new(&settings).generate_tokens(&spec)?;
    let mut file = syn::parse2(tokens)?;
    operations::rewrite(&mut file)?;
    replies::rewrite(&mut file, &of_replies)?;
    Ok(prettyplease::unparse(&file))
}
