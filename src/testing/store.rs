//! What a vendor double keeps by id, within bounds.

use std::collections::{HashMap, VecDeque};

/// Entries by id; the oldest go when there are too many.
#[derive(Debug)]
pub(super) struct Store<T> {
    entries: HashMap<String, T>,
    order: VecDeque<String>,
    most: usize,
}

impl<T> Store<T> {
    pub(super) fn of_at_most(most: usize) -> Self {
        Self { entries: HashMap::new(), order: VecDeque::new(), most }
    }

    pub(super) fn insert(&mut self, id: String, entry: T) {
        if self.entries.insert(id.clone(), entry).is_none() {
            self.order.push_back(id);
        }
        while self.entries.len() > self.most {
            match self.order.pop_front() {
                Some(oldest) => self.entries.remove(&oldest),
                None => return,
            };
        }
    }

    pub(super) fn get(&self, id: &str) -> Option<&T> {
        self.entries.get(id)
    }

    pub(super) fn get_mut(&mut self, id: &str) -> Option<&mut T> {
        self.entries.get_mut(id)
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<T> {
        let entry = self.entries.remove(id)?;
        self.order.retain(|known| known != id);
        Some(entry)
    }

    /// Gives all entries, the newest first.
    pub(super) fn newest_first(&self) -> impl Iterator<Item = (&String, &T)> {
        self.order.iter().rev().filter_map(|id| self.entries.get_key_value(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
