//! Users and their login identifiers: the vendor's operations, typed.

use progenitor_client::ResponseValue;
use serde::de::DeserializeOwned;

use super::{Corbado, ListQuery, client::operation, generated, routes, types};
use crate::{
    model::{Error, Field},
    transport::{Attempt, Operation, Reply, path::path_ids},
};

// None of them sends a message: none is made again after a 429, but as a part of a create.
static USER_CREATE: Operation = operation(routes::USER_CREATE);
static USER_LIST: Operation = operation(routes::USER_LIST);
static USER_GET: Operation = operation(routes::USER_GET);
static USER_UPDATE: Operation = operation(routes::USER_UPDATE);
static USER_DELETE: Operation = operation(routes::USER_DELETE);
static IDENTIFIER_CREATE: Operation = operation(routes::IDENTIFIER_CREATE);
static IDENTIFIER_UPDATE: Operation = operation(routes::IDENTIFIER_UPDATE);
static IDENTIFIER_DELETE: Operation = operation(routes::IDENTIFIER_DELETE);
static IDENTIFIER_LIST: Operation = operation(routes::IDENTIFIER_LIST);
/// The list as it is read to learn whether a person has a user: one that cannot be read is not one who has none.
static IDENTIFIER_LOOKUP: Operation = Operation { decisive: &["identifiers", "type", "value"], ..operation(routes::IDENTIFIER_LIST) };

/// An id in a path: the neutral field, if there is one, the vendor's name, and the id.
type PathId<'a> = (Option<Field>, &'static str, &'a str);

fn user(id: &str) -> PathId<'_> {
    (Some(Field::UserId), "userID", id)
}

fn identifier(id: &str) -> PathId<'_> {
    (None, "identifierID", id)
}

/// Users and their login identifiers. An id that cannot be a segment of a path (empty, dots, slashes, control characters) is refused before sending; one that
/// Corbado does not know is [`ErrorKind::NotFound`](crate::ErrorKind::NotFound).
impl Corbado {
    /// Makes a user: `POST /users`, the operation `UserCreate`. Each call makes one, who has no login identifier yet.
    ///
    /// [`user_for`](Self::user_for) finds or makes the user of a person.
    ///
    /// # Errors
    ///
    /// As every operation. Where Corbado [may have acted](crate::SendState::may_have_acted), there may be a user whose id nobody was told.
    pub async fn user_create(&self, body: &types::UserCreateReq) -> Result<Reply<types::User>, Error> {
        self.at(&USER_CREATE, &[], async |attempt| generated::Client::of(attempt).user_create(body).await).await
    }

    /// Lists users with their login identifiers and social accounts, page by page: `GET /users`, the operation `UserList`.
    ///
    /// # Errors
    ///
    /// As every operation. A reply without a list is [`ErrorKind::UnexpectedReply`](crate::ErrorKind::UnexpectedReply), not an empty list.
    pub async fn user_list(&self, query: &ListQuery) -> Result<Reply<types::UserList>, Error> {
        let (filters, sort) = (query.filters(), query.sort.as_deref());
        let (page, size) = (query.page.map(i64::from), query.page_size.map(i64::from));
        let run = async |attempt| generated::Client::of(attempt).user_list(Some(&filters), page, size, sort).await;
        self.endpoint.told(&USER_LIST, self.endpoint.call(&USER_LIST, &self.options, &query.private(), run).await)
    }

    /// Gives a user, without its login identifiers: `GET /users/{userID}`, the operation `UserGet`.
    ///
    /// # Errors
    ///
    /// As every operation.
    pub async fn user_get(&self, user_id: &str) -> Result<Reply<types::User>, Error> {
        self.at(&USER_GET, &[user(user_id)], async |attempt| generated::Client::of(attempt).user_get(user_id).await).await
    }

    /// Changes a user's name or status: `PATCH /users/{userID}`, the operation `UserUpdate`. Members that are left out stay as they are.
    ///
    /// # Errors
    ///
    /// As every operation.
    pub async fn user_update(&self, user_id: &str, body: &types::UserUpdateReq) -> Result<Reply<types::User>, Error> {
        self.at(&USER_UPDATE, &[user(user_id)], async |attempt| generated::Client::of(attempt).user_update(user_id, body).await).await
    }

    /// Deletes a user: `DELETE /users/{userID}`, the operation `UserDelete`.
    ///
    /// # Errors
    ///
    /// As every operation.
    pub async fn user_delete(&self, user_id: &str) -> Result<Reply<types::GenericRsp>, Error> {
        self.at(&USER_DELETE, &[user(user_id)], async |attempt| generated::Client::of(attempt).user_delete(user_id).await).await
    }

    /// Gives a user a login identifier: `POST /users/{userID}/identifiers`, the operation `IdentifierCreate`.
    ///
    /// # Errors
    ///
    /// As every operation. One that a user has already is [`ErrorKind::Conflict`](crate::ErrorKind::Conflict), or a violation on
    /// `identifierValue`: Corbado does not document which.
    pub async fn identifier_create(&self, user_id: &str, body: &types::IdentifierCreateReq) -> Result<Reply<types::Identifier>, Error> {
        self.at(&IDENTIFIER_CREATE, &[user(user_id)], async |attempt| generated::Client::of(attempt).identifier_create(user_id, body).await).await
    }

    /// Changes the status of a login identifier, say from pending to verified: `PATCH /users/{userID}/identifiers/{identifierID}`, the operation
    /// `IdentifierUpdate`.
    ///
    /// # Errors
    ///
    /// As every operation.
    pub async fn identifier_update(&self, user_id: &str, identifier_id: &str, body: &types::IdentifierUpdateReq) -> Result<Reply<types::Identifier>, Error> {
        let run = async |attempt| generated::Client::of(attempt).identifier_update(user_id, identifier_id, body).await;
        self.at(&IDENTIFIER_UPDATE, &[user(user_id), identifier(identifier_id)], run).await
    }

    /// Takes a login identifier from a user: `DELETE /users/{userID}/identifiers/{identifierID}`, the operation `IdentifierDelete`.
    ///
    /// # Errors
    ///
    /// As every operation.
    pub async fn identifier_delete(&self, user_id: &str, identifier_id: &str) -> Result<Reply<types::GenericRsp>, Error> {
        let run = async |attempt| generated::Client::of(attempt).identifier_delete(user_id, identifier_id).await;
        self.at(&IDENTIFIER_DELETE, &[user(user_id), identifier(identifier_id)], run).await
    }

    /// Lists the login identifiers of all users, page by page: `GET /identifiers`, the operation `IdentifierList`.
    ///
    /// # Errors
    ///
    /// As every operation. A reply without a list is [`ErrorKind::UnexpectedReply`](crate::ErrorKind::UnexpectedReply), not an empty list.
    pub async fn identifier_list(&self, query: &ListQuery) -> Result<Reply<types::IdentifierList>, Error> {
        self.identifiers(&IDENTIFIER_LIST, query).await
    }

    /// Lists login identifiers, all of them or none.
    pub(super) async fn identifier_lookup(&self, query: &ListQuery) -> Result<Reply<types::IdentifierList>, Error> {
        self.identifiers(&IDENTIFIER_LOOKUP, query).await
    }

    async fn identifiers(&self, operation: &Operation, query: &ListQuery) -> Result<Reply<types::IdentifierList>, Error> {
        let (filters, sort) = (query.filters(), query.sort.as_deref());
        let (page, size) = (query.page.map(i64::from), query.page_size.map(i64::from));
        let run = async |attempt| generated::Client::of(attempt).identifier_list(Some(&filters), page, size, sort).await;
        self.endpoint.told(operation, self.endpoint.call(operation, &self.options, &query.private(), run).await)
    }

    /// Makes a call with ids in its path.
    async fn at<T, F, Fut>(&self, operation: &Operation, ids: &[PathId<'_>], run: F) -> Result<Reply<T>, Error>
    where
        T: DeserializeOwned,
        F: Fn(Attempt) -> Fut,
        Fut: Future<Output = Result<ResponseValue<T>, progenitor_client::Error<()>>>,
    {
        let private: Vec<&str> = ids.iter().map(|(_, _, id)| *id).collect();
        let outcome = match path_ids(ids) {
            Ok(()) => self.endpoint.call(operation, &self.options, &private, run).await,
            Err(error) => Err(error.into()),
        };
        self.endpoint.told(operation, outcome)
    }
}
