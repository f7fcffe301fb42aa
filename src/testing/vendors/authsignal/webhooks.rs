//! What Authsignal tells of messages afterwards: signed log entries, posted in the background.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::hmac::{Context, HMAC_SHA256, Key, Tag};
use serde_json::{Value, json};
use tokio::{sync::mpsc, task::AbortHandle, time::sleep};
use url::Url;

use crate::{
    model::{Method, Secret},
    testing::{Clock, fresh},
    transport::is_loopback,
    vendors::authsignal::signature,
};

/// How many entries may wait; further ones are lost, with a warning.
const WAITING: usize = 1024;
/// How many entries the vendor posts at once.
const BATCH: usize = 500;
/// The pauses before a batch is posted again. The vendor goes on until it is taken; a test wants an end.
const PAUSES: [Duration; 3] = [Duration::from_millis(100), Duration::from_secs(1), Duration::from_secs(5)];
/// How long a receiver may take for its answer.
const ANSWER: Duration = Duration::from_secs(5);
const TENANT: &str = "0d9c8f6e-0000-4000-8000-000000000000";

/// Reads where webhooks go; an empty text is nowhere.
pub(super) fn url(text: &str) -> Result<Option<Url>, &'static str> {
    if text.is_empty() {
        return Ok(None);
    }
    let url = Url::parse(text).ok().filter(|url| {
        let has_user_info = !url.username().is_empty() || url.password().is_some();
        url.scheme() == "http" && url.host().is_some_and(|host| is_loopback(&host)) && !has_user_info
    });
    url.map(Some).ok_or("expected an http URL on loopback without user info, say http://127.0.0.1:3000/webhooks")
}

/// A message that was "sent".
pub(super) struct SentMessage<'a> {
    pub(super) method: Method,
    pub(super) verification_method: &'a str,
    pub(super) action: &'a str,
    pub(super) idempotency_key: &'a str,
    /// The member that the recipient stands in.
    pub(super) field: &'static str,
    pub(super) recipient: &'a str,
    pub(super) is_undeliverable: bool,
}

impl SentMessage<'_> {
    /// Delivery is documented for text messages alone.
    fn log_types(&self) -> &'static [&'static str] {
        match (self.method, self.is_undeliverable) {
            (Method::EmailOtp, _) => &["EMAIL_OTP_SENT"],
            (Method::WhatsAppOtp, _) => &["WHATSAPP_SENT"],
            (_, false) => &["SMS_SENT", "SMS_DELIVERED"],
            (_, true) => &["SMS_SENT", "SMS_NOT_DELIVERED"],
        }
    }

    fn entry(&self, log_type: &str, clock: &Clock) -> Value {
        let now = humantime::format_rfc3339_millis(clock.now()).to_string();
        json!({
            "version": 1,
            "id": fresh::uuid(),
            "source": "https://authsignal.com",
            "time": now,
            "tenantId": TENANT,
            "type": "challenge.log_created",
            "record": {
                "tenantId": TENANT,
                // A challenge has no user before it is claimed; the recipient stands for one, as where active challenges are looked for.
                "userId": self.recipient,
                "actionCode": self.action,
                "idempotencyKey": self.idempotency_key,
                "createdAt": now,
                "type": log_type,
                "verificationMethod": self.verification_method,
                self.field: self.recipient,
            },
        })
    }
}

/// Posts entries in the order in which they come, until it is dropped.
pub(super) struct Webhooks {
    entries: mpsc::Sender<(u64, Value)>,
    /// How often all was forgotten: entries from before are not posted.
    age: Arc<AtomicU64>,
    clock: Clock,
    posting: AbortHandle,
}

impl Webhooks {
    pub(super) fn start(url: Url, key: Secret, clock: Clock) -> io::Result<Self> {
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).timeout(ANSWER).build().map_err(io::Error::other)?;
        let (entries, mut waiting) = mpsc::channel(WAITING);
        let age = Arc::new(AtomicU64::new(0));
        let receiver = Receiver { client, url, key, clock: clock.clone(), age: Arc::clone(&age) };
        let posting = tokio::spawn(async move {
            let mut batch = Vec::new();
            while waiting.recv_many(&mut batch, BATCH).await > 0 {
                receiver.deliver(&std::mem::take(&mut batch)).await;
            }
        });
        Ok(Self { entries, age, clock, posting: posting.abort_handle() })
    }

    /// Leaves what waits.
    pub(super) fn forget(&self) {
        self.age.fetch_add(1, Ordering::Relaxed);
    }

    /// Tells of a message, and does not wait.
    pub(super) fn sent(&self, message: &SentMessage<'_>) {
        for log_type in message.log_types() {
            if self.entries.try_send((self.age.load(Ordering::Relaxed), message.entry(log_type, &self.clock))).is_err() {
                tracing::warn!("too many webhooks of the Authsignal double wait; one is lost");
            }
        }
    }
}

impl Drop for Webhooks {
    fn drop(&mut self) {
        self.posting.abort();
    }
}

struct Receiver {
    client: reqwest::Client,
    url: Url,
    key: Secret,
    clock: Clock,
    age: Arc<AtomicU64>,
}

impl Receiver {
    async fn deliver(&self, entries: &[(u64, Value)]) {
        let mut pauses = PAUSES.into_iter();
        loop {
            let age = self.age.load(Ordering::Relaxed);
            let entries: Vec<&Value> = entries.iter().filter(|(made, _)| *made == age).map(|(_, entry)| entry).collect();
            if entries.is_empty() || self.takes(&json!({ "records": entries }).to_string()).await {
                return;
            }
            match pauses.next() {
                Some(pause) => sleep(pause).await,
                None => return tracing::warn!(entries = entries.len(), "no receiver took the webhooks of the Authsignal double"),
            }
        }
    }

    /// Posts a body, signed at this time, and says whether that was answered 2xx.
    async fn takes(&self, body: &str) -> bool {
        let signature = signature::sign(body.as_bytes(), self.clock.now(), |signed| hmac(&self.key, signed));
        let request = self.client.post(self.url.clone()).header(signature::HEADER, signature).header("content-type", "application/json");
        request.body(body.to_owned()).send().await.is_ok_and(|reply| reply.status().is_success())
    }
}

fn hmac(key: &Secret, signed: [&[u8]; 3]) -> Tag {
    let mut context = Context::with_key(&Key::new(HMAC_SHA256, key.expose().as_bytes()));
    for part in signed {
        context.update(part);
    }
    context.sign()
}
