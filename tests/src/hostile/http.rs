//! Garbage at an HTTP port: what is no HTTP, what is too long, what never ends, who never reads, and floods of requests
//! that are in order.

use super::attack::{Deeds, STRANGE_ADDRESS};
use super::share::Share;
use rand::rngs::SmallRng;
use rand::{Rng, RngExt, SeedableRng};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

/// Connections that are held open and slow, of each kind.
const SLOW_MAX: usize = 150;
/// An honest server answers or closes within this time; a slow one is not waited for.
const PATIENCE: Duration = Duration::from_millis(500);

/// Which port it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Port {
    Api,
    Ops,
}

/// Goes on for ever.
pub(super) async fn attack(at: SocketAddr, port: Port, share: Arc<Share>, deeds: Deeds) {
    let mut random = SmallRng::seed_from_u64(port as u64 + 1);
    let (mut heads, mut bodies, mut readers) = (Vec::new(), Vec::new(), Vec::new());
    for turn in 0u64.. {
        share.turn().await;
        match turn % 10 {
            0 => send(at, &garbage(&mut random, 4096), &deeds, "http garbage").await,
            1 => {
                let whole = b"POST /v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: 900\r\n\r\nabc";
                let cut = random.random_range(1..whole.len());
                send(at, &whole[..cut], &deeds, "http truncated").await;
            }
            2 => {
                let head = format!("GET /v1/status HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(100_000));
                send(at, head.as_bytes(), &deeds, "http head too long").await;
            }
            3 => {
                let mut body = b"POST /v1/tx HTTP/1.1\r\nhost: x\r\ncontent-length: 100000000\r\n\r\n".to_vec();
                body.resize(200_000, 7);
                send(at, &body, &deeds, "http body too long").await;
            }
            4 => {
                drip(at, &mut heads, b"GET /v1/status HTTP/1.1\r\nhost: x\r\nx: ", b"y", &deeds, "http slow head").await
            }
            5 => {
                let begin = b"POST /v1/tx HTTP/1.1\r\nhost: x\r\ncontent-length: 4000\r\n\r\n";
                drip(at, &mut bodies, begin, b"z", &deeds, "http slow body").await;
            }
            6 => {
                let path: &[u8] = match port {
                    Port::Api => b"GET /v1/network HTTP/1.1\r\nhost: x\r\n\r\n",
                    Port::Ops => b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n",
                };
                drip(at, &mut readers, &path.repeat(50), &path.repeat(5), &deeds, "http slow reader").await;
            }
            _ => flood(at, port, &mut random, &deeds).await,
        }
    }
}

fn garbage(random: &mut SmallRng, bytes_max: usize) -> Vec<u8> {
    let mut bytes = vec![0; random.random_range(1..bytes_max)];
    random.fill_bytes(&mut bytes);
    bytes
}

/// From a stranger's address.
pub(super) async fn connect(at: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().ok()?;
    socket.bind((STRANGE_ADDRESS, 0).into()).ok()?;
    timeout(PATIENCE, socket.connect(at)).await.ok()?.ok()
}

async fn send(at: SocketAddr, bytes: &[u8], deeds: &Deeds, kind: &'static str) {
    let Some(mut stream) = connect(at).await else { return deeds.count("not let in") };
    let said = async {
        stream.write_all(bytes).await?;
        stream.read(&mut [0; 256]).await
    };
    // Refused, cut off or answered: all the same to a vandal.
    drop(timeout(PATIENCE / 10, said).await);
    deeds.count(kind);
}

/// Keeps many connections that begin and never end; those that were closed are opened anew.
async fn drip(at: SocketAddr, held: &mut Vec<TcpStream>, begin: &[u8], more: &[u8], deeds: &Deeds, kind: &'static str) {
    held.retain(|stream| stream.try_write(more).is_ok_and(|bytes| bytes > 0) || would_block(stream));
    if held.len() < SLOW_MAX
        && let Some(stream) = connect(at).await
        && stream.writable().await.is_ok()
        && stream.try_write(begin).is_ok()
    {
        held.push(stream);
        deeds.count(kind);
    }
}

fn would_block(stream: &TcpStream) -> bool {
    matches!(stream.try_write(b"y"), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}

/// Requests in order, many on one connection, some of them again and again the same.
async fn flood(at: SocketAddr, port: Port, random: &mut SmallRng, deeds: &Deeds) {
    let Some(mut stream) = connect(at).await else { return deeds.count("not let in") };
    let requests: &[(&str, usize)] = match port {
        Port::Api => &[
            ("GET /v1/status", 0),
            ("GET /v1/network", 0),
            ("POST /v1/login/nonce", 0),
            ("GET /v1/locks/000", 0),
            ("POST /v1/proofs?wait_ms=30000&min_height=99999999", 4),
            ("POST /v1/tx", 300),
            ("POST /v1/enrolments", 200),
            ("POST /v1/decisions", 100),
        ],
        Port::Ops => &[("GET /status", 0), ("GET /metrics", 0), ("GET /readyz", 0), ("GET /nothing", 0)],
    };
    for _ in 0..20 {
        let (line, body) = requests[random.random_range(0..requests.len())];
        let mut request = format!("{line} HTTP/1.1\r\nhost: x\r\ncontent-length: {body}\r\n\r\n").into_bytes();
        // The same bytes each time: a repetition.
        request.extend(std::iter::repeat_n(0, body));
        let asked = async {
            stream.write_all(&request).await?;
            stream.read(&mut [0; 4096]).await
        };
        if !matches!(timeout(PATIENCE, asked).await, Ok(Ok(1..))) {
            return;
        }
        deeds.count("http request");
    }
}
