//! Reading a request's body: not more than allowed, and not for ever.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::{Bytes, BytesMut};
use conman_kernel::fault::{Fault, code};
use futures::StreamExt as _;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, EXPECT};

/// How much of a body that is too large is read all the same, and for how long.
const DISCARDED: usize = 256 << 20;
const DISCARDING: Duration = Duration::from_secs(10);

/// Takes a body of at most `limit` bytes that arrives within `per_mebibyte` for each begun MiB.
pub(crate) async fn read(
    headers: &HeaderMap,
    body: Body,
    limit: usize,
    per_mebibyte: Duration,
) -> Result<Bytes, Fault> {
    let mut frames = body.into_data_stream();
    let announced = headers
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|length| length.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        // Whoever asks before sending is told at once.
        if !headers.contains_key(EXPECT) {
            discard(frames).await;
        }
        return Err(too_large(limit));
    }
    let mebibytes = u32::try_from(limit >> 20).unwrap_or(u32::MAX).max(1);
    let reading = tokio::time::timeout(per_mebibyte.saturating_mul(mebibytes), gather(&mut frames, limit));
    match reading.await {
        Ok(Err(Unread::TooLarge)) => {
            discard(frames).await;
            Err(too_large(limit))
        }
        Ok(Err(Unread::BrokeOff(error))) => {
            Err(Fault::new(code::INVALID, format!("the request's body broke off: {error}")))
        }
        Ok(Ok(whole)) => Ok(whole),
        Err(_) => {
            let message = "the request's body did not arrive in time; send it again over a faster connection";
            Err(Fault::new(code::TIMEOUT, message))
        }
    }
}

/// Why a body was not taken.
enum Unread {
    TooLarge,
    BrokeOff(axum::Error),
}

impl From<axum::Error> for Unread {
    fn from(error: axum::Error) -> Self {
        Self::BrokeOff(error)
    }
}

async fn gather(frames: &mut BodyDataStream, limit: usize) -> Result<Bytes, Unread> {
    let Some(first) = frames.next().await.transpose()? else { return Ok(Bytes::new()) };
    if first.len() > limit {
        return Err(Unread::TooLarge);
    }
    // Most bodies are one frame, which then need not be copied.
    let Some(second) = frames.next().await.transpose()? else { return Ok(first) };
    let mut whole = BytesMut::from(first);
    let mut next = Some(second);
    while let Some(frame) = next {
        if whole.len() + frame.len() > limit {
            return Err(Unread::TooLarge);
        }
        whole.extend_from_slice(&frame);
        next = frames.next().await.transpose()?;
    }
    Ok(whole.freeze())
}

/// Lets a client finish sending what nobody wants, within reason: many read the answer only then, and a connection closed under them would
/// swallow it.
async fn discard(mut frames: BodyDataStream) {
    let discarding = async {
        let mut discarded = 0;
        while let Some(Ok(frame)) = frames.next().await {
            discarded += frame.len();
            if discarded > DISCARDED {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(DISCARDING, discarding).await;
}

fn too_large(limit: usize) -> Fault {
    let shown = if limit >= 1 << 20 { format!("{} MiB", limit >> 20) } else { format!("{limit} bytes") };
    Fault::new(code::TOO_LARGE, format!("the request's body is larger than the {shown} allowed here"))
}

#[cfg(test)]
mod tests {
    use super::read as read_body;
    use super::*;

    fn body(frames: Vec<&'static str>) -> Body {
        Body::from_stream(futures::stream::iter(frames.into_iter().map(Ok::<_, std::io::Error>)))
    }

    #[tokio::test]
    async fn a_body_in_pieces_is_put_together_up_to_the_limit() {
        let read =
            async |frames, limit| read_body(&HeaderMap::new(), body(frames), limit, Duration::from_secs(1)).await;
        assert_eq!(read(vec!["ab", "cd", "e"], 5).await.unwrap(), "abcde");
        assert_eq!(read(vec![], 5).await.unwrap(), "");
        assert_eq!(read(vec!["ab", "cd", "ef"], 5).await.unwrap_err().code, code::TOO_LARGE);
        assert_eq!(read(vec!["abcdef"], 5).await.unwrap_err().code, code::TOO_LARGE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_never_comes_is_given_up() {
        let never = Body::from_stream(futures::stream::pending::<Result<Bytes, std::io::Error>>());
        let fault = read_body(&HeaderMap::new(), never, 5, Duration::from_secs(1)).await.unwrap_err();
        assert_eq!(fault.code, code::TIMEOUT);
    }
}
