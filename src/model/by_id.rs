//! What belongs to a few providers each.

use crate::model::ProviderId;

/// Holds a value for each of some providers, in the order of their names: a list, since they are few.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ById<V>(Vec<(ProviderId, V)>);

// Whatever the value is: one without a default has a place here too.
impl<V> Default for ById<V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<V> ById<V> {
    pub(crate) fn get(&self, id: &ProviderId) -> Option<&V> {
        self.0.get(self.place(id)?).map(|(_, value)| value)
    }

    pub(crate) fn get_mut(&mut self, id: &ProviderId) -> Option<&mut V> {
        let place = self.place(id)?;
        self.0.get_mut(place).map(|(_, value)| value)
    }

    /// Puts a value in, and gives the one that was there.
    pub(crate) fn insert(&mut self, id: ProviderId, value: V) -> Option<V> {
        if let Some(old) = self.get_mut(&id) {
            return Some(std::mem::replace(old, value));
        }
        self.0.insert(self.0.partition_point(|(other, _)| *other < id), (id, value));
        None
    }

    pub(crate) fn remove(&mut self, id: &ProviderId) -> Option<V> {
        self.place(id).map(|place| self.0.remove(place).1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&ProviderId, &V)> {
        self.0.iter().map(|(id, value)| (id, value))
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &ProviderId> {
        self.0.iter().map(|(id, _)| id)
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    fn place(&self, id: &ProviderId) -> Option<usize> {
        self.0.iter().position(|(other, _)| other == id)
    }
}

impl<V> FromIterator<(ProviderId, V)> for ById<V> {
    fn from_iter<I: IntoIterator<Item = (ProviderId, V)>>(all: I) -> Self {
        let mut by_id = Self::default();
        for (id, value) in all {
            by_id.insert(id, value);
        }
        by_id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_provider_has_one_value_and_all_stand_in_the_order_of_their_names() {
        let mut by_id: ById<u8> = [("b", 1), ("a", 2), ("c", 3), ("b", 4)].into_iter().map(|(name, value)| (ProviderId::new(name), value)).collect();
        assert_eq!(by_id.iter().map(|(id, value)| (id.as_str(), *value)).collect::<Vec<_>>(), [("a", 2), ("b", 4), ("c", 3)]);
        let b = ProviderId::new("b");
        *by_id.get_mut(&b).expect("a value") += 1;
        assert_eq!((by_id.get(&b), by_id.get(&ProviderId::new("d"))), (Some(&5), None));
        assert_eq!([by_id.insert(b.clone(), 6), by_id.remove(&b), by_id.remove(&b)], [Some(5), Some(6), None]);
        assert_eq!((by_id.ids().count(), by_id.values().sum::<u8>()), (2, 5));
    }
}
