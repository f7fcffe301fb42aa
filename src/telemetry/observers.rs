//! The observers of one thing, and who of them is told of a call already.

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::Arc,
};

use super::Observer;

/// Holds who is told, each once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observers(Vec<Arc<dyn Observer>>);

thread_local! {
    /// Who is told of the call that this thread works at.
    static TOLD: RefCell<Vec<Arc<dyn Observer>>> = const { RefCell::new(Vec::new()) };
}

impl Observers {
    pub(crate) fn of(observer: Arc<dyn Observer>) -> Self {
        Self(vec![observer])
    }

    pub(crate) fn add(&mut self, observer: Arc<dyn Observer>) {
        if !self.has(&observer) {
            self.0.push(observer);
        }
    }

    pub(crate) fn add_all(&mut self, others: &Self) {
        others.0.iter().for_each(|other| self.add(Arc::clone(other)));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn has(&self, observer: &Arc<dyn Observer>) -> bool {
        self.0.iter().any(|known| Arc::ptr_eq(known, observer))
    }

    /// Tells each of them. One that panics takes nothing from the call, which may have sent a message.
    pub(crate) fn tell(&self, tell: impl Fn(&dyn Observer)) {
        for observer in &self.0 {
            if catch_unwind(AssertUnwindSafe(|| tell(&**observer))).is_err() {
                tracing::warn!("an observer panicked; what it was told of is as it would have been");
            }
        }
    }

    /// Gives those who are not told already of the call that this one is a part of.
    pub(crate) fn not_told_yet(&self) -> Self {
        TOLD.with_borrow(|told| Self(self.0.iter().filter(|observer| !told.iter().any(|known| Arc::ptr_eq(known, observer))).cloned().collect()))
    }

    /// Works at a call that they are told of, so that none is told of a part of it too.
    pub(crate) async fn within<T>(&self, mut work: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> T {
        poll_fn(|context| {
            let _entered = Entered::by(self);
            work.as_mut().poll(context)
        })
        .await
    }
}

/// A thread at work at a call, until it turns to another one.
struct Entered(usize);

impl Entered {
    fn by(observers: &Observers) -> Self {
        TOLD.with_borrow_mut(|told| {
            let before = told.len();
            told.extend(observers.0.iter().cloned());
            Self(before)
        })
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        TOLD.with_borrow_mut(|told| told.truncate(self.0));
    }
}
