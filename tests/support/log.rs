//! What a program logs.

use std::{
    io,
    sync::{Arc, Mutex, OnceLock},
};

use tracing::{Dispatch, Level, level_filters::LevelFilter};
use tracing_subscriber::fmt::{MakeWriter, Subscriber};

/// A log that tests read.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("the log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Log {
    /// Hears what is told from this level on.
    pub fn hears(&self, level: Level) -> Dispatch {
        // Beside one subscriber alone, an event that a thread without any reaches first is taken for one that nobody hears, for all threads.
        static SECOND: OnceLock<Dispatch> = OnceLock::new();
        SECOND.get_or_init(|| Subscriber::builder().with_max_level(LevelFilter::OFF).finish().into());
        Subscriber::builder().with_max_level(level).with_writer(self.clone()).with_ansi(false).finish().into()
    }

    /// What was logged since the last time.
    pub fn take(&self) -> String {
        let bytes = std::mem::take(&mut *self.0.lock().expect("the log"));
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
