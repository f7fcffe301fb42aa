//! A guard's time is the call's.

use std::{net::IpAddr, sync::Arc, time::Duration};

use auth_challenge::{
    Answer, CallOptions, Capabilities, Challenge, ChallengeHandle, ChallengeProvider, ChallengeProviderExt, ChallengeRequest, Error, ErrorKind, Guard, Guarded,
    Limits, LocalGuard, Method, ProviderId, Refusal, SendState, Sending, Verification, testing::Scripted,
};

use crate::support::guards::rate;

/// A guard that never answers one of its questions.
#[derive(Debug)]
struct Hangs(&'static str);

impl Hangs {
    async fn at(&self, question: &str) {
        if self.0 == question {
            std::future::pending::<()>().await;
        }
    }
}

#[auth_challenge::async_trait]
impl Guard for Hangs {
    async fn before_send(&self, _: Sending<'_>) -> Result<(), Refusal> {
        self.at("before_send").await;
        Ok(())
    }

    async fn after_send(&self, _: Sending<'_>, _: Result<&Challenge, &Error>) {
        self.at("after_send").await;
    }

    async fn before_verify(&self, _: &ChallengeHandle, _: Option<IpAddr>) -> Result<(), Refusal> {
        self.at("before_verify").await;
        Ok(())
    }

    async fn after_verify(&self, _: &ChallengeHandle, _: Result<&Verification, &Error>) {
        self.at("after_verify").await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_guard_that_hangs_before_sending_sent_nothing_and_one_that_hangs_afterwards_withholds_nothing() {
    let handle = ChallengeHandle::new(ProviderId::new("first"), Method::EmailOtp, "id");
    let request = ChallengeRequest::email_otp("jane@doe.com");
    let options = CallOptions::default().with_timeout(Duration::from_secs(2));
    for question in ["before_send", "after_send", "before_verify", "after_verify"] {
        let scripted = Scripted::named("first");
        let guarded = Guarded::new(Arc::new(scripted.clone()), Arc::new(Hangs(question)));
        let start = tokio::time::Instant::now();
        let calls = [
            ("send", "create", guarded.create_with(&request, &options).await.map(drop)),
            ("send", "resend", guarded.resend_with(&handle, &options).await.map(drop)),
            ("verify", "verify", guarded.verify_with(&handle, &Answer::code("1"), &options).await.map(drop)),
        ];
        for (of, operation, outcome) in calls {
            match outcome {
                Ok(()) => assert_ne!(question, format!("before_{of}"), "{operation}"),
                Err(error) => {
                    assert_eq!(question, format!("before_{of}"), "{operation}: {error}");
                    let told = (error.kind(), error.send_state(), error.operation());
                    assert_eq!(told, (ErrorKind::Timeout, SendState::NotSent, Some(operation)), "{question}");
                }
            }
        }
        // Two calls send.
        let hung = if question.ends_with("send") { 2 } else { 1 };
        assert_eq!(start.elapsed().as_secs(), 2 * hung, "{question}");
        let sent = [scripted.created().len(), scripted.resent().len(), scripted.answered().len()];
        let expected = match question {
            "before_send" => [0, 0, 1],
            "before_verify" => [1, 1, 0],
            _ => [1, 1, 1],
        };
        assert_eq!(sent, expected, "{question}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_with_a_guard_ends_by_its_own_deadline() {
    let request = ChallengeRequest::email_otp("jane@doe.com");
    let hanging = || Guarded::new(Arc::new(Scripted::named("first")), Arc::new(Hangs("before_send")));
    for (guarded, options, whole) in [
        (hanging(), CallOptions::default().with_timeout(Duration::from_millis(200)), Duration::from_millis(200)),
        (hanging().with_timeout(Duration::from_secs(3)), CallOptions::default(), Duration::from_secs(3)),
        (hanging().with_timeout(Duration::from_secs(3)), CallOptions::default().with_timeout(Duration::from_secs(1)), Duration::from_secs(1)),
        (hanging(), CallOptions::default(), Duration::from_secs(10)),
    ] {
        // The clock stands still but for this.
        let started = tokio::time::Instant::now();
        guarded.create_with(&request, &options).await.expect_err("out of time");
        assert!(started.elapsed() >= whole && started.elapsed() < whole + Duration::from_millis(50), "{:?} of {whole:?}", started.elapsed());
    }
}

/// A guard that takes a second before it answers.
#[derive(Debug)]
struct Slow;

#[auth_challenge::async_trait]
impl Guard for Slow {
    async fn before_send(&self, _: Sending<'_>) -> Result<(), Refusal> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(())
    }

    async fn before_verify(&self, _: &ChallengeHandle, _: Option<IpAddr>) -> Result<(), Refusal> {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Ok(())
    }
}

/// A provider that writes down how much time it is given.
#[derive(Debug)]
struct Timed(Scripted, std::sync::Mutex<Vec<Option<Duration>>>);

impl Timed {
    fn note(&self, options: &CallOptions) {
        self.1.lock().expect("the list").push(options.timeout());
    }
}

#[auth_challenge::async_trait]
impl ChallengeProvider for Timed {
    fn id(&self) -> ProviderId {
        self.0.id()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        self.note(options);
        self.0.create_with(request, options).await
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        self.note(options);
        self.0.verify_with(handle, answer, options).await
    }

    async fn resend_with(&self, handle: &ChallengeHandle, options: &CallOptions) -> Result<Challenge, Error> {
        self.note(options);
        self.0.resend_with(handle, options).await
    }
}

#[tokio::test(start_paused = true)]
async fn the_time_that_a_guard_takes_is_taken_off_the_providers() {
    let timed = Arc::new(Timed(Scripted::named("first"), std::sync::Mutex::default()));
    let guarded = Guarded::new(timed.clone(), Arc::new(Slow)).with_timeout(Duration::from_secs(3));
    let options = CallOptions::default();
    let challenge = guarded.create_with(&ChallengeRequest::email_otp("jane@doe.com"), &options).await.expect("a challenge");
    guarded.resend_with(challenge.handle(), &options).await.expect("once more");
    let _ = guarded.verify_with(challenge.handle(), &Answer::code("1"), &options).await.expect("an answer");
    let given = timed.1.lock().expect("the list").clone();
    assert_eq!(given.len(), 3);
    for time in given {
        let time = time.expect("what is left of three seconds");
        assert!(time <= Duration::from_secs(2) && time > Duration::from_millis(1900), "{time:?}");
    }
}

/// A provider that has a time of its own, longer than a guard's.
#[derive(Debug)]
struct Patient(Scripted);

#[auth_challenge::async_trait]
impl ChallengeProvider for Patient {
    fn id(&self) -> ProviderId {
        self.0.id()
    }

    fn capabilities(&self) -> Capabilities {
        self.0.capabilities()
    }

    async fn create_with(&self, request: &ChallengeRequest, options: &CallOptions) -> Result<Challenge, Error> {
        tokio::time::sleep(Duration::from_secs(25)).await;
        self.0.create_with(request, options).await
    }

    async fn verify_with(&self, handle: &ChallengeHandle, answer: &Answer, options: &CallOptions) -> Result<Verification, Error> {
        tokio::time::sleep(Duration::from_secs(25)).await;
        self.0.verify_with(handle, answer, options).await
    }
}

/// A guard that takes a second to take note.
#[derive(Debug, Default)]
struct Noting(std::sync::atomic::AtomicU32);

impl Noting {
    async fn take_note(&self) {
        tokio::time::sleep(Duration::from_secs(1)).await;
        self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
}

#[auth_challenge::async_trait]
impl Guard for Noting {
    async fn before_send(&self, _: Sending<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    async fn after_send(&self, _: Sending<'_>, _: Result<&Challenge, &Error>) {
        self.take_note().await;
    }

    async fn after_verify(&self, _: &ChallengeHandle, _: Result<&Verification, &Error>) {
        self.take_note().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_guard_is_told_what_became_of_a_call_that_outlived_its_own_time() {
    let guard = Arc::new(Noting::default());
    let guarded = Guarded::new(Arc::new(Patient(Scripted::new())), guard.clone());
    let challenge = guarded.create(&ChallengeRequest::email_otp("jane@doe.com")).await.expect("a challenge");
    let _ = guarded.verify(challenge.handle(), &Answer::code("1")).await.expect("an answer");
    assert_eq!(guard.0.load(std::sync::atomic::Ordering::SeqCst), 2);
}

/// A guard that counts, and takes its time before it answers.
#[derive(Debug)]
struct Late(LocalGuard, Duration);

#[auth_challenge::async_trait]
impl Guard for Late {
    async fn before_send(&self, sending: Sending<'_>) -> Result<(), Refusal> {
        let answer = self.0.before_send(sending).await;
        tokio::time::sleep(self.1).await;
        answer
    }

    async fn after_send(&self, sending: Sending<'_>, outcome: Result<&Challenge, &Error>) {
        self.0.after_send(sending, outcome).await;
    }

    async fn before_verify(&self, handle: &ChallengeHandle, client_ip: Option<IpAddr>) -> Result<(), Refusal> {
        let answer = self.0.before_verify(handle, client_ip).await;
        tokio::time::sleep(self.1).await;
        answer
    }

    async fn after_verify(&self, handle: &ChallengeHandle, outcome: Result<&Verification, &Error>) {
        self.0.after_verify(handle, outcome).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_guard_that_leaves_too_little_time_sent_nothing_and_nothing_was_used_up() {
    let request = ChallengeRequest::email_otp("jane@doe.com");
    let handle = ChallengeHandle::new(ProviderId::new("first"), Method::EmailOtp, "id");
    let limits = LocalGuard::new(Limits::new().with_per_recipient(rate("1 per 1h")).with_wrong_codes(1));
    let scripted = Scripted::named("first");
    let guarded = Guarded::new(Arc::new(scripted.clone()), Arc::new(Late(limits, Duration::from_millis(800))));
    for (whole, is_enough) in [(1000, false), (1040, false), (1060, true)] {
        let options = CallOptions::default().with_timeout(Duration::from_millis(whole));
        let calls = [
            ("create", guarded.create_with(&request, &options).await.map(drop)),
            ("verify", guarded.verify_with(&handle, &Answer::code("1"), &options).await.map(drop)),
            ("resend", guarded.resend_with(&handle, &options).await.map(drop)),
        ];
        for (operation, outcome) in calls {
            let told = outcome.as_ref().err().map(|error| (error.kind(), error.send_state(), error.operation()));
            assert_eq!(told, (!is_enough).then_some((ErrorKind::Timeout, SendState::NotSent, Some(operation))), "{whole}");
        }
        assert_eq!((scripted.created().len(), scripted.answered().len()), if is_enough { (1, 1) } else { (0, 0) }, "{whole}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_with_little_time_is_made_where_the_guard_takes_little_of_it() {
    let guarded = Guarded::new(Arc::new(Scripted::named("first")), Arc::new(Late(LocalGuard::new(Limits::new()), Duration::from_millis(10))));
    let options = CallOptions::default().with_timeout(Duration::from_millis(100));
    guarded.create_with(&ChallengeRequest::email_otp("jane@doe.com"), &options).await.expect("a challenge");
}
