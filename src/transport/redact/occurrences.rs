//! Finds many values in one text: the text is put in order once, and each value is looked up.

use std::ops::Range;

/// Is a text whose suffixes stand in order, with what was found in it. Time goes with the size of text and values (beside a logarithm of the
/// text's), whatever they hold; room goes with the text alone.
pub(super) struct Index {
    text: Vec<char>,
    /// Where the suffixes begin, in the order of what they say.
    suffixes: Vec<usize>,
    found: Vec<Found>,
}

/// Says which suffixes begin with a value: those of these ranks.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    from: usize,
    length: usize,
    to: usize,
}

impl Index {
    pub(super) fn of(text: Vec<char>) -> Self {
        let mut ranks: Vec<u32> = text.iter().map(|letter| u32::from(*letter)).collect();
        let mut suffixes: Vec<usize> = (0..text.len()).collect();
        // By the first letter, then by the first two, four, eight: each time two halves are in order already.
        let mut half = 0;
        loop {
            let key = |suffix: &usize| (ranks.get(*suffix).copied(), ranks.get(*suffix + half).copied());
            suffixes.sort_unstable_by_key(key);
            let mut places: Vec<(usize, u32)> = Vec::with_capacity(suffixes.len());
            for suffix in &suffixes {
                let rank = match places.last() {
                    Some((before, rank)) => rank + u32::from(key(before) != key(suffix)),
                    None => 0,
                };
                places.push((*suffix, rank));
            }
            let is_settled = places.last().is_none_or(|(_, rank)| *rank as usize + 1 == places.len());
            if is_settled {
                return Self { text, suffixes, found: Vec::new() };
            }
            for (suffix, new) in places {
                if let Some(rank) = ranks.get_mut(suffix) {
                    *rank = new;
                }
            }
            half = usize::max(1, half * 2);
        }
    }

    /// Looks a value up.
    pub(super) fn find(&mut self, value: &[char]) {
        let suffix = |at: &usize| self.text.get(*at..).unwrap_or_default();
        let from = self.suffixes.partition_point(|at| suffix(at) < value);
        let to = from + self.suffixes.get(from..).unwrap_or_default().partition_point(|at| suffix(at).starts_with(value));
        if from < to {
            self.found.push(Found { from, length: value.len(), to });
        }
    }

    /// Gives the places of the values found; of those that begin at one place, the longest.
    pub(super) fn places(self) -> Vec<Range<usize>> {
        let Self { suffixes, mut found, .. } = self;
        found.sort_unstable();
        found.dedup();
        // Where two values begin alike, the suffixes of the longer are among those of the shorter.
        let (mut found, mut open, mut places) = (found.into_iter().peekable(), Vec::<Found>::new(), Vec::new());
        for (rank, at) in suffixes.into_iter().enumerate() {
            while open.pop_if(|found| found.to <= rank).is_some() {}
            while let Some(begun) = found.next_if(|found| found.from == rank) {
                open.push(begun);
            }
            places.extend(open.last().map(|found| at..at + found.length));
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn letters(text: &str) -> Vec<char> {
        text.chars().collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn every_place_of_every_value_is_found(text in "[ab]{0,40}", values in proptest::collection::vec("[ab]{1,6}", 0..12)) {
            let mut index = Index::of(letters(&text));
            values.iter().for_each(|value| index.find(&letters(value)));
            let mut found = index.places();
            found.sort_unstable_by_key(|place| place.start);
            let longest = |at: usize| values.iter().filter(|value| text[at..].starts_with(value.as_str())).map(String::len).max();
            let expected: Vec<Range<usize>> = (0..text.len()).filter_map(|at| Some(at..at + longest(at)?)).collect();
            prop_assert_eq!(found, expected);
        }
    }
}
