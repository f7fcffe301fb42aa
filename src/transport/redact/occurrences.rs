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
/// text's), whatever they hold; room goes with the text, and with how many values are found.
pub(super) struct Ordered {
    text: Vec<char>,
    /// Where the suffixes begin, in the order of what they say.
    suffixes: Vec<usize>,
    /// Which suffixes begin with a value: the rank of the first, the value's length, and the rank behind the last.
    found: Vec<u128>,
}

/// Of each number in a packed one: three of these fit.
const BITS: u32 = 42;

/// Packs three numbers into one that stands in the order of the first, then of the second, then of the third.
/// All that is put in order is of one type, so that sorting is compiled once.
fn packed(numbers: [usize; 3]) -> u128 {
    numbers.into_iter().fold(0, |packed, number| packed << BITS | number as u128)
}

fn unpacked(packed: u128) -> [usize; 3] {
    const MASK: u128 = (1 << BITS) - 1;
    [2, 1, 0].map(|place| (packed >> (place * BITS) & MASK) as usize)
}

impl Ordered {
    fn of(text: Vec<char>) -> Self {
        // From 1, since none is behind the end.
        let mut ranks: Vec<usize> = text.iter().map(|letter| 1 + *letter as usize).collect();
        let mut suffixes: Vec<u128> = Vec::with_capacity(text.len());
        // By the first letter, then by the first two, four, eight: each time two halves are in order already.
        let mut half = 0;
        loop {
            let rank = |at: usize| ranks.get(at).copied().unwrap_or_default();
            suffixes.clear();
            suffixes.extend((0..text.len()).map(|at| packed([rank(at), rank(at + half), at])));
            suffixes.sort_unstable();
            let (mut new, mut before) = (0, None);
            for [first, second, at] in suffixes.iter().copied().map(unpacked) {
                new += usize::from(before.replace((first, second)) != Some((first, second)));
                if let Some(rank) = ranks.get_mut(at) {
                    *rank = new;
                }
            }
            if new == text.len() {
                let suffixes = suffixes.into_iter().map(unpacked).map(|[_, _, at]| at).collect();
                return Self { text, suffixes, found: Vec::new() };
            }
            half = usize::max(1, half * 2);
        }
    }

    fn find(&mut self, value: &[char]) {
        let suffix = |at: &usize| self.text.get(*at..).unwrap_or_default();
        let from = self.suffixes.partition_point(|at| suffix(at) < value);
        let to = from + self.suffixes.get(from..).unwrap_or_default().partition_point(|at| suffix(at).starts_with(value));
        if from < to {
            self.found.push(packed([from, value.len(), to]));
        }
    }

    fn places(self) -> Vec<Range<usize>> {
        let Self { suffixes, mut found, .. } = self;
        found.sort_unstable();
        found.dedup();
        // Where two values begin alike, the suffixes of the longer are among those of the shorter.
        let (mut found, mut open, mut places) = (found.into_iter().map(unpacked).peekable(), Vec::new(), Vec::new());
        for (rank, at) in suffixes.into_iter().enumerate() {
            while open.pop_if(|(_, to)| *to <= rank).is_some() {}
            while let Some([_, length, to]) = found.next_if(|[from, ..]| *from == rank) {
                open.push((length, to));
            }
            places.extend(open.last().map(|(length, _)| at..at + length));
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

    #[test]
    fn a_value_that_is_looked_up_often_hides_no_other_one() {
        let mut index = Ordered::of(letters("no 1 at jane"));
        index.find(&letters("jane"));
        index.find(&letters("1"));
        // As if it had been looked up for each of the values of a large request.
        index.found.resize((1 << 21) + 2, index.found[1]);
        let mut places = index.places();
        places.sort_unstable_by_key(|place| place.start);
        assert_eq!(places, [3..4, 8..12]);
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
