//! What generated code stands on: enums that a new value does not break, unions told apart by a tag, and the reader of replies
//! whose members do not all fit.

mod open_enum;
mod placed;
mod tagged_enum;
pub(crate) mod tolerant;

pub(crate) use open_enum::{is_word, open_enum};
pub(crate) use placed::read_members;
pub use tagged_enum::UnknownVariant;
pub(crate) use tagged_enum::{Members, Name, exact_content, held, tagged_enum};
