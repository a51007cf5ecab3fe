//! A client that costs as little as one can: connections that stay open, a request's bytes made once, an answer read to its end
//! and not looked at.

use std::net::SocketAddr;
use std::sync::Mutex;

use anyhow::{Context as _, ensure};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Sends one request over and over.
pub(crate) struct Wire {
    address: SocketAddr,
    request: Vec<u8>,
    idle: Mutex<Vec<Connection>>,
}

struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

impl Wire {
    /// A GraphQL request to a server at `address`.
    pub(crate) fn new(address: SocketAddr, path: &str, body: &Value) -> Self {
        let body = body.to_string();
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        Self { address, request: request.into_bytes(), idle: Mutex::default() }
    }

    /// One request on a connection that nobody else uses meanwhile; answers how many bytes the body had.
    pub(crate) async fn exchange(&self) -> anyhow::Result<usize> {
        let idle = self.idle().pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => Connection::open(self.address).await?,
        };
        connection.stream.write_all(&self.request).await?;
        let length = connection.answer().await?;
        self.idle().push(connection);
        Ok(length)
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Connection {
    async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(64 << 10) })
    }

    async fn answer(&mut self) -> anyhow::Result<usize> {
        self.received.clear();
        let head = loop {
            if let Some(end) = self.received.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let length = content_length(self.received.get(..head).unwrap_or_default())?;
        while self.received.len() < head + length {
            self.more().await?;
        }
        Ok(length)
    }

    async fn more(&mut self) -> anyhow::Result<()> {
        ensure!(self.stream.read_buf(&mut self.received).await? > 0, "the server hung up within an answer");
        Ok(())
    }
}

fn content_length(head: &[u8]) -> anyhow::Result<usize> {
    let head = std::str::from_utf8(head)?;
    let mut lines = head.lines();
    let status = lines.next().unwrap_or_default();
    ensure!(status.contains(" 200 "), "answered {status}");
    let length = lines.find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then_some(value.trim())
    });
    Ok(length.context("an answer without a length")?.parse()?)
}
