//! The user of a person, by e-mail address or phone number: found, or made.

use std::collections::BTreeSet;

use tokio::time::Instant;

use super::{Corbado, Filter, ListQuery, types};
use crate::{
    model::{CallOptions, Error, ErrorKind, Field, Method, Personal, SendState, Violation, recipient},
    transport::{LEAST_TO_ASK, path::path_problem},
};

/// Most pages that are read of a list that should have one entry.
const MOST_PAGES: u32 = 5;
/// Longest user id that is taken, in bytes.
const LONGEST_ID: usize = 256;

const NO_USER: &str = "the reply names no user";
const NO_VALUE: &str = "a login identifier in the list has no value";
const ANOTHER: &str = "the reply is of another login identifier";
const ENDLESS: &str = "the list of login identifiers goes on, though one value was asked for";
const SEVERAL: &str = "several users have this login identifier";

/// Tells who has a login identifier.
pub(super) struct Holder {
    pub(super) user_id: Personal,
    /// How Corbado has the e-mail address or phone number.
    pub(super) recipient: Personal,
    /// Whether a user was made for it.
    pub(super) is_new: bool,
}

impl Corbado {
    /// Finds the user that has this e-mail address or phone number as a login identifier, or makes both; gives the user's id, for
    /// [`ChallengeRequest::with_user_id_at`](crate::ChallengeRequest::with_user_id_at). What a sign-up and a login call before they make a challenge.
    ///
    /// It proves nothing: whoever types an address gets the id of its user here, and may make one. Log nobody in before a challenge is verified, and limit the
    /// calls as you limit challenges.
    ///
    /// It is safe to call again, and at the same time: of several calls for one person one makes the user, and all give that user's id. That
    /// rests on Corbado, which refuses a login identifier that a user has already; the user that was made in vain is deleted.
    ///
    /// A new user is `active`; its login identifier is `pending`, for nobody has proven it yet. After a verified challenge the application may set it to
    /// `verified` by [`identifier_update`](Self::identifier_update); whether Corbado does so itself is not documented. A user is found whatever the status of
    /// either.
    ///
    /// The recipient is taken as [`ChallengeRequest::with_recipient`](crate::ChallengeRequest::with_recipient) takes it: what has an @ is an e-mail address,
    /// what begins with + a phone number in E.164 form, and white space around it goes. Of an address the letters A to Z count as small ones, and
    /// are small in the login identifier that is made. Social accounts and user names are not looked at.
    ///
    /// On the wire: `GET /identifiers` with a filter on `identifierValue`; if that finds nobody, `POST /users` and `POST /users/{userID}/identifiers`.
    /// What the list holds beside what was asked for is passed over. All calls together have the time of one.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), auth_challenge::Error> {
    /// # use auth_challenge::testing::CorbadoDouble;
    /// use auth_challenge::{ChallengeProviderExt as _, ChallengeRequest, ClientContext, Http, ProviderId};
    /// use auth_challenge::corbado::{Corbado, CorbadoConfig};
    ///
    /// # let double = CorbadoDouble::start().await;
    /// # let config = CorbadoConfig::new("pro-1", "corbado1_secret").with_base_url(&double.base_url())?;
    /// # #[cfg(any())]
    /// let config = CorbadoConfig::new("pro-1", "corbado1_secret");
    /// let corbado = Corbado::new(&config, Http::builder().build()?)?;
    /// let user_id = corbado.user_for("jane@doe.com").await?;
    ///
    /// let client = ClientContext::new([203, 0, 113, 7]).with_user_agent("Mozilla/5.0 …");
    /// let request = ChallengeRequest::email_otp("jane@doe.com").with_user_id_at(ProviderId::CORBADO, user_id).with_client(client);
    /// let challenge = corbado.create(&request).await?;
    /// # assert_eq!(double.outbox().only().recipient(), "jane@doe.com");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// A recipient that is neither an e-mail address nor a phone number is refused before sending, with a violation on [`Field::To`]. Where several users have
    /// this login identifier, where the list does not end or an entry of it cannot be read, it is [`ErrorKind::UnexpectedReply`], and no user is made. All else is the error of the call that failed, and names its operation.
    ///
    /// Where the user was made and its login identifier was not, the user is deleted. Only an error that says that Corbado
    /// [may have acted](SendState::may_have_acted) may leave a user without a login identifier there: a reply was lost, or the time was up. So may a
    /// future that is dropped before it is done.
    pub async fn user_for(&self, recipient: impl Into<Personal>) -> Result<Personal, Error> {
        let wanted = Wanted::read(recipient.into().as_str()).map_err(|error| error.at(self.provider(), "user_for"))?;
        let found = self.find_or_make(&wanted, self.endpoint.deadline(&self.options)).await;
        found.map(|holder| holder.user_id).map_err(|error| if error.has_prepared() { error.after(SendState::Unknown) } else { error })
    }

    /// Finds or makes the user of a create that names none, and gives the options with the time that is left. An error is one of a create: no
    /// message was asked for yet.
    pub(super) async fn holder_to_challenge(&self, recipient: &Personal, options: &CallOptions) -> Result<(Holder, CallOptions), Error> {
        let deadline = self.endpoint.deadline(options);
        let least = LEAST_TO_ASK.min(deadline.saturating_duration_since(Instant::now()) / 2);
        let corbado = self.with_options(options.clone().of_a_create(true));
        let found = async { corbado.find_or_make(&Wanted::read(recipient.as_str())?, deadline).await };
        let holder = found.await.map_err(Error::before_sending)?;
        let left = deadline.saturating_duration_since(Instant::now());
        if left < least {
            let late = Error::new(ErrorKind::Timeout, SendState::NotSent);
            return Err(if holder.is_new { late.having_prepared() } else { late });
        }
        Ok((holder, options.clone().with_timeout(left)))
    }

    async fn find_or_make(&self, wanted: &Wanted, deadline: Instant) -> Result<Holder, Error> {
        match self.holder_of(wanted, deadline).await? {
            Some(holder) => Ok(holder),
            None => self.make_holder_of(wanted, deadline).await,
        }
    }

    /// Finds the user that has a login identifier.
    async fn holder_of(&self, wanted: &Wanted, deadline: Instant) -> Result<Option<Holder>, Error> {
        for spelling in wanted.spellings() {
            if let Some(holder) = self.holder_of_spelling(wanted, spelling, deadline).await? {
                return Ok(Some(holder));
            }
        }
        Ok(None)
    }

    async fn holder_of_spelling(&self, wanted: &Wanted, spelling: &str, deadline: Instant) -> Result<Option<Holder>, Error> {
        let mut holder: Option<Holder> = None;
        let mut seen = BTreeSet::new();
        let mut query = ListQuery { filter: vec![Filter::equal("identifierValue", spelling)], ..ListQuery::default() };
        loop {
            let list = self.until(deadline)?.identifier_lookup(&query).await?;
            let unusable = |detail| Err(list.unusable(detail).at(self.provider(), "IdentifierList"));
            for identifier in &list.identifiers {
                let Some(value) = &identifier.value else { return unusable(NO_VALUE) };
                if !wanted.is(identifier.type_.as_ref(), value) {
                    continue;
                }
                match &holder {
                    Some(other) if other.user_id != identifier.user_id => return unusable(SEVERAL),
                    _ if !is_user_id(&identifier.user_id) => return unusable(NO_USER),
                    _ => holder = Some(Holder { user_id: identifier.user_id.clone(), recipient: value.clone(), is_new: false }),
                }
            }
            let page = query.page.unwrap_or(1);
            let total = list.paging.as_ref().and_then(|paging| paging.total_pages);
            let new = list.identifiers.iter().filter(|identifier| seen.insert(identifier.identifier_id.as_str().to_owned())).count();
            let is_last = list.identifiers.is_empty() || total.is_some_and(|total| i64::from(page) >= total);
            // Where pages are counted wrongly, or repeated, whoever was found is found; but nobody is known to be missing.
            match holder {
                None if is_last => return Ok(None),
                None if new == 0 || page >= MOST_PAGES => return unusable(ENDLESS),
                Some(holder) if is_last || new == 0 || page >= MOST_PAGES => return Ok(Some(holder)),
                _ => {}
            }
            query.page = Some(page + 1);
        }
    }

    /// Makes a user with a login identifier; where another call was faster, its user is the one.
    async fn make_holder_of(&self, wanted: &Wanted, deadline: Instant) -> Result<Holder, Error> {
        let user = types::UserCreateReq { status: types::UserStatus::Active, full_name: None, explicit_webauthn_id: None };
        let reply = self.until(deadline)?.user_create(&user).await?;
        if !is_user_id(&reply.user_id) {
            return Err(reply.unusable(NO_USER).at(self.provider(), "UserCreate"));
        }
        let made = reply.into_inner().user_id;
        let new = |user_id| Holder { user_id, recipient: Personal::new(&*wanted.value), is_new: true };
        let Err(error) = self.identify(&made, wanted, deadline).await else { return Ok(new(made)) };
        // A refusal may mean that somebody has it, which Corbado has no documented word for; and without a reply it may have been made.
        let may_be_there = error.send_state().may_have_acted() || matches!(error.kind(), ErrorKind::Conflict | ErrorKind::InvalidRequest);
        let holder = if may_be_there { self.holder_of(wanted, deadline).await } else { Ok(None) };
        match holder {
            Ok(Some(holder)) if holder.user_id == made => Ok(Holder { is_new: true, ..holder }),
            Ok(Some(holder)) => {
                let is_new = !self.is_deleted(&made, deadline).await;
                Ok(Holder { is_new, ..holder })
            }
            // It may still come about: a user that has it must not go.
            _ if error.send_state().may_have_acted() => Err(error),
            nobody => {
                let error = nobody.err().unwrap_or(error);
                Err(if self.is_deleted(&made, deadline).await { error } else { error.having_prepared() })
            }
        }
    }

    /// Gives a user that was made the login identifier.
    async fn identify(&self, made: &Personal, wanted: &Wanted, deadline: Instant) -> Result<(), Error> {
        let reply = self.until(deadline)?.identifier_create(made.as_str(), &wanted.identifier()).await?;
        let is_it = reply.user_id == *made && reply.value.as_ref().is_none_or(|value| wanted.is(reply.type_.as_ref(), value));
        if is_it { Ok(()) } else { Err(reply.unusable(ANOTHER).at(self.provider(), "IdentifierCreate")) }
    }

    /// Deletes a user that nobody needs, and says whether it is gone. The transport warns of a call that fails.
    async fn is_deleted(&self, user_id: &Personal, deadline: Instant) -> bool {
        // Nobody waits for it, so no pause is waited for.
        let unhurried = self.with_options(self.options.clone().of_a_create(false));
        let Ok(corbado) = unhurried.until(deadline) else { return false };
        corbado.user_delete(user_id.as_str()).await.map_or_else(|error| error.send_state() == SendState::Accepted || error.is_not_found(), |_| true)
    }

    /// Gives the same client, whose next call ends by the deadline.
    fn until(&self, deadline: Instant) -> Result<Self, Error> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Error::new(ErrorKind::Timeout, SendState::NotSent).at(self.provider(), "user_for"));
        }
        Ok(self.with_options(self.options.clone().with_timeout(left)))
    }
}

fn is_user_id(id: &Personal) -> bool {
    path_problem(id.as_str()).is_none() && id.as_str().len() <= LONGEST_ID
}

/// The login identifier that is looked for.
struct Wanted {
    kind: types::IdentifierType,
    /// As it is made: an e-mail address with small letters.
    value: String,
    given: String,
}

impl Wanted {
    fn read(recipient: &str) -> Result<Self, Error> {
        let given = recipient.trim();
        let (kind, problem) = match given {
            _ if given.contains('@') => (types::IdentifierType::Email, recipient::problem(Method::EmailOtp, given)),
            _ if given.starts_with('+') => (types::IdentifierType::Phone, recipient::problem(Method::SmsOtp, given)),
            _ => (types::IdentifierType::Email, Some("expected an e-mail address, or a phone number in E.164 form")),
        };
        match problem {
            Some(problem) => Err(Error::invalid(vec![Violation::new(Field::To, problem).with_vendor_field("identifierValue")])),
            // Of the letters beyond ASCII some have the small form of another one, and whoever owns one address must not be taken for the other.
            None => Ok(Self { kind, value: given.to_ascii_lowercase(), given: given.to_owned() }),
        }
    }

    /// Lists how it may be written at Corbado, whose filter may or may not look at case.
    fn spellings(&self) -> impl Iterator<Item = &str> {
        [&self.value, &self.given].into_iter().take(if self.value == self.given { 1 } else { 2 }).map(String::as_str)
    }

    /// Says whether an identifier of this type and value is the one; without a type it is what its value looks like.
    fn is(&self, kind: Option<&types::IdentifierType>, value: &Personal) -> bool {
        kind.is_none_or(|kind| *kind == self.kind) && value.as_str().eq_ignore_ascii_case(&self.value)
    }

    fn identifier(&self) -> types::IdentifierCreateReq {
        types::IdentifierCreateReq {
            identifier_type: self.kind.clone(),
            identifier_value: Personal::new(&*self.value),
            status: types::IdentifierStatus::Pending,
        }
    }
}
