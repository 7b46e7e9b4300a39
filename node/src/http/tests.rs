//! Real sockets; every wait is for the server's own end of the connection.

use super::*;
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;
use tokio::time::timeout;

const DEADLINE: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(300);
const LARGE: usize = 16 * 1024 * 1024;

struct Port {
    address: SocketAddr,
    _stop: oneshot::Sender<()>,
}

async fn port(bounds: Bounds) -> Port {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new()
        .route("/", get(|| async { "here" }))
        .route("/large", get(|| async { vec![7u8; LARGE] }))
        .route("/echo", post(|body: String| async { body }));
    let (stop, stopped) = oneshot::channel();
    tokio::spawn(serve(listener, router, bounds, async { drop(stopped.await) }));
    Port { address, _stop: stop }
}

fn short() -> Bounds {
    Bounds { head_max: SHORT, reader_max: SHORT, ..Bounds::new(8, 4) }
}

impl Port {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// What comes after these bytes until the server ends the connection.
    async fn answer(&self, request: &[u8]) -> String {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        until_end(&mut stream).await
    }
}

async fn until_end(stream: &mut TcpStream) -> String {
    let mut all = Vec::new();
    match timeout(DEADLINE, stream.read_to_end(&mut all)).await.expect("the server ends the connection") {
        Ok(_) | Err(_) => String::from_utf8_lossy(&all).into_owned(),
    }
}

#[tokio::test]
async fn a_head_that_comes_drop_by_drop_is_not_waited_for() {
    let port = port(short()).await;
    let mut slow = port.connect().await;
    let dripping = async {
        loop {
            if slow.write_all(b"a").await.is_err() {
                return;
            }
            let mut ended = [0];
            let dropped = timeout(SHORT / 10, slow.read(&mut ended)).await;
            if dropped.is_ok_and(|read| read.is_err() || read.is_ok_and(|bytes| bytes == 0)) {
                return;
            }
        }
    };
    timeout(DEADLINE, dripping).await.expect("given up");
    assert!(port.answer(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.ends_with("here"));
}

#[tokio::test]
async fn a_connection_that_asks_nothing_more_is_closed() {
    let port = port(short()).await;
    let answer = port.answer(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"), "{answer}");
    assert_eq!(port.answer(b"").await, "", "also one that never asked");
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused() {
    let port = port(short()).await;
    let long = format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(2 * BUFFER_BYTES_MAX));
    assert!(port.answer(long.as_bytes()).await.starts_with("HTTP/1.1 431"));
    let many = format!("GET / HTTP/1.1\r\nhost: x\r\n{}\r\n", "x: y\r\n".repeat(HEADERS_MAX + 1));
    assert!(port.answer(many.as_bytes()).await.starts_with("HTTP/1.1 431"));
    for garbage in [&[0xff; 4096][..], b"\0\0\0\0", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        assert!(!port.answer(garbage).await.contains("200"));
    }
}

#[tokio::test]
async fn who_does_not_read_an_answer_loses_the_connection() {
    let port = port(short()).await;
    let mut slow = port.connect().await;
    slow.write_all(b"GET /large HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    // Not a byte is read until the server has given up: then the rest is missing.
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(port.connect().await);
    }
    let waited = async {
        loop {
            tokio::time::sleep(SHORT).await;
            let mut probe = port.connect().await;
            // The address holds four connections while the slow reader has one of them.
            if probe.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.is_ok()
                && until_end(&mut probe).await.ends_with("here")
            {
                return;
            }
        }
    };
    timeout(DEADLINE, waited).await.expect("its place is free again");
    assert!(until_end(&mut slow).await.len() < LARGE, "the answer was cut");
}

#[tokio::test]
async fn one_address_has_its_share_of_connections_and_no_more() {
    let port = port(Bounds::new(8, 4)).await;
    let mut held = Vec::new();
    for _ in 0..4 {
        let mut stream = port.connect().await;
        stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut first = [0; 12];
        stream.read_exact(&mut first).await.unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        held.push(stream);
    }
    assert_eq!(until_end(&mut port.connect().await).await, "", "the fifth is closed");
    held.clear();
    let again = async {
        loop {
            let answer = port.answer(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
            if answer.ends_with("here") {
                return;
            }
        }
    };
    timeout(DEADLINE, again).await.expect("what was closed is free again");
}
