//! Reading a request's body: not more than allowed, and not for ever.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use bytes::{Bytes, BytesMut};
use conman_kernel::fault::{Fault, code};
use futures::{FutureExt as _, StreamExt as _};
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, EXPECT};
use tokio::time::Instant;

/// How much of a body that is too large is read all the same, and for how long.
const DISCARDED: usize = 256 << 20;
const DISCARDING: Duration = Duration::from_secs(10);

/// Takes a body of at most `limit` bytes whose every MiB, the last and unfinished one too, arrives within `per_mebibyte`.
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
    let mut reading = Reading { frames: &mut frames, begun: Instant::now(), per_mebibyte, read: 0 };
    match reading.all(limit).await {
        Err(Unread::TooLarge) => {
            discard(frames).await;
            Err(too_large(limit))
        }
        Err(Unread::BrokeOff(error)) => {
            Err(Fault::new(code::INVALID, format!("the request's body broke off: {error}")))
        }
        Err(Unread::Late) => {
            let message = "the request's body did not arrive in time; send it again over a faster connection";
            Err(Fault::new(code::TIMEOUT, message))
        }
        Ok(whole) => Ok(whole),
    }
}

/// Why a body was not taken.
enum Unread {
    TooLarge,
    BrokeOff(axum::Error),
    Late,
}

/// A body being read. What has arrived buys time for what is to come, so that nobody holds a place by sending next to nothing.
struct Reading<'f> {
    frames: &'f mut BodyDataStream,
    begun: Instant,
    per_mebibyte: Duration,
    read: usize,
}

impl Reading<'_> {
    async fn next(&mut self, limit: usize) -> Result<Option<Bytes>, Unread> {
        let begun_mebibytes = u32::try_from(self.read >> 20).unwrap_or(u32::MAX).saturating_add(1);
        let deadline = self.begun + self.per_mebibyte.saturating_mul(begun_mebibytes);
        // Most bodies have arrived with their head; then there is nothing to wait for, nor a clock to set.
        let arrived = match self.frames.next().now_or_never() {
            Some(arrived) => arrived,
            None => tokio::time::timeout_at(deadline, self.frames.next()).await.map_err(|_| Unread::Late)?,
        };
        let Some(frame) = arrived else { return Ok(None) };
        let frame = frame.map_err(Unread::BrokeOff)?;
        self.read += frame.len();
        if self.read > limit { Err(Unread::TooLarge) } else { Ok(Some(frame)) }
    }

    async fn all(&mut self, limit: usize) -> Result<Bytes, Unread> {
        let Some(first) = self.next(limit).await? else { return Ok(Bytes::new()) };
        // Most bodies are one frame, which then need not be copied.
        let Some(second) = self.next(limit).await? else { return Ok(first) };
        let mut whole = BytesMut::from(first);
        whole.extend_from_slice(&second);
        while let Some(frame) = self.next(limit).await? {
            whole.extend_from_slice(&frame);
        }
        Ok(whole.freeze())
    }
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
    /// Frames of `size` bytes, each after `pause`.
    fn dripping(frames: usize, size: usize, pause: Duration) -> Body {
        Body::from_stream(futures::stream::unfold(0, move |sent| async move {
            tokio::time::sleep(pause).await;
            (sent < frames).then(|| (Ok::<_, std::io::Error>(vec![0_u8; size]), sent + 1))
        }))
    }

    #[tokio::test(start_paused = true)]
    async fn every_mebibyte_has_its_time_and_a_few_bytes_have_no_more() {
        let (limit, second) = (32 << 20, Duration::from_secs(1));
        let read = async |body| read_body(&HeaderMap::new(), body, limit, second).await;
        let whole = read(dripping(12, 1 << 19, second * 2 / 5)).await.unwrap();
        assert_eq!(whole.len(), 6 << 20);
        let begun = Instant::now();
        assert_eq!(read(dripping(32 << 20, 1, second * 2 / 5)).await.unwrap_err().code, code::TIMEOUT);
        assert_eq!(begun.elapsed(), second);
    }
}
