//! The names that a vendor has for the neutral fields.

use crate::model::Field;

/// Pairs neutral fields with a vendor's names of them. A path in a name is parted by dots.
pub(super) struct FieldNames(pub(super) &'static [(Field, &'static str)]);

impl FieldNames {
    /// Gives the vendor's name of a field.
    pub(super) fn vendors(&self, field: Field) -> Option<&'static str> {
        self.0.iter().find(|(known, _)| *known == field).map(|(_, name)| *name)
    }

    /// Gives the field of a vendor's name; the vendor may leave the path to it out.
    pub(super) fn neutral(&self, name: &str) -> Option<Field> {
        let last = |known: &'static str| known.rsplit('.').next();
        self.0.iter().find(|(_, known)| *known == name || last(known) == Some(name)).map(|(field, _)| *field)
    }
}
