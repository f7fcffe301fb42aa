//! The guide: a login from the first line to production, page by page.
//!
//! The programs on these pages are compiled and run by the crate's tests, against the [doubles](crate::testing).
//!
//! | page | tells |
//! |---|---|
//! | [`login`] | how a person is sent a code, how it is checked, how it is sent again |
//! | [`sign_up`] | what each vendor wants before its first challenge, and what it can do after it |
//! | [`passkeys`] | how a browser makes a passkey, with the JavaScript |
//! | [`failures`] | what every error and every rejected answer means, and what a page says |
//! | [`switching`] | another vendor, several vendors, a vendor that is away |
//! | [`testing`] | tests of your application, without a vendor and without waiting |
//! | [`fleet`] | limits and "at most one message" in many processes |
//! | [`observing`] | traces, logs, numbers and health: what an operator sees |
//! | [`production`] | a checklist |
//! | [`adding_a_vendor`] | a provider of your own; a vendor for this crate |
//!
//! # Words
//!
//! | word | what it means here |
//! |---|---|
//! | vendor | Corbado, Authsignal, Dfns or Twilio: the company whose service is called |
//! | provider | one vendor as it is configured, by the name of its section; or whatever else implements [`ChallengeProvider`](crate::ChallengeProvider). Two projects at one vendor are two providers |
//! | the selected provider | the one that `provider = "…"` names in a config: it gets new challenges, unless a route says otherwise |
//! | method | how a person is challenged: a code by e-mail, SMS, WhatsApp or phone call, a link by e-mail, a new credential |
//! | credential | a passkey, or a key of one's own, that is registered at Dfns |
//! | recipient | the e-mail address or phone number that a message goes to |
//! | challenge | one question to one person: a message that was sent, or something that a new credential has to sign |
//! | handle | what an application keeps of a challenge until the answer comes: [`ChallengeHandle`](crate::ChallengeHandle) |
//! | answer | what the person gives: the code, the token of a link, the new credential |
//! | proof | a right answer: [`Verified`](crate::Verified), with the recipient that the vendor names |
//! | rejected | a wrong, late or used-up answer. It is a value, [`Rejected`](crate::Rejected), not an error |
//! | field | this crate's own name of something in a request, the same at every vendor: `to`, `user_id`, `ip` …, see [`Field`](crate::Field). The vendor's name of it stands beside it in errors |
//! | ignored | a field that was given and that the provider has no use for. The challenge lists them: [`Challenge::ignored`](crate::Challenge::ignored) |
//! | action | what the person is about to do, in a word of yours: `login`. At Authsignal it is the action code of the tenant's rules |
//! | action key | a word of yours that groups several challenges of one attempt, [`with_action_key`](crate::ChallengeRequest::with_action_key): Authsignal's `idempotencyKey`, which its webhooks name again. It does **not** keep a second message from being sent |
//! | resend | the same challenge is sent once more. Authsignal and Twilio can; elsewhere [`send_again`](crate::ChallengeProviderExt::send_again) makes a new challenge |
//! | send state | whether the vendor may have acted in spite of an error: [`SendState`](crate::SendState) |
//! | advice | what the application does about an error or a rejected answer: [`Advice`](crate::Advice) |
//! | failover | another provider is asked, since the first could not be reached or refused for a reason of its own |
//! | hop | a provider that a failover asked, or passed over, before the one that answered: [`Hop`](crate::Hop) |
//! | route | the provider that gets a method, or a calling code, instead of the selected one |
//! | calling code | how a phone number begins: `+49`, `+1684` |
//! | guard | what counts messages and tries, and refuses too many: [`Guard`](crate::Guard) |
//! | intent | a word of yours for one message that a person is to get, so that it is sent once: see [`SendOnce`](crate::SendOnce) |
//! | double | a stand-in for a vendor, over real HTTP, for tests: see [`testing`](crate::testing) |
//! | `Secret`, `Personal`, `Kept` | texts that `Debug` does not show: [secrets](crate::Secret), [what tells who somebody is](crate::Personal), [members of a reply that have no documented form, or several](crate::Kept) |

pub mod adding_a_vendor;
pub mod failures;
pub mod fleet;
pub mod login;
pub mod observing;
pub mod passkeys;
pub mod production;
pub mod sign_up;
pub mod switching;
pub mod testing;
