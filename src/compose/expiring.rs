//! A map that forgets: what has had its time, and what would have ended first where there is too much.

use std::{
    collections::{HashMap, hash_map::Entry},
    hash::Hash,
    time::Duration,
};

use tokio::time::Instant;

/// Keeps values by key, each for a time.
///
/// Its memory is bounded: `most` in weight are always kept, and never more than twice as many, or than [`FEW`] beside them.
pub(super) struct Expiring<K, V> {
    all: HashMap<K, Timed<V>>,
    /// Whose memory it is, as the log names it.
    owner: &'static str,
    most: usize,
    weigh: fn(&V) -> usize,
    /// What was added since the last tidying, and how much of it leads to the next one.
    added: usize,
    tidy_at: usize,
}

struct Timed<V> {
    value: V,
    since: Instant,
    time: Duration,
}

/// So much is kept before it is worth while to tidy.
const FEW: usize = 1024;

impl<V> Timed<V> {
    fn left(&self, now: Instant) -> Duration {
        self.time.saturating_sub(now.saturating_duration_since(self.since))
    }
}

impl<K: Copy + Eq + Hash, V: Default> Expiring<K, V> {
    /// Starts with nothing; a value may grow by one in weight with each [`keep`](Self::keep).
    pub(super) fn new(owner: &'static str, most: usize, weigh: fn(&V) -> usize) -> Self {
        Self { all: HashMap::new(), owner, most, weigh, added: 0, tidy_at: FEW }
    }

    pub(super) fn get(&self, key: &K, now: Instant) -> Option<&V> {
        self.all.get(key).filter(|timed| !timed.left(now).is_zero()).map(|timed| &timed.value)
    }

    pub(super) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.all.get_mut(key).map(|timed| &mut timed.value)
    }

    /// Gives the value to be changed, a new one where there is none, and keeps it for a time from now; longer, if it was to be kept longer.
    pub(super) fn keep(&mut self, key: K, now: Instant, time: Duration) -> &mut V {
        self.added += 1;
        if self.added >= self.tidy_at {
            self.tidy(now);
        }
        let timed = match self.all.entry(key) {
            Entry::Occupied(old) if !old.get().left(now).is_zero() => old.into_mut(),
            other => other.insert_entry(Timed { value: V::default(), since: now, time }).into_mut(),
        };
        (timed.time, timed.since) = (timed.left(now).max(time), now);
        &mut timed.value
    }

    pub(super) fn remove(&mut self, key: &K) -> Option<V> {
        self.all.remove(key).map(|timed| timed.value)
    }

    fn tidy(&mut self, now: Instant) {
        self.all.retain(|_, timed| !timed.left(now).is_zero());
        let mut weight: usize = self.all.values().map(|timed| (self.weigh)(&timed.value)).sum();
        if weight > self.most {
            tracing::warn!(most = self.most, "{} remembers more than it can keep, and forgets what would have ended first", self.owner);
            let ends = self.all.values().map(|timed| (timed.left(now), (self.weigh)(&timed.value))).collect();
            let Cut { left: last, mut weight_of_last } = cut(ends, weight - self.most);
            self.all.retain(|_, timed| {
                let (left, own) = (timed.left(now), (self.weigh)(&timed.value));
                let is_last = left == last && weight_of_last > 0;
                if is_last {
                    weight_of_last = weight_of_last.saturating_sub(own);
                }
                let goes = left < last || is_last;
                weight -= if goes { own } else { 0 };
                !goes
            });
        }
        (self.added, self.tidy_at) = (0, weight.max(FEW));
    }
}

/// Says what goes where there is too much: all that has less time left, and `weight_of_last` of what has as much.
struct Cut {
    left: Duration,
    weight_of_last: usize,
}

/// Finds what has to go, for what is too much, of times left with a weight each. By itself, so that it is compiled once and not for each type of map.
fn cut(mut ends: Vec<(Duration, usize)>, too_much: usize) -> Cut {
    ends.sort_unstable_by_key(|(left, _)| *left);
    let (mut cut, mut rest) = (Cut { left: Duration::ZERO, weight_of_last: 0 }, too_much);
    for (left, weight) in ends {
        if rest == 0 {
            break;
        }
        if left > cut.left {
            cut = Cut { left, weight_of_last: rest };
        }
        rest = rest.saturating_sub(weight);
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn a_value_is_there_for_its_time_and_starts_anew_after_it() {
        let (mut map, start) = (Expiring::<u64, u32>::new("a test", 10, |_| 1), Instant::now());
        *map.keep(1, start, MINUTE) += 1;
        *map.keep(1, start + MINUTE / 2, MINUTE) += 1;
        assert_eq!(map.get(&1, start + MINUTE), Some(&2));
        assert_eq!(map.get(&1, start + MINUTE * 3 / 2), None);
        assert_eq!(*map.keep(1, start + MINUTE * 2, MINUTE), 0);
        map.remove(&1);
        assert_eq!(map.get(&1, start + MINUTE * 2), None);
    }

    #[test]
    fn a_longer_time_is_not_cut_by_a_shorter_one() {
        let (mut map, start) = (Expiring::<u64, u32>::new("a test", 10, |_| 1), Instant::now());
        *map.keep(1, start, MINUTE) += 1;
        map.keep(1, start + MINUTE / 2, Duration::from_secs(1));
        assert_eq!(map.get(&1, start + MINUTE * 9 / 10), Some(&1));
    }

    #[test]
    fn what_has_ended_goes_and_of_too_much_what_would_end_first() {
        let (mut map, start) = (Expiring::<u64, u32>::new("a test", 4000, |_| 1), Instant::now());
        for key in 0..50_000_u64 {
            map.keep(key, start + Duration::from_millis(key), Duration::MAX);
            assert!(map.all.len() <= 8000);
        }
        let last = start + Duration::from_secs(50);
        for key in 46_000..50_000 {
            assert!(map.get(&key, last).is_some(), "{key}");
        }
        let mut map = Expiring::<u64, u32>::new("a test", 100_000, |_| 1);
        for key in 0..50_000_u64 {
            map.keep(key, start + Duration::from_millis(key), Duration::from_millis(10));
            assert!(map.all.len() <= 2 * FEW);
        }
    }

    #[test]
    fn of_what_ends_together_no_more_goes_than_has_to() {
        let (mut map, start) = (Expiring::<u64, u32>::new("a test", 2000, |_| 1), Instant::now());
        for key in 0..10_000_u64 {
            map.keep(key, start, MINUTE);
            assert!(map.all.len() as u64 >= u64::min(key + 1, 2000) && map.all.len() <= 4000, "{key}");
        }
    }

    #[test]
    fn values_that_grow_count_for_what_they_weigh() {
        let (mut map, start) = (Expiring::<u64, Vec<u8>>::new("a test", 4000, Vec::len), Instant::now());
        for step in 0..50_000_u64 {
            map.keep(step % 10, start + Duration::from_millis(step), Duration::MAX).push(0);
            assert!(map.all.values().map(|timed| timed.value.len()).sum::<usize>() <= 8000);
        }
    }
}
