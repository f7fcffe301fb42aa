//! What a vendor double keeps by id, within bounds.

use std::collections::{HashMap, VecDeque};

use serde::{Deserialize as _, Serialize, Serializer, de::DeserializeOwned};
use serde_json::Value;

use super::weight::{Scales, Weigh};

/// What the entries of a store weigh at most, in bytes.
const BUDGET: usize = 8 << 20;

/// Entries by id; the oldest go when they are too many or too heavy. What is changed later must not grow.
#[derive(Debug)]
pub(super) struct Store<T> {
    entries: HashMap<String, T>,
    order: VecDeque<String>,
    most: usize,
    scales: Scales,
}

impl<T: Weigh> Store<T> {
    pub(super) fn of_at_most(most: usize) -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new(), most, scales: Scales::of_at_most(BUDGET) }
    }

    pub(super) fn insert(&mut self, id: String, entry: T) {
        self.remove(&id);
        self.scales.put(weight_at(&id, &entry));
        self.order.push_back(id.clone());
        self.entries.insert(id, entry);
        while self.entries.len() > self.most || self.scales.are_overloaded() {
            let Some(oldest) = self.order.pop_front() else { return };
            self.take(&oldest);
        }
    }

    pub(super) fn get(&self, id: &str) -> Option<&T> {
        self.entries.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.entries.get_mut(id)
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<T> {
        let entry = self.take(id)?;
        self.order.retain(|known| known != id);
        Some(entry)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::of_at_most(self.most);
    }

    fn take(&mut self, id: &str) -> Option<T> {
        let entry = self.entries.remove(id)?;
        self.scales.take(weight_at(id, &entry));
        Some(entry)
    }

    /// Gives all entries, the oldest first.
    pub(super) fn oldest_first(&self) -> impl Iterator<Item = (&String, &T)> {
        self.order.iter().filter_map(|id| self.entries.get_key_value(id))
    }

    /// Gives all entries, the newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = (&String, &T)> {
        self.order.iter().rev().filter_map(|id| self.entries.get_key_value(id))
    }
}

/// Written as pairs of id and entry, the oldest first.
impl<T: Weigh + Serialize> Serialize for Store<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.oldest_first())
    }
}

impl<T: Weigh + DeserializeOwned> Store<T> {
    /// Takes what was written, instead of all that there is.
    pub(super) fn restore(&mut self, written: &Value) -> serde_json::Result<()> {
        let entries = Vec::<(String, T)>::deserialize(written)?;
        self.clear();
        entries.into_iter().for_each(|(id, entry)| self.insert(id, entry));
        Ok(())
    }
}

/// The id is there twice.
fn weight_at(id: &str, entry: &impl Weigh) -> usize {
    entry.weight() + 2 * id.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Weigh for &str {
        fn weight(&self) -> usize {
            self.len()
        }
    }

    #[test]
    fn the_oldest_entries_go_when_they_are_too_heavy() {
        let heavy = "x".repeat(1 << 20);
        let mut store = Store::of_at_most(1_000);
        for number in 0..100 {
            store.insert(number.to_string(), heavy.as_str());
        }
        assert_eq!(store.newest_first().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["99", "98", "97", "96", "95", "94", "93"]);
        for number in 0..100 {
            store.remove(&number.to_string());
        }
        store.insert("light".into(), "x");
        assert!(store.get("light").is_some(), "what is gone has no weight");
        let long = "x".repeat(BUDGET);
        store.insert(long.clone(), "x");
        assert!(store.get(&long).is_none(), "an id has a weight too");
    }

    #[test]
    fn what_was_written_is_restored_in_its_order() {
        let mut store = Store::of_at_most(3);
        for id in ["b", "a", "c", "d"] {
            store.insert(id.to_owned(), 7);
        }
        let written = serde_json::to_value(&store).expect("JSON");
        let mut other = Store::of_at_most(3);
        other.insert("x".to_owned(), 1);
        other.restore(&written).expect("what was written");
        assert_eq!(other.oldest_first().map(|(id, entry)| (id.as_str(), *entry)).collect::<Vec<_>>(), [("a", 7), ("c", 7), ("d", 7)]);
        other.restore(&Value::Null).expect_err("no entries");
        assert!(other.get("a").is_some(), "what cannot be read changes nothing");
    }

    impl Weigh for i32 {
        fn weight(&self) -> usize {
            0
        }
    }

    #[test]
    fn the_oldest_entry_goes_when_there_are_too_many() {
        let mut store = Store::of_at_most(2);
        for id in ["a", "b", "b", "c"] {
            store.insert(id.to_owned(), id);
        }
        assert_eq!(store.newest_first().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["c", "b"]);
        assert_eq!(store.remove("b"), Some("b"));
        assert!(store.get("a").is_none() && store.get("b").is_none() && store.get_mut("c").is_some());
    }
}
