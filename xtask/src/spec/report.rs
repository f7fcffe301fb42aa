//! What the rewrites do to the documents.

use crate::{
    Done,
    drift::{self, Used},
};

/// Prints for each vendor, or for one, each rewrite with the places that it changes.
pub(crate) fn report(vendor: Option<&str>) -> Done<()> {
    for name in drift::names().into_iter().filter(|name| vendor.is_none_or(|wanted| wanted == *name)) {
        println!("{name}");
        for changes in Used::of(name)?.changes() {
            println!("  {}: {} changed, {} places differ", changes.name, changes.count, changes.places.len());
            changes.places.iter().for_each(|place| println!("    {place}"));
        }
    }
    Ok(())
}
