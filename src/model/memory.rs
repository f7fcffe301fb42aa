//! What providers remember between calls.

use std::{any::Any, fmt, sync::Arc};

use crate::model::{ById, ProviderId};

/// Holds what a provider, and those that it is made of, remember between calls, for the provider that takes its place: the counts of guards.
///
/// It is shared, not copied: calls that are still under way at the old provider are counted too.
#[derive(Clone, Default)]
pub struct Memory {
    /// What wrappers remember, each by what it is called, the outermost last.
    layers: Vec<(&'static str, Option<Arc<dyn Any + Send + Sync>>)>,
    /// What providers within remember, each under its id.
    parts: ById<Self>,
}

impl Memory {
    /// Remembers nothing.
    pub fn new() -> Self {
        Self::default()
    }

    pub(crate) fn of_parts(parts: impl IntoIterator<Item = (ProviderId, Self)>) -> Self {
        Self { layers: Vec::new(), parts: parts.into_iter().collect() }
    }

    /// Gives the memory of the provider of this id within.
    pub(crate) fn part(&self, id: &ProviderId) -> Self {
        self.parts.get(id).cloned().unwrap_or_default()
    }

    /// Puts what a wrapper of this name remembers around this.
    pub(crate) fn within(mut self, wrapper: &'static str, layer: Option<Arc<dyn Any + Send + Sync>>) -> Self {
        // One that remembers nothing has its place, so that none takes what another one of its name remembers.
        self.layers.push((wrapper, layer));
        self
    }

    /// Gives what the outermost wrapper of this name remembered, and the rest: other wrappers may have come or gone since.
    pub(crate) fn unwrapped(mut self, wrapper: &'static str) -> (Option<Arc<dyn Any + Send + Sync>>, Self) {
        let place = self.layers.iter().rposition(|(name, _)| *name == wrapper);
        (place.and_then(|place| self.layers.remove(place).1), self)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").finish_non_exhaustive()
    }
}
