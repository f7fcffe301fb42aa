//! What is told of work that was dropped before its end.

/// Calls a function where it is dropped before its [`end`](Self::end).
pub(crate) struct Unended<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Unended<F> {
    pub(crate) fn new(tell_dropped: F) -> Self {
        Self(Some(tell_dropped))
    }

    pub(crate) fn end(mut self) {
        self.0 = None;
    }
}

impl<F: FnOnce()> Drop for Unended<F> {
    fn drop(&mut self) {
        if let Some(tell_dropped) = self.0.take() {
            tell_dropped();
        }
    }
}
