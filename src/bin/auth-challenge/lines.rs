//! Lines on standard output, written by a thread of their own: a reader that does not read holds up nobody.

use std::{
    io::{self, Write as _},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use serde_json::{Value, json};
use tokio::sync::oneshot;

/// How many bytes of lines wait to be read; later ones are lost, and counted.
const MOST_WAITING: usize = 4 << 20;

/// Prints lines in order, without waiting for the reader.
#[derive(Clone)]
pub(crate) struct Lines {
    queue: mpsc::Sender<String>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    waiting: AtomicUsize,
    lost: AtomicUsize,
}

impl Lines {
    /// Starts the thread. What comes with the lines is told why no more can be written, once that is so.
    pub(crate) fn start() -> io::Result<(Self, oneshot::Receiver<io::Error>)> {
        let (queue, lines) = mpsc::channel();
        let (ended, end) = oneshot::channel();
        let counts = Arc::new(Counts::default());
        let seen = Arc::clone(&counts);
        thread::Builder::new().name("lines".into()).spawn(move || {
            if let Err(error) = write_all(&lines, &seen) {
                // Nobody waits for it where the program ends already.
                _ = ended.send(error);
            }
        })?;
        Ok((Self { queue, counts }, end))
    }

    pub(crate) fn print(&self, line: &Value) {
        self.say(&line.to_string());
    }

    /// Prints a line for people. What came from outside is kept from steering their terminal.
    pub(crate) fn say(&self, line: &str) {
        let line = harmless(line);
        if self.counts.waiting.fetch_add(line.len(), Ordering::Relaxed) > MOST_WAITING {
            self.counts.waiting.fetch_sub(line.len(), Ordering::Relaxed);
            self.counts.lost.fetch_add(1, Ordering::Relaxed);
        } else {
            // Nobody writes any more when the program ends.
            _ = self.queue.send(line);
        }
    }
}

fn harmless(line: &str) -> String {
    line.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

fn write_all(lines: &mpsc::Receiver<String>, counts: &Counts) -> io::Result<()> {
    let mut out = io::stdout();
    for line in lines {
        writeln!(out, "{line}")?;
        counts.waiting.fetch_sub(line.len(), Ordering::Relaxed);
        match counts.lost.swap(0, Ordering::Relaxed) {
            0 => {}
            lost => writeln!(out, "{}", json!({ "event": "lost", "lines": lost }))?,
        }
        out.flush()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_from_outside_makes_no_line_of_its_own_and_steers_no_terminal() {
        assert_eq!(harmless("jane\n@doe.com\r\u{1b}[2J\u{9b}1m ü"), "jane\u{fffd}@doe.com\u{fffd}\u{fffd}[2J\u{fffd}1m ü");
    }
}
