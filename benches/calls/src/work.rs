//! Makes calls, so many and so many at a time.

use std::{
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

use figures::{Level, Outcome};
use tokio::{runtime::Runtime, task::LocalSet};

use crate::{
    callers::{self, Call, Visit},
    vendors::Vendor,
};

/// Which call is made.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub vendor: &'static Vendor,
    pub outcome: Outcome,
    pub level: Level,
}

impl Case {
    /// Prepares the call: the client is made, and has a connection.
    pub fn prepared(self, port: u16) -> Prepared {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut work = None;
        let url = format!("http://127.0.0.1:{port}/{}/{}", self.outcome.name(), self.vendor.name);
        // Some clients start timers as they are made.
        let _within = runtime.enter();
        callers::with(self.vendor.name, self.level, &url, Boxed { expected: self.outcome == Outcome::Success, work: &mut work });
        drop(_within);
        let prepared = Prepared { runtime, work: work.expect("a call") };
        prepared.make(20, 1);
        prepared
    }
}

/// A call that can be made at once, any number of times.
pub struct Prepared {
    runtime: Runtime,
    work: Box<dyn Work>,
}

impl Prepared {
    /// Makes so many calls, so many of them at a time; gives how long each took.
    pub fn make(&self, calls: usize, in_flight: usize) -> Vec<Duration> {
        self.work.make(&self.runtime, calls, in_flight)
    }

    /// Makes so many calls, one after the other, and measures none.
    pub fn just_make(&self, calls: usize) {
        self.work.just_make(&self.runtime, calls);
    }
}

/// Erases the type of a call, but around all of them: one call is what the compiler made of it.
trait Work {
    fn make(&self, runtime: &Runtime, calls: usize, in_flight: usize) -> Vec<Duration>;
    fn just_make(&self, runtime: &Runtime, calls: usize);
}

struct Boxed<'a> {
    expected: bool,
    work: &'a mut Option<Box<dyn Work>>,
}

impl Visit for Boxed<'_> {
    fn visit<C: Call>(self, call: C) {
        *self.work = Some(Box::new(Calls { call: Rc::new(call), expected: self.expected }));
    }
}

struct Calls<C> {
    call: Rc<C>,
    expected: bool,
}

impl<C: Call> Work for Calls<C> {
    fn make(&self, runtime: &Runtime, calls: usize, in_flight: usize) -> Vec<Duration> {
        let left = Rc::new(Cell::new(calls));
        let workers = (0..in_flight).map(|_| {
            let (call, left, expected) = (Rc::clone(&self.call), Rc::clone(&left), self.expected);
            async move {
                let mut took = Vec::with_capacity(calls / in_flight + 1);
                while let Some(rest) = left.get().checked_sub(1) {
                    left.set(rest);
                    let begun = Instant::now();
                    assert_eq!(call.call().await, expected, "the vendor's reply is another one");
                    took.push(begun.elapsed());
                }
                took
            }
        });
        let tasks = LocalSet::new();
        tasks.block_on(runtime, async {
            let workers: Vec<_> = workers.map(tokio::task::spawn_local).collect();
            let mut took = Vec::with_capacity(calls);
            for worker in workers {
                took.extend(worker.await.expect("the calls"));
            }
            took
        })
    }

    fn just_make(&self, runtime: &Runtime, calls: usize) {
        runtime.block_on(async {
            for _ in 0..calls {
                assert_eq!(self.call.call().await, self.expected, "the vendor's reply is another one");
            }
        });
    }
}
