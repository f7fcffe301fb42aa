//! One suite for every store: random sequences of what may happen, each judged by a model that keeps all it was told, in a time that the test sets.

use std::{collections::BTreeMap, time::Duration};

use proptest::prelude::*;

use super::{
    Rate,
    limits::Rule,
    local::LocalStore,
    store::{Count, Key, Message, Store, Subject},
};

/// What may happen to a store.
#[derive(Clone, Debug)]
enum Step {
    Wait(u64),
    Take(Asked),
    /// Of the sends so far, counted from the last one.
    Note {
        back: usize,
        challenge: u8,
    },
    NoteExempt {
        challenge: u8,
    },
    GiveBack {
        back: usize,
    },
    Try {
        challenge: u8,
        most: u32,
    },
    GiveTryBack {
        challenge: u8,
    },
    Verified {
        challenge: u8,
    },
    Peek(Asked),
}

/// Whom a message is for, by small numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Asked {
    recipient: Option<u8>,
    client: Option<u8>,
    code: Option<u8>,
    challenge: Option<u8>,
}

fn asked() -> impl Strategy<Value = Asked> {
    let few = || prop::option::weighted(0.8, 0..3_u8);
    (few(), few(), few(), prop::option::weighted(0.3, 0..4_u8)).prop_map(|(recipient, client, code, challenge)| Asked { recipient, client, code, challenge })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (1..150_000_u64).prop_map(Step::Wait),
        8 => asked().prop_map(Step::Take),
        4 => (0..3_usize, 0..4_u8).prop_map(|(back, challenge)| Step::Note { back, challenge }),
        1 => (0..4_u8).prop_map(|challenge| Step::NoteExempt { challenge }),
        2 => (0..3_usize).prop_map(|back| Step::GiveBack { back }),
        3 => (0..4_u8, 0..4_u32).prop_map(|(challenge, most)| Step::Try { challenge, most }),
        1 => (0..4_u8).prop_map(|challenge| Step::GiveTryBack { challenge }),
        2 => (0..4_u8).prop_map(|challenge| Step::Verified { challenge }),
        2 => asked().prop_map(Step::Peek),
    ]
}

fn rates() -> impl Strategy<Value = [Option<Rate>; 4]> {
    let rate = || {
        prop::option::weighted(0.7, (1..4_u32, 60_000..400_000_u64)).prop_map(|rate| rate.and_then(|(times, ms)| Rate::new(times, Duration::from_millis(ms))))
    };
    [rate(), rate(), rate(), rate()]
}

/// Judges by keeping everything for ever.
#[derive(Default)]
struct Model {
    now: u64,
    /// What took a place: rule, whose, what, when.
    places: Vec<(Rule, u8, u64, u64)>,
    unverified: Vec<(Whom, u64)>,
    subjects: BTreeMap<u8, Known>,
    tries: BTreeMap<u8, u32>,
}

/// A recipient, or the challenge that stands for one.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Whom {
    Recipient(u8),
    Challenge(u8),
}

#[derive(Clone, Copy)]
struct Known {
    recipient: Option<Whom>,
    client: Option<u8>,
    code: Option<u8>,
    is_exempt: bool,
}

type Rates = [Option<Rate>; 4];

impl Model {
    fn known(&self, asked: Asked) -> Known {
        let given = Known { recipient: asked.recipient.map(Whom::Recipient), client: asked.client, code: asked.code, is_exempt: false };
        match asked.challenge.map(|challenge| (challenge, self.subjects.get(&challenge))) {
            Some((_, Some(first))) => Known { client: given.client.or(first.client), ..*first },
            Some((challenge, None)) => Known { recipient: given.recipient.or(Some(Whom::Challenge(challenge))), ..given },
            None => given,
        }
    }

    /// Lists rule, whose window, and what is counted in it.
    fn windows(&self, asked: Asked, send: u64, rates: &Rates) -> Vec<(Rule, u8, u64, Rate)> {
        let known = self.known(asked);
        if known.is_exempt {
            return Vec::new();
        }
        let whom = known.recipient.map(|whom| match whom {
            Whom::Recipient(number) => number,
            Whom::Challenge(number) => 100 + number,
        });
        let code = known.code.map(u64::from);
        let all = [
            (Rule::PerRecipient, whom, Some(send)),
            (Rule::PerIp, known.client, Some(send)),
            (Rule::UnverifiedPerCallingCode, known.code, Some(send)),
            (Rule::CallingCodesPerIp, known.client, code),
        ];
        all.into_iter().zip(rates).filter_map(|((rule, of, what), rate)| Some((rule, of?, what?, (*rate)?))).collect()
    }

    fn count(&self, asked: Asked, send: u64, rates: &Rates) -> Vec<Count> {
        let count = |(rule, of, what, rate): (Rule, u8, u64, Rate)| {
            let period = u64::try_from(rate.period().as_micros()).expect("a time");
            let mut here: Vec<(u64, u64)> =
                self.places.iter().filter(|place| (place.0, place.1) == (rule, of) && self.now - place.3 < period).map(|place| (place.3, place.2)).collect();
            here.sort_unstable();
            let is_there = rule == Rule::CallingCodesPerIp && here.iter().any(|(_, other)| *other == what);
            let wait = here.len().checked_sub(rate.times()).filter(|_| !is_there).map(|index| Duration::from_micros(here[index].0 + period - self.now));
            Count { rule, taken: here.len() as u64, wait }
        };
        self.windows(asked, send, rates).into_iter().map(count).collect()
    }

    fn take(&mut self, asked: Asked, send: u64, rates: &Rates) -> Vec<Count> {
        let counts = self.count(asked, send, rates);
        if counts.iter().any(|count| count.wait.is_some()) {
            return counts;
        }
        for (rule, of, what, _) in self.windows(asked, send, rates) {
            if rule == Rule::CallingCodesPerIp {
                self.places.retain(|place| (place.0, place.1, place.2) != (rule, of, what));
            }
            self.places.push((rule, of, what, self.now));
            if let (Rule::UnverifiedPerCallingCode, Some(recipient)) = (rule, self.known(asked).recipient) {
                self.unverified.push((recipient, send));
            }
        }
        counts
    }

    fn give_back(&mut self, asked: Asked, send: u64, rates: &Rates) {
        for (rule, of, what, _) in self.windows(asked, send, rates) {
            self.places.retain(|place| rule == Rule::CallingCodesPerIp || (place.0, place.1, place.2) != (rule, of, what));
        }
        let recipient = self.known(asked).recipient;
        self.unverified.retain(|(whose, other)| Some(*whose) != recipient || *other != send);
    }

    fn take_try(&mut self, challenge: u8, most: u32) -> u32 {
        let tries = self.tries.entry(challenge).or_default();
        let taken = *tries;
        if taken < most {
            *tries += 1;
        }
        taken
    }

    fn verified(&mut self, challenge: u8) {
        self.tries.remove(&challenge);
        let Some(Known { recipient: Some(recipient), client, code: Some(code), .. }) = self.subjects.get(&challenge).copied() else { return };
        let sends: Vec<u64> = self.unverified.iter().filter(|(whose, _)| *whose == recipient).map(|(_, send)| *send).collect();
        self.unverified.retain(|(whose, _)| *whose != recipient);
        self.places.retain(|(rule, of, what, _)| match rule {
            Rule::UnverifiedPerCallingCode => *of != code || !sends.contains(what),
            Rule::CallingCodesPerIp => Some(*of) != client || *what != u64::from(code),
            _ => true,
        });
    }
}

fn key<S: Store>(store: &S, sort: &'static str, number: Option<u8>) -> Option<Key> {
    number.map(|number| store.key(sort, &[&number.to_string()]))
}

/// Plays a sequence on a store and on the model, and compares every answer.
async fn play<S: Store<Outage: std::fmt::Debug>>(store: &S, wait: impl AsyncFn(Duration), steps: &[Step], rates: &Rates) {
    let mut model = Model::default();
    let mut sends: Vec<(Asked, u64)> = Vec::new();
    let message = |asked: Asked, id: u64| Message {
        id,
        subject: Subject {
            recipient: key(store, "recipient", asked.recipient),
            client_ip: key(store, "client_ip", asked.client),
            calling_code: key(store, "calling_code", asked.code),
            is_exempt: false,
        },
        challenge: key(store, "challenge", asked.challenge),
        rates,
    };
    for (number, step) in steps.iter().enumerate() {
        let id = number as u64 + 1000;
        let challenge = |number: u8| store.key("challenge", &[&number.to_string()]);
        match *step {
            Step::Wait(ms) => {
                model.now += ms * 1000;
                wait(Duration::from_millis(ms)).await;
            }
            Step::Take(to) => {
                let counts = store.take(&message(to, id)).await.expect("a decision");
                assert_eq!(counts, model.take(to, id, rates), "{number}: {step:?}");
                sends.push((to, id));
            }
            Step::Note { back, challenge: number } => {
                if let Some((to, send)) = sends.iter().rev().nth(back).copied() {
                    store.note(&message(to, send), challenge(number)).await.expect("a note");
                    let known = model.known(to);
                    model.subjects.insert(number, known);
                }
            }
            Step::NoteExempt { challenge: number } => {
                store.note_exempt(challenge(number)).await.expect("a note");
                model.subjects.insert(number, Known { recipient: None, client: None, code: None, is_exempt: true });
            }
            Step::GiveBack { back } => {
                if let Some((to, send)) = sends.iter().rev().nth(back).copied() {
                    store.give_back(&message(to, send)).await.expect("given back");
                    model.give_back(to, send, rates);
                }
            }
            Step::Try { challenge: of, most } => {
                let taken = store.take_try(challenge(of), most).await.expect("a decision");
                assert_eq!(taken, model.take_try(of, most), "{number}: {step:?}");
            }
            Step::GiveTryBack { challenge: of } => {
                store.give_try_back(challenge(of)).await.expect("given back");
                model.tries.entry(of).and_modify(|tries| *tries = tries.saturating_sub(1));
            }
            Step::Verified { challenge: of } => {
                store.verified(challenge(of)).await.expect("noted");
                model.verified(of);
            }
            Step::Peek(to) => {
                let (counts, tries) = store.peek(&message(to, id)).await.expect("a look");
                assert_eq!(counts, model.count(to, id, rates), "{number}: {step:?}");
                assert_eq!(tries, to.challenge.and_then(|of| model.tries.get(&of)).copied().unwrap_or_default());
            }
        }
    }
}

/// Plays so many times as many sequences as proptest does by itself, or as `PROPTEST_CASES` says.
fn sequences(times: u32) -> ProptestConfig {
    ProptestConfig { cases: times * ProptestConfig::default().cases, failure_persistence: None, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(sequences(8))]

    #[test]
    fn the_local_store_counts_as_the_model_does(steps in prop::collection::vec(step(), 1..60), rates in rates()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        runtime.block_on(play(&LocalStore::default(), tokio::time::advance, &steps, &rates));
    }
}

#[test]
fn a_local_key_tells_sorts_apart_and_is_another_in_each_store() {
    let store = LocalStore::default();
    assert!(store.key("recipient", &["1"]) == store.key("recipient", &["1"]));
    assert!(store.key("recipient", &["1"]) != store.key("client_ip", &["1"]));
    assert!(store.key("challenge", &["1", "2"]) != store.key("challenge", &["12", ""]));
    assert!(store.key("recipient", &["1"]) != LocalStore::default().key("recipient", &["1"]));
}

#[cfg(feature = "redis")]
#[path = "../../../tests/support/redis.rs"]
#[allow(dead_code, unreachable_pub, missing_docs, reason = "the tests on sockets use the rest")]
mod server;

#[cfg(feature = "redis")]
mod shared {
    use std::sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    };

    use proptest::test_runner::TestRunner;

    use super::{super::redis::store::RedisStore, server::Redis, *};
    use crate::{compose::redis::Link, model::Secret};

    #[test]
    fn a_shared_key_tells_sorts_apart_and_depends_on_the_hash_key_alone() {
        let store = |hash_key: &str| RedisStore::new(Link::open(&Secret::new("redis://127.0.0.1:1"), "guard").expect("a URL"), Secret::new(hash_key));
        let key = |hash_key: &str, sort, value: &[&str]| store(hash_key).key(sort, value);
        assert!(key("one", "recipient", &["1"]) == key("one", "recipient", &["1"]), "in every process");
        assert!(key("one", "recipient", &["1"]) != key("two", "recipient", &["1"]));
        assert!(key("one", "recipient", &["1"]) != key("one", "client_ip", &["1"]));
        assert!(key("one", "challenge", &["1", "2"]) != key("one", "challenge", &["12", ""]));
        // printf %s +64270000000 | openssl dgst -sha256 -hmac one
        assert_eq!(store("one").hash("+64270000000").as_deref(), Some("405bbf8556db22104cd9b2206e1ec25a4acd5be2cf69071c2cc753cd6e1c0984"));
    }

    #[test]
    fn the_redis_store_counts_as_the_model_does() {
        let Some(redis) = Redis::start() else { return };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let url = Secret::new(redis.url());
        let number = AtomicU64::new(0);
        let run = TestRunner::new(sequences(1)).run(&(prop::collection::vec(step(), 1..60), rates()), |(steps, rates)| {
            let number = number.fetch_add(1, Ordering::Relaxed);
            let mut link = Link::open(&url, "guard").expect("a URL");
            link.time = Duration::from_secs(60);
            let mut store = RedisStore::new(link, Secret::new(format!("the key of sequence {number}")));
            let clock = Arc::new(AtomicU64::new(1_800_000_000_000_000));
            store.clock = Some(Arc::clone(&clock));
            let wait = async |time: Duration| {
                let _ = clock.fetch_add(u64::try_from(time.as_micros()).expect("a time"), Ordering::Relaxed);
            };
            runtime.block_on(play(&store, wait, &steps, &rates));
            Ok(())
        });
        run.expect("a store that counts as the model does");
        let keys = redis.says(&["--scan"]);
        assert!(!keys.is_empty() && keys.lines().all(|key| key.starts_with("{auth-challenge}:")));
        for key in keys.lines() {
            assert_ne!(redis.says(&["PTTL", key]).trim(), "-1", "{key} never expires");
        }
    }
}
