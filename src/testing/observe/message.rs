//! What a double "sent".

use std::{fmt, time::SystemTime};

use super::Entries;
use crate::{
    model::{Challenge, Method, Personal, Secret},
    testing::{
        text,
        weight::{self, Weigh},
    },
};

/// Shows a message that a double would have sent, were it the vendor.
#[derive(Clone)]
pub struct Message {
    pub(in crate::testing) method: Method,
    pub(in crate::testing) to: Personal,
    pub(in crate::testing) code: Secret,
    pub(in crate::testing) link: Option<Secret>,
    pub(in crate::testing) sent_at: SystemTime,
    /// The vendor's id of the challenge that it belongs to.
    pub(in crate::testing) challenge_id: String,
}

impl Message {
    /// Gives the method.
    pub fn method(&self) -> Method {
        self.method
    }

    /// Gives the recipient that it went to.
    pub fn recipient(&self) -> &str {
        self.to.as_str()
    }

    /// Gives the code in it; for a link, the token that the link carries and the vendor takes as the answer.
    pub fn code(&self) -> &str {
        self.code.expose()
    }

    /// Gives the link in it, for [`Method::EmailLink`].
    pub fn link(&self) -> Option<&str> {
        self.link.as_ref().map(Secret::expose)
    }

    /// Tells when it was sent, by the double's clock.
    pub fn sent_at(&self) -> SystemTime {
        self.sent_at
    }
}

impl Weigh for Message {
    fn weight(&self) -> usize {
        weight::of_texts([self.recipient(), self.code(), self.link().unwrap_or_default(), &self.challenge_id])
    }
}

/// Shows the method alone.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").field("method", &self.method).finish_non_exhaustive()
    }
}

/// The messages that a double sent until now, the oldest first.
pub type Outbox = Entries<Message>;

impl Outbox {
    /// Gives the messages to one recipient, in whatever spelling; an address with a `+tag` is one of its own.
    pub fn to(&self, address: &str) -> Self {
        let address = text::recipient(address);
        self.those(|message| text::recipient(message.recipient()) == address)
    }

    /// Gives the code of the last message.
    ///
    /// # Panics
    ///
    /// Where nothing was sent.
    #[track_caller]
    pub fn last_code(&self) -> &str {
        match self.last() {
            Some(message) => message.code(),
            None => panic!("expected a message in the outbox, but nothing was sent"),
        }
    }

    /// Gives the code that was sent for a challenge.
    #[track_caller]
    pub(in crate::testing) fn code_of(&self, challenge: &Challenge) -> &str {
        let id = challenge.handle().challenge_id().expose();
        match self.0.iter().rev().find(|message| message.challenge_id == id) {
            Some(message) => message.code(),
            None => panic!("expected a challenge that this double made, but it made no such one"),
        }
    }

    /// Gives the one message.
    ///
    /// # Panics
    ///
    /// Where none or several were sent.
    #[track_caller]
    pub fn only(&self) -> &Message {
        match self.0.as_slice() {
            [message] => message,
            _ => panic!("expected exactly one message in the outbox, but {self}"),
        }
    }

    /// Asserts how many messages were sent.
    ///
    /// # Panics
    ///
    /// Where it is another number.
    #[track_caller]
    pub fn assert_count(&self, expected: usize) {
        assert!(self.len() == expected, "expected {expected} messages in the outbox, but {self}");
    }

    /// Asserts that nothing was sent.
    ///
    /// # Panics
    ///
    /// Where something was.
    #[track_caller]
    pub fn assert_empty(&self) {
        self.assert_count(0);
    }
}

/// Tells how many messages of which methods there are.
impl fmt::Display for Outbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [] => f.write_str("nothing was sent"),
            messages => {
                write!(f, "{} came: ", messages.len())?;
                for (index, message) in messages.iter().enumerate() {
                    write!(f, "{}{}", if index == 0 { "" } else { ", " }, message.method)?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(to: &str, code: &str) -> Message {
        Message { method: Method::EmailOtp, to: to.into(), code: code.into(), link: None, sent_at: SystemTime::UNIX_EPOCH, challenge_id: String::new() }
    }

    #[test]
    fn debug_shows_neither_address_nor_code() {
        let outbox = Outbox::from_iter([message("jane@doe.com", "123456")]);
        let shown = format!("{outbox:?} {outbox} {:?}", outbox.only());
        assert!(shown.contains("EmailOtp"), "{shown}");
        assert!(!shown.contains("jane") && !shown.contains("123456"), "{shown}");
    }

    #[test]
    fn messages_are_found_by_address() {
        let outbox = Outbox::from_iter([message("jane@doe.com", "1"), message("joe@doe.com", "2"), message("jane@doe.com", "3")]);
        assert_eq!(outbox.to("jane@doe.com").last_code(), "3");
        assert_eq!(outbox.to("Joe@DOE.com").only().code(), "2");
        outbox.to("joe+tag@doe.com").assert_empty();
        outbox.to("nobody@doe.com").assert_empty();
    }

    #[test]
    #[should_panic(expected = "expected 1 messages in the outbox, but 2 came: email_otp, email_otp")]
    fn a_wrong_count_tells_what_came() {
        Outbox::from_iter([message("a@b", "1"), message("a@b", "2")]).assert_count(1);
    }
}
