//! The listening socket: how many connections, how long they may take to say what they want, and how they end.
//!
//! `axum::serve` sets no time limit on a request's head, so that a thousand clients sending a byte a minute would hold the host. Here
//! hyper is driven directly: heads must arrive in time, connections are counted, and a shutdown lets running requests finish.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::http::Front;
use crate::metrics::Metrics;
use crate::stalling::Stalling;

/// Limits on connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Connections open at once; more wait to be accepted.
    pub connections: usize,
    /// How long a request's head may take, and how long an idle connection stays open.
    pub head: Duration,
    /// How long an answer may wait for its reader.
    pub write: Duration,
    /// Bytes of a request's head.
    pub head_bytes: usize,
}

impl ConnectionLimits {
    /// What a host on the open network allows.
    pub const STANDARD: Self = Self {
        connections: 4096,
        head: Duration::from_secs(15),
        write: Duration::from_secs(30),
        head_bytes: 64 * 1024,
    };
}

/// Accepts connections until `stop` is cancelled, then lets running requests finish. Answers once all connections are closed.
pub(crate) async fn serve(
    listener: TcpListener,
    front: Front,
    metrics: Arc<Metrics>,
    limits: ConnectionLimits,
    stop: CancellationToken,
) {
    let connections = TaskTracker::new();
    let permits = Arc::new(Semaphore::new(limits.connections));
    loop {
        let permit = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            permit = Arc::clone(&permits).acquire_owned() => permit,
        };
        let Ok(permit) = permit else { break };
        let accepted = tokio::select! {
            biased;
            () = stop.cancelled() => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file handles, most likely: waiting gives connections time to close, spinning would not.
                tracing::warn!(%error, "cannot accept a connection; trying again in a moment");
                metrics.refused("connections");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (front, stop) = (front.clone(), stop.clone());
        connections.spawn(async move {
            connection(stream, peer, front, limits, stop).await;
            drop(permit);
        });
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    front: Front,
    limits: ConnectionLimits,
    stop: CancellationToken,
) {
    // Answers are written whole; waiting to fill a packet would only delay them.
    let _ = stream.set_nodelay(true);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let front = front.clone();
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Peer(peer));
            Ok::<_, std::convert::Infallible>(front.answer(request).await)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.head)
        .max_buf_size(limits.head_bytes)
        .serve_connection(TokioIo::new(Stalling::new(stream, limits.write)), service)
        .with_upgrades();
    tokio::pin!(connection);
    let outcome = tokio::select! {
        outcome = connection.as_mut() => outcome,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = outcome {
        tracing::debug!(%peer, %error, "a connection ended early");
    }
}

/// Who is at the other end of the connection; absent for the command line's own requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);
