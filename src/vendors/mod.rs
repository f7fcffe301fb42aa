//! The vendors, a folder each, and the one list of them.
//!
//! Every folder has the same files: `config.rs` (what an instance needs), `client.rs` (the vendor's operations, typed), `convert.rs`
//! (neutral to vendor and back, without I/O) and `mod.rs` (the vendor's types, its entry, and [`ChallengeProvider`]). What several of
//! them need stands beside the folders.

mod entry;
#[cfg(vendor)]
#[cfg_attr(not(every_vendor), allow(dead_code, reason = "a vendor that is compiled out needs it"))]
mod field_names;
#[cfg(vendor)]
mod instance;
#[cfg_attr(not(every_vendor), allow(dead_code, reason = "a vendor that is compiled out needs it"))]
mod section;
#[cfg(vendor)]
#[cfg_attr(not(every_vendor), allow(dead_code, reason = "a vendor that is compiled out needs it"))]
mod shared;

pub mod authsignal;
pub mod corbado;
pub mod dfns;
pub mod twilio;

pub(crate) use entry::Constructor;
pub use entry::Vendor;
pub(crate) use section::{Section, Surroundings, nearest};

use crate::model::ProviderId;

/// Lists the vendors: name, folder, and the constant of [`ProviderId`].
macro_rules! list {
    ($($name:literal $folder:ident $id:ident;)+) => {
        static ALL: [Vendor; [$($name),+].len()] = [$(Vendor::listed(
            $name,
            #[cfg(feature = $name)]
            Some(&$folder::ENTRY),
            #[cfg(not(feature = $name))]
            None,
        )),+];

        impl ProviderId {
            $(
                #[doc = concat!("Names the vendor `", $name, "`.")]
                pub const $id: Self = Self::fixed($name);
            )+
        }
    };
}

list! {
    "corbado" corbado CORBADO;
    "authsignal" authsignal AUTHSIGNAL;
    "dfns" dfns DFNS;
    "twilio" twilio TWILIO;
}
