//! Finds, in the cause of a broken call, the proof that the server did not look at the request.

use std::error::Error;

/// Says whether the server, or the HTTP layer below, vouches that the request was not processed.
///
/// Found by type, never by text:
/// - `GOAWAY(NO_ERROR)` from the server, for a stream above the last one that it names (RFC 9113, 6.8), or before hyper has begun to send the
///   body, so that no whole request arrived. A stream up to the last one gets no such error when the connection closes then, but one of its own.
/// - `RST_STREAM(REFUSED_STREAM)` from the server (RFC 9113, 8.7).
/// - hyper's "canceled": the request came back before a byte of it was written. And its "channel closed": the connection was gone before the
///   request was handed to it.
pub(super) fn is_unprocessed(error: &(dyn Error + 'static)) -> bool {
    std::iter::successors(Some(error), |&error| error.source()).any(|cause| {
        let is_handed_back = || cause.downcast_ref::<hyper::Error>().is_some_and(|error| error.is_canceled() || error.is_closed());
        let is_vouched_for = || cause.downcast_ref::<h2::Error>().is_some_and(is_vouched_for);
        is_handed_back() || is_vouched_for()
    })
}

fn is_vouched_for(error: &h2::Error) -> bool {
    let by_going_away = error.is_go_away() && error.reason() == Some(h2::Reason::NO_ERROR);
    let by_refusing = error.is_reset() && error.reason() == Some(h2::Reason::REFUSED_STREAM);
    error.is_remote() && (by_going_away || by_refusing)
}
