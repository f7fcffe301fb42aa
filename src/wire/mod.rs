//! What generated code stands on: enums that a new value does not break, unions told apart by a tag, the readers of structs, and of replies
//! whose members do not all fit.

mod open_enum;
mod parts;
mod place;
mod reply;
mod tagged_enum;
pub(crate) mod tolerant;

pub(crate) use open_enum::{is_word, open_enum};
pub(crate) use reply::{member, other_member, reply};
pub use tagged_enum::UnknownVariant;
pub(crate) use tagged_enum::{Members, Name, exact_union, from_content, held, tagged_enum};
