//! The rules that findings are of, each with one line that says what it means. Their ids stay as they are: ignore files name them.

/// A kind of difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rule {
    pub(crate) id: &'static str,
    pub(crate) meaning: &'static str,
}

macro_rules! rules {
    ($($name:ident = $id:literal: $meaning:literal)*) => {
        $(pub(crate) const $name: Rule = Rule { id: $id, meaning: $meaning };)*

        /// All rules.
        pub(crate) const ALL: &[Rule] = &[$($name),*];
    };
}

rules! {
    OPERATION_REMOVED = "operation-removed": "an operation that is used here is gone"
    OPERATION_MOVED = "operation-moved": "an operation that is used here has another method or path"
    OPERATION_NEW = "operation-new": "an operation that is used here is not in the old document, so that nothing of it was compared"
    OPERATION_DEPRECATED = "operation-deprecated": "an operation that is used here is to go"
    SERVER_REMOVED = "server-removed": "an operation is not reached under this address any more"
    SERVER_ADDED = "server-added": "an operation is reached under another address, too"
    SECURITY_CHANGED = "security-changed": "credentials that were enough are not any more"
    SECURITY_ADDED = "security-added": "other credentials are taken, too"

    PARAMETER_REQUIRED = "parameter-required": "a call must have this parameter now"
    PARAMETER_OPTIONAL = "parameter-optional": "a call need not have this parameter any more"
    PARAMETER_ADDED = "parameter-added": "a call may have one parameter more"
    PARAMETER_REMOVED = "parameter-removed": "a parameter is gone"
    PARAMETER_MOVED = "parameter-moved": "a parameter goes elsewhere: path, query, header or cookie"
    PARAMETER_STYLE = "parameter-style-changed": "a parameter is written in another way"
    PARAMETER_DEPRECATED = "parameter-deprecated": "a parameter is to go"

    BODY_ADDED = "body-added": "a request has a body now"
    BODY_REQUIRED = "body-required": "the body of a request may not be left out any more"
    BODY_OPTIONAL = "body-optional": "the body of a request may be left out"
    BODY_REMOVED = "body-removed": "a request has no body any more"
    REQUEST_MEDIA_REMOVED = "request-media-type-removed": "a body is not taken in this form any more"
    REQUEST_MEDIA_ADDED = "request-media-type-added": "a body is taken in one form more"

    STATUS_REMOVED = "reply-status-removed": "a success has this status no more"
    STATUS_ADDED = "reply-status-added": "a success may have one status more"
    ERROR_STATUS_REMOVED = "error-status-removed": "an error reply is not documented any more"
    ERROR_STATUS_ADDED = "error-status-added": "one more error reply is documented"
    REPLY_BODY_REMOVED = "reply-body-removed": "a reply has no body any more"
    REPLY_BODY_ADDED = "reply-body-added": "a reply has a body now"
    REPLY_MEDIA_REMOVED = "reply-media-type-removed": "a reply does not come in this form any more"
    REPLY_MEDIA_ADDED = "reply-media-type-added": "a reply may come in one form more"
    REPLY_HEADER_REMOVED = "reply-header-removed": "a header of a reply is not documented any more"

    REQUEST_MEMBER_REQUIRED = "request-member-required": "a request must have this member now"
    REQUEST_MEMBER_OPTIONAL = "request-member-optional": "a request need not have this member any more"
    REQUEST_MEMBER_ADDED = "request-member-added": "a request may have one member more"
    REQUEST_MEMBER_REMOVED = "request-member-removed": "a request has this member no more"
    REQUEST_MEMBER_READ_ONLY = "request-member-read-only": "a member may only be read now"
    REPLY_MEMBER_ADDED = "reply-member-added": "a reply has one member more"
    REPLY_MEMBER_REMOVED = "reply-member-removed": "a reply has this member no more"
    REPLY_MEMBER_OPTIONAL = "reply-member-optional": "a reply may lack this member"
    REPLY_MEMBER_REQUIRED = "reply-member-required": "a reply always has this member"
    MEMBER_DEPRECATED = "member-deprecated": "a member is to go"

    REQUEST_TYPE_CHANGED = "request-type-changed": "what was sent is of a type that is not taken any more"
    REQUEST_TYPE_WIDENED = "request-type-widened": "one type more is taken"
    REPLY_TYPE_CHANGED = "reply-type-changed": "what comes may be of a type that it was not"
    REPLY_TYPE_NARROWED = "reply-type-narrowed": "what comes is of fewer types than it was"
    REQUEST_FORMAT_CHANGED = "request-format-changed": "a value of a request has another format"
    REPLY_FORMAT_CHANGED = "reply-format-changed": "a value of a reply has another format"
    REQUEST_NULL_REFUSED = "request-null-refused": "a null is not taken any more"
    REQUEST_NULL_TAKEN = "request-null-taken": "a null is taken"
    REPLY_NULL_POSSIBLE = "reply-null-possible": "a null may come"
    REPLY_NULL_GONE = "reply-null-gone": "no null comes any more"
    REQUEST_VALUE_REMOVED = "request-value-removed": "a value is not taken any more"
    REQUEST_VALUE_ADDED = "request-value-added": "one value more is taken"
    REPLY_VALUE_REMOVED = "reply-value-removed": "a value does not come any more"
    REPLY_VALUE_ADDED = "reply-value-added": "one value more may come"
    REQUEST_VALUES_LISTED = "request-values-listed": "only the values of a list are taken now"
    REQUEST_VALUES_OPEN = "request-values-open": "more than the values of a list is taken"
    REPLY_VALUES_LISTED = "reply-values-listed": "only the values of a list come"
    REPLY_VALUES_OPEN = "reply-values-open": "more than the values of a list may come"
    REQUEST_BOUND_TIGHTER = "request-bound-tighter": "a bound refuses what was taken"
    REQUEST_BOUND_LOOSER = "request-bound-looser": "a bound takes more than it did"
    REQUEST_BOUND_OTHER = "request-bound-other": "a bound is another one, neither tighter nor looser as far as can be told"
    REPLY_BOUND_CHANGED = "reply-bound-changed": "a bound of a reply is another one"
    REQUEST_CLOSED = "request-closed": "members that the document does not name are refused"
    REQUEST_OPENED = "request-opened": "members that the document does not name are taken"
    REPLY_CLOSED = "reply-closed": "members that the document does not name do not come"
    REPLY_OPENED = "reply-opened": "members that the document does not name may come"
    DEFAULT_CHANGED = "default-changed": "another value stands for what is left out"

    REQUEST_VARIANT_REMOVED = "request-variant-removed": "one of several forms is not taken any more"
    REQUEST_VARIANT_ADDED = "request-variant-added": "one form more is taken"
    REPLY_VARIANT_REMOVED = "reply-variant-removed": "one of several forms does not come any more"
    REPLY_VARIANT_ADDED = "reply-variant-added": "one form more may come"
    VARIANT_TAG_CHANGED = "variant-tag-changed": "one of several forms is told by another tag"
    DISCRIMINATOR_CHANGED = "discriminator-changed": "another member tells several forms apart"
    ALTERNATIVE_REMOVED = "request-alternative-removed": "one of several sets of members is not enough any more"
    ALTERNATIVE_ADDED = "request-alternative-added": "one set of members more is enough"

    REFERENCE_UNKNOWN = "reference-unknown": "a reference leads nowhere, so that nothing behind it was compared"
    REWRITE_STALE = "rewrite-stale": "a rewrite of build/vendors/ does not match the new document, which stops the build"
    IGNORE_STALE = "ignore-stale": "an entry of the ignore file matches nothing"
}

/// Gives the rule of an id.
pub(crate) fn named(id: &str) -> Option<Rule> {
    ALL.iter().copied().find(|rule| rule.id == id)
}
