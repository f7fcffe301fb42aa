//! What a guard allows, whoever counts.

use std::fmt;

use super::Rate;
use crate::model::{Method, recipient};

/// Describes what a guard allows: the same limits for [`LocalGuard`](crate::LocalGuard), which counts in one process, and for a guard that a fleet
/// shares. Without any, everything passes.
///
/// - **A send** takes a place under every limit that it falls under, or under none if one of them is full. Places are taken before the message
///   goes out, and given back only where nothing was sent ([`SendState::NotSent`](crate::SendState::NotSent)) and the vendor did nothing else, such
///   as making a user: what a vendor refused has reached it, and a caller who gives up half-way leaves the place taken.
/// - **One recipient** is one whatever way it is written. Case (of any writing), forms for the same letter (NFKC: `ｘ` is `x`), blanks, and
///   characters that are not seen make no difference; comments, quotes, a name before `<…>` and dots at the ends are left out; so is the `+tag`
///   of an e-mail address; the domain counts in its ASCII form (`xn--…`). Of a phone number the digits count, without zeros in front.
///   Dots within the name of a mailbox do count, since they tell people apart at most providers. The message goes to what was given.
/// - **One client** is an IPv4 address, or the IPv6 network of 64 bits that one subscriber has.
/// - **A try** at a code is taken before the vendor is asked, and given back only where the vendor was not
///   ([`SendState::NotSent`](crate::SendState::NotSent)). So an outage, or a 401 for credentials of yours that are wrong, uses up tries as a
///   wrong code does; a vendor's refusals look too much like each other to let a guesser have them for nothing.
///
/// Sends count for the period of their limit, wrong answers for 24 hours after the last one.
///
/// ```
/// use auth_challenge::Limits;
///
/// let limits = Limits::new()
///     .with_per_recipient("5 per 10m".parse()?)
///     .with_per_ip("30 per 1h".parse()?)
///     .with_wrong_codes(5)
///     .with_calling_codes(["+49", "+64"])
///     .with_unverified_per_calling_code("20 per 1h".parse()?);
/// # Ok::<(), auth_challenge::ParseRateError>(())
/// ```
#[derive(Clone, Default)]
#[must_use = "limits are for a guard"]
pub struct Limits {
    pub(super) rates: [Option<Rate>; Rule::ALL.len()],
    pub(super) wrong_codes: Option<u32>,
    calling_codes: Vec<String>,
    exempt_prefixes: Vec<String>,
    exempt_hashes: Vec<String>,
    is_observing: bool,
}

/// Names a limit of sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Rule {
    PerRecipient,
    PerIp,
    UnverifiedPerCallingCode,
    CallingCodesPerIp,
}

impl Rule {
    pub(super) const ALL: [Self; 4] = [Self::PerRecipient, Self::PerIp, Self::UnverifiedPerCallingCode, Self::CallingCodesPerIp];

    /// Gives the rule as a config names it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::PerRecipient => "per_recipient",
            Self::PerIp => "per_ip",
            Self::UnverifiedPerCallingCode => "unverified_per_calling_code",
            Self::CallingCodesPerIp => "unverified_calling_codes_per_ip",
        }
    }

    /// Says why a send is refused.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::PerRecipient => "too many messages to this recipient",
            Self::PerIp => "too many messages asked for from this client IP address",
            Self::UnverifiedPerCallingCode => "too many messages to this calling code whose codes nobody gave",
            Self::CallingCodesPerIp => "messages whose codes nobody gave to too many calling codes from this client IP address",
        }
    }
}

impl Limits {
    /// Lets everything pass until limits are added.
    pub fn new() -> Self {
        Self::default()
    }

    pub(super) fn rate(&self, rule: Rule) -> Option<Rate> {
        self.rates[rule as usize]
    }

    fn with_rate(mut self, rule: Rule, rate: Rate) -> Self {
        self.rates[rule as usize] = Some(rate);
        self
    }

    /// Limits the messages to one recipient, resends among them, whatever id the challenge has by then.
    pub fn with_per_recipient(self, rate: Rate) -> Self {
        self.with_rate(Rule::PerRecipient, rate)
    }

    /// Limits the messages that one client asks for: an IPv4 address, or the IPv6 network of 64 bits that one subscriber has.
    pub fn with_per_ip(self, rate: Rate) -> Self {
        self.with_rate(Rule::PerIp, rate)
    }

    /// Limits the messages to phone numbers of one calling code (`+49`; all of `+1` together) **whose code nobody gave**: what people who earn
    /// by messages (SMS pumping) leave behind. A right code takes all messages to its recipient off the count.
    ///
    /// Whoever fills it turns everybody of that calling code away for the rest of the period, so set it well above what honest people leave behind, and a
    /// limit by client beside it; [observe](Self::with_observation) first.
    pub fn with_unverified_per_calling_code(self, rate: Rate) -> Self {
        self.with_rate(Rule::UnverifiedPerCallingCode, rate)
    }

    /// Limits to how many calling codes one client may have messages sent whose code nobody gave. A right code takes its calling code off the count of
    /// the client that had the message sent last.
    /// Unlike a message, a calling code stays counted where nothing was sent.
    pub fn with_unverified_calling_codes_per_ip(self, rate: Rate) -> Self {
        self.with_rate(Rule::CallingCodesPerIp, rate)
    }

    /// Limits the wrong answers to one challenge: after so many none is handed in any more, and each is rejected as
    /// [`Reason::TooManyAttempts`](crate::Reason::TooManyAttempts). 0 rejects every answer.
    /// A vendor that continues a challenge with the same id, as long as it is pending, gives no new one for which the count would begin anew.
    pub fn with_wrong_codes(mut self, most: u32) -> Self {
        self.wrong_codes = Some(most);
        self
    }

    /// Lets messages go to phone numbers with these calling codes alone, say `+49`. Another one is [`ErrorKind::Throttled`](crate::ErrorKind::Throttled) with a
    /// violation at [`Field::To`](crate::Field::To), and without a time after which to try again. Each is `+` and 1 to 7 digits, which a config checks and
    /// this does not: what is none allows nobody. An empty list allows all. A resend counts as well, where its handle names the recipient.
    pub fn with_calling_codes<C: Into<String>>(mut self, codes: impl IntoIterator<Item = C>) -> Self {
        self.calling_codes = codes.into_iter().map(Into::into).collect();
        self
    }

    /// Takes recipients that begin so out of every limit of sends, and counts none of theirs, resends among them. A prefix is compared with the recipient in the form
    /// in which it counts: a phone number as `+` and digits, an e-mail address in lower case and without its `+tag`. One of another form, which a config
    /// refuses, fits nobody.
    pub fn with_exempt_prefixes<P: Into<String>>(mut self, prefixes: impl IntoIterator<Item = P>) -> Self {
        self.exempt_prefixes = prefixes.into_iter().map(Into::into).collect();
        self
    }

    /// Takes recipients out of every limit of sends by their keyed hashes, for a guard that has a key to hash with: HMAC-SHA-256 of the recipient in the
    /// form in which it counts, in hex. Of `+64270000000` it is what
    /// `printf %s +64270000000 | openssl dgst -sha256 -hmac "$HASH_KEY" | sed 's/.* //'` prints. `RedisGuard` has such a key; a `LocalGuard` exempts nobody by it.
    pub fn with_exempt_hashes<H: Into<String>>(mut self, hashes: impl IntoIterator<Item = H>) -> Self {
        self.exempt_hashes = hashes.into_iter().map(|hash| hash.into().to_ascii_lowercase()).collect();
        self
    }

    /// Decides and tells, in the log, and refuses nothing: to see what limits would do before they do it. What they would refuse takes no place, as in
    /// earnest; of wrong codes each counts. A policy for outages refuses nothing either.
    pub fn with_observation(mut self) -> Self {
        self.is_observing = true;
        self
    }

    pub(super) fn is_observing(&self) -> bool {
        self.is_observing
    }

    /// Says whether a message of this method may go to a number, or anything may.
    pub(super) fn may_call(&self, method: Method, number: &str) -> bool {
        !method.is_to_phone()
            || self.calling_codes.is_empty()
            || self.calling_codes.iter().any(|code| recipient::is_calling_code(code) && number.starts_with(code.as_str()))
    }

    /// Says whether a recipient, in the form in which it counts, is under no limit; `hash` gives its keyed hash, where there is a key.
    pub(super) fn exempts(&self, counted: &str, hash: impl FnOnce(&str) -> Option<String>) -> bool {
        self.exempt_prefixes.iter().any(|prefix| recipient::may_begin(prefix) && counted.starts_with(prefix.as_str()))
            || (!self.exempt_hashes.is_empty() && hash(counted).is_some_and(|hash| self.exempt_hashes.contains(&hash)))
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Limits");
        for (rule, rate) in Rule::ALL.into_iter().zip(self.rates) {
            if let Some(rate) = rate {
                out.field(rule.as_str(), &rate);
            }
        }
        out.field("wrong_codes", &self.wrong_codes).field("calling_codes", &self.calling_codes).field("is_observing", &self.is_observing);
        out.finish_non_exhaustive()
    }
}
