//! What doubles keep is weighed, so that no input can fill the memory.

use http::HeaderMap;

/// Something that is kept.
pub(super) trait Weigh {
    /// Tells how many bytes it takes, itself and what it points to; rather too many than too few.
    fn weight(&self) -> usize;
}

/// What an entry takes beside the texts in it: the places for it in the collections, and what the allocator adds.
pub(super) const ENTRY: usize = 256;

/// Weighs an entry by its texts.
pub(super) fn of_texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> usize {
    texts.into_iter().fold(ENTRY, |sum, text| sum + text.len())
}

/// Weighs a request.
pub(super) fn of_request(target: &str, headers: &HeaderMap, body: &[u8]) -> usize {
    let headers: usize = headers.iter().map(|(name, value)| ENTRY + name.as_str().len() + value.len()).sum();
    ENTRY + target.len() + headers + body.len()
}

/// The weight of what is kept, and how much may be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Scales {
    weight: usize,
    most: usize,
}

impl Scales {
    pub(super) fn of_at_most(bytes: usize) -> Self {
        Self { weight: 0, most: bytes }
    }

    pub(super) fn put(&mut self, weight: usize) {
        self.weight = self.weight.saturating_add(weight);
    }

    pub(super) fn take(&mut self, weight: usize) {
        self.weight = self.weight.saturating_sub(weight);
    }

    pub(super) fn are_overloaded(&self) -> bool {
        self.weight > self.most
    }
}
