//! What doubles know again after a reset or a restart.

use std::time::Duration;

use auth_challenge::{
    ChallengeProviderExt as _, ChallengeRequest, CredentialKind, ErrorKind, ProviderId, Verification,
    testing::{CorbadoDouble, DfnsDouble, Double, DoubleEntry, Fault, Operation, Seed, StateFile},
};
use serde_json::{Value, json};

use crate::support::{LONG, config::Folder};

#[tokio::test]
async fn a_seed_gives_users_codes_and_faults_and_a_reset_gives_them_again() {
    let seed: Seed = serde_json::from_value(json!({
        "codes": { "jane@doe.com": "424242" },
        "users": [{ "provider": "corbado", "id": "usr-7", "name": "jane@doe.com" }],
        "faults": [{ "provider": "corbado", "operation": "create", "fault": "status", "status": 503 }],
    }))
    .expect("a seed");
    let double = CorbadoDouble::start().await;
    seed.apply(&[Double::clone(&double)]).expect("a seed for this double");
    for _ in 0..2 {
        let jane = double.person("jane@doe.com");
        assert_eq!(double.add_user("jane@doe.com"), "usr-7");
        assert_eq!(double.provider().create(&jane).await.expect_err("the fault").kind(), ErrorKind::Unavailable);
        double.provider().create(&jane).await.expect("a challenge");
        assert_eq!(double.outbox().last_code(), "424242");
        double.reset();
        double.outbox().assert_empty();
    }
    for (bad, expected) in [
        (json!({ "users": [{ "provider": "corbado" }] }), "users[0]: expected an id or a name"),
        (json!({ "users": [{ "provider": "nobody", "id": "1" }] }), "users[0]: provider: expected one of corbado"),
        (json!({ "faults": [{ "fault": "hang" }, { "fault": "earthquake" }] }), "faults[1]: fault: expected one of status"),
    ] {
        let seed: Seed = serde_json::from_value(bad).expect("a seed");
        let told = seed.apply(&[Double::clone(&double)]).expect_err("a mistake").to_string();
        assert!(told.starts_with(expected), "{told}");
        assert!(!format!("{seed:?}").contains("nobody"));
    }
}

#[tokio::test]
async fn what_doubles_learned_survives_a_restart() {
    let folder = Folder::new().expect("a folder");
    for entry in DoubleEntry::ALL {
        let path = folder.write(entry.name(), "").expect("a file");
        std::fs::remove_file(&path).expect("gone");
        let start = async || entry.builder().start().await.expect("a double");
        let before = start().await;
        let file = StateFile::open(&path, std::slice::from_ref(&before)).expect("a file");
        before.clock().advance(Duration::from_secs(30));
        let challenge = before.provider().create(&before.person("jane@doe.com")).await.expect("a challenge");
        before.fail(Operation::CREATE, Fault::rate_limited().with_times(2));
        file.write().expect("written");
        let (messages, state) = (before.outbox().len(), before.challenges().len());
        drop((file, before));

        let after = start().await;
        let file = StateFile::open(&path, std::slice::from_ref(&after)).expect("the file");
        assert_eq!((after.outbox().len(), after.challenges().len()), (messages, state));
        let request = after.person("joe@doe.com");
        for _ in 0..2 {
            assert_eq!(
                after.provider().create_with(&request, &auth_challenge::CallOptions::default().with_single_attempt()).await.expect_err("the fault").kind(),
                ErrorKind::RateLimited
            );
        }
        let right = after.provider().verify(challenge.handle(), &after.right_answer(&challenge)).await.expect("an answer");
        assert!(matches!(right, Verification::Verified(_)), "{entry:?}");
        // Written by itself, soon after.
        let end = std::time::Instant::now() + LONG;
        while !std::fs::read_to_string(&path).expect("the file").contains("\"faults\":[]") {
            assert!(std::time::Instant::now() < end, "not written");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        drop(file);
    }
    let late = r#"{"version":3,"last_number":1,"doubles":{"authsignal":{"vendor":{"challenges":[],"tokens":[]},"seeded":[],"messages":[{"number":1,"method":"sms_otp","to":"canary","code":"canary",
        "link":null,"sent_at":{"secs_since_epoch":253402300800,"nanos_since_epoch":0},"challenge_id":"canary"}],"faults":[]}}}"#;
    let vendor = r#"{"version":3,"last_number":1,"doubles":{"authsignal":{"vendor":7,"seeded":[],"messages":[],"faults":[]}}}"#;
    for (bad, expected) in [
        ("", "expected JSON of version 3"),
        ("{}", "expected JSON of version 3"),
        (r#"{"version":1}"#, "expected JSON of version 3"),
        (r#"{"version":3}"#, "a member is missing"),
        (r#"{"version":3,"last_number":9007199254740993,"doubles":{}}"#, "expected numbers up to 4503599627370496"),
        (late, "expected times before the year 9900"),
        (vendor, "authsignal: what its vendor knows cannot be read"),
    ] {
        let path = folder.write("bad", bad).expect("a file");
        let double = Double::start("authsignal").await;
        let told = StateFile::open(&path, &[double]).expect_err("no state").to_string();
        assert!(told.starts_with(&format!("the state of doubles: {expected}")) && !told.contains("canary"), "{told}");
        assert_eq!(std::fs::read_to_string(&path).expect("the file"), bad, "what cannot be read is left as it is");
    }
}

#[tokio::test]
async fn a_state_file_behind_a_link_is_written_where_the_link_leads() {
    let folder = Folder::new().expect("a folder");
    let target = folder.write("target", "").expect("a file");
    let double = Double::start("authsignal").await;
    std::fs::remove_file(&target).expect("gone");
    StateFile::open(&target, std::slice::from_ref(&double)).expect("a file").write().expect("written");
    let link = target.with_file_name("link");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&target, &link).expect("a link");
        let file = StateFile::open(&link, std::slice::from_ref(&double)).expect("the file");
        double.provider().create(&double.person("jane@doe.com")).await.expect("a challenge");
        file.write().expect("written");
        assert!(link.is_symlink());
        assert!(std::fs::read_to_string(&target).expect("the file").contains("jane@doe.com"));
    }
    let told = StateFile::open("/dev/zero", &[double]).expect_err("no file").to_string();
    assert!(told == "not a regular file" || cfg!(not(unix)), "{told}");
}

/// A seed with a one-time code, a user and a fault, and one user more where it has got one since.
fn seed(has_grown: bool) -> Seed {
    let mut users = vec![json!({ "provider": "dfns", "name": "jane@doe.com", "code": "JANE-0000-0001" })];
    if has_grown {
        users.push(json!({ "provider": "dfns", "name": "joe@doe.com", "code": "JOEE-0000-0002" }));
    }
    let faults = json!([{ "provider": "dfns", "operation": "verify", "fault": "status", "status": 503, "times": 3 }]);
    serde_json::from_value(json!({ "users": users, "faults": faults })).expect("a seed")
}

#[tokio::test]
async fn a_seed_that_is_told_at_every_start_is_learned_once() {
    let folder = Folder::new().expect("a folder");
    let path = folder.write("state", "").expect("a file");
    std::fs::remove_file(&path).expect("gone");
    let start = async |has_grown: bool| {
        let double = Double::start("dfns").await;
        seed(has_grown).apply(std::slice::from_ref(&double)).expect("a seed for this double");
        let file = StateFile::open(&path, std::slice::from_ref(&double)).expect("a file");
        (double, file)
    };
    let create = async |double: &Double, code: &str| {
        let request = ChallengeRequest::credential(CredentialKind::Key, code);
        double.provider().create(&request).await.map(drop).map_err(|error| error.kind())
    };
    let waiting = || {
        let state: Value = serde_json::from_str(&std::fs::read_to_string(&path).expect("the file")).expect("JSON");
        state["doubles"]["dfns"]["faults"].clone()
    };

    let (double, file) = start(false).await;
    create(&double, "JANE-0000-0001").await.expect("her code");
    file.write().expect("written");
    let faults = waiting();
    assert_eq!(faults.as_array().map(Vec::len), Some(1));
    drop((file, double));
    // Once without any seed, which does not let it be forgotten that her code was told before.
    drop(StateFile::open(&path, &[Double::start("dfns").await]).expect("the file"));
    for has_grown in [false, true, true] {
        let (double, file) = start(has_grown).await;
        assert_eq!(create(&double, "JANE-0000-0001").await, Err(ErrorKind::InvalidRequest), "it was used before");
        file.write().expect("written");
        assert_eq!(waiting(), faults, "the faults of the seed wait once");
        drop((file, double));
    }
    let (double, _file) = start(true).await;
    create(&double, "JOEE-0000-0002").await.expect("the new user's code");
}

#[tokio::test]
async fn a_one_time_code_given_at_the_start_is_used_once_across_restarts() {
    let folder = Folder::new().expect("a folder");
    let path = folder.write("state", "").expect("a file");
    std::fs::remove_file(&path).expect("gone");
    let request = |code: &str| ChallengeRequest::credential(CredentialKind::Key, code);
    for (given, is_known) in
        [("ABCD-0000-0001", true), ("ABCD-0000-0001", false), ("ABCD-0000-0002", true), ("ABCD-0000-0002", false), ("ABCD-0000-0001", false)]
    {
        let double = DfnsDouble::builder().with_registration_code(given).start().await.expect("a double");
        let file = StateFile::open(&path, &[Double::clone(&double)]).expect("a file");
        assert_eq!(double.provider().create(&request(given)).await.is_ok(), is_known, "{given}");
        file.write().expect("written");
    }
}

#[tokio::test]
async fn users_given_at_the_start_are_known_beside_those_of_the_file() {
    let folder = Folder::new().expect("a folder");
    let path = folder.write("state", "").expect("a file");
    std::fs::remove_file(&path).expect("gone");
    for known in [vec!["usr-1"], vec!["usr-2", "usr-1"]] {
        let double = CorbadoDouble::builder().with_user(known[0]).start().await.expect("a double");
        let _file = StateFile::open(&path, &[Double::clone(&double)]).expect("a file");
        for user in known {
            double.provider().create(&double.person("jane@doe.com").with_user_id_at(ProviderId::CORBADO, user)).await.expect("a known user");
        }
    }
}

#[tokio::test]
async fn messages_keep_their_numbers_and_their_order_over_several_doubles() {
    let folder = Folder::new().expect("a folder");
    let path = folder.write("state", "").expect("a file");
    std::fs::remove_file(&path).expect("gone");
    let start = async || [Double::start("authsignal").await, Double::start("corbado").await];
    // Number and recipient of every message, as the file has them.
    let numbered = || {
        let state: Value = serde_json::from_str(&std::fs::read_to_string(&path).expect("the file")).expect("JSON");
        let lists = ["authsignal", "corbado"].map(|name| state["doubles"][name]["messages"].clone());
        let of = |one: &Value| (one["number"].as_u64().expect("a number"), one["to"].as_str().expect("a recipient").to_owned());
        let mut all: Vec<(u64, String)> = lists.iter().flat_map(|list| list.as_array().expect("a list").iter().map(of)).collect();
        all.sort();
        all
    };
    let doubles = start().await;
    let file = StateFile::open(&path, &doubles).expect("a file");
    for (index, to) in [(1, "one@doe.com"), (0, "two@doe.com"), (1, "three@doe.com"), (0, "four@doe.com")] {
        doubles[index].provider().create(&doubles[index].person(to)).await.expect("a challenge");
    }
    file.write().expect("written");
    drop((file, doubles));
    let before = numbered();

    let doubles = start().await;
    let file = StateFile::open(&path, &doubles).expect("a file");
    assert_eq!(numbered(), before);
    doubles[0].provider().create(&doubles[0].person("five@doe.com")).await.expect("a challenge");
    file.write().expect("written");
    let after = numbered();
    assert_eq!(after.iter().map(|(_, to)| &**to).collect::<Vec<_>>(), ["one@doe.com", "two@doe.com", "three@doe.com", "four@doe.com", "five@doe.com"]);
    assert!(after.starts_with(&before), "{after:?}");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn many_writers_at_once_and_a_leftover_leave_a_whole_file_that_the_owner_alone_reads() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let folder = Folder::new().expect("a folder");
    let path = folder.write("state", "").expect("a file");
    std::fs::remove_file(&path).expect("gone");
    let elsewhere = folder.write("elsewhere", "mine").expect("a file");
    symlink(&elsewhere, path.with_file_name("state.new")).expect("a link");
    let double = Double::start("authsignal").await;
    let file = StateFile::open(&path, std::slice::from_ref(&double)).expect("a file");
    assert_eq!(std::fs::read_to_string(&elsewhere).expect("the other file"), "mine");
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|_| file.write().expect("written")));
        }
    });
    let state: Value = serde_json::from_str(&std::fs::read_to_string(&path).expect("the file")).expect("JSON");
    assert_eq!(state["version"], 3);
    assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn what_was_made_at_the_end_of_time_is_read_again() {
    let folder = Folder::new().expect("a folder");
    for entry in DoubleEntry::ALL {
        let path = folder.write(entry.name(), "").expect("a file");
        std::fs::remove_file(&path).expect("gone");
        let double = Double::start(entry.name()).await;
        double.clock().advance(Duration::MAX);
        double.provider().create(&double.person("jane@doe.com")).await.expect("a challenge");
        StateFile::open(&path, &[double]).expect("a file").write().expect("written");
        let after = Double::start(entry.name()).await;
        let _file = StateFile::open(&path, std::slice::from_ref(&after)).expect("the file");
        assert_eq!(after.challenges().len(), 1, "{entry:?}");
    }
}

#[tokio::test]
async fn a_file_takes_the_place_of_what_a_double_knew() {
    let folder = Folder::new().expect("a folder");
    let path = folder.write("state", "").expect("a file");
    std::fs::remove_file(&path).expect("gone");
    let [first, second] = [Double::start("authsignal").await, Double::start("authsignal").await];
    first.provider().create(&first.person("jane@doe.com")).await.expect("a challenge");
    drop(StateFile::open(&path, std::slice::from_ref(&first)).expect("a file"));
    second.provider().create(&second.person("joe@doe.com")).await.expect("a challenge");
    let file = StateFile::open(&path, std::slice::from_ref(&second)).expect("the file");
    assert_eq!((second.outbox().only().recipient(), second.challenges().len()), ("jane@doe.com", 1));
    // It is left alone once it is dropped.
    drop(file);
    std::fs::remove_file(&path).expect("gone");
    second.provider().create(&second.person("jim@doe.com")).await.expect("a challenge");
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!path.exists());
}
