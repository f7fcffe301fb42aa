//! Finds many values in one text: the text is put in order once, and each value is looked up.

use std::ops::Range;

/// Longest text that is gone through for each value, and most values for which it is: to put it in order would take longer.
const LONGEST_LISTED: usize = 512;
const MOST_LISTED: usize = 512;

/// Is a text in which values are looked up.
pub(super) enum Index {
    Listed(Listed),
    Ordered(Ordered),
}

impl Index {
    /// Prepares a text for so many values.
    pub(super) fn of(text: Vec<char>, values: usize) -> Self {
        if text.len() <= LONGEST_LISTED && values <= MOST_LISTED { Self::Listed(Listed::of(text)) } else { Self::Ordered(Ordered::of(text)) }
    }

    /// Looks a value up.
    pub(super) fn find(&mut self, value: &[char]) {
        match self {
            Self::Listed(text) => text.find(value),
            Self::Ordered(text) => text.find(value),
        }
    }

    /// Gives the places of the values found; of those that begin at one place, the longest.
    pub(super) fn places(self) -> Vec<Range<usize>> {
        match self {
            Self::Listed(text) => text.places(),
            Self::Ordered(text) => text.places(),
        }
    }
}

/// How many lists there are of places, by the two letters that stand there.
const LISTS: usize = 256;

/// Is a short text, with lists of the places where two letters stand.
pub(super) struct Listed {
    text: Vec<char>,
    /// Where each list begins, counted from 1; none at 0.
    heads: Vec<u16>,
    /// What comes after each place in its list.
    next: Vec<u16>,
    /// How long the longest value is that was found at each place; empty until one is.
    found: Vec<usize>,
}

impl Listed {
    fn of(text: Vec<char>) -> Self {
        let (mut heads, mut next) = (vec![0; LISTS], vec![0; text.len()]);
        for ((letters, after), number) in text.windows(2).zip(&mut next).zip(1..) {
            let [first, second] = letters else { continue };
            if let Some(head) = heads.get_mut(list(*first, *second)) {
                *after = std::mem::replace(head, number);
            }
        }
        Self { found: Vec::new(), text, heads, next }
    }

    fn find(&mut self, value: &[char]) {
        let [first, second, ..] = value else { return self.find_letter(value) };
        let mut place = self.heads.get(list(*first, *second)).copied().unwrap_or_default();
        while let Some(at) = usize::from(place).checked_sub(1) {
            if self.text.get(at..).unwrap_or_default().starts_with(value) {
                self.note(at, value.len());
            }
            place = self.next.get(at).copied().unwrap_or_default();
        }
    }

    /// Looks up a value of one letter, for which there is no list.
    fn find_letter(&mut self, value: &[char]) {
        for at in 0..self.text.len() {
            if self.text.get(at..=at) == Some(value) {
                self.note(at, 1);
            }
        }
    }

    fn note(&mut self, at: usize, length: usize) {
        self.found.resize(self.text.len(), 0);
        if let Some(found) = self.found.get_mut(at) {
            *found = length.max(*found);
        }
    }

    fn places(self) -> Vec<Range<usize>> {
        self.found.into_iter().enumerate().filter(|(_, length)| *length > 0).map(|(at, length)| at..at + length).collect()
    }
}

fn list(first: char, second: char) -> usize {
    (first as usize * 31 + second as usize) % LISTS
}

/// Is a text whose suffixes stand in order, with what was found in it. Time goes with the size of text and values (beside a logarithm of the
/// text's), whatever they hold; room goes with the text alone.
pub(super) struct Ordered {
    text: Vec<char>,
    /// Where the suffixes begin, in the order of what they say.
    suffixes: Vec<usize>,
    found: Vec<Found>,
}

/// Says which suffixes begin with a value: those of these ranks.
struct Found {
    from: usize,
    length: usize,
    to: usize,
}

/// Packs three numbers, which stand in the order of their first, second and third: below 2^21, as letters are, and lengths of the texts that are looked at. One
/// type that is put in order, and a quick one.
fn packed(first: usize, second: usize, third: usize) -> u64 {
    (first as u64) << 42 | (second as u64) << 21 | third as u64
}

fn third(packed: u64) -> usize {
    (packed & ((1 << 21) - 1)) as usize
}

impl Ordered {
    fn of(text: Vec<char>) -> Self {
        // From 1, since none is behind the end.
        let mut ranks: Vec<usize> = text.iter().map(|letter| 1 + *letter as usize).collect();
        let mut suffixes: Vec<u64> = Vec::with_capacity(text.len());
        // By the first letter, then by the first two, four, eight: each time two halves are in order already.
        let mut half = 0;
        loop {
            let rank = |at: usize| ranks.get(at).copied().unwrap_or_default();
            suffixes.clear();
            suffixes.extend((0..text.len()).map(|at| packed(rank(at), rank(at + half), at)));
            suffixes.sort_unstable();
            let (mut new, mut before) = (0, None);
            for suffix in &suffixes {
                let key = suffix >> 21;
                new += usize::from(before.replace(key) != Some(key));
                if let Some(rank) = ranks.get_mut(third(*suffix)) {
                    *rank = new;
                }
            }
            if new == text.len() {
                return Self { text, suffixes: suffixes.into_iter().map(third).collect(), found: Vec::new() };
            }
            half = usize::max(1, half * 2);
        }
    }

    fn find(&mut self, value: &[char]) {
        let suffix = |at: &usize| self.text.get(*at..).unwrap_or_default();
        let from = self.suffixes.partition_point(|at| suffix(at) < value);
        let to = from + self.suffixes.get(from..).unwrap_or_default().partition_point(|at| suffix(at).starts_with(value));
        if from < to {
            self.found.push(Found { from, length: value.len(), to });
        }
    }

    fn places(self) -> Vec<Range<usize>> {
        // Where two values begin alike, the suffixes of the longer are among those of the shorter.
        let mut order: Vec<u64> = self.found.iter().enumerate().map(|(number, found)| packed(found.from, found.length, number)).collect();
        order.sort_unstable();
        let mut begun = order.into_iter().filter_map(|packed| self.found.get(third(packed))).peekable();
        let (mut open, mut places) = (Vec::<&Found>::new(), Vec::new());
        for (rank, at) in self.suffixes.into_iter().enumerate() {
            while open.pop_if(|found| found.to <= rank).is_some() {}
            while let Some(found) = begun.next_if(|found| found.from == rank) {
                open.push(found);
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

        // `AA` and `B"` stand in one list.
        #[test]
        fn every_place_of_every_value_is_found(text in "[AB\"]{0,40}", values in proptest::collection::vec("[AB\"]{1,6}", 0..12)) {
            let longest = |at: usize| values.iter().filter(|value| text[at..].starts_with(value.as_str())).map(String::len).max();
            let expected: Vec<Range<usize>> = (0..text.len()).filter_map(|at| Some(at..at + longest(at)?)).collect();
            for mut index in [Index::Listed(Listed::of(letters(&text))), Index::Ordered(Ordered::of(letters(&text)))] {
                values.iter().for_each(|value| index.find(&letters(value)));
                let mut found = index.places();
                found.sort_unstable_by_key(|place| place.start);
                prop_assert_eq!(&found, &expected);
            }
        }
    }
}
