//! What is told of work that was dropped before its end.

use tracing::Span;

/// Work that goes on within a span. Dropped before its end, it notes so.
pub(crate) struct Unended<'a> {
    span: &'a Span,
    note_dropped: fn(&Span),
    is_under_way: bool,
}

impl<'a> Unended<'a> {
    pub(crate) fn new(span: &'a Span, note_dropped: fn(&Span)) -> Self {
        Self { span, note_dropped, is_under_way: true }
    }

    pub(crate) fn end(mut self) {
        self.is_under_way = false;
    }
}

impl Drop for Unended<'_> {
    fn drop(&mut self) {
        if self.is_under_way {
            (self.note_dropped)(self.span);
        }
    }
}
