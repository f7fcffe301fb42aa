//! What is kept of one intent, as bytes.

use std::time::Duration;

/// First byte of every record: how the rest is laid out.
const LAYOUT: u8 = 1;

/// Tells one reservation from all others.
pub(super) type Token = [u8; 16];

/// What is kept of one intent. The token tells which call reserved it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) fingerprint: [u8; 16],
    pub(super) token: Token,
    hold: Duration,
    pub(super) remembered: Duration,
    pub(super) state: State,
}

/// How far an intent has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Its message may be on its way to the vendor.
    Reserved,
    /// Its message may be out, and nobody knows.
    Unfinished,
    /// Its message is out; this is the challenge, sealed.
    Made(Vec<u8>),
}

impl Record {
    /// Reserves: for `hold` the call may be at work, and for `remembered` the intent is kept.
    pub(super) fn reserve(fingerprint: [u8; 16], token: Token, hold: Duration, remembered: Duration) -> Self {
        Self { fingerprint, token, hold, remembered, state: State::Reserved }
    }

    pub(super) fn with_state(self, state: State) -> Self {
        Self { state, ..self }
    }

    /// Says for how long its call may still be at work, if the store keeps it for this long.
    pub(super) fn held_for(&self, left: Duration) -> Duration {
        self.hold.saturating_sub(self.remembered.saturating_sub(left))
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let (state, sealed): (u8, &[u8]) = match &self.state {
            State::Reserved => (0, &[]),
            State::Unfinished => (1, &[]),
            State::Made(sealed) => (2, sealed),
        };
        [&[LAYOUT, state][..], &self.fingerprint, &self.token, &millis(self.hold), &millis(self.remembered), sealed].concat()
    }

    /// Reads a record; none of another layout.
    pub(super) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (&[LAYOUT, state], rest) = bytes.split_first_chunk::<2>()? else { return None };
        let (fingerprint, rest) = rest.split_first_chunk()?;
        let (token, rest) = rest.split_first_chunk()?;
        let (hold, rest) = rest.split_first_chunk()?;
        let (remembered, sealed) = rest.split_first_chunk()?;
        let state = match state {
            0 => State::Reserved,
            1 => State::Unfinished,
            2 => State::Made(sealed.to_vec()),
            _ => return None,
        };
        let time = |millis: &[u8; 8]| Duration::from_millis(u64::from_be_bytes(*millis));
        Some(Self { fingerprint: *fingerprint, token: *token, hold: time(hold), remembered: time(remembered), state })
    }
}

fn millis(time: Duration) -> [u8; 8] {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_read_as_it_was_written_and_no_other_layout_is() {
        let reserved = Record::reserve([7; 16], [9; 16], Duration::from_secs(11), Duration::from_secs(86_400));
        for state in [State::Reserved, State::Unfinished, State::Made(vec![1, 2, 3]), State::Made(Vec::new())] {
            let record = reserved.clone().with_state(state);
            assert_eq!(Record::from_bytes(&record.to_bytes()), Some(record));
        }
        let bytes = reserved.to_bytes();
        for end in 0..bytes.len() {
            assert_eq!(Record::from_bytes(&bytes[..end]), None, "{end}");
        }
        for (place, value) in [(0, 2), (1, 3)] {
            let mut other = bytes.clone();
            other[place] = value;
            assert_eq!(Record::from_bytes(&other), None);
        }
    }

    #[test]
    fn a_reservation_is_held_for_the_time_of_its_call() {
        let record = Record::reserve([7; 16], [9; 16], Duration::from_secs(11), Duration::from_secs(100));
        for (left, held) in [(100, 11), (95, 6), (89, 0), (10, 0), (120, 11)] {
            assert_eq!(record.held_for(Duration::from_secs(left)), Duration::from_secs(held), "{left}");
        }
    }
}
